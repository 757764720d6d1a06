"""The area's month, for the leadership team and the coordinators. Reads published figures only, nothing of a family."""

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_AP
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.access import UserRequest, for_hats
from metrics import charts, published
from metrics.figures import TARGET_PERCENT, freezes_at, month_of, shift_month
from metrics.models import Metric
from metrics.published import Line, MonthShare
from networks.models import Area
from yhteiso.lib.dates import at_clock, day_month, helsinki_date, long_date


@require_safe
@for_hats("report", "area")
def latest(request: UserRequest) -> HttpResponse:
    """Which month was frozen last? Leads to it, or tells when the first one will be."""
    area = _area(request)
    months = published.frozen_months(area)
    if months:
        newest = next(iter(months))
        return redirect("month", newest.year, newest.month)
    now = timezone.now()
    this = month_of(helsinki_date(now))
    first = next(month for month in (shift_month(this, -1), this) if freezes_at(month) > now)
    context = {"area_label": _label(area), "freezes": _moment(freezes_at(first)), "month_name": MONTHS[first.month]}
    return render(request, "metrics/month_none.html", context)


@require_safe
@for_hats("report", "area")
def month(request: UserRequest, year: int, month: int) -> HttpResponse:
    """How did the two-week promise go in this month, how fast, were promises kept, and who called?"""
    try:
        day = date(year, month, 1)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    area = _area(request)
    months = published.frozen_months(area)
    if day not in months:
        raise Http404
    frozen = months[day]
    figures, year_of_promise = published.read(months, day)
    context = {
        "area_label": _label(area),
        "frozen": frozen,
        "frozen_at": _moment(frozen.frozen_at),
        "month_name": MONTHS[day.month],
        "previous": _link(months, shift_month(day, -1)),
        "next": _link(months, shift_month(day, 1)),
        "promise": _promise(year_of_promise),
        "delays": published.delays(figures[Metric.DELAYS]),
        "lead": _lead(published.spread(figures[Metric.LEAD_TIME])),
        "kept": _kept(published.sectors(figures[Metric.PROMISES_KEPT])),
        "contacts": _contacts(published.routes(figures[Metric.CONTACTS])),
        "year": day.year,
    }
    return render(request, "metrics/month.html", context)


def _area(request: UserRequest) -> Area:
    """The area of the role worn: both roles of this page always have one."""
    user: Any = request.user
    area: Area = user.worn.area
    return area


def _label(area: Area) -> str:
    """The area's name as in a heading; Finnish takes its genitive."""
    return _("Area of %(area)s") % {"area": area.name_genitive if published.in_finnish() else area.name}


def _moment(at: datetime) -> dict[str, str]:
    day = helsinki_date(at)
    return {"day": day_month(day), "date": long_date(day), "time": at_clock(at)}


def _link(months: dict[date, Any], day: date) -> dict[str, Any] | None:
    return {"year": day.year, "month": day.month, "name": str(MONTHS[day.month])} if day in months else None


def _promise(year: list[MonthShare]) -> dict[str, Any]:
    chart = charts.line([_span(row) for row in year], TARGET_PERCENT)
    this, before = year[-1].portion, year[-2].portion if len(year) > 1 else None
    return {
        "this": this,
        "of": published.of_many(this.total) if this and this.total else "",
        "before": before if before and before.total else None,
        "before_name": MONTHS[year[-2].month.month] if len(year) > 1 else "",
        "target": published.percent(TARGET_PERCENT),
        "chart": chart,
        "months": [
            {"mark": mark, "short": MONTHS_AP[row.month.month], "name": _name(row.month, i == 0), "portion": row.portion}
            for i, (row, mark) in enumerate(zip(year, chart.marks, strict=True))
        ],
        "ranges": any(mark.kind == "range" for mark in chart.marks),
        "first": _name(year[0].month, True),
    }


def _name(day: date, with_year: bool) -> str:
    return f"{MONTHS[day.month]} {day.year}" if with_year or day.month == 1 else str(MONTHS[day.month])


def _span(row: MonthShare) -> charts.Span | str:
    if row.portion is None:
        return "none"
    if row.portion.low is None or row.portion.high is None:
        return "hidden"
    return charts.Span(row.portion.low, row.portion.high)


def _lead(spread: published.Spread) -> dict[str, Any]:
    drawn = charts.bars([bucket.count for bucket in spread.buckets])
    ends = next((i for i, bucket in enumerate(spread.buckets) if bucket.ends_promise), None)
    edge = None if ends is None or ends + 1 == len(drawn) else charts.edge_after(ends, len(drawn))
    return {
        "spread": spread,
        "bars": list(zip(spread.buckets, drawn, strict=True)),
        "edge": edge,
        "edge_text": None if edge is None else edge - 1.5,
        "over_shown": any(bucket.over for bucket in spread.buckets),
    }


def _kept(lines: list[Line]) -> dict[str, Any]:
    together = published.promises_in_all(lines)
    return {
        "lines": lines,
        "drawn": published.gathered(lines),
        "all": together,
        "of": published.of_many(together.total) if together.total else "",
        "bounds": any(line.portion.at_least or line.portion.at_most for line in lines),
    }


def _contacts(lines: list[Line]) -> dict[str, Any]:
    shown = [line.count for line in lines if line.count is not None]
    return {
        "lines": list(zip(lines, charts.widths([line.count for line in lines]), strict=True)),
        "sum": sum(shown),
        "all_shown": len(shown) == len(lines),
        "any_shown": bool(shown),
    }
