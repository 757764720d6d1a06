"""Telling people: the inbox, and the mail or text message that only says that there is something in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.deadline import last_step
from cases.deadlines import KINDS
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


@transaction.atomic
def take(*, message: Message, by: User, now: datetime) -> bool:
    """ "I take care of this": the repeated last step rests for some days. Once more by anybody changes nothing.

    Returns whether it is now this person's. Raises NotAllowed for what is not a last step, and for somebody else's message.
    """
    if message.to_id != by.pk or not may_take(message):
        raise NotAllowed(_("This can't be taken on here."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.take_step(%s, %s)", [message.pk, now])
        if not cursor.fetchone()[0]:
            raise NotAllowed(_("This can't be taken on here."))
    return steps_of([message])[message.pk].taken_by == by.pk


def may_take(message: Message) -> bool:
    """Whether somebody should say that they take care of it: the last step of a ladder, and each time it is told again."""
    return message.step is not None and message.what in KINDS and message.step >= last_step(message.what)


@dataclass(frozen=True, slots=True)
class StepState:
    """What has become of the step behind a message: who has taken care of it, and whether the deed is done."""

    taken_at: datetime | None = None
    taken_by: int | None = None
    done: bool = False


def steps_of(rows: Sequence[Message]) -> dict[UUID, StepState]:
    """The states of the steps behind one's own messages; one question, none without steps."""
    ids = [row.pk for row in rows if row.step is not None]
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT message, taken_at, taken_by, done FROM sec.steps_of(%s)", [ids])
        return {key: StepState(*state) for key, *state in cursor.fetchall()}
