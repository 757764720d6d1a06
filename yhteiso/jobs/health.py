"""Does everything work now? Figures for machines and for the page: times, counts and states; nothing of anybody.

An application adds its own by `reports`, and says who a person is by `VIEWERS` and whom an alarm goes to by `ADDRESSEES`.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.functional import Promise

from yhteiso.jobs import beat, runs, silence
from yhteiso.jobs.models import DeadLetter, JobRun, Silence

logger = logging.getLogger(__name__)

FEWEST_MONTHS = 2  # of the log's partitions that must be ready: the job makes 24, so fewer means that it fails
DEAF_AFTER = timedelta(seconds=90)  # no canary for so long: a worker that hears nothing
CUT_AFTER = timedelta(minutes=6)  # above the hard time limit of a task: that run was killed
CANARY = "canary"

Text = str | Promise
Report = Callable[[], dict[str, Any]]
REPORTS: dict[str, tuple[Text, Report]] = {}


@dataclass(frozen=True)
class Viewer:
    """A person whose whole sign-in is proved, and the hat worn."""

    id: int
    name: str
    hat: str


VIEWERS: list[Callable[[HttpRequest], Viewer | None]] = []
ADDRESSEES: list[Callable[[datetime], Iterable[tuple[str, list[str]]]]] = []


def reports(name: str, *, label: Text = "") -> Callable[[Report], Report]:
    """Decorator: what an application tells of its own health: `{"status": "ok" | "late" | "failing", "counts": {…}}`.

    It may add `text`, a sentence for the page. It runs as the bare web login and may tell counts only.
    """

    def decorate(function: Report) -> Report:
        REPORTS[name] = (label or name, function)
        return function

    return decorate


def viewer(request: HttpRequest) -> Viewer | None:
    """Who asks, or None for anybody who has not proved it."""
    return next((found for ask in VIEWERS if (found := ask(request))), None)


@dataclass
class Figures:
    """Everything that is known at one moment."""

    now: datetime
    months: int
    runs: dict[str, JobRun]
    open_letters: int
    lasting: Silence | None
    silent_since: datetime | None
    started: datetime  # of the process that asks
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """`failing` answers 503: no reminder would leave, or the log could not be written. `degraded` can wait a while."""
        if self.months < FEWEST_MONTHS or self.silent_since:
            return "failing"
        return "degraded" if self.worries() else "ok"

    def worries(self) -> list[str]:
        """What is not as it should be, by name: jobs, applications, and the tasks that were given up."""
        found = [name for name in self.names() if self.state(name) not in ("ok", "new")]
        found += [name for name, told in self.told.items() if told["status"] != "ok"]
        return found + (["dead_letters"] if self.open_letters else [])

    def names(self) -> list[str]:
        """Every job that is known or has run, the clock first, then by how often it runs."""
        first = (silence.CLOCK, beat.NAME, CANARY)

        def place(name: str) -> tuple[bool, int, float, str]:
            every = self.every(name)
            at = first.index(name) if name in first else 0
            return name not in first, at, every.total_seconds() if every else float("inf"), name

        return sorted(runs.JOBS.keys() | self.runs.keys(), key=place)

    def every(self, name: str) -> timedelta | None:
        known = runs.JOBS.get(name)
        row = self.runs.get(name)
        return known.every if known else row.every if row else None

    def state(self, name: str) -> str:
        """ok, new (never ran yet), failing, cut (the last run was killed) or late (its good end is too long ago)."""
        row, every = self.runs.get(name), self.every(name)
        if row is None:
            # What runs every few seconds is missed soon; what runs once a day may not have had its turn.
            watched = every and name in (silence.CLOCK, beat.NAME, CANARY)
            return "late" if watched and self.now - self.started > longest(name, every) else "new"  # type: ignore[arg-type]
        if row.last_finished_at is None:
            return "new" if self.now - row.last_started_at <= CUT_AFTER else "cut"
        if row.failures_in_row:
            return "failing"
        if every and self.now - (row.last_ok_at or row.last_started_at) > longest(name, every):
            return "late"
        if row.last_started_at > row.last_finished_at and self.now - row.last_started_at > CUT_AFTER:
            return "cut"
        return "ok"


def longest(name: str, every: timedelta) -> timedelta:
    """How long after its last good end a job is late."""
    if name in (CANARY, beat.NAME):
        return DEAF_AFTER
    return silence.LONGEST if name == silence.CLOCK else max(2 * every, every + silence.LONGEST)


def figures(*, now: datetime, started: datetime | None = None) -> Figures:
    """Look at everything, and begin or end a silence of the clock. Raises DatabaseError when the database is down."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.months_ahead(%s)", [now.astimezone(UTC).date()])
        months: int = cursor.fetchone()[0]
    lasting = silence.watch(now=now, by=Silence.WEB, started=started)
    return Figures(
        now=now, months=months, runs={row.pk: row for row in JobRun.objects.all()}, lasting=lasting,
        open_letters=DeadLetter.objects.open().count(), silent_since=silence.since(now=now, started=started),
        started=started or silence.STARTED,
        told={name: _ask(name, report) for name, (_label, report) in REPORTS.items()},
    )  # fmt: skip


def _ask(name: str, report: Report) -> dict[str, Any]:
    try:
        with transaction.atomic():
            told = report()
        return {"status": str(told["status"]), "counts": dict(told.get("counts", {})), "text": told.get("text", "")}
    except Exception:
        logger.exception("health: %s could not report", name)
        return {"status": "failing", "counts": {}, "text": ""}


def for_machines(found: Figures) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "status": found.status,
        "database": "ok",
        "log": {"status": "ok" if found.months >= FEWEST_MONTHS else "failing", "months_ahead": found.months},
        "clock": {
            "status": "silent" if found.silent_since else "ok",
            "silent_since": _iso(found.silent_since),
            "silent_seconds": int((found.now - found.silent_since).total_seconds()) if found.silent_since else 0,
            **_run(found, silence.CLOCK),
        },
        "canary": {"status": found.state(CANARY), **_run(found, CANARY)},
        "beat": {"status": found.state(beat.NAME), **_run(found, beat.NAME)},
        "jobs": {name: {"status": found.state(name), **_run(found, name)} for name in found.names()},
        "dead_letters": found.open_letters,
        "reports": {name: {"status": told["status"], "counts": told["counts"]} for name, told in found.told.items()},
    }


def _run(found: Figures, name: str) -> dict[str, Any]:
    row, every = found.runs.get(name), found.every(name)
    ok = row.last_ok_at if row else None
    return {
        "last_started_at": _iso(row.last_started_at if row else None),
        "last_finished_at": _iso(row.last_finished_at if row else None),
        "last_ok_at": _iso(ok),
        "seconds_since_ok": int((found.now - ok).total_seconds()) if ok else None,
        "every_seconds": int(every.total_seconds()) if every else None,
        "took_ms": row.took_ms if row else None,
        "last_count": row.last_count if row else None,
        "failures_in_row": row.failures_in_row if row else 0,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
