"""Intake where two contacts meet: a concern taken back, a family's request beside it, and a protected family's words."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import call as calls
from cases.actions import concern as concerns
from cases.actions import intake
from cases.beside import waiting_for
from cases.models import Call, Case, Deadline, HelpRequest, Membership
from networks.models import Role, RoleMembership
from tests.cases.test_help_request import NEW, filled
from tests.personas import World
from yhteiso.hats.wear import wearing


def withdrawn(world: World):
    row = world.concern(now=timezone.now() - timedelta(days=3))
    with wearing("member", world.professional.pk):
        concerns.withdraw(concern=row, by=world.professional, now=timezone.now())
    row.refresh_from_db()
    assert row.withdrawn_at
    return row


def test_a_concern_that_was_taken_back_is_joined_to_no_call(world: World) -> None:
    row, by, now = withdrawn(world), world.coordinator, timezone.now()
    call = intake.begin_call(by=by, area=world.area, now=now)
    with wearing("area", by.pk), pytest.raises(NotAllowed, match=r"perunut|taken this back"):
        calls.join_concern(call=call, concern=row, by=by, now=now)
    assert Call.objects.get().concern is None


def test_a_call_whose_concern_was_taken_back_takes_neither_its_writer_nor_its_moment(world: World) -> None:
    row, by, now = withdrawn(world), world.coordinator, timezone.now()
    call = intake.begin_call(by=by, area=world.area, now=now)
    Call.objects.filter(pk=call.pk).update(concern=row)  # joined in the moment between
    with wearing("area", by.pk):
        call = intake.save_call(call=call, version=0, now=now, route="network", consent="oral", child_name="Aatu")
        call = intake.finish_call(call=call, by=by, now=now)
        assert call.concern is None
    assert Case.objects.get().t0_at == call.began_at
    assert not Membership.objects.filter(user=world.professional).exists()
    row.refresh_from_db()
    assert (row.answered_at, row.case_id) == (None, None)


@pytest.mark.parametrize(("consent", "kept"), [("unaware", ""), ("", ""), ("oral", "040 000 0122")])
def test_advice_without_the_family_s_knowing_keeps_nothing_of_the_request(world: World, consent: str, kept: str) -> None:
    row, by, now = world.help_request(now=timezone.now(), protected=True), world.coordinator, timezone.now()
    with wearing("area", by.pk):
        call = intake.begin_call(by=by, area=world.area, request=row, now=now)
        call = intake.save_call(call=call, version=0, now=now, route="advice", consent=consent)
        intake.finish_call(call=call, by=by, now=now)
    row.refresh_from_db()
    assert row.answered_at == now
    assert row.phone == kept
    assert bool(row.everyday) == bool(kept)


def test_a_protected_family_s_request_stays_its_taker_s_whatever_the_call_says(world: World) -> None:
    row, now = world.help_request(now=timezone.now(), protected=True), timezone.now()
    with wearing("area", world.coordinator.pk):
        call = intake.begin_call(by=world.coordinator, area=world.area, request=row, now=now)
        intake.save_call(call=call, version=0, now=now, protected=False, route="network", consent="oral")
    for user, sees in ((world.coordinator, True), (world.second_coordinator, False)):
        assert HelpRequest.objects.visible_to(user).filter(pk=row.pk).exists() == sees
        with wearing("area", user.pk):
            assert HelpRequest.objects.filter(pk=row.pk).exists() == sees
    with wearing("area", world.second_coordinator.pk), pytest.raises(NotAllowed):
        intake.finish_call(call=call, by=world.second_coordinator, now=now)
    client = world.client(world.second_coordinator)
    assert client.get(reverse("call", args=[call.ref])).status_code in (200, 404)
    assert client.get(reverse("board")).status_code == 200


def test_a_new_call_is_never_the_call_of_a_request(world: World) -> None:
    row, by, now = world.help_request(now=timezone.now()), world.coordinator, timezone.now()
    answering = intake.begin_call(by=by, area=world.area, request=row, now=now)
    fresh = intake.begin_call(by=by, area=world.area, now=now + timedelta(seconds=2))
    assert fresh.pk != answering.pk
    assert fresh.help_request_id is None
    assert intake.begin_call(by=by, area=world.area, now=now + timedelta(seconds=4)) == fresh


def test_beside_a_request_s_call_no_concern_is_offered_and_joining_says_why(world: World) -> None:
    by, now = world.coordinator, timezone.now()
    row = world.concern(now=now)
    call = intake.begin_call(by=by, area=world.area, request=world.help_request(now=now), now=now)
    assert waiting_for(call, by, caller="Kaisa Koivupuro", unit="", now=now).rows == []
    with pytest.raises(NotAllowed, match="perheen pyyntöön"):
        calls.join_concern(call=call, concern=row, by=by, now=now)
    own = intake.begin_call(by=by, area=world.area, concern=row, now=now)  # it has a call of its own
    assert own.concern == row


def test_a_call_that_moves_takes_the_request_and_its_clock_along(world: World) -> None:
    by, now = world.coordinator, timezone.now()
    RoleMembership.objects.create(user=by, role=Role.COORDINATOR, area=world.other_area, starts_on=now.date())
    by = type(by).objects.get(pk=by.pk)
    row = world.help_request(now=now)
    call = intake.begin_call(by=by, area=world.area, request=row, now=now)
    with wearing("area", by.pk):
        calls.move_call(call=call, area=world.other_area, by=by)
    row.refresh_from_db()
    assert row.area == world.other_area
    clock = Deadline.objects.filter(kind="help_request", about=str(row.pk))
    assert set(clock.values_list("area", flat=True)) == {world.other_area.pk}
    with wearing("area", world.other_coordinator.pk):
        assert HelpRequest.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("language", "said"), [("fi", "on henkilötunnus"), ("sv", "en personbeteckning"), ("en", "an identity code")]
)
def test_an_identity_code_is_asked_out_of_the_public_text_and_nothing_is_lost(
    world: World, language: str, said: str
) -> None:
    client = Client(headers={"accept-language": language})
    answer = client.post(NEW, filled(world, everyday="Poika 131052-308T itkee ovella."))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert said in body
    assert "131052-308T itkee ovella." in body
    assert "Kuusiranta" in body
    assert not HelpRequest.objects.exists()
    assert client.post(NEW, filled(world, phone="040000-0122")).status_code == 302  # a number is no code
