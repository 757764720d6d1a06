"""Writing messages that must leave. In the caller's transaction and hat: with the fact, or not at all."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from yhteiso.lib.ids import uuid7
from yhteiso.outbox.bell import ring
from yhteiso.outbox.models import DeliveryReport, Outgoing

TOKEN_BYTES = 16
GUEST = "guest"  # a link that its resolver hands over (`registry.Letter.path`)


def outgoing(
    *,
    key: str,
    channel: str,
    text: str,
    kind: str,
    about: str = "",
    to_user_id: int | None = None,
    to_contact_id: int | None = None,
    case_id: int | None = None,
    area_id: int | None = None,
    now: datetime,
    available_at: datetime | None = None,
) -> Outgoing:
    """One message, not yet written. The same key is the same message, whoever makes it and how often.

    A contact (a family's number or address) needs `area_id`, whose coordinating number its link shows, and gets meetings'
    texts only, unless the letter brings a link of its own (kind "guest"). Raises ValueError otherwise, and for anything but
    exactly one addressee.
    """
    if (to_user_id is None) == (to_contact_id is None):
        raise ValueError("A message has exactly one addressee.")
    if to_contact_id is not None and (area_id is None or (text != "meeting" and kind != GUEST)):
        raise ValueError("A contact gets meetings' texts only, with its area's number.")
    return Outgoing(
        id=uuid7(), key=key, channel=channel, text=text, kind=kind, about=about, to_user_id=to_user_id,
        to_contact_id=to_contact_id, case_id=case_id, area_id=area_id, made_at=now, available_at=available_at or now,
        link_token=None if to_contact_id is None else secrets.token_urlsafe(TOKEN_BYTES),
    )  # fmt: skip


def put(rows: Iterable[Outgoing]) -> None:
    """Write the messages in the caller's transaction and ring the relay's bell when it commits.

    A key that is there already stays as it was: nothing is read, so any hat may write without learning anything.
    """
    written = Outgoing.objects.bulk_create(rows, ignore_conflicts=True)
    if written:
        ring()


def note_report(*, outgoing_id: str, code: str, now: datetime) -> None:
    """Keep what the gateway told, for the jobs to carry out: the web may neither read nor change a message."""
    DeliveryReport.objects.bulk_create([DeliveryReport(outgoing_id=outgoing_id, code=code[:40], at=now)])
    ring()
