"""Signing in: by invitation only, with a second factor, and never for ever."""

import logging
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from networks import actions
from networks.models import AccountInvitation, Role, User
from networks.signin import SESSION_BEGAN
from tests.personas import PASSWORD, World, at
from yhteiso.logs import NoContent

SECRET = "JBSWY3DPEHPK3PXP"


def code(step: int = 0) -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + step))


@pytest.fixture
def enrolled(world: World) -> User:
    user = world.professional
    user.set_password(PASSWORD)
    user.save()
    TOTP.activate(user, SECRET)
    return user


def sign_in(client: Client, user: User, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": user.email, "password": password})


def test_a_password_alone_opens_nothing(enrolled: User) -> None:
    client = Client()
    response = sign_in(client, enrolled)
    assert response.url == reverse("mfa_authenticate")
    assert client.get(reverse("home")).status_code == 302


def test_password_and_code_open_the_front_page(enrolled: User) -> None:
    client = Client()
    sign_in(client, enrolled)
    response = client.post(reverse("mfa_authenticate"), {"code": code()})
    assert response.url == reverse("home")
    assert client.get(reverse("home")).status_code == 200


def test_a_code_is_good_once(enrolled: User) -> None:
    first, second = Client(), Client()
    used = code()
    sign_in(first, enrolled)
    assert first.post(reverse("mfa_authenticate"), {"code": used}).status_code == 302
    sign_in(second, enrolled)
    assert second.post(reverse("mfa_authenticate"), {"code": used}).status_code != 302


def test_a_wrong_password_and_an_unknown_person_get_the_same_page(enrolled: User) -> None:
    wrong = sign_in(Client(), enrolled, "väärä-salasana-kokonaan")
    unknown = Client().post(reverse("account_login"), {"login": "ei@esimerkki.invalid", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code
    assert enrolled.name not in wrong.content.decode()
    error = "govuk-error-summary"
    assert (error in wrong.content.decode()) == (error in unknown.content.decode())


def test_without_a_second_factor_only_enrolment_is_open(world: World) -> None:
    client = world.client(world.professional, second_factor=False)
    for name in ("home", "case-list", "commitment-list", "concern-new"):
        response = client.get(reverse(name))
        assert (response.status_code, response.url) == (302, reverse("mfa_activate_totp")), name
    assert client.get(reverse("help")).status_code == 200


def test_who_has_a_second_factor_must_use_it_in_this_session(enrolled: User, world: World) -> None:
    client = world.client(enrolled, second_factor=False)
    assert client.get(reverse("home")).url == reverse("mfa_reauthenticate")
    assert client.get(reverse("mfa_deactivate_totp")).url == reverse("mfa_reauthenticate")
    assert Authenticator.objects.filter(user=enrolled).count() == 1


def test_there_is_no_sign_up(db: None) -> None:
    response = Client().post("/account/signup/", {"email": "kuka@esimerkki.invalid", "password1": PASSWORD})
    assert response.status_code in (200, 404)
    assert not User.objects.exists()


def invitation(world: World, **fields: object) -> str:
    row = AccountInvitation(
        email="Uusi.Ihminen@esimerkki.invalid", name="Uusi Ihminen", role=Role.PROFESSIONAL, unit=world.day_care
    )
    now = fields.get("now") or timezone.now()
    token = actions.invite(invitation=row, by=world.administrator, now=now)  # type: ignore[arg-type]
    row.proposals.update(accepted_by=world.second_administrator, accepted_at=now)
    return token


def test_an_invitation_makes_an_account_once(world: World) -> None:
    token = invitation(world)
    client = Client()
    url = reverse("invitation", args=[token])
    assert "Uusi Ihminen" in client.get(url).content.decode()
    response = client.post(url, {"password": PASSWORD, "password_again": PASSWORD})
    assert response.url == reverse("mfa_activate_totp")
    enrolment = client.get(response.url)
    assert enrolment.status_code == 200  # the password was typed a moment ago and is not asked again
    user = User.objects.get(email="uusi.ihminen@esimerkki.invalid")
    assert user.check_password(PASSWORD)
    assert user.password.startswith("argon2")
    assert [role.role for role in user.current_roles] == [Role.PROFESSIONAL]
    assert Client().get(url).status_code == 404
    assert token not in str(AccountInvitation.objects.values().get())


@pytest.mark.parametrize(
    ("password", "again"),
    [("lyhyt", "lyhyt"), ("salasanasalasana", "eri-salasana-kokonaan"), ("qwertyuiopasdfgh", "qwertyuiopasdfgh2"),
     ("uusi.ihminen@esimerkki.invalid", "uusi.ihminen@esimerkki.invalid")],
)  # fmt: skip
def test_a_bad_password_is_told_beside_the_field(world: World, password: str, again: str) -> None:
    url = reverse("invitation", args=[invitation(world)])
    response = Client().post(url, {"password": password, "password_again": again})
    assert response.status_code == 422
    assert "govuk-error-message" in response.content.decode()
    assert not User.objects.filter(name="Uusi Ihminen").exists()


def test_an_expired_and_an_invented_invitation_get_the_same_page(world: World) -> None:
    old = Client().get(reverse("invitation", args=[invitation(world, now=at("2020-01-01 09:00"))]))
    invented = Client().get(reverse("invitation", args=["x" * 32]))
    assert old.status_code == invented.status_code == 404
    assert "Uusi Ihminen" not in old.content.decode()


def test_a_session_ends_after_ten_hours_whatever_is_done(world: World) -> None:
    client = world.client(world.professional)
    session = client.session
    session[SESSION_BEGAN] = int(time.time()) - settings.SESSION_ABSOLUTE_AGE - 1
    session.save()
    assert client.get(reverse("home")).url == reverse("account_login")
    assert client.get(reverse("home")).status_code == 302


def test_keepalive_moves_the_idle_time(world: World) -> None:
    client = world.client(world.professional)
    assert client.post(reverse("keepalive")).status_code == 204
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_a_disabled_account_is_out_at_the_next_request(world: World) -> None:
    client = world.client(world.professional)
    assert client.get(reverse("home")).status_code == 200
    User.objects.filter(pk=world.professional.pk).update(is_active=False)
    assert client.get(reverse("home")).status_code == 302


def test_the_demonstration_s_door_does_not_exist_outside_it(world: World, settings) -> None:
    settings.DEMO = False
    assert Client().post(reverse("demo-signin"), {"account": world.professional.pk}).status_code == 404
    settings.DEMO = True
    assert Client(REMOTE_ADDR="10.0.0.9").post(reverse("demo-signin"), {"account": world.professional.pk}).status_code == 404
    client = Client()
    assert client.post(reverse("demo-signin"), {"account": world.professional.pk}).status_code == 302
    assert client.get(reverse("home")).status_code == 200


def test_a_forgotten_password_is_changed_by_the_link_of_the_mail(enrolled: User, mailoutbox: list) -> None:
    client = Client()
    assert client.post(reverse("account_reset_password"), {"email": enrolled.email}).status_code == 302
    mail = mailoutbox[0]
    assert enrolled.name not in mail.body + mail.subject
    link = next(word for word in mail.body.split() if "/password/reset/key/" in word)
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    assert page.status_code == 200
    new = "toinen-kuusi-metsassa-laulaa"
    done = client.post(page.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
    assert done.status_code == 200
    assert User.objects.get(pk=enrolled.pk).check_password(new)


def test_an_unknown_address_is_answered_the_same_way(db: None, mailoutbox: list) -> None:
    answer = Client().post(reverse("account_reset_password"), {"email": "ei@esimerkki.invalid"})
    assert (answer.status_code, answer.url) == (302, reverse("account_reset_password_done"))


def test_an_invitation_s_token_stays_out_of_the_log(world: World) -> None:
    token = invitation(world)
    record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Unprocessable", f"/invitation/{token}/"), "name": "x"})
    assert NoContent().filter(record)
    assert token not in record.getMessage()
    assert "/invitation/" in record.getMessage()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.LEADERSHIP, Role.UNIT_HEAD])
def test_an_invitation_to_a_role_names_its_place(world: World, role: str) -> None:
    data = {"email": "x@esimerkki.invalid", "name": "X", "title": "", "unit": "", "role": role, "area": ""}
    answer = world.client(world.administrator).post(reverse("admin:networks_accountinvitation_add"), data)
    assert answer.status_code == 200
    assert not AccountInvitation.objects.exists()
    errors = answer.context["adminform"].form.non_field_errors()
    assert "rooli koskee" in " ".join(errors)
