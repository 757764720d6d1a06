"""What people write about background work: why the clock was silent, and what was done about a task that was given up."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from yhteiso.jobs.models import DeadLetter, Silence


class NotAllowed(Exception):
    """A refusal with a sentence fit for the user."""


class Somebody(Protocol):
    pk: int
    name: str


@transaction.atomic
def write_cause(*, silence: Silence, cause: str, by: Somebody, now: datetime) -> Silence:
    """Write why the clock was silent. A later word replaces an earlier one; the row tells whose it is.

    Raises NotAllowed without a cause. Needs the administrator's hat.
    """
    if not cause.strip():
        raise NotAllowed(_("Write in a few words what stopped the clock."))
    row = Silence.objects.select_for_update(no_key=True).get(pk=silence.pk)
    row.cause, row.cause_at, row.cause_by_id, row.cause_by_name = cause, now, by.pk, by.name
    row.save(update_fields=["cause", "cause_at", "cause_by_id", "cause_by_name"])
    return row


@transaction.atomic
def handle(*, letter_id: UUID, note: str, by: Somebody, now: datetime) -> DeadLetter:
    """Write what was done about a task that was given up. Raises NotAllowed when somebody already has, or without a note."""
    if not note.strip():
        raise NotAllowed(_("Write in a few words what was done."))
    return _close(letter_id, note, by, now)


@transaction.atomic
def run_again(*, letter_id: UUID, by: Somebody, now: datetime) -> DeadLetter:
    """Send the task anew with the same ids and close its row. Raises NotAllowed when the queue does not take it.

    It is sent before the transaction ends: a task that ran twice does no harm, one that was closed and not sent would.
    """
    from yhteiso.celery import app

    row = _close(letter_id, _("Sent again"), by, now)
    if row.name not in app.tasks:
        raise NotAllowed(_("There is no such task any more. Write what was done instead."))
    try:
        app.send_task(row.name, row.args, retry=False)
    except Exception as error:
        raise NotAllowed(_("The queue does not answer. Try again in a few minutes.")) from error
    return row


def _close(letter_id: UUID, note: str, by: Somebody, now: datetime) -> DeadLetter:
    row = DeadLetter.objects.select_for_update(no_key=True).get(pk=letter_id)
    if row.handled_at:
        raise NotAllowed(_("Somebody has already handled this task."))
    row.handled_at, row.handled_by_id, row.handled_by_name, row.note = now, by.pk, by.name, note
    row.save(update_fields=["handled_at", "handled_by_id", "handled_by_name", "note"])
    return row
