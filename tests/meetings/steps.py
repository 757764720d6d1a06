"""A family's way, step by step, at times near the present: the pages read the clock."""

import uuid
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from cases.models import Case, Membership
from meetings.actions import logbook as logbooks
from meetings.actions import meeting as meetings
from meetings.models import Commitment, Logbook, Meeting
from networks.models import User
from tests.personas import World
from yhteiso.lib.dates import at_helsinki, helsinki_date, is_working_day


def today() -> date:
    return helsinki_date(timezone.now())


def working_day(days: int) -> date:
    """The first working day at least so many days from today."""
    day = today() + timedelta(days=days)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def fi(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def a_case(world: World, days_ago: int = 4, child: str = "Aatu", age: int = 4) -> Case:
    return world.case(call=f"{today() - timedelta(days=days_ago)} 12:46", child=child, age=age)


def proposed(world: World, case: Case, days: int = 3, taker: User | None = None) -> Meeting:
    return meetings.propose(
        case=case, starts_at=at_helsinki(working_day(days), time(14, 30)), minutes=75, place="Pikkukäpy, pieni huone",
        note_taker=taker, by=world.coordinator, now=timezone.now(),
    )  # fmt: skip


def held(world: World, case: Case, days_ago: int = 2) -> Meeting:
    """A meeting that was proposed and held in the past."""
    day = today() - timedelta(days=days_ago)
    while not is_working_day(day):
        day -= timedelta(days=1)
    begins = at_helsinki(day, time(14, 30))
    before = begins - timedelta(hours=5)
    meeting = meetings.propose(case=case, starts_at=begins, minutes=75, place="Pikkukäpy", by=world.coordinator, now=before)
    present = set(meeting.participants.values_list("membership_id", flat=True))
    return meetings.hold(
        meeting=meeting, began_at=begins, present=present, by=world.coordinator, now=begins + timedelta(hours=2)
    )


def opened(world: World, meeting: Meeting, by: User | None = None) -> Logbook:
    return logbooks.open_logbook(meeting=meeting, by=by or world.professional, now=timezone.now())


def membership(case: Case, user: User) -> Membership:
    return case.memberships.get(user=user, ended_at=None)


def promise(
    logbook: Logbook, user: User, what: str = "Teen kuvakortit", days: int = 5, now: datetime | None = None
) -> Commitment:
    return logbooks.write_commitment(
        logbook=logbook, form_key=uuid.uuid4(), kind="promise", what=what, membership=membership(logbook.case, user),
        due_on=today() + timedelta(days=days), by=user, now=now or timezone.now(),
    )  # fmt: skip


def approved(world: World, logbook: Logbook) -> Logbook:
    logbook = logbooks.save_frame(
        logbook=logbook, version=logbook.version, child_heard="present", child_words="Haluan piirtää.", next_on=None,
        ends_here=True,
    )  # fmt: skip
    return logbooks.approve(logbook=logbook, by=world.professional, now=timezone.now())
