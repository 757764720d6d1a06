"""Correcting when the two weeks began, and agreeing or not agreeing to another's correction."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions import clock
from cases.forms import StartForm
from cases.models import Case, StartCorrection, Status
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

CREDENTIALS = ("password", "last_login")  # which no hat may read


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: UserRequest, ref: str) -> HttpResponse:
    """When did the two weeks begin, and what if that is not right?"""
    case, now = get_case(request, ref, "coordinate"), timezone.now()
    form = StartForm(request.POST if request.method == "POST" else None, start=case.t0_at, now=now)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = clock.correct_start(case=case, new_at=data["new_at"], reason=data["reason"], by=request.user, now=now)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _told(row))
            return redirect("case-start", ref=case.ref)
    context = {
        "case": case, "form": form, "clock": case.clock(helsinki_date(now)), "start_on": helsinki_date(case.t0_at),
        "closed": case.status == Status.CLOSED, "outcome": clock.outcome_of(case),
        "corrections": _corrections(case, request.user),
    }  # fmt: skip
    return render(request, "cases/start.html", context, status=422 if form.is_bound else 200)


def _told(row: StartCorrection) -> str:
    if row.applied_at:
        return _("The two weeks now begin from the corrected time.")
    if row.new_at > row.old_at:
        return _("The later time waits for another coordinator to agree. Until then nothing changes.")
    return _("The correction stands beside the outcome, which it does not change.")


def _corrections(case: Case, user: User) -> list[dict[str, object]]:
    rows = case.start_corrections.select_related("proposed_by", "accepted_by", "declined_by").defer(
        *(f"{who}__{column}" for who in ("proposed_by", "accepted_by", "declined_by") for column in CREDENTIALS)
    )  # fmt: skip
    return [
        {
            "row": row,
            "old_on": helsinki_date(row.old_at),
            "new_on": helsinki_date(row.new_at),
            "pending": row.is_pending and case.status != Status.CLOSED,
            "own": row.proposed_by_id == user.pk,
            "own_refusal": row.declined_by_id == row.proposed_by_id,
            "blocker": clock.acceptance_blocker(row, case, user),
        }
        for row in rows
    ]


@require_POST
def accept(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """A second person agrees to a later start."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    correction = get_object_or_404(case.start_corrections, pk=pk)
    try:
        row = clock.accept_correction(correction=correction, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _told(row) if row.applied_at else _("Agreed. The outcome had been written already."))
    return redirect("case-start", ref=case.ref)


@require_POST
def decline(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """A second person says no to a later start, or its proposer takes it back."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    correction = get_object_or_404(case.start_corrections, pk=pk)
    try:
        clock.decline_correction(correction=correction, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The start stays as it was. The proposal is kept below."))
    return redirect("case-start", ref=case.ref)
