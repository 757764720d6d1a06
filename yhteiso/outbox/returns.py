"""What comes back after a message was sent: a mail server's report of failure, a gateway's call."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from uuid import UUID

from yhteiso.hats.wear import wearing
from yhteiso.outbox import telling
from yhteiso.outbox.models import DeliveryReport, Outgoing, State

OUR_ID = re.compile(r"<?([0-9a-f]{32})@")
STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report about one of our messages: the row, the status, and whether the server has given up."""

    outgoing_id: UUID
    status: str
    final: bool


def fail_afterwards(*, outgoing_id: UUID, code: str, now: datetime) -> bool:
    """Mark a message failed that seemed to have left, and tell the hooks, now or later. In the jobs' hat.

    False, and nothing done, when it is unknown, failed already or was never sent.
    """
    row = Outgoing.objects.select_for_update(no_key=True).filter(pk=outgoing_id).first()
    if row is None or row.state not in (State.SENT, State.READY) or not row.attempts:
        return False
    row.state, row.failed_at, row.last_error = State.FAILED, now, code[:40]
    row.claim_token = row.claimed_until = None
    row.save(update_fields=["state", "failed_at", "last_error", "claim_token", "claimed_until"])
    telling.tell(row, now)
    return True


def take_reports(*, now: datetime) -> int:
    """Carry out what the gateway told, each in a transaction of its own. Returns how many messages failed by it.

    A report is gone with its effect: two at once, or one told twice, fail a message once.
    """
    with wearing("jobs"):
        waiting = list(DeliveryReport.objects.order_by("at", "id").values_list("pk", "outgoing_id", "code"))
    failed = 0
    for pk, outgoing_id, code in waiting:
        with wearing("jobs"):
            if DeliveryReport.objects.filter(pk=pk).delete()[0]:
                failed += fail_afterwards(outgoing_id=outgoing_id, code=code, now=now)
    return failed


def take_bounce(raw: bytes, *, now: datetime) -> str:
    """Carry out one mail: "failed", "ignored" (only late, or known already) or "unknown" (no report about us). Never raises
    for what a mail contains.
    """
    bounce = read_bounce(raw)
    if bounce is None:
        return "unknown"
    with wearing("jobs"):
        if not Outgoing.objects.filter(pk=bounce.outgoing_id).exists():
            return "unknown"
        if not bounce.final:
            return "ignored"
        done = fail_afterwards(outgoing_id=bounce.outgoing_id, code=f"bounce-{bounce.status}", now=now)
    return "failed" if done else "ignored"


def read_bounce(raw: bytes) -> Bounce | None:
    """What a delivery report (RFC 3464) says of one of our messages; None for any other mail, however broken."""
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        return _bounce(mail) if mail.get_content_type() == "multipart/report" else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _bounce(mail: Message) -> Bounce | None:
    ours, status, action = None, "", ""
    for part in mail.walk():
        if part is mail:
            continue
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            ours = ours or _our_id(message_from_bytes(payload if isinstance(payload, bytes) else b""))
        ours = ours or _our_id(part)
        status, action = status or _field(part, "Status"), action or _field(part, "Action")
    found = STATUS.match(status)
    if ours is None or not (found or action):
        return None
    final = action == "failed" if action else bool(found and found[1] == "5")
    return Bounce(ours, found[0] if found else "", final)


def _field(part: Message, name: str) -> str:
    return str(part.get(name, "")).strip().lower()


def _our_id(part: Message) -> UUID | None:
    found = OUR_ID.match(_field(part, "Message-ID"))
    return UUID(found[1]) if found else None
