"""Thousands of steps of a network's life, and after each of them three answers to one question: who sees what?

The plain model (`tests.access.model`), the application (`visible_to`, `sections`) and PostgreSQL's rows must agree.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from networks.models import Agency, Role, RoleMembership, Sector, Unit
from tests.access.machine import Machine
from tests.personas import World


@pytest.fixture
def network(world: World) -> World:
    """The world with a parish, somebody answering for the area, and somebody with two roles."""
    parish = Agency.objects.create(
        name="Seurakunta", legal_name="x", controller="x", sector=Sector.NGO, written_consent=True
    )
    world.church = Unit.objects.create(agency=parish, area=world.area, name="Kerho")
    if not hasattr(world, "responsible"):
        world.responsible = world.person("Outi Vastuu", Role.RESPONSIBLE, world.guidance, area=world.area)
    world.parish = world.person("Pekka Kerho", Role.PROFESSIONAL, world.church)
    world.two_roles = world.person("Mari Kaksi", Role.COORDINATOR, world.other_unit, area=world.other_area)
    RoleMembership.objects.create(user=world.two_roles, role=Role.PROFESSIONAL, starts_on="2020-01-01")
    Machine.world, Machine.steps, Machine.done = world, 0, {}
    return world


def run(examples: int, steps: int, *, seed: bool) -> int:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=seed, database=None,
            suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate),
        ),
    )  # fmt: skip
    print(f"{Machine.steps} steps; {dict(sorted(Machine.done.items()))}")  # noqa: T201  figures for docs/measured.md
    return Machine.steps


@pytest.mark.timeout(580)
def test_a_thousand_steps(network: World) -> None:
    """The same steps every time, so that a red run can be run again."""
    assert run(24, 50, seed=True) >= 1000


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_ten_thousand_steps(network: World) -> None:
    """New ones every time: twice as long lives."""
    assert run(100, 100, seed=False) >= 10_000
