"""Changes of a network that are about several children of one family, all or none."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.sibling import lock_chosen
from cases.models import Case, Hiding, Membership, Person, PersonKind, Section, Status, siblings_of
from meetings.actions.closing import stop
from meetings.actions.meeting import add_member, place_by_phone, propose
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
    others = lock_chosen(case, also)
    member = add_member(case=case, user=user, must_attend=must_attend, masked=masked, index_only=index_only, by=by, now=now)
    for other in others:
        add_member(case=other, user=user, must_attend=must_attend, masked=masked, index_only=index_only, by=by, now=now)
    return member


@transaction.atomic
def stop_in_all(
    *, case: Case, also: Collection[str] = (), told_by: str, told_on: date, words: str = "", by: User, now: datetime
) -> Case:
    """The family wants to stop, here and in the chosen siblings' situations (refs), all or none. Their own view in a line
    is kept here only: it was said of this child. Raises NotAllowed as `meetings.actions.closing.stop` does.
    """
    others = lock_chosen(case, also)
    ended = stop(case=case, told_by=told_by, told_on=told_on, words=words, by=by, now=now)
    for other in others:
        stop(case=other, told_by=told_by, told_on=told_on, by=by, now=now)
    return ended


def to_meet_together(case: Case) -> list[Case]:
    """The siblings' situations for which the same time may be proposed: open, without a coming meeting, and with nothing to
    keep from anybody in the family. None where this situation has such a thing itself.
    """
    rows = [row for row in siblings_of(case) if row.status != Status.CLOSED]
    if not rows:
        return []
    busy = set(Meeting.objects.coming().filter(case_id__in=[row.pk for row in rows]).values_list("case_id", flat=True))
    alone = _meet_alone([case.pk, *(row.pk for row in rows)])
    return [] if case.pk in alone else [row for row in rows if row.pk not in busy | alone]


def _meet_alone(cases: Collection[int]) -> set[int]:
    """Those whose meeting's time and place must not be told by a sibling's: protected, or with a guardian to be kept apart,
    told by hand, or from whom the child hides the times.
    """
    rows = Case.objects.filter(pk__in=cases)
    by_hand = Person.objects.filter(case_id__in=cases, kind=PersonKind.GUARDIAN, by_hand=True)
    hidden = Hiding.objects.filter(case_id__in=cases, section=Section.TIME, ended_at=None)
    return {
        *rows.filter(protected=True).values_list("pk", flat=True),
        *rows.filter(guardians_apart=True).values_list("pk", flat=True),
        *by_hand.values_list("case_id", flat=True),
        *hidden.values_list("case_id", flat=True),
    }


def meet_at(case: Case, starts_at: datetime) -> bool:
    """Whether a sibling whom the reader sees has a coming meeting at this very time."""
    rows = [row.pk for row in siblings_of(case)]
    return bool(rows) and Meeting.objects.coming().filter(case_id__in=rows, starts_at=starts_at).exists()


@transaction.atomic
def propose_in_all(
    *, case: Case, also: Collection[str] = (), starts_at: datetime, minutes: int, place: str, note_taker: User | None = None,
    guardian: int | None = None, by: User, now: datetime,
) -> Meeting:  # fmt: skip
    """Propose the same time here and in the chosen siblings' situations (refs): a meeting and a logbook for each child,
    and each network invited to its own. Where a place is told by phone it is left out. All or none.

    Raises NotAllowed as `meetings.actions.meeting.propose` does, and where one of several
    situations meets alone: what is hidden there would be told by the other.
    """
    others = lock_chosen(case, also)
    if others and _meet_alone([case.pk, *(row.pk for row in others)]):
        raise NotAllowed(_("Precautions in one of the situations don't allow one meeting for all. Propose a time for each."))
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
    for other in others:
        sits = note_taker is not None and other.memberships.current().filter(user=note_taker).exists()
        propose(
            case=other, starts_at=starts_at, minutes=minutes, place="" if place_by_phone(other) else place,
            note_taker=note_taker if sits else None, by=by, now=now,
        )  # fmt: skip
    return meeting
