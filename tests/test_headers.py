"""Every kind of page carries every header that keeps it at home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.personas import World
from tests.test_access_matrix import Scene, addresses

EXPECTED = {
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CSP = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'",
       "base-uri 'none'")  # fmt: skip
OFF = ("camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()")


def graded(answer, where: str) -> None:
    for name, value in EXPECTED.items():
        assert answer[name] == value, (where, name)
    assert "no-store" in answer["Cache-Control"], where
    for part in CSP:
        assert part in answer["Content-Security-Policy"], (where, part)
    assert "unsafe" not in answer["Content-Security-Policy"], where
    for part in OFF:
        assert part in answer["Permissions-Policy"], (where, part)


LESS = ("member", "unit_head", "leader", "officer")  # whose addresses the others have too


@pytest.mark.parametrize(
    "persona",
    ["anonymous", "coordinator", "administrator", *(pytest.param(name, marks=pytest.mark.deep) for name in LESS)],
)
def test_every_address_in_the_book(db: None, persona: str) -> None:
    """Pages, refusals, redirects and papers alike, by whoever asks."""
    scene, kinds = Scene(), set()
    for name in sorted(set(addresses())):
        answer = scene.ask(persona, "GET", name)
        graded(answer, name)
        kinds.add(answer.status_code)
    assert {302, 404, 405} <= kinds


def test_errors_too(world: World) -> None:
    client = world.client(world.member)
    graded(client.get("/ei-ole/"), "404")
    graded(client.post(reverse("home")), "405")
    graded(Client(enforce_csrf_checks=True).post(reverse("account_login")), "403 csrf")
    graded(Client().get("/", headers={"host": "paha.example"}), "400")


def test_cookies_belong_to_this_host_and_to_no_script() -> None:
    """In a process of its own: the settings of a real installation are read once, at the start."""
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE,"
        " s.SESSION_COOKIE_DOMAIN, s.SESSION_COOKIE_PATH, s.SECURE_HSTS_SECONDS >= 31536000,"
        " s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_SSL_REDIRECT)"
    )
    env = os.environ | {"DEBUG": "0", "DEMO": "0"}
    env.pop("HTTPS", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "__Host-sessionid", "__Host-csrftoken", "True", "True", "True", "True", "Lax", "None", "/", "True", "True", "True"
    ]  # fmt: skip


def test_strict_transport_security_is_sent_over_https(db: None, settings) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 63072000, True
    answer = Client().get(reverse("account_login"), secure=True)
    assert "max-age=63072000; includeSubDomains" in answer["Strict-Transport-Security"]
