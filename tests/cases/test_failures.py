"""A message that did not arrive: somebody of the family is called, a colleague's is told to whoever leads. Once, and here."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from cases.actions import safe_contact
from cases.actions.message import tell
from cases.models import Case, Message, Person, SafeContact, Task
from cases.senders import message
from meetings.actions import meeting as meetings
from networks.models import Absence, MessageChoice, MessageSettings
from tests.meetings.steps import a_case, proposed
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.outbox.actions import outgoing, put
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter
from yhteiso.outbox.returns import fail_afterwards

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return timezone.now()


@pytest.fixture
def case(world: World) -> Case:
    """A family whose mother has two safe ways, and a meeting of which both of them and the colleagues were told."""
    assert world.responsible
    case = a_case(world)
    for channel, address in (("sms", "040 123 4567"), ("email", "hilla@posti.invalid")):
        with wearing("area", world.coordinator.pk):
            safe_contact.record(
                case=case, person=Person.objects.get(case=case, name="Hilla"), channel=channel, address=address,
                language="fi", way="phone", by=world.coordinator, now=now(),
            )  # fmt: skip
    proposed(world, case)
    return case


def fail(code: str = "bounce-5.1.1", **who: Any) -> None:
    for pk in list(Outgoing.objects.filter(**who).values_list("pk", flat=True)):
        Outgoing.objects.filter(pk=pk).update(attempts=1)
        with wearing("jobs"):
            fail_afterwards(outgoing_id=pk, code=code, now=now())


def tasks(world: World) -> list[tuple[str, str]]:
    rows = Task.objects.filter(kind="reach_by_phone").select_related("to")
    return [(row.to.name, row.about) for row in rows]


def failures() -> list[str]:
    return sorted(Message.objects.filter(kind="failure").values_list("to__name", flat=True))


def test_two_failed_ways_are_one_call_of_the_leads(world: World, case: Case) -> None:
    fail(to_contact_id__isnull=False)
    meeting, mother = case.meetings.get(), Person.objects.get(case=case, name="Hilla")
    assert tasks(world) == [("Riikka Tuulenpää", f"{meeting.pk}-{mother.pk}")]
    assert set(SafeContact.objects.values_list("end_reason", "ended_by")) == {("failed", None)}
    assert case.events.filter(kind="safe_contact_failed").count() == 2
    page = world.client(world.coordinator).get("/tasks/").content.decode()
    assert "Tavoita puhelimella" in page
    assert "Hilla" not in page.split("<main")[1]


@pytest.mark.parametrize("code", ["given-up", "no-sms-gateway", "smtp-421", "TimeoutError"])
def test_a_road_that_is_down_does_not_make_the_number_wrong(world: World, case: Case, code: str) -> None:
    fail(code, to_contact_id__isnull=False)
    assert len(tasks(world)) == 1
    assert SafeContact.objects.live().count() == 2


def test_where_the_lead_can_not_act_whoever_answers_does(world: World, case: Case) -> None:
    type(world.coordinator).objects.filter(pk=world.coordinator.pk).update(is_active=False)
    fail(to_contact_id__isnull=False)
    assert [name for name, _about in tasks(world)] == ["Liisa Valkamaa"]


def test_a_colleagues_failed_message_is_told_to_the_lead_and_the_area_once_a_day(world: World, case: Case) -> None:
    fail(to_user_id=world.professional.pk)
    put([outgoing(key="another", channel="email", text="notice", kind="message", about="", to_user_id=world.professional.pk,
                  case_id=case.pk, now=now())])  # fmt: skip
    fail(key="another")
    assert failures() == ["Liisa Valkamaa", "Riikka Tuulenpää"]
    row = Message.objects.filter(kind="failure").first()
    assert row is not None
    assert (row.what, row.case_id, row.about, row.area_id) == (
        "undelivered", case.pk, str(world.professional.pk), case.area_id
    )  # fmt: skip


def test_a_failure_never_sends_a_message_of_its_own(world: World, case: Case) -> None:
    before = Outgoing.objects.count()
    fail(to_user_id__isnull=False)
    fail(to_contact_id__isnull=False)
    assert Outgoing.objects.count() == before
    assert mail.outbox == []
    assert len(failures()) == 4  # two colleagues, to the lead and the responsible


def test_a_message_without_a_situation_is_told_in_the_colleagues_own_area(world: World) -> None:
    assert world.responsible
    put([outgoing(key="digest", channel="email", text="notice", kind="digest", to_user_id=world.member.pk, now=now())])
    fail(key="digest")
    assert failures() == ["Liisa Valkamaa"]


def test_an_absent_leads_call_is_the_substitutes(world: World, case: Case) -> None:
    today = now().date()
    Absence.objects.create(
        user=world.coordinator, from_on=today - timedelta(days=1), until_on=today + timedelta(days=2), accepted=True,
        substitute=world.second_coordinator, answered_at=now(), made_by=world.coordinator, made_at=now(),
    )  # fmt: skip
    fail(to_contact_id__isnull=False)
    assert [name for name, _about in tasks(world)] == ["Noora Lehtovaara"]


def test_a_notice_of_a_channel_switched_off_since_does_not_leave(world: World, case: Case) -> None:
    """The last look: by the kind of what was told, and a text message by the work phone as it is now."""
    member = world.member
    MessageSettings.objects.create(user=member, sms_phone=member.phone, sms_confirmed_at=now())
    MessageChoice.objects.create(user=member, kind="task", channel="sms", wanted=True)
    with wearing("jobs"):
        told = Message(key="t", to_id=member.pk, kind="task", what="task", case_id=case.pk, area_id=case.area_id, at=now())
        tell([told], now=now())
    rows = {row.channel: row for row in Outgoing.objects.filter(about=str(told.pk))}

    def answers() -> dict[str, Letter | Drop]:
        with wearing("jobs"):
            return {channel: message(rows[channel], now()) for channel in ("email", "sms")}

    letters = {"email": Letter(member.email, "fi", {}), "sms": Letter(member.phone, "fi", {})}
    assert answers() == letters
    MessageSettings.objects.update(sms_phone="", sms_confirmed_at=None)
    assert answers() == letters | {"sms": Drop("unwanted")}
    MessageChoice.objects.create(user=member, kind="task", channel="email", wanted=False)
    assert answers() == {"email": Drop("unwanted"), "sms": Drop("unwanted")}


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_are_one_task(transactional_db: None) -> None:
    world = World()
    case = a_case(world)
    with wearing("area", world.coordinator.pk):
        contact = safe_contact.record(
            case=case, person=Person.objects.get(case=case, name="Hilla"), channel="sms", address="040 123 4567",
            language="fi", way="phone", by=world.coordinator, now=now(),
        )  # fmt: skip
    proposed(world, case)
    meetings.confirm(meeting=case.meetings.get(), by=world.coordinator, now=now())
    (row,) = Outgoing.objects.filter(to_contact_id=contact.pk)
    Outgoing.objects.update(attempts=1)

    def report() -> None:
        with wearing("jobs"):
            fail_afterwards(outgoing_id=row.pk, code="gateway-undelivered", now=now())
        connection.close()

    threads = [threading.Thread(target=report) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert Task.objects.filter(kind="reach_by_phone").count() == 1
