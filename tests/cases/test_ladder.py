"""An area's own ladder: who may set it, what is refused, and that a change makes no step vanish or come back."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.access import NotAllowed
from cases.actions import ladder
from cases.actions.tick import tick
from cases.deadlines import not_before, plan
from cases.kinds import MEETING, meeting_late
from cases.models import Case, CaseEvent, Deadline, DeadlineState, Escalation, LadderApplied, LadderChange
from networks.models import User
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import is_working_day

USUAL = {step: (step, choices[0]) for step, choices in ladder.CHOICES.items()}


def change(world: World, by: User | None = None, now: str = "2026-06-08 12:00", **days: int) -> int:
    """Another day for some steps (`s9=7`), by whoever answers for the area."""
    settings = {step: (days.get(f"s{step}", day), to) for step, (day, to) in USUAL.items()}
    return ladder.change_ladder(
        area=world.area, settings=settings, named=None, reason="Kesäloma.", by=by or world.responsible, now=at(now)
    )


def steps(case: Case) -> dict[int, Deadline]:
    return {row.step: row for row in case.deadlines.filter(kind=MEETING)}


def test_a_change_comes_into_force_tomorrow_at_six_and_moves_what_is_ahead(world: World) -> None:
    case = world.case()  # Friday 5.6.
    other = world.case(child="Otso")
    Case.objects.filter(pk=other.pk).update(area=world.other_area)
    assert change(world, s9=7, s12=11) == 2
    assert ladder.replan_changed(now=at("2026-06-09 05:59")) == 0
    assert steps(case)[9].due_at == at("2026-06-12 08:00")
    assert ladder.replan_changed(now=at("2026-06-09 06:00")) == 1
    assert steps(case)[9].due_at == at("2026-06-12 08:00")  # day 7, as a working day
    assert steps(case)[12].due_at == at("2026-06-16 08:00")
    assert steps(other)[12].due_at == at("2026-06-17 08:00")
    assert CaseEvent.objects.filter(case=case, kind="clock_replanned").count() == 1
    assert not CaseEvent.objects.filter(case=other, kind="clock_replanned").exists()


def test_the_same_change_is_applied_once(world: World) -> None:
    case = world.case()
    change(world, s12=11)
    assert ladder.replan_changed(now=at("2026-06-09 06:00")) == 1
    assert LadderApplied.objects.count() == 1
    Deadline.objects.filter(case=case, step=12).update(due_at=at("2026-06-15 08:00"))
    assert ladder.replan_changed(now=at("2026-06-09 07:00")) == 0
    assert steps(case)[12].due_at == at("2026-06-15 08:00")


def test_who_else_may_not_set_it(world: World) -> None:
    for user in (world.coordinator, world.other_responsible, world.professional, world.leader, world.officer):
        with pytest.raises(NotAllowed, match=r"answers for the area|vastaa alueesta"):
            change(world, by=user, s9=8)
    assert not LadderChange.objects.exists()
    assert change(world, by=world.administrator, s9=8) == 1


def test_the_walls_say_the_same(world: World) -> None:
    row = {"area": world.area, "kind": MEETING, "step": 9, "day": 8, "to": ["coordinator"], "reason": "Syy.",
           "from_on": date(2026, 6, 9), "made_at": at("2026-06-08 12:00")}  # fmt: skip
    for user, hat in ((world.coordinator, "area"), (world.other_responsible, "area"), (world.member, "member")):
        with pytest.raises(ProgrammingError), transaction.atomic(), wearing(hat, user.pk):
            LadderChange.objects.bulk_create([LadderChange(**row, made_by=user)])
    with wearing("area", world.responsible.pk):
        LadderChange.objects.bulk_create([LadderChange(**row, made_by=world.responsible)])
    with pytest.raises(ProgrammingError), transaction.atomic(), wearing("area", world.responsible.pk):
        LadderApplied.objects.create(change=LadderChange.objects.get(), applied_at=at("2026-06-09 06:00"))


@pytest.mark.parametrize(
    "days", [{"s9": 5}, {"s9": 12}, {"s5": 0}, {"s14": 15}, {"s14": 12}, {"s12": 9}], ids=lambda days: str(days)
)
def test_days_grow_and_stay_within_the_two_weeks(world: World, days: dict[str, int]) -> None:
    with pytest.raises(NotAllowed):
        change(world, **days)
    assert not LadderChange.objects.exists()


def test_a_named_person_has_a_role_in_the_area_and_is_told_in_the_end(world: World) -> None:
    case, named = world.case(), world.unit_head
    with pytest.raises(NotAllowed):
        ladder.change_ladder(area=world.area, settings=USUAL, named=world.other_leader, reason="Syy.", by=world.responsible,
                             now=at("2026-06-08 12:00"))  # fmt: skip
    ladder.change_ladder(area=world.area, settings=USUAL, named=named, reason="Syy.", by=world.responsible,
                         now=at("2026-06-08 12:00"))  # fmt: skip
    for moment in ("2026-06-22 08:00", "2026-06-23 08:00"):
        tick(now=at(moment))
    last = Escalation.objects.get(case=case, kind=MEETING, step=15)
    assert [row.to_id for row in last.told.all()] == [named.pk]
    ladder.change_ladder(area=world.area, settings=USUAL, named=None, reason="Siirtyi muualle.", by=world.responsible,
                         now=at("2026-06-23 12:00"))  # fmt: skip
    tick(now=at("2026-06-24 08:00"))
    assert named.pk not in Escalation.objects.get(case=case, kind=MEETING, step=16).told.values_list("to_id", flat=True)


def test_nothing_changed_is_said(world: World) -> None:
    with pytest.raises(NotAllowed, match=r"Nothing changed|Mikään ei muuttunut"):
        change(world)


def test_what_a_told_step_told_along_does_not_come_back(world: World) -> None:
    """9 and 12 fall on one day and are told as 12; a later change parts their days, and 9 still is not told."""
    case = world.case()
    change(world, now="2026-06-05 13:00", s12=10)
    ladder.replan_changed(now=at("2026-06-06 06:00"))
    assert steps(case)[9].state == DeadlineState.OPEN
    change(world, now="2026-06-07 12:00", s9=8, s12=9)  # la 13.6. and su 14.6.: both on pe 12.6.
    ladder.replan_changed(now=at("2026-06-08 06:00"))
    assert steps(case)[9].state == DeadlineState.MERGED
    tick(now=at("2026-06-12 08:00"))
    change(world, now="2026-06-12 12:00", s9=7, s12=13)
    ladder.replan_changed(now=at("2026-06-13 06:00"))
    assert steps(case)[9].state == DeadlineState.MERGED
    assert steps(case)[12].state == DeadlineState.TOLD
    tick(now=at("2026-06-15 08:00"))
    told = list(Escalation.objects.filter(case=case, kind=MEETING).values_list("step", flat=True))
    assert sorted(told) == [5, 12]


def test_steps_that_a_change_puts_into_the_past_are_told_once_at_the_next_eight(world: World) -> None:
    case = world.case()
    tick(now=at("2026-06-10 08:00"))
    change(world, now="2026-06-10 12:00", s5=1, s9=2, s12=3)
    assert ladder.replan_changed(now=at("2026-06-11 06:00")) == 2
    rows = steps(case)
    assert (rows[9].state, rows[12].state) == (DeadlineState.MERGED, DeadlineState.OPEN)
    assert rows[12].due_at == at("2026-06-11 08:00")


def test_a_step_that_is_due_waits_for_the_tick_where_it_is(world: World) -> None:
    case = world.case()
    change(world, now="2026-06-09 12:00", s5=8)
    ladder.replan_changed(now=at("2026-06-10 08:01"))
    assert steps(case)[5].due_at == at("2026-06-10 08:00")


def test_replan_mends_a_day_that_the_calendar_no_longer_gives(world: World) -> None:
    """The rows say what the calendar said when they were written; the command asks it anew, and touches nothing told."""
    start = timezone.localtime(timezone.now() - timedelta(days=1))
    case = world.case(call=f"{start:%Y-%m-%d %H:%M}")
    right = {step: row.due_at for step, row in steps(case).items()}
    open_ones = [row.step for row in steps(case).values() if row.state == DeadlineState.OPEN]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_deadline SET due_at = due_at + interval '3 days' WHERE case_id = %s AND kind = 'meeting'",
            [case.pk],
        )
        cursor.execute(
            "UPDATE cases_deadline SET state = 'told', ended_at = due_at WHERE case_id = %s AND kind = 'meeting' AND step = 5",
            [case.pk],
        )
    out = StringIO()
    call_command("replan", stdout=out)
    now = {step: row.due_at for step, row in steps(case).items()}
    assert now[5] == right[5] + timedelta(days=3)
    assert {step: now[step] for step in open_ones if step > 5} == {step: right[step] for step in open_ones if step > 5}
    assert CaseEvent.objects.filter(case=case, kind="clock_replanned").count() == 1
    again = StringIO()
    call_command("replan", stdout=again)
    assert again.getvalue().startswith("0 ")


# -- every plan has every step -----------------------------------------------------------------------------------------

DAYS = st.lists(st.integers(1, 14), min_size=4, max_size=4, unique=True).map(sorted)
FACTS = st.integers(0, 14 * 365 * 24 * 60).map(
    lambda minutes: at("2026-01-01 00:00").astimezone(UTC) + timedelta(minutes=minutes)
)


@given(DAYS, FACTS, st.integers(0, 20 * 24))
def test_no_change_makes_a_step_vanish_or_the_last_one_come_before_now(
    days: list[int], fact_at: datetime, hours: int
) -> None:
    now = fact_at + timedelta(hours=hours)
    rungs = ladder.ladder_of(MEETING, {step: (day, ("coordinator",)) for step, day in zip(USUAL, days, strict=True)})
    planned = plan(rungs, fact_at, meeting_late(fact_at))
    assert [step.step for step in planned] == list(USUAL)
    assert not planned[-1].merged
    again = not_before(planned, now)
    assert [step.step for step in again] == list(USUAL)
    assert not again[-1].merged
    assert all(step.due_at > now and is_working_day(step.due_at.date()) for step in again)
    assert [step.due_at for step in again] == sorted(step.due_at for step in again)
    open_days = [step.due_at.date() for step in again if not step.merged]
    assert len(open_days) == len(set(open_days))
