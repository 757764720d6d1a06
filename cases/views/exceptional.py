"""Exceptional access: asking for it, what came of it, and the second person's look at each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from cases.access import NotAllowed, UserRequest, for_hats, log, why
from cases.actions.standing import REVIEW_WITHIN, open_exceptionally, review_exceptional
from cases.forms_standing import ExceptionalForm, ReviewForm
from cases.models import Case, ExceptionalAccess, Section
from networks.step_up import fresh_sign_in
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date, short_date

SHOWN = 50
PEOPLE = ("user__password", "user__last_login", "reviewed_by__password", "reviewed_by__last_login")
OPENED_WORDS = {
    Section.TIME: gettext_lazy("the times of meetings"),
    Section.NETWORK: gettext_lazy("the network"),
    Section.CONTACT: gettext_lazy("contact details"),
    Section.THEMES: gettext_lazy("what was written of everyday life in the meetings"),
    Section.PLAN: gettext_lazy("the plan and the promises"),
}
ORDER = (Section.CONTACT, Section.NETWORK, Section.PLAN, Section.THEMES, Section.TIME)


@for_hats("member")
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def new(request: UserRequest) -> HttpResponse:
    """Why do I need this now?"""
    now = timezone.now()
    form = ExceptionalForm(request.POST if request.method == "POST" else None, today=helsinki_date(now))
    if form.is_bound and form.is_valid() and (row := _open(request, form, now)):
        return redirect("exceptional", pk=row.pk)
    context = {"form": form, "review_by": helsinki_date(now + REVIEW_WITHIN)}
    return render(request, "cases/exceptional_form.html", context, status=422 if form.is_bound else 200)


def _open(request: UserRequest, form: ExceptionalForm, now: datetime) -> ExceptionalAccess | None:
    """The attempt, and its row in the log: also of one that found nothing, and of one that was refused."""
    try:
        row = open_exceptionally(by=request.user, now=now, **form.deed)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        log(request, Verb.DENY, reason="exceptional limit")
        return None
    log(request, Verb.EXCEPTIONAL, case=_case(row), reason=row.reason, sections=row.sections)
    return row


def _case(row: ExceptionalAccess) -> Case | None:
    """The situation by its key alone: for the log, also where nothing of it may be read."""
    return Case(pk=row.case_id) if row.case_id else None


@for_hats("member")
@require_safe
def opened(request: UserRequest, pk: UUID) -> HttpResponse:
    """What came of it, and until when?"""
    user, now = request.user, timezone.now()
    row = ExceptionalAccess.objects.filter(pk=pk, user=user).first()
    if row is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    live = row.case_id is not None and ExceptionalAccess.objects.live(user, now).filter(pk=pk).exists()
    case = Case.objects.visible_to(user).filter(pk=row.case_id or 0).first() if live else None
    log(request, Verb.VIEW, case=case, reason="exceptional")
    context = {"row": row, "case": case, "sees": sees(row.sections), "ended": row.case_id is not None and case is None}
    return render(request, "cases/exceptional.html", context)


def sees(sections: list[str]) -> str:
    """The sections in one phrase: "contact details and the network"."""
    words = [str(OPENED_WORDS[section]) for section in ORDER if section in sections]
    *first, last = words or [""]
    return _("%(names)s and %(last)s") % {"names": ", ".join(first), "last": last} if first else last


# -- the second person


@for_hats("area", "officer")
@require_safe
def review_list(request: UserRequest) -> HttpResponse:
    """Which openings wait for a second person, and which have been looked at?"""
    user, now = request.user, timezone.now()
    rows = ExceptionalAccess.objects.select_related("user", "unit", "reviewed_by").defer(*PEOPLE)
    found = rows.filter(case__isnull=False)
    waiting = list(found.waiting().order_by("review_by", "pk")[:SHOWN])
    done = list(found.exclude(verdict="").order_by("-reviewed_at", "pk")[:SHOWN])
    today = helsinki_date(now)
    cases = {case.pk: case for case in Case.objects.visible_to(user).filter(pk__in=[r.case_id for r in [*waiting, *done]])}
    log(request, Verb.LIST, cases=[Case(pk=row.case_id) for row in [*waiting, *done]])
    context = {
        "waiting": [_line(row, cases, user.pk) for row in waiting], "done": [_line(row, cases, user.pk) for row in done],
        "late": sum(row.review_by < today for row in waiting), "today": today, "officer": user.hat == "officer",
        "in_vain": ExceptionalAccess.objects.filter(case=None).count() if user.hat == "officer" else 0,
    }  # fmt: skip
    return render(request, "cases/exceptional_list.html", context)


def _line(row: ExceptionalAccess, cases: dict[int, Case], reader: int) -> dict[str, Any]:
    case = cases.get(row.case_id or 0)
    return {
        "row": row, "case": case, "own": row.user_id == reader,
        "name": "" if case is None else _("Child without a name") if case.protected else case.label,
    }  # fmt: skip


@for_hats("area")
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: UserRequest, pk: UUID) -> HttpResponse:
    """Was there a reason to open this?"""
    now = timezone.now()
    rows = ExceptionalAccess.objects.select_related("user", "unit", "reviewed_by").defer(*PEOPLE)
    row = rows.filter(pk=pk, case__in=Case.objects.visible_to(request.user)).first()
    if row is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    case = Case.objects.visible_to(request.user).get(pk=row.case_id or 0)
    form = ReviewForm(request.POST if request.method == "POST" else None)
    verb = Verb.CHANGE if form.is_bound else Verb.VIEW
    log(request, verb, case=case, reason="exceptional", sections=["network"], why=why(request.user, case))
    if form.is_bound and form.is_valid():
        try:
            review_exceptional(access=row, by=request.user, now=now, **form.cleaned_data)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The review is written."))
            return redirect("exceptional-list")
    context = {
        "row": row, "case": case, "form": form, "sees": sees(row.sections), "own": row.user_id == request.user.pk,
        "day": short_date(helsinki_date(row.opened_at)),
    }  # fmt: skip
    return render(request, "cases/exceptional_review.html", context, status=422 if form.is_bound else 200)
