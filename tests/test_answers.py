"""What every answer keeps to: its kind is said, what people wrote stays text, nothing but pages is served."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from networks.models import User
from tests.personas import PASSWORD, World
from tests.test_access_matrix import Scene, addresses, rows

BAD = '"><script>alert(1)</script>{{ 7|add:7 }}{% now "Y" %}<img src=x onerror=alert(1)>javascript:alert(1)'
KINDS = re.compile(r"text/html; charset=utf-8|application/json|application/pdf|text/(plain|csv); charset=utf-8")

# Steps of one's own sign-in, one page away from the way out.
STEPS = {"mfa_add_webauthn", "mfa_generate_recovery_codes", "account_set_password"}


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


@pytest.mark.parametrize("persona", ["coordinator", "member", "officer", "administrator"])
def test_every_answer_says_its_kind_and_every_page_has_its_way_out(scene: Scene, persona: str) -> None:
    behind_sign_in = {row["url"] for row in rows() if row["method"] == "GET" and row["anonymous"] == "login"}
    shown, without = set(), set()
    for name in sorted(set(addresses())):
        answer = scene.ask(persona, "GET", name)
        if not answer.content:
            continue
        assert KINDS.fullmatch(answer["Content-Type"]), (name, answer["Content-Type"])
        if answer.status_code == 200 and "html" in answer["Content-Type"] and name in behind_sign_in:
            shown.add(name)
            if f'action="{reverse("account_logout")}"' not in answer.content.decode():
                without.add(name)
    assert len(shown) > 5
    assert without <= STEPS


def test_what_somebody_wrote_is_text_on_every_page(world: World) -> None:
    case = world.case(child=BAD[:60])
    client, seen = world.client(world.coordinator), 0
    for name, args in (("home", []), ("board", []), ("case-list", []), ("case", [case.ref]), ("case-network", [case.ref])):
        page = client.get(reverse(name, args=args), follow=True).content.decode()
        assert "<script>alert" not in page, name
        assert "onerror" not in page.replace("&lt;img src=x onerror", ""), name
        assert "14" not in page.partition("{{ 7|add")[2][:10], name
        seen += "&lt;script&gt;alert" in page
    assert seen >= 3


def test_no_answer_is_for_another_site_s_script(world: World) -> None:
    client = world.client(world.member)
    for origin in ("https://paha.example", "null", "http://testserver"):
        for answer in (client.get("/", headers={"origin": origin}), client.options("/", headers={"origin": origin})):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "X"])
def test_no_page_takes_a_method_that_is_not_its_own(scene: Scene, method: str) -> None:
    client = scene.world.client(scene.world.member)
    client.raise_request_exception = False
    taken = {}
    for name in sorted(set(addresses())):
        answer = client.generic(method, scene.url(name), b"KAIKU")
        assert b"KAIKU" not in answer.content, name
        if answer.status_code in (200, 201):
            taken[name] = answer.status_code
    # The library tells there that a link no longer works, before it looks at the method.
    assert set(taken) <= {"account_reset_password_from_key"}


@pytest.mark.parametrize(
    "path",
    ["/.git/config", "/.git/HEAD", "/.env", "/manage.py", "/yhteiso/settings.py", "/requirements.txt", "/static/",
     "/static/css/", "/static/../yhteiso/settings.py", "/static/%2e%2e/manage.py", "/static/..%2fmanage.py", "/docs/",
     "/admin/doc/", "/debug/", "/__debug__/", "/metrics", "/api/", "/api/schema/", "/komponentit/", "/server-status"],
)  # fmt: skip
def test_nothing_but_pages_is_served(world: World, path: str) -> None:
    for client in (Client(), world.client(world.administrator)):
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code in (302, 404), path
        assert b"SECRET_KEY" not in body
        assert b"repositoryformatversion" not in body


def test_a_field_of_the_form_is_read_from_the_form_only(world: World) -> None:
    """The same name in the address is not the form's; two in the form are one value, not two."""
    user = world.professional
    user.set_password(PASSWORD)
    user.save()
    where = reverse("account_login") + f"?login={user.email}&password={PASSWORD}"
    assert Client().post(where, {}).status_code != 302
    twice = {"login": ["ei@esimerkki.invalid", user.email], "password": [PASSWORD, "väärä"]}
    assert Client().post(reverse("account_login"), twice).status_code != 302
    assert User.objects.get(pk=user.pk).last_login is None


def test_a_header_is_not_written_by_what_was_typed(world: World) -> None:
    evil = "/cases/%0d%0aSet-Cookie:%20x=1"
    client = Client()
    for where in (f"{reverse('account_login')}?next={evil}", f"{reverse('account_lock')}?next=%0d%0aX-Evil:%201", evil):
        answer = client.get(where)
        assert "X-Evil" not in answer.headers
        assert "x" not in answer.cookies
    answer = client.post(reverse("set_language"), {"language": "fi\r\nX-Evil: 1", "next": "/\r\nX-Evil: 1"})
    assert "X-Evil" not in answer.headers
    assert answer.status_code < 500
