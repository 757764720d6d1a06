"""Why nothing moved for a while: written down, ended, and to be seen beside the clock."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions import pause as pausing
from cases.forms_clock import PauseForm
from cases.models import Case, Pause, Status
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date, long_date


@require_http_methods(["GET", "HEAD", "POST"])
def pauses(request: UserRequest, ref: str) -> HttpResponse:
    """Why does nothing move, and since when?"""
    verb = Verb.CHANGE if request.method == "POST" else Verb.VIEW
    case, now = get_case(request, ref, "coordinate", verb), timezone.now()
    form = PauseForm(request.POST if request.method == "POST" else None, case=case, now=now)
    if form.is_bound and form.is_valid():
        try:
            pausing.record_pause(case=case, by=request.user, now=now, **form.cleaned_data)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Recorded. The clock goes on, and the reason stands beside it."))
            return redirect("case-pauses", ref=case.ref)
    context = {"case": case, "form": form, "closed": case.status == Status.CLOSED, "rows": _rows(case)}
    return render(request, "cases/pauses.html", context, status=422 if form.is_bound else 200)


@require_POST
def pause_end(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Things move again."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    pause = get_object_or_404(case.pauses, pk=pk)
    try:
        pausing.end_pause(pause=pause, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Ended. The reason stays to be seen."))
    return redirect("case-pauses", ref=case.ref)


def _rows(case: Case) -> list[dict[str, Any]]:
    people = (f"{who}__{column}" for who in ("recorded_by", "ended_by") for column in ("password", "last_login"))
    rows = case.pauses.select_related("recorded_by", "ended_by").defer(*people).order_by("-from_on", "-pk")
    return [
        {"row": row, "days": days_of(row), "by": case.name_of(row.recorded_by), "on": helsinki_date(row.recorded_at)}
        for row in rows
    ]


def days_of(row: Pause) -> str:
    """The days of a pause: "10.6.2026–12.6.2026", open at the end while nobody knows."""
    return f"{long_date(row.from_on)}–{long_date(row.until_on) if row.until_on else ''}"
