"""Powers and accounts through the pages: what each persona sees, what a refused deed says, what the log tells."""

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from networks.actions.notice import tell
from networks.models import AccountInvitation, Notice, PowerProposal, Role, RoleMembership, User
from tests.networks.powers import old, propose_role
from tests.personas import PASSWORD, World
from yhteiso.audit.models import LogEntry


def text(answer: Any) -> str:
    return answer.content.decode()


def page_of(row: PowerProposal) -> str:
    return reverse("power", args=[row.ref])


def last_log(verb: str) -> tuple[str, str]:
    entry = LogEntry.objects.filter(verb=verb).latest("at")
    return entry.page, entry.reason


def test_the_whole_way_of_a_role_by_two_people(world: World) -> None:
    first, second = world.client(world.administrator), world.client(world.responsible)
    answer = first.post(
        reverse("staff-role", args=[world.member.pk]),
        {"role": "coordinator", "area": world.area.pk, "unit": world.day_care.pk, "reason": "Sijaisuus alkaa"}, follow=True,
    )  # fmt: skip
    assert "Toisen ihmisen on hyväksyttävä se" in text(answer)
    assert last_log("change") == ("staff-role", f"role {world.member.pk}")
    row = PowerProposal.objects.get()
    assert row.unit is None
    page = text(second.get(page_of(row)))
    for words in (
        "Sari Hietaniitty saa roolin: Koordinaattori, Kuusiranta.", "Näkee kaikki alueen tilanteet", "Sijaisuus alkaa",
        "Elina Saarikko",
    ):  # fmt: skip
        assert words in page
    assert "Odottaa sinua" in text(second.get(reverse("power-list")))
    answer = second.post(reverse("power-acceptance", args=[row.ref]), follow=True)
    assert "Hyväksytty" in text(answer)
    assert last_log("change") == ("power-acceptance", "role accepted")
    assert RoleMembership.objects.filter(user=world.member, role=Role.COORDINATOR, area=world.area).exists()
    assert "Tilisi muuttui: uusi rooli: Koordinaattori, Kuusiranta" in text(world.client(world.member).get("/messages/"))


def test_the_button_of_one_s_own_proposal_says_why_it_rests(world: World) -> None:
    row = propose_role(world)
    page = text(world.client(world.administrator).get(page_of(row)))
    assert "Ehdotit tätä itse. Toisen ihmisen on hyväksyttävä se." in page
    assert re.search(r'<button class="govuk-button" disabled aria-describedby="este"', page)
    assert "Peru ehdotus" in page
    other = text(world.client(world.second_administrator).get(page_of(row)))
    assert "disabled" not in other
    assert "Peru ehdotus" not in other


def test_a_refused_acceptance_is_told_and_logged(world: World) -> None:
    row = propose_role(world)
    answer = world.client(world.administrator).post(reverse("power-acceptance", args=[row.ref]))
    assert answer.status_code == 422
    assert "Ehdotit tätä itse" in text(answer)
    assert last_log("deny") == ("power-acceptance", "blocked")
    assert not RoleMembership.objects.filter(user=world.member, role=Role.COORDINATOR).exists()


def test_the_person_themself_sees_a_resting_button_and_is_refused(world: World) -> None:
    row = propose_role(world, world.second_administrator, Role.LEADERSHIP)
    client = world.client(world.second_administrator)
    assert "Tämä koskee sinua" in text(client.get(page_of(row)))
    assert client.post(reverse("power-acceptance", args=[row.ref])).status_code == 422
    assert client.post(reverse("power-refusal", args=[row.ref]), {"reason": "x"}).status_code == 422
    assert PowerProposal.objects.unanswered().exists()


@pytest.mark.parametrize(
    ("persona", "status"),
    [("second_administrator", 200), ("responsible", 200), ("other_responsible", 404), ("coordinator", 404), ("member", 404),
     ("officer", 404), ("leader", 404)],
)  # fmt: skip
def test_who_opens_and_accepts_a_proposal(world: World, persona: str, status: int) -> None:
    row = propose_role(world)
    client = world.client(getattr(world, persona))
    page = client.get(page_of(row))
    assert page.status_code == status
    assert ("sijaisuus" in text(page)) == (status == 200)
    answer = client.post(reverse("power-acceptance", args=[row.ref]))
    assert answer.status_code == (302 if status == 200 else 404)
    assert RoleMembership.objects.filter(user=world.member, role=Role.COORDINATOR).exists() == (status == 200)


def test_a_responsible_person_of_another_area_has_an_empty_list(world: World) -> None:
    propose_role(world)
    page = text(world.client(world.other_responsible).get(reverse("power-list")))
    assert "Mikään ei odota" in page
    assert "Sari" not in page


def test_a_decline_needs_a_reason_and_keeps_what_was_written(world: World) -> None:
    row = propose_role(world)
    client = world.client(world.responsible)
    empty = client.post(reverse("power-refusal", args=[row.ref]), {"reason": "  "})
    assert empty.status_code == 422
    assert "Kirjoita, miksi hylkäät" in text(empty)
    long = client.post(reverse("power-refusal", args=[row.ref]), {"reason": "pitkä perustelu " * 30})
    assert long.status_code == 422
    assert "pitkä perustelu" in text(long)
    done = client.post(reverse("power-refusal", args=[row.ref]), {"reason": "Ei tarvita"}, follow=True)
    assert "Hylätty" in text(done)
    page = text(world.client(world.administrator).get(page_of(row)))
    assert "Ei tarvita" in page
    assert "Liisa Valkamaa" in page
    assert "Hyväksy vain" not in page


def test_withdrawing_and_a_lapsed_one(world: World) -> None:
    row, client = propose_role(world), world.client(world.administrator)
    other = world.client(world.second_administrator).post(reverse("power-withdrawal", args=[row.ref]))
    assert other.status_code == 422
    assert "peruttu" in text(client.post(reverse("power-withdrawal", args=[row.ref]), follow=True))
    late = old(propose_role(world, role=Role.LEADERSHIP))
    page = text(world.client(world.second_administrator).get(page_of(late)))
    assert "Kukaan ei vastannut 14 päivässä" in page
    assert reverse("power-acceptance", args=[late.ref]) not in page
    assert "Kukaan ei vastannut ajoissa" in text(client.get(reverse("power-list")))


def test_a_guessed_reference_looks_like_one_that_may_not_be_seen(world: World) -> None:
    row = propose_role(world)
    client = world.client(world.other_responsible)
    denied, missing = client.get(page_of(row)), client.get("/powers/0000-0000-00/")
    assert denied.status_code == missing.status_code == 404
    assert re.sub(r'(Token": "|value=")[^"]+', "", text(denied)).replace(row.ref, "") == re.sub(
        r'(Token": "|value=")[^"]+', "", text(missing)
    ).replace("0000-0000-00", "")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("staff-role", {}, "Valitse rooli"),
        ("staff-role", {"role": "coordinator", "reason": "SYY-SÄILYY"}, "Valitse alue, jota rooli koskee"),
        ("staff-role", {"role": "unit_head", "reason": "SYY-SÄILYY"}, "Valitse yksikkö, jota rooli koskee"),
        ("staff-role", {"role": "emperor", "area": "999999", "unit": "x", "reason": "SYY-SÄILYY"}, "SYY-SÄILYY"),
        ("staff-role", {"role": "professional", "reason": "SYY-SÄILYY"}, "jo tämä rooli"),
        ("staff-email", {"email": "ei-osoite", "reason": "SYY-SÄILYY"}, "Kirjoita koko sähköpostiosoite"),
        ("staff-email", {"email": "tuula.kivipolku@esimerkki.invalid", "reason": "SYY-SÄILYY"}, "jo käytössä"),
        ("staff-resumption", {"reason": "SYY-SÄILYY"}, "Tili on käytössä"),
        ("staff-suspension", {"reason": ""}, "Kirjoita miksi"),
        ("staff-suspension", {"reason": "SYY-SÄILYY" * 99}, "SYY-SÄILYY"),
    ],
)
def test_a_bad_form_says_what_to_do_and_keeps_the_text(world: World, name: str, data: dict[str, str], words: str) -> None:
    answer = world.client(world.administrator).post(reverse(name, args=[world.member.pk]), data)
    assert answer.status_code == 422
    assert words in text(answer)
    assert data.get("reason", "") in text(answer)
    assert not PowerProposal.objects.exists()
    assert User.objects.get(pk=world.member.pk).is_active


@pytest.mark.parametrize("name", ["staff-role", "staff-email", "staff-second-factor", "staff-suspension", "staff-closure"])
def test_nothing_of_it_is_done_to_oneself(world: World, name: str) -> None:
    assert world.second_administrator
    data = {"role": "coordinator", "area": world.area.pk, "email": "uusi@esimerkki.invalid", "reason": "minulle"}
    answer = world.client(world.administrator).post(reverse(name, args=[world.administrator.pk]), data)
    assert answer.status_code == 422
    assert last_log("deny") == (name, "own")
    assert not PowerProposal.objects.exists()
    assert User.objects.get(pk=world.administrator.pk).state == "active"


def test_an_account_s_page_and_its_resting_buttons(world: World) -> None:
    client = world.client(world.administrator)
    propose_role(world)
    page = text(client.get(reverse("staff-account", args=[world.member.pk])))
    for words in ("Sari Hietaniitty", "Ammattilainen", "Ehdota roolia", "Koordinaattori, Kuusiranta", "Sulje pysyvästi"):
        assert words in page
    assert "disabled" not in page
    own = text(client.get(reverse("staff-account", args=[world.administrator.pk])))
    assert "Et voi sulkea omaa tiliäsi" in own
    assert f'href="{reverse("staff-role", args=[world.administrator.pk])}"' not in own
    assert own.count("disabled") == 2


def test_suspending_closing_and_bringing_back_through_the_pages(world: World) -> None:
    client, victim = world.client(world.administrator), world.client(world.member)
    assert victim.get(reverse("home")).status_code == 200
    url = reverse("staff-suspension", args=[world.member.pk])
    assert "suljettu toistaiseksi" in text(client.post(url, {"reason": "Puhelin varastettu"}, follow=True))
    assert last_log("change") == ("staff-suspension", f"suspension {world.member.pk}")
    assert victim.get(reverse("home")).status_code == 302
    page = text(client.get(reverse("staff-account", args=[world.member.pk])))
    assert "Puhelin varastettu" in page
    assert "Ehdota tilin palauttamista" in page
    client.post(reverse("staff-resumption", args=[world.member.pk]), {"reason": "Löytyi"})
    assert not User.objects.get(pk=world.member.pk).is_active
    world.client(world.second_administrator).post(reverse("power-acceptance", args=[PowerProposal.objects.get().ref]))
    assert User.objects.get(pk=world.member.pk).is_active
    assert "suljettu pysyvästi" in text(
        client.post(reverse("staff-closure", args=[world.member.pk]), {"reason": "Eläkkeelle"}, follow=True)
    )
    assert User.objects.get(pk=world.member.pk).state == "closed"
    page = text(client.get(reverse("staff-account", args=[world.member.pk])))
    for name in ("staff-role", "staff-closure", "staff-suspension", "staff-email"):
        assert reverse(name, args=[world.member.pk]) not in page


def test_a_role_ends_through_its_page_and_only_the_person_s_own(world: World) -> None:
    client, role = world.client(world.administrator), world.colleague.roles.get()
    wrong = reverse("staff-role-end", args=[world.member.pk, role.pk])
    assert client.post(wrong, {"reason": "x"}).status_code == 404
    right = reverse("staff-role-end", args=[world.colleague.pk, role.pk])
    assert "Rooli on päättynyt" in text(client.post(right, {"reason": "Siirtyi"}, follow=True))
    assert User.objects.get(pk=world.colleague.pk).current_roles == []


@pytest.mark.parametrize("number", [0, 999999, 10**30])
def test_an_account_that_is_not_there_is_a_plain_404(world: World, number: int) -> None:
    client = world.client(world.administrator)
    assert client.get(f"/staff/{number}/").status_code == 404
    assert client.post(f"/staff/{number}/closure/", {"reason": "x"}).status_code == 404


def test_no_name_stands_in_a_title_or_an_address(world: World) -> None:
    row = propose_role(world)
    client = world.client(world.administrator)
    for page in (page_of(row), reverse("staff-account", args=[world.member.pk]), reverse("staff-role", args=[world.member.pk]),
                 reverse("power-list"), reverse("messages")):  # fmt: skip
        title = re.search(r"<title>(.*?)</title>", text(client.get(page)), re.DOTALL)
        assert title
        assert "Sari" not in title[1]
        assert "Hietaniitty" not in title[1] + page


def test_an_invitation_made_in_the_administration_waits_for_a_second_person(world: World, client: Any) -> None:
    admin = world.client(world.administrator)
    data = {"email": "uusi@esimerkki.invalid", "name": "Uusi Ihminen", "title": "", "unit": world.day_care.pk,
            "role": "professional", "area": ""}  # fmt: skip
    page = text(admin.post(reverse("admin:networks_accountinvitation_add"), data, follow=True))
    assert "kun toinen ihminen on hyväksynyt kutsun" in page
    url = "/invitation/" + page.split("/invitation/")[1].split("/")[0] + "/"
    waiting = client.get(url)
    assert waiting.status_code == 404
    assert "Tämä kutsu ei ole vielä auki" in text(waiting)
    assert "Uusi Ihminen" not in text(waiting)
    assert client.post(url, {"password": PASSWORD, "password_again": PASSWORD}).status_code == 404
    assert not User.objects.filter(email="uusi@esimerkki.invalid").exists()
    row = AccountInvitation.objects.get().proposals.get()
    world.client(world.responsible).post(reverse("power-acceptance", args=[row.ref]))
    assert client.post(url, {"password": PASSWORD, "password_again": PASSWORD}).status_code == 302
    assert User.objects.get(email="uusi@esimerkki.invalid").hat == "member"


def test_notices_are_one_s_own_counted_in_the_frame_and_seen_when_they_are_read(world: World) -> None:
    tell(to=[world.member.pk], kind="power_yours", params={"what": "email", "by": "Elina"}, now=timezone.now())
    client, other = world.client(world.member), world.client(world.colleague)
    assert "Viestit, uusia 1" in text(client.get(reverse("home")))
    assert "uusia" not in text(other.get(reverse("home")))
    assert "Ei viestejä" in text(other.get(reverse("messages")))
    other.post(reverse("messages-seen"))
    assert Notice.objects.filter(seen_at=None).count() == 1
    assert client.get(reverse("notices"))["Location"] == reverse("messages")
    assert "uusi kirjautumisosoite" in text(client.get(reverse("messages")))
    assert "uusia" not in text(client.get(reverse("home")))
    assert "uusi kirjautumisosoite" in text(client.get(reverse("messages")))


def test_a_person_without_a_role_reads_notices_too(world: World) -> None:
    person = world.person("Ei Rooleja", None)
    tell(to=[person.pk], kind="role_ended", params={"role": "officer", "by": "Elina"}, now=timezone.now())
    client = world.client(person)
    assert "Rooli päättyi: Tietosuojavastaava" in text(client.get(reverse("messages")))
    assert not Notice.objects.filter(seen_at=None).exists()
    assert client.post(reverse("messages-seen")).status_code == 302


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow(world: World, django_assert_num_queries: Any, rows: int) -> None:
    for person in (world.member, world.colleague, world.left)[:rows]:
        propose_role(world, person)
    client = world.client(world.second_administrator)
    with django_assert_num_queries(15):
        assert client.get(reverse("power-list")).status_code == 200
    with django_assert_num_queries(19):
        assert client.get(reverse("messages")).status_code == 200
