"""Links of two people of one name, and of a meeting that moves."""

from datetime import datetime, timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import network
from cases.models import Case, GuestLink, Membership, Task
from cases.models.guest import VALID_FOR
from meetings.actions import guest_links
from meetings.actions import meeting as meetings
from meetings.models import Meeting
from tests.meetings.test_guest_links import invite
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import at_helsinki, helsinki_date, working_day_after

MUMMO = {"name": "Mummo", "relation": "äidin äiti", "address": "040 000 0181"}
OTHER = {"name": "Mummo", "relation": "isän äiti", "address": "040 000 0182"}


@pytest.fixture
def case(world: World) -> Case:
    row = world.case()
    network.record_consent(
        case=row, person=row.persons.get(name="Hilla"), consent="oral", consent_on=helsinki_date(timezone.now()),
        by=world.coordinator, now=timezone.now(),
    )  # fmt: skip
    return row


def test_two_grandmothers_of_one_name_are_two_guests(world: World, case: Case) -> None:
    first, second = invite(world, case, **MUMMO), invite(world, case, **OTHER)
    assert first
    assert second
    assert first.membership_id != second.membership_id
    first.refresh_from_db()
    assert (first.revoked_at, first.contact.ended_at) == (None, None)
    again = invite(world, case, **MUMMO)  # a second press: the same person, a new link
    assert again
    assert again.membership_id == first.membership_id


def test_somebody_new_never_takes_over_another_s_seat_and_number(world: World, case: Case) -> None:
    first = invite(world, case, **MUMMO)
    assert first
    before = Membership.objects.count()
    with pytest.raises(NotAllowed, match="Täällä on jo Mummo"):
        invite(world, case, **MUMMO | {"address": "040 000 0182"})
    assert Membership.objects.count() == before
    first.refresh_from_db()
    assert (first.revoked_at, first.contact.ended_at) == (None, None)
    named = invite(world, case, **MUMMO | {"address": "040 000 0182", "family_name": "Peuraniemi"})
    assert named
    assert named.membership_id != first.membership_id
    chosen = invite(world, case, member=str(first.membership_id), address="040 000 0183")  # her own new number
    assert chosen
    assert chosen.membership_id == first.membership_id


def test_the_form_asks_the_family_name_and_keeps_what_was_written(world: World, case: Case) -> None:
    invite(world, case, **MUMMO)
    client, page = world.client(world.coordinator), reverse("case-guests", args=[case.ref])
    said = {
        "member": "",
        "kind": "close",
        "language": "fi",
        "way": "phone",
        "sees": "time",
        **MUMMO,
        "address": "040 000 0182",
    }
    refused = client.post(page, said)
    body = refused.content.decode()
    assert refused.status_code == 422
    assert "Täällä on jo Mummo" in body
    assert 'value="040 000 0182"' in body or "0400000182" in body.replace(" ", "")
    assert client.post(page, said | {"family_name": "Peuraniemi"}).status_code == 302
    assert GuestLink.objects.filter(membership__person__family_name="Peuraniemi").exists()


def at_half_past_two(days: int) -> datetime:
    day = working_day_after(helsinki_date(timezone.now()) + timedelta(days=days))
    return at_helsinki(day, datetime(2026, 1, 1, 14, 30).time())


def proposed(world: World, case: Case, days: int) -> Meeting:
    return meetings.propose(
        case=case, starts_at=at_half_past_two(days), minutes=60, place="", by=world.coordinator, now=timezone.now()
    )


def moved(world: World, meeting: Meeting, days: int) -> Meeting:
    with wearing("area", world.coordinator.pk):
        return meetings.move_meeting(
            meeting=meeting, starts_at=at_half_past_two(days), minutes=60, place="", reason="no_common_time",
            by=world.coordinator, now=timezone.now(),
        )  # fmt: skip


def test_a_link_follows_the_meeting_that_moves(world: World, case: Case) -> None:
    meeting = proposed(world, case, 3)
    link = invite(world, case, **MUMMO)
    assert link
    assert link.expires_at == meeting.starts_at
    later = moved(world, meeting, 8)
    link.refresh_from_db()
    assert link.expires_at == later.starts_at
    assert not Task.objects.filter(kind="link_ends").exists()
    sooner = moved(world, later, 4)
    link.refresh_from_db()
    assert link.expires_at == sooner.starts_at


def test_where_14_days_end_before_the_meeting_the_lead_has_a_task(world: World, case: Case) -> None:
    meeting = proposed(world, case, 3)
    link = invite(world, case, **MUMMO)
    assert link
    far = moved(world, meeting, 20)
    link.refresh_from_db()
    assert link.expires_at == link.made_at + VALID_FOR < far.starts_at
    task = Task.objects.get(kind="link_ends")
    assert (task.to_id, task.about, task.done_at) == (case.coordinator_id, f"g{link.pk}", None)
    assert "Linkki päättyy ennen tapaamista" in world.client(world.coordinator).get(reverse("task-list")).content.decode()
    with wearing("area", world.coordinator.pk):
        guest_links.renew(link=link, by=world.coordinator, now=timezone.now())
    task.refresh_from_db()
    assert task.done_at is not None


def test_nobody_makes_a_link_last_longer_than_14_days(world: World, case: Case) -> None:
    link = invite(world, case, **MUMMO)
    assert link
    ends = link.made_at + VALID_FOR
    with wearing("area", world.coordinator.pk):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            GuestLink.objects.filter(pk=link.pk).update(expires_at=ends + timedelta(seconds=1))
        assert GuestLink.objects.filter(pk=link.pk).update(expires_at=ends) == 1
    with wearing("area", world.other_coordinator.pk):
        assert GuestLink.objects.filter(pk=link.pk).update(expires_at=ends) == 0
