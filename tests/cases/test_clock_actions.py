"""The two weeks as actions: their start, its correction, the outcome that is written once, the ladder."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from cases import tasks
from cases.access import NotAllowed
from cases.actions import clock, intake
from cases.actions.tick import tick
from cases.models import Case, Escalation, StartCorrection, TwoWeekOutcome
from meetings.actions import meeting as meetings
from meetings.actions.outcome import ids_without_outcome, write_missed
from meetings.models import Meeting
from tests.personas import World, at


def proposed(world: World, case: Case, when: str, now: str) -> Meeting:
    return meetings.propose(case=case, starts_at=at(when), minutes=75, place="", by=world.coordinator, now=at(now))


def held(world: World, case: Case, when: str) -> Meeting:
    row = proposed(world, case, when, "2026-06-08 09:00")
    return meetings.hold(meeting=row, began_at=at(when), present=set(), by=world.coordinator, now=at("2026-07-01 09:00"))


def test_the_two_weeks_begin_with_the_concern_not_with_the_call_that_opened_it(world: World) -> None:
    concern = world.concern(now=at("2026-06-05 12:46"))
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=at("2026-06-08 09:00"))
    call = intake.save_call(call=call, version=0, now=at("2026-06-08 09:01"), consent="oral", route="network")
    case = intake.finish_call(call=call, by=world.coordinator, now=at("2026-06-08 09:05")).case
    assert case is not None
    assert case.t0_at == at("2026-06-05 12:46")
    assert (case.day14_on, case.plan_by_on) == (date(2026, 6, 19), date(2026, 6, 18))


def test_a_call_a_minute_before_midnight_counts_by_the_helsinki_day(world: World) -> None:
    case = world.case(call="2026-06-05 23:59")
    assert case.day14_on == date(2026, 6, 19)


@pytest.mark.parametrize(
    ("began", "met", "day"),
    [("2026-06-19 23:59", True, 14), ("2026-06-18 09:00", True, 13), ("2026-06-20 00:00", False, None)],
)
def test_met_means_begun_on_day_fourteen_at_the_latest(world: World, began: str, met: bool, day: int | None) -> None:
    case = world.case()
    row = proposed(world, case, "2026-06-18 09:00", "2026-06-08 09:00")
    meetings.hold(meeting=row, began_at=at(began), present=set(), by=world.coordinator, now=at("2026-07-01 09:00"))
    outcome = TwoWeekOutcome.objects.get(case=case)
    assert (outcome.met, outcome.day_number) == (met, day)


def test_an_earlier_start_takes_effect_at_once(world: World) -> None:
    case = world.case()
    row = clock.correct_start(
        case=case, new_at=at("2026-06-03 10:00"), reason="Soitto tuli jo keskiviikkona.", by=world.coordinator,
        now=at("2026-06-08 09:00"),
    )  # fmt: skip
    case.refresh_from_db()
    assert row.applied_at is not None
    assert (case.t0_at, case.day14_on) == (at("2026-06-03 10:00"), date(2026, 6, 17))


def test_a_later_start_waits_for_a_second_person(world: World) -> None:
    case = world.case()
    row = clock.correct_start(
        case=case, new_at=at("2026-06-08 08:00"), reason="Väärä päivä.", by=world.coordinator, now=at("2026-06-08 09:00")
    )
    case.refresh_from_db()
    assert case.t0_at == at("2026-06-05 12:46")
    with pytest.raises(NotAllowed):
        clock.accept_correction(correction=row, by=world.coordinator, now=at("2026-06-08 09:05"))
    clock.accept_correction(correction=row, by=world.second_coordinator, now=at("2026-06-08 09:10"))
    case.refresh_from_db()
    assert (case.t0_at, case.day14_on) == (at("2026-06-08 08:00"), date(2026, 6, 22))


def test_the_database_refuses_a_later_start_by_one_person(world: World) -> None:
    case = world.case()
    row = StartCorrection(
        case=case, old_at=case.t0_at, new_at=case.t0_at + timedelta(days=1), reason="x", proposed_by=world.coordinator,
        proposed_at=case.t0_at, applied_at=case.t0_at,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="correction_later_needs_two"), transaction.atomic():
        row.save()
    row.accepted_by = world.coordinator
    with pytest.raises(IntegrityError, match="correction_by_two_people"), transaction.atomic():
        row.save()


def test_a_start_in_the_future_is_refused(world: World) -> None:
    with pytest.raises(NotAllowed, match="tulevaisuudessa"):
        clock.correct_start(
            case=world.case(), new_at=at("2026-06-09 09:00"), reason="x", by=world.coordinator, now=at("2026-06-08 09:00")
        )


def test_after_the_outcome_a_correction_stands_beside_it_and_changes_nothing(world: World) -> None:
    case = world.case()
    held(world, case, "2026-06-16 14:30")
    before = TwoWeekOutcome.objects.values().get(case=case)
    row = clock.correct_start(
        case=case, new_at=at("2026-06-01 10:00"), reason="Löytyi muistiinpano.", by=world.coordinator,
        now=at("2026-07-01 09:00"),
    )  # fmt: skip
    case.refresh_from_db()
    assert row.applied_at is None
    assert case.t0_at == at("2026-06-05 12:46")
    assert TwoWeekOutcome.objects.values().get(case=case) == before


def test_a_missed_outcome_waits_for_an_unrecorded_meeting_and_is_then_written_once(world: World) -> None:
    case = world.case()
    meeting = proposed(world, case, "2026-06-18 09:00", "2026-06-08 09:00")
    assert ids_without_outcome(on=date(2026, 6, 19)) == []
    assert ids_without_outcome(on=date(2026, 6, 20)) == []  # it may have been held: somebody must say
    meetings.move_meeting(
        meeting=meeting, starts_at=at("2026-06-23 09:00"), minutes=60, place="", reason="illness", by=world.coordinator,
        now=at("2026-06-20 09:00"),
    )  # fmt: skip
    assert ids_without_outcome(on=date(2026, 6, 20)) == [case.pk]
    assert write_missed(case_id=case.pk, now=at("2026-06-20 10:00")) == 1
    outcome = TwoWeekOutcome.objects.get(case=case)
    assert (outcome.met, outcome.day_number) == (False, None)
    assert ids_without_outcome(on=date(2026, 6, 21)) == []
    row = Meeting.objects.coming().get(case=case)
    meetings.hold(
        meeting=row, began_at=at("2026-06-23 09:00"), present=set(), by=world.coordinator, now=at("2026-06-24 09:00")
    )
    assert TwoWeekOutcome.objects.get(case=case) == outcome
    assert TwoWeekOutcome.objects.get(case=case).met is False


def due(case: Case, step: int) -> datetime:
    return case.deadlines.get(kind="meeting", step=step).due_at


def steps(case: Case) -> set[int]:
    return set(Escalation.objects.filter(case=case, kind="meeting").values_list("step", flat=True))


def test_the_ladder_fires_at_eight_on_working_days(world: World) -> None:
    case = world.case()  # Friday 5.6.: day 9 is Sunday 14.6., day 12 Wednesday 17.6., day 14 juhannus eve
    assert due(case, 5) == at("2026-06-10 08:00")
    assert due(case, 9) == at("2026-06-12 08:00")
    assert due(case, 12) == at("2026-06-17 08:00")
    assert due(case, 14) == at("2026-06-22 08:00")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-06-12 07:59", {5}),
        ("2026-06-12 08:00", {5, 9}),
        ("2026-06-17 08:00", {5, 9, 12}),
        ("2026-06-22 08:00", {5, 9, 12, 14}),
    ],
)
def test_each_due_step_is_written_once(world: World, now: str, told: set[int]) -> None:
    case = world.case()
    tick(now=at(now))
    assert tick(now=at(now)) == 0
    assert steps(case) == told


def test_nobody_is_told_of_a_family_that_has_met_or_has_closed(world: World) -> None:
    from cases.actions.case import close

    met, closed = world.case(), world.case(child="Otso")
    held(world, met, "2026-06-10 09:00")
    close(case=closed, by=world.coordinator, reason="declined", now=at("2026-06-08 09:00"))
    tick(now=at("2026-06-22 08:00"))
    assert steps(met) == steps(closed) == set()


def test_an_agreed_meeting_holds_the_reminders_but_not_the_last_step(world: World) -> None:
    case = world.case()
    row = proposed(world, case, "2026-06-18 09:00", "2026-06-08 09:00")
    meetings.confirm(meeting=row, by=world.coordinator, now=at("2026-06-08 09:30"))
    tick(now=at("2026-06-17 08:00"))
    assert steps(case) == set()
    tick(now=at("2026-06-22 08:00"))
    assert steps(case) == {14}


def test_the_task_writes_in_the_jobs_hat(world: World) -> None:
    case = world.case(call="2025-06-05 12:46")
    assert tasks.tick() > 0
    assert tasks.tick() == 0
    assert steps(case) >= {9, 12, 14}


def test_seeing_is_by_somebody(world: World) -> None:
    case = world.case()
    now: datetime = at("2026-06-22 08:00")
    tick(now=now)
    assert clock.mark_seen(case=case, by=world.coordinator, now=now) == 4
    assert clock.mark_seen(case=case, by=world.second_coordinator, now=now) == 0
    assert set(Escalation.objects.filter(case=case).values_list("seen_by", flat=True)) == {world.coordinator.pk}
