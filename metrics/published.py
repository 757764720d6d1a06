"""What a frozen month says to its readers: published figures turned into shares, buckets and counts with their words.

Reads PublishedFigure and FrozenMonth only. A hidden figure stays hidden here; a bound says only what the total and
"fewer than five" already say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil, floor

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.models import PauseReason, Route
from metrics.figures import BUCKETS, ROUTES, WAITING, month_of, shift_month
from metrics.models import FrozenMonth, Metric, PublishedFigure
from metrics.suppression import ALL, COMPLEMENT, KEPT, LATE, MEDIAN, P90, REASON, SMALL, THRESHOLD, WHY, place
from networks.models import Area, Sector

YEAR = 12
Figures = Mapping[str, PublishedFigure]


@dataclass(frozen=True, slots=True)
class Portion:
    """A share as it was published: exact, or between two bounds, or hidden. `low` and `high` in per cent."""

    total: int | None = None
    kept: int | None = None
    low: int | None = None
    high: int | None = None
    hidden: str = ""

    @property
    def exact(self) -> bool:
        return self.kept is not None

    @property
    def at_least(self) -> bool:
        """Fewer than five did not."""
        return not self.exact and self.high == 100

    @property
    def at_most(self) -> bool:
        """Fewer than five did."""
        return not self.exact and self.low == 0

    @property
    def text(self) -> str:
        """The share in one word: "83 %", "≥ 86 %", "≤ 28 %" or why there is none."""
        if self.exact:
            return percent(self.low)
        if self.at_least:
            return f"≥\u00a0{percent(self.low)}"
        if self.at_most:
            return f"≤\u00a0{percent(self.high)}"
        return _("under 5") if self.hidden == SMALL else _("under 10")


def percent(number: int | None) -> str:
    """A number and its sign, never broken over two lines."""
    return f"{number}\u00a0%"


def portion(figures: Figures, prefix: str = "") -> Portion:
    """The share whose three parts begin with `prefix`."""
    everybody, kept, late = (figures.get(prefix + part) for part in (ALL, KEPT, LATE))
    if everybody is None or kept is None or late is None or everybody.count is None:
        return Portion(hidden=everybody.hidden if everybody else COMPLEMENT)
    n, most = everybody.count, THRESHOLD - 1
    if kept.count is not None:
        exact = round_half_up(100 * kept.count / n)
        return Portion(total=n, kept=kept.count, low=exact, high=exact)
    if late.hidden == SMALL:
        return Portion(total=n, low=floor(100 * (n - most) / n), high=100, hidden=SMALL)
    return Portion(total=n, low=0, high=ceil(100 * most / n), hidden=SMALL)


def round_half_up(number: float) -> int:
    """Rounds as people do: 82.5 is 83."""
    return floor(number + 0.5)


# -- the parts of a month ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bucket:
    """Families whose first meeting was so many days after the call. `over`: all of them later than two weeks."""

    label: str
    count: int
    over: bool = False
    ends_promise: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """Lead time as published. A quantile is days, None for 'over 14 and not met yet', or absent (`has_…` False).

    `half_in`: the days of the bucket in which the middle family stands; the buckets themselves tell it.
    """

    buckets: list[Bucket]
    n: int | None
    median: int | None
    p90: int | None
    has_median: bool
    has_p90: bool
    half_in: str


def spread(figures: Figures) -> Spread:
    shown = [(part, row) for part, row in figures.items() if row.count is not None]
    buckets = [_bucket(part, row.count or 0) for part, row in sorted(shown, key=lambda pair: _first_day(pair[0]))]
    median, p90 = figures.get(MEDIAN), figures.get(P90)
    return Spread(
        buckets=buckets,
        n=shown[0][1].total if shown else None,
        median=_days(median), p90=_days(p90),
        has_median=median is not None and not median.hidden, has_p90=p90 is not None and not p90.hidden,
        half_in=buckets[place([bucket.count for bucket in buckets], 0.5)[0]].label if buckets else "",
    )  # fmt: skip


def _first_day(part: str) -> int:
    return int(part.partition("-")[0])


def _days(row: PublishedFigure | None) -> int | None:
    return int(row.value) if row is not None and row.value is not None else None


def _bucket(part: str, count: int) -> Bucket:
    first, _dash, last = part.partition("-")
    over = part == f"{BUCKETS[-1][0]}-"
    label = f"{first}–{last}" if last else _("over %(days)s") % {"days": int(first) - 1}
    return Bucket(label, count, over, ends_promise=last == str(BUCKETS[-2][1]))


@dataclass(frozen=True, slots=True)
class Line:
    """A named row: a share of a sector, or the contacts of a route (`count`, None when hidden)."""

    label: str
    portion: Portion = Portion()
    count: int | None = None


def sectors(figures: Figures) -> list[Line]:
    """Promises kept in time, sector by sector; those that may not be shown come last."""
    lines = [Line(str(Sector(value).label), portion(figures, f"{value}:")) for value in Sector.values]
    return sorted(lines, key=lambda line: line.portion.total is None)


def gathered(lines: Iterable[Line]) -> list[Line]:
    """The same lines for the chart: those that are hidden for the same reason share one, with all their names."""
    drawn: list[Line] = []
    hidden: dict[Portion, list[str]] = {}
    for line in lines:
        if line.portion.total is None:
            hidden.setdefault(line.portion, []).append(line.label)
        else:
            drawn.append(line)
    return drawn + [Line(" · ".join(labels), portion) for portion, labels in hidden.items()]


def promises_in_all(lines: Iterable[Line]) -> Portion:
    """The sectors whose share or bound is shown, together: exact when all of them are, else what was kept at least.

    No total of the others is ever published.
    """
    shown = [line.portion for line in lines if line.portion.total]
    total, kept = sum(row.total or 0 for row in shown), sum(_kept_at_least(row) for row in shown)
    if not total:
        return Portion(hidden=COMPLEMENT)
    if not all(row.exact for row in shown):
        return Portion(total=total, low=floor(100 * kept / total), high=100, hidden=SMALL)
    exact = round_half_up(100 * kept / total)
    return Portion(total=total, kept=kept, low=exact, high=exact)


def _kept_at_least(row: Portion) -> int:
    if row.kept is not None:
        return row.kept
    return (row.total or 0) - (THRESHOLD - 1) if row.at_least else 0


@dataclass(frozen=True, slots=True)
class Delays:
    """Of the families who waited longer: the share with a recorded reason, and the reasons whose count is shown."""

    portion: Portion
    lines: list[Line]


def delays(figures: Figures) -> Delays | None:
    """None for a month that was frozen before reasons were counted."""
    if not figures:
        return None
    lines = [Line(str(reason.label), count=row.count) for reason in PauseReason if (row := figures.get(f"{WHY}{reason}"))]
    return Delays(portion(figures, REASON), [line for line in lines if line.count is not None])


def routes(figures: Figures) -> list[Line]:
    """Contacts by what followed from them."""
    return [Line(_route_label(route), count=figures[route].count if route in figures else None) for route in ROUTES]


def _route_label(route: str) -> str:
    return _("Not decided when the month was frozen") if route == WAITING else str(Route(route).label)


# -- months ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MonthShare:
    """One month of the line: None where nothing was frozen."""

    month: date
    portion: Portion | None


def frozen_months(area: Area) -> dict[date, FrozenMonth]:
    """The frozen months of an area, newest first; of several versions of a month the newest."""
    rows = FrozenMonth.objects.filter(area=area).order_by("month", "definition_version")
    return dict(reversed({row.month: row for row in rows}.items()))


def read(months: Mapping[date, FrozenMonth], month: date) -> tuple[dict[str, dict[str, PublishedFigure]], list[MonthShare]]:
    """The month's figures by metric and part, and a year of the two-week promise that ends in it. One query."""
    window = [shift_month(month, -i) for i in range(YEAR)]
    ids = {months[m].pk: m for m in window if m in months}
    this: dict[str, dict[str, PublishedFigure]] = {metric: {} for metric in Metric.values}
    promise: dict[date, dict[str, PublishedFigure]] = {m: {} for m in ids.values()}
    rows = PublishedFigure.objects.filter(frozen_id=months[month].pk) | PublishedFigure.objects.filter(
        frozen_id__in=ids, metric=Metric.TWO_WEEKS
    )
    for row in rows.order_by("pk"):
        if row.frozen_id == months[month].pk:
            this[row.metric][row.part] = row
        if row.metric == Metric.TWO_WEEKS:
            promise[ids[row.frozen_id]][row.part] = row
    first = min(promise)
    return this, [
        MonthShare(m, portion(promise[m]) if m in promise else None) for m in reversed(window) if m >= month_of(first)
    ]


def in_finnish() -> bool:
    return (get_language() or "fi")[:2] == "fi"


def of_many(number: int) -> str:
    """A number in 'of so many', in Finnish with its ending: "29:stä", "28:sta"."""
    if not in_finnish():
        return str(number)
    # The ending follows the vowels of the last word as it is read: kymmenestä, but sadasta and tuhannesta.
    back = number == 0 or number % 10 in (2, 3, 6, 8) or number % 100 == 0
    return f"{number}:{'sta' if back else 'stä'}"
