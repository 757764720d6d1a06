"""Two coordinators and one concern at the same moment: one call answers it. Needs committed data."""

import pytest
from django.utils import timezone

from cases.actions import call as actions
from cases.actions import intake
from cases.models import Call, Concern
from tests.personas import World
from tests.test_races import refusals, together
from yhteiso.hats.wear import wearing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_two_coordinators_join_one_concern(transactional_db: None) -> None:
    world = World()
    concern = world.concern(now=timezone.now())
    people = [world.coordinator, world.second_coordinator] * 2
    calls = []
    for person in people[:2]:
        with wearing("area", person.pk):
            calls.append(intake.begin_call(by=person, area=world.area, now=timezone.now()))

    def join(n: int) -> Call:
        with wearing("area", people[n].pk):
            row = Concern.objects.get(pk=concern.pk)
            return actions.join_concern(call=calls[n % 2], concern=row, by=people[n], now=timezone.now())

    results = together(join)
    assert refusals(results) == 2  # the other's two presses
    assert Call.objects.filter(concern=concern).count() == 1
    winner = Call.objects.get(concern=concern)
    assert (winner.version, winner.child_name) == (1, "Aatu")


def test_one_joins_while_another_opens_it_on_the_board(transactional_db: None) -> None:
    world = World()
    concern = world.concern(now=timezone.now())
    people = [world.coordinator, world.second_coordinator]
    with wearing("area", people[0].pk):
        call = intake.begin_call(by=people[0], area=world.area, now=timezone.now())

    def deed(n: int) -> Call:
        with wearing("area", people[n].pk):
            row, now = Concern.objects.get(pk=concern.pk), timezone.now()
            if n:
                return intake.begin_call(by=people[n], area=world.area, concern=row, now=now)
            return actions.join_concern(call=call, concern=row, by=people[n], now=now)

    results = together(deed, times=2)
    # Opening finds the call that has joined it; joining is refused where a call was opened first.
    assert refusals(results) in (0, 1)
    assert Call.objects.filter(concern=concern).count() == 1
