"""A year behind: closed families without a text, so that the leadership's months have something true to count."""

import random
import uuid
from datetime import date, datetime, time, timedelta

from django.db import transaction

from cases.actions.case import next_membership
from cases.actions.known import index_child
from cases.models import (
    Call,
    Case,
    CaseHeading,
    CloseReason,
    Closing,
    Guidance,
    MemberRole,
    Membership,
    Person,
    PersonKind,
    Route,
    Status,
    TwoWeekOutcome,
)
from meetings.models import Commitment, CommitmentStatus, Meeting, MeetingKind, MeetingStatus
from metrics.actions import close_month
from metrics.figures import freezes_at
from networks.models import User
from yhteiso.demo.people import Cast
from yhteiso.lib.dates import at_helsinki, day14, helsinki_date, is_working_day, latest_meeting_day

MONTHS = 12
NAMES = ["Alma", "Eino", "Helmi", "Leo", "Lilja", "Niilo", "Pihla", "Toivo", "Venla", "Väinö", "Elli", "Oiva", "Seela"]
# Families whose network is gathered in a month, oldest month first; July is thin.
FAMILIES = [24, 25, 27, 26, 29, 28, 27, 30, 26, 28, 27, 29]
KEPT = [0.68, 0.70, 0.71, 0.69, 0.73, 0.74, 0.72, 0.72, 0.75, 0.77, 0.79, 0.83]
THIN_JULY = 4


@transaction.atomic
def load(cast: Cast, *, now: datetime) -> None:
    """Twelve months of closed families."""
    chance = random.Random(2026)  # noqa: S311  invented people, the same at every set-up
    first = _month_before(helsinki_date(now).replace(day=1), MONTHS)
    for n in range(MONTHS):
        month = _month_before(first, -n)
        families = THIN_JULY if month.month == 7 else FAMILIES[n]
        for k in range(families):
            _family(cast, month, k, families, KEPT[n], chance, now)
        for k in range(16 + chance.randrange(8)):
            _advice(cast, month, k, chance)


def freeze(cast: Cast, *, now: datetime) -> None:
    """Freeze the months, oldest first, by the action that the jobs call every hour."""
    first = _month_before(helsinki_date(now).replace(day=1), MONTHS)
    for n in range(MONTHS):
        month = _month_before(first, -n)
        if now >= freezes_at(month):
            close_month(area=cast.area, month=month, now=freezes_at(month))


def _month_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _working(day: date) -> date:
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def _family(cast: Cast, month: date, k: int, of: int, kept: float, chance: random.Random, now: datetime) -> None:
    last = _month_before(month, -1) - timedelta(days=1)
    wanted = month + timedelta(days=k * (last.day - 1) // max(of - 1, 1))  # the month in which day 14 falls
    call = wanted - timedelta(days=14)
    t0 = at_helsinki(call, time(8 + chance.randrange(7), chance.randrange(60)))
    coordinator = cast.people[chance.choice(["Riikka", "Noora"])]
    in_time = k < round(of * kept)
    met = _met_on(call, in_time, chance)
    closed_at = min(at_helsinki(met + timedelta(days=40 + chance.randrange(20)), time(14, 0)), now)
    met_at = at_helsinki(met, time(13, 0))
    lead_id = next_membership()
    case = Case.objects.create(
        area=cast.area, coordinator=coordinator, lead_id=lead_id, status=Status.CLOSED, opened_at=t0, opened_by=coordinator, t0_at=t0,
        day14_on=day14(call), plan_by_on=latest_meeting_day(call), first_met_at=met_at,
        consent="oral", closed_at=closed_at, closed_by=coordinator, close_reason=CloseReason.EVERYDAY_WORKS,
    )  # fmt: skip
    CaseHeading.objects.create(case=case, child_name=chance.choice(NAMES), child_age=chance.randrange(1, 16))
    child = Person.objects.create(case=case, kind=PersonKind.CHILD, name=case.child_name)
    Membership.objects.create(
        pk=lead_id, case=case, user=coordinator, unit_id=coordinator.unit_id, role=MemberRole.COORDINATOR,
        started_at=t0, started_by=coordinator,
    )  # fmt: skip
    Membership.objects.create(case=case, person=child, role=MemberRole.FAMILY, started_at=t0, started_by=coordinator)
    index_child(child)
    TwoWeekOutcome.objects.create(
        case=case, met=met <= case.day14_on, day_number=(met - call).days if met <= case.day14_on else None,
        day14_on=case.day14_on, written_at=min(met_at, at_helsinki(case.day14_on + timedelta(1), time(0, 1))),
    )  # fmt: skip
    Call.objects.create(
        area=cast.area, taken_by=coordinator, began_at=t0, finished_at=t0 + timedelta(minutes=8), case=case,
        route=Route.NETWORK, child_name=case.child_name, consent="oral",
    )  # fmt: skip
    _plan(cast, case, met, coordinator, chance)
    case.memberships.update(ended_at=closed_at, ended_by=coordinator, end_reason="closed")
    Closing.objects.create(
        case=case, reason=case.close_reason, at=closed_at, by=coordinator, words="Aamut sujuvat nyt.", told_by="äiti",
        told_on=helsinki_date(closed_at),
    )  # fmt: skip


def _met_on(call: date, in_time: bool, chance: random.Random) -> date:
    if in_time:
        day = call + timedelta(days=chance.choice([4, 5, 7, 8, 9, 10, 11, 12, 13]))
        while not is_working_day(day):
            day -= timedelta(days=1)
        return day
    return _working(day14(call) + timedelta(days=1 + chance.randrange(6)))


def _plan(cast: Cast, case: Case, met: date, by: User, chance: random.Random) -> None:
    at = at_helsinki(met, time(13, 0))
    meeting = Meeting.objects.create(
        case=case, kind=MeetingKind.NETWORK, status=MeetingStatus.HELD, starts_at=at, ends_at=at + timedelta(minutes=75),
        began_at=at, held_by=by, proposed_by=by, proposed_at=case.t0_at,
    )  # fmt: skip
    owners = chance.sample(["Kaisa", "Sari", "Antti", "Tuomas", "Elsa", "Olli", "Mira"], k=4)
    for name in owners:
        owner = cast.people[name]
        member = Membership.objects.create(
            case=case, user=owner, unit_id=owner.unit_id, role=MemberRole.MEMBER, started_at=case.t0_at, started_by=by
        )
        due = _working(met + timedelta(days=7 + chance.randrange(14)))
        status = chance.choices(["kept", "partly", "not_kept"], weights=[80, 12, 8])[0]
        Commitment.objects.create(
            case=case, meeting=meeting, what="Sovittu teko", membership=member, owner=owner, unit_id=owner.unit_id,
            due_on=due, form_key=uuid.uuid4(), written_at=at, written_by=by, agreed_at=at,
            status=CommitmentStatus(status), resolved_at=at_helsinki(due, time(15, 0)), resolved_by=owner,
        )  # fmt: skip


def _advice(cast: Cast, month: date, k: int, chance: random.Random) -> None:
    at = at_helsinki(_working(month + timedelta(days=k)), time(9, 30))
    route = chance.choices([Route.ADVICE, Route.CONSULTATION, Route.GUIDED], weights=[5, 3, 2])[0]
    Call.objects.create(
        area=cast.area, taken_by=cast.people["Riikka"], began_at=at, finished_at=at + timedelta(minutes=6), route=route,
        guided_to=Guidance.SOCIAL if route == Route.GUIDED else "",
    )  # fmt: skip
