"""What a second look at the clock found: each of these once forgot, told twice, or let somebody in."""

import pytest
from django.db import connection

from cases.actions import deadline, network
from cases.actions.clock import correct_start
from cases.actions.tick import tick
from cases.models import Case, Deadline, DeadlineState, Escalation, Message
from meetings.actions import meeting as meetings
from tests.personas import World, at
from yhteiso.hats.wear import wearing


def confirmed(world: World, case: Case, when: str, now: str = "2026-06-08 09:00") -> object:
    row = meetings.propose(case=case, starts_at=at(when), minutes=60, place="", by=world.coordinator, now=at(now))
    return meetings.confirm(meeting=row, by=world.coordinator, now=at(now))


def steps(case: Case) -> set[int]:
    return set(Escalation.objects.filter(case=case, kind="meeting").values_list("step", flat=True))


def test_a_meeting_agreed_for_after_the_two_weeks_silences_nothing(world: World) -> None:
    case = world.case()  # Friday 5.6.
    confirmed(world, case, "2026-07-15 09:00")
    tick(now=at("2026-06-17 08:00"))
    assert steps(case) == {5, 9, 12}


def test_what_an_agreed_meeting_kept_quiet_is_told_when_it_moves(world: World) -> None:
    case = world.case()
    row = confirmed(world, case, "2026-06-18 09:00")
    tick(now=at("2026-06-16 09:00"))
    assert steps(case) == set()
    meetings.move_meeting(
        meeting=row, starts_at=at("2026-07-01 09:00"), minutes=60, place="", reason="illness", by=world.coordinator,
        now=at("2026-06-16 10:00"),
    )  # fmt: skip
    tick(now=at("2026-06-17 08:00"))
    assert 12 in steps(case)


def test_a_fact_written_late_is_told_once_in_the_morning(world: World) -> None:
    concern = world.concern(now=at("2026-06-05 12:46"))
    from cases.actions import intake

    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=at("2026-06-17 15:00"))
    call = intake.save_call(call=call, version=0, now=at("2026-06-17 15:01"), consent="oral", route="network")
    case = intake.finish_call(call=call, by=world.coordinator, now=at("2026-06-17 15:05")).case
    assert case is not None
    tick(now=at("2026-06-17 15:06"))
    assert steps(case) == set()
    tick(now=at("2026-06-18 08:00"))
    assert steps(case) == {12}


def test_a_step_that_stands_in_the_ledger_is_not_told_again_and_jams_nothing(world: World) -> None:
    case = world.case()
    tick(now=at("2026-06-12 08:00"))
    Deadline.objects.filter(case=case, kind="meeting", step=9).update(state=DeadlineState.OPEN, ended_at=None)
    tick(now=at("2026-06-17 08:00"))
    assert steps(case) == {5, 9, 12}
    assert Deadline.objects.get(case=case, kind="meeting", step=9).state == DeadlineState.TOLD


def test_a_consent_that_comes_to_lack_again_has_its_own_days(world: World) -> None:
    case = world.case()
    assert not case.deadlines.filter(kind="consent").exists()
    network.add_person(
        case=case, kind="guardian", name="Marko", consent="waiting", by=world.coordinator, now=at("2026-06-08 09:00")
    )
    case.refresh_from_db()
    rows = case.deadlines.filter(kind="consent", state=DeadlineState.OPEN)
    assert rows.exists() == (case.consent != "oral")
    assert all(row.due_at > at("2026-06-08 09:00") for row in rows)
    tick(now=at("2026-06-11 08:00"))
    assert Escalation.objects.filter(case=case, kind="consent").exists() == (case.consent != "oral")


def test_a_later_start_lets_the_repeated_step_rest(world: World) -> None:
    case = world.case()
    for moment in ("2026-06-22 08:00", "2026-06-23 08:00"):
        tick(now=at(moment))
    row = correct_start(
        case=case, new_at=at("2026-06-15 09:00"), reason="Soitto kirjattiin väärälle päivälle.", by=world.coordinator,
        now=at("2026-06-23 09:00"),
    )  # fmt: skip
    from cases.actions.clock import accept_correction

    accept_correction(correction=row, by=world.second_coordinator, now=at("2026-06-23 10:00"))
    told = steps(case)
    tick(now=at("2026-06-24 08:00"))
    assert steps(case) == told
    tick(now=at("2026-06-30 08:00"))
    assert steps(case) > told


@pytest.mark.parametrize("code", ["meeting", None])
def test_a_member_ends_nobody_else_s_steps(world: World, code: str | None) -> None:
    case = world.case()
    with wearing("member", world.member.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.end_deadlines(%s, %s, '', %s)", [case.pk, code, at("2026-06-08 09:00")])
        assert cursor.fetchone()[0] == 0
    assert case.deadlines.filter(kind="meeting", state=DeadlineState.OPEN).count() == 4


def test_nobody_but_the_clock_writes_what_is_told_of_a_step(world: World) -> None:
    from django.db import ProgrammingError

    row = Deadline.objects.get(case=world.case(), kind="meeting", step=5)
    forged = Message(key=f"step:{row.pk}:{world.coordinator.pk}", to=world.coordinator, kind="task", what="x", at=row.due_at)
    with pytest.raises(ProgrammingError), wearing("member", world.member.pk):
        Message.objects.bulk_create([forged], ignore_conflicts=True)


def test_ending_is_for_every_round(world: World) -> None:
    case = world.case()
    for about in ("", "20260608090000"):
        deadline.begin(
            "consent",
            case=case,
            area_id=case.area_id,
            about=about,
            fact_at=at("2026-06-08 09:00"),
            now=at("2026-06-08 09:00"),
        )
    deadline.end("consent", case=case, about=None, now=at("2026-06-08 10:00"))
    assert not case.deadlines.filter(kind="consent", state=DeadlineState.OPEN).exists()


def test_what_was_told_of_a_deed_that_is_done_asks_for_nothing_more(world: World) -> None:
    """Every step had been told, so that none was left to end; the reader sees that it is done all the same."""
    concern = world.concern(now=at("2026-06-05 12:46"), family_asked="not_yet")
    tick(now=at("2026-06-09 08:00"))
    assert not Deadline.objects.open().filter(kind="family_asked").exists()
    told = Message.objects.filter(what="family_asked", to=world.professional).order_by("step").last()
    assert told is not None

    def done() -> bool:
        with wearing("member", world.professional.pk), connection.cursor() as cursor:
            cursor.execute("SELECT done FROM sec.steps_of(%s)", [[told.pk]])
            return bool(cursor.fetchone()[0])

    assert not done()
    deadline.end("family_asked", case=None, about=concern.pk, now=at("2026-06-09 10:00"))
    assert done()


def test_a_reason_for_a_delay_stands_on_the_board(world: World) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from cases.actions import pause
    from yhteiso.lib.dates import helsinki_date

    case, now = world.case(), timezone.now()
    client = world.client(world.coordinator)
    assert "Viiveen syy on kirjattu" not in client.get("/board/").content.decode()
    today = helsinki_date(now)
    pause.record_pause(
        case=case, reason="family_later", from_on=today, until_on=today + timedelta(days=3), by=world.coordinator, now=now
    )
    assert "Viiveen syy on kirjattu" in client.get("/board/").content.decode()
