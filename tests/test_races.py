"""Several people, or the same person's two clicks, on the same rows at the same moment. Needs committed data."""

import threading
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import clock, intake, standing
from cases.actions.case import close
from cases.actions.consent import Word, record_words, withdraw
from cases.models import Case, Concern, Consent, ExceptionalAccess, HandOver, Membership, Task, TwoWeekOutcome
from meetings.actions import logbook as logbooks
from meetings.actions import meeting as meetings
from meetings.actions.standing import accept_hand_over
from meetings.models import Commitment, Logbook, LogbookEntry, Meeting
from networks.models import User
from tests.personas import World, at
from yhteiso.hats.wear import wearing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_world(transactional_db: None) -> World:
    return World()


def together(deed: Callable[[int], Any], times: int = 4) -> list[Any]:
    """Run the deed in as many threads, all let go at once. Returns what each returned or raised."""
    gate, results = threading.Barrier(times), [None] * times

    def run(n: int) -> None:
        try:
            gate.wait(timeout=10)
            results[n] = deed(n)
        except Exception as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def refusals(results: list[Any]) -> int:
    unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, (NotAllowed, logbooks.Stale))]
    assert not unexpected, unexpected
    return sum(isinstance(r, Exception) for r in results)


def as_coordinator(world: World) -> Any:
    return wearing("area", world.coordinator.pk)


def test_a_double_click_sends_one_concern(open_world: World) -> None:
    key = uuid.uuid4()
    fields = {
        "child_name": "Aatu", "child_age": 4, "place": "Pikkukäpy", "strengths": "x", "everyday": "y",
        "family_asked": "yes", "agreed": "", "reachable": "040",
    }  # fmt: skip

    def send(_n: int) -> Concern:
        with wearing("member", open_world.professional.pk):
            return intake.log_concern(by=open_world.professional, form_key=key, now=at("2026-06-05 12:46"), **fields)

    results = together(send)
    assert refusals(results) == 0
    assert {row.pk for row in results} == set(Concern.objects.values_list("pk", flat=True))
    assert Concern.objects.count() == 1


def test_one_concern_opened_by_two_coordinators_makes_one_case(open_world: World) -> None:
    concern = open_world.concern(now=at("2026-06-05 12:46"))

    def take(n: int) -> Case | None:
        by = (open_world.coordinator, open_world.second_coordinator)[n % 2]
        with wearing("area", by.pk):
            call = intake.begin_call(by=by, area=open_world.area, concern=concern, now=at("2026-06-08 09:00"))
            if not call.route:
                call = intake.save_call(call=call, version=0, now=at("2026-06-08 09:01"), consent="oral", route="network")
            return intake.finish_call(call=call, by=by, now=at("2026-06-08 09:02")).case

    results = together(take)
    stale = [r for r in results if isinstance(r, intake.Stale)]
    assert refusals([r for r in results if not isinstance(r, intake.Stale)]) + len(stale) < len(results)
    assert Case.objects.count() == 1


def test_two_coordinators_propose_at_once_and_one_succeeds(open_world: World) -> None:
    case = open_world.case()

    def propose(n: int) -> Meeting:
        with as_coordinator(open_world):
            return meetings.propose(
                case=case, starts_at=at(f"2026-06-16 1{n}:30"), minutes=75, place="", by=open_world.coordinator,
                now=at("2026-06-08 09:00"),
            )  # fmt: skip

    assert refusals(together(propose)) == 3
    assert Meeting.objects.count() == 1


def test_a_meeting_is_held_once(open_world: World) -> None:
    case = open_world.case()
    row = meetings.propose(
        case=case, starts_at=at("2026-06-16 14:30"), minutes=75, place="", by=open_world.coordinator,
        now=at("2026-06-08 09:00"),
    )  # fmt: skip

    def hold(_n: int) -> Meeting:
        with as_coordinator(open_world):
            return meetings.hold(
                meeting=row, began_at=at("2026-06-16 14:30"), present=set(), by=open_world.coordinator,
                now=at("2026-06-16 16:00"),
            )  # fmt: skip

    assert refusals(together(hold)) == 0
    assert TwoWeekOutcome.objects.count() == 1
    assert case.events.filter(kind="meeting_held").count() == 1


def test_adding_the_same_person_four_times_makes_one_membership(open_world: World) -> None:
    case = open_world.case()

    def add(_n: int) -> Membership:
        with as_coordinator(open_world):
            return meetings.add_member(
                case=case, user=open_world.colleague, must_attend=False, by=open_world.coordinator,
                now=at("2026-06-08 09:00"),
            )  # fmt: skip

    assert refusals(together(add)) == 0
    assert case.memberships.filter(user=open_world.colleague).count() == 1


def _logbook(world: World) -> Logbook:
    case = world.case()
    row = meetings.propose(
        case=case, starts_at=at("2026-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=at("2026-06-08 09:00")
    )
    return logbooks.open_logbook(meeting=row, by=world.coordinator, now=at("2026-06-16 14:30"))


def test_two_writers_of_one_theme_never_overwrite_each_other(open_world: World) -> None:
    book = _logbook(open_world)
    theme = book.template.themes.get(position=0)
    people = [open_world.professional, open_world.member]

    def write(n: int) -> LogbookEntry:
        user: User = people[n % 2]
        with wearing("member", user.pk):
            return logbooks.save_entry(
                logbook=book, theme=theme, version=0, mark="strength", note=f"teksti {n}", said_by="", carry_to_plan=False,
                by=user, now=at("2026-06-16 14:40"),
            )  # fmt: skip

    results = together(write)
    assert refusals(results) == 3
    entry = LogbookEntry.objects.get()
    assert entry.version == 1
    winner = next(r for r in results if isinstance(r, LogbookEntry))
    assert entry.note == winner.note
    assert {r.current.note for r in results if isinstance(r, logbooks.Stale)} == {entry.note}


def test_a_row_of_the_plan_is_written_once(open_world: World) -> None:
    book = _logbook(open_world)
    member = book.case.memberships.get(user=open_world.member)
    key = uuid.uuid4()

    def write(_n: int) -> Commitment:
        with wearing("member", open_world.member.pk):
            return logbooks.write_commitment(
                logbook=book, form_key=key, kind="promise", what="Soitan perheelle", membership=member,
                due_on=at("2026-06-22 09:00").date(), by=open_world.member, now=at("2026-06-16 14:50"),
            )  # fmt: skip

    assert refusals(together(write)) == 0
    assert Commitment.objects.count() == 1


def test_a_correction_is_accepted_once(open_world: World) -> None:
    case = open_world.case()
    row = clock.correct_start(
        case=case, new_at=at("2026-06-08 08:00"), reason="x", by=open_world.coordinator, now=at("2026-06-08 09:00")
    )

    def accept(_n: int) -> Any:
        with wearing("area", open_world.second_coordinator.pk):
            return clock.accept_correction(correction=row, by=open_world.second_coordinator, now=at("2026-06-08 09:10"))

    assert refusals(together(accept)) == 0
    assert case.events.filter(kind="start_corrected").count() == 1


def test_who_is_removed_can_t_write_any_more(open_world: World) -> None:
    from cases.actions.network import end_membership

    book = _logbook(open_world)
    member = book.case.memberships.get(user=open_world.member)
    end_membership(case=book.case, membership=member, reason="x", by=open_world.coordinator, now=at("2026-06-16 14:35"))
    with pytest.raises(NotAllowed), wearing("member", open_world.member.pk):
        logbooks.save_entry(
            logbook=book, theme=book.template.themes.get(position=0), version=0, mark="strength", note="x", said_by="",
            carry_to_plan=False, by=open_world.member, now=at("2026-06-16 14:40"),
        )  # fmt: skip


# -- a situation changes hands


def offered(world: World, to: User) -> tuple[Case, HandOver]:
    case = world.case()
    row = standing.propose_hand_over(case=case, to=to, reason="x", by=world.coordinator, now=at("2026-06-08 09:00"))
    return case, row


def led_by_one(case: Case) -> int:
    """Who leads, after looking that everything about it agrees."""
    case.refresh_from_db()
    seats = case.memberships.filter(role="coordinator", ended_at=None)
    assert [seat.pk for seat in seats] == ([] if case.closed_at else [case.lead_id])
    assert case.lead.user_id == case.coordinator_id
    return case.coordinator_id


def accept(world: World, row: HandOver, by: User) -> int:
    with wearing("area", by.pk):
        return accept_hand_over(hand_over=HandOver.objects.get(pk=row.pk), by=by, now=at("2026-06-08 10:00"))


def test_an_offer_accepted_four_times_at_once_swaps_the_lead_once(open_world: World) -> None:
    case, row = offered(open_world, open_world.other_coordinator)
    assert refusals(together(lambda _n: accept(open_world, row, open_world.other_coordinator))) == 3
    assert led_by_one(case) == open_world.other_coordinator.pk
    assert case.events.filter(kind="handed_over").count() == 1


def test_accepted_and_taken_back_at_once_is_one_of_them(open_world: World) -> None:
    case, row = offered(open_world, open_world.second_coordinator)

    def deed(n: int) -> Any:
        if n % 2:
            return accept(open_world, row, open_world.second_coordinator)
        with as_coordinator(open_world):
            return standing.end_hand_over(hand_over=row, by=open_world.coordinator, now=at("2026-06-08 10:00"))

    assert refusals(together(deed)) == 3
    row.refresh_from_db()
    assert (row.accepted_at is None) != (row.ended_at is None)
    lead = open_world.second_coordinator if row.accepted_at else open_world.coordinator
    assert led_by_one(case) == lead.pk


def test_closed_while_it_is_accepted_is_one_after_the_other(open_world: World) -> None:
    case, row = offered(open_world, open_world.second_coordinator)

    def deed(n: int) -> Any:
        if n % 2:
            return accept(open_world, row, open_world.second_coordinator)
        with as_coordinator(open_world):
            return close(case=case, by=open_world.coordinator, reason="everyday_works", now=at("2026-06-08 10:00"))

    refusals(together(deed, 2))
    led_by_one(case)
    assert case.closed_at is not None


def test_a_burst_of_attempts_at_exceptional_access_stops_at_five(open_world: World) -> None:
    def attempt(_n: int) -> Any:
        with wearing("member", open_world.colleague.pk):
            return standing.open_exceptionally(
                by=open_world.colleague, first_name="Aatu", born_on=date(2022, 1, 14), reason="other", grounds="x" * 20,
                sections=["contact"], now=timezone.now(),
            )  # fmt: skip

    assert refusals(together(attempt, 8)) == 3
    assert ExceptionalAccess.objects.count() == 5


def test_marked_disqualified_four_times_at_once_is_once(open_world: World) -> None:
    case = open_world.case()

    def mark(_n: int) -> None:
        with as_coordinator(open_world):
            standing.recuse(
                case=case, user=open_world.member, reason="kin", by=open_world.coordinator, now=at("2026-06-08 10:00")
            )

    assert refusals(together(mark)) == 0
    assert case.recusals.count() == 1
    assert case.events.filter(kind="recused").count() == 1


# -- what a family says


def test_two_answers_of_one_giver_at_once_leave_one_word(open_world: World) -> None:
    case = open_world.case(consent=False)
    mother = open_world.consent(case, answer="thinking")
    seat = case.memberships.get(user=open_world.member)

    def say(n: int) -> object:
        with as_coordinator(open_world):
            return record_words(
                case=case, giver=mother, words=[Word(seat, "plan", "yes" if n % 2 else "no")], way="phone",
                valid_until=None, by=open_world.coordinator, now=timezone.now(),
            )  # fmt: skip

    assert refusals(together(say)) == 0
    rows = Consent.objects.filter(giver=mother, unit=seat.unit, section="plan")
    assert rows.filter(ended_at=None).count() == 1


def test_taking_back_at_once_closes_once_and_opens_one_task(open_world: World) -> None:
    case = open_world.case()
    mother, seat = case.persons.get(name="Hilla"), case.memberships.get(user=open_world.member)

    def back(_n: int) -> object:
        with as_coordinator(open_world):
            return withdraw(case=case, giver=mother, member=seat, by=open_world.coordinator, now=timezone.now())

    results = together(back)
    assert refusals(results) == 0
    assert sorted(results) == [0, 0, 0, 4]
    assert Task.objects.filter(case=case, kind="consent_withdrawn").count() == 1
