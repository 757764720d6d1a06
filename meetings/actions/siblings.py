"""Changes of a network that are about several children of one family, all or none."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from cases.actions.sibling import chosen
from cases.models import Case, Membership, Status, siblings_of
from meetings.actions.closing import stop
from meetings.actions.meeting import add_member, guardians_to_choose, place_by_phone, propose
from meetings.models import Meeting
from networks.models import User


@transaction.atomic
def add_in_all(
    *, case: Case, also: Collection[str] = (), user: User, must_attend: bool, masked: bool = False,
    index_only: bool = False, by: User, now: datetime,
) -> Membership:  # fmt: skip
    """Take a professional into the network here and in the chosen siblings' situations (refs). Each child's consent is asked
    for each. Raises NotAllowed as `meetings.actions.meeting.add_member` does.
    """
    member = add_member(case=case, user=user, must_attend=must_attend, masked=masked, index_only=index_only, by=by, now=now)
    for other in chosen(case, also):
        add_member(case=other, user=user, must_attend=must_attend, masked=masked, index_only=index_only, by=by, now=now)
    return member


@transaction.atomic
def stop_in_all(
    *, case: Case, also: Collection[str] = (), told_by: str, told_on: date, words: str = "", by: User, now: datetime
) -> Case:
    """The family wants to stop, here and in the chosen siblings' situations (refs), all or none. Their own view in a line
    is kept here only: it was said of this child. Raises NotAllowed as `meetings.actions.closing.stop` does.
    """
    ended = stop(case=case, told_by=told_by, told_on=told_on, words=words, by=by, now=now)
    for other in chosen(case, also):
        stop(case=other, told_by=told_by, told_on=told_on, by=by, now=now)
    return ended


def to_meet_together(case: Case) -> list[Case]:
    """The siblings' situations for which the same time may be proposed: open, without a coming meeting, and with no choice
    to make between guardians who are met apart.
    """
    rows = [row for row in siblings_of(case) if row.status != Status.CLOSED]
    if not rows:
        return []
    busy = set(Meeting.objects.coming().filter(case_id__in=[row.pk for row in rows]).values_list("case_id", flat=True))
    whole = Case.objects.filter(pk__in=[row.pk for row in rows], guardians_apart=False).exclude(pk__in=busy)
    free = set(whole.values_list("pk", flat=True))
    return [row for row in rows if row.pk in free]


@transaction.atomic
def propose_in_all(
    *, case: Case, also: Collection[str] = (), starts_at: datetime, minutes: int, place: str, note_taker: User | None = None,
    guardian: int | None = None, by: User, now: datetime,
) -> Meeting:  # fmt: skip
    """Propose the same time here and in the chosen siblings' situations (refs): a meeting and a logbook for each child,
    and each network invited to its own. Where a place is told by phone it is left out. All or none.

    Raises NotAllowed as `meetings.actions.meeting.propose` does.
    """
    meeting = propose(
        case=case,
        starts_at=starts_at,
        minutes=minutes,
        place=place,
        note_taker=note_taker,
        guardian=guardian,
        by=by,
        now=now,
    )
    for other in chosen(case, also):
        if guardians_to_choose(other):
            continue
        sits = note_taker is not None and other.memberships.current().filter(user=note_taker).exists()
        propose(
            case=other, starts_at=starts_at, minutes=minutes, place="" if place_by_phone(other) else place,
            note_taker=note_taker if sits else None, by=by, now=now,
        )  # fmt: skip
    return meeting
