"""The answer to a family's question: who has looked at our child's information, when, in which role and by what right."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yhteiso.audit.forms import ReportForm
from yhteiso.audit.models import SECTIONS, LogEntry, Verb
from yhteiso.audit.shown import case_of, day_of, masked_in, sections_words
from yhteiso.audit.views.door import note, officers
from yhteiso.audit.views.log import today
from yhteiso.audit.words import HATS, PAGES, VERBS, WHY
from yhteiso.lib.dates import at_clock, start_of_day

MOST = 5000
NOT_SEEN = (Verb.DENY, Verb.FAIL, Verb.LOGIN)


@dataclass
class Reader:
    """One person in one role, and everything that they did with this case in the period."""

    key: int
    name: str
    where: str
    hat: str
    masked: bool
    opened: list[LogEntry] = field(default_factory=list)
    lists: int = 0

    @property
    def saw(self) -> str:
        seen = {code for row in self.opened for code in row.sections}
        return sections_words(code for code in SECTIONS if code in seen)

    @property
    def rights(self) -> str:
        return ", ".join(dict.fromkeys(str(WHY.get(row.why, row.why)) for row in self.opened if row.why))


@require_safe
@officers
def report(request: HttpRequest) -> HttpResponse:
    """Whose names stand in the report? The step before the paper: people whose name must not be told are hidden here."""
    asked = bool(request.GET)
    form = ReportForm(request.GET if asked else None, today=today())
    case_id = case_of(form.cleaned_data["ref"]) if asked and form.is_valid() else None
    people, more = _readers(case_id, form) if case_id else ([], False)
    note(
        request, Verb.SEARCH if case_id else Verb.LIST, case_id=case_id, count=len(people),
        reason=form.cleaned_data["why"] if case_id else "",
    )  # fmt: skip
    valid = not asked or form.is_valid()
    context = {
        "form": form, "people": people, "more": more, "asked": asked and valid, "known": case_id is not None,
        "passed": _passed(request.GET) if case_id else [],
    }  # fmt: skip
    return render(request, "audit/report.html", context, status=200 if valid else 422)


@require_safe
@officers
def report_print(request: HttpRequest) -> HttpResponse:
    """The report on paper, without the names that were hidden. Without a situation and a reason, back to the step before."""
    form = ReportForm(request.GET, today=today())
    case_id = case_of(form.cleaned_data["ref"]) if form.is_valid() else None
    if case_id is None:
        note(request, Verb.LIST)
        return redirect("log-report")
    people, more = _readers(case_id, form)
    hidden = {value for value in request.GET.getlist("hide") if value.isdecimal()}
    note(request, Verb.PRINT, case_id=case_id, count=len(people), reason=form.cleaned_data["why"])
    for person in people:
        if person.masked:
            person.name, person.where = _("Health services"), ""
        elif str(person.key) in hidden:
            person.name = _("Name left out")
    first, end = form.period()
    context = {
        "ref": form.cleaned_data["ref"], "since": first, "until": min(end - date.resolution, today()), "people": people,
        "days": _days(people), "more": more, "made_on": timezone.now(),
    }  # fmt: skip
    return render(request, "audit/report_print.html", context)


def _passed(asked: QueryDict) -> list[tuple[str, str]]:
    return [(name, asked.get(name, "")) for name in ("ref", "since", "until", "why")]


def _readers(case_id: int, form: ReportForm) -> tuple[list[Reader], bool]:
    """Everybody who saw something of the case in the period, those who opened it most first, and whether it was cut."""
    first, end = form.period()
    rows = LogEntry.objects.filter(at__gte=start_of_day(first), at__lt=start_of_day(end)).exclude(verb__in=NOT_SEEN)
    rows = rows.exclude(hat="officer")  # who read the log saw nothing of the family
    opened = list(rows.filter(case_id=case_id).order_by("at", "pk")[: MOST + 1])
    listed = rows.filter(case_ids__contains=[case_id]).exclude(case_ids=[])
    lists = Counter(listed.order_by().values_list("actor_id", "actor_name", "actor_unit", "actor_agency", "hat"))
    masked, found = masked_in(case_id), dict[tuple[Any, ...], Reader]()

    def reader(actor: int | None, name: str, unit: str, agency: str, hat: str) -> Reader:
        where = ", ".join(part for part in (unit, agency) if part)
        fresh = Reader(actor or 0, name, where, str(HATS.get(hat, hat)), actor in masked)
        return found.setdefault((actor, hat), fresh)

    for row in opened[:MOST]:
        reader(row.actor_id, row.actor_name, row.actor_unit, row.actor_agency, row.hat).opened.append(row)
    for (actor, name, unit, agency, hat), count in lists.items():
        reader(actor, name, unit, agency, hat).lists += count
    return sorted(found.values(), key=lambda person: -len(person.opened)), len(opened) > MOST


def _days(people: list[Reader]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every opening in the order of time, under its day."""
    days: dict[str, list[dict[str, Any]]] = {}
    pairs = sorted(((row, person) for person in people for row in person.opened), key=lambda pair: pair[0].at)
    for row, person in pairs:
        days.setdefault(day_of(row.at), []).append(
            {
                "time": at_clock(row.at), "who": person.name, "where": person.where, "hat": person.hat,
                "what": f"{VERBS.get(row.verb, row.verb)}: {PAGES.get(row.page, row.page)}",
                "right": WHY.get(row.why, row.why), "saw": sections_words(row.sections),
            }
        )  # fmt: skip
    return list(days.items())
