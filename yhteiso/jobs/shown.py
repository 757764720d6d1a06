"""How health is shown to people: words for times, states and jobs. Nothing here asks the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from yhteiso.jobs import beat, runs, silence
from yhteiso.jobs.health import ADDRESSEES, CANARY, REPORTS, Figures, Viewer
from yhteiso.jobs.models import DeadLetter, Silence
from yhteiso.lib.dates import HELSINKI, NBSP, at_clock, clock_time, get_language, helsinki_date, short_date

LETTERS = 50
HISTORY = 10
RECENT = timedelta(days=7)  # how long a silence without a cause stands at the top of the page

runs.known(silence.CLOCK, every=timedelta(seconds=30), label=_lazy("Reminder clock"))
runs.known(beat.NAME, every=beat.EVERY, label=_lazy("Timetable"))

FAILURES = {"killed": _lazy("the worker was killed each time"), "lost": _lazy("the queue lost it")}
COUNTS = {
    "ready": _lazy("waiting"),
    "failed": _lazy("failed"),
    "sent": _lazy("sent"),
    "oldest_seconds": _lazy("oldest, seconds"),
    "differences": _lazy("differences"),
}


def span(length: timedelta) -> str:
    """How long: «4 minutes 12 seconds», «8 hours 3 minutes», «2 days 4 hours»; two units at most."""
    seconds = max(0, int(length.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds % 86400 // 3600, seconds % 3600 // 60
    parts = [
        days and ngettext("%(n)d day", "%(n)d days", days) % {"n": days},
        hours and ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours},
        minutes and ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes},
        ngettext("%(n)d second", "%(n)d seconds", seconds % 60) % {"n": seconds % 60},
    ]
    said = [part for part in parts if part]
    return " ".join(said[:2] if seconds % 60 or len(said) > 2 else said[:-1][:2] or said)


def took(ms: int | None) -> str:
    """How long a run took: «0,4 s», «3 min 08 s», «–»."""
    if ms is None:
        return "–"
    if ms < 100:
        return _("under %(text)s") % {"text": f"{'0.1' if get_language() == 'en' else '0,1'}{NBSP}s"}
    if ms < 59_950:
        text = f"{ms / 1000:.1f}" if ms < 9_950 else f"{ms / 1000:.0f}"
        return f"{text if get_language() == 'en' else text.replace('.', ',')}{NBSP}s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    return f"{minutes}{NBSP}min {seconds:02}{NBSP}s"


def interval(every: timedelta | None) -> str:
    """«every 30 seconds», «every hour», «every day»."""
    if every is None:
        return _("on request")
    seconds = int(every.total_seconds())
    for unit, one, many in (
        (86400, _("every day"), _("every %(n)d days")),
        (3600, _("every hour"), _("every %(n)d hours")),
        (60, _("every minute"), _("every %(n)d minutes")),
    ):
        if seconds % unit == 0:
            return one if seconds == unit else many % {"n": seconds // unit}
    return _("every %(n)d seconds") % {"n": seconds}


def moment(at: datetime | None, now: datetime, *, seconds: bool = False) -> str:
    """«klo 9.46.58» today, «ke 10.6. klo 2.15» on another day, «–» never."""
    if at is None:
        return "–"
    text = at_clock(at)
    if seconds:
        local = at.astimezone(HELSINKI)
        text += f"{'.' if '.' in text else ':'}{local.second:02}"
    day = helsinki_date(at)
    return text if day == helsinki_date(now) else f"{short_date(day)} {text}"


def page(found: Figures, who: Viewer | None, letters: Sequence[DeadLetter]) -> dict[str, Any]:
    """The context of the page. Names of staff only for somebody whose sign-in is proved."""
    past = list(Silence.objects.exclude(ended_at=None)[:HISTORY])
    worries = found.worries()
    clock = found.runs.get(silence.CLOCK)
    return {
        "now": found.now,
        "lead": _lead(found, worries),
        "status": found.status,
        "clock_at": moment(clock.last_ok_at, found.now, seconds=True) if clock else "",
        "silence": _silence(found, past),
        "jobs": [_job(found, name) for name in found.names()],
        "spots": _spots(found),
        "open_letters": found.open_letters,
        "letters": letter_rows(letters) if who and who.hat in ("admin", "officer") else None,
        "addressees": _addressees(found.now, named=who is not None),
        "history": [_past(row, found.now, named=who is not None) for row in past],
        "is_admin": bool(who and who.hat == "admin"),
    }


def _lead(found: Figures, worries: Sequence[str]) -> str:
    if found.silent_since:
        return _("No: the reminder clock is silent. Nothing that falls due is told to anybody until it runs again.")
    if found.status == "failing":
        return _("No: the log has no month to be written to.")
    if worries:
        n = len(worries)
        return ngettext("Yes, but for one thing.", "Yes, but for %(n)d things.", n) % {"n": n}
    return _("Yes, everything works.")


def _silence(found: Figures, past: Sequence[Silence]) -> dict[str, Any] | None:
    """The silence at the top of the page: the one that lasts, else the last one whose cause nobody has told."""
    if found.lasting:
        row = found.lasting
        title = _("The reminder clock has been silent for %(span)s") % {"span": span(found.now - row.began_at)}
        return {"row": row, "title": title, "told": moment(row.noticed_at, found.now, seconds=True)}
    for row in past[:1]:
        if not row.cause and row.ended_at and found.now - row.ended_at < RECENT:
            title = _("The reminder clock was silent for %(span)s") % {"span": span(row.ended_at - row.began_at)}
            return {
                "row": row,
                "title": title,
                "from": moment(row.began_at, found.now),
                "until": clock_time(row.ended_at),
                "back": moment(row.ended_at, found.now, seconds=True),
                "told": moment(row.noticed_at, found.now, seconds=True),
            }
    return None


def _job(found: Figures, name: str) -> dict[str, Any]:
    row, every = found.runs.get(name), found.every(name)
    known = runs.JOBS.get(name)
    quick = every is not None and every < timedelta(minutes=5)
    ran = row and (row.last_finished_at or row.last_started_at)
    return {
        "label": known.label if known else name,
        "every": interval(every),
        "last": moment(ran or None, found.now, seconds=quick),
        "took": took(row.took_ms if row else None),
        "next": moment(row.last_started_at + every, found.now, seconds=quick) if row and every else "–",
        "state": _state(found, name),
    }


def _state(found: Figures, name: str) -> tuple[str, str, str]:
    row, state = found.runs.get(name), found.state(name)
    if state == "failing" and row:
        n = row.failures_in_row
        return ngettext("Failed once", "Failed %(n)d times", n) % {"n": n}, "red", "warn"
    if name == CANARY and state == "late":
        return _("Nothing gets through"), "red", "warn"
    return {
        "ok": (_("Runs"), "green", "check"),
        "new": (_("Has not run yet"), "grey", "clock"),
        "late": (_("Late"), "red", "clock"),
        "cut": (_("Was cut off"), "yellow", "warn"),
    }[state]


def _spots(found: Figures) -> list[tuple[str, str, str, str]]:
    """Tone, icon, what, and a quiet word: the queue, the database's own room, and what the applications tell."""
    answers = [(beat.NAME, _("The timetable sends"), _("The timetable is silent"))]
    answers += [(CANARY, _("The worker hears"), _("The worker does not hear"))]
    rows = []
    for name, good, bad in answers:
        state = found.state(name)
        said = {"ok": good, "new": _("%(what)s: not known yet") % {"what": runs.JOBS[name].label}}.get(state, bad)
        row = found.runs.get(name)
        rows.append(
            (*_look("failing" if state == "late" else state), said, moment(row.last_ok_at, found.now) if row else "")
        )
    months = ngettext("%(n)d month ahead", "%(n)d months ahead", found.months) % {"n": found.months}
    rows.append(("good", "check", _("The log has room"), months))
    for name, told in found.told.items():
        state = told["status"]
        rows.append((*_look(state), str(REPORTS[name][0]), told["text"] or counts(told["counts"])))
    return rows


def _look(state: str) -> tuple[str, str]:
    return {"ok": ("good", "check"), "new": ("now", "clock"), "late": ("now", "clock")}.get(state, ("bad", "warn"))


def counts(given: dict[str, Any]) -> str:
    """«waiting 14, failed 0»: what an application counted, in the order in which it told."""
    return ", ".join(f"{COUNTS.get(name, name)} {'–' if value is None else value}" for name, value in given.items())


def _addressees(now: datetime, *, named: bool) -> list[tuple[str, str]]:
    rows = [row for ask in ADDRESSEES for row in ask(now)]
    return [(label, ", ".join(names) if named else _people(len(names))) for label, names in rows]


def _people(n: int) -> str:
    return ngettext("one person", "%(n)d people", n) % {"n": n} if n else _("nobody")


def _past(row: Silence, now: datetime, *, named: bool) -> dict[str, Any]:
    assert row.ended_at
    return {
        "pk": row.pk, "at": row.began_at, "when": moment(row.began_at, now), "cause": row.cause if named else "",
        "text": _("The clock was silent for %(span)s") % {"span": span(row.ended_at - row.began_at)},
    }  # fmt: skip


def letter_rows(letters: Iterable[DeadLetter]) -> list[dict[str, Any]]:
    """Tasks that were given up, as rows of a list."""
    names = {task: runs.JOBS[job].label for task, job in _tasks().items() if job in runs.JOBS}
    return [
        {
            "pk": str(row.pk),
            "title": names.get(row.name, row.name),
            "ids": ", ".join(str(value) for value in row.args),
            "tries": row.tries,
            "last": row.last_at,
            "why": FAILURES.get(row.failure, row.failure),
            "handled_at": row.handled_at,
            "by": row.handled_by_name,
            "note": row.note,
        }
        for row in letters
    ]


def _tasks() -> dict[str, str]:
    from yhteiso.celery import app

    return {task.name: task.run.job_name for task in app.tasks.values() if hasattr(task.run, "job_name")}
