"""The definitions of the measures, version 3: one pure function a metric. Dates in, numbers out; nothing is read here.

A definition that changes, or is added, gets a new VERSION; months that are frozen keep the numbers of theirs and are
not counted again. Version 2 added the reasons for delays. Version 3 leaves out the promises that ended with a situation
which the family stopped before their day. Families whose address is
protected are in none of them, and a masked member's promise counts under the mask's sector.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil, inf

from yhteiso.lib.dates import PROMISE_DAYS, at_helsinki, helsinki_date

VERSION = 3
TARGET_PERCENT = 90  # of the two-week promise, agreed by the leadership team
GRACE_DAYS = 7  # how long after its due day a promise may be marked as kept
FREEZE_DAY, FREEZE_TIME = 3, time(6, 0)

WAITING = "waiting"
ROUTES = ("network", "advice", "consultation", "guided", WAITING)
# Days from the call to the first meeting: first and last day of each bucket; the last one has no end.
BUCKETS: tuple[tuple[int, int | None], ...] = ((0, 5), (6, 9), (10, 12), (13, PROMISE_DAYS), (PROMISE_DAYS + 1, None))


# -- months ------------------------------------------------------------------------------------------------------------


def month_of(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def shift_month(month: date, by: int) -> date:
    """The first day of the month that lies `by` months after (before, when negative)."""
    index = month.year * 12 + month.month - 1 + by
    return date(index // 12, index % 12 + 1, 1)


def freezes_at(month: date) -> datetime:
    """When a month is frozen: on the 3rd day after its end at 6.00 in Finland.

    What happens later is not in its figures, even if the freezing itself is late.
    """
    return at_helsinki(shift_month(month, 1).replace(day=FREEZE_DAY), FREEZE_TIME)


# -- what the figures are counted from ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """A call, or a written concern, or a call that answers a concern: one contact. Moments are aware."""

    began_at: datetime | None
    sent_at: datetime | None = None
    case_t0_at: datetime | None = None
    route: str = ""
    finished_at: datetime | None = None

    @property
    def t0(self) -> datetime:
        """When the contact was made: the case's own start where one was opened (it may have been corrected), else the
        earlier of the concern sent and the call begun."""
        return self.case_t0_at or min(at for at in (self.began_at, self.sent_at) if at)


@dataclass(frozen=True, slots=True)
class Family:
    """The dates of a family for whom a network was to be gathered. `outcome`: was the promise kept, once written."""

    t0_at: datetime
    day14_on: date
    first_met_at: datetime | None = None
    outcome: bool | None = None
    reason: str = ""  # why nothing moved in its two weeks, if that was recorded: the first of several

    @property
    def kept(self) -> bool:
        """The written outcome; where none is written, whether the first meeting began on day 14 or before."""
        if self.outcome is not None:
            return self.outcome
        return self.first_met_at is not None and helsinki_date(self.first_met_at) <= self.day14_on

    def days(self, until: datetime) -> float:
        """Calendar days from T0 to the first meeting.

        Infinite when it had not been held by `until`, or was told only after the promise had been written as missed.
        """
        if self.first_met_at is None or self.first_met_at > until:
            return inf
        days = (helsinki_date(self.first_met_at) - helsinki_date(self.t0_at)).days
        return inf if days <= PROMISE_DAYS and not self.kept else max(days, 0)


@dataclass(frozen=True, slots=True)
class Promise:
    """A professional's promise in an approved logbook. `sector` is that of the agency of the unit that promised."""

    sector: str
    due_on: date
    status: str
    resolved_at: datetime | None = None


# -- what they give ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """How many did, of how many. `late` is the rest."""

    kept: int
    total: int

    @property
    def late(self) -> int:
        return self.total - self.kept


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Families a bucket of BUCKETS, and the days within which half, and nine of ten, had met.

    A quantile is None when there is no family, or when it falls among those who had not met yet.
    """

    buckets: tuple[int, ...]
    median: int | None
    p90: int | None


# -- the metrics -------------------------------------------------------------------------------------------------------


def contacts(rows: Iterable[Contact], month: date, until: datetime) -> dict[str, int]:
    """Contacts (M01): the calls and written concerns whose T0 falls in the month, Helsinki time.

    A concern and the call that answers it are one contact. By route: a network is gathered, advice is enough, anonymous
    consultation, guided elsewhere; 'waiting' when no route had been decided by `until`. Unit: contacts. Source: the
    concerns and calls of the area.
    """
    counts = Counter(_route(row, until) for row in rows if month_of(helsinki_date(row.t0)) == month)
    return {route: counts[route] for route in ROUTES}


def _route(row: Contact, until: datetime) -> str:
    return row.route if row.route and row.finished_at and row.finished_at <= until else WAITING


def two_weeks(rows: Iterable[Family], month: date) -> Share:
    """The two-week promise (M03): of the families for whom a network was to be gathered and whose day 14 falls in the
    month, those whose network met by then.

    Day 14 is T0's day in Finland + 14 calendar days; a meeting that began on day 14 keeps the promise. Every family
    counts, met or not, also those whose situation has been closed since; delays, whatever the reason, stop no clock. A
    family without a written outcome counts as not met unless its first meeting began on day 14 or before. Unit:
    families. Source: the cases of the area and their outcomes, each written once.
    """
    counted = [row for row in rows if month_of(row.day14_on) == month]
    return Share(kept=sum(row.kept for row in counted), total=len(counted))


def delays(rows: Iterable[Family], month: date) -> tuple[Share, dict[str, int]]:
    """Reasons for delays (beside M03): of the families of the month whose promise was not kept, those for whom a reason
    had been recorded before the month was frozen, and how many for each reason.

    A reason counts when some of its days lie between T0 and day 14. Of several the one that began first counts, so that
    a family is counted once. It explains the figure and never changes it. Unit: families. Source: the pauses of the
    area's cases.
    """
    late = [row for row in rows if month_of(row.day14_on) == month and not row.kept]
    by_reason = Counter(row.reason for row in late if row.reason)
    return Share(kept=sum(by_reason.values()), total=len(late)), dict(by_reason)


def lead_time(rows: Iterable[Family], month: date, until: datetime) -> LeadTime:
    """Lead time (M04): calendar days from T0 to the first meeting, for the families whose day 14 falls in the month.

    The median is the smallest number of days within which at least half of them had met, the 90th percentile the same
    for nine of ten. A family that had not met by `until` counts as over 14 days, and so does one whose meeting was told
    only after the promise had been written as missed: the first four buckets together are always the promises kept.
    Unit: days; the buckets count families. Source: the cases of the area.
    """
    days = sorted(row.days(until) for row in rows if month_of(row.day14_on) == month)
    buckets = tuple(sum(first <= day <= (inf if last is None else last) for day in days) for first, last in BUCKETS)
    return LeadTime(buckets, _within(days, 0.5), _within(days, 0.9))


def _within(days: list[float], share: float) -> int | None:
    if not days:
        return None
    day = days[rank(len(days), share) - 1]
    return None if day == inf else int(day)


def rank(n: int, share: float) -> int:
    """Which of n, in order and counted from 1, is the first by which at least this share is reached."""
    return ceil(n * round(share * 100) / 100)


def promises_kept(rows: Iterable[Promise], month: date, until: datetime) -> dict[str, Share]:
    """Promises kept in time (M12): of the professionals' promises that were due in the month, those kept, by sector.

    A promise is a row of an approved plan that a professional and a unit have promised; the family's own deeds and the
    child's goals are not measured, nor a promise whose day had not come when the family stopped. It counts as kept in time
    when its owner marked it as kept at the latest seven days after the due day and before the month was frozen; partly
    kept, not kept and unmarked promises count as not kept in time. The mark's time stands for the deed's, which nobody
    records. The sector is that of the agency of the unit that promised; the figure is never a person's. Unit: promises.
    Source: the commitments of the area's cases.
    """
    counted = [row for row in rows if month_of(row.due_on) == month and not _lapsed(row)]
    totals = Counter(row.sector for row in counted)
    kept = Counter(row.sector for row in counted if _in_time(row, until))
    return {sector: Share(kept=kept[sector], total=total) for sector, total in totals.items()}


def _lapsed(row: Promise) -> bool:
    """Ended with the situation, before its day had passed."""
    return row.status == "lapsed" and row.resolved_at is not None and helsinki_date(row.resolved_at) <= row.due_on


def _in_time(row: Promise, until: datetime) -> bool:
    if row.status != "kept" or row.resolved_at is None or row.resolved_at > until:
        return False
    return helsinki_date(row.resolved_at) <= row.due_on + timedelta(days=GRACE_DAYS)
