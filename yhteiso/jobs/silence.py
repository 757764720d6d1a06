"""The clock's silences: noticed by whoever goes on, told once, and ended by the clock itself.

The clock is silent when the job "tick" has not run to a good end for two minutes: one that always fails forgets a family
as surely as one that does not run. Beat, the worker's other jobs and each question for /health/ look: any of the three
alone is enough.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from yhteiso.jobs.models import JobRun, Silence

logger = logging.getLogger(__name__)

CLOCK = "tick"
LONGEST = timedelta(minutes=2)
STARTED = timezone.now()  # of this process

BEGIN = """
INSERT INTO jobs_silence (began_at, noticed_at, noticed_by, cause, cause_by_name) VALUES (%s, %s, %s, '', '')
ON CONFLICT DO NOTHING RETURNING id
"""

Listener = Callable[[Silence, datetime], None]
LISTENERS: list[Listener] = []


def listens(listener: Listener) -> Listener:
    """Decorator: `f(silence, now)` is called once for each silence, in the transaction that writes it, in the jobs' hat
    or as the bare web login. Nothing of a family may be told by it."""
    LISTENERS.append(listener)
    return listener


def last_ok(*, lock: bool = False) -> datetime | None:
    """The clock's last good run. `lock` waits for another run that is just being written."""
    rows = JobRun.objects.filter(pk=CLOCK)
    if lock:
        rows = rows.select_for_update(no_key=True)
    return rows.values_list("last_ok_at", flat=True).first()


def since(*, now: datetime, started: datetime | None = None) -> datetime | None:
    """From when on the clock has been silent, or None while it runs.

    A clock that never ran is silent two minutes after the process that asks was `started`: a new installation is given
    the time to begin.
    """
    known = last_ok() or started or STARTED
    return known if now - known > LONGEST else None


@transaction.atomic
def watch(*, now: datetime, by: str, started: datetime | None = None) -> Silence | None:
    """Compare the clock with the time: begin a silence, and tell of it, or end the one that lasts. Returns the open one.

    Any number may look at once: a silence is written once, and whoever wrote it tells. Needs the jobs' hat or the web login.
    """
    began = since(now=now, started=started)
    lasting = Silence.objects.open().first()
    if began is None:
        if lasting:
            Silence.objects.open().update(ended_at=max(last_ok() or now, lasting.began_at))
        return None
    if lasting:
        return lasting
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [began, now, by])
        mine = cursor.fetchone() is not None
    row = Silence.objects.open().first()
    if row and mine:
        _tell(row, now)
    return row


def back(*, before: datetime, now: datetime) -> None:
    """The clock has just run, for the first time since `before`: end the silence, or write the one that nobody saw."""
    if now - before <= LONGEST:
        return
    if not Silence.objects.open().update(ended_at=now):
        row = Silence(began_at=before, noticed_at=now, ended_at=now, noticed_by=Silence.CLOCK)
        Silence.objects.bulk_create([row])
        _tell(row, now)


def _tell(row: Silence, now: datetime) -> None:
    """A listener that fails must not undo the silence, nor the clock's own run."""
    for listener in LISTENERS:
        try:
            with transaction.atomic():
                listener(row, now)
        except Exception:
            logger.exception("the alarm of a silent clock could not be told")
