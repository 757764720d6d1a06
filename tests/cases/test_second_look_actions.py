"""What a hostile reader found in the actions: who opens a situation, to whom, and whether it was written down."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import consent, intake, network, protection
from cases.actions.case import close
from cases.actions.disclosure import disclose_copy
from cases.models import Case, Membership, Person
from meetings.actions import meeting as meetings
from meetings.actions import protection as meetings_protection
from meetings.views.situation import members_shown
from networks.models import User
from tests.personas import World, at
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
    assert disclosed(case)[before:] == [(f"Verkoston jäsen nro {seat.pk}", {"contact", "network"})]
    acts(world.coordinator, meetings_protection.lift_protection, case=case, reason="Päättyi")
    assert disclosed(case)[before + 1 :] == [(world.professional.name, {"contact", "network"})]


# -- a no is a no


def test_a_guardian_who_said_no_is_taken_out_only_as_no_guardian(world: World, case: Case) -> None:
    other = father(world, case)
    says(world, case, other, "no")
    seat = other.memberships.get()
    client, target = world.client(world.coordinator), reverse("network-end", args=[case.ref, seat.pk])
    answer = client.post(target, {"reason": "Ei vastaa puheluihin"})
    assert answer.status_code == 422
    assert "Ei vastaa puheluihin" in answer.content.decode()
    assert Membership.objects.get(pk=seat.pk).ended_at is None
    before = len(disclosed(case))
    assert client.post(target, {"reason": "Huolto muuttui", "no_guardian": "on"}).status_code == 302
    assert Membership.objects.get(pk=seat.pk).ended_at
    assert world.member.name in {name for name, _ in disclosed(case)[before:]}


def test_no_exception_over_a_no(world: World, case: Case) -> None:
    other = father(world, case)
    acts(world.coordinator, consent.except_guardian, case=case, guardian=other, reason="Ei tavoiteta.")
    says(world, case, other, "no")
    assert not case.consent_exceptions.filter(ended_at=None).exists()
    assert Case.objects.get(pk=case.pk).consent == "waiting"  # the summary is of those whose word counts now
    with pytest.raises(NotAllowed):
        acts(world.coordinator, consent.except_guardian, case=case, guardian=other, reason="Ei tavoiteta.")


def test_an_old_yes_does_not_come_to_life_when_the_decider_changes(world: World, case: Case) -> None:
    def assess(finding: str) -> None:
        day = timezone.localdate()
        acts(world.coordinator, consent.assess_capacity, case=case, finding=finding, grounds="Puhuttiin.", assessed_on=day)

    assess("not_capable")
    mother = case.persons.get(name="Hilla")
    assert mother.consents.standing().filter(answer="yes").exists()
    assess("capable")
    assess("not_capable")
    assert not mother.consents.standing().filter(answer="yes").exists()


# -- masks and seats


def test_a_mask_is_carried_to_the_next_seat(world: World, case: Case) -> None:
    seat = case.memberships.get(user=world.member, ended_at=None)
    acts(world.coordinator, network.change_seat, case=case, membership=seat, masked=True, index_only=True)
    User.objects.filter(pk=world.member.pk).update(unit=world.day_care)
    moved = User.objects.get(pk=world.member.pk)
    new = network.add_member(case=case, user=moved, must_attend=False, by=world.coordinator, now=timezone.now())
    assert (new.pk != seat.pk, new.masked, new.index_only) == (True, True, True)
    acts(world.coordinator, network.end_membership, case=case, membership=new, reason="x")
    again = network.add_member(case=case, user=moved, must_attend=False, by=world.coordinator, now=timezone.now())
    assert (again.masked, again.index_only) == (True, False)


def test_masking_the_caller_takes_the_name_from_the_lists(world: World, case: Case) -> None:
    assert "Kaisa" in case.caller_label
    seat = case.memberships.get(user=world.professional, ended_at=None)
    acts(world.coordinator, network.change_seat, case=case, membership=seat, masked=True, index_only=False)
    case.refresh_from_db()
    assert "Kaisa" not in case.caller_label
    acts(world.coordinator, meetings_protection.protect, case=case, reason="Turvakielto", by_hand=[])
    acts(world.coordinator, meetings_protection.lift_protection, case=case, reason="Päättyi")
    case.refresh_from_db()
    assert case.caller_label
    assert "Kaisa" not in case.caller_label


def let_in(world: World, case: Case, user: User) -> Membership:
    now = timezone.now()
    return Membership.objects.create(
        case=case, user=user, unit=user.unit, role="exceptional", sections=["themes"], started_at=now,
        started_by=user, expires_at=now - timedelta(hours=1),
    )  # fmt: skip


def test_an_expired_day_is_no_ground_of_a_copy(world: World, case: Case) -> None:
    let_in(world, case, world.member)
    acts(world.member, disclose_copy, case=case, sections=["plan"], document_ref="x")
    row = DisclosureEntry.objects.order_by("pk").last()
    assert row
    assert (row.basis, row.to_person) == ("consent", world.member.name)


def test_whoever_was_let_in_for_a_day_was_not_in_the_network(world: World, case: Case) -> None:
    seat = let_in(world, case, world.colleague)
    acts(world.coordinator, close, case=case, reason="declined")
    seat.refresh_from_db()
    assert seat.end_reason == "expired"
    case.refresh_from_db()
    assert world.colleague.pk not in members_shown(case).values_list("user_id", flat=True)


def test_a_caller_who_has_changed_unit_is_not_in(world: World) -> None:
    now = timezone.now()
    concern = world.concern(now=now)
    User.objects.filter(pk=world.professional.pk).update(unit=world.guidance)
    call = acts(world.coordinator, intake.begin_call, area=world.area, concern=concern)
    call = intake.save_call(
        call=call, version=call.version, now=now, child_family_name="Suvilehto", guardians="Äiti", strengths="Leikkii.",
        everyday="Itkee.", consent="oral", consent_by="äiti", consent_for="neuvola", route="network",
    )  # fmt: skip
    case = acts(world.coordinator, intake.finish_call, call=call).case
    assert not case.memberships.filter(user=world.professional).exists()
    assert case.tasks.filter(kind="seat_vacant", to=world.coordinator, unit=world.day_care).exists()


def test_a_protection_that_comes_in_between_is_a_refusal(world: World, case: Case) -> None:
    acts(world.coordinator, meetings_protection.protect, case=case, reason="Turvakielto", by_hand=[])
    meetings.propose(
        case=case, starts_at=at("2099-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=timezone.now()
    )
    with connection.cursor() as cursor:  # what the rule of the database says when somebody was protected after the look
        cursor.execute(
            "CREATE FUNCTION pg_temp.told() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'x' USING ERRCODE = 'restrict_violation'; END $$;"
            "CREATE TRIGGER told BEFORE UPDATE OF by_phone ON meetings_meeting EXECUTE FUNCTION pg_temp.told()"
        )
    with pytest.raises(NotAllowed):
        acts(world.coordinator, meetings_protection.lift_protection, case=case, reason="Päättyi")
    case.refresh_from_db()
    assert case.protected
