"""The access log, for the data protection officer: who looked, when and on which page. Nothing of what was there."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from yhteiso.audit.forms import LogFilterForm
from yhteiso.audit.models import LogEntry, Verb, record
from yhteiso.audit.words import HATS, PAGES, REASONS, VERBS
from yhteiso.lib.dates import at_clock, helsinki_date, long_date, start_of_day, weekday

ROWS = 100
CASES_SHOWN = 8


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Who looked at what, and when? A hundred rows at a time, newest first."""
    user: Any = request.user
    refused = user.hat != "officer"
    _record(request, Verb.DENY if refused else Verb.LIST, reason="hat" if refused else "")
    if refused:
        raise Http404
    form = LogFilterForm(request.GET)
    rows: list[LogEntry] = []
    if form.is_valid():
        found = _narrowed(form.cleaned_data)
        rows = list(_after(found, request.GET.get("after"))[: ROWS + 1])
    context = {
        "form": form,
        "rows": [_shown(row) for row in rows[:ROWS]],
        "last": rows[ROWS - 1].pk if len(rows) > ROWS else None,
        "narrowed": form.is_valid() and any(form.cleaned_data.values()),
        "later": bool(request.GET.get("after")),
    }
    return render(request, "audit/log.html", context, status=200 if form.is_valid() else 422)


def _narrowed(by: dict[str, Any]) -> QuerySet[LogEntry]:
    rows = LogEntry.objects.all()
    if by["verb"]:
        rows = rows.filter(verb=by["verb"])
    if day := by["day"]:
        try:
            first, after = start_of_day(day), start_of_day(day.fromordinal(day.toordinal() + 1))
        except (ValueError, OverflowError):  # the first and the last day that a calendar has
            return rows.none()
        rows = rows.filter(at__gte=first, at__lt=after)
    return rows.order_by("-at", "-pk")


def _after(rows: QuerySet[LogEntry], key: str | None) -> QuerySet[LogEntry]:
    """The rows that follow the one with this key. Raises Http404 for a key that is none."""
    if not key:
        return rows
    try:
        last = LogEntry.objects.filter(pk=UUID(key)).values_list("at", "pk").first()
    except ValueError as error:
        raise Http404 from error
    if last is None:
        raise Http404
    at, pk = last
    return rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))


def _shown(row: LogEntry) -> dict[str, Any]:
    day = helsinki_date(row.at)
    numbers = [row.case_id] if row.case_id else list(row.case_ids)
    return {
        "day": f"{weekday(day)} {long_date(day)}",
        "time": at_clock(row.at),
        "who": row.actor_name,
        "agency": row.actor_agency,
        "hat": HATS.get(row.hat, row.hat),
        "verb": VERBS.get(row.verb, row.verb),
        "denied": row.verb == Verb.DENY,
        "why": REASONS.get(row.reason, "") if row.verb == Verb.DENY else "",
        "page": PAGES.get(row.page, row.page),
        "numbers": ", ".join(str(n) for n in numbers[:CASES_SHOWN]),
        "count": len(numbers),
        "more": max(0, len(numbers) - CASES_SHOWN),
    }


def _record(request: HttpRequest, verb: Verb, *, reason: str) -> None:
    """Reading the log is itself logged."""
    user: Any = request.user
    unit = getattr(user, "unit", None)
    record(
        verb=verb, page="log", actor_id=user.pk, actor_name=user.name,
        actor_agency=unit.agency.name if unit else "", hat=getattr(request, "hat", None) or "", now=timezone.now(),
        reason=reason,
    )  # fmt: skip
