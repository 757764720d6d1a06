"""What a hostile reader found in the actions: who opens a situation, to whom, and whether it was written down."""

from typing import Any

import pytest
from django.utils import timezone

from cases.actions import consent, network, protection
from cases.models import Case, Person
from meetings.actions import protection as meetings_protection
from networks.models import User
from tests.personas import World
from yhteiso.audit.models import DisclosureEntry
from yhteiso.hats.wear import wearing


@pytest.fixture
def case(world: World) -> Case:
    return world.case()


def acts(by: User, deed: Any, **what: Any) -> Any:
    """The action in the hat in which its page does it."""
    with wearing(by.hat, by.pk):
        return deed(by=by, now=timezone.now(), **what)


def father(world: World, case: Case) -> Person:
    acts(world.coordinator, network.add_person, case=case, kind="guardian", name="Otso")
    return case.persons.get(name="Otso")


def says(world: World, case: Case, giver: Person, answer: str) -> None:
    seat = case.memberships.get(user=world.member, ended_at=None)
    words = [consent.Word(seat, "themes", answer)]
    acts(
        world.coordinator, consent.record_words, case=case, giver=giver, words=words, way="phone", valid_until=None
    )  # fmt: skip


def disclosed(case: Case) -> list[tuple[str, set[str]]]:
    rows = DisclosureEntry.objects.filter(case_id=case.pk).order_by("pk")
    return [(row.to_person, set(row.sections)) for row in rows]


# -- the disclosure log knows of every opening


def test_an_exception_that_opens_is_disclosed(world: World, case: Case) -> None:
    other = father(world, case)
    before = len(disclosed(case))
    acts(world.coordinator, consent.except_guardian, case=case, guardian=other, reason="Ei tavoiteta.")
    new = disclosed(case)[before:]
    assert {name for name, _ in new} == {world.member.name, world.professional.name}
    assert all("themes" in sections for _, sections in new)


def test_a_new_member_of_a_unit_with_consent_is_disclosed(world: World, case: Case) -> None:
    before = len(disclosed(case))
    acts(world.coordinator, network.add_member, case=case, user=world.colleague, must_attend=False)
    assert [name for name, _ in disclosed(case)[before:]] == [world.colleague.name]


def test_content_given_back_to_a_seat_is_disclosed(world: World, case: Case) -> None:
    seat = case.memberships.get(user=world.member, ended_at=None)
    change = network.change_seat
    acts(world.coordinator, change, case=case, membership=seat, masked=False, index_only=True)
    before = len(disclosed(case))
    acts(world.coordinator, change, case=case, membership=seat, masked=False, index_only=False)
    assert disclosed(case)[before:] == [(world.member.name, {"plan", "themes", "contact"})]


def test_a_named_member_and_a_lifted_protection_are_disclosed(world: World, case: Case) -> None:
    acts(world.coordinator, meetings_protection.protect, case=case, reason="Turvakielto", by_hand=[])
    seat = case.memberships.get(user=world.member, ended_at=None)
    before = len(disclosed(case))
    acts(world.coordinator, protection.name_member, case=case, membership=seat, named=True, reason="Tapaa perhettä.")
    assert disclosed(case)[before:] == [(world.member.name, {"network"})]
    acts(world.coordinator, meetings_protection.lift_protection, case=case, reason="Päättyi")
    assert disclosed(case)[before + 1 :] == [(world.professional.name, {"network"})]
