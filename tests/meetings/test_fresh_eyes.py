"""What a reader with fresh eyes stumbled over: words that stay as told, numbers to talk about, pages in one language."""

import html
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import unit_invitation as units
from cases.actions.sibling import Child, add_sibling
from cases.actions.unit_invitation import Asked
from cases.models import Case, CaseText, Status, UnitInvitation
from meetings.actions import closing as endings
from meetings.actions.siblings import stop_in_all
from networks.actions import area_texts
from networks.models import Role, Unit
from networks.models.area_texts import WRITTEN
from networks.service_import import BAD, NEW, trial
from tests.meetings.steps import today
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.lib import translations

GUEST_PAGES = [
    "guest_link", "guest_asked", "guest_expired", "guest_gone", "guest_other", "_guest_page", "_guest_renewal",
]  # fmt: skip


def read(world: World, user: Any, name: str, *args: Any) -> str:
    return html.unescape(world.client(user).get(reverse(name, args=args)).content.decode())


def asked(world: World, case: Case, user: Any) -> UnitInvitation:
    with wearing("area", world.coordinator.pk):
        return units.invite(
            case=case, unit=user.unit, user=user, how=Asked(), by=world.coordinator, now=timezone.now()
        )  # fmt: skip


def test_a_stop_leaves_what_the_call_told_and_says_when_it_was_taken_back(world: World) -> None:
    case = world.case()
    Case.objects.filter(pk=case.pk).update(consent="oral")
    CaseText.objects.update_or_create(case=case, defaults={"consent_by": "äiti"})
    case.refresh_from_db()
    endings.stop(case=case, told_by="äiti", told_on=today(), by=world.coordinator, now=timezone.now())
    case.refresh_from_db()
    assert case.consent == "oral"
    body = read(world, world.coordinator, "case", case.ref)
    assert "Toinen huoltaja puuttuu" not in body
    assert "Suostui suullisesti · peruttu" in body
    assert "Perhe lopetti" in body


def test_a_stop_is_about_the_siblings_that_were_marked_and_no_others(world: World) -> None:
    case = world.case()
    with wearing("area", world.coordinator.pk):
        eetu, elli = (
            add_sibling(case=case, child=Child(name, "", 3), along=[], by=world.coordinator, now=timezone.now())
            for name in ("Eetu", "Elli")
        )
    page = reverse("case-family-end", args=[case.ref])
    client = world.client(world.coordinator)
    body = client.get(page).content.decode()
    assert f'value="{eetu.ref}"' in body
    assert "checked" not in body
    day = f"{today().day}.{today().month}.{today().year}"
    assert client.post(page, {"told_by": "äiti", "told_on": day, "also": [eetu.ref]}).status_code == 302
    found = dict(Case.objects.values_list("ref", "status"))
    assert (found[case.ref], found[eetu.ref]) == (Status.CLOSED, Status.CLOSED)
    assert found[elli.ref] != Status.CLOSED


def test_a_stop_in_several_is_all_or_none(world: World) -> None:
    case = world.case()
    with wearing("area", world.coordinator.pk):
        eetu = add_sibling(case=case, child=Child("Eetu", "", 3), along=[], by=world.coordinator, now=timezone.now())
    with pytest.raises(NotAllowed):
        stop_in_all(case=case, also=[eetu.ref], told_by=" ", told_on=today(), by=world.coordinator, now=timezone.now())
    assert not Case.objects.filter(status=Status.CLOSED).exists()


def test_an_area_s_words_reach_the_family_s_own_page(world: World) -> None:
    said = dict.fromkeys(WRITTEN, "") | {"text_fi": "Kirkonkylän päivystys auttaa.", "emergency_phone": "08 000 7777"}
    area_texts.change_texts(area=world.area, newest=0, texts=said, by=world.administrator, now=timezone.now())
    page = reverse("help-request")
    here = Client(headers={"accept-language": "fi"}).get(f"{page}?area={world.area.pk}").content.decode()
    for words in ("Kirkonkylän päivystys auttaa.", "08 000 7777", "112", "Tarvitsetko apua heti?"):
        assert words in here
    for address in (page, f"{page}?area={world.other_area.pk}"):
        assert "Kirkonkylän päivystys" not in Client(headers={"accept-language": "fi"}).get(address).content.decode()


def test_every_text_of_a_guest_s_page_is_in_swedish(db: None) -> None:
    path = Path(settings.BASE_DIR)
    known = {row.key.lookup for row in translations.read(path / "locale/sv/LC_MESSAGES/django.po") if row.done}
    uses = list(translations.in_python(path / "meetings/views/guest.py"))
    for name in GUEST_PAGES:
        uses += translations.in_template(path / f"templates/meetings/{name}.html")
    assert len(uses) > 50
    assert {use.key.text for use in uses if use.key.lookup not in known} == set()


def test_two_invitations_of_one_unit_are_told_apart_by_number(world: World) -> None:
    clinic = Unit.objects.create(agency=world.guidance.agency, area=world.area, name="Kuusirannan neuvola")
    hanna = world.person("Hanna Kortesluoma", Role.PROFESSIONAL, clinic)
    rows = [asked(world, world.case(child=name), hanna) for name in ("Aatu", "Väinö")]
    front = read(world, hanna, "home")
    for row in rows:
        own = read(world, hanna, "unit-invitation", row.ref)
        network = read(world, world.coordinator, "case-network", row.case.ref)
        assert all(row.ref in body for body in (front, own, network))
        assert world.coordinator.name in own
        assert not [name for name in ("Aatu", "Väinö") if name in own + front]
    assert world.coordinator.name in front
    with wearing("member", hanna.pk):
        units.decline(invitation=rows[0], reason="no_time", words="", by=hanna, now=timezone.now())
    body = read(world, hanna, "unit-invitation", rows[0].ref)
    assert "Haluatko muuttaa vastaustasi?" in body
    events = read(world, world.coordinator, "case", rows[0].case.ref)
    assert f"{clinic.name} kieltäytyi kutsusta." in events


def test_who_has_no_number_to_call_is_told_to_record_one_with_what_the_call_told(world: World) -> None:
    case = world.case()
    CaseText.objects.update_or_create(case=case, defaults={"guardians": "Hilla, yövuorossa"})
    body = read(world, world.coordinator, "case-network-person", case.ref)
    assert "Puhelussa kerrottua huoltajista" in body
    assert "Hilla, yövuorossa" in body


def test_a_row_s_errors_come_all_at_once_and_name_what_there_is(world: World) -> None:
    head = "organization_name,name,phone,level,sector,minimum_age,maximum_age,taxonomy_term"
    agency = world.guidance.agency.name
    rows = [f"{agency},Kerho,08 000 2000,,,,,", f"{agency},Ryhmä,soita,xyzzy,,9,3,qqqq"]
    found = trial(text="\n".join([head, *rows]), area=world.area, on=date(2026, 6, 10))
    assert found.outcomes[0].kind == NEW, found.outcomes[0].problems
    assert found.outcomes[1].kind == BAD
    assert {column for column, _text in found.outcomes[1].problems} >= {"level", "taxonomy_term", "phone", "maximum_age"}
    assert any("Vaihtoehdot:" in text for column, text in found.outcomes[1].problems if column == "level")


def test_the_area_s_settings_are_found_from_the_menu(world: World) -> None:
    own = reverse("area-settings", args=[world.area.pk])
    for user, texts in ((world.coordinator, False), (world.responsible, True)):
        assert f'href="{own}"' in read(world, user, "board")
        body = read(world, user, "area-settings", world.area.pk)
        assert reverse("area-rules", args=[world.area.pk]) in body
        assert (reverse("area-texts", args=[world.area.pk]) in body) is texts
        assert (reverse("area-ladder", args=[world.area.pk]) in body) is texts
    for user in (world.member, world.officer, world.leader):
        assert world.client(user).get(own).status_code == 404


def test_the_history_of_an_ended_situation_shows_no_running_clock(world: World) -> None:
    case = world.case()
    endings.stop(case=case, told_by="äiti", told_on=today(), by=world.coordinator, now=timezone.now())
    body = read(world, world.coordinator, "case-members", case.ref)
    assert "jäljellä" not in body
    assert "Päättynyt" in body or "Suljettu" in body
