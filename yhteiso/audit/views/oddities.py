"""What the rules found odd, and what the officer decides of it."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from yhteiso.audit.forms import DecisionForm
from yhteiso.audit.models import LogEntry, Oddity, Verb
from yhteiso.audit.oddities import NotAllowed, decide
from yhteiso.audit.shown import use_rows
from yhteiso.audit.views.door import note, officers
from yhteiso.audit.words import DECISIONS, RULES
from yhteiso.forms import field_error
from yhteiso.lib.dates import helsinki_date, short_date

ROWS = 25
STATES = ("open", "asked", "decided")


@require_http_methods(["GET", "HEAD", "POST"])
@officers
def oddities(request: HttpRequest) -> HttpResponse:
    """Was there a reason? Open ones first; what was asked about stays in sight until it is decided."""
    state = request.GET.get("state", "open")
    if state not in STATES:
        raise Http404
    rows = _page(state, request.GET.get("after"))
    forms = {row.pk: _form(request, row, state) for row in rows[:ROWS] if state != "decided"}
    if request.method == "POST":
        note(request, Verb.CHANGE, count=len(forms))
        if (done := _decide(request, rows[:ROWS], forms)) is not None:
            _told(request, done)
            return redirect(request.get_full_path())
    else:
        note(request, Verb.LIST, count=len(rows[:ROWS]))
    bound = next((form for form in forms.values() if form.errors), None)
    context = {
        "rows": shown(rows[:ROWS], forms), "state": state, "last": rows[ROWS - 1].pk if len(rows) > ROWS else None,
        "counts": counts(), "form": bound,
    }  # fmt: skip
    return render(request, "audit/oddities.html", context, status=422 if bound else 200)


def _told(request: HttpRequest, done: int) -> None:
    if done:
        text = ngettext("%(n)s decision was saved.", "%(n)s decisions were saved.", done) % {"n": done}
        messages.success(request, text)
    else:
        messages.warning(request, _("Nothing was decided yet: choose a decision first."))


def counts() -> dict[str, int]:
    """How many wait for a decision, and how many for an answer."""
    return {
        "open": Oddity.objects.filter(decision="").count(),
        "asked": Oddity.objects.filter(decision="asked").count(),
    }


def _of(state: str) -> QuerySet[Oddity]:
    rows = Oddity.objects.order_by("-entry_at", "-pk")
    if state == "decided":
        return rows.exclude(decision__in=["", "asked"])
    return rows.filter(decision="" if state == "open" else "asked")


def _page(state: str, key: str | None) -> list[Oddity]:
    rows = _of(state)
    if key:
        if not key.isdecimal() or len(key) > 18:
            raise Http404
        last = Oddity.objects.filter(pk=int(key)).values_list("entry_at", "pk").first()
        if last is None:
            raise Http404
        rows = rows.filter(entry_at__lte=last[0]).exclude(entry_at=last[0], pk__gte=last[1])
    return list(rows[: ROWS + 1])


def _form(request: HttpRequest, row: Oddity, state: str) -> DecisionForm:
    data = request.POST if request.method == "POST" else None
    initial = {"decision": row.decision, "note": row.note} if state == "asked" else {}
    form = DecisionForm(data, prefix=f"o{row.pk}", initial=initial)
    form.fields["decision"].label = f"{_('Decision')}: {RULES[row.rule][0]}"
    return form


def _decide(request: HttpRequest, rows: list[Oddity], forms: dict[int, DecisionForm]) -> int | None:
    """Save every decision that was made. Returns how many, or None when one can't be."""
    checked = [form.is_valid() for form in forms.values()]  # every one, so that each shows what is wrong in it
    if not all(checked):
        return None
    user: Any = request.user
    now, done, refused = timezone.now(), 0, False
    for row in rows:
        form = forms.get(row.pk)
        if form is None or not form.cleaned_data["decision"] or not form.has_changed():
            continue
        try:
            decide(oddity=row, **form.cleaned_data, by_id=user.pk, by_name=user.name, now=now)
            done += 1
        except NotAllowed as refusal:
            form.add_error("decision", field_error(str(refusal)))
            refused = True
    return None if refused else done


def shown(rows: list[Oddity], forms: dict[int, DecisionForm] | None = None) -> list[dict[str, Any]]:
    """Oddities with the log row that each points at: who, when, which reference, by what right."""
    times = [row.entry_at for row in rows]
    entries = {}
    if rows:
        found = LogEntry.objects.filter(pk__in=[row.entry_id for row in rows], at__gte=min(times), at__lte=max(times))
        entries = {entry.pk: entry for entry in found}
    used = dict(zip(entries, use_rows(list(entries.values())), strict=True)) if entries else {}
    return [
        {
            "row": row,
            "title": RULES[row.rule][0],
            "meaning": RULES[row.rule][1],
            "icon": RULES[row.rule][2],
            "entry": used.get(row.entry_id),
            "form": (forms or {}).get(row.pk),
            "decision": DECISIONS.get(row.decision, ""),
            "decided_on": short_date(helsinki_date(row.decided_at)) if row.decided_at else "",
        }
        for row in rows
    ]
