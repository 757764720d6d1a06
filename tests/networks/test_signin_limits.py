"""Limits: one account under attack is slowed down, the town hall's address is not, and no count is lost."""

import threading
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as conf
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from networks import alarms, limits
from networks.models import Attempt, User
from tests.personas import PASSWORD, World, at

NOW = at("2026-06-05 12:00")


def knock(user_or_mail: User | str, password: str = "väärä-salasana-kokonaan", client: Client | None = None):
    mail = user_or_mail if isinstance(user_or_mail, str) else user_or_mail.email
    return (client or Client()).post(reverse("account_login"), {"login": mail, "password": password})


@pytest.fixture
def person(world: World) -> User:
    world.professional.set_password(PASSWORD)
    world.professional.save()
    return world.professional


def test_an_account_under_attack_is_slowed_down_and_others_are_not(world: World, person: User) -> None:
    world.member.set_password(PASSWORD)
    world.member.save()
    assert [knock(person).status_code for _n in range(6)] == [200] * 5 + [429]
    assert knock(person, PASSWORD).status_code == 429
    assert knock(world.member, PASSWORD).status_code == 302


def test_an_unknown_address_is_slowed_down_the_same_way(db: None) -> None:
    assert [knock("ei@esimerkki.invalid").status_code for _n in range(6)] == [200] * 5 + [429]


def test_a_right_password_empties_the_count(person: User) -> None:
    for _n in range(3):
        assert [knock(person).status_code for _m in range(4)] == [200] * 4
        assert knock(person, PASSWORD).status_code == 302


def test_a_redirect_that_proves_nothing_empties_no_count(world: World, person: User) -> None:
    """Somebody inside, and somebody with a password of their own, posts the victim's name: both are led elsewhere."""
    TOTP.activate(world.member, "JBSWY3DPEHPK3PXP")
    world.member.set_password(PASSWORD)
    world.member.save()
    inside, half_way = world.client(world.colleague), Client()
    assert knock(world.member, PASSWORD, half_way).url == reverse("mfa_authenticate")
    for _n in range(4):
        knock(person)
    assert knock(person, "x", inside).status_code == 302
    assert knock(person, "x", half_way).status_code == 429
    assert knock(person).status_code == 429


def test_codes_are_not_guessed_by_signing_in_again(world: World, person: User) -> None:
    """The password is right each time, which empties its own count and not that of the codes."""
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    answers = []
    for _n in range(3):
        client = Client()
        assert knock(person, PASSWORD, client).status_code == 302
        answers += [client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code for _m in range(3)]
    assert answers == [200] * 5 + [429] * 4


@pytest.mark.parametrize("spelling", ["KAISA.KOIVUPURO@ESIMERKKI.INVALID", " kaisa.koivupuro@esimerkki.invalid ",
                                      "ka\u0131sa.koivupuro@esimerkki.invalid", "\u212aaisa.koivupuro@esimerkki.invalid",
                                      "kai\u017fa.koivupuro@esimerkki.invalid"])  # fmt: skip
def test_another_spelling_is_the_same_account(world: World, person: User, spelling: str) -> None:
    for _n in range(5):
        knock(spelling)
    assert knock(person, PASSWORD).status_code == 429


def test_the_attack_does_not_end_the_session_that_is_open(world: World, person: User) -> None:
    inside = world.client(person)
    for _n in range(8):
        knock(person)
        inside.post(reverse("account_reauthenticate"), {"password": "väärä"})
    assert inside.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 429
    assert inside.get(reverse("home")).status_code == 200


def test_a_hundred_people_from_one_address_come_in(world: World, settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # it is the counting that is tried
    people = [world.person(f"Ihminen {n}", None) for n in range(100)]
    User.objects.filter(pk__in=[p.pk for p in people]).update(password=quick_hash())
    client_of = {p.pk: Client(REMOTE_ADDR="192.0.2.7") for p in people}
    answers = [knock(p, PASSWORD, client_of[p.pk]).status_code for p in people]
    assert answers == [302] * 100


def quick_hash() -> str:
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


def test_an_address_that_tries_a_thousand_accounts_is_stopped_in_the_end(db: None) -> None:
    everybody = limits.ADDRESS_FACTOR * limits.OFTEN
    limit = limits.LIMITS["account_login"]
    over = [limits.over(limit, "account_login", f"{n}@x", "192.0.2.7", NOW) for n in range(everybody + 1)]
    assert over == [False] * everybody + [True]
    assert not limits.over(limit, "account_login", "z@x", "192.0.2.8", NOW)


def test_a_stretch_of_time_ends(db: None) -> None:
    assert [limits.count(what="x", whose="a", seconds=300, now=NOW) for _n in range(3)] == [1, 2, 3]
    assert limits.count(what="x", whose="b", seconds=300, now=NOW) == 1
    assert limits.count(what="x", whose="a", seconds=300, now=NOW + timedelta(seconds=300)) == 1


def test_old_counts_are_forgotten_and_tell_of_nobody(db: None) -> None:
    limits.count(what="x", whose="kaisa@esimerkki.invalid", seconds=300, now=NOW)
    assert "kaisa" not in str(list(Attempt.objects.values()))
    limits.count(what="x", whose="b", seconds=300, now=NOW + timedelta(days=1))
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("behind", "headers", "found"),
    [(False, {"HTTP_X_FORWARDED_FOR": "1.2.3.4"}, "192.0.2.7"), (True, {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 1.2.3.4"}, "1.2.3.4"),
     (True, {}, "192.0.2.7"), (True, {"HTTP_X_FORWARDED_FOR": "nonsense"}, limits.UNKNOWN),
     (True, {"HTTP_X_FORWARDED_FOR": "2001:db8:1:2:3::4"}, "2001:db8:1:2::/64")],
)  # fmt: skip
def test_the_address_is_the_one_that_the_proxy_saw(settings, behind: bool, headers: dict[str, str], found: str) -> None:
    settings.BEHIND_PROXY = behind
    assert limits.address(RequestFactory(REMOTE_ADDR="192.0.2.7").post("/", **headers)) == found


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_no_count_is_lost_between_threads() -> None:
    gate, seen = threading.Barrier(8), []

    def run() -> None:
        try:
            gate.wait(timeout=10)
            seen.extend(limits.count(what="x", whose="a", seconds=300, now=NOW) for _n in range(25))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(seen) == list(range(1, 201))
    Attempt.objects.all().delete()


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_eight_attempts_at_once_are_eight(transactional_db: None) -> None:
    """Whole requests at the same moment: five are looked at, three are refused."""
    gate, answers = threading.Barrier(8), []

    def run() -> None:
        try:
            gate.wait(timeout=10)
            answers.append(knock("ei@esimerkki.invalid").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers) == [200] * 5 + [429] * 3
    Attempt.objects.all().delete()


def test_allauth_s_own_limits_are_off(db: None) -> None:
    """They are read, changed and written back: two processes at once would count one."""
    from allauth.account import app_settings as account
    from allauth.mfa import app_settings as mfa

    assert account.RATE_LIMITS == mfa.RATE_LIMITS == {}
    assert conf.MIDDLEWARE.index("networks.limits.limits") < conf.MIDDLEWARE.index("yhteiso.hats.middleware.HatMiddleware")


def test_an_address_that_is_none_is_counted_too(settings, db: None) -> None:
    settings.BEHIND_PROXY = True
    for _n in range(limits.LIMITS["help-request"].amount):
        limits.count(what="help-request", whose=limits.UNKNOWN, seconds=3600, now=timezone.now())
    assert Client(headers={"x-forwarded-for": "nonsense"}).post(reverse("help-request"), {}).status_code == 429


def test_an_area_is_not_flooded_and_the_health_page_tells(world: World) -> None:
    def ask(area: int, number: int) -> int:
        return Client(REMOTE_ADDR=f"192.0.2.{number}").post(reverse("help-request"), {"area": str(area)}).status_code

    for _n in range(limits.AREA_CEILING - 1):
        limits.count(what="help-request area", whose=str(world.area.pk), seconds=limits.AREA_SECONDS, now=timezone.now())
    assert alarms.help_requests()["status"] == "ok"
    assert [ask(world.area.pk, 1), ask(world.area.pk, 2), ask(world.other_area.pk, 3)] == [422, 429, 422]
    assert alarms.help_requests() == {
        "status": "failing", "counts": {"turned_away": 1}, "text": alarms.help_requests()["text"],
    }  # fmt: skip
