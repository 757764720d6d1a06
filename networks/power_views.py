"""Proposed powers: the list of what waits, one proposal, and the answers to it."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from networks.access import NotAllowed, UserRequest, for_power, log
from networks.actions import power as actions
from networks.models import Area, PowerProposal, User
from networks.power_forms import DeclineForm
from networks.powers import change_text, sight_text, title_text
from networks.step_up import fresh_sign_in
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

ANSWERED_DAYS, ANSWERED_SHOWN = 30, 50


@for_power
@require_safe
def power_list(request: UserRequest) -> HttpResponse:
    """What waits for somebody's answer, and what was answered lately?"""
    log(request, Verb.LIST)
    now = timezone.now()
    rows = PowerProposal.objects.visible_to(request.user).with_people()
    waiting = rows.waiting(now).order_by("expires_at", "pk")
    answered = rows.exclude(pk__in=waiting.values("pk")).filter(proposed_at__gt=now - timedelta(days=ANSWERED_DAYS))
    context = {
        "waiting": [_line(row, request.user, now) for row in waiting],
        "answered": [_line(row, request.user, now) for row in answered[:ANSWERED_SHOWN]],
        "proposes": request.user.hat == "admin",
        "ladders": _areas(request.user),
    }
    return render(request, "networks/power_list.html", context)


def _areas(user: User) -> list[Area]:
    """The areas whose ladder of reminders this person may set: the same people answer for powers."""
    areas = Area.objects.order_by("name")
    return list(areas if user.hat == "admin" else areas.filter(pk__in=user.answers_for))


@for_power
@require_safe
def power(request: UserRequest, ref: str) -> HttpResponse:
    """What would change, who proposed it, and may I accept it?"""
    row = _find(request, ref)
    log(request, Verb.VIEW, reason=row.kind)
    return _page(request, row, DeclineForm())


@for_power
@require_POST
@fresh_sign_in
def acceptance(request: UserRequest, ref: str) -> HttpResponse:
    """Accept: the power takes effect now."""
    row = _find(request, ref)
    try:
        actions.accept(proposal=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, ref, refusal)
    log(request, Verb.CHANGE, reason=f"{row.kind} accepted")
    messages.success(request, _("Accepted. It is in force now, and those whom it concerns have been told."))
    return redirect("power-list")


@for_power
@require_POST
def refusal(request: UserRequest, ref: str) -> HttpResponse:
    """Decline, and say why."""
    row = _find(request, ref)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        actions.decline(proposal=row, by=request.user, reason=form.cleaned_data["reason"], now=timezone.now())
    except NotAllowed as refused:
        return _refused(request, ref, refused, form)
    log(request, Verb.CHANGE, reason=f"{row.kind} declined")
    messages.success(request, _("Declined. Nothing changed, and the one who proposed it has been told."))
    return redirect("power-list")


@for_power
@require_POST
def withdrawal(request: UserRequest, ref: str) -> HttpResponse:
    """Take one's own proposal back."""
    row = _find(request, ref)
    try:
        actions.withdraw(proposal=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, ref, refusal)
    log(request, Verb.CHANGE, reason=f"{row.kind} withdrawn")
    messages.success(request, _("The proposal is withdrawn. Nothing changed."))
    return redirect("power-list")


def _find(request: UserRequest, ref: str) -> PowerProposal:
    """One proposal that this person may see, else the page of what is not there."""
    row = PowerProposal.objects.visible_to(request.user).with_people().filter(ref=ref).first()
    if row is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    return row


def _refused(request: UserRequest, ref: str, refusal: NotAllowed, form: DeclineForm | None = None) -> HttpResponse:
    """The page again, as the proposal is now, with the reason why the deed was refused."""
    log(request, Verb.DENY, reason=refusal.code)
    return _page(request, _find(request, ref), form or DeclineForm(), refusal=str(refusal), status=422)


def _page(
    request: UserRequest, row: PowerProposal, form: DeclineForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    mine = row.proposed_by_id == request.user.pk
    context = {
        "proposal": row, "form": form, "refusal": refusal, "title": title_text(row), "change": change_text(row),
        "sight": sight_text(row), "closed": row.closed_text(now), "blocker": row.blocker(request.user, now), "mine": mine,
    }  # fmt: skip
    return render(request, "networks/power.html", context, status=status)


def _line(row: PowerProposal, user: User, now: datetime) -> dict[str, Any]:
    """A row of the list: the day on which it lapses or was answered, what it is, and how it stands."""
    open_still = not row.closed_text(now)
    state = "lapsed" if row.state == "open" and not open_still else row.state
    own = row.proposed_by_id == user.pk
    tags = {
        "open": (_("Waits for another person"), "grey", "people") if own else (_("Waits for you"), "yellow", "clock"),
        "accepted": (_("Accepted"), "green", "check"),
        "declined": (_("Declined"), "red", "cross"),
        "withdrawn": (_("Withdrawn"), "grey", "undo"),
        "lapsed": (_("No answer in time"), "grey", "clock"),
    }
    tag = tags[state]
    if state == "open" and not own and row.blocker(user, now):
        tag = (_("Waits for another person"), "grey", "people")
    ended = row.accepted_at or row.declined_at or row.withdrawn_at or row.lapsed_at
    return {
        "url": reverse("power", args=[row.ref]),
        "title": title_text(row),
        "who": row.whose,
        "by": row.proposed_by.name,
        "day": helsinki_date(row.expires_at if open_still else ended or row.expires_at),
        "proposed_at": row.proposed_at,
        "open": open_still,
        "tag": tag,
    }
