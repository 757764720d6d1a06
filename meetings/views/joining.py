"""Sama lapsi, kaksi tilannetta: proposing to join them, and another person's yes or no."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, for_hats, get_case, log
from cases.actions.joining import end_join, propose_join, same_children
from cases.forms_joining import JoinForm
from cases.models import Case, CaseJoin
from meetings.actions.joining import accept_blocker, accept_join
from yhteiso.audit.models import Verb

PEOPLE = ("proposed_by__password", "proposed_by__last_login", "accepted_by__password", "accepted_by__last_login")


@require_http_methods(["GET", "HEAD", "POST"])
def case_joining(request: UserRequest, ref: str) -> HttpResponse:
    """Is this child's other situation the same one, and which of them goes on?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    choices = [] if case.closed_at else _choices(request, case)
    form = JoinForm(request.POST if request.method == "POST" else None, choices=choices)
    if form.is_bound and form.is_valid() and _proposed(request, case, form, timezone.now()):
        return redirect("case-joining", ref=case.ref)
    rows = [_shown(request, case, row) for row in _joins(request, case)]
    context = {
        "case": case, "form": form, "waiting": next((row for row in rows if row["row"].is_open), None),
        "earlier": [row for row in rows if not row["row"].is_open],
    }  # fmt: skip
    return render(request, "meetings/joining.html", context, status=422 if form.is_bound else 200)


def _proposed(request: UserRequest, case: Case, form: JoinForm, now: datetime) -> bool:
    data = form.cleaned_data
    try:
        propose_join(case=case, other=data["ref"], stays=data["which"] == "here", by=request.user, now=now)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("The proposal is made. Nothing changes before another person has said yes."))
    return True


def _choices(request: UserRequest, case: Case) -> list[tuple[str, str]]:
    """The same child's other open situations that this coordinator sees; each stands in the log."""
    rows = Case.objects.visible_to(request.user).filter(pk__in=same_children(case)).select_related("coordinator")
    found = list(rows.defer("coordinator__password", "coordinator__last_login").order_by("opened_at"))
    if found:
        log(request, Verb.LIST, cases=found, reason="join", sections=["network"])
    for row in found:
        row.child_shown = True
    return [(row.ref, f"{row.label} · {row.ref} · {row.coordinator.name}") for row in found]


def _joins(request: UserRequest, case: Case) -> list[CaseJoin]:
    rows = CaseJoin.objects.visible_to(request.user).filter(Q(stays=case) | Q(closes=case))
    return list(rows.select_related("proposed_by", "accepted_by", "stays_area", "closes_area").defer(*PEOPLE))


def _shown(request: UserRequest, case: Case, row: CaseJoin) -> dict[str, Any]:
    """One proposal beside this situation: the other side by its reference where the reader sees it, else by its area."""
    key, area = row.other(case)
    other = Case.objects.visible_to(request.user).filter(pk=key).first()
    closes = case if row.closes_id == case.pk else other
    return {
        "row": row, "other": other, "area": area, "stays": row.stays_id == case.pk, "closes": closes,
        "own": row.proposed_by_id == request.user.pk,
        "blocker": accept_blocker(row, closes, request.user) if row.is_open else "",
        "promises": list(closes.commitments.agreed().open()) if row.is_open and closes else [],
    }  # fmt: skip


@for_hats("area")
@require_POST
def join_acceptance(request: UserRequest, ref: str) -> HttpResponse:
    """Yes: one goes on, the other closes now."""
    row, case = _waiting(request, ref)
    try:
        closed = accept_join(join=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("case-joining", ref=case.ref)
    messages.success(request, _("The situations are joined. This one is closed, and nothing was moved."))
    return redirect("case-joining", ref=closed.ref)


@for_hats("area")
@require_POST
def join_end(request: UserRequest, ref: str) -> HttpResponse:
    """No, or: I take my proposal back."""
    row, case = _waiting(request, ref)
    try:
        end_join(join=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The proposal is no longer open. Both situations go on."))
    return redirect("case-joining", ref=case.ref)


def _waiting(request: UserRequest, ref: str) -> tuple[CaseJoin, Case]:
    """A proposal by its reference, and the side from which this person sees it: the one that closes where they see both."""
    row = CaseJoin.objects.visible_to(request.user).filter(ref=ref).first()
    seen = Case.objects.visible_to(request.user).filter(pk__in=[row.closes_id, row.stays_id]) if row else Case.objects.none()
    cases = {case.pk: case for case in seen}
    case = (cases.get(row.closes_id) or cases.get(row.stays_id)) if row else None
    if row is None or case is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    log(request, Verb.CHANGE, case=case, reason="join")
    return row, case
