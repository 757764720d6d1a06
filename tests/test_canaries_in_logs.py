"""What errors say: nothing that anybody typed. Every form of every page is sent with canaries while the database refuses.

The refusal is real: a trigger on every table raises with the whole row in its message, as a broken rule of PostgreSQL does.
Then everything that stays behind is searched: our log as it is written, the log of reads, sessions, messages to jobs.
PostgreSQL's own log is searched in `tests/local/test_postgres.py`, where its server is at hand.
"""

import io
import json
import logging
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import redis
from django.contrib.sessions.models import Session
from django.core.serializers import serialize
from django.db import connection
from django.test import Client

from tests.test_access_matrix import Scene, addresses
from yhteiso.audit.models import LogEntry

CANARY = "KANARIALINTU"
# The session and the log are written while a page fails, and must be; counting attempts is not about anybody.
LEFT_ALONE = {"django_session", "audit_logentry", "networks_attempt", "networks_opensession", "django_migrations"}

RAISING = """
CREATE FUNCTION public.refuse_with_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'refused: %', row_to_json(NEW) USING ERRCODE = '22000', DETAIL = row_to_json(NEW)::text; END $$;
"""


class Forms(HTMLParser):
    """The POST forms of a page: where each goes, and its fields filled as a person would, with canaries for words."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.found, self.fields, self.select = address, [], None, None

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in pairs}
        if tag == "form":
            self.fields = {}
            if attributes.get("method", "").lower() == "post":
                self.found.append((attributes.get("action") or self.address, self.fields))
        elif self.fields is not None and attributes.get("name"):
            self.field(tag, attributes)
        elif tag == "option" and self.select and attributes.get("value"):
            self.fields.setdefault(self.select, attributes["value"])

    def field(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text")
        self.select = name if tag == "select" else None
        if tag == "select":
            return
        if tag == "textarea" or (kind in ("text", "search", "email", "password", "tel") and not given.get("value")):
            self.fields[name] = sample(name, kind)
        elif tag == "input" and kind in ("radio", "checkbox", "button"):
            self.fields.setdefault(name, given.get("value", "on"))
        else:
            self.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.fields = None


def sample(name: str, kind: str) -> str:
    if re.search(r"age|ika", name):
        return "5"
    if re.search(r"_on|date|day|pvm|held|due", name):
        return "16.6.2099"
    if re.search(r"time|klo|at$", name):
        return "14.30"
    return f"{CANARY.lower()}@esimerkki.invalid" if kind == "email" else f"{CANARY}-{name}"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What our own handlers write, with their own filters and formatters."""
    written, handlers = io.StringIO(), []
    for logger in (logging.getLogger(), logging.getLogger("django")):
        handlers += [handler for handler in logger.handlers if type(handler) is logging.StreamHandler]
    before = {handler: handler.setStream(written) for handler in handlers}
    assert before
    yield written
    for handler, stream in before.items():
        handler.setStream(stream)


def refuse_every_write() -> None:
    with connection.cursor() as cursor:
        cursor.execute(RAISING)
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            if table not in LEFT_ALONE:
                cursor.execute(
                    f'CREATE TRIGGER "aa_canary" BEFORE INSERT OR UPDATE ON "{table}"'
                    " FOR EACH ROW EXECUTE FUNCTION public.refuse_with_row()"
                )


def pages_of(scene: Scene, persona: str) -> list[tuple[str, str]]:
    pages = []
    for name in sorted(set(addresses())):
        answer = scene.ask(persona, "GET", name)
        if answer.status_code == 200 and "html" in answer.get("Content-Type", ""):
            pages.append((scene.url(name), answer.content.decode()))
    return pages


def fill_all(scene: Scene, persona: str) -> list[tuple[str, dict[str, Any]]]:
    """Every form that the person finds on any page, and every address that takes a POST, once each."""
    forms: dict[str, dict[str, Any]] = {}
    for address, html in pages_of(scene, persona):
        parser = Forms(address)
        parser.feed(html)
        for action, fields in parser.found:
            forms.setdefault(action, fields)
    for name in sorted(set(addresses())):
        forms.setdefault(scene.url(name), dict.fromkeys(("text", "name", "reason", "note", "code", "credential"), CANARY))
    return list(forms.items())


REFUSED = {
    "anonymous": 0,
    "coordinator": 8,
    "member": 4,
    "professional": 4,
    "unit_head": 0,
    "officer": 0,
    "administrator": 0,
}


USUAL = ("coordinator", "professional")  # the others write less; `make test-deep` asks them all


@pytest.mark.parametrize(
    "persona", [name if name in USUAL else pytest.param(name, marks=pytest.mark.deep) for name in REFUSED]
)
def test_nothing_that_was_typed_stays_behind(db: None, log: io.StringIO, persona: str) -> None:
    scene = Scene()
    forms = fill_all(scene, persona)
    refuse_every_write()
    codes = [send(scene, persona, address, fields) for address, fields in forms]
    written = log.getvalue()
    assert CANARY.lower() not in written.lower()
    assert "Traceback" not in written
    assert CANARY.lower() not in serialize("json", LogEntry.objects.all()).lower()
    assert all(CANARY.lower() not in json.dumps(row.get_decoded()).lower() for row in Session.objects.all())
    # The writes did raise, and so many of them that this tells something.
    assert written.count("\nDataError\n") >= REFUSED[persona], sorted(
        zip([a for a, _f in forms], codes, strict=True), key=str
    )
    assert_broker_is_silent()


def send(scene: Scene, persona: str, address: str, fields: dict[str, Any]) -> int:
    user = None if persona == "anonymous" else getattr(scene.world, persona)
    client: Client = scene.world.client(user)
    client.raise_request_exception = False
    answer = client.post(address, fields)
    if answer.status_code >= 500:
        assert CANARY not in answer.content.decode()
    return answer.status_code


def assert_broker_is_silent() -> None:
    """In `make test` there is a Valkey: none of its keys and values holds a word."""
    address = os.environ.get("REDIS_URL", "")
    if not address:
        return
    broker = redis.Redis.from_url(address, socket_connect_timeout=1)
    try:
        for key in broker.scan_iter():
            assert CANARY.encode() not in key + (broker.dump(key) or b"")
    except redis.ConnectionError:
        return
    finally:
        broker.close()


def test_the_search_would_find_a_word(log: io.StringIO) -> None:
    """The net has no hole: a plain message of ours is written there, and an exception's own words are not."""
    logging.getLogger("django.request").error("%s", "plain")
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("cases").exception("broken")
    assert "plain" in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert CANARY not in log.getvalue()
