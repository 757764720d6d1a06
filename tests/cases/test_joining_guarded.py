"""Joining where one family is protected, somebody is disqualified, two children are siblings, or a side ends meanwhile."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions.case import close as close_case
from cases.actions.joining import end_join
from cases.actions.protection import protect
from cases.models import Case, CaseJoin, Membership, Recusal, Task
from meetings.actions.closing import stop
from networks.models import User
from tests.cases.test_joining import accepted, kinds, pair, proposed
from tests.cases.test_known import case_of
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date

pytestmark = pytest.mark.django_db
__all__ = ["pair"]


def recused(case: Case, user: User, by: User) -> None:
    Recusal.objects.create(case=case, user=user, reason="kin", marked_by=by, marked_at=timezone.now())


def read(user: User) -> tuple[int, int]:
    """How many joinings the two walls show: the application's own question, and PostgreSQL's."""
    person = User.objects.get(pk=user.pk)
    at_first = CaseJoin.objects.visible_to(person).count()
    with wearing("area", person.pk):
        assert CaseJoin.objects.visible_to(person).count() == CaseJoin.objects.count()
        return at_first, CaseJoin.objects.count()


def test_one_protected_since_the_proposal_ends_it(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    with wearing("area", world.coordinator.pk):
        protect(case=pair[0], reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    join.refresh_from_db()
    assert join.ended_at
    assert Task.objects.get(kind="join").done_at
    assert kinds(pair[1]) == ["join_proposed", "join_ended"]
    with pytest.raises(NotAllowed):
        accepted(join, world.second_coordinator)
    CaseJoin.objects.filter(pk=join.pk).update(ended_at=None, ended_by=None)  # as if it had come between
    by = world.second_coordinator
    Membership.objects.create(
        case=pair[0], user=by, unit_id=by.unit_id, role="member", named=True, started_at=timezone.now(), started_by=by
    )
    with pytest.raises(NotAllowed):
        accepted(join, by)  # sees both, and still the link would tell the others
    assert Case.objects.get(pk=pair[1].pk).closed_at is None


def test_one_protected_after_the_yes_is_not_told_by_the_link(world: World, pair: tuple[Case, Case]) -> None:
    stays, closes = pair
    accepted(proposed(stays, closes, world.coordinator), world.second_coordinator)
    client, url = world.client(world.second_coordinator), reverse("case-joining", args=[closes.ref])
    assert stays.ref in client.get(url).content.decode()
    assert read(world.second_coordinator) == (1, 1)
    with wearing("area", world.coordinator.pk):
        protect(case=stays, reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    body = client.get(url).content.decode()
    assert stays.ref not in body
    assert 'id="aiemmin"' not in body
    assert read(world.second_coordinator) == (0, 0)
    assert read(world.coordinator) == (1, 1)  # who sees the protected one has lost nothing
    assert closes.ref in world.client(world.coordinator).get(reverse("case-joining", args=[stays.ref])).content.decode()


def test_whoever_is_disqualified_in_a_side_reads_no_link(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    assert read(world.second_coordinator) == (1, 1)
    recused(pair[0], world.second_coordinator, world.coordinator)
    assert read(world.second_coordinator) == (0, 0)
    client = world.client(world.second_coordinator)
    assert 'id="odottaa"' not in client.get(reverse("case-joining", args=[pair[1].ref])).content.decode()
    assert client.post(reverse("join-end", args=[join.ref])).status_code == 404


def test_a_disqualification_in_one_holds_in_the_other(world: World, pair: tuple[Case, Case]) -> None:
    stays, closes = pair
    recused(closes, world.member, world.coordinator)
    recused(stays, world.colleague, world.coordinator)
    seat = Membership.objects.create(
        case=stays, user=world.member, unit_id=world.member.unit_id, role="member", started_at=timezone.now(),
        started_by=world.coordinator,
    )  # fmt: skip
    accepted(proposed(stays, closes, world.coordinator), world.second_coordinator)
    both = {(case.pk, user.pk) for case in pair for user in (world.member, world.colleague)}
    assert set(Recusal.objects.values_list("case_id", "user_id")) == both
    seat.refresh_from_db()
    assert seat.end_reason == "recused"


def test_a_lead_who_is_disqualified_in_the_one_that_closes_passes_it_on_first(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    recused(pair[1], world.coordinator, world.second_coordinator)
    with pytest.raises(NotAllowed):
        accepted(join, world.second_coordinator)
    with wearing("area", world.second_coordinator.pk):
        end_join(join=join, by=world.second_coordinator, now=timezone.now())
    with pytest.raises(NotAllowed, match=r"esteell|jäävi|disqualified"):
        proposed(pair[1], pair[0], world.second_coordinator, stays=False)


def test_siblings_are_two_children(world: World, pair: tuple[Case, Case]) -> None:
    join = proposed(*pair, world.coordinator)
    with wearing("area", world.coordinator.pk):
        assert connection.cursor().execute("SELECT sec.join_siblings(%s, %s)", [c.pk for c in pair]).fetchone()[0]
    with pytest.raises(NotAllowed):
        accepted(join, world.second_coordinator)
    with wearing("area", world.coordinator.pk):
        end_join(join=join, by=world.coordinator, now=timezone.now())
    for here, other, by in ((*pair, world.coordinator), (pair[1], pair[0], world.second_coordinator)):
        with pytest.raises(NotAllowed, match=r"[Ss]isaru|siblings"):
            proposed(here, other, by)


@pytest.mark.parametrize("side", [0, 1])
def test_a_proposal_ends_with_either_situation(world: World, pair: tuple[Case, Case], side: int) -> None:
    join = proposed(*pair, world.coordinator)
    with wearing("area", world.coordinator.pk):
        if side:
            stop(
                case=pair[1], told_by="äiti", told_on=helsinki_date(timezone.now()), by=world.coordinator,
                now=timezone.now(),
            )  # fmt: skip
        else:
            close_case(case=pair[0], by=world.coordinator, reason="moved_away", now=timezone.now())
    join.refresh_from_db()
    assert (join.ended_at, join.ended_by) == (Case.objects.get(pk=pair[side].pk).closed_at, world.coordinator)
    assert not Task.objects.filter(kind="join", done_at=None).exists()
    assert kinds(pair[1 - side]) == ["join_proposed", "join_ended"]


def test_joining_ends_the_other_proposals_with_their_tasks(world: World, pair: tuple[Case, Case]) -> None:
    third = case_of(world, child="Vilja")
    waits = proposed(pair[1], third, world.second_coordinator)
    join = CaseJoin.objects.create(
        stays=pair[0], closes=pair[1], stays_area=world.area, closes_area=world.area, proposed_by=world.coordinator,
        proposed_at=timezone.now(),
    )  # fmt: skip
    accepted(join, world.second_coordinator)
    waits.refresh_from_db()
    assert waits.ended_at
    assert not Task.objects.filter(kind="join", done_at=None).exists()
    assert CaseJoin.objects.get(pk=join.pk).accepted_at
