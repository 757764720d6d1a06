"""The same change for two children, begun from each child's page at the same moment. Needs committed data."""

import pytest
from django.utils import timezone

from cases.actions.sibling import Child, add_sibling
from cases.models import Membership
from meetings.actions.siblings import add_in_all
from tests.meetings.steps import a_case
from tests.personas import World
from tests.test_races import refusals, together
from yhteiso.hats.wear import wearing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_two_children_s_networks_grow_from_both_pages_at_once(transactional_db: None) -> None:
    world = World()
    case, by = a_case(world), world.coordinator
    with wearing("area", by.pk):
        eino = add_sibling(case=case, child=Child("Eino"), along=[], by=by, now=timezone.now())
    pages = [(case, eino), (eino, case)]

    def add(n: int) -> Membership:
        here, other = pages[n % 2]
        with wearing("area", by.pk):
            return add_in_all(
                case=here, also=[other.ref], user=world.colleague, must_attend=False, by=by, now=timezone.now()
            )

    refusals(together(add, 4))  # no deadlock
    assert Membership.objects.current().filter(user=world.colleague).count() == len(pages)
