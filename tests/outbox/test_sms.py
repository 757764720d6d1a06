"""SMS: a gateway over HTTP, a file, and nothing at all; what fails for good and what is tried again."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.outbox.rows import NOW, answering, message, told
from tests.outbox.servers import gateway
from yhteiso.outbox import relay
from yhteiso.outbox.actions import put
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Letter

NUMBER = "+358401234567"
FIELDS = {"to": "recipient", "text": "body", "id": "clientRef", "sender": "from", "ref": "id"}

pytestmark = pytest.mark.django_db


def sms(**changes: Any) -> dict[str, Any]:
    return {"backend": "http", "url": "", "file": "", "token": "", "sender": "", "fields": FIELDS} | changes


def carried(row: Outgoing | None = None) -> Outgoing:
    put([row or message(channel="sms")])
    with answering(lambda row, now: Letter(NUMBER, "fi")):
        relay.drain(clock=lambda: NOW)
    return Outgoing.objects.get()


def test_the_gateway_gets_number_text_and_the_same_key_at_each_try(settings) -> None:
    with gateway() as (server, url):
        settings.SMS = sms(url=url, token="t0ken", sender="Yhteiso")
        row = carried()
    assert (row.state, row.provider_ref) == ("sent", "g-17")
    (path, headers, content), = server.calls  # fmt: skip
    assert path == "/send"
    assert (headers["Idempotency-Key"], headers["Authorization"]) == (row.id.hex, "Bearer t0ken")
    text = "Sinulle on viesti Yhteisossa. https://yhteiso.example/messages/"
    assert content == {"recipient": NUMBER, "body": text, "clientRef": row.id.hex, "from": "Yhteiso"}


@pytest.mark.parametrize(
    ("status", "state"), [(404, "failed"), (422, "failed"), (401, "ready"), (429, "ready"), (500, "ready"), (302, "ready")]
)
def test_no_such_number_fails_at_once_and_anything_else_is_tried_again(settings, caplog, status: int, state: str) -> None:
    with gateway(status) as (server, url), told() as heard:
        settings.SMS = sms(url=url)
        row = carried()
    assert (row.state, row.last_error) == (state, f"http-{status}")
    assert len(heard) == (state == "failed")
    assert {path for path, _, _ in server.calls} == {"/send"}, "a redirect is not followed"
    assert len({headers["Idempotency-Key"] for _, headers, _ in server.calls}) == 1
    assert NUMBER not in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"id": {"a": 1}}', b'{"id": null}', b"\xff"])
def test_whatever_the_gateway_answers_the_message_has_left(settings, body: bytes) -> None:
    with gateway(200, body) as (_server, url):
        settings.SMS = sms(url=url)
        row = carried()
    assert (row.state, row.provider_ref) == ("sent", "")


def test_a_gateway_that_is_away_is_tried_again(settings) -> None:
    settings.SMS = sms(url="http://127.0.0.1:1/send")
    assert (carried().state, Outgoing.objects.get().last_error) == ("ready", "ConnectionError")


def test_the_file_holds_one_json_object_a_line(settings, tmp_path: Path) -> None:
    settings.SMS = sms(backend="file", file=str(tmp_path / "sms.jsonl"))
    row = carried()
    assert [json.loads(line) for line in (tmp_path / "sms.jsonl").read_text().splitlines()] == [
        {"id": row.id.hex, "to": NUMBER, "text": "Sinulle on viesti Yhteisossa. https://yhteiso.example/messages/"}
    ]
    settings.SMS = sms(backend="file", file=str(tmp_path / "no" / "folder"))
    Outgoing.objects.update(state="ready")
    with answering(lambda row, now: Letter(NUMBER, "fi")):
        relay.drain(clock=lambda: NOW)
    assert Outgoing.objects.get().last_error == "FileNotFoundError"


def test_the_console_of_a_trial_and_no_gateway_at_all(settings, capsys) -> None:
    settings.SMS = sms(backend="console")
    assert carried().state == "sent"
    assert NUMBER in capsys.readouterr().out
    Outgoing.objects.update(state="ready")
    settings.SMS = sms(backend="none")
    with answering(lambda row, now: Letter(NUMBER, "fi")), told() as heard:
        relay.drain(clock=lambda: NOW)
    assert (Outgoing.objects.get().last_error, len(heard)) == ("no-sms-gateway", 1)
