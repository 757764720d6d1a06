"""Two people on the same proposal or account at the same moment. Needs committed data."""

from typing import Any

import pytest
from django.utils import timezone

from networks.access import NotAllowed
from networks.actions import account, power
from networks.models import AccountEvent, PowerProposal, Role, RoleMembership, User
from tests.networks.powers import propose_role
from tests.personas import World
from tests.test_races import together
from yhteiso.hats.wear import wearing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(transactional_db: None) -> World:
    world = World()
    assert world.second_administrator
    assert world.responsible
    return world


def refusals(results: list[Any]) -> int:
    unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, NotAllowed)]
    assert not unexpected, unexpected
    return sum(isinstance(r, NotAllowed) for r in results)


def test_two_accept_at_once_and_the_role_is_given_once(people: World) -> None:
    row = propose_role(people)
    accepters = [("admin", people.second_administrator), ("area", people.responsible)]

    def accept(n: int) -> PowerProposal:
        hat, user = accepters[n % 2]
        with wearing(hat, user.pk):
            return power.accept(proposal=row, by=user, now=timezone.now())

    assert refusals(together(accept)) == 3
    assert RoleMembership.objects.filter(user=people.member, role=Role.COORDINATOR).count() == 1
    assert AccountEvent.objects.count() == 1


def test_accepted_or_withdrawn_but_never_both(people: World) -> None:
    for _round in range(4):
        row = propose_role(people, role=Role.LEADERSHIP)

        def answer(n: int, row: PowerProposal = row) -> PowerProposal:
            if n % 2:
                with wearing("admin", people.administrator.pk):
                    return power.withdraw(proposal=row, by=people.administrator, now=timezone.now())
            with wearing("admin", people.second_administrator.pk):
                return power.accept(proposal=row, by=people.second_administrator, now=timezone.now())

        assert refusals(together(answer)) == 3
        row.refresh_from_db()
        given = RoleMembership.objects.filter(user=people.member, role=Role.LEADERSHIP)
        assert given.exists() == (row.state == "accepted")
        given.delete()


def test_the_same_thing_proposed_at_once_waits_once(people: World) -> None:
    assert refusals(together(lambda _n: propose_role(people))) == 3
    assert PowerProposal.objects.count() == 1


def test_two_administrators_who_suspend_each_other_leave_one(people: World) -> None:
    pair = [people.administrator, people.second_administrator]

    def suspend(n: int) -> None:
        by, person = pair[n], pair[1 - n]
        with wearing("admin", by.pk):
            account.suspend(person=person, by=by, reason="x", now=timezone.now())

    assert refusals(together(suspend, times=2)) == 1
    assert User.objects.filter(pk__in=[user.pk for user in pair], is_active=True).count() == 1


def test_an_account_closed_while_a_role_is_accepted_has_none(people: World) -> None:
    row = propose_role(people)

    def deed(n: int) -> Any:
        if n:
            with wearing("admin", people.administrator.pk):
                return account.close(person=people.member, by=people.administrator, reason="x", now=timezone.now())
        with wearing("admin", people.second_administrator.pk):
            return power.accept(proposal=row, by=people.second_administrator, now=timezone.now())

    assert refusals(together(deed, times=2)) <= 1
    person = User.objects.get(pk=people.member.pk)
    assert person.state == "closed"
    assert person.current_roles == []
