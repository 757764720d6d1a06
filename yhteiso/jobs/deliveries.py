"""How often a task was begun. The count lies in PostgreSQL and is written before the work: a worker that the task kills
can't forget it, and a task that never ends well stops after five tries instead of killing one worker after another.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from yhteiso.hats.wear import wearing
from yhteiso.jobs.models import MOST_TRIES, Delivery
from yhteiso.lib.ids import uuid7

LOST_AFTER = timedelta(minutes=45)  # three times the broker's visibility timeout: it won't be handed out again
KILLED, LOST = "killed", "lost"

COUNT = """
INSERT INTO jobs_delivery (task_id, name, args, tries, first_at, last_at, failure) VALUES (%s, %s, %s::jsonb, 1, %s, %s, '')
ON CONFLICT (task_id) DO UPDATE SET tries = jobs_delivery.tries + 1, last_at = EXCLUDED.last_at RETURNING tries
"""
BURY = """
INSERT INTO jobs_deadletter (id, name, args, tries, first_at, last_at, failure, handled_by_name, note)
SELECT %s, name, args, tries, first_at, last_at, coalesce(nullif(failure, ''), %s), '', ''
FROM jobs_delivery WHERE task_id = %s
ON CONFLICT (name, args) WHERE handled_at IS NULL DO UPDATE SET tries = jobs_deadletter.tries + EXCLUDED.tries,
    last_at = greatest(jobs_deadletter.last_at, EXCLUDED.last_at), failure = EXCLUDED.failure
"""


def begin(*, task_id: str, name: str, args: Sequence[int | str], now: datetime) -> bool:
    """Count one more try and tell whether it may be made. The sixth is not: the task becomes a dead letter instead."""
    with wearing("jobs"), connection.cursor() as cursor:
        cursor.execute(COUNT, [task_id, name, json.dumps(list(args)), now, now])
        tries: int = cursor.fetchone()[0]
        if tries <= MOST_TRIES:
            return True
        # This delivery was not a try.
        Delivery.objects.filter(pk=task_id).update(tries=tries - 1)
        _bury(task_id, KILLED)
    return False


def done(*, task_id: str) -> None:
    """The task ended: nothing is left to count."""
    with wearing("jobs"):
        Delivery.objects.filter(pk=task_id).delete()


def failed(*, task_id: str, failure: str) -> int:
    """The task raised. Keeps the failure's class and returns how many tries there were; the last makes it a dead letter."""
    with wearing("jobs"):
        Delivery.objects.filter(pk=task_id).update(failure=failure)
        tries = Delivery.objects.filter(pk=task_id).values_list("tries", flat=True).first() or 0
        if tries >= MOST_TRIES:
            _bury(task_id, failure)
    return tries


def bury_lost(*, now: datetime, periodic: Sequence[str] = ()) -> int:
    """Deliveries that neither ended nor came again: the broker lost them. Returns how many became dead letters.

    A periodic task is begun anew by the timetable, so its lost delivery is only forgotten. Needs the jobs' hat.
    """
    old = Delivery.objects.filter(last_at__lt=now - LOST_AFTER)
    old.filter(name__in=periodic).delete()
    ids = list(old.select_for_update(skip_locked=True).values_list("task_id", flat=True)[:500])
    for task_id in ids:
        _bury(task_id, LOST)
    return len(ids)


def _bury(task_id: str, failure: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BURY, [uuid7(), failure, task_id])
    Delivery.objects.filter(pk=task_id).delete()
