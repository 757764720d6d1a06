"""Precautions as they touch meetings: who is told the place by phone, and who is no longer invited with whom."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import protection as cases
from cases.actions.case import lock
from cases.models import Case, Person, PersonKind, siblings_of
from meetings.actions import invitations
from meetings.actions.meeting import finish_calls
from meetings.models import Meeting, MeetingStatus, Participant
from networks.models import User

COMING = (MeetingStatus.PROPOSED, MeetingStatus.CONFIRMED)


@transaction.atomic
def protect(*, case: Case, reason: str, by_hand: Collection[int], by: User, now: datetime) -> Case:
    """Protect the family, and take back the invitation of whoever is told by hand only.

    The database empties the places of coming meetings with the same row (meetings/migrations/0004). Raises NotAllowed as
    `cases.actions.protection.protect` does.
    """
    case = cases.lock_family(case)
    _coming_seats(case).filter(membership__person_id__in=by_hand).delete()
    return cases.protect(case=case, reason=reason, by_hand=by_hand, by=by, now=now)


@transaction.atomic
def lift_protection(*, case: Case, reason: str, by: User, now: datetime) -> Case:
    """Lift the protection. A coming meeting may have a place again, unless somebody in the network is protected.

    Raises NotAllowed without a reason, or when somebody in the network became protected in the same moment.
    """
    case = cases.lift_protection(case=case, reason=reason, by=by, now=now)
    if not case.memberships.current().filter(user__protected_identity=True).exists():
        for meeting in case.meetings.coming():
            finish_calls(meeting, by=by, now=now)
        try:
            with transaction.atomic():
                case.meetings.coming().update(by_phone=False)
        except IntegrityError as error:
            raise NotAllowed(_("Somebody in the network has just been protected. Look again.")) from error
    return case


@transaction.atomic
def keep_apart(
    *, case: Case, apart: bool, reason: str, guardian: int | None = None, by: User, now: datetime
) -> Case:  # fmt: skip
    """Meet the guardians apart from now on, or together again. `guardian` (a person's id) keeps the coming meeting.

    Raises NotAllowed when both are invited to a coming meeting and neither was chosen.
    """
    case = cases.keep_apart(case=case, apart=apart, reason=reason, by=by, now=now)
    both = _coming_guardians(case)
    if not apart or both.count() < 2:
        return case
    if guardian is None or not both.filter(membership__person_id=guardian).exists():
        raise NotAllowed(_("Both guardians are invited to the coming meeting. Choose which of them it is with."))
    _leave_only(both, guardian, by, now)
    _in_siblings(case, guardian, by, now)
    return case


def _in_siblings(case: Case, guardian: int, by: User, now: datetime) -> None:
    """The siblings' coming meetings are with the same guardian, told by the name; elsewhere the task decides it."""
    chosen = Person.objects.get(pk=guardian, case=case)
    for other in siblings_of(case):
        both = _coming_guardians(other)
        names = {"membership__person__name": chosen.name, "membership__person__family_name": chosen.family_name}
        same = list(both.filter(**names).values_list("membership__person_id", flat=True))
        if both.count() > 1 and len(same) == 1 and same[0] is not None:
            _leave_only(both, same[0], by, now)


def _leave_only(both: QuerySet[Participant], guardian: int, by: User, now: datetime) -> None:
    others = both.exclude(membership__person_id=guardian).select_related("meeting")
    for row in others:
        invitations.told_of_cancelling(row.meeting, by=by, now=now, seats=[row.membership_id])
    others.delete()


def invited_guardians(case: Case) -> list[int]:
    """The guardians (person ids) who are invited to a coming meeting."""
    rows = _coming_guardians(case)
    return [pk for pk in rows.values_list("membership__person_id", flat=True) if pk]


def _coming_guardians(case: Case) -> QuerySet[Participant]:
    return _coming_seats(case).filter(membership__person__kind=PersonKind.GUARDIAN, membership__ended_at=None)


def _coming_seats(case: Case) -> QuerySet[Participant]:
    return Participant.objects.filter(case=case, meeting__status__in=COMING)


@transaction.atomic
def tell_place(*, participant: Participant, by: User, now: datetime) -> Participant:
    """Record that this person was told the place by phone. Twice is once; with the last one the task is done.

    Raises NotAllowed for a meeting whose place is not told by phone, or that is over.
    """
    case = lock(participant.case)
    row = Participant.objects.select_for_update(of=("self",), no_key=True).select_related("meeting").get(pk=participant.pk)
    if not row.meeting.by_phone or row.meeting.status not in COMING:
        raise NotAllowed(_("The place of this meeting is not told by phone."))
    if row.place_told_at is None:
        row.place_told_at, row.place_told_by = now, by
        row.save(update_fields=["place_told_at", "place_told_by"])
    if not to_tell(row.meeting).filter(place_told_at=None).exists():
        row.meeting.case = case
        finish_calls(row.meeting, by=by, now=now)
    return row


def to_tell(meeting: Meeting) -> QuerySet[Participant]:
    """Everybody invited who must hear the place: not the child, whom somebody brings."""
    here = meeting.participants.filter(membership__ended_at=None)
    return here.exclude(membership__person__kind=PersonKind.CHILD)
