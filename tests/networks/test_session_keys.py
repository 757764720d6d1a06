"""The key of a session: made anew at sign-in, never guessed, dead on the server as soon as it is over."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from networks.models import User
from tests.personas import PASSWORD, World

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def person(world: World) -> User:
    world.professional.set_password(PASSWORD)
    world.professional.save()
    TOTP.activate(world.professional, SECRET)
    return world.professional


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def with_key(key: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return client


def come_in(client: Client, user: User) -> Client:
    """A whole sign-in; the code's step is free again, since each code is good once."""
    from django.core.cache import cache

    cache.clear()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    step = int(timezone.now().timestamp()) // 30
    answer = client.post(reverse("mfa_authenticate"), {"code": format_hotp_value(hotp_value(SECRET, step))})
    assert answer.url == reverse("home")
    return client


def test_signing_in_makes_a_new_key_and_the_one_before_is_dead(person: User) -> None:
    """Whoever planted a key in the browser before the sign-in holds nothing after it."""
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    planted = key_of(client)
    come_in(client, person)
    assert key_of(client) != planted
    assert client.get(reverse("home")).status_code == 200
    assert with_key(planted).get(reverse("home")).status_code == 302
    assert not Session.objects.filter(session_key=planted).exists()


def test_keys_are_long_all_different_and_of_our_own_making(person: User) -> None:
    keys = {key_of(come_in(Client(), person)) for _n in range(3)}
    assert len(keys) == 3
    # 32 letters of 36: 165 bits.
    assert all(len(key) == 32 and set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789") for key in keys)
    for invented in ("a" * 32, "", "' OR 1=1 --", str(person.pk)):
        client = with_key(invented)
        assert client.get(reverse("home")).status_code == 302
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        assert key_of(client) != invented


def test_a_key_is_dead_on_the_server_after_signing_out(person: User) -> None:
    client = come_in(Client(), person)
    key = key_of(client)
    assert with_key(key).get(reverse("home")).status_code == 200
    client.post(reverse("account_logout"))
    assert with_key(key).get(reverse("home")).url.startswith(reverse("account_login"))


def test_a_session_that_has_rested_too_long_is_over(person: User) -> None:
    client = come_in(Client(), person)
    row = Session.objects.get(session_key=key_of(client))
    left = row.expire_date - timezone.now()
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    Session.objects.filter(pk=row.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get(reverse("home")).url.startswith(reverse("account_login"))
