"""Telling people of a meeting: invited, moved, off, near. Written with the fact, once, however often it is pressed.

Professionals hear of it in the application, and by mail or text message as they have chosen; of the family whoever has
said which number or address is safe. What leaves says when, whom to call and a link, the same for every family
(`yhteiso/outbox/texts.py`); whether it may still leave is asked once more right before (`meetings.senders`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from cases.actions import message
from cases.actions.task import open_task
from cases.models import Case, Membership, Message, MessageKind, SafeContact, TaskKind
from meetings.models import Meeting, Participant
from networks.message_kinds import HERE, available_at, settings_of, wanted
from networks.models import MessageSettings, User
from yhteiso.outbox.actions import outgoing, put
from yhteiso.outbox.models import Outgoing

PROPOSED, CONFIRMED, MOVED, CANCELLED, REMINDER = "proposed", "confirmed", "moved", "cancelled", "reminder"
# What has happened → the form of the text that leaves. A confirmed time is news in the application only: whoever was
# invited has the time already.
FORMS = {PROPOSED: "invitation", MOVED: "change", CANCELLED: "cancel", REMINDER: "reminder"}
FAMILY_QUIET = MessageSettings(quiet_from=time(20), quiet_to=time(8))
SOON = timedelta(hours=1)
CALL_WITHIN = timedelta(days=1)


def told_of_invitation(meeting: Meeting, seats: Iterable[int], *, by: User, now: datetime) -> None:
    """Tell those who are invited (membership ids) of the time: a new one, or another than they had."""
    seats, before = set(seats), _invited(meeting.moved_from_id)
    tell(meeting=meeting, seats=seats - before, what=PROPOSED, by=by, now=now)
    tell(meeting=meeting, seats=seats & before, what=MOVED, by=by, now=now)
    if meeting.moved_from_id and meeting.moved_from:  # the other guardian has this meeting, or somebody is left out of it
        tell(meeting=meeting.moved_from, seats=before - seats, what=CANCELLED, by=by, now=now)


def told_of_confirmation(meeting: Meeting, *, by: User, now: datetime) -> None:
    """Tell that the time holds. Of the family, who has not heard of the time yet is invited to it."""
    seats = may_be_told(_invited(meeting.pk))
    rows = Membership.objects.filter(pk__in=seats, user__isnull=False).exclude(user_id=by.pk)
    case = meeting.case
    users = {user: seat for user, seat in rows.values_list("user_id", "pk") if user}
    message.tell(_messages(meeting, case, users, CONFIRMED, "", now), now=now)
    put(_to_family(meeting, case, seats, PROPOSED, "", now))


def told_of_cancelling(meeting: Meeting, *, by: User, now: datetime, seats: Collection[int] | None = None) -> None:
    """Tell that the meeting is off: everybody who was invited, or only these, whose invitation is taken back."""
    tell(meeting=meeting, seats=_invited(meeting.pk) if seats is None else seats, what=CANCELLED, by=by, now=now)


def tell(*, meeting: Meeting, seats: Collection[int], what: str, by: User | None, now: datetime, again: str = "") -> None:
    """Write the message to each of these (membership ids) who may be told, but to nobody of their own deed (`by`).

    `again` tells apart what may be told twice of one meeting. In the hats area and jobs, in the caller's transaction.
    """
    told = may_be_told(seats)
    if not told:
        return
    case = Case.objects.only("id", "area_id", "coordinator_id").get(pk=meeting.case_id)
    people = Membership.objects.filter(pk__in=told, user__isnull=False).order_by("pk")  # the jobs read no other columns
    if by is not None:
        people = people.exclude(user_id=by.pk)
    users = {user: seat for seat, user in people.values_list("pk", "user_id") if user}
    Message.objects.bulk_create(_messages(meeting, case, users, what, again, now), ignore_conflicts=True)
    rows = [*_to_professionals(meeting, case, users, what, again, now), *_to_family(meeting, case, told, what, again, now)]
    put(_but_held(rows, meeting, case, what, told, now))


def _but_held(
    rows: Collection[Outgoing], meeting: Meeting, case: Case, what: str, seats: Collection[int], now: datetime
) -> list[Outgoing]:
    """These without those that would seem to be about a sibling's meeting at the same time, which stands: whoever leads
    calls instead. A message names no child, so only a person can tell the two apart.
    """
    held = sits_elsewhere(seats, meeting, what)
    mine = {row.pk: read_about(row.about).seat for row in rows}
    for seat in sorted(held & set(mine.values())):
        due_at = min(now + CALL_WITHIN, max(now, meeting.starts_at))
        open_task(
            kind=TaskKind.REACH_BY_PHONE, case=case, to=case.coordinator_id, due_at=due_at, now=now,
            about=f"{meeting.pk}-{seat}-same",
        )  # fmt: skip
    return [row for row in rows if mine[row.pk] not in held]


def sits_elsewhere(seats: Collection[int], meeting: Meeting, what: str) -> set[int]:
    """Those of these seats whose people are invited to a sibling's coming meeting at the time that no longer holds here."""
    if what not in (MOVED, CANCELLED) or not seats:
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.sits_elsewhere(%s, %s, %s)", [sorted(seats), meeting.pk, what == MOVED])
        return set(cursor.fetchone()[0])


def may_be_told(seats: Collection[int]) -> set[int]:
    """Those of these seats whose people may be told of a meeting's time now; the rule is PostgreSQL's (cases 0034)."""
    if not seats:
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.may_be_told(%s)", [sorted(seats)])
        return set(cursor.fetchone()[0])


def opened_time(case: Case, seats: Collection[int], *, by: User, now: datetime) -> None:
    """The family has said yes only now: whoever is invited to the coming meeting hears of it, once for each yes."""
    meeting = Meeting.objects.coming().filter(case=case, starts_at__gt=now).first()
    if meeting is None:
        return
    mine = set(seats) & _invited(meeting.pk)
    tell(meeting=meeting, seats=mine, what=PROPOSED, by=by, now=now, again=f"-{now:%Y%m%d%H%M%S}")


def _invited(meeting_id: int | None) -> set[int]:
    if meeting_id is None:
        return set()
    return set(Participant.objects.filter(meeting_id=meeting_id).values_list("membership_id", flat=True))


def kind_of(what: str) -> str:
    """Which row of a person's own choices speaks of it."""
    return MessageKind.INVITATION if what == PROPOSED else MessageKind.MEETING


def _messages(meeting: Meeting, case: Case, users: dict[int, int], what: str, again: str, now: datetime) -> list[Message]:
    invited = _invitations(meeting, users.values())
    return [
        Message(
            key=f"meeting:{meeting.pk}:{what}{again}:{user}:{invited[seat]}", to_id=user, kind=kind_of(what), what=what,
            case_id=case.pk, area_id=case.area_id, coordinator_id=case.coordinator_id, about=str(meeting.pk), at=now,
        )
        for user, seat in sorted(users.items())
    ]  # fmt: skip


def _to_professionals(
    meeting: Meeting, case: Case, users: dict[int, int], what: str, again: str, now: datetime
) -> Iterable[Outgoing]:
    channels, settings, invited = wanted(users, kind_of(what)), settings_of(users), _invitations(meeting, users.values())
    for user, seat in sorted(users.items()):
        for channel in sorted(channels[user] - {HERE}):
            yield outgoing(
                key=f"{_key(meeting, what, again)}:u{user}:{channel}:{invited[seat]}", channel=channel, text="meeting",
                kind="meeting", about=_about(meeting, seat, what, invited[seat]), to_user_id=user, case_id=case.pk, now=now,
                available_at=_leaves_at(settings[user], meeting, now),
            )  # fmt: skip


def _to_family(
    meeting: Meeting, case: Case, seats: Collection[int], what: str, again: str, now: datetime
) -> Iterable[Outgoing]:
    rows = Membership.objects.filter(pk__in=seats, person__isnull=False).order_by("pk").values_list("person_id", "pk")
    seat_of = {person: seat for person, seat in rows if person}
    invited = _invitations(meeting, seats)
    for contact in SafeContact.objects.live().filter(person_id__in=seat_of).only("pk", "channel", "person_id"):
        seat = seat_of[contact.person_id]
        yield outgoing(
            key=f"{_key(meeting, what, again)}:c{contact.pk}:{invited[seat]}", channel=contact.channel, text="meeting",
            kind="meeting", about=_about(meeting, seat, what, invited[seat]), to_contact_id=contact.pk, case_id=case.pk,
            area_id=case.area_id, now=now, available_at=_leaves_at(FAMILY_QUIET, meeting, now),
        )  # fmt: skip


def _key(meeting: Meeting, what: str, again: str) -> str:
    """One message of the time itself, whether it is called an invitation or a change."""
    return f"meeting:{meeting.pk}:{'time' if what in (PROPOSED, MOVED) else what}{again}"


def _invitations(meeting: Meeting, seats: Iterable[int]) -> dict[int, int]:
    """The invitation of each seat, 0 without one: taken back and given again it is another, and is told again."""
    found = dict.fromkeys(seats, 0)
    rows = Participant.objects.filter(meeting_id=meeting.pk, membership_id__in=list(found))
    return found | dict(rows.values_list("membership_id", "pk"))


def _about(meeting: Meeting, seat: int, what: str, invitation: int) -> str:
    """What the message holds on to: the meeting at this very time, the seat through which it is told, the invitation."""
    return f"{meeting.pk}:{int(meeting.starts_at.timestamp())}:{what}:{seat}:{invitation}"


@dataclass(frozen=True, slots=True)
class About:
    """The meeting, its time, what has happened, the seat and its invitation."""

    meeting: int
    starts_at: datetime
    what: str
    seat: int
    invitation: int


def read_about(about: str) -> About:
    """What a message holds on to. Raises ValueError for anything else."""
    meeting, moment, what, seat, invitation = about.split(":")
    starts_at = datetime.fromtimestamp(int(moment), tz=timezone.get_default_timezone())
    return About(int(meeting), starts_at, what, int(seat), int(invitation))


def _leaves_at(settings: MessageSettings, meeting: Meeting, now: datetime) -> datetime:
    """After the quiet hours, unless that would be too late to be of use."""
    at = available_at(settings, now)
    return at if at <= meeting.starts_at - SOON else now
