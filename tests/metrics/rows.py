"""Families, contacts and promises as rows, many at a time."""

import uuid
from datetime import date, datetime, timedelta

from django.db import transaction

from cases.actions.case import next_membership
from cases.models import Call, Case, CaseHeading, Person, PersonKind, TwoWeekOutcome
from cases.models.people import MemberRole, Membership
from meetings.models import Commitment, Meeting, MeetingStatus
from networks.models import Area, User
from tests.personas import World, at
from yhteiso.lib.dates import day14, helsinki_date, latest_meeting_day

CANARY = "Kanarialinnunpoikanen"  # stands wherever a family's or a worker's words could; must never reach a figure


@transaction.atomic
def family(
    world: World, call: str, days: int | None, *, area: Area | None = None, by: User | None = None, outcome: bool = True
) -> Case:
    """A case whose network met so many days after the call; None: it has not met."""
    by = by or world.coordinator
    t0 = at(call)
    day = helsinki_date(t0)
    met = None if days is None else t0 + timedelta(days=days, hours=1)
    lead_id = next_membership()
    case = Case.objects.create(
        area=area or world.area, coordinator=by, lead_id=lead_id, opened_at=t0, opened_by=by, t0_at=t0, day14_on=day14(day),
        plan_by_on=latest_meeting_day(day), first_met_at=met, consent="oral",
    )  # fmt: skip
    CaseHeading.objects.create(case=case, child_name=CANARY, caller_label=CANARY)
    Membership.objects.create(pk=lead_id, case=case, user=by, role="coordinator", started_at=t0, started_by=by)
    if outcome:
        kept = days is not None and days <= 14
        TwoWeekOutcome.objects.create(
            case=case, met=kept, day_number=days if kept else None, day14_on=case.day14_on,
            written_at=met or t0 + timedelta(days=15),
        )  # fmt: skip
    contact(world, call, "network", area=area, case=case)
    return case


def contact(world: World, call: str, route: str = "", *, area: Area | None = None, case: Case | None = None) -> Call:
    """A call; with a route it is finished ten minutes later."""
    began = at(call)
    return Call.objects.create(
        area=area or world.area, taken_by=world.coordinator, began_at=began, route=route, case=case,
        finished_at=began + timedelta(minutes=10) if route else None,
        child_name=CANARY if route == "network" else "", everyday=CANARY if route in ("", "network") else "",
        guided_to="112" if route == "guided" else "",
    )  # fmt: skip


def promise(case: Case, owner: User, due: date, status: str = "open", resolved: datetime | None = None) -> Commitment:
    """A promise of an approved plan."""
    child = Person.objects.filter(case=case, kind=PersonKind.CHILD).first()
    child = child or Person.objects.create(case=case, kind=PersonKind.CHILD, name=CANARY)
    member = Membership.objects.filter(case=case, user=owner).first() or Membership.objects.create(
        case=case, user=owner, unit_id=owner.unit_id, role=MemberRole.MEMBER, started_at=case.t0_at, started_by=owner
    )
    meeting = Meeting.objects.filter(case=case).first() or Meeting.objects.create(
        case=case, starts_at=case.t0_at, ends_at=case.t0_at + timedelta(hours=1), status=MeetingStatus.HELD,
        began_at=case.t0_at, held_by=owner, proposed_by=owner, proposed_at=case.t0_at, place=CANARY,
    )  # fmt: skip
    return Commitment.objects.create(
        case=case, meeting=meeting, what=CANARY, membership=member, owner=owner, unit_id=owner.unit_id, due_on=due,
        form_key=uuid.uuid4(), written_at=case.t0_at, written_by=owner, agreed_at=case.t0_at, status=status,
        resolved_at=resolved, resolved_by=owner if resolved else None,
    )  # fmt: skip


def good_may(world: World) -> None:
    """May 2026 as in the target: 29 families, 24 of them in time; promises, and contacts of each route."""
    days = [5] * 5 + [8] * 7 + [11] * 6 + [14] * 6 + [16] * 5
    cases = [family(world, f"2026-05-{1 + n // 2:02} 09:{n:02}", day) for n, day in enumerate(days)]
    for n, case in enumerate(cases):
        kept = n % 4 != 0
        when = at("2026-05-20 12:00") if kept else None
        promise(case, world.professional, date(2026, 5, 20), "kept" if kept else "open", when)
    for n in range(6):
        contact(world, f"2026-05-11 10:0{n}", "advice")
    contact(world, "2026-05-12 10:00", "guided")
