"""Monday's summary: once a week, on its first working day, each who wants it is told that their week can be read.

The message holds nothing: what the week has is looked up when it is read (`meetings.views.week`).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import batched

from django.db.models import Q

from cases.models import Case, Deadline, Membership, Message, MessageKind
from networks.message_kinds import HERE, available_at, settings_of, wanted
from networks.models import HAT_OF_ROLE, RoleMembership
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import at_helsinki, helsinki_date, is_working_day, start_of_day, working_day_after
from yhteiso.outbox.actions import outgoing, put
from yhteiso.outbox.models import Outgoing

FROM = time(8, 0)
BATCH = 500
ROLES = [role for role, hat in HAT_OF_ROLE.items() if hat in ("area", "member")]


def send_digests(*, now: datetime) -> int:
    """Tell those who have something in this week, from 8.00 of its first working day to the end of that day.

    May run at any time and several at once: the key of a person and a week is unique. Returns how many were looked at.
    """
    if not is_time(now):
        return 0
    with wearing("jobs"):
        people = sorted(_people(now))
    for some in batched(people, BATCH):
        with wearing("jobs"):
            _tell(some, now)
    return len(people)


def is_time(now: datetime) -> bool:
    """Whether it is the first working day of the week in Finland, and 8.00 has passed."""
    today = helsinki_date(now)
    return today == send_day(today) and now >= at_helsinki(today, FROM)


def send_day(day: date) -> date:
    """The first working day of the day's week: Monday, or the next working day after a holiday."""
    monday = day - timedelta(days=day.weekday())
    return monday if is_working_day(monday) else working_day_after(monday)


def week_of(now: datetime) -> str:
    """The ISO week of this moment in Finland: "2026-W24". The year is the week's own."""
    year, week, _day = helsinki_date(now).isocalendar()
    return f"{year}-W{week:02}"


def digest_key(user_id: int, week: str) -> str:
    return f"digest:{user_id}:{week}"


def _people(now: datetime) -> set[int]:
    """Who has something to read: a seat in an open situation, or a step of their own by the end of the week."""
    today = helsinki_date(now)
    end = start_of_day(today + timedelta(days=7 - today.weekday()))
    current = Q(expires_at=None) | Q(expires_at__gt=now)
    seats = Membership.objects.filter(current, ended_at=None, user__isnull=False, case__in=Case.objects.open().order_by())
    found = set(seats.order_by().values_list("user_id", flat=True).distinct())
    steps = Deadline.objects.open().filter(late_at__lte=end, person__isnull=False)
    found |= set(steps.order_by().values_list("person_id", flat=True).distinct())
    return found & _at_work(today)


def _at_work(on: date) -> set[int]:
    held = RoleMembership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on, role__in=ROLES)
    return set(held.filter(user__is_active=True).values_list("user_id", flat=True))


def _tell(people: Sequence[int], now: datetime) -> None:
    channels, settings, week = wanted(people, MessageKind.DIGEST), settings_of(people), week_of(now)
    here = [pk for pk in people if HERE in channels[pk]]
    Message.objects.bulk_create((_message(pk, week, now) for pk in here), ignore_conflicts=True)
    put(
        _outgoing(pk, channel, week, now, available_at(settings[pk], now))
        for pk in people
        for channel in _leaving(channels[pk])
    )


def _message(pk: int, week: str, now: datetime) -> Message:
    return Message(key=digest_key(pk, week), to_id=pk, kind=MessageKind.DIGEST, what="week", about=week, at=now)


def _outgoing(pk: int, channel: str, week: str, now: datetime, at: datetime) -> Outgoing:
    return outgoing(
        key=f"{digest_key(pk, week)}:{channel}", channel=channel, text="notice", kind="digest", about=week, to_user_id=pk,
        now=now, available_at=at,
    )  # fmt: skip


def _leaving(channels: Iterable[str]) -> list[str]:
    return sorted(set(channels) - {HERE})
