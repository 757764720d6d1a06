"""A number or address by its owner's own word: who may have one, what is kept, who reads it, and the page."""

from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import consent as consents
from cases.actions import safe_contact
from cases.models import Case, Person, SafeContact
from cases.models.contact import normal_mobile
from meetings.actions import meeting as meetings
from tests.meetings.steps import a_case
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World) -> Case:
    return a_case(world)


def person(case: Case, name: str = "Hilla") -> Person:
    return Person.objects.select_related("case").get(case=case, name=name)


def record(world: World, case: Case, name: str = "Hilla", **more: Any) -> SafeContact:
    given = {"channel": "sms", "address": "040 123 4567", "language": "fi", "way": "phone"} | more
    with wearing("area", world.coordinator.pk):
        return safe_contact.record(
            case=case, person=person(case, name), by=world.coordinator, now=timezone.now(), **given
        )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("040 123 4567", "+358401234567"), ("(050) 123-456", "+35850123456"), ("+358 (0)45 123 4567", "+358451234567"),
        ("0046 70 123 45 67", "+46701234567"), ("+1 202 555 0123", "+12025550123"), ("08 123 456", ""),
        ("+358 8 123 456", ""), ("040", ""), ("٠٤٠١٢٣٤٥٦٧", ""), ("040 123 4567; DROP", ""), ("", ""), ("+0401234567", ""),
    ],
)  # fmt: skip
def test_a_mobile_number_has_one_written_form(text: str, number: str) -> None:
    assert normal_mobile(text) == number


def test_one_live_row_for_each_way_and_what_was_said_stays_readable(world: World, case: Case) -> None:
    first = record(world, case)
    assert record(world, case, address="+358401234567").pk == first.pk
    second = record(world, case, address="050 765 4321")
    mail = record(world, case, channel="email", address="hilla@posti.invalid")
    first.refresh_from_db()
    assert (first.end_reason, first.ended_by_id) == ("replaced", world.coordinator.pk)
    assert {row.pk for row in SafeContact.objects.live()} == {second.pk, mail.pk}
    assert not any("040" in str(event.detail) or "posti" in str(event.detail) for event in case.events.all())


def test_nobody_who_may_not_be_told_gets_one(world: World, case: Case) -> None:
    meetings.add_person(case=case, kind="close", name="Mummo", by=world.coordinator, now=timezone.now())
    for name in ("Mummo", "Aatu"):
        with pytest.raises(NotAllowed):
            record(world, case, name)
    consents.assess_capacity(
        case=case, finding="capable", grounds="Ymmärtää", assessed_on=timezone.now().date(), by=world.coordinator,
        now=timezone.now(),
    )  # fmt: skip
    assert record(world, case, "Aatu").person.kind == "child"
    Person.objects.filter(case=case, name="Hilla").update(by_hand=True)
    with pytest.raises(NotAllowed):
        record(world, case)
    Person.objects.filter(case=case, name="Hilla").update(by_hand=False)
    Case.objects.filter(pk=case.pk).update(protected=True)
    with pytest.raises(NotAllowed):
        record(world, case)


def test_the_database_refuses_a_number_that_is_none_and_another_asker(world: World, case: Case) -> None:
    row = record(world, case)
    for sql, values in (
        ("UPDATE cases_safecontact SET address = %s WHERE id = %s", ["040 123", row.pk]),
        ("UPDATE cases_safecontact SET end_reason = %s WHERE id = %s", ["failed", row.pk]),
    ):
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    with wearing("area", world.coordinator.pk), pytest.raises(Error), transaction.atomic():
        SafeContact.objects.filter(pk=row.pk).update(address="+358401111111")


def test_only_the_areas_coordinators_and_the_jobs_read_it(world: World, case: Case) -> None:
    record(world, case)
    for hat, user in (("area", world.coordinator), ("area", world.second_coordinator), ("jobs", None)):
        with wearing(hat, user.pk if user else None):
            assert SafeContact.objects.count() == 1
    with wearing("area", world.other_coordinator.pk):
        assert SafeContact.objects.count() == 0
    for hat in ("member", "unit", "report", "officer", "admin", "family", "guest", "public"):
        with pytest.raises(Error), transaction.atomic(), wearing(hat, world.professional.pk):
            SafeContact.objects.count()


def test_the_page_keeps_what_was_written_and_shows_the_very_text(world: World, case: Case) -> None:
    client, url = world.client(world.coordinator), reverse("person-contacts", args=[case.ref, person(case).pk])
    data = {"channel": "sms", "address": "08 123 456", "language": "sv", "way": "phone", "safe": "on"}
    answer = client.post(url, data)
    assert answer.status_code == 422
    assert "08 123 456" in answer.content.decode()
    assert "Kutsu tapaamiseen" in answer.content.decode()
    assert client.post(url, data | {"address": "040 123 4567", "safe": ""}).status_code == 422
    assert not SafeContact.objects.exists()
    assert client.post(url, data | {"address": "040 123 4567"}).status_code == 302
    page = client.get(url).content.decode()
    assert "040\u00a0123\u00a04567" in page
    assert "Kysyjä Riikka Tuulenpää" in page
    assert LogEntry.objects.filter(page="person-contacts", sections=["contact"], verb="view").exists()
    row = SafeContact.objects.get()
    assert (row.language, row.asked_by_id) == ("sv", world.coordinator.pk)
    end = reverse("person-contact-end", args=[case.ref, row.person_id, row.pk])
    for _ in range(2):
        assert client.post(end).status_code == 302
    row.refresh_from_db()
    assert row.end_reason == "taken_back"
    assert case.events.filter(kind="safe_contact_ended").count() == 1


def test_a_protected_familys_page_warns_and_takes_nothing(world: World, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(protected=True)
    url = reverse("person-contacts", args=[case.ref, person(case).pk])
    page = world.client(world.coordinator).get(url).content.decode()
    assert "ei lähde mitään itsestään" in page
    assert 'name="address"' not in page
    data = {"channel": "sms", "address": "040 123 4567", "language": "fi", "way": "phone", "safe": "on"}
    assert world.client(world.coordinator).post(url, data).status_code == 422
    assert not SafeContact.objects.exists()


def test_a_contact_of_another_situation_is_not_there(world: World, case: Case) -> None:
    row = record(world, case)
    other = a_case(world, child="Vilja")
    client = world.client(world.coordinator)
    url = reverse("person-contact-end", args=[other.ref, row.person_id, row.pk])
    assert client.post(url).status_code == 404
    assert client.get(reverse("person-contacts", args=[other.ref, row.person_id])).status_code == 404
    assert SafeContact.objects.live().count() == 1
