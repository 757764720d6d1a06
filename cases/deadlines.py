"""The one clock: kinds of deadlines, the ladder of each, and when a step of it is told.

A kind is registered by the app that knows its facts. Everything here is pure: moments in, moments out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from django.utils.functional import Promise

from yhteiso.lib.dates import (
    HELSINKI,
    add_working_days,
    at_helsinki,
    helsinki_date,
    is_working_day,
    start_of_day,
    working_day_after,
    working_day_until,
)

if TYPE_CHECKING:
    from cases.models import Deadline

TOLD_AT = time(8, 0)
END_OF_DAY = time(16, 0)


class When(Protocol):
    """The day of a step, from the day of the fact and the last day on which the deadline is kept."""

    def day(self, fact_on: date, last_on: date) -> date: ...


@dataclass(frozen=True, slots=True)
class Day:
    """So many calendar days after the fact; on a closed day the last working day before it."""

    n: int

    def day(self, fact_on: date, last_on: date) -> date:
        return working_day_until(fact_on + timedelta(days=self.n))


@dataclass(frozen=True, slots=True)
class AfterDay:
    """The first working day after so many calendar days: only then is it late."""

    n: int

    def day(self, fact_on: date, last_on: date) -> date:
        return working_day_after(fact_on + timedelta(days=self.n))


@dataclass(frozen=True, slots=True)
class FromLast:
    """So many working days after the last day (before it when negative). 0: that day, or the working day before it."""

    n: int

    def day(self, fact_on: date, last_on: date) -> date:
        return add_working_days(last_on, self.n) if self.n else working_day_until(last_on)


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Right away while offices are open, else at the next 8.00 of a working day. `n` is there for the others' sake."""

    n: int = 0

    def day(self, fact_on: date, last_on: date) -> date:
        return fact_on


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: when, and in which roles people are told (`cases.addressees`)."""

    step: int
    when: When
    to: tuple[str, ...]


class Last(Protocol):
    """The moment from which the deadline is late, from the moment of the fact."""

    def __call__(self, fact_at: datetime) -> datetime: ...


def after_days(n: int) -> Last:
    """Late from the end of the nth calendar day after the fact's day."""
    return lambda fact_at: start_of_day(helsinki_date(fact_at) + timedelta(days=n + 1))


def after_working_days(n: int) -> Last:
    """Late from 16.00 of the nth working day after the fact's day."""
    return lambda fact_at: at_helsinki(add_working_days(helsinki_date(fact_at), n), END_OF_DAY)


@dataclass(frozen=True)
class Kind:
    """A kind of deadline.

    `label` is told to people without access too: it names no child, no reason and no unit. `holds` gets open deadlines of
    this kind and answers which of them still wait for their deed: it is asked at the moment of telling. `last` is empty
    where the fact brings its own day. `repeats`: after the last step it is told again each working day, to
    `again_to` (else to whom the last step went), until somebody has taken it.
    """

    code: str
    label: str | Promise
    rungs: tuple[Rung, ...]
    holds: Callable[[Sequence["Deadline"]], set[UUID]]
    last: Last | None = None
    repeats: bool = False
    again_to: tuple[str, ...] = ()
    # How the open deed of a unit is told to its head, without its text.
    deed: str | Promise = ""


KINDS: dict[str, Kind] = {}
# Which of these situations (ids) have agreed on a meeting that keeps the two weeks: known by the app of meetings.
AGREED_IN_TIME: list[Callable[[Iterable[int]], set[int]]] = []


def agreed_in_time(case_ids: Iterable[int]) -> set[int]:
    """Of these situations (ids), those whose agreed meeting keeps the two weeks."""
    wanted = set(case_ids)
    return {pk for ask in AGREED_IN_TIME for pk in ask(wanted)} if wanted else set()


def register(*kinds: Kind) -> None:
    """Make kinds known. The same code twice is a mistake of ours."""
    for kind in kinds:
        if kind.code in KINDS and KINDS[kind.code] != kind:
            raise ValueError(f"two kinds of deadline are called {kind.code}")
        KINDS[kind.code] = kind


@dataclass(frozen=True, slots=True)
class Step:
    """A planned step: when it is told, or that a higher one of the same day tells it (`merged`)."""

    step: int
    due_at: datetime
    merged: bool


def plan(rungs: Iterable[Rung], fact_at: datetime, late_at: datetime) -> list[Step]:
    """When each step is told, lowest first. Two of one Helsinki day are told as the higher one.

    A step that a row of closed days would move to or before the fact itself waits for the first working day after it:
    nobody is told of what has just happened. Moments in UTC.
    """
    fact_on, last_on = helsinki_date(fact_at), helsinki_date(late_at - timedelta(microseconds=1))
    moments: dict[int, datetime] = {}
    for rung in rungs:
        moments[rung.step] = _moment(rung.when, fact_at, fact_on, last_on)
    return _merge(moments)


def _moment(when: When, fact_at: datetime, fact_on: date, last_on: date) -> datetime:
    if isinstance(when, AtOnce):
        open_now = is_working_day(fact_on) and TOLD_AT <= fact_at.astimezone(HELSINKI).time() < END_OF_DAY
        return fact_at + timedelta(seconds=1) if open_now else next_telling(fact_at)
    due_at = at_helsinki(when.day(fact_on, last_on), TOLD_AT)
    return due_at if due_at > fact_at else at_helsinki(working_day_after(fact_on), TOLD_AT)


def _merge(moments: Mapping[int, datetime]) -> list[Step]:
    """Two steps of one Helsinki day are told as the higher one."""
    highest: dict[date, int] = {}
    for step, due_at in moments.items():
        day = helsinki_date(due_at)
        highest[day] = max(step, highest.get(day, step))
    return [Step(step, due_at, merged=highest[helsinki_date(due_at)] != step) for step, due_at in sorted(moments.items())]


def not_before(steps: Sequence[Step], now: datetime) -> list[Step]:
    """The same steps where a plan made later reaches back: what would be past is told at the next 8.00 of a working day,
    the highest of it for all. A step of the same day that lies ahead tells them along too.
    """
    moments = {step.step: step.due_at if step.due_at > now else next_telling(now) for step in steps}
    return _merge(moments)


def next_telling(now: datetime) -> datetime:
    """The first 8.00 of a working day after the moment."""
    today = helsinki_date(now)
    at = at_helsinki(today, TOLD_AT)
    return at if at > now and is_working_day(today) else at_helsinki(working_day_after(today), TOLD_AT)


def again(told_at: datetime) -> datetime:
    """When a step that nobody has taken is told again: at 8.00 of the next working day."""
    return at_helsinki(working_day_after(helsinki_date(told_at)), TOLD_AT)


def last_day(late_at: datetime) -> date:
    """The last day on which a deadline is kept that is late from this moment on."""
    return helsinki_date(late_at - timedelta(microseconds=1))


def days_late(late_at: datetime, now: datetime) -> int:
    """Whole Helsinki days past the last day; 0 while the deadline can still be kept."""
    return max(0, (helsinki_date(now) - last_day(late_at)).days) if now >= late_at else 0


def with_settings(rungs: Sequence[Rung], changed: Mapping[int, tuple[int, tuple[str, ...]]]) -> tuple[Rung, ...]:
    """The ladder of an area: `changed` maps a step to its day and its roles. The kind of day stays as it was."""
    return tuple(
        replace(rung, when=type(rung.when)(changed[rung.step][0]), to=changed[rung.step][1])  # type: ignore[call-arg]
        if rung.step in changed
        else rung
        for rung in rungs
    )


__all__ = [
    "KINDS", "AfterDay", "AtOnce", "Day", "FromLast", "Kind", "Rung", "Step", "after_days", "after_working_days", "again",
    "days_late", "last_day", "next_telling", "not_before", "plan", "register", "with_settings",
]  # fmt: skip
