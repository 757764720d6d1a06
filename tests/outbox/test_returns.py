"""What comes back: a mail server's report (RFC 3464) and what is none, and the commands that read them."""

import io
import mailbox
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from tests.outbox.rows import NOW, answering, message, told
from yhteiso.outbox import registry, relay, telling
from yhteiso.outbox.actions import note_report, put
from yhteiso.outbox.channels import message_id
from yhteiso.outbox.models import Attempt, DeliveryReport, Outgoing
from yhteiso.outbox.returns import read_bounce, take_bounce, take_reports

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=3)


def report(own_id: str, *, status: str = "5.1.1", action: str = "failed", part: str = "message/rfc822") -> bytes:
    """As mail servers write it: words for people, fields for machines, and our own mail or its headers."""
    return f"""From: MAILER-DAEMON@mail.example.invalid
To: yhteiso@localhost
Message-ID: <0123456789abcdef0123456789abcdef@mail.example.invalid>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=utf-8

<aino.korpela@koulu.invalid>: no such person
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.invalid

Final-Recipient: rfc822; aino.korpela@koulu.invalid
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such person

--B
Content-Type: {part}

From: yhteiso@localhost
To: aino.korpela@koulu.invalid
Message-ID: {own_id}
Subject: Sinulle on viesti Yhteisossa

Sinulle on viesti Yhteisossa.
--B--
""".replace("\n", "\r\n").encode()


@pytest.fixture
def sent() -> Outgoing:
    put([message()])
    with answering():
        relay.drain(clock=lambda: NOW)
    return Outgoing.objects.get()


@pytest.mark.parametrize("part", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_of_failure_marks_the_message_and_tells_it_once(sent: Outgoing, part: str) -> None:
    raw = report(message_id(sent.id), part=part)
    with told() as heard:
        assert take_bounce(raw, now=LATER) == "failed"
        assert take_bounce(raw, now=LATER) == "ignored", "told twice"
    row = Outgoing.objects.get()
    assert (row.state, row.failed_at, row.last_error, row.sent_at) == ("failed", LATER, "bounce-5.1.1", NOW)
    assert heard == [(row.pk, LATER)]
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["sent"], "how the try ended stays true"


def test_a_delay_is_no_failure_and_an_end_after_delays_is_one(sent: Outgoing) -> None:
    with told() as heard:
        assert take_bounce(report(message_id(sent.id), status="4.4.1", action="delayed"), now=LATER) == "ignored"
        assert take_bounce(report(message_id(sent.id), status="2.1.5", action="delivered"), now=LATER) == "ignored"
        assert heard == []
        assert take_bounce(report(message_id(sent.id), status="4.4.7", action="failed"), now=LATER) == "failed"
    assert len(heard) == 1


def test_a_report_without_an_action_counts_by_its_status(sent: Outgoing) -> None:
    raw = report(message_id(sent.id)).replace(b"Action: failed\r\n", b"")
    found = read_bounce(raw)
    assert found is not None
    assert (found.outgoing_id, found.final) == (sent.id, True)
    assert not read_bounce(raw.replace(b"5.1.1", b"4.1.1")).final


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe\x00", b"Subject: hello\r\n\r\n<00112233445566778899aabbccddeeff@x>", report("<someone@else>"),
     report("<00112233445566778899aabbccddeeff@localhost>"), report("").replace(b"Status", b"Stutus").replace(b"Action", b"Act"),
     report("x").replace(b'boundary="B"', b""), b"Content-Type: multipart/report\r\n\r\n" + b"--B\r\n" * 500],
)  # fmt: skip
def test_any_other_mail_is_unknown_and_never_an_error(sent: Outgoing, raw: bytes) -> None:
    assert take_bounce(raw, now=LATER) == "unknown"
    assert Outgoing.objects.get().state == "sent"


def test_a_hook_that_fails_is_told_again_by_the_relay_and_the_report_stands(sent: Outgoing) -> None:
    def hook(row: Outgoing, now: object) -> None:
        raise ZeroDivisionError

    registry.FAILURE_HOOKS.append(hook)
    try:
        assert take_bounce(report(message_id(sent.id)), now=LATER) == "failed"
    finally:
        registry.FAILURE_HOOKS.remove(hook)
    row = Outgoing.objects.get()
    assert (row.state, row.told_at) == ("failed", None)
    with told() as heard:
        relay.drain(clock=lambda: LATER)
        assert heard == [], "not at once again"
        relay.drain(clock=lambda: LATER + telling.PAUSE)
    assert heard == [(row.pk, LATER + telling.PAUSE)]


def test_a_message_that_never_left_can_t_come_back() -> None:
    row = message()
    put([row])
    assert take_bounce(report(message_id(row.id)), now=NOW) == "ignored"
    assert Outgoing.objects.get().state == "ready"


def test_a_report_that_overtakes_the_relay_s_mark_holds() -> None:
    row = message()
    put([row])
    (taken,) = relay.claim(now=NOW)
    with answering(), told() as heard:
        assert take_bounce(report(message_id(row.id)), now=NOW) == "failed"
        assert relay.carry(taken, clock=lambda: NOW) == "stale"
    assert (Outgoing.objects.get().state, len(heard)) == ("failed", 1)


def test_the_gateway_s_word_is_carried_out_once_and_an_unknown_one_forgotten(sent: Outgoing) -> None:
    for key in (sent.id, sent.id, "01890a5d-ac96-774b-bcce-b302099a8057"):
        note_report(outgoing_id=str(key), code="gateway-failed", now=NOW)
    with told() as heard:
        assert take_reports(now=LATER) == 1
        assert take_reports(now=LATER) == 0
    assert Outgoing.objects.get().last_error == "gateway-failed"
    assert (len(heard), DeliveryReport.objects.count()) == (1, 0)


def test_the_command_reads_a_maildir_once(sent: Outgoing, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    for raw in (
        report(message_id(sent.id)),
        b"Subject: lunch\r\n\r\nfish",
        report(message_id(sent.id), action="delayed", status="4.0.0"),
    ):
        box.add(raw)
    out = io.StringIO()
    with told() as heard:
        call_command("read_bounces", maildir=str(tmp_path / "box"), stdout=out)
        call_command("read_bounces", maildir=str(tmp_path / "box"), stdout=out)
    assert sorted(out.getvalue().splitlines()[0].split(", ")) == ["1 failed", "1 ignored", "1 unknown"]
    assert out.getvalue().splitlines()[1] == "0 failed, 0 ignored, 0 unknown"
    assert len(heard) == 1


def test_the_command_reads_one_mail_from_a_pipe(sent: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(report(message_id(sent.id)))))
    out = io.StringIO()
    call_command("read_bounces", stdout=out)
    assert out.getvalue().strip() == "1 failed, 0 ignored, 0 unknown"


def test_one_round_of_the_relay_by_hand(sent: Outgoing) -> None:
    note_report(outgoing_id=str(sent.id), code="gateway-failed", now=NOW)
    put([message("k2")])
    out = io.StringIO()
    with answering():
        call_command("relay", once=True, stdout=out)
    assert out.getvalue().strip() == "1 carried"
    assert list(Outgoing.objects.order_by("key").values_list("state", flat=True)) == ["failed", "sent"]


def test_celery_s_entry_does_the_same(sent: Outgoing) -> None:
    from yhteiso.outbox.tasks import drain

    put([message("k2"), message("k3")])
    with answering():
        assert drain() == 2
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"sent"}
