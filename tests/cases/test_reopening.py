"""The family's own stop, opening a closed situation again, and who is in after it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions.case import close
from cases.actions.clock import outcome_of
from cases.actions.network import add_member
from cases.actions.reopening import ask_back, reopen, to_ask_back
from cases.models import Case, Closing, Deadline, Message, Reopening, Status, Task
from meetings.actions import closing as endings
from meetings.models import Commitment, Meeting
from networks.models import User
from tests.meetings.steps import a_case, approved, held, opened, promise, proposed, today
from tests.personas import World
from yhteiso.hats.wear import wearing


@pytest.fixture
def case(world: World) -> Case:
    return a_case(world)


def again(world: World, case: Case, **values: Any) -> Any:
    data = {"reason": "Äiti soitti ja pyysi."} | values
    return world.client(world.coordinator).post(reverse("case-reopening", args=[case.ref]), data)


def sees(world: World, case: Case) -> int:
    return world.client(world.member).get(reverse("case", args=[case.ref])).status_code


# -- the family wants to stop


def test_the_family_stops_at_once_though_promises_are_open(world: World, case: Case) -> None:
    meeting = held(world, case)
    promise(opened(world, meeting), world.professional)
    approved(world, meeting.logbook)
    coming = proposed(world, case)
    target = reverse("case-family-end", args=[case.ref])
    client = world.client(world.coordinator)
    assert "1 lupaus on auki" in client.get(target).content.decode()
    answer = client.post(target, {"told_by": "", "told_on": "1.1.2099", "words": "KIITOS-RIITTAA"})
    assert answer.status_code == 422
    assert "KIITOS-RIITTAA" in answer.content.decode()
    day = f"{today().day}.{today().month}.{today().year}"
    assert client.post(target, {"told_by": "äiti", "told_on": day, "words": "KIITOS-RIITTAA"}).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.close_reason) == (Status.CLOSED, "family_stopped")
    row = Closing.objects.get(case=case)
    assert (row.told_by, row.told_on, row.words) == ("äiti", today(), "KIITOS-RIITTAA")
    assert not case.consents.filter(ended_at=None).exists()
    assert case.consents.filter(withdrawn=True, ended_at=case.closed_at).exists()
    assert Commitment.objects.get(case=case).status == "lapsed"
    assert Meeting.objects.get(pk=coming.pk).status == "cancelled"
    assert not Deadline.objects.open().filter(case=case).exists()
    assert sees(world, case) == 404
    assert client.post(target, {"told_by": "äiti", "told_on": day}).status_code == 302  # twice is once
    assert Closing.objects.filter(case=case).count() == 1


def test_the_network_hears_only_that_it_has_ended(world: World, case: Case) -> None:
    endings.stop(case=case, told_by="äiti", told_on=today(), words="SALAINEN-SYY", by=world.coordinator, now=timezone.now())
    told = Message.objects.filter(case=case, what="ended")
    assert set(told.values_list("to_id", flat=True)) == {world.member.pk, world.professional.pk}
    body = world.client(world.member).get(reverse("messages")).content.decode()
    assert "Tilanne on päättynyt" in body
    for secret in ("SALAINEN-SYY", "lopettaa", "Aatu", case.ref):
        assert secret not in body
    # Nobody has a task to call anybody about: it has all ended.
    assert not Task.objects.open().filter(case=case, kind="consent_withdrawn").exists()


@pytest.mark.parametrize(("told_by", "days"), [(" ", 0), ("äiti", 1)])
def test_who_said_it_and_when_is_needed(world: World, case: Case, told_by: str, days: int) -> None:
    with pytest.raises(NotAllowed):
        endings.stop(
            case=case, told_by=told_by, told_on=today() + timedelta(days=days), by=world.coordinator, now=timezone.now()
        )
    assert Case.objects.get(pk=case.pk).closed_at is None


def test_a_closing_keeps_the_familys_own_view_with_its_teller(world: World, case: Case) -> None:
    target = reverse("case-closure", args=[case.ref])
    client = world.client(world.coordinator)
    answer = client.post(target, {"reason": "everyday_works", "words": "Aamut sujuvat."})
    assert answer.status_code == 422
    assert "Aamut sujuvat." in answer.content.decode()
    assert client.post(target, {"reason": "family_stopped"}).status_code == 422  # a page of its own asks for no reason
    data = {"reason": "everyday_works", "words": "Aamut sujuvat.", "told_by": "isä"}
    assert client.post(target, data).status_code == 302
    body = client.get(reverse("case", args=[case.ref])).content.decode()
    assert "Aamut sujuvat." in body
    assert "Kertoi isä" in body


def test_the_database_refuses_a_stop_that_nobody_told_and_a_changed_ending(world: World, case: Case) -> None:
    now = timezone.now()
    with pytest.raises(IntegrityError, match="closing_by_the_family_was_told"), transaction.atomic():
        Closing.objects.create(case=case, reason="family_stopped", at=now, by=world.coordinator)
    with pytest.raises(IntegrityError, match="closing_words_have_a_teller"), transaction.atomic():
        Closing.objects.create(case=case, reason="declined", words="Ei.", at=now, by=world.coordinator)
    close(case=case, by=world.coordinator, reason="declined", now=now)
    with pytest.raises(Exception, match="never changed"), transaction.atomic():
        Closing.objects.filter(case=case).update(words="")


def test_a_guardian_told_by_hand_is_not_forgotten_when_a_meeting_is_off(world: World, case: Case) -> None:
    from meetings.actions.protection import protect

    mother = case.persons.get(kind="guardian")
    meeting = proposed(world, case)
    with wearing("area", world.coordinator.pk):
        protect(case=case, reason="Turvakielto.", by_hand=[mother.pk], by=world.coordinator, now=timezone.now())
    Task.objects.filter(case=case).update(done_at=timezone.now())
    with wearing("area", world.coordinator.pk):
        endings.close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    task = Task.objects.open().get(case=case, kind="other_guardian")
    assert task.to_id == world.coordinator.pk
    assert task.about == f"{mother.pk}-{meeting.ref}-off"


def test_a_protected_guardian_whom_no_message_reaches_is_called(world: World, case: Case) -> None:
    mother = case.persons.get(kind="guardian")
    meeting = proposed(world, case)
    Case.objects.filter(pk=case.pk).update(protected=True)
    endings.close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    task = Task.objects.open().get(case=case, kind="reach_by_phone")
    assert (task.to_id, task.about) == (world.coordinator.pk, f"{meeting.pk}-{mother.pk}-off")


# -- opening again


def sql_reopen(user: User, case: Case) -> Any:
    with wearing(user.hat, user.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.reopen(%s, %s)", [case.pk, timezone.now()])
        return cursor.fetchone()[0]


def test_a_situation_goes_on_and_nobody_sees_it_by_that(world: World, case: Case) -> None:
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    assert again(world, case, reason="").status_code == 422
    assert again(world, case).status_code == 302
    case.refresh_from_db()
    assert (case.status, case.closed_at, case.closed_by, case.close_reason) == (Status.GATHERING, None, None, "")
    assert case.lead.user_id == case.coordinator_id == world.coordinator.pk
    current = case.memberships.current()
    assert sorted(current.values_list("role", flat=True)) == ["coordinator", "family", "family"]
    assert sees(world, case) == 404
    row = Reopening.objects.get(case=case)
    assert (row.reason, row.closing.reason) == ("Äiti soitti ja pyysi.", "other_help")
    assert case.events.filter(kind="reopened", by=world.coordinator).count() == 1
    assert again(world, case).status_code == 302  # already open: nothing happens
    assert Reopening.objects.filter(case=case).count() == 1


def test_one_by_one_they_are_asked_back_and_see_what_the_consent_still_opens(world: World, case: Case) -> None:
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    again(world, case)
    case.refresh_from_db()
    client, history = world.client(world.coordinator), reverse("case-members", args=[case.ref])
    body = client.get(history).content.decode()
    assert "Pyydä takaisin" in body
    assert {row.user for row in to_ask_back(case)} == {world.member, world.professional}
    seat = to_ask_back(case).get(user=world.member)
    back = reverse("network-return", args=[case.ref, seat.pk])
    assert world.client(world.professional).post(back).status_code == 404
    assert client.post(back).status_code == 302
    assert sees(world, case) == 200
    assert case.memberships.current().get(user=world.member).must_attend
    assert client.post(back).status_code == 302  # once more adds nobody
    assert case.memberships.filter(user=world.member, ended_at=None).count() == 1
    assert [row.user for row in to_ask_back(case)] == [world.professional]


def test_after_a_family_s_stop_nobody_s_consent_is_left(world: World, case: Case) -> None:
    endings.stop(case=case, told_by="äiti", told_on=today(), by=world.coordinator, now=timezone.now())
    again(world, case)
    case.refresh_from_db()
    assert case.consent == "waiting"
    assert Deadline.objects.open().filter(case=case, kind="consent").exists()
    seat = to_ask_back(case).get(user=world.member)
    ask_back(case=case, membership=seat, by=world.coordinator, now=timezone.now())
    body = world.client(world.member).get(reverse("case", args=[case.ref])).content.decode()
    assert "Aatu" not in body
    with wearing("member", world.member.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.my_sections(%s)", [case.pk])
        assert set(cursor.fetchone()[0]) <= {"consents"}


def test_who_was_not_in_or_works_elsewhere_is_not_asked_back(world: World, case: Case) -> None:
    gone = case.memberships.get(user=world.left)
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    again(world, case)
    case.refresh_from_db()
    with pytest.raises(NotAllowed):
        ask_back(case=case, membership=gone, by=world.coordinator, now=timezone.now())
    seat = to_ask_back(case).get(user=world.professional)
    type(world.professional).objects.filter(pk=world.professional.pk).update(unit=world.guidance)
    with pytest.raises(NotAllowed, match="muualla"):
        ask_back(case=case, membership=seat, by=world.coordinator, now=timezone.now())


def test_the_clock_goes_on_where_it_was_and_the_start_is_never_repaired(world: World, case: Case) -> None:
    before = list(Deadline.objects.filter(case=case, kind="meeting").order_by("step").values_list("step", "due_at", "state"))
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    assert not Deadline.objects.open().filter(case=case).exists()
    t0 = case.t0_at, case.day14_on
    again(world, case)
    case.refresh_from_db()
    assert (case.t0_at, case.day14_on) == t0
    after = list(Deadline.objects.filter(case=case, kind="meeting").order_by("step").values_list("step", "due_at", "state"))
    assert [row[2] for row in after] == [row[2] for row in before]
    ahead = [(step, due) for step, due, state in before if state == "open" and due > timezone.now()]
    assert set(ahead) <= {(step, due) for step, due, _state in after}


def test_the_first_outcome_stays_for_ever(world: World, case: Case) -> None:
    held(world, case)
    case.refresh_from_db()
    first = outcome_of(case)
    assert first is not None
    assert first.met
    close(case=case, by=world.coordinator, reason="everyday_works", now=timezone.now())
    again(world, case)
    case.refresh_from_db()
    assert case.status == Status.FOLLOW_UP
    assert outcome_of(case) == first
    assert not Deadline.objects.open().filter(case=case, kind="meeting").exists()


def test_after_three_months_a_new_call_opens_a_new_one(world: World, case: Case) -> None:
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now() - timedelta(days=91))
    body = world.client(world.coordinator).get(reverse("case-reopening", args=[case.ref])).content.decode()
    assert "disabled aria-describedby" in body
    assert again(world, case).status_code == 422
    assert Case.objects.get(pk=case.pk).closed_at
    assert sql_reopen(world.coordinator, case) is None  # the database looks as well


@pytest.mark.parametrize("who", ["member", "other_coordinator"])
def test_nobody_else_opens_it_again(world: World, case: Case, who: str) -> None:
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    user = getattr(world, who)
    answer = world.client(user).post(reverse("case-reopening", args=[case.ref]), {"reason": "Haluan."})
    assert answer.status_code == 404
    if who == "member":  # not theirs to call at all
        with pytest.raises(ProgrammingError), transaction.atomic():
            sql_reopen(user, case)
    else:
        assert sql_reopen(user, case) is None
    assert Case.objects.get(pk=case.pk).closed_at


def test_a_colleague_who_opens_it_again_leads_it(world: World, case: Case) -> None:
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    with wearing("area", world.second_coordinator.pk):
        row = reopen(case=case, reason="Soittivat minulle.", by=world.second_coordinator, now=timezone.now())
    assert row.coordinator_id == world.second_coordinator.pk
    assert Reopening.objects.get(case=case).led_by == world.coordinator
    close(case=row, by=world.second_coordinator, reason="everyday_works", now=timezone.now())  # and it ends again
    assert Closing.objects.filter(case=case).count() == 2
    with pytest.raises(NotAllowed):
        add_member(case=row, user=world.colleague, must_attend=False, by=world.second_coordinator, now=timezone.now())


@pytest.mark.parametrize("table", ["cases_closing", "cases_reopening"])
def test_only_the_area_s_coordinators_read_how_it_ended(world: World, case: Case, table: str) -> None:
    close(
        case=case, by=world.coordinator, reason="other_help", words="SALAINEN", told_by="äiti", told_on=today(),
        now=timezone.now(),
    )  # fmt: skip
    again(world, case)
    sql = "SELECT count(*) FROM cases_closing" if table == "cases_closing" else "SELECT count(*) FROM cases_reopening"
    for user, n in ((world.coordinator, 1), (world.second_coordinator, 1), (world.other_coordinator, 0)):
        with wearing("area", user.pk), connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.fetchone()[0] == n
    for hat in ("member", "family", "unit", "report", "officer", "admin", "jobs", "guest", "public"):
        with pytest.raises(ProgrammingError), transaction.atomic(), wearing(hat, world.member.pk):
            connection.cursor().execute(sql)
