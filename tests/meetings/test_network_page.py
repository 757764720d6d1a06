"""The page of the network: units asked along, what the rules suggest, the directory, and the invitation's own page."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.actions import unit_invitation as actions
from cases.actions.unit_invitation import Asked
from cases.models import Case, CaseNeeds, InvitationState, UnitInvitation
from networks.models import Absence, Role, Service, SuggestionRule, Unit, User, UsualSet, band_of
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date


@pytest.fixture
def case(world: World) -> Case:
    return world.case(call=f"{helsinki_date(timezone.now()) - timedelta(days=2)} 09:12")


@pytest.fixture
def clinic(world: World) -> Unit:
    return Unit.objects.create(agency=world.guidance.agency, area=world.area, name="Kuusirannan neuvola")


@pytest.fixture
def hanna(world: World, clinic: Unit) -> User:
    return world.person("Hanna Kortesluoma", Role.PROFESSIONAL, clinic)


@pytest.fixture
def client(world: World) -> Client:
    return world.client(world.coordinator)


def service(world: World, name: str = "Perhetyö kotiin", unit: Unit | None = None, **fields: Any) -> Service:
    values: dict[str, Any] = {
        "agency": world.guidance.agency, "sector": "family_services", "needs": ["daily_life"], "phone": "08 000 2040",
        "confirmed_on": date(2026, 6, 1), "confirmed_until": helsinki_date(timezone.now()) + timedelta(days=30),
    } | fields  # fmt: skip
    row = Service.objects.create(area=world.area, name=name, unit=unit, **values)
    row.areas.add(world.area)
    return row


def rule(world: World, **fields: Any) -> SuggestionRule:
    values: dict[str, Any] = {
        "number": 4, "suggest_need": "daily_life", "sentence": "Yksin lasten kanssa kädet eivät riitä.", "one_adult": True,
        "decided_on": date(2026, 5, 13), "changed_at": timezone.now(), "changed_by": world.coordinator,
    } | fields  # fmt: skip
    return SuggestionRule.objects.create(area=world.area, **values)


def url(case: Case, name: str = "case-network", *args: Any) -> str:
    return reverse(name, args=[case.ref, *args])


def ask(world: World, case: Case, user: User, **how: bool) -> UnitInvitation:
    assert user.unit is not None
    with wearing("area", world.coordinator.pk):
        return actions.invite(
            case=case, unit=user.unit, user=user, how=Asked(**how), by=world.coordinator, now=timezone.now()
        )


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&nbsp;", " ").split())


# -- asking


def test_a_unit_is_asked_after_the_family(world: World, case: Case, clinic: Unit, hanna: User, client: Client) -> None:
    offered = service(world, unit=clinic)
    page = f"{url(case, 'unit-invite')}?service={offered.pk}"
    assert "Hanna Kortesluoma" in text(client.get(page))
    empty = client.post(page, {"invite-user": hanna.pk, "invite-must_attend": "on"})
    assert empty.status_code == 422
    assert empty.context["form"]["must_attend"].value()
    sent = client.post(page, {"invite-user": hanna.pk, "invite-when": "first"})
    assert sent.status_code == 302
    row = case.unit_invitations.get()
    assert (row.state, row.service_id, row.unit_id) == (InvitationState.ASKED_FAMILY, offered.pk, clinic.pk)
    shown = text(client.get(url(case)))
    assert "Kysytään ensin perheeltä" in shown
    assert client.post(url(case, "unit-invite-sending", row.ref)).status_code == 302
    shown = text(client.get(url(case)))
    assert "Ei vielä vastannut" in shown
    assert "Jos vastausta ei tule" in shown
    client.post(url(case, "unit-invite-cancelling", row.ref))
    row.refresh_from_db()
    assert row.state == InvitationState.CANCELLED


def test_somebody_away_is_told_and_the_substitute_is_at_hand(
    world: World, case: Case, clinic: Unit, hanna: User, client: Client
) -> None:
    tatu, today = world.person("Tatu Lehtimäki", Role.PROFESSIONAL, clinic), helsinki_date(timezone.now())
    row = ask(world, case, hanna)
    assert "tänään poissa" not in text(client.get(url(case)))
    Absence.objects.create(
        user=hanna, from_on=today, until_on=today, made_at=timezone.now(), made_by=hanna, substitute=tatu, accepted=True,
        answered_at=timezone.now(),
    )  # fmt: skip
    shown = text(client.get(url(case)))
    assert "Hän on tänään poissa. Tatu Lehtimäki sijaistaa." in shown
    assert "Pyydä sijaista heti" in shown
    page = client.get(url(case, "unit-invite-substitute", row.ref))
    assert page.context["form"]["user"].value() == tatu.pk
    assert client.post(url(case, "unit-invite-substitute", row.ref), {}).status_code == 422
    client.post(url(case, "unit-invite-substitute", row.ref), {"substitute-user": tatu.pk})
    assert UnitInvitation.objects.get(instead_of=row).user_id == tatu.pk


def test_the_answers_stand_beside_the_units(world: World, case: Case, hanna: User, client: Client) -> None:
    row = ask(world, case, hanna)
    own = world.client(hanna)
    assert own.post(reverse("unit-invitation-refusal", args=[row.ref]), {"decline-words": "Soittakaa."}).status_code == 422
    data = {"decline-reason": "consult", "decline-words": "Soittakaa ti–to klo 12."}
    assert own.post(reverse("unit-invitation-refusal", args=[row.ref]), data).status_code == 302
    shown = text(client.get(url(case)))
    assert "”Soittakaa ti–to klo 12.”" in shown
    assert "Kieltäytyi" in shown
    row = ask(world, case, hanna)
    own.post(reverse("unit-invitation-acceptance", args=[row.ref]), {"accept-can_decide": "yes"})
    shown = text(client.get(url(case)))
    assert "Tulee ja voi luvata asioita yksikön puolesta." in shown
    assert "Kaikesta ei ole sovittu: " in shown  # the family has said nothing of the clinic yet


def test_only_the_lead_s_own_area_asks(world: World, case: Case, hanna: User) -> None:
    row = ask(world, case, hanna)
    addresses = [
        url(case, "unit-invite"), url(case, "unit-invite-sending", row.ref), url(case, "unit-invite-cancelling", row.ref),
        url(case, "unit-invite-substitute", row.ref), url(case, "case-needs"),
    ]  # fmt: skip
    for user, status in ((world.member, 403), (world.other_coordinator, 404), (world.leader, 404), (hanna, 404)):
        client = world.client(user)
        assert {client.post(address).status_code for address in addresses} == {status}
    row.refresh_from_db()
    assert row.state == InvitationState.SENT
    assert world.client(world.coordinator).post(url(case, "unit-invite-sending", "AAAA-AAAA-AA")).status_code == 404


@pytest.mark.parametrize("query", ["service=0", "service=x", "unit=99999999999999", "unit=-1", "service=²"])
def test_what_does_not_serve_the_area_is_not_found(world: World, case: Case, client: Client, query: str) -> None:
    service(world)
    assert client.get(f"{url(case, 'unit-invite')}?{query}").status_code == 404


# -- the invited person's page


def test_the_invitation_tells_who_asks_and_nothing_of_the_family(world: World, case: Case, hanna: User) -> None:
    row = ask(world, case, hanna)
    own = world.client(hanna)
    for answer in (own.get("/"), own.get(reverse("unit-invitation", args=[row.ref]))):
        shown = text(answer)
        assert "Kuusirannan neuvola" in shown
        assert "08 000 1234" in shown
        for secret in ("Aatu", "Suvilehto", case.ref, "Hilla", "Sari Hietaniitty", "Pikkukäpy", "SALAINEN"):
            assert secret not in shown
    assert "Riikka Tuulenpää" in text(own.get(reverse("unit-invitation", args=[row.ref])))
    for user in (world.member, world.colleague, world.coordinator, world.unit_head, world.officer, world.administrator):
        client = world.client(user)
        assert client.get(reverse("unit-invitation", args=[row.ref])).status_code == 404
        assert client.post(reverse("unit-invitation-acceptance", args=[row.ref])).status_code == 404


def test_the_asked_person_s_messages_tell_the_way_ahead_and_nothing_of_the_family(
    world: World, case: Case, hanna: User
) -> None:
    ask(world, case, hanna)
    shown = text(world.client(hanna).get(reverse("messages")))
    assert "Yksikkösi on kutsuttu perheen verkostoon" in shown
    assert "Kerro, tuletko. " in shown
    assert "Se vie hetken." not in shown  # the clock's steps name the situation: the day stands on the invitation
    for secret in ("Aatu", case.ref, "Hilla", "Suvilehto"):
        assert secret not in shown


def test_a_late_answer_is_refused_kindly_on_the_page(world: World, case: Case, hanna: User, client: Client) -> None:
    row = ask(world, case, hanna)
    client.post(url(case, "unit-invite-cancelling", row.ref))
    answer = world.client(hanna).post(reverse("unit-invitation-acceptance", args=[row.ref]), {"accept-can_decide": "no"})
    assert answer.status_code == 409
    assert "Kutsu on sillä välin peruttu. Sinun ei tarvitse tehdä mitään." in text(answer)
    assert "Sinut on kutsuttu" not in text(world.client(hanna).get("/"))


def test_the_unit_s_head_sees_who_has_not_answered(world: World, case: Case, hanna: User, clinic: Unit) -> None:
    head = world.person("Eeva Ylinen", Role.UNIT_HEAD, clinic, unit=clinic)
    ask(world, case, hanna)
    shown = text(world.client(head).get(reverse("unit-commitments")))
    assert "Hanna Kortesluoma" in shown
    assert "Kutsut, jotka odottavat yksikön vastausta" in shown
    assert "Aatu" not in shown
    assert case.ref not in shown
    assert "Hanna Kortesluoma" not in text(world.client(world.unit_head).get(reverse("unit-commitments")))


# -- what could help


def test_a_suggestion_tells_its_rule_and_needs_are_the_coordinator_s_choice(
    world: World, case: Case, client: Client
) -> None:
    service(world), rule(world)
    assert "Miksi ehdotetaan?" not in text(client.get(url(case)))
    bad = client.post(
        url(case, "case-needs"), {"needs-needs": ["daily_life"], "needs-one_adult": "on", "needs-children": "x"}
    )
    assert bad.status_code == 422
    assert bad.context["needs_form"]["one_adult"].value()
    data = {"needs-needs": ["daily_life", "sleep"], "needs-one_adult": "on", "needs-children": "3"}
    assert client.post(url(case, "case-needs"), data).status_code == 302
    assert CaseNeeds.objects.get(case=case).children == 3
    shown = text(client.get(url(case)))
    assert "Perhetyö kotiin" in shown
    assert "Yksin lasten kanssa kädet eivät riitä. Alueen sääntö 4: yksi aikuinen." in shown


def test_the_directory_is_narrowed_down_and_stale_entries_say_so(world: World, case: Case, client: Client) -> None:
    service(world), service(world, "Lapsiparkki", confirmed_on=None, confirmed_until=None, needs=["hobbies"])
    service(world, "Nuorten paja", age_from=16, needs=["hobbies"])
    shown = text(client.get(url(case), {"need": "hobbies"}))
    assert "Lapsiparkki" in shown
    assert "Kukaan ei ole vahvistanut näitä tietoja." in shown
    assert "Perhetyö kotiin" not in shown
    assert "Nuorten paja" not in shown
    assert "Perhetyö kotiin" in text(client.get(url(case), {"name": "perhetyo"}))
    assert client.get(url(case), {"need": "nonsense"}).status_code == 200


def test_the_usual_set_of_the_child_s_age(world: World, case: Case, clinic: Unit, client: Client) -> None:
    assert case.child_age is not None
    for band, label in ((band_of(case.child_age), "Neuvola"), ("youth", "Ohjaamo")):
        UsualSet.objects.create(
            area=world.area, band=band, label=label, unit=clinic, decided_on=date(2026, 5, 13), changed_at=timezone.now(),
            changed_by=world.coordinator,
        )  # fmt: skip
    shown = text(client.get(url(case)))
    assert "Alueen tavallinen joukko" in shown
    assert "Päätetty 13.5.2026" in shown
    assert "Ohjaamo" not in shown


def test_the_usual_set_offers_no_service_that_was_taken_out(world: World, case: Case, client: Client) -> None:
    assert case.child_age is not None
    for label, active in (("Isäryhmä", False), ("Perhekahvila", True)):
        UsualSet.objects.create(
            area=world.area, band=band_of(case.child_age), label=label, service=service(world, label, active=active),
            decided_on=date(2026, 5, 13), changed_at=timezone.now(), changed_by=world.coordinator,
        )  # fmt: skip
    shown = text(client.get(url(case)))
    assert "Perhekahvila" in shown
    assert "Isäryhmä" not in shown


def test_as_many_questions_with_three_units_as_with_one(
    world: World, case: Case, hanna: User, client: Client, django_assert_max_num_queries: Any
) -> None:
    service(world), rule(world)
    ask(world, case, hanna)
    CaseNeeds.objects.create(
        case=case, needs=["daily_life"], one_adult=True, changed_at=timezone.now(), changed_by=world.coordinator
    )
    client.get(url(case))
    with django_assert_max_num_queries(60) as one:
        client.get(url(case))
    for n in range(2):
        unit = Unit.objects.create(agency=world.guidance.agency, area=world.area, name=f"Yksikkö {n}")
        ask(world, case, world.person(f"Väki {n}", Role.PROFESSIONAL, unit), family_first=bool(n))
        service(world, f"Palvelu {n}", unit=unit), rule(world, number=10 + n)
    with django_assert_max_num_queries(60) as three:
        client.get(url(case))
    assert len(three) == len(one)


# -- the rules' own page


RULE = {
    "rule-age_from": "0", "rule-age_to": "6", "rule-children_from": "3", "rule-one_adult": "on", "rule-suggest_need": "daily_life",
    "rule-sentence": "Yksin kolmen lapsen kanssa.", "rule-decided_on": "13.5.2026", "rule-active": "on",
}  # fmt: skip


def test_rules_are_the_area_s_own_people_s(world: World, client: Client) -> None:
    service(world)
    new = reverse("area-rule-new", args=[world.area.pk])
    looked = client.post(new, RULE | {"preview": "1"})
    assert "Perhetyö kotiin" in text(looked)
    assert not SuggestionRule.objects.exists()
    wrong = client.post(new, RULE | {"rule-age_to": "", "rule-suggest_need": ""})
    assert wrong.status_code == 422
    assert wrong.context["form"]["sentence"].value() == "Yksin kolmen lapsen kanssa."
    assert [client.post(new, RULE).status_code for _twice in range(2)] == [302, 302]
    assert list(SuggestionRule.objects.values_list("number", flat=True)) == [1, 2]
    one = reverse("area-rule", args=[world.area.pk, 1])
    assert client.post(one, RULE | {"rule-active": ""}).status_code == 302
    shown = text(client.get(reverse("area-rules", args=[world.area.pk])))
    assert "Ei käytössä" in shown
    assert "yksi aikuinen, vähintään 3 lasta" in shown
    for user in (world.member, world.other_coordinator, world.unit_head, world.leader, world.administrator):
        other = world.client(user)
        assert other.get(reverse("area-rules", args=[world.area.pk])).status_code == 404
        assert other.post(one, RULE | {"rule-sentence": "Toisin."}).status_code == 404
    with wearing("area", world.other_coordinator.pk):
        assert not SuggestionRule.objects.exists()
        assert SuggestionRule.objects.update(sentence="Toisin.") == 0


def test_the_usual_set_is_kept_on_the_same_page(world: World, clinic: Unit, client: Client) -> None:
    address = reverse("area-usual", args=[world.area.pk])
    data = {
        "usual-band": "primary",
        "usual-label": "Neuvola",
        "usual-what": f"u{clinic.pk}",
        "usual-decided_on": "13.5.2026",
    }
    assert client.post(address, data | {"usual-what": ""}).status_code == 422
    for _twice in range(2):
        assert client.post(address, data).status_code == 302
    row = UsualSet.objects.get()
    assert world.client(world.other_coordinator).post(address, data).status_code == 404
    assert client.post(reverse("area-usual-removal", args=[world.area.pk, row.pk])).status_code == 302
    assert not UsualSet.objects.exists()
