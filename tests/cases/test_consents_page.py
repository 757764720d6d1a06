"""The page of consents and what follows from it: who may know what, at every page, from the very next request on."""

from datetime import timedelta

import pytest
from django.urls import get_resolver, reverse
from django.utils import timezone

from cases.actions import consent as actions
from cases.actions import network as networks
from cases.actions.consent import Word
from cases.models import ASKED, Case, Consent, Membership, Person, Section, Task
from cases.sections import MATRIX, PAGES, VIEWERS
from meetings.actions import logbook as logbooks
from meetings.actions import meeting as meetings
from networks.models import Agency, Role, Sector, Unit
from tests.personas import World, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def case(world: World) -> Case:
    return world.case(consent=False)


def seat_of(case: Case, user) -> Membership:
    return case.memberships.get(user=user, ended_at=None)


def guardian(world: World, case: Case, name: str = "Hilla", relation: str = "äiti") -> Person:
    meetings.add_person(case=case, kind="guardian", name=name, relation=relation, by=world.coordinator, now=timezone.now())
    return case.persons.get(name=name)


def url(name: str, case: Case, *args: int) -> str:
    return reverse(name, args=[case.ref, *args])


def page(world: World, user, address: str, status: int = 200) -> str:
    response = world.client(user).get(address)
    assert response.status_code == status, address
    return response.content.decode()


def say(world: World, case: Case, giver: Person, user, answer: str = "yes", sections=ASKED, way: str = "phone") -> None:
    actions.record_words(
        case=case, giver=giver, words=[Word(seat_of(case, user), section, answer) for section in sections], way=way,
        valid_until=None, by=world.coordinator, now=timezone.now(),
    )  # fmt: skip


def answers(case: Case, world: World, giver: Person, **more: str) -> dict[str, str]:
    until = timezone.localdate() + timedelta(days=100)
    return {"way": "phone", "valid_until": f"{until.day}.{until.month}.{until.year}"} | more


def key(case: Case, user, section: str) -> str:
    return f"a-u{seat_of(case, user).unit_id}-{section}"


def ngo(world: World):
    agency = Agency.objects.create(name="Talo ry", legal_name="Talo ry", controller="Talo ry", sector=Sector.NGO)
    unit = Unit.objects.create(agency=agency, area=world.area, name="Perheiden talo")
    return world.person("Olli Rantakivi", Role.PROFESSIONAL, unit)


def test_two_guardians_are_both_waited_for(world: World, case: Case) -> None:
    mother, father = guardian(world, case), guardian(world, case, "Marko", "isä")
    address = url("consent-answers", case, mother.pk)
    say(world, case, mother, world.professional)
    data = answers(case, world, mother, **{key(case, world.member, section): "yes" for section in ASKED})
    assert world.client(world.coordinator).post(address, data).status_code == 302
    shown = page(world, world.coordinator, url("case-consents", case))
    assert "<b>Äiti</b> kyllä" in shown
    assert "<b>Isä</b> ei vielä kysytty" in shown
    assert "Odottaa 2. huoltajaa" in shown
    assert "Aatu" not in page(world, world.member, reverse("case", args=[case.ref]))
    say(world, case, father, world.member, sections=[Section.TIME])
    shown = page(world, world.coordinator, url("case-consents", case))
    assert "kumpikin kyllä" in shown
    assert "Vain kutsu" in shown
    opened = page(world, world.member, reverse("case", args=[case.ref]))
    assert "Aatu" in opened
    assert "suunnitelma ja lupaukset" in opened
    assert "Odottaa 2. huoltajaa" not in opened
    assert "Suostui" not in opened


def test_a_word_for_one_unit_opens_nothing_to_another(world: World, case: Case) -> None:
    mother = guardian(world, case)
    say(world, case, mother, world.professional)
    assert "Aatu" in page(world, world.professional, reverse("case", args=[case.ref]))
    assert "Aatu" not in page(world, world.member, reverse("case", args=[case.ref]))


def test_nothing_chosen_changes_nothing_and_bad_input_stays(world: World, case: Case) -> None:
    mother = guardian(world, case)
    client, address = world.client(world.coordinator), url("consent-answers", case, mother.pk)
    assert client.post(address, answers(case, world, mother)).status_code == 422
    chosen = {key(case, world.member, "plan"): "no"}
    listed = client.post(address, answers(case, world, mother, way="")).content.decode()
    assert "Valitse ainakin yksi vastaus" in listed
    assert "Kaksi" in listed.split('govuk-error-summary__title">')[1].split("</h2>")[0]
    for wrong in (
        {"way": ""},
        {"way": "x"},
        {"valid_until": "1.1.2020"},
        {"valid_until": "1.1.2199"},
        {"valid_until": "\0"},
    ):
        response = client.post(address, answers(case, world, mother, **chosen) | wrong)
        assert response.status_code == 422
        assert 'value="no" id="id_' + key(case, world.member, "plan") + '_2" checked' in response.content.decode()
    response = client.post(address, answers(case, world, mother, **{key(case, world.member, "plan"): "perhaps"}))
    assert response.status_code == 422
    assert not Consent.objects.exists()


def test_an_association_waits_for_its_paper(world: World, case: Case) -> None:
    mother, olli = guardian(world, case), ngo(world)
    member = meetings.add_member(case=case, user=olli, must_attend=False, by=world.coordinator, now=timezone.now())
    say(world, case, mother, olli)
    assert "kyllä, paperi puuttuu" in page(world, world.coordinator, url("case-consents", case))
    assert "Vain kutsu" in page(world, olli, reverse("case", args=[case.ref]))
    client, address = world.client(world.coordinator), url("consent-confirmation", case, mother.pk, member.pk)
    assert client.post(address).status_code == client.post(address).status_code == 302
    assert "Vain kutsu" not in page(world, olli, reverse("case", args=[case.ref]))
    assert "Perheiden talo" in page(world, world.coordinator, url("consent-paper", case, mother.pk))


def test_taking_back_closes_every_page_at_the_next_request(world: World) -> None:
    case = world.case()
    now = at("2026-06-08 09:00")
    meeting = meetings.propose(
        case=case, starts_at=at("2099-06-16 14:30"), minutes=75, place="SALAPAIKKA", by=world.coordinator, now=now
    )
    logbooks.open_logbook(meeting=meeting, by=world.coordinator, now=now)
    met = [reverse(name, args=[case.ref, meeting.ref]) for name in ("meeting", "logbook")]
    lists = [reverse(name) for name in ("home", "case-list", "meeting-list", "commitment-list")]
    assert all("Aatu" in page(world, world.member, address) for address in [*met, *lists[:3]])
    mother, seat = case.persons.get(name="Hilla"), seat_of(case, world.member)
    client, address = world.client(world.coordinator), url("consent-withdrawal", case, mother.pk, seat.pk)
    shown = page(world, world.coordinator, address)
    assert "auki nyt, sulkeutuu" in shown
    assert world.member.name in shown
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 302  # replayed
    assert Task.objects.filter(case=case, kind="consent_withdrawn").count() == 1
    for address in [*met, reverse("logbook-pdf", args=[case.ref, meeting.ref])]:
        body = page(world, world.member, address, 403)
        assert "Aatu" not in body
        assert "SALAPAIKKA" not in body
    for address in [*lists, reverse("case", args=[case.ref])]:
        body = page(world, world.member, address)
        assert not [word for word in ("Aatu", "SALAPAIKKA", "Hilla") if word in body], address
    today = timezone.localdate()
    assert f"Suostumus peruttu {today.day}.{today.month}." in page(world, world.member, reverse("case", args=[case.ref]))
    assert "Peruttu" in page(world, world.member, url("case-consents", case))
    assert "perui" in page(world, world.coordinator, url("case-consents", case))
    assert "Aatu" in page(world, world.professional, met[0])  # the other unit keeps what it had


def test_without_content_sees_who_take_part_and_no_more(world: World) -> None:
    case = world.case()
    client = world.client(world.coordinator)
    seat = seat_of(case, world.member)
    address = reverse("network-seat", args=[case.ref, seat.pk])
    assert client.post(address, {f"seat-{seat.pk}-index_only": "on"}).status_code == 302
    shown = page(world, world.member, reverse("case", args=[case.ref]))
    assert "Ilman sisältöä" in shown
    assert "Hilla" in shown
    page(world, world.member, url("case-consents", case), 403)
    lead = case.lead
    assert client.post(reverse("network-seat", args=[case.ref, lead.pk]), {}).status_code == 302
    lead.refresh_from_db()
    assert not lead.masked
    assert not lead.index_only


def test_a_child_who_decides_and_hides(world: World, case: Case) -> None:
    mother, client = guardian(world, case), world.client(world.coordinator)
    child = case.persons.get(kind="child")
    assert client.get(url("consent-answers", case, child.pk)).status_code == 404
    today = timezone.localdate()
    data = {"finding": "capable", "assessed_on": f"{today.day}.{today.month}.{today.year}", "grounds": "Kertoi itse."}
    assert client.post(url("consent-capacity", case), data | {"grounds": ""}).status_code == 422
    assert client.post(url("consent-capacity", case), data).status_code == 302
    assert client.get(url("consent-answers", case, mother.pk)).status_code == 404
    say(world, case, child, world.member)
    assert "Aatu" in page(world, world.member, reverse("case", args=[case.ref]))
    hiding = {"guardian": mother.pk, "section": "themes", "reason": "Haluan itse."}
    assert client.post(url("consent-hiding", case), hiding).status_code == 302
    shown = page(world, world.coordinator, url("case-consents", case))
    assert "ymmärtää, mistä on kyse" in shown
    assert "Ei näytetä" in shown
    row = case.hidings.get()
    assert client.post(url("consent-hiding-end", case, row.pk)).status_code == 302
    assert not case.hidings.filter(ended_at=None).exists()


def test_an_exception_lets_one_guardian_decide_and_never_none(world: World, case: Case) -> None:
    mother, father = guardian(world, case), guardian(world, case, "Marko", "isä")
    say(world, case, mother, world.member)
    client, address = world.client(world.coordinator), url("consent-exception", case)
    assert client.post(address, {"guardian": father.pk, "reason": ""}).status_code == 422
    assert client.post(address, {"guardian": father.pk, "reason": "Ei tavoiteta."}).status_code == 302
    assert "Aatu" in page(world, world.member, reverse("case", args=[case.ref]))
    assert client.post(address, {"guardian": mother.pk, "reason": "Ei."}).status_code == 422
    row = case.consent_exceptions.get(ended_at=None)
    assert client.post(url("consent-exception-end", case, row.pk)).status_code == 302
    assert "Aatu" not in page(world, world.member, reverse("case", args=[case.ref]))


def test_anothers_people_are_not_there(world: World, case: Case) -> None:
    mother, other = guardian(world, case), world.case(child="Toisen")
    stranger, seat = other.persons.get(name="Hilla"), seat_of(other, world.member)
    client, own = world.client(world.coordinator), seat_of(case, world.member)
    assert client.post(url("consent-answers", case, stranger.pk), {}).status_code == 404
    for giver, member in ((stranger, own), (mother, seat)):
        for name in ("consent-withdrawal", "consent-confirmation"):
            assert client.post(url(name, case, giver.pk, member.pk)).status_code == 404
    before = Consent.objects.filter(case=other).count()
    data = {"guardian": stranger.pk, "reason": "x"}
    assert client.post(url("consent-exception", case), data).status_code == 422
    assert client.post(reverse("network-seat", args=[case.ref, seat.pk]), {}).status_code == 404
    assert Consent.objects.filter(case=other).count() == before


def test_a_post_replayed_after_removal_does_nothing(world: World) -> None:
    case = world.case()
    mother, seat = case.persons.get(name="Hilla"), seat_of(case, world.member)
    networks.end_membership(case=case, membership=seat, reason="siirtyi", by=world.coordinator, now=timezone.now())
    data = answers(case, world, mother, **{f"a-u{seat.unit_id}-plan": "yes"})
    assert world.client(world.coordinator).post(url("consent-answers", case, mother.pk), data).status_code == 422
    assert world.client(world.member).get(reverse("case", args=[case.ref])).status_code == 404


def test_own_text_is_read_for_thirty_days_after_the_answer(world: World) -> None:
    now = timezone.now()
    concern = world.concern(now=now - timedelta(days=60))
    address = reverse("concern", args=[concern.ref])
    assert "Aamut ovat vaikeita." in page(world, world.professional, address)
    type(concern).objects.filter(pk=concern.pk).update(answered_at=now - timedelta(days=31), answered_by=world.coordinator)
    shown = page(world, world.professional, address)
    assert "Aamut ovat vaikeita." not in shown
    assert "Aatu" not in shown
    assert "Yhteydenottoosi on vastattu" in shown
    page(world, world.colleague, address, 404)
    world.professional.unit = world.guidance
    world.professional.save(update_fields=["unit"])
    page(world, world.professional, address, 404)


def test_who_sees_what_says_every_cell_to_everybody(world: World) -> None:
    for user in (None, world.member, world.officer):
        shown = page(world, user, reverse("who-sees-what"))
        assert all(str(section.label) in shown for section in MATRIX)
        assert shown.count('role="cell"') == len(MATRIX) * len(VIEWERS)


def test_every_page_of_a_situation_tells_the_log_what_it_shows() -> None:
    named = {
        pattern.name
        for resolver in get_resolver().url_patterns
        for pattern in getattr(resolver, "url_patterns", [resolver])
        if getattr(pattern, "name", None) and str(pattern.pattern).startswith("cases/<ref:ref>/")
    }
    assert len(named) > 20
    assert named <= set(PAGES)
