"""The calendar and the ladders of the simulated year's model, written a second time: from days and from domain.md alone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

FINLAND = ZoneInfo("Europe/Helsinki")

# -- the calendar, once more -----------------------------------------------------------------------------------------------

CLOSED = holidays.country_holidays("FI", years=range(2020, 2100))


def is_open(day: date) -> bool:
    return day.weekday() < 5 and day not in CLOSED


def forth(day: date) -> date:
    """The first working day after."""
    day += timedelta(days=1)
    while not is_open(day):
        day += timedelta(days=1)
    return day


def back(day: date) -> date:
    """This working day, or the last one before."""
    while not is_open(day):
        day -= timedelta(days=1)
    return day


def count(day: date, n: int) -> date:
    """So many working days later, or earlier."""
    for _ in range(abs(n)):
        day = forth(day) if n > 0 else back(day - timedelta(days=1))
    return day


def on(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), FINLAND).astimezone(UTC)


def today(moment: datetime) -> date:
    return moment.astimezone(FINLAND).date()


# -- the ladders as domain.md and the issue tell them ----------------------------------------------------------------------

Rung = tuple[str, int, tuple[str, ...]]


@dataclass(frozen=True)
class Ladder:
    """`late`: calendar days, working days until 16.00, or the fact's own day. `again`: who is told until it is taken."""

    late: tuple[str, int]
    rungs: dict[int, Rung]
    again: tuple[str, ...] | None = None


LADDERS = {
    "concern": Ladder(
        ("working", 3),
        {1: ("last", -2, ("coordinators",)), 2: ("last", 0, ("coordinators", "responsible")), 3: ("last", 1, ("responsible",))},
        ("named",),
    ),
    "call": Ladder(("working", 1), {1: ("last", 0, ("owner",)), 2: ("last", 1, ("owner", "responsible"))}, ("owner", "responsible")),
    "family_asked": Ladder(("days", 2), {1: ("before", 2, ("owner",)), 2: ("after", 2, ("owner", "coordinators"))}),
    "consent": Ladder(("working", 3), {1: ("last", 0, ("lead",)), 2: ("last", 2, ("lead", "responsible"))}),
    "gathered": Ladder(("days", 4), {1: ("before", 4, ("lead",)), 2: ("before", 6, ("lead", "responsible"))}),
    "meeting": Ladder(
        ("days", 14),
        {
            5: ("before", 5, ("caller", "lead")), 9: ("before", 9, ("lead",)), 12: ("before", 12, ("lead", "unit_heads")),
            14: ("after", 14, ("lead", "responsible")),
        },
        ("named",),
    ),
    "review": Ladder(
        ("own", 0), {1: ("last", 0, ("lead",)), 2: ("last", 1, ("lead", "responsible", "officers"))},
        ("lead", "responsible", "officers"),
    ),
    "logbook": Ladder(
        ("working", 3),
        {1: ("last", 0, ("owner", "lead")), 2: ("last", 1, ("owner", "lead")), 3: ("last", 3, ("lead", "responsible"))},
    ),
    "promise": Ladder(
        ("own", 0),
        {1: ("last", -2, ("owner",)), 2: ("last", 1, ("owner",)), 3: ("last", 3, ("owner", "owner_head")), 4: ("last", 5, ("lead",))},
    ),
}  # fmt: skip
EVERYWHERE = ("officer", "administrator")


def day_of(how: str, n: int, first: date, last: date) -> date:
    if how == "before":
        return back(first + timedelta(days=n))
    if how == "after":
        return forth(first + timedelta(days=n))
    return count(last, n) if n else back(last)


def late_of(kind: str, fact: datetime, last_on: date | None) -> datetime:
    how, n = LADDERS[kind].late
    if how == "working":
        return on(count(today(fact), n), 16)
    last = last_on or today(fact) + timedelta(days=n)
    return on(last + timedelta(days=1), 0)


def between(start: datetime, end: datetime) -> int:
    """Working days after the one until the other."""
    day, n = today(start), 0
    while day < today(end):
        day += timedelta(days=1)
        n += is_open(day)
    return n
