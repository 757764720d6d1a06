"""When each job last ran. A job is wrapped once, by name; its start and its finish are written in transactions of their own.

A run may be killed at any moment and two may go on at once: each write is one statement that only moves a row forward.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise

from yhteiso.hats.wear import wearing
from yhteiso.jobs import silence
from yhteiso.jobs.models import Silence

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LONGEST_NAME = 80  # of a failure

START = """
INSERT INTO jobs_jobrun (name, every_seconds, last_started_at, failures_in_row, last_failure, runs)
VALUES (%(name)s, %(every)s, %(now)s, 0, '', 1)
ON CONFLICT (name) DO UPDATE SET every_seconds = EXCLUDED.every_seconds, runs = jobs_jobrun.runs + 1,
    last_started_at = greatest(jobs_jobrun.last_started_at, EXCLUDED.last_started_at)
"""
FINISH = """
UPDATE jobs_jobrun SET last_finished_at = greatest(last_finished_at, %(now)s), took_ms = %(took)s,
    last_count = coalesce(%(count)s, last_count),
    last_ok_at = CASE WHEN %(failure)s = '' THEN greatest(last_ok_at, %(now)s) ELSE last_ok_at END,
    failures_in_row = CASE WHEN %(failure)s = '' THEN 0 ELSE failures_in_row + 1 END, last_failure = %(failure)s
WHERE name = %(name)s
"""


@dataclass(frozen=True)
class Job:
    """What is known of a job before it ever ran. `label` is its name for people."""

    name: str
    every: timedelta | None
    label: str | Promise


JOBS: dict[str, Job] = {}


def job(
    name: str, *, every: timedelta | None = None, label: str | Promise = ""
) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Decorator of a periodic task's function: each run is recorded under this name. Put it below `@shared_task`.

    The name is also that of its entry in the timetable (`CELERY_BEAT_SCHEDULE`), with the same interval.
    """
    known(name, every=every, label=label)

    def decorate(function: Callable[[], int]) -> Callable[[], int]:
        @wraps(function)
        def recorded() -> int:
            return run(name, function, every=every)

        recorded.job_name = name  # type: ignore[attr-defined]
        return recorded

    return decorate


def known(name: str, *, every: timedelta | None = None, label: str | Promise = "") -> None:
    """Make a job known by hand: for one that a command or a process records with `run` or `note`."""
    if name not in JOBS or label:
        JOBS[name] = Job(name, every, label or name)


def run(name: str, function: Callable[[], int], *, every: timedelta | None = None, clock: Clock = timezone.now) -> int:
    """Do it once and record that it was done. Returns what the function returned; its exception goes on to the caller.

    Needs a login that may wear the jobs' hat. When the start can't be written (no database), nothing is done at all.
    """
    started = clock()
    note_start(name, every=every, now=started)
    try:
        count = function()
    except BaseException as error:
        try:
            note_finish(name, started=started, now=clock(), failure=failure_name(error))
        except Exception:  # the job's own failure is the one to tell
            logger.exception("%s: its failure could not be recorded", name)
        raise
    note_finish(name, started=started, now=clock(), count=count)
    return count


def note_start(name: str, *, every: timedelta | None, now: datetime) -> None:
    """Write that a run began."""
    seconds = None if every is None else int(every.total_seconds())
    with wearing("jobs"), connection.cursor() as cursor:
        cursor.execute(START, {"name": name, "every": seconds, "now": now})


def note_finish(
    name: str, *, started: datetime, now: datetime, count: int | None = None, failure: str = "", by: str = Silence.WORKER
) -> None:
    """Write how a run ended, and look whether the clock runs: any job that goes on sees that it does not."""
    took = max(0, round((now - started).total_seconds() * 1000))
    with wearing("jobs"):
        before = silence.last_ok(lock=True) if name == silence.CLOCK and not failure else None
        with connection.cursor() as cursor:
            cursor.execute(FINISH, {"name": name, "now": now, "took": took, "count": count, "failure": failure})
        _look(before, now, by)


def _look(before: datetime | None, now: datetime, by: str) -> None:
    """Looking after the clock must not undo the run that was just recorded."""
    try:
        with transaction.atomic():
            if before:
                silence.back(before=before, now=now)
            else:
                silence.watch(now=now, by=by)
    except Exception:
        logger.exception("nobody could look whether the clock runs")


def failure_name(error: BaseException) -> str:
    """The class of an exception, never its words: those of a database error quote the row."""
    if isinstance(error, BaseExceptionGroup):
        inner = sorted({type(one).__name__ for one in error.exceptions})
        return f"{type(error).__name__}: {', '.join(inner)}"[:LONGEST_NAME]
    return type(error).__name__[:LONGEST_NAME]
