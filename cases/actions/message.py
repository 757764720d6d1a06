"""Telling people: the inbox, and the mail or text message that only says that there is something in it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from cases.models import Message
from networks.message_kinds import HERE, available_at, settings_of, wanted
from networks.models import User
from yhteiso.outbox.actions import outgoing, put


@transaction.atomic
def tell(rows: Sequence[Message], *, now: datetime) -> None:
    """Write messages, and what must leave for them, in the transaction of the fact. The same key again is the same message.

    Nothing is read back: whoever tells may not read what others are told.
    """
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    for kind in sorted({row.kind for row in rows}):
        _send([row for row in rows if row.kind == kind], kind, now)


def _send(rows: Sequence[Message], kind: str, now: datetime) -> None:
    people = {row.to_id for row in rows}
    channels, settings = wanted(people, kind), settings_of(people)
    put(
        outgoing(
            key=f"{row.key}:{channel}", channel=channel, text="notice", kind="message", about=str(row.pk),
            to_user_id=row.to_id, case_id=row.case_id, now=now, available_at=available_at(settings[row.to_id], now),
        )
        for row in rows
        for channel in sorted(channels[row.to_id] - {HERE})
    )  # fmt: skip


@transaction.atomic
def mark_seen(*, by: User, now: datetime, keys: Sequence[UUID] | None = None) -> int:
    """Mark the person's own messages as seen, all or those with these ids. Returns how many were new."""
    rows = Message.objects.of(by).unseen()
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    return rows.update(seen_at=now)
