"""Opening a closed situation again, and asking back those who were in it: one by one, and nobody by itself."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline
from cases.actions.case import lock, note
from cases.actions.network import add_member, open_case_of, weigh_consent
from cases.kinds import CONSENT
from cases.models import (
    Case,
    CloseReason,
    ConsentState,
    MemberRole,
    Membership,
    MembershipQuerySet,
    PersonKind,
    Reopening,
    Status,
)
from networks.models import User

REOPEN_WITHIN = timedelta(days=90)  # as sec.reopen looks at it


def reopen_blocker(case: Case, now: datetime) -> str | None:
    """Why a situation can't be opened again now: a sentence for the user, or None."""
    if case.closed_at is None:
        return str(_("This situation is open."))
    if case.close_reason == CloseReason.JOINED:
        return str(_("This situation was joined with another. Go on there."))
    if now - case.closed_at > REOPEN_WITHIN:
        return str(_("This situation was closed more than three months ago. A new call opens a new one."))
    return None


@transaction.atomic
def reopen(*, case: Case, reason: str, by: User, now: datetime) -> Case:
    """Open the situation again, with a reason: `by` leads it, and the child and the guardians are in. Nobody else is.

    The start and the outcome of the two weeks stay as they were (docs/decisions/0017); what its closing ended of the
    reminders, and still waits, is ahead again. Raises NotAllowed for an open situation, after three months, without a
    reason, and for whoever does not coordinate the area.
    """
    case = lock(case)
    if refusal := reopen_blocker(case, now):
        raise NotAllowed(refusal)
    if not reason.strip():
        raise NotAllowed(_("Write why."))
    led_by, closed_at = case.coordinator_id, case.closed_at
    assert closed_at is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.reopen(%s, %s)", [case.pk, now])
        if cursor.fetchone()[0] is None:
            raise NotAllowed(_("Only the area's coordinator may do this."))
    case = Case.objects.get(pk=case.pk)
    row = Reopening(
        case=case, closing=case.closings.get(at=closed_at), reason=reason.strip(), at=now, by=by, led_by_id=led_by
    )
    row.save(force_insert=True)
    if row.closing.reason == CloseReason.FAMILY_STOPPED and case.consent == ConsentState.ORAL:
        case.consent = ConsentState.WAITING  # taken back with the stop: nothing of it comes to life again
        case.save(update_fields=["consent"])
    weigh_consent(case, now=now)
    deadline.revive(case, ended_at=closed_at, now=now)
    if case.consent != ConsentState.ORAL and not case.deadlines.filter(kind=CONSENT).open().exists():
        deadline.begin(CONSENT, case=case, area_id=case.area_id, about=f"{now:%Y%m%d%H%M%S}", fact_at=now, now=now)
    note(case, "reopened", at=now, by=by)
    return case


def to_ask_back(case: Case) -> MembershipQuerySet:
    """Those who were in when the situation was closed last, and are not in now: professionals and close people."""
    last = case.reopenings.first()
    if last is None or case.status == Status.CLOSED:
        return case.memberships.none()
    gone = case.memberships.filter(ended_at=last.closing.at, end_reason="closed")
    gone = gone.exclude(role__in=(MemberRole.COORDINATOR, MemberRole.EXCEPTIONAL)).exclude(user=case.coordinator_id)
    current = case.memberships.current()
    users = current.filter(user__isnull=False).values("user_id")
    persons = current.filter(person__isnull=False).values("person_id")
    gone = gone.exclude(user_id__isnull=False, user_id__in=users)
    return gone.exclude(person_id__isnull=False, person_id__in=persons).exclude(person__kind=PersonKind.CHILD)


@transaction.atomic
def ask_back(*, case: Case, membership: Membership, by: User, now: datetime) -> Membership:
    """Somebody is in again, in a seat of its own, as masked and as narrow as before. What it opens follows from what the
    family's consent still is: a paper for one person belonged to the old seat, and is asked anew.

    Raises NotAllowed for somebody who was not in at the closing, or who works elsewhere now.
    """
    case = open_case_of(case)
    old = to_ask_back(case).with_people().filter(pk=membership.pk).first()
    if old is None:
        raise NotAllowed(_("Choose somebody who was in the network when it was closed."))
    if old.user is not None:
        if old.user.unit_id != old.unit_id:
            raise NotAllowed(_("This person works elsewhere now. Ask the unit for somebody else."))
        return add_member(
            case=case, user=old.user, must_attend=old.must_attend, masked=old.masked, index_only=old.index_only, by=by,
            now=now,
        )  # fmt: skip
    member = Membership.objects.create(
        case=case, person_id=old.person_id, role=old.role, must_attend=old.must_attend, started_at=now, started_by=by
    )
    note(case, "person_added", at=now, by=by, kind=PersonKind.CLOSE)
    return member
