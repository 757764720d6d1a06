"""From a worry to a case: the concern that is logged, the call that is taken, the route that follows."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from cases.access import NotAllowed
from cases.actions import deadline, help_request
from cases.actions.answer import answer_callers
from cases.actions.case import open_case
from cases.actions.identity import write_identity
from cases.actions.task import open_task
from cases.kinds import CALL, CONCERN, FAMILY_ASKED
from cases.models import (
    CONCERN_OF_NOBODY,
    KNOWING,
    NAMELESS,
    NOBODY,
    Call,
    Case,
    Concern,
    FamilyAsked,
    HelpRequest,
    PersonKind,
    Route,
    Source,
    TaskKind,
)
from networks.models import Area, User

CALL_FIELDS = (
    "caller_name", "caller_unit", "caller_masked", "child_name", "child_family_name", "child_born_on", "child_age",
    "protected", "guardians", "strengths", "everyday", "around", "consent", "consent_by", "consent_for", "route",
    "guided_to",
)  # fmt: skip
SAME_PRESS = timedelta(seconds=10)
ASK_WITHIN = timedelta(days=2)
# Who calls, where the family itself asked for help: no name was written.
CALLERS = {
    Source.PROFESSIONAL: "", Source.GUARDIAN: _lazy("guardian"), Source.CHILD: _lazy("young person"),
    Source.CLOSE: _lazy("close person"),
}  # fmt: skip


def area_for(user: User) -> Area:
    """The area whose coordinator answers this professional. Raises NotAllowed where none is set."""
    unit = user.unit
    if unit is None or unit.area is None:
        raise NotAllowed(_("Your unit does not belong to an area yet. Call the coordinator."))
    return unit.area


@transaction.atomic
def log_concern(*, by: User, form_key: uuid.UUID, now: datetime, **fields: Any) -> Concern:
    """Write a professional's concern; the two weeks begin. The same `form_key` again returns the first one.

    Without the family's yes, name, age and place are emptied here, whatever the form carried. Where it has not been asked
    at all, the writer gets a task to do so within two days.
    """
    if fields["family_asked"] != FamilyAsked.YES:
        fields |= {"child_name": "", "child_age": None, "place": "", "children_home": ""}
    concern = Concern(area=area_for(by), logged_by=by, unit_id=by.unit_id, sent_at=now, form_key=form_key, **fields)
    try:
        with transaction.atomic():
            concern.save(force_insert=True)
    except IntegrityError as sent:
        first = Concern.objects.filter(logged_by=by, form_key=form_key).first()
        if first is None:  # answered so long ago that it is no longer shown
            raise NotAllowed(_("This has already been sent.")) from sent
        return first
    for code in (CONCERN, FAMILY_ASKED) if concern.family_asked == FamilyAsked.NOT_YET else (CONCERN,):
        deadline.begin(
            code, case=None, area_id=concern.area_id, fact_at=now, about=concern.pk, person_id=by.pk, unit_id=by.unit_id,
            now=now,
        )  # fmt: skip
    if concern.family_asked == FamilyAsked.NOT_YET:
        open_task(
            kind=TaskKind.ASK_FAMILY,
            case=None,
            to=by.pk,
            due_at=now + ASK_WITHIN,
            now=now,
            about=concern.ref,
            unit=by.unit_id,
        )
    return concern


@transaction.atomic
def begin_call(
    *, by: User, area: Area, concern: Concern | None = None, request: HelpRequest | None = None, now: datetime
) -> Call:
    """Take a call. T0 is this second, or when the concern or the family's request that it answers was sent.

    A contact has one call: opening it again returns the call that is already there. A second press within seconds, with
    nothing written yet, is the same call too. Raises NotAllowed where the concern's call is a protected family's, which
    only the one who took it may see.
    """
    if request is not None:
        return _answering(request, by, now)
    if concern is None:
        return _untouched(by, area, now) or _begun(Call.objects.create(area=area, taken_by=by, began_at=now))
    concern = fresh(
        Concern.objects.select_for_update(of=("self",), no_key=True)
        .select_related("unit", "logged_by")
        .defer("logged_by__password", "logged_by__last_login"),
        concern.pk,
    )
    if existing := Call.objects.filter(concern=concern).first():
        return existing
    if concern.withdrawn_at:
        raise NotAllowed(_("The writer has taken this back."))
    return _begun(_only_one(Call(area=concern.area, taken_by=by, began_at=now, concern=concern, **told_by(concern))))


def _answering(request: HelpRequest, by: User, now: datetime) -> Call:
    """The call to whoever asked for help, filled in from what they wrote. Their number stands beside it, in the request."""
    request = fresh(HelpRequest.objects.select_for_update(of=("self",), no_key=True), request.pk)
    if existing := Call.objects.filter(help_request=request).first():
        return existing
    call = Call(
        area_id=request.area_id, taken_by=by, began_at=now, help_request=request, source=Source(request.source),
        caller_name=str(CALLERS[Source(request.source)]), child_name=request.child_name, child_age=request.child_age,
        protected=request.protected,
        strengths=request.strengths, everyday=request.everyday, around=request.place,
    )  # fmt: skip
    return _begun(_only_one(call))


def _only_one(call: Call) -> Call:
    try:
        with transaction.atomic():
            call.save(force_insert=True)
    except IntegrityError as taken:  # there is a call, only not for these eyes
        raise NotAllowed(_("Somebody else is already handling this concern.")) from taken
    return call


def told_by(concern: Concern) -> dict[str, Any]:
    """What a concern tells a call, field by field."""
    return {
        "caller_name": concern.logged_by.name if concern.logged_by_id else "",
        "caller_unit": concern.unit.name if concern.unit else "", "caller_masked": concern.caller_masked,
        "child_name": concern.child_name, "child_age": concern.child_age, "strengths": concern.strengths,
        "everyday": concern.everyday, "around": concern.place,
    }  # fmt: skip


def _begun(call: Call) -> Call:
    """A call that nobody finishes would be a family that nobody remembers."""
    deadline.begin(
        CALL, case=None, area_id=call.area_id, fact_at=call.began_at, about=call.pk, person_id=call.taken_by_id,
        now=call.began_at,
    )  # fmt: skip
    return call


@transaction.atomic
def save_call(*, call: Call, version: int, now: datetime, **fields: Any) -> Call:
    """Keep what has been typed so far. Raises Stale when another window has saved something else in between.

    The same content again is not a new version: the last keystroke and the pressed button may be saved at once.
    """
    call = locked(call)
    if call.finished_at:
        raise NotAllowed(_("This call has already been finished."))
    changed = {name: fields[name] for name in CALL_FIELDS if name in fields and getattr(call, name) != fields[name]}
    if not changed:
        return call
    if call.version != version:
        raise Stale(call)
    for name, value in changed.items():
        setattr(call, name, value)
    call.version += 1
    call.saved_at = now
    call.save()
    return call


@transaction.atomic
def finish_call(*, call: Call, by: User, now: datetime, hetu: str = "") -> Call:
    """Act on the route. A network opens a case; a route that needs nobody keeps nobody (`call_of_nobody` holds it).

    `hetu`, the child's identity code, is written beside the child of the new case and nowhere else. Raises NotAllowed where
    something that the route needs is missing. Finishing twice opens one case. A concern that was taken back meanwhile is
    left out: its writer is asked nothing more.
    """
    call = locked(call)
    if call.finished_at:
        return call
    if refusal := call_blocker(call):
        raise NotAllowed(refusal)
    if call.help_request_id and not HelpRequest.objects.filter(pk=call.help_request_id).exists():
        raise NotAllowed(_("This is no longer yours to handle."))  # a protected family's, whose call another has taken
    _drop_withdrawn(call)
    call.finished_at = now
    if call.route != Route.GUIDED:
        call.guided_to = ""
    if call.route == Route.NETWORK:
        call.case = _case_of(call, by, now, hetu)
    elif call.route in NAMELESS or call.consent not in KNOWING:
        _empty(call)
    call.save()
    deadline.end(CALL, case=None, about=call.pk, now=now)
    _answer_whoever_waits(call, by, now)
    return call


def _drop_withdrawn(call: Call) -> None:
    """A concern that its writer took back is nobody's any more: the call goes on without it, from its own first second."""
    if call.concern_id is None:
        return
    rows = Concern.objects.select_for_update(of=("self",), no_key=True)
    if rows.filter(pk=call.concern_id, withdrawn_at__isnull=False).exists():
        call.concern = None


def _case_of(call: Call, by: User, now: datetime, hetu: str) -> Case:
    case = open_case(call=call, by=by, now=now)
    if hetu:
        write_identity(case=case, person=case.persons.get(kind=PersonKind.CHILD), number=hetu, by=by, now=now)
    return case


def _answer_whoever_waits(call: Call, by: User, now: datetime) -> None:
    """The family that asked for help, or the professional who wrote a concern."""
    if call.help_request_id:
        help_request.answer(call=call, by=by, now=now)
    if call.concern is not None:
        _answered(call, call.concern, by, now)


def _empty(call: Call) -> None:
    """Nothing of a person stays in the call. What a professional wrote stays theirs, unless the route is nameless."""
    for name, value in NOBODY.items():
        setattr(call, name, value)
    if call.route in NAMELESS and call.concern_id:
        Concern.objects.filter(pk=call.concern_id).update(**CONCERN_OF_NOBODY)


def _answered(call: Call, concern: Concern, by: User, now: datetime) -> None:
    """The concern behind a finished call is answered. Its writer hears how it ended: now, or by what becomes of the case."""
    deadline.end(CONCERN, case=None, about=concern.pk, now=now)
    if call.case:  # a network is gathered with the family: nobody need remind of asking it
        deadline.end(FAMILY_ASKED, case=None, about=concern.pk, now=now)
    Concern.objects.filter(pk=concern.pk, answered_at=None).update(answered_at=now, answered_by=by, case=call.case)
    if call.case is None:
        answer_callers(concern=concern, now=now)


@transaction.atomic
def discard_call(*, call: Call, now: datetime) -> None:
    """Delete a call that was begun by mistake. Raises NotAllowed once anything has been written or a concern waits in it.

    The database says the same: no other call of a family can be deleted by anybody on a page.
    """
    row = locked(call)
    if not row.is_untouched:
        raise NotAllowed(_("Something has been written in this call, so it can't be deleted. Finish it by its route."))
    deadline.end(CALL, case=None, about=row.pk, now=now)
    row.delete()


def call_blocker(call: Call) -> str | None:
    """Why the call can't be finished by its route yet: a sentence for the user, or None."""
    if not call.route:
        return str(_("Choose what is done."))
    if call.route == Route.GUIDED and not call.guided_to:
        return str(_("Choose where you guided the caller."))
    if call.route == Route.NETWORK:
        if not call.child_name:
            return str(_("Write the child's first name, so that the network can be gathered."))
        if call.consent not in KNOWING:
            return str(_("A network is gathered only when the family knows of it. Record what the family has said."))
    return None


class Stale(Exception):
    """Somebody else has saved since this page was opened. Carries the row as it is now."""

    def __init__(self, current: Any) -> None:
        super().__init__()
        self.current = current


def _untouched(by: User, area: Area, now: datetime) -> Call | None:
    """The call that the same person began a moment ago and has not written anything in. Two presses at once wait here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('begin-call'), %s)", [by.pk])
    mine = Call.objects.unfinished().filter(
        taken_by=by, area=area, concern=None, help_request=None, version=0
    )  # fmt: skip
    return mine.filter(began_at__gt=now - SAME_PRESS).first()


def locked(call: Call) -> Call:
    return fresh(Call.objects.select_for_update(of=("self",), no_key=True), call.pk)


def fresh[Row: Model](rows: QuerySet[Row], pk: int) -> Row:
    """The row, locked. Raises NotAllowed when it is not this person's any more.

    Whoever waited here while another opened the situation looks with an old snapshot: the row points at a situation that
    this statement can't see yet, so row security hides it. The next statement sees both.
    """
    row = rows.filter(pk=pk).first() or rows.filter(pk=pk).first()
    if row is None:
        raise NotAllowed(_("This is no longer yours to handle."))
    return row
