"""What a process checks before it serves: each unsafe setting, the login, the demonstration's mark."""

import base64
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from yhteiso import environment, start
from yhteiso.lib import cipher

LONG = "k" * 60
KEY, OTHER = (base64.b64encode(bytes(range(first, first + 32))).decode() for first in (0, 100))
SHORT = base64.b64encode(bytes(range(31))).decode()


@pytest.fixture
def safe(settings) -> None:
    settings.DEBUG, settings.SECRET_KEY, settings.HTTPS, settings.DEMO = False, LONG, True, False
    settings.FIELD_KEYS, settings.BLIND_KEY = f"1:{KEY}", OTHER
    settings.BASE_URL = "https://yhteiso.example"


def test_safe_settings_are_safe(safe: None) -> None:
    assert start.unsafe_settings() == []
    assert start.production_settings() == []


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [("DEBUG", True, "DEBUG"), ("SECRET_KEY", "short", "SECRET_KEY"), ("SECRET_KEY", "django-insecure-" + LONG, "SECRET_KEY"),
     ("HTTPS", False, "HTTPS"), ("BASE_URL", "", "BASE_URL"), ("BASE_URL", "http://yhteiso.example", "BASE_URL"), ("FIELD_KEYS", "", "missing"), ("BLIND_KEY", "", "missing"),
     ("FIELD_KEYS", f"1:{SHORT}", "32 bytes"), ("BLIND_KEY", SHORT, "32 bytes"), ("FIELD_KEYS", KEY, "1:base64"),
     ("FIELD_KEYS", f"1:{KEY},1:{SHORT}", "once"), ("FIELD_KEYS", "1:not base64", "base64"),
     ("FIELD_KEYS", f"1:{cipher.DEMONSTRATION_TEXT}", "demonstration"), ("BLIND_KEY", cipher.DEMONSTRATION_TEXT, "demonstration"),
     ("FIELD_KEYS", f"1:{base64.b64encode(bytes(32)).decode()}", "guessed"), ("BLIND_KEY", KEY, "twice")],
)  # fmt: skip
def test_each_unsafe_setting_is_named(safe: None, settings, name: str, value: object, word: str) -> None:
    setattr(settings, name, value)
    assert [text for text in start.unsafe_settings() if word in text]
    assert start.production_settings()[0].id == "yhteiso.E001"
    assert not any(key in text for key in (KEY, SHORT, OTHER) for text in start.unsafe_settings()), "never quoted"


def test_the_jobs_start_without_the_keys(safe: None, settings) -> None:
    settings.FIELD_KEYS = settings.BLIND_KEY = ""
    assert start.unsafe_settings()
    assert start.unsafe_settings(keys=False) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_the_owner_s_login_and_an_unmarked_demonstration_are_refused(safe: None, settings) -> None:
    with pytest.raises(ImproperlyConfigured, match="yhteiso_owner owns tables"):
        start.verify_process()
    settings.DEMO = True
    with pytest.raises(ImproperlyConfigured, match="marked as a demonstration"):
        start.verify_process()
    with pytest.raises(SystemExit, match="Refused to start"):
        start.verify_jobs()


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_debug_never_opens_a_database_of_real_families(safe: None, settings) -> None:
    settings.DEBUG = True
    with pytest.raises(ImproperlyConfigured, match="DEBUG is on"):
        start.verify_process()


def test_a_flag_is_yes_or_no_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "yes")
    assert environment.flag("DEMO", False) is True
    monkeypatch.setenv("DEMO", "ture")
    with pytest.raises(ImproperlyConfigured, match="DEMO"):
        environment.flag("DEMO", False)


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert environment.text("SECRET_KEY") == "hush"
    monkeypatch.delenv("REDIS_URL", raising=False)
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        environment.text("REDIS_URL")


def test_a_database_address_is_read_whole() -> None:
    facts = environment.database("postgresql://web:p%40ss@db.example:6432/yhteiso?sslmode=require")
    assert (facts["USER"], facts["PASSWORD"], facts["HOST"], facts["PORT"], facts["NAME"]) == (
        "web", "p@ss", "db.example", "6432", "yhteiso",
    )  # fmt: skip
    assert facts["OPTIONS"] == {"sslmode": "require"}
    assert environment.database("postgresql://w:p@/d?host=/run/x")["HOST"] == "/run/x"
    with pytest.raises(ImproperlyConfigured):
        environment.database("sqlite:///x")


def test_health_answers_machines(db: None) -> None:
    answer = Client().get("/health/live/")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert Client().post("/health/live/").status_code == 405


@pytest.mark.parametrize("page", ["/help/", "/privacy/", "/accessibility/"])
def test_open_pages_are_open(db: None, page: str) -> None:
    assert Client().get(page).status_code == 200


def test_a_form_without_its_token_gets_a_clear_page(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/account/login/", {"login": "x"})
    assert answer.status_code == 403
    assert "Traceback" not in answer.content.decode()
    assert '<html lang="fi"' in answer.content.decode()


def test_plain_http_is_led_to_https(settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/help/")
    assert (answer.status_code, answer.url[:8]) == (301, "https://")
