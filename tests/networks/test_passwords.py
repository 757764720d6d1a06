"""Passwords: changed by whoever knows the old one, of any letters, compared exactly; and a second step that stays."""

import re
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from networks import actions
from networks.models import AccountInvitation, Role, User
from tests.personas import PASSWORD, World, at

NEW = "toinen-kuusi-metsassa-laulaa"
STATIC = Path(__file__).parents[2] / "static" / "js"


@pytest.fixture
def person(world: World) -> User:
    world.professional.set_password(PASSWORD)
    world.professional.save()
    TOTP.activate(world.professional, "JBSWY3DPEHPK3PXP")
    return world.professional


def changed(client: Client, old: str, new: str) -> int:
    data = {"oldpassword": old, "password1": new, "password2": new}
    return client.post(reverse("account_change_password"), data).status_code


def knocks(user: User, password: str) -> str:
    """Where somebody with this password gets: the address of the next step, or '' for nowhere."""
    answer = Client().post(reverse("account_login"), {"login": user.email, "password": password})
    return getattr(answer, "url", "")


def test_whoever_knows_the_old_password_changes_it_and_every_session_ends(world: World, person: User) -> None:
    here, other = world.client(person), world.client(person)
    assert changed(here, PASSWORD, NEW) == 302
    assert User.objects.get(pk=person.pk).check_password(NEW)
    assert [client.get(reverse("home")).status_code for client in (here, other)] == [302, 302]
    assert (knocks(person, NEW), knocks(person, PASSWORD)) == (reverse("mfa_authenticate"), "")


@pytest.mark.parametrize("old", ["", "väärä-salasana-kokonaan", PASSWORD.upper()])
def test_without_the_old_password_it_is_not_changed(world: World, person: User, old: str) -> None:
    assert changed(world.client(person), old, NEW) in (200, 422)
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


@pytest.mark.parametrize("new", ["lyhyt", "x" * 14, "salasana"])
def test_a_short_one_is_refused_when_it_is_changed(world: World, person: User, new: str) -> None:
    assert changed(world.client(person), PASSWORD, new) in (200, 422)
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


@pytest.mark.parametrize(
    "new",
    ["vainpienikirjaimia", "VAINISOJAKIRJAIMIA", "840193572640185", " valeja alussa ja lopussa ", "äöå€🌲漢字-ja-muuta-sellaista",
     "abc-" * 32 + "loppu"],
)  # fmt: skip
def test_any_letters_do_and_they_are_compared_exactly(world: World, person: User, new: str) -> None:
    assert changed(world.client(person), PASSWORD, new) == 302
    assert knocks(person, new) == reverse("mfa_authenticate")
    others = {new.upper(), new.lower(), new.strip(), new[:-1], new[:72], new[:64]} - {new}
    assert [knocks(person, other) for other in sorted(others)[:4]] == [""] * len(sorted(others)[:4])


def test_a_password_of_long_ago_still_opens(person: User) -> None:
    User.objects.filter(pk=person.pk).update(last_login=at("2010-01-01 09:00"))
    assert knocks(person, PASSWORD) == reverse("mfa_authenticate")


def test_a_reset_by_mail_opens_nothing_without_the_second_step(person: User, mailoutbox: list) -> None:
    client = Client()
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = next(word for word in mailoutbox[0].body.split() if "/password/reset/key/" in word)
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW}, follow=True)
    assert client.get(reverse("home")).url.startswith(reverse("account_login"))
    assert knocks(person, NEW) == reverse("mfa_authenticate")
    assert Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists()
    again = Client().get("/" + link.split("/", 3)[3], follow=True)
    assert 'name="password1"' not in again.content.decode()


def test_a_recovery_code_is_good_once(person: User) -> None:
    first, second = RecoveryCodes.activate(person).generate_codes()[:2]
    assert first != second
    assert len(first) * 4 >= 20 if re.fullmatch("[0-9a-f]+", first) else len(first) >= 7
    answers = []
    for code in (first, first, second):
        client = Client()
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        answers.append(client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302)
    assert answers == [True, False, True]


@pytest.mark.parametrize(
    "name",
    ["mfa_deactivate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"],
)
def test_whatever_changes_sign_in_is_asked_again_who_one_is(world: World, person: User, name: str) -> None:
    """An hour after the sign-in: neither the page nor the form of it is there before a proof."""
    RecoveryCodes.activate(person)
    client = world.client(person, fresh=False)
    for answer in (client.get(reverse(name)), client.post(reverse(name), {"name": "x", "credential": "{}"})):
        assert answer.status_code == 405 or "reauthenticate" in answer.url, name
    assert client.get(reverse(name)).status_code == 302
    assert Authenticator.objects.filter(user=person).count() == 2


# -- the fields themselves ----------------------------------------------------------------------------------------------


def pages(world: World, user: User) -> dict[str, str]:
    row = AccountInvitation(email="uusi@esimerkki.invalid", name="Uusi Ihminen", role=Role.PROFESSIONAL, unit=world.day_care)
    token = actions.invite(invitation=row, by=world.administrator, now=timezone.now())
    row.proposals.update(accepted_by=world.second_administrator, accepted_at=timezone.now())
    inside = world.client(user)
    return {
        "login": Client().get(reverse("account_login")).content.decode(),
        "invitation": Client().get(reverse("invitation", args=[token])).content.decode(),
        "reset": Client().get(reverse("account_reset_password")).content.decode(),
        "change": inside.get(reverse("account_change_password")).content.decode(),
        "again": inside.get(reverse("account_reauthenticate")).content.decode(),
    }


def fields(page: str) -> dict[str, str]:
    """The fields of a page's main part by their names: the whole tag."""
    found = re.findall(r"<(?:input|select|textarea)\b[^>]*>", page.partition("<main")[2])
    named = {match[1]: tag for tag in found if (match := re.search(r' name="([^"]+)"', tag))}
    return {name: tag for name, tag in named.items() if 'type="hidden"' not in tag}


def test_passwords_are_hidden_pasted_and_filled_by_a_password_manager(world: World, person: User) -> None:
    seen = 0
    for where, page in pages(world, person).items():
        assert "onpaste" not in page, where
        for name, tag in fields(page).items():
            if "password" in name:
                seen += 1
                assert 'type="password"' in tag, (where, name)
                assert 'autocomplete="off"' not in tag, (where, name)
                assert "maxlength" not in tag, (where, name)
    assert seen >= 7
    for script in STATIC.glob("[!h]*.js"):
        assert "paste" not in script.read_text(encoding="utf-8"), script


def test_no_page_of_sign_in_asks_anything_but_these(world: World, person: User) -> None:
    """No hint, no question about a pet: address, password, code."""
    asked = {where: set(fields(page)) for where, page in pages(world, person).items()}
    assert asked == {
        "login": {"login", "password"}, "invitation": {"password", "password_again"}, "reset": {"email"},
        "change": {"oldpassword", "password1", "password2"}, "again": {"password"},
    }  # fmt: skip
