"""Two situations of one child are joined by two people: one goes on, the other closes, nothing is moved."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions.case import close as close_case
from cases.actions.joining import end_join, propose_join, same_children
from cases.actions.protection import protect
from cases.models import Case, CaseJoin, CaseText, Membership, Person, Recusal, Status, Task, TwoWeekOutcome
from meetings.actions.commitment import resolve
from meetings.actions.joining import accept_join
from meetings.models import Commitment
from networks.models import User
from tests.cases.test_known import case_of
from tests.meetings.steps import approved, held, opened, promise
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.hats.roles import WEB_HATS
from yhteiso.hats.wear import wearing

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(world: World) -> tuple[Case, Case]:
    """The same child twice, in one area: Riikka's, who opened first, and Noora's."""
    return case_of(world), case_of(world, child="Wilja", by=world.second_coordinator)


def proposed(case: Case, other: Case, by: User, *, stays: bool = True) -> CaseJoin:
    with wearing("area", by.pk):
        ref = propose_join(case=case, other=other.ref, stays=stays, by=by, now=timezone.now())
    return CaseJoin.objects.get(ref=ref)


def accepted(join: CaseJoin, by: User) -> Case:
    with wearing("area", by.pk):
        return accept_join(join=join, by=by, now=timezone.now())


def kinds(case: Case) -> list[str]:
    return list(case.events.filter(kind__startswith="join").order_by("pk").values_list("kind", flat=True))


# -- the two people


def test_one_proposes_another_accepts_one_stays_the_other_closes(world: World, pair: tuple[Case, Case]) -> None:
    stays, closes = pair
    before = {model: sorted(model.objects.values_list("pk", "case_id")) for model in (Person, CaseText, Membership)}
    starts = set(Case.objects.values_list("pk", "t0_at", "day14_on", "first_met_at"))
    join = proposed(stays, closes, world.coordinator)
    task = Task.objects.get(kind="join")
    assert (task.to_id, task.case_id, task.about) == (world.second_coordinator.pk, closes.pk, join.ref)
    accepted(join, world.second_coordinator)
    stays, closes = Case.objects.get(pk=stays.pk), Case.objects.get(pk=closes.pk)
    assert (stays.status, closes.status, closes.close_reason) == (Status.NEW, Status.CLOSED, "joined")
    assert closes.closed_by == world.second_coordinator
    assert kinds(stays) == kinds(closes) == ["join_proposed", "joined"]
    assert before == {model: sorted(model.objects.values_list("pk", "case_id")) for model in before}  # nothing is moved
    assert starts == set(Case.objects.values_list("pk", "t0_at", "day14_on", "first_met_at"))  # nor repaired
    assert Task.objects.get(kind="join").done_at
    assert Task.objects.get(kind="joined").to_id == world.coordinator.pk
    assert not closes.memberships.filter(ended_at=None).exists()


def test_the_proposer_cannot_accept(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    with pytest.raises(NotAllowed):
        accepted(join, world.coordinator)
    with pytest.raises(IntegrityError, match="join_by_two_people"), transaction.atomic():
        CaseJoin.objects.filter(pk=join.pk).update(accepted_by=world.coordinator, accepted_at=timezone.now())
    assert Case.objects.get(pk=pair[1].pk).status == Status.NEW


def test_the_other_one_may_be_the_one_that_stays(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator, stays=False)
    assert (join.stays_id, join.closes_id) == (pair[1].pk, pair[0].pk)
    assert accepted(join, world.second_coordinator).pk == pair[0].pk


def test_refusal_and_withdrawal_leave_both_open(world: World, pair: tuple[Case, Case]) -> None:
    for who in (world.second_coordinator, world.coordinator):
        join = proposed(*pair, world.coordinator)
        with wearing("area", who.pk):
            end_join(join=join, by=who, now=timezone.now())
        with pytest.raises(NotAllowed), wearing("area", who.pk):
            end_join(join=join, by=who, now=timezone.now())
        with pytest.raises(NotAllowed):
            accepted(join, world.second_coordinator)
    assert set(Case.objects.values_list("status", flat=True)) == {Status.NEW}
    assert not Task.objects.filter(kind="join", done_at=None).exists()
    assert kinds(pair[0]) == ["join_proposed", "join_ended"] * 2


def test_the_same_proposal_again_is_the_first_and_another_waits(world: World, pair: tuple[Case, Case]) -> None:
    first = proposed(*pair, world.coordinator)
    assert proposed(*pair, world.coordinator) == first
    for case, other, by in (
        (*pair, world.second_coordinator), (pair[1], pair[0], world.coordinator), (pair[1], pair[0], world.second_coordinator),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match=r"odottaa|waits"):
            proposed(case, other, by)
    third = case_of(world, child="Vilja")
    with pytest.raises(NotAllowed):
        proposed(third, pair[1], world.coordinator)
    assert CaseJoin.objects.count() == 1


def test_a_double_press_accepts_once(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    client = world.client(world.second_coordinator)
    for _n in range(2):
        answer = client.post(reverse("join-acceptance", args=[join.ref]), follow=True)
        assert answer.status_code == 200
    assert kinds(pair[1]).count("joined") == 1
    assert pair[1].events.filter(kind="closed").count() == 1


def test_a_closed_or_lone_situation_is_not_joined(world: World, pair: tuple[Case, Case]) -> None:
    with pytest.raises(NotAllowed):
        proposed(pair[0], pair[0], world.coordinator)
    join = proposed(*pair, world.coordinator)
    close_case(case=pair[0], by=world.coordinator, reason="moved_away", now=timezone.now())
    with pytest.raises(NotAllowed):
        accepted(join, world.second_coordinator)
    with pytest.raises(NotAllowed):
        proposed(case_of(world), pair[0], world.coordinator)


def test_the_reason_is_never_chosen_by_hand(world: World, pair: tuple[Case, Case]) -> None:
    with pytest.raises(NotAllowed):
        close_case(case=pair[1], by=world.coordinator, reason="joined", now=timezone.now())
    client, url = world.client(world.coordinator), reverse("case-closure", args=[pair[1].ref])
    assert 'value="joined"' not in client.get(url).content.decode()
    assert client.post(url, {"reason": "joined"}).status_code == 422


# -- promises first


def test_an_open_promise_of_the_closing_one_is_told_first(world: World) -> None:
    stays, closes = case_of(world), world.case()
    logbook = opened(world, held(world, closes))
    promise(logbook, world.professional)
    approved(world, logbook)
    row = Commitment.objects.filter(case=closes).agreed().open().first()
    assert row is not None
    join = proposed(stays, closes, world.coordinator)
    client, url = world.client(world.second_coordinator), reverse("case-joining", args=[closes.ref])
    body = client.get(url).content.decode()
    assert row.what in body
    assert "disabled" in body
    client.post(reverse("join-acceptance", args=[join.ref]))
    assert Case.objects.get(pk=closes.pk).closed_at is None
    assert CaseJoin.objects.get(pk=join.pk).accepted_at is None
    assert kinds(closes) == ["join_proposed"]
    for one in Commitment.objects.filter(case=closes).agreed().open():
        resolve(commitment=one, by=world.coordinator, status="kept", remark="", now=timezone.now())
    client.post(reverse("join-acceptance", args=[join.ref]))
    assert Case.objects.get(pk=closes.pk).close_reason == "joined"


def test_each_keeps_its_own_two_weeks(world: World, pair: tuple[Case, Case]) -> None:
    day = pair[1].day14_on
    TwoWeekOutcome.objects.create(case=pair[1], met=False, day_number=None, day14_on=day, written_at=timezone.now())
    accepted(proposed(*pair, world.coordinator), world.second_coordinator)
    assert list(TwoWeekOutcome.objects.values_list("case_id", "met")) == [(pair[1].pk, False)]


# -- two areas


def test_across_areas_the_own_one_stays_and_the_other_side_accepts(world: World) -> None:
    here, there = case_of(world), case_of(world, by=world.other_coordinator)
    with pytest.raises(NotAllowed):
        proposed(here, there, world.coordinator, stays=False)  # nobody closes what they would not see
    join = proposed(here, there, world.coordinator)
    assert Task.objects.get(kind="join").to_id == world.other_coordinator.pk
    with pytest.raises(NotAllowed):
        accepted(join, world.second_coordinator)  # does not see the one that closes
    client = world.client(world.other_coordinator)
    body = client.get(reverse("case-joining", args=[there.ref])).content.decode()
    assert "Kuusiranta" in body
    assert here.ref not in body
    assert client.post(reverse("join-acceptance", args=[join.ref])).url == reverse("case-joining", args=[there.ref])
    assert Case.objects.get(pk=there.pk).close_reason == "joined"
    assert there.ref not in world.client(world.coordinator).get(reverse("case-joining", args=[here.ref])).content.decode()


def test_a_number_tells_nothing_unless_it_is_the_same_child(world: World) -> None:
    here, there = case_of(world), case_of(world, child="Aatu", family="Muu", by=world.other_coordinator)
    guarded = case_of(world, by=world.other_coordinator)
    protect(case=guarded, reason="Turvakielto.", by_hand=[], by=world.other_coordinator, now=timezone.now())
    client, url = world.client(world.coordinator), reverse("case-joining", args=[here.ref])
    answers = set()
    for number in (there.ref, guarded.ref, "0000-0000-00", here.ref):
        answer = client.post(url, {"other": "another", "number": number.lower(), "which": "here"})
        assert answer.status_code == 422
        answers.add("Tällä numerolla ei löytynyt" in answer.content.decode())
    assert answers == {True}
    assert not CaseJoin.objects.exists()
    assert not Task.objects.filter(kind="join").exists()


def test_a_protected_one_and_an_open_one_are_not_linked(world: World, pair: tuple[Case, Case]) -> None:
    protect(case=pair[0], reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    with pytest.raises(NotAllowed, match=r"Suojaa|Protect"):
        proposed(*pair, world.coordinator)
    with pytest.raises(NotAllowed, match=r"ei löytynyt|was found"):
        proposed(pair[1], pair[0], world.second_coordinator)
    with wearing("area", world.second_coordinator.pk):
        assert same_children(pair[1]) == []


def test_whoever_is_disqualified_in_either_has_no_part(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    Recusal.objects.create(
        case=pair[0], user=world.second_coordinator, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    with pytest.raises(NotAllowed):
        accepted(join, world.second_coordinator)
    with pytest.raises(NotAllowed), wearing("area", world.second_coordinator.pk):
        end_join(join=join, by=world.second_coordinator, now=timezone.now())
    with wearing("area", world.second_coordinator.pk):
        assert same_children(pair[1]) == []


# -- who sees and may


@pytest.mark.parametrize("hat", sorted(set(WEB_HATS) - {"area"} | {"jobs"}))
def test_no_other_hat_proposes_accepts_or_reads(world: World, pair: tuple[Case, Case], hat: str) -> None:
    proposed(*pair, world.coordinator)
    for statement in (
        "SELECT sec.propose_join('x', 1, 'y', true, now())", "SELECT sec.accept_join(1, now())",
        "SELECT sec.end_join(1, now())", "SELECT sec.same_children(1)", "SELECT * FROM cases_casejoin",
    ):  # fmt: skip
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.coordinator.pk):
            connection.cursor().execute(statement)


def test_the_area_hat_reads_its_own_side_and_writes_nothing_by_itself(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    with wearing("area", world.second_coordinator.pk):
        assert CaseJoin.objects.get() == join
    with wearing("area", world.other_coordinator.pk):
        assert not CaseJoin.objects.exists()
        assert connection.cursor().execute("SELECT sec.same_children(%s)", [pair[0].pk]).fetchone()[0] == []
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("area", world.coordinator.pk):
        CaseJoin.objects.update(ended_at=None)


def test_a_member_does_not_read_of_joining(world: World) -> None:
    case, other = world.case(), case_of(world)
    proposed(other, case, world.coordinator)
    with wearing("member", world.member.pk):
        assert not case.events.filter(kind__startswith="join").exists()
        assert case.events.exists()
    assert "yhdist" not in world.client(world.member).get(reverse("case", args=[case.ref])).content.decode()


# -- the page


def test_the_page_offers_the_same_childs_other_situation(world: World, pair: tuple[Case, Case]) -> None:
    case_of(world, child="Oiva")
    client, url = world.client(world.coordinator), reverse("case-joining", args=[pair[0].ref])
    body = client.get(url).content.decode()
    assert f'value="{pair[1].ref}"' in body
    assert body.count('name="other"') == 2
    assert "Mitään ei siirretä" in body
    assert LogEntry.objects.filter(page="case-joining", verb="list", case_ids=[pair[1].pk]).exists()
    assert client.post(url, {"other": pair[1].ref, "which": "here"}).status_code == 302
    page = client.get(url).content.decode()
    assert "Peru" in page or "takaisin" in page
    assert reverse("join-acceptance", args=[CaseJoin.objects.get().ref]) not in page
    assert url in client.get(reverse("case", args=[pair[0].ref])).content.decode()


def test_wrong_input_keeps_the_page_and_the_text(world: World, pair: tuple[Case, Case]) -> None:
    client, url = world.client(world.coordinator), reverse("case-joining", args=[pair[0].ref])
    cases: list[dict[str, Any]] = [
        {}, {"other": "another", "number": "ABC-UNOHTUI", "which": "here"}, {"other": "x", "which": "here"},
        {"other": "another", "number": "\x00", "which": "here"}, {"other": pair[1].ref, "which": "both"},
    ]  # fmt: skip
    for typed in cases:
        answer = client.post(url, typed)
        assert answer.status_code == 422
    assert 'value="ABC-UNOHTUI"' in client.post(url, cases[1]).content.decode()


def test_only_a_coordinator_opens_the_pages(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    for user in (
        world.professional,
        world.unit_head,
        world.leader,
        world.officer,
        world.administrator,
        world.other_coordinator,
    ):
        client = world.client(user)
        for name in ("join-acceptance", "join-end"):
            assert client.post(reverse(name, args=[join.ref])).status_code == 404
        assert client.get(reverse("case-joining", args=[pair[0].ref])).status_code == 404
    assert world.client(world.coordinator).get(reverse("join-end", args=[join.ref])).status_code == 405
    assert Case.objects.filter(closed_at=None).count() == 2


# -- two at once


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_accepts_at_once_join_once(world: World) -> None:
    stays, closes = case_of(world), case_of(world, child="Wilja")
    join, errors = proposed(stays, closes, world.coordinator), list[str]()
    gate, done = threading.Barrier(2), list[int]()
    helpers = [world.second_coordinator, world.responsible]

    def press(user: User) -> None:
        try:
            gate.wait(10)
            done.append(accepted(join, user).pk)
        except NotAllowed as refusal:
            errors.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[user]) for user in helpers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (done, len(errors)) == ([closes.pk], 1)
    assert closes.events.filter(kind="closed").count() == closes.events.filter(kind="joined").count() == 1
