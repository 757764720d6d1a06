"""One's own sessions, and the lock of a shared device."""

import time
from urllib.parse import unquote

import pytest
from django.conf import settings as conf
from django.test import Client
from django.urls import reverse

from networks import sessions
from networks.models import OpenSession, User
from tests.personas import PASSWORD, World

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"


def came_in(user: User, agent: str = WINDOWS) -> Client:
    """A real sign-in by the demonstration's door."""
    client = Client(headers={"user-agent": agent})
    assert client.post(reverse("demo-signin"), {"account": user.pk}).status_code == 302
    return client


@pytest.fixture(autouse=True)
def demonstration(settings) -> None:
    settings.DEMO = True


@pytest.mark.parametrize(
    ("agent", "family"),
    [(WINDOWS, "Firefox, Windows"), (IPHONE, "Safari, iPhone"), (EDGE, "Edge, Windows"), ("", ""), ("curl/8", ""),
     ("x" * 5000 + "Firefox", "")],
)  # fmt: skip
def test_a_browser_in_words(agent: str, family: str) -> None:
    assert sessions.browser_family(agent) == family


def test_the_list_shows_one_s_own_sessions_only(world: World) -> None:
    here, _other = came_in(world.professional), came_in(world.professional, IPHONE)
    came_in(world.member, EDGE)
    page = here.get(reverse("account_sessions")).content.decode()
    assert "Firefox, Windows" in page
    assert "Safari, iPhone" in page
    assert "Edge" not in page
    assert "127.0.0.1" not in page
    assert page.index("Firefox") < page.index("Safari, iPhone")


def test_an_ended_session_is_out_at_its_next_request(world: World) -> None:
    here, other = came_in(world.professional), came_in(world.professional, IPHONE)
    assert other.get(reverse("home")).status_code == 200
    row = OpenSession.objects.get(browser="Safari, iPhone")
    assert here.post(reverse("account_session_end", args=[row.pk])).status_code == 302
    assert other.get(reverse("home")).url.startswith(reverse("account_login"))
    assert here.get(reverse("home")).status_code == 200


def test_nobody_ends_another_s_session(world: World) -> None:
    here, other = came_in(world.professional), came_in(world.member)
    row = OpenSession.objects.get(user=world.member)
    assert here.post(reverse("account_session_end", args=[row.pk])).status_code == 404
    assert other.get(reverse("home")).status_code == 200


def test_all_the_others_end_at_once(world: World) -> None:
    here, *others = [came_in(world.professional) for _n in range(3)]
    stranger = came_in(world.member)
    here.post(reverse("account_sessions_end_others"))
    assert [client.get(reverse("home")).status_code for client in (here, *others, stranger)] == [200, 302, 302, 200]


def test_signing_out_leaves_nothing_in_the_list(world: World) -> None:
    here, other = came_in(world.professional), came_in(world.professional, IPHONE)
    other.post(reverse("account_logout"))
    assert "Safari, iPhone" not in here.get(reverse("account_sessions")).content.decode()


def test_rows_of_sessions_that_are_over_go_away(world: World) -> None:
    came_in(world.professional).post(reverse("account_logout"))
    came_in(world.professional)
    assert OpenSession.objects.filter(user=world.professional).count() == 1


def test_a_disabled_account_s_sessions_are_all_out(world: World) -> None:
    clients = [came_in(world.professional) for _n in range(2)]
    User.objects.filter(pk=world.professional.pk).update(is_active=False)
    assert {client.get(reverse("home")).status_code for client in clients} == {302}
    assert {client.post(reverse("keepalive")).status_code for client in clients} == {302}


# -- the lock ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def locked(world: World) -> Client:
    world.case()
    client = came_in(world.member)
    client.post(reverse("account_shared"), {"shared": "1"})
    assert client.post(reverse("account_lock"), {"next": reverse("case-list")}).status_code == 302
    return client


def test_a_locked_session_shows_nothing_but_the_lock(locked: Client, world: World) -> None:
    for name in ("home", "case-list", "commitment-list", "mfa_index", "account_sessions", "concern-new"):
        answer = locked.get(reverse(name))
        assert unquote(answer.url) == f"{reverse('account_lock')}?next={reverse(name)}", name
    assert locked.post(reverse("keepalive")).url == reverse("account_lock")
    assert locked.post(reverse("role"), {"role": "1"}).url == reverse("account_lock")
    for name in ("account_lock", "help", "privacy"):
        page = locked.get(reverse(name)).content.decode()
        assert world.member.name not in page
        assert "Hietaniitty" not in page
        assert "Aatu" not in page
        assert reverse("case-list") not in page.replace('name="next"', "")[: page.index("<main")]
    assert "Sari H." in locked.get(reverse("account_lock")).content.decode()


def test_htmx_leaves_the_page_when_it_meets_the_lock(locked: Client) -> None:
    answer = locked.post(reverse("role"), {"role": "1"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, reverse("account_lock"))


def test_the_lock_opens_and_leads_back(locked: Client) -> None:
    assert locked.post(reverse("account_confirm"), {"next": reverse("case-list")}).url == reverse("case-list")
    assert locked.get(reverse("case-list")).status_code == 200
    assert locked.get(reverse("account_lock")).url == reverse("home")


def test_a_password_opens_the_lock_and_a_wrong_one_does_not(world: World) -> None:
    world.member.set_password(PASSWORD)
    world.member.save()
    client = world.client(world.member)
    client.post(reverse("account_lock"))
    client.post(reverse("account_reauthenticate"), {"password": "väärä-salasana-kokonaan"})
    assert client.get(reverse("home")).url.startswith(reverse("account_lock"))
    assert client.post(reverse("account_confirm")).status_code == 404
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": reverse("case-list")})
    assert answer.url == reverse("case-list")
    assert client.get(reverse("home")).status_code == 200


def test_somebody_else_may_sign_out_a_locked_session(locked: Client) -> None:
    locked.post(reverse("account_logout"))
    assert locked.get(reverse("home")).url.startswith(reverse("account_login"))


def rest(client: Client, seconds: int) -> None:
    session = client.session
    session[sessions.SEEN] = int(time.time()) - seconds
    session.save()


def test_a_shared_device_locks_after_fifteen_minutes(world: World) -> None:
    client = came_in(world.member)
    client.post(reverse("account_shared"), {"shared": "1"})
    assert f'data-idle-seconds="{conf.SHARED_IDLE_AGE}"' in client.get(reverse("home")).content.decode()
    rest(client, 14 * 60)
    assert client.get(reverse("home")).status_code == 200
    rest(client, 16 * 60)
    assert client.get(reverse("home")).url.startswith(reverse("account_lock"))


def test_one_s_own_device_does_not_lock(world: World) -> None:
    client = came_in(world.member)
    rest(client, 16 * 60)
    page = client.get(reverse("home"))
    assert page.status_code == 200
    assert f'data-idle-seconds="{conf.SESSION_COOKIE_AGE}"' in page.content.decode()
    assert reverse("account_lock") not in page.content.decode()
