"""The page behind a family's link, the gateway's call, and the settings of both."""

import hashlib
import hmac
import json
import logging

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from tests.outbox.rows import NOW, answering, message, told
from tests.personas import World
from yhteiso import environment
from yhteiso.logs import NoContent
from yhteiso.outbox import relay
from yhteiso.outbox.actions import put
from yhteiso.outbox.models import DeliveryReport, Outgoing
from yhteiso.outbox.returns import take_reports

SECRET = "a gateway's secret"
UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
def family(world: World) -> Outgoing:
    """A message to a family of the other area, which is nobody's first."""
    case = world.case()
    row = message(
        text="meeting", to_user_id=None, to_contact_id=3, area_id=world.other_area.pk, about=case.ref, case_id=case.pk
    )
    put([row])
    return row


@pytest.mark.parametrize("who", ["", "member", "unit_head", "leader", "officer", "administrator"])
def test_the_link_shows_its_area_s_number_to_anybody_and_nothing_else(world: World, family: Outgoing, who: str) -> None:
    client = world.client(getattr(world, who)) if who else Client()
    answer = client.get(f"/number/{family.link_token}/")
    page = answer.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert answer.status_code == 200
    assert 'href="tel:080009999"' in main
    assert "08 000 9999" in main
    assert "08 000 1234" not in main, "not the first area's"
    for word in ("Haapaniemi", family.about, "Tapaaminen", "tapaami", "Perheohjaus"):
        assert word not in main
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", [UNKNOWN, "x", "%00", "' OR 1=1 --", "å" * 22, "A" * 400])
def test_an_unknown_link_gets_the_same_page_with_advice(world: World, family: Outgoing, token: str) -> None:
    answer = Client().get(f"/number/{token}/")
    assert answer.status_code == 200
    assert "ei ole enää käytössä" in answer.content.decode()
    assert "9999" not in answer.content.decode()
    assert Client().post(f"/number/{token}/").status_code in {403, 405}


def test_a_link_is_not_written_to_the_log(family: Outgoing) -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "GET /number/%s/", (family.link_token,), None)
    NoContent().filter(record)
    assert record.getMessage() == "GET /number/…/"


def call(body: bytes, signature: str | None = None) -> int:
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest() if signature is None else signature
    answer = Client(enforce_csrf_checks=True).post(
        "/delivery-reports/", body, content_type="application/json", headers={"X-Signature": signed}
    )
    return answer.status_code


@pytest.fixture
def sent(world: World, settings) -> Outgoing:
    settings.SMS_REPORT_SECRET = SECRET
    put([message()])
    with answering():
        relay.drain(clock=lambda: NOW)
    return Outgoing.objects.get()


def test_a_signed_failure_marks_the_message_however_often_it_is_told(sent: Outgoing) -> None:
    body = json.dumps({"id": sent.id.hex, "status": "Failed", "to": "+358401234567"}).encode()
    assert [call(body), call(body)] == [204, 204]
    assert DeliveryReport.objects.count() == 2
    with told() as heard:
        take_reports(now=NOW)
    assert (Outgoing.objects.get().state, Outgoing.objects.get().last_error, len(heard)) == ("failed", "gateway-failed", 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"null", 400), (b'{"id": 1}', 400), (b"\xff", 400), (b"[" * 4000, 400), (b"x" * 5000, 413),
     (b'{"id": "no uuid", "status": "failed"}', 204), (b'{"id": "\\u0000", "status": "failed"}', 204),
     (b'{"id": "01890a5dac96774bbcceb302099a8057", "status": "failed"}', 204)],
)  # fmt: skip
def test_what_is_signed_but_unknown_or_broken_changes_nothing(sent: Outgoing, body: bytes, status: int) -> None:
    assert call(body) == status
    take_reports(now=NOW)
    assert Outgoing.objects.get().state == "sent"


def test_a_word_of_success_is_taken_and_not_kept(sent: Outgoing) -> None:
    assert call(json.dumps({"id": sent.id.hex, "status": "delivered"}).encode()) == 204
    assert not DeliveryReport.objects.exists()


@pytest.mark.parametrize("signature", ["", "00", "å", "f" * 64])
def test_nothing_unsigned_is_believed(sent: Outgoing, settings, signature: str) -> None:
    body = json.dumps({"id": sent.id.hex, "status": "failed"}).encode()
    assert call(body, signature) == 403
    settings.SMS_REPORT_SECRET = ""
    assert call(body) == 403
    assert call(body, hmac.new(b"", body, hashlib.sha256).hexdigest()) == 403, "an empty secret signs nothing"
    assert not DeliveryReport.objects.exists()
    assert Client().get("/delivery-reports/").status_code == 405


def test_the_settings_refuse_what_would_send_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_GATEWAY_URL", "http://gateway.example/send")
    with pytest.raises(ImproperlyConfigured, match="https"):
        environment.sms(trial=True, plain=False)
    assert environment.sms(trial=False, plain=True)["backend"] == "http"
    monkeypatch.setenv("SMS_GATEWAY_URL", "file:///etc/passwd")
    with pytest.raises(ImproperlyConfigured, match="https"):
        environment.sms(trial=True, plain=True)
    monkeypatch.setenv("SMS_GATEWAY_URL", "https://gateway.example/send")
    monkeypatch.setenv("SMS_GATEWAY_FIELDS", "to=recipient, ref=messageId")
    fields = environment.sms(trial=False, plain=False)["fields"]
    assert fields == {"to": "recipient", "text": "text", "id": "id", "sender": "from", "ref": "messageId"}
    for wrong in ("to", "to=", "who=x"):
        monkeypatch.setenv("SMS_GATEWAY_FIELDS", wrong)
        with pytest.raises(ImproperlyConfigured, match="SMS_GATEWAY_FIELDS"):
            environment.sms(trial=False, plain=False)


def test_the_way_out_is_chosen_by_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMS_GATEWAY_URL", "SMS_FILE", "EMAIL_HOST", "EMAIL_FOLDER", "EMAIL_PORT", "EMAIL_SECURITY"):
        monkeypatch.delenv(name, raising=False)
    assert [environment.sms(trial=trial, plain=False)["backend"] for trial in (True, False)] == ["console", "none"]
    monkeypatch.setenv("SMS_FILE", "/tmp/x")
    assert environment.sms(trial=False, plain=False)["backend"] == "file"
    assert environment.mailer()["BACKEND"].endswith("console.EmailBackend")
    monkeypatch.setenv("EMAIL_FOLDER", "/tmp/mails")
    assert environment.mailer()["OPTIONS"] == {"file_path": "/tmp/mails"}
    monkeypatch.setenv("EMAIL_HOST", "mail.example")
    monkeypatch.setenv("EMAIL_SECURITY", "tls")
    options = environment.mailer()["OPTIONS"]
    assert (options["host"], options["port"], options["use_ssl"], options["use_tls"]) == ("mail.example", 465, True, False)
    monkeypatch.setenv("EMAIL_SECURITY", "ssl")
    with pytest.raises(ImproperlyConfigured, match="EMAIL_SECURITY"):
        environment.mailer()


@pytest.mark.parametrize("wrong", ["https://" + "y" * 40, "ftp://y.fi", "https://y.fi/path", "y.fi", "https://y.fi?x"])
def test_a_site_that_no_message_could_lead_to_is_refused(wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="BASE_URL"):
        environment.site(wrong)
    assert environment.site("https://y.fi/") == "https://y.fi"
    assert environment.site("") == ""
