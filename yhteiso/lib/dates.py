"""Days and clock times of Finland: working days, the two-week promise, and how days are written for people.

Moments are stored in UTC and shown in Europe/Helsinki; a day is always a Helsinki day. Nothing here reads the clock:
today comes in as an argument. Public holidays come from the library `holidays` (years 1853-2100), in which juhannus eve
and Christmas eve are closed days too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, ngettext
from holidays.countries.finland import Finland

HELSINKI = ZoneInfo("Europe/Helsinki")
PROMISE_DAYS = 14  # the network has met within two weeks of the call
NEAR_DAYS = 3  # from here on the clock is amber
NBSP = "\u00a0"

_DAY = timedelta(days=1)
_HOLIDAY_LANGUAGE = {"fi": "fi", "sv": "sv_FI", "en": "en_US"}
_WEEKDAYS = {
    "fi": ("ma", "ti", "ke", "to", "pe", "la", "su"),
    "sv": ("må", "ti", "on", "to", "fr", "lö", "sö"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class NoSuchTime(ValueError):
    """A clock time that a night of clock change skips (the last Sunday of March, 3.00-3.59)."""


# -- working days ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _holidays(year: int, language: str) -> MappingProxyType[date, str]:
    # A finished copy: the library's own object fills itself while it is read, which two threads must not share.
    return MappingProxyType(dict(Finland(years=year, language=_HOLIDAY_LANGUAGE[language])))


def holiday_name(day: date, language: str | None = None) -> str | None:
    """The name of a public holiday or closed eve as in running text ("juhannusaatto"); None on any other day."""
    language = _language(language)
    name = _holidays(day.year, language).get(_plain(day))
    return name if name is None or language == "en" else name[:1].lower() + name[1:]


def is_working_day(day: date) -> bool:
    """Whether offices are open: Monday to Friday, no public holiday, no juhannus eve, no Christmas eve."""
    return _plain(day).weekday() < 5 and day not in _holidays(day.year, "fi")


def closed_reason(day: date, language: str | None = None) -> str | None:
    """Why offices are closed: the holiday's name, else "viikonloppu"; None on a working day.

    A holiday on a Saturday or Sunday is called by its name.
    """
    if is_working_day(day):
        return None
    return holiday_name(day, language) or _WEEKEND[_language(language)]


_WEEKEND = {"fi": "viikonloppu", "sv": "veckoslut", "en": "weekend"}


def add_working_days(day: date, n: int) -> date:
    """The nth working day after the day (before it, when n is negative). 0 gives the day itself, open or closed."""
    step = _DAY if n > 0 else -_DAY
    for _ in range(abs(n)):
        day += step
        while not is_working_day(day):
            day += step
    return day


def years_old(born: date, day: date) -> int:
    """The age in whole years on a day; 0 before the birth."""
    return max(0, day.year - born.year - ((day.month, day.day) < (born.month, born.day)))


def working_day_until(day: date) -> date:
    """The day itself when offices are open, else the last working day before it."""
    while not is_working_day(day):
        day -= _DAY
    return day


def working_day_after(day: date) -> date:
    """The first working day after the day."""
    return add_working_days(day, 1)


def working_days_between(start: date, end: date) -> int:
    """How many working days one moves from start to end: start itself is not counted, end is.

    `working_days_between(d, add_working_days(d, n)) == n`; negative when end lies before start.
    """
    sign = 1 if end >= start else -1
    return sign * sum(is_working_day(start + sign * i * _DAY) for i in range(1, abs((end - start).days) + 1))


# -- moments and days --------------------------------------------------------------------------------------------------


def _plain(day: date) -> date:
    if isinstance(day, datetime):
        raise TypeError("A day is expected, not a moment: use helsinki_date() first.")
    return day


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("A moment needs its time zone.")
    return moment


def helsinki_date(moment: datetime) -> date:
    """The day in Finland at this moment. Raises ValueError for a moment without a time zone."""
    return _aware(moment).astimezone(HELSINKI).date()


def at_helsinki(day: date, at: time) -> datetime:
    """The moment, in UTC, when clocks in Finland show this time on this day.

    In the autumn night when an hour comes twice, its first occurrence. Raises NoSuchTime in the spring hour that is
    skipped, ValueError for a time that carries a zone of its own.
    """
    if at.tzinfo is not None:
        raise ValueError("A Finnish clock time carries no time zone.")
    local = datetime.combine(_plain(day), at.replace(fold=0))
    moment = local.replace(tzinfo=HELSINKI).astimezone(UTC)
    if moment.astimezone(HELSINKI).replace(tzinfo=None) != local:
        raise NoSuchTime(gettext("There is no such time: the clocks go forward that night."))
    return moment


def start_of_day(day: date) -> datetime:
    """Midnight in Finland with which the day begins, in UTC (half-open ranges end at the next day's start)."""
    return at_helsinki(day, time.min)


# -- the two-week promise ----------------------------------------------------------------------------------------------


def day14(call: date) -> date:
    """The last day on which the meeting keeps the promise: the call's day is day 0, plus 14 calendar days."""
    return _plain(call) + PROMISE_DAYS * _DAY


def latest_meeting_day(call: date) -> date:
    """The day to plan by: the last working day on or before day 14."""
    return working_day_until(day14(call))


@dataclass(frozen=True, slots=True)
class Clock:
    """One family's clock on one day; every page takes its numbers and words from here.

    `day`: calendar days since the call (the call's day is 0); it stops on the day of the meeting.
    `left`: calendar days from that day to `plan_by`; negative once it has passed, also while day 14 is still ahead.
    `state`: ok; near (at most 3 days left); over (day 14 has passed, or the meeting came after it); kept.
    """

    day: int
    day14: date
    plan_by: date
    left: int
    state: Literal["ok", "near", "over", "kept"]
    met_on: date | None = None

    @property
    def late(self) -> int:
        """Days past day 14: 0 while the promise can still be kept, or has been."""
        return max(0, self.day - PROMISE_DAYS)

    @property
    def text(self) -> str:
        """The words beside the numbers, in the active language."""
        return clock_text(self)


def clock(t0: datetime, today: date, met_on: date | None = None) -> Clock:
    """The clock that began at t0 (aware), as it stands today, or stood when the network met.

    A meeting on day 14 itself keeps the promise even when it is a closed day. A `met_on` after today does not count
    yet. Raises ValueError for a t0 without a time zone. A t0 after today gives a negative day: actions refuse it.
    """
    call = helsinki_date(t0)
    held = met_on if met_on is not None and met_on <= _plain(today) else None
    at = held or today
    day, plan_by = (at - call).days, latest_meeting_day(call)
    left = (plan_by - at).days
    state: Literal["ok", "near", "over", "kept"]
    if day > PROMISE_DAYS:
        state = "over"
    elif held:
        state = "kept"
    else:
        state = "near" if left <= NEAR_DAYS else "ok"
    return Clock(day=day, day14=day14(call), plan_by=plan_by, left=left, state=state, met_on=held)


def clock_text(clock: Clock) -> str:
    """How much is left, or how it went: "8 pv jäljellä", "tänään viimeistään", "2 pv myöhässä", "ajoissa".

    Days left are counted to the day to plan by. After it, as long as day 14 is ahead, the text names day 14 instead;
    "late" is said only after day 14, and counted from it.
    """
    if clock.late:
        n = {"n": clock.late}
        if clock.met_on:
            return ngettext("held %(n)d day late", "held %(n)d days late", clock.late) % n
        return ngettext("%(n)d day late", "%(n)d days late", clock.late) % n
    if clock.state == "kept":
        return gettext("in time")
    if clock.left > 0:
        return ngettext("%(n)d day left", "%(n)d days left", clock.left) % {"n": clock.left}
    if clock.left == 0 or clock.day == PROMISE_DAYS:
        return gettext("today at the latest")
    if clock.day == PROMISE_DAYS - 1:
        return gettext("tomorrow at the latest")
    return gettext("by %(date)s at the latest") % {"date": short_date(clock.day14)}


# -- the path and its small form ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PathDay:
    """One stone of the two-week path: weekday, date, state classes in fixed order, flag; minor flags hide on phones."""

    wd: str
    date: str
    classes: tuple[str, ...]
    flag: str
    minor: bool


def path_days(t0_date: date, today: date, options: Iterable[date] = (), meeting: date | None = None) -> list[PathDay]:
    """The fifteen stones from the call's day to day 14, in the active language.

    Classes: is-past is-rest (weekend) is-off (holiday) is-today is-due (the day to plan by) is-option (a proposed day)
    is-meeting. Days outside the fifteen are not drawn: the caption must say them.
    """
    due, options = latest_meeting_day(t0_date), frozenset(options)
    days = [t0_date + i * _DAY for i in range(PROMISE_DAYS + 1)]
    return [_stone(day, t0_date, today, due, options, meeting) for day in days]


def _stone(day: date, call: date, today: date, due: date, options: frozenset[date], meeting: date | None) -> PathDay:
    holiday = holiday_name(day)
    states = {
        "is-past": day < today,
        "is-rest": not is_working_day(day) and not holiday,
        "is-off": bool(holiday),
        "is-today": day == today,
        "is-due": day == due,
        "is-option": day in options,
        "is-meeting": day == meeting,
    }
    flag, minor = "", False
    if day == today:
        flag = gettext("Today")
    elif day == meeting:
        flag = gettext("Meeting")
    elif day == due:
        flag, minor = gettext("At the latest"), 0 < (due - today).days < 5
    elif day == call:
        flag, minor = gettext("Call"), 0 < (today - call).days < 4
    elif holiday and day == day14(call):
        flag, minor = holiday[:1].upper() + holiday[1:], True
    return PathDay(weekday(day), day_month(day), tuple(name for name, on in states.items() if on), flag, minor)


class Dot(NamedTuple):
    """One dot of the small path: x in a viewBox of 200 by 10, radius, classes (p past, w closed, t today, over, m)."""

    cx: float
    r: float
    cls: str


_MOST_DOTS = 29  # day 28: further dots would only run into each other


def dots(t0_date: date, today: date, meeting: date | None = None, met_on: date | None = None) -> list[Dot]:
    """The path in miniature, from the call's day to day 14, or to today when day 14 has passed without a meeting.

    `meeting` is the agreed day, `met_on` the day when the network met: there the row stops changing. Past day 28 the
    last dot stands for today. Decoration beside a text with the same numbers.
    """
    end = met_on or today
    count = min(max(PROMISE_DAYS, (end - t0_date).days) + 1, _MOST_DOTS)
    days = [t0_date + i * _DAY for i in range(count)]
    if end > days[-1]:
        days[-1] = end
    step = 188 / (count - 1)
    return [_dot(round(6 + i * step, 1), day, t0_date, end, meeting, met_on) for i, day in enumerate(days)]


def _dot(cx: float, day: date, call: date, end: date, meeting: date | None, met_on: date | None) -> Dot:
    mark = ""
    if day == end and met_on is None:
        mark = "over" if day > day14(call) else "t"
    elif day == (met_on or meeting):
        mark = "m"
    classes = ("p" if day < end else "", "" if mark or is_working_day(day) else "w", mark)
    return Dot(cx, 4.5 if mark else 3.0, " ".join(name for name in classes if name))


# -- how days and times are written ------------------------------------------------------------------------------------


def _language(language: str | None) -> str:
    """The two letters of a language that we write, the active one by default; Finnish for any other."""
    code = (language or get_language() or "fi")[:2].lower()
    return code if code in _WEEKDAYS else "fi"


def weekday(day: date, language: str | None = None) -> str:
    """The short weekday: fi "ke", sv "on", en "Wed"."""
    return _WEEKDAYS[_language(language)][day.weekday()]


def weekday_fi(day: date) -> str:
    """The short weekday in Finnish whatever the active language: "ke"."""
    return weekday(day, "fi")


def day_month(day: date, language: str | None = None) -> str:
    """Day and month without the weekday: fi and sv "10.6.", en "10 Jun"."""
    if _language(language) == "en":
        return f"{day.day}{NBSP}{_MONTHS_EN[day.month - 1][:3]}"
    return f"{day.day}.{day.month}."


def short_date(day: date, language: str | None = None) -> str:
    """Weekday, day and month, never broken over two lines: fi "ke 10.6.", sv "on 10.6.", en "Wed 10 Jun"."""
    return f"{weekday(day, language)}{NBSP}{day_month(day, language)}"


def long_date(day: date, language: str | None = None) -> str:
    """The whole date: fi and sv "10.6.2026", en "10 June 2026"."""
    if _language(language) == "en":
        return f"{day.day}{NBSP}{_MONTHS_EN[day.month - 1]}{NBSP}{day.year}"
    return f"{day.day}.{day.month}.{day.year}"


def period(first: date, last: date, language: str | None = None) -> str:
    """Days from the first to the last: "29.6.–24.7.2026", "29.12.2026–3.1.2027"; one day alone as in `long_date`."""
    if first == last:
        return long_date(first, language)
    start = long_date(first, language)
    if first.year == last.year:
        start = start.removesuffix(str(first.year)).removesuffix(NBSP)
    return f"{start}–{long_date(last, language)}"


def clock_time(moment: datetime, language: str | None = None) -> str:
    """The time of day in Finland: fi and sv "9.05", en "9:05". Raises ValueError without a time zone."""
    local = _aware(moment).astimezone(HELSINKI)
    return f"{local.hour}{':' if _language(language) == 'en' else '.'}{local.minute:02}"


def at_clock(moment: datetime, language: str | None = None) -> str:
    """The time of day as in running text: fi "klo 14.30", sv "kl. 14.30", en "14:30"."""
    word = {"fi": f"klo{NBSP}", "sv": f"kl.{NBSP}", "en": ""}[_language(language)]
    return word + clock_time(moment, language)
