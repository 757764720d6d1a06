"""The concern form and its receipt: what is kept, what is not, and who may see it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.actions.network import end_membership
from cases.forms_concern import ConcernForm
from cases.models import Case, Concern
from cases.models.intake import split_phone
from tests.personas import World, at
from yhteiso.lib.dates import helsinki_date, latest_meeting_day, short_date

# The text of an own concern is seen until 30 days after the answer, by the real clock.
YESTERDAY = f"{helsinki_date(timezone.now()) - timedelta(days=1)} 12:46"
NEW = reverse("concern-new")


def filled(**fields: Any) -> dict[str, Any]:
    return {
        "child_name": "Touko", "child_age": "4", "place": "Päiväkoti Pikkukäpy", "strengths": "Leikkii Oivan kanssa.",
        "everyday": "Itkee aamuisin.", "family_asked": "yes", "agreed": "Puhuin äidin kanssa tiistaina.", "reachable": "040 000 0101",
        "form_key": str(uuid.uuid4()),
    } | fields  # fmt: skip


def test_form_tells_who_reads_and_by_when_the_network_meets(world: World) -> None:
    body = world.client(world.professional).get(NEW).content.decode()
    assert short_date(latest_meeting_day(helsinki_date(timezone.now()))) in body
    assert world.coordinator.name in body
    assert world.other_coordinator.name not in body
    assert "112" in body
    assert 'value="040 000 0101"' in body


def test_form_is_the_professionals_only(world: World) -> None:
    for user in (world.coordinator, world.leader, world.unit_head, world.officer, world.administrator):
        for answer in (world.client(user).get(NEW), world.client(user).post(NEW, filled())):
            assert answer.status_code == 404
    assert not Concern.objects.exists()
    assert world.client().get(NEW).status_code == 302


def test_a_double_click_makes_one_concern(world: World) -> None:
    client, data = world.client(world.professional), filled()
    first, second = client.post(NEW, data), client.post(NEW, data)
    concern = Concern.objects.get()
    assert first.url == second.url == reverse("concern", args=[concern.ref])
    assert (concern.child_name, concern.child_age, concern.area_id) == ("Touko", 4, world.area.pk)


def test_not_yet_keeps_no_name_age_or_place(world: World) -> None:
    client = world.client(world.professional)
    data = filled(family_asked="not_yet", child_name="Touko\x00", child_age="neljä", place="Salapaikka")
    answer = client.post(NEW, data)
    concern = Concern.objects.get()
    assert answer.status_code == 302
    assert (concern.child_name, concern.child_age, concern.place) == ("", None, "")
    body = client.get(answer.url).content.decode()
    assert "Touko" not in body
    assert "Salapaikka" not in body


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("child_age", "neljä", "Kirjoita lapsen ikä numerona"),
        ("child_age", "-1", "Kirjoita ikä väliltä 0–20"),
        ("child_age", "21", "Kirjoita ikä väliltä 0–20"),
        ("child_age", "9" * 5000, "Kirjoita lapsen ikä numerona"),
        ("child_name", "", "Kirjoita lapsen etunimi"),
        ("place", " ", "Kirjoita, missä lapsi on arjessa"),
        ("family_asked", "", "Valitse, onko asiasta puhuttu"),
        ("family_asked", "maybe", "maybe"),
        ("strengths", "a\x00b", "Rivillä"),
        ("everyday", "a\u202eb", "Rivillä"),
        ("everyday", "x" * 50_000, "2000"),
        ("form_key", "not-a-key", "Päivitä sivu"),
    ],
)
def test_bad_input_is_told_beside_the_field_and_the_text_stays(world: World, field: str, value: str, message: str) -> None:
    answer = world.client(world.professional).post(NEW, filled(**{field: value}))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert message in body
    assert ("Leikkii Oivan kanssa." in body) or field == "strengths"
    assert not Concern.objects.exists()


def test_two_thousand_characters_with_line_ends_fit(world: World) -> None:
    text = "\r\n".join(["y" * 9] * 200)  # 2000 as a browser counts them, 2199 as it sends them
    assert world.client(world.professional).post(NEW, filled(everyday=text[:-1])).status_code == 302
    assert "\r" not in Concern.objects.get().everyday


def test_a_unit_without_an_area_is_told_to_call(world: World) -> None:
    world.day_care.area = None
    world.day_care.save()
    answer = world.client(world.professional).get(NEW)
    assert "Pyydä soittoa" not in answer.content.decode()
    assert world.client(world.professional).post(NEW, filled()).status_code == 422
    assert not Concern.objects.exists()


# -- the receipt


def test_receipt_names_the_day_that_follows_from_the_sending(world: World) -> None:
    concern = world.concern(now=at("2026-06-05 12:46"))  # day 14 is juhannus eve
    body = world.client(world.professional).get(reverse("concern", args=[concern.ref])).content.decode()
    assert short_date(latest_meeting_day(at("2026-06-05 12:46").date())) in body
    assert short_date(at("2026-06-18 12:00").date()) in body
    assert world.area.phone in body
    assert world.coordinator.name in body


@pytest.mark.parametrize("asked", ["thinking", "not_yet"])
def test_receipt_promises_no_network_that_the_family_has_not_asked_for(world: World, asked: str) -> None:
    concern = world.concern(now=at("2026-06-05 12:46"), family_asked=asked)
    body = world.client(world.professional).get(reverse("concern", args=[concern.ref])).content.decode()
    assert short_date(at("2026-06-18 12:00").date()) not in body


def test_receipt_is_its_writers_only(world: World) -> None:
    concern = world.concern(now=at("2026-06-05 12:46"))
    for user in (world.colleague, world.member, world.coordinator, world.leader, world.officer):
        answer = world.client(user).get(reverse("concern", args=[concern.ref]))
        assert answer.status_code == 404
        assert "Aatu" not in answer.content.decode()


def test_receipt_links_to_the_case_only_while_the_writer_sees_it(world: World) -> None:
    case = world.case(call=YESTERDAY)
    concern = Concern.objects.get(case=case)
    client, url, link = world.client(world.professional), reverse("concern", args=[concern.ref]), f"/cases/{case.ref}/"
    assert link in client.get(url).content.decode()
    seat = case.memberships.get(user=world.professional)
    end_membership(case=case, membership=seat, reason="siirtyi", by=world.coordinator, now=timezone.now())
    body = client.get(url).content.decode()
    assert link not in body
    assert "vastattu" in body


def test_receipt_of_an_answered_concern_without_a_case(world: World) -> None:
    now = at(YESTERDAY)
    concern = world.concern(now=now)
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    call = intake.save_call(call=call, version=call.version, now=now, route="advice")
    intake.finish_call(call=call, by=world.coordinator, now=now)
    body = world.client(world.professional).get(reverse("concern", args=[concern.ref])).content.decode()
    assert "vastattu" in body
    assert not Case.objects.exists()


def test_the_family_is_asked_of_before_the_childs_name(world: World) -> None:
    body = world.client(world.professional).get(NEW).content.decode()
    assert body.index('name="family_asked"') < body.index('name="child_name"')
    for adult in (False, True):
        fields = ConcernForm(phone="", adult=adult).asked_for
        assert fields[0] == "family_asked"
        assert len(fields) <= 8
        assert len(fields) == len({name for name in fields if f'name="{name}"' in body}) or adult


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("040 000 0101", ("040 000 0101", "")), ("040 000 0101, klo 8-10", ("040 000 0101", ", klo 8-10")),
        ("040 000 0101 12-15", ("040 000 0101", " 12-15")), ("+358 40 000 0101 aamulla", ("+358 40 000 0101", " aamulla")),
        ("0400000101", ("0400000101", "")), ("aamulla 040 000 0101", ("", "aamulla 040 000 0101")),
        ("8-10", ("", "8-10")), ("", ("", "")), ("112", ("", "112")),
    ],
)  # fmt: skip
def test_a_leading_phone_number_is_found(text: str, parts: tuple[str, str]) -> None:
    assert split_phone(text) == parts
    assert "".join(parts) == text
