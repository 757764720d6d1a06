"""Opening, moving and closing a case, and the lock and the event that every write begins and ends with."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline, message
from cases.actions.answer import answer_callers
from cases.actions.asking import withdraw
from cases.actions.known import index_child
from cases.actions.task import open_task
from cases.kinds import CONSENT, GATHERED, MEETING
from cases.models import (
    Call,
    Case,
    CaseEvent,
    CaseHeading,
    CaseText,
    CloseReason,
    Closing,
    ConsentState,
    MemberRole,
    Membership,
    Message,
    MessageKind,
    Person,
    PersonContact,
    PersonKind,
    Status,
    TaskKind,
)
from networks.models import User
from yhteiso.lib.dates import day14, helsinki_date, latest_meeting_day


def lock(case: Case) -> Case:
    """The case, locked for the rest of the transaction. Works in every hat that may see it.

    `sec.lock_case` checks and locks with the owner's right, since a member may not update a case and PostgreSQL would
    silently find no row. Raises NotAllowed when the case is no longer this person's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.lock_case(%s)", [case.pk])
        if cursor.fetchone()[0] is None:
            raise NotAllowed(_("You are no longer part of this situation."))
    row = Case.objects.filter(pk=case.pk).first()
    if row is None:  # removed from the network while this waited for the lock
        raise NotAllowed(_("You are no longer part of this situation."))
    return row


def note(case: Case, kind: str, /, *, at: datetime, by: User | None, **detail: Any) -> None:
    """Append an event for people to read. `detail`: dates, names of units; never anybody's words."""
    CaseEvent.objects.create(case=case, kind=kind, at=at, by=by, detail=detail)


def move(case: Case, to: str, *, save: bool = True) -> None:
    """Change the status as TRANSITIONS allow, or raise NotAllowed. The case must be locked."""
    if case.status == to:
        return
    if refusal := case.blocker(to):
        raise NotAllowed(refusal)
    case.status = to
    if save:
        case.save(update_fields=["status"])


def open_case(*, call: Call, by: User, now: datetime) -> Case:
    """Open a case from a call: its two weeks, the child, the caller and the coordinator as the first members."""
    t0, start = call.t0_at, helsinki_date(call.t0_at)
    lead_id = next_membership()
    case = Case.objects.create(
        area_id=call.area_id, coordinator=by, lead_id=lead_id, opened_at=now, opened_by=by, t0_at=t0, day14_on=day14(start),
        plan_by_on=latest_meeting_day(start), consent=call.consent, protected=call.protected,
    )  # fmt: skip
    CaseHeading.objects.create(
        case=case, child_name=call.child_name, child_age=call.age_on(start),
        caller_label=caller_label(call, protected=call.protected),
    )  # fmt: skip
    CaseText.objects.create(
        case=case, strengths=call.strengths, everyday=call.everyday, around=call.around, guardians=call.guardians,
        consent_by=call.consent_by, consent_for=call.consent_for,
    )  # fmt: skip
    child = Person.objects.create(case=case, kind=PersonKind.CHILD, name=call.child_name, family_name=call.child_family_name)
    PersonContact.objects.create(person=child, case=case, born_on=call.child_born_on)
    Membership.objects.create(
        pk=lead_id, case=case, user=by, unit_id=by.unit_id, role=MemberRole.COORDINATOR, named=call.protected,
        started_at=now, started_by=by,
    )  # fmt: skip
    Membership.objects.create(case=case, person=child, role=MemberRole.FAMILY, started_at=now, started_by=by)
    if call.concern and call.concern.logged_by_id != by.pk:
        _join_caller(case, call, by=by, now=now)
    index_child(child)
    start_clock(case, now)
    note(case, "call", at=t0, by=None)
    note(case, "opened", at=now, by=by)
    return case


def start_clock(case: Case, now: datetime) -> None:
    """The two weeks run from the call; the consent that is missing, from the moment that somebody can ask for it."""
    deadline.begin(MEETING, case=case, area_id=case.area_id, fact_at=case.t0_at, now=now)
    deadline.begin(GATHERED, case=case, area_id=case.area_id, fact_at=case.t0_at, now=now)
    if case.consent != ConsentState.ORAL:
        deadline.begin(CONSENT, case=case, area_id=case.area_id, fact_at=now, now=now)


def next_membership() -> int:
    """The key of the lead's row, known beforehand: the situation and its lead point at each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('cases_membership_id_seq')")
        return int(cursor.fetchone()[0])


def _join(case: Case, user: User, role: str, *, by: User, now: datetime, masked: bool = False) -> Membership:
    return Membership.objects.create(
        case=case, user=user, unit_id=user.unit_id, role=role, masked=masked, started_at=now, started_by=by
    )


def _join_caller(case: Case, call: Call, *, by: User, now: datetime) -> None:
    """Who wrote the concern is in, from the unit of the concern. Whoever has left it is not: the lead asks the unit."""
    concern = call.concern
    assert concern is not None
    if concern.logged_by.is_active and concern.logged_by.unit_id == concern.unit_id:
        _join(case, concern.logged_by, MemberRole.CALLER, by=by, now=now, masked=call.caller_masked)
        return
    open_task(
        kind=TaskKind.SEAT_VACANT, case=case, to=by.pk, due_at=now + timedelta(days=2), now=now, about="caller",
        unit=concern.unit_id,
    )  # fmt: skip


def relabel(case: Case) -> None:
    """Write anew how lists tell who made contact, as the caller's seat is shown now. The case must be locked."""
    calls = Call.objects.filter(case=case).select_related("concern__logged_by")
    call = calls.defer("concern__logged_by__password", "concern__logged_by__last_login").first()
    if call is None:
        return
    seat = case.memberships.filter(role=MemberRole.CALLER).order_by("-pk").first()
    if seat is not None:
        call.caller_masked = seat.masked  # the seat decides once there is one; the call itself is not saved
    CaseHeading.objects.filter(case=case).update(caller_label=caller_label(call, protected=case.protected))


def caller_label(call: Call, *, protected: bool) -> str:
    """How lists tell who made contact: masked, not at all in a protected family, a protected colleague by initials."""
    if protected:
        return ""
    if call.caller_masked:
        return str(_("Health services"))
    if call.help_request_id:  # the network need not know which of the family asked: a young person, or a neighbour
        return str(_("The family or somebody close"))
    writer = call.concern.logged_by if call.concern else None
    if writer is not None and writer.protected_identity:
        return ", ".join(part for part in (writer.initials, writer.title) if part)
    return ", ".join(part for part in (call.caller_name, call.caller_unit) if part)


@transaction.atomic
def close(
    *, case: Case, by: User, reason: str, words: str = "", told_by: str = "", told_on: date | None = None, now: datetime
) -> Case:
    """Close the case, end every membership, and tell the professionals that it has ended, nothing else.

    `words`: the family's own view in a line, as `told_by` told it on `told_on`. Raises NotAllowed where the case may not
    close, or where words have nobody who told them. Promises and meetings are looked at a layer above: pages close through
    `meetings.actions.closing.close`.
    """
    case = lock(case)
    if refusal := case.blocker(Status.CLOSED):
        raise NotAllowed(refusal)
    if reason == CloseReason.JOINED and not case.joined_into.filter(accepted_at__isnull=False).exists():
        raise NotAllowed(_("Two people join two situations. This one has not been joined with another."))
    words, told_by = words.strip(), told_by.strip()
    if words and not told_by:
        raise NotAllowed(_("Write who told it."))
    case.status, case.closed_at, case.closed_by, case.close_reason = Status.CLOSED, now, by, CloseReason(reason)
    case.save(update_fields=["status", "closed_at", "closed_by", "close_reason"])
    told_on = told_on if told_by else None
    closing = Closing(case=case, reason=case.close_reason, at=now, by=by, words=words, told_by=told_by, told_on=told_on)
    closing.save(force_insert=True)
    seats = case.memberships.filter(ended_at=None)
    told = set(seats.exclude(role=MemberRole.EXCEPTIONAL).filter(user__isnull=False).values_list("user_id", flat=True))
    seats.filter(role=MemberRole.EXCEPTIONAL).update(ended_at=now, ended_by=by, end_reason="expired")
    seats.update(ended_at=now, ended_by=by, end_reason="closed")
    withdraw(case, by=by, now=now)
    deadline.end_all(case, now=now)
    answer_callers(case=case, now=now)
    _tell_of_ending(closing, told - {by.pk}, now)
    note(case, "closed", at=now, by=by, reason=str(reason))
    return case


def _tell_of_ending(closing: Closing, people: set[int], now: datetime) -> None:
    """That it has ended, and whom to call: never why, nor who wanted it."""
    case = closing.case
    rows = [
        Message(
            key=f"ended:{closing.pk}:{to}", to_id=to, kind=MessageKind.MEETING, what="ended", case_id=case.pk,
            area_id=case.area_id, coordinator_id=case.coordinator_id, at=now,
        )
        for to in sorted(people)
    ]  # fmt: skip
    message.tell(rows, now=now)
