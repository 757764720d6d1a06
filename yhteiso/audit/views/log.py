"""The two logs: who looked at what and when, and what left from whom to whom."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yhteiso.audit.forms import CasePeriodForm, LogForm, PeriodForm
from yhteiso.audit.models import DisclosureEntry, LogEntry, Verb
from yhteiso.audit.shown import after, case_of, disclosure_rows, use_rows
from yhteiso.audit.views.door import note, officers
from yhteiso.forms import field_error
from yhteiso.lib.dates import helsinki_date, start_of_day
from yhteiso.lib.names import sort_key

ROWS = 100
PEOPLE = 20


def today() -> date:
    return helsinki_date(timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
@officers
def log(request: HttpRequest) -> HttpResponse:
    """Who looked at what, and when? A hundred rows at a time, newest first."""
    if request.method == "POST":
        return _search(request)
    form = LogForm(request.GET, today=today(), initial={})
    rows: list[LogEntry] = []
    if form.is_valid():
        rows = list(after(narrowed(form), request.GET.get("after"))[: ROWS + 1])
    _note_reading(request, form, len(rows[:ROWS]))
    context = {
        "form": form,
        "rows": use_rows(rows[:ROWS]),
        "last": rows[ROWS - 1].pk if len(rows) > ROWS else None,
        "narrowed": any(request.GET.get(name) for name in form.fields),
        "later": bool(request.GET.get("after")),
        "person": _name(form.cleaned_data.get("actor")),
    }
    return render(request, "audit/log.html", context, status=200 if form.is_valid() else 422)


def _search(request: HttpRequest) -> HttpResponse:
    """Turn a name into a number, and go to the address that holds no name."""
    form = LogForm(request.POST, today=today())
    people: list[dict[str, Any]] = []
    if form.is_valid():
        asked = {name: request.POST.get(name, "") for name in ("ref", "since", "until", "verb", "why", "actor")}
        if who := form.cleaned_data["who"]:
            people = _people(who)
            asked["actor"] = str(people[0]["pk"]) if len(people) == 1 else ""
            for person in people:
                person["url"] = _address(asked | {"actor": person["pk"]})
        if not who or len(people) == 1:
            return redirect(_address(asked))
        form.add_error("who", field_error(_("Several people have this name.") if people else _("Nobody has this name.")))
    return render(request, "audit/log.html", {"form": form, "people": people, "rows": []}, status=422)


def _address(asked: dict[str, Any]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('log')}?{query}" if query else reverse("log")


def _people(who: str) -> list[dict[str, Any]]:
    key = sort_key(who)
    if not key:  # nothing but punctuation
        return []
    rows = get_user_model()._default_manager.filter(sort_key__contains=key).order_by("sort_key", "pk")
    return [dict(row) for row in rows.values("pk", "name", "title", "unit__name")[:PEOPLE]]


def _name(actor: int | None) -> str:
    if not actor:
        return ""
    found = get_user_model()._default_manager.filter(pk=actor).values_list("name", flat=True).first()
    return str(found or actor)


def narrowed(form: LogForm) -> QuerySet[LogEntry]:
    """The rows that a valid form asks for."""
    by, (first, end) = form.cleaned_data, form.period()
    rows = LogEntry.objects.filter(at__gte=start_of_day(first), at__lt=start_of_day(end))
    if by["verb"]:
        rows = rows.filter(verb=by["verb"])
    if by["actor"]:
        rows = rows.filter(actor_id=by["actor"])
    return of_case(rows, by["ref"]) if by["ref"] else rows


def of_case(rows: QuerySet[LogEntry], ref: str) -> QuerySet[LogEntry]:
    """The rows that opened this case, or listed it."""
    case_id = case_of(ref)
    if case_id is None:
        return rows.none()
    return rows.filter(Q(case_id=case_id) | Q(case_ids__contains=[case_id]) & ~Q(case_ids=[]))


def _note_reading(request: HttpRequest, form: PeriodForm, count: int) -> None:
    """The row of this reading: a search when it asked for somebody's or some family's rows."""
    by = form.cleaned_data if form.is_valid() else {}
    case_id = case_of(by["ref"]) if by.get("ref") else None
    verb = Verb.SEARCH if by.get("ref") or by.get("actor") else Verb.LIST
    note(request, verb, reason=by.get("why", ""), case_id=case_id, count=count)


@require_safe
@officers
def disclosures(request: HttpRequest) -> HttpResponse:
    """What left, from whom to whom, and on what ground?"""
    form = CasePeriodForm(request.GET, today=today())
    rows: list[DisclosureEntry] = []
    if form.is_valid():
        first, end = form.period()
        found = DisclosureEntry.objects.filter(at__gte=start_of_day(first), at__lt=start_of_day(end))
        if ref := form.cleaned_data["ref"]:
            found = found.filter(case_id=case_of(ref) or 0)
        rows = list(after(found, request.GET.get("after"))[: ROWS + 1])
    _note_reading(request, form, len(rows[:ROWS]))
    context = {
        "form": form,
        "rows": disclosure_rows(rows[:ROWS]),
        "last": rows[ROWS - 1].pk if len(rows) > ROWS else None,
        "narrowed": any(request.GET.get(name) for name in form.fields),
    }
    return render(request, "audit/disclosures.html", context, status=200 if form.is_valid() else 422)
