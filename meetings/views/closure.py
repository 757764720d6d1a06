"""Ends and beginnings: a page that says what closes, one for a family that wants to stop, and the way back."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions.reopening import reopen, reopen_blocker
from cases.forms_closing import CloseForm, ReopenForm, StopForm
from cases.models import Case, Membership
from meetings.actions.closing import close, close_blocker
from meetings.actions.siblings import stop_in_all
from meetings.views.siblings import shown_siblings
from networks.models import AREA_ROLES, RoleMembership
from yhteiso.audit.models import Verb
from yhteiso.forms import YhteisoForm
from yhteiso.lib.dates import helsinki_date


@require_http_methods(["GET", "HEAD", "POST"])
def closure(request: UserRequest, ref: str) -> HttpResponse:
    """What ends when this situation is closed, and why is it closed?"""
    case, now = get_case(request, ref, "coordinate", _verb(request)), timezone.now()
    if case.closed_at:
        return _closed_already(request, case)
    form, today = CloseForm(request.POST if request.method == "POST" else None), helsinki_date(now)
    if request.method == "POST" and form.is_valid():
        try:
            close(case=case, by=request.user, now=now, told_on=today, **form.cleaned_data)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The situation is closed. The network no longer sees it."))
            return redirect("case", ref=case.ref)
    return _page(request, "closure", case, form, now, blocker=close_blocker(case))


@require_http_methods(["GET", "HEAD", "POST"])
def family_end(request: UserRequest, ref: str) -> HttpResponse:
    """The family wants to stop: who said it, and what ends at once?"""
    case, now = get_case(request, ref, "coordinate", _verb(request)), timezone.now()
    if case.closed_at:
        return _closed_already(request, case)
    siblings = shown_siblings(request, case)["siblings"]
    form = StopForm(request.POST if request.method == "POST" else None, today=helsinki_date(now), siblings=siblings)
    if request.method == "POST" and form.is_valid():
        try:
            stop_in_all(case=case, by=request.user, now=now, **form.cleaned_data)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, _("The situation has ended, as the family wanted. The network hears only that it has ended.")
            )
            return redirect("case", ref=case.ref)
    return _page(request, "family_end", case, form, now)


@require_http_methods(["GET", "HEAD", "POST"])
def reopening(request: UserRequest, ref: str) -> HttpResponse:
    """Does a closed situation go on, and what follows?"""
    case, now = get_case(request, ref, "coordinate", _verb(request)), timezone.now()
    if not case.closed_at:
        messages.warning(request, _("This situation is open."))
        return redirect("case", ref=case.ref)
    form = ReopenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            reopen(case=case, by=request.user, now=now, **form.cleaned_data)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The situation is open again. Ask back those whom the family wants, one by one."))
            return redirect("case-members", ref=case.ref)
    context = {
        "case": case, "form": form, "blocker": reopen_blocker(case, now), "clock": case.clock(helsinki_date(now)),
        "closing": case.closings.first(),
    }  # fmt: skip
    return render(request, "meetings/reopening.html", context, status=422 if form.is_bound else 200)


def _verb(request: UserRequest) -> Verb:
    return Verb.CHANGE if request.method == "POST" else Verb.VIEW


def _closed_already(request: UserRequest, case: Case) -> HttpResponse:
    messages.warning(request, _("This situation is already closed."))
    return redirect("case", ref=case.ref)


def _page(
    request: UserRequest, name: str, case: Case, form: YhteisoForm, now: datetime, **context: Any
) -> HttpResponse:  # fmt: skip
    """What ends: the promises, the coming meeting, and who no longer sees the situation."""
    today = helsinki_date(now)
    context |= {
        "case": case, "form": form, "clock": case.clock(today), "members": _leaving(case, today),
        "promises": case.commitments.agreed().open(), "coming": case.meetings.coming().order_by("starts_at").first(),
    }  # fmt: skip
    return render(request, f"meetings/{name}.html", context, status=422 if form.is_bound else 200)


def _leaving(case: Case, today: date) -> QuerySet[Membership]:
    """Those who no longer see the situation: everybody but the area's own coordinators."""
    stays = RoleMembership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today), area_id=case.area_id, role__in=AREA_ROLES, starts_on__lte=today
    ).values("user_id")
    return case.memberships.current().filter(user__isnull=False).exclude(user_id__in=stays).with_people()
