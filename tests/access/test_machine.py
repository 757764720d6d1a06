"""Thousands of steps of a network's life, and after each of them three answers to one question: who sees what?

The plain model (`tests.access.model`), the application (`visible_to`, `sections`) and PostgreSQL's rows must agree.
"""

from typing import Any

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


def one_life() -> None:
    """A life written down: every turn of it once, in the order in which each changes who sees what."""
    turns: list[tuple[str, dict[str, Any]]] = [
        ("begin", {"n": "coordinator", "told": True, "protected": False}),
        # what the call told, where no guardian is recorded; and where it told that one is still missing
        ("open", {"n": "second_coordinator", "told": True, "protected": False}), ("add", {"n": 1, "who": "professional"}),
        ("open", {"n": "coordinator", "told": False, "protected": False}), ("add", {"n": 2, "who": "professional"}),
        # a colleague of the same unit, not invited; somebody without content; words that are not a yes, or not any more
        ("add", {"who": "colleague", "invited": False}), ("say", {"s": 1, "answer": "thinking"}), ("say", {"s": 1, "days": 0}),
        ("say", {"s": 1, "days": -1}), ("say", {"s": 1, "days": 200}), ("say", {"s": 1, "answer": "thinking", "parts": ["time"]}), ("say", {"s": 1, "answer": "no", "parts": ["time"]}),
        ("say", {"s": 2}), ("paper", {"n": 0, "g": 1, "s": 2, "by": 0}), ("say", {"s": 2, "answer": "no"}),
        ("remove_member", {"n": 0, "s": 4, "by": 0}), ("add", {"who": "colleague", "index_only": True}),
        # a second guardian says nothing, is not waited for, is again, says no, says yes, leaves
        ("add_guardian", {"n": 0, "general": "", "by": 0}), ("exception", {"n": 0, "g": 2, "by": 0, "end": False}),
        ("exception", {"n": 0, "g": 2, "by": 0, "end": True}), ("say", {"g": 2, "answer": "no"}), ("say", {"g": 2}),
        ("add_guardian", {"n": 1, "general": "oral", "by": 0}), ("say", {"g": 2, "answer": "no"}),
        ("remove_guardian", {"n": 0, "g": 8, "by": 0}), ("remove_guardian", {"n": 1, "g": 4, "by": 0}),
        ("remove_guardian", {"n": 1, "g": 5, "by": 0}), ("withdraw", {"n": 0, "g": 1, "s": 0, "by": 0}),
        # the child decides, and says so
        ("capacity", {"n": 0, "finding": "capable", "by": 0}), ("say", {"g": 0}), ("say", {"g": 0, "answer": "no"}),
        ("capacity", {"n": 0, "finding": "not_capable", "by": 0}), ("say", {"parts": ["time", "plan", "themes", "contact"]}),
        # accounts, roles, units
        ("end_role", {"who": "professional", "days": 0, "which": 0}), ("end_role", {"who": "professional", "days": -1, "which": 0}),
        ("end_role", {"who": "professional", "days": None, "which": 0}), ("suspend", {"who": "professional", "active": False}),
        ("suspend", {"who": "professional", "active": True}), ("move", {"who": "professional", "unit": "guidance"}),
        ("move", {"who": "professional", "unit": ""}), ("add", {"who": "professional"}), ("end_role", {"who": "coordinator", "days": -1, "which": 0}),
        ("end_role", {"who": "coordinator", "days": None, "which": 0}),
        # protected, and named; let in for a day; disqualified
        ("protect", {"n": 0}), ("name_one", {"n": 0, "s": 0, "named": True}), ("protect", {"n": 0}),
        ("exceptionally", {"n": 0, "who": "member", "parts": ["plan"]}), ("exceptionally", {"n": 0, "who": "member", "parts": ["themes"]}),
        ("a_day_passes_for_those_let_in", {}),
        ("recuse", {"n": 0, "who": "second_coordinator", "by": 0, "successor": "other_coordinator", "hat": "area"}),
        ("capacity", {"n": 0, "finding": "capable", "by": 11}),
        ("recuse", {"n": 0, "who": "coordinator", "by": 0, "successor": "other_coordinator", "hat": "area"}),
        ("recuse", {"n": 0, "who": "professional", "by": 0, "successor": "other_coordinator", "hat": "member"}),
        ("hand_over", {"n": 1, "to": "coordinator", "by": 1}),
    ]  # fmt: skip
    live(turns)


def live(turns: list[tuple[str, dict[str, Any]]]) -> None:
    """These turns one after another, and after each of them every hat of everybody compared."""
    life = Machine()
    try:
        for name, given in turns:
            values = {"add": ADD, "say": SAY}.get(name, {}) | given
            getattr(life, "add_member" if name == "add" else name)(**values)
            life.changed, life.compared = True, 3  # every hat after every turn
            life.the_three_agree()
            life.every_open_situation_is_led()
    finally:
        life.teardown()


ADD: dict[str, Any] = {"n": 0, "by": 0, "index_only": False, "invited": True}
SAY: dict[str, Any] = {
    "n": 0, "g": 1, "s": 0, "parts": ["plan", "themes"], "answer": "yes", "way": "phone", "days": 200, "by": 0, "everybody": False,
}  # fmt: skip


def test_one_life_turn_by_turn(network: World) -> None:
    one_life()
    done = {what for what in Machine.done if "refused" not in what}
    assert done >= {
        "say",
        "paper",
        "withdraw",
        "exception",
        "exception ended",
        "capacity",
        "recuse",
        "exceptional",
        "accept",
    }


BEGIN = ("begin", {"n": "coordinator", "told": True, "protected": False})
SECOND = ("add_guardian", {"n": 0, "general": "oral", "by": 0})
WITHOUT_SECOND = ("exception", {"n": 0, "g": 2, "by": 0, "end": False})
CHILD, GUARDIANS = (("capacity", {"n": 0, "by": 0, "finding": f}) for f in ("capable", "not_capable"))
COLLEAGUE, NAMED = ("add", {"who": "second_coordinator"}), ("name_one", {"n": 0, "s": 4, "named": True})
MOST = ["time", "plan", "themes"]
SHORT_LIVES = {
    "the guardians decide again": [BEGIN, CHILD, GUARDIANS],
    "the child decides again": [BEGIN, CHILD, ("say", {"g": 0, "parts": MOST}), GUARDIANS, CHILD],
    "the last yes is taken back": [BEGIN, ("withdraw", {"n": 0, "g": 1, "s": 0, "by": 0})],
    "the last yes becomes a no": [BEGIN, ("say", {"parts": MOST, "answer": "no"})],
    "somebody not waited for says no": [BEGIN, SECOND, WITHOUT_SECOND, ("say", {"g": 2, "parts": ["time"], "answer": "no"})],
    "and changes their mind": [
        BEGIN, SECOND, WITHOUT_SECOND, ("say", {"g": 2, "parts": MOST}), ("say", {"g": 2, "parts": MOST, "answer": "no"}),
    ],
    "a no can't be gone around": [BEGIN, SECOND, ("say", {"g": 2, "parts": ["time"], "answer": "no"}), WITHOUT_SECOND],
    "both guardians are asked anew": [BEGIN, SECOND, WITHOUT_SECOND, CHILD, GUARDIANS],
    "what the call told was the guardians' word": [
        ("open", {"n": "coordinator", "told": True, "protected": False}), ("add", {"who": "professional"}), CHILD,
        ("say", {"g": 0}), GUARDIANS,
    ],
    "a colleague is named in a protected family, and is not any more": [
        BEGIN, COLLEAGUE, ("protect", {"n": 0}), NAMED, ("name_one", {"n": 0, "s": 4, "named": False}),
    ],
    "a colleague without content is named": [BEGIN, ("add", COLLEAGUE[1] | {"index_only": True}), ("protect", {"n": 0}), NAMED],
    "the lead of a protected family is gone": [
        BEGIN, ("protect", {"n": 0}), ("end_role", {"who": "coordinator", "days": -1, "which": 0}),
        ("suspend", {"who": "responsible", "active": False}), ("end_role", {"who": "coordinator", "days": None, "which": 0}),
    ],
}  # fmt: skip


def every_life() -> None:
    one_life()
    for turns in SHORT_LIVES.values():
        live(turns)


@pytest.mark.parametrize("turns", SHORT_LIVES.values(), ids=SHORT_LIVES)
def test_a_short_life(network: World, turns: list[tuple[str, dict[str, Any]]]) -> None:
    """What the long lives met once in thousands of steps: whose earlier yes holds no more, and whose no is heard."""
    live(turns)
    assert Machine.done.get("exception: refused", 0) == (turns[-1] == WITHOUT_SECOND)


@pytest.mark.timeout(580)
def test_some_hundred_steps(network: World) -> None:
    """The same steps every time, so that a red run can be run again."""
    assert run(9, 50, seed=True) >= 350


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_ten_thousand_steps(network: World) -> None:
    """New ones every time: twice as long lives. Some end before their hundredth step, so lives are lived until it is enough."""
    while run(20, 100, seed=False) < 10_000:
        pass
