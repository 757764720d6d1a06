"""The sweeper: every difference that somebody could make by going round the actions is found, and nothing in a clean world."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from cases.actions import sweep as sweeping
from cases.actions.sweep import record, sweep
from cases.actions.tick import tick
from cases.alarms import sweep as report
from cases.models import Case, Deadline, DeadlineState, Escalation, EscalationTo, ExceptionalAccess, Message
from meetings.actions import logbook, meeting
from meetings.models import Commitment, Logbook, Meeting
from networks.models import User
from tests.personas import World, at
from yhteiso.outbox.models import Outgoing

NOW = at("2026-06-12 09:00")


def found(now: datetime = NOW) -> dict[str, int]:
    return sweep(repair=False, now=now).found


def held(world: World, case: Case, *, now: datetime) -> Logbook:
    row = meeting.propose(
        case=case, starts_at=now + timedelta(hours=2), minutes=60, place="", by=world.coordinator, now=now
    )  # fmt: skip
    seats = set(row.participants.values_list("membership_id", flat=True))
    began = now + timedelta(hours=2)
    row = meeting.hold(meeting=row, began_at=began, present=seats, by=world.coordinator, now=began)
    return logbook.open_logbook(meeting=row, by=world.coordinator, now=began)


def approved(world: World, case: Case, *, now: datetime) -> Commitment:
    book = held(world, case, now=now)
    book = logbook.save_frame(logbook=book, version=0, child_heard="present", child_words="", next_on=None, ends_here=True)
    seat = case.memberships.get(user=world.member, ended_at=None)
    promise = logbook.write_commitment(
        logbook=book, form_key=uuid.uuid4(), kind="promise", what="Soitan.", membership=seat, due_on=date(2026, 6, 30),
        by=world.coordinator, now=now,
    )  # fmt: skip
    logbook.approve(logbook=book, by=world.coordinator, now=now + timedelta(hours=3))
    return promise


def opened(world: World, case: Case) -> ExceptionalAccess:
    return ExceptionalAccess.objects.create(
        case=case, user=world.colleague, unit=world.day_care, reason="danger", grounds="Hätä.", sections=["time"],
        opened_at=at("2026-06-09 09:00"), review_by=date(2026, 6, 16),
    )  # fmt: skip


def test_nothing_is_found_in_a_clean_world(world: World) -> None:
    world.responsible  # noqa: B018 (called into the world)
    world.concern(now=at("2026-06-11 09:00"), family_asked="not_yet")
    case, other = world.case(), world.case(child="Otso", call="2026-06-09 09:00")
    approved(world, other, now=at("2026-06-10 10:00"))
    held(world, world.case(child="Venla"), now=at("2026-06-10 11:00"))
    for moment in ("2026-06-10 08:00", "2026-06-12 08:00", "2026-06-22 08:00", "2026-06-23 08:00"):
        tick(now=at(moment))
        Outgoing.objects.update(state="sent", sent_at=at(moment))
        assert found(at(moment)) == {}, moment
    assert case.escalations.exists()


Plant = Callable[[World], Any]


def no_deadline_of_a_case(world: World) -> None:
    Deadline.objects.filter(case=world.case(), kind="meeting").delete()


def no_deadline_of_a_concern(world: World) -> None:
    Deadline.objects.filter(about=str(world.concern(now=at("2026-06-11 09:00")).pk), kind="concern").delete()


def no_deadline_of_a_consent(world: World) -> None:
    case = world.case()
    Case.objects.filter(pk=case.pk).update(consent="waiting")
    Deadline.objects.filter(case=case, kind="consent").delete()


def no_deadline_of_a_logbook(world: World) -> None:
    held(world, world.case(), now=at("2026-06-10 10:00"))
    Deadline.objects.filter(kind="logbook").delete()


def no_deadline_of_a_promise(world: World) -> None:
    approved(world, world.case(), now=at("2026-06-10 10:00"))
    Deadline.objects.filter(kind="promise").delete()


def no_deadline_of_a_review(world: World) -> None:
    opened(world, world.case())


def ended_too_early(world: World) -> None:
    Deadline.objects.filter(case=world.case(), kind="meeting").update(state="ended", ended_at=NOW)


def not_repeated(world: World) -> None:
    case = world.case()
    tick(now=at("2026-06-22 08:00"))
    Deadline.objects.filter(case=case, kind="meeting", step=15).delete()


def done_but_ahead(world: World) -> None:
    case = world.case()
    Case.objects.filter(pk=case.pk).update(first_met_at=at("2026-06-11 09:00"), status="follow_up")


MENDED: list[tuple[str, Plant, dict[str, int], str]] = [
    ("missing_meeting", no_deadline_of_a_case, {"missing_meeting": 1}, "2026-06-09 09:00"),
    ("missing_concern", no_deadline_of_a_concern, {"missing_concern": 1}, "2026-06-11 12:00"),
    ("missing_consent", no_deadline_of_a_consent, {"missing_consent": 1}, "2026-06-09 09:00"),
    ("missing_logbook", no_deadline_of_a_logbook, {"missing_logbook": 1}, "2026-06-11 09:00"),
    ("missing_promise", no_deadline_of_a_promise, {"missing_promise": 1}, "2026-06-11 09:00"),
    ("missing_review", no_deadline_of_a_review, {"missing_review": 1}, "2026-06-09 12:00"),
    ("ended too early", ended_too_early, {"missing_meeting": 1}, "2026-06-09 09:00"),
    ("not repeated", not_repeated, {"missing_meeting": 1}, "2026-06-22 08:04"),
    ("done but ahead", done_but_ahead, {"stale_meeting": 4}, "2026-06-09 09:00"),
]


@pytest.mark.parametrize("plant, names, moment", [row[1:] for row in MENDED], ids=[row[0] for row in MENDED])
def test_what_can_be_mended_is_found_and_mended(world: World, plant: Plant, names: dict[str, int], moment: str) -> None:
    world.responsible  # noqa: B018
    plant(world)
    Outgoing.objects.update(state="sent", sent_at=NOW)  # the relay has been here
    now = at(moment)
    looked = sweep(repair=False, now=now)
    assert (looked.found, looked.mended) == (names, {})
    done = sweep(repair=True, now=now)
    assert (done.found, done.mended, done.left) == (names, names, 0)
    assert found(now) == {}


def test_what_is_mended_is_what_would_have_been_written(world: World) -> None:
    case = world.case()
    fields = ("step", "kind", "fact_at", "late_at", "due_at", "state", "person_id", "unit_id", "area_id", "about")
    before = list(case.deadlines.filter(kind="meeting").values(*fields))
    case.deadlines.filter(kind="meeting").delete()
    sweep(repair=True, now=at("2026-06-08 09:00"))
    assert list(case.deadlines.filter(kind="meeting").values(*fields)) == before


def test_rows_of_before_there_were_deadlines_are_not_told_again(world: World) -> None:
    """A database of an older version: two steps were told, a third is overdue, nothing stands of any deadline."""
    case = world.case()
    case.deadlines.all().delete()
    for step, day in ((5, 10), (9, 12)):
        Escalation.objects.create(
            case=case, area=world.area, kind="meeting", step=step, due_at=at(f"2026-06-{day} 08:00"),
            raised_at=at(f"2026-06-{day} 08:00"),
        )  # fmt: skip
    sweep(repair=True, now=at("2026-06-18 09:00"))
    assert dict(case.deadlines.filter(kind="meeting").values_list("step", "state")) == {
        5: "told", 9: "told", 12: "merged", 14: "open",  # the next 8.00 of a working day is day 14's own
    }  # fmt: skip
    tick(now=at("2026-06-18 09:01"))
    assert sorted(case.escalations.filter(kind="meeting").values_list("step", flat=True)) == [5, 9]
    tick(now=at("2026-06-22 08:00"))
    assert sorted(case.escalations.filter(kind="meeting").values_list("step", flat=True)) == [5, 9, 14]


def test_of_steps_that_are_long_past_only_the_highest_is_told(world: World) -> None:
    case = world.case()
    case.deadlines.all().delete()
    sweep(repair=True, now=at("2026-06-25 09:00"))
    tick(now=at("2026-06-25 09:01"))
    assert not case.escalations.filter(kind="meeting").exists()
    tick(now=at("2026-06-26 08:00"))
    assert list(case.escalations.filter(kind="meeting").values_list("step", flat=True)) == [14]


def told(world: World) -> Case:
    case = world.case()
    tick(now=at("2026-06-12 08:00"))
    Outgoing.objects.update(state="sent", sent_at=NOW)
    return case


def unwritten(case: Case) -> None:
    EscalationTo.objects.filter(case=case).delete()
    Escalation.objects.filter(case=case, step=9).delete()


def unaddressed(case: Case) -> None:
    EscalationTo.objects.filter(escalation__case=case, escalation__step=9).delete()


def unsaid(case: Case) -> None:
    Message.objects.filter(case=case, step=9).delete()


def unsent(case: Case) -> None:
    row = Message.objects.get(case=case, what="meeting", step=9)
    Outgoing.objects.filter(about=str(row.pk)).delete()


def unrelayed(case: Case) -> None:
    Outgoing.objects.filter(pk=Outgoing.objects.all()[0].pk).update(state="ready", available_at=at("2026-06-12 08:49"))


def untold(case: Case) -> None:
    Deadline.objects.filter(case=case, kind="meeting", step=12).update(due_at=at("2026-06-12 08:54"))


def unreachable(case: Case) -> None:
    User.objects.filter(pk=case.coordinator_id).update(is_active=False)


@pytest.mark.parametrize(
    "plant, name",
    [
        (unwritten, "told_unwritten"), (unaddressed, "told_to_nobody"), (unsaid, "told_unsaid"), (unsent, "unsent"),
        (unrelayed, "unrelayed"), (untold, "overdue"), (unreachable, "unreachable"),
    ],
)  # fmt: skip
def test_what_a_person_must_look_at_is_found_and_left(world: World, plant: Callable[[Case], None], name: str) -> None:
    case = told(world)
    assert found() == {}
    plant(case)
    done = sweep(repair=True, now=NOW)
    assert name in done.found
    assert not done.mended


def test_the_same_difference_twice_is_an_alarm_and_its_end_ends_it(world: World) -> None:
    case = told(world)
    untold(case)
    assert record(sweep(repair=True, now=NOW), now=NOW) == 0
    assert report() == {"status": "ok", "counts": {"differences": 0}, "text": "0 eroa"}
    assert record(sweep(repair=True, now=NOW), now=NOW + timedelta(minutes=10)) == 1
    assert report() == {"status": "failing", "counts": {"differences": 1}, "text": "1 ero"}
    Deadline.objects.filter(case=case).update(due_at=F("due_at") + timedelta(days=30))
    assert record(sweep(repair=True, now=NOW), now=NOW + timedelta(minutes=20)) == 0
    assert report()["status"] == "ok"


def test_the_command_tells_and_says_by_its_exit(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sweep")
    case = world.case(call=(timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M"))
    case.deadlines.filter(kind="meeting").delete()
    with pytest.raises(SystemExit):
        call_command("sweep")
    call_command("sweep", repair=True)
    assert "missing_meeting: 1 found, 1 mended" in capsys.readouterr().out
    assert case.deadlines.filter(kind="meeting", state=DeadlineState.OPEN).count() == 4


def test_the_questions_do_not_grow_with_the_families(world: World, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for n in (1, 3):
        for k in range(n):
            world.case(child=f"Lapsi{n}{k}").deadlines.all().delete()
        with CaptureQueriesContext(connection) as seen:
            sweeping.sweep(repair=True, now=at("2026-06-08 09:00"))
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert Meeting.objects.count() == 0
