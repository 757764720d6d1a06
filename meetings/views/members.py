"""The whole history of a situation's network: who was in, from where, from when until when, and why it ended."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions.membership import keep_member
from cases.actions.reopening import to_ask_back
from cases.models import Case, MemberRole, Membership, TaskKind
from meetings.actions.closing import ask_back
from networks.models import User
from yhteiso.audit.models import Verb

# Ends that the application or the database wrote, in words. Any other is what a coordinator wrote.
WHY: Mapping[str, str | Promise] = {
    "closed": gettext_lazy("the situation was closed"),
    "unit": gettext_lazy("left the unit"),
    "quiet": gettext_lazy("twelve months without contact"),
    "lead": gettext_lazy("began to answer for the situation"),
    "handed_over": gettext_lazy("somebody else answers for the situation"),
    "recused": gettext_lazy("disqualified"),
    "replaced": gettext_lazy("a new seat in another unit"),
    "expired": gettext_lazy("the time ran out"),
    "protected": gettext_lazy("the family's address was protected"),
}


@require_safe
def members(request: UserRequest, ref: str) -> HttpResponse:
    """Who has been in this network, when, and why did it end?"""
    case = get_case(request, ref, "coordinate")
    rows = case.memberships.with_people().select_related("ended_by").defer("ended_by__password", "ended_by__last_login")
    back = set(to_ask_back(case).values_list("pk", flat=True))
    quiet = _quiet(case)
    shown = [_row(case, row, back, quiet) for row in rows.order_by("started_at", "pk")]
    context = {
        "case": case,
        "now_in": [row for row in shown if row["until"] is None], "gone": [row for row in shown if row["until"]],
        "reopenings": case.reopenings.select_related("closing", "by").defer("by__password", "by__last_login"),
    }  # fmt: skip
    return render(request, "meetings/members.html", context)


@require_POST
def member_return(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Somebody who was in before the closing is asked back."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    member = get_object_or_404(case.memberships, pk=pk)
    try:
        ask_back(case=case, membership=member, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("They are in again. What they see follows from what the family's consent is now."))
    return redirect("case-members", ref=case.ref)


@require_POST
def member_keeping(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Somebody without contact for a long time stays in."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    member = get_object_or_404(case.memberships, pk=pk)
    try:
        keep_member(case=case, membership=member, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("They stay in the network."))
    return redirect("case-members", ref=case.ref)


def _quiet(case: Case) -> set[int]:
    """Seats (ids) that end by themselves soon, as the lead has been told."""
    warned = case.tasks.filter(kind=TaskKind.SEAT_QUIET, done_at=None).values_list("about", flat=True)
    return {int(about.split("-")[1]) for about in warned}


def _row(case: Case, member: Membership, back: set[int], quiet: set[int]) -> dict[str, Any]:
    called, role = case.calling.of(member), _role(member)
    return {
        "row": member, "name": called.name, "title": "" if called.title == role else called.title, "role": role,
        "masked": member.masked, "since": member.started_at, "until": member.ended_at, "why": _why(member),
        "by": _by(case, member.ended_by) if member.ended_at else "", "back": member.pk in back,
        "quiet": member.pk in quiet and member.ended_at is None,
    }  # fmt: skip


def _role(member: Membership) -> str:
    if member.role == MemberRole.FAMILY and member.person:
        return str(member.person.get_kind_display())
    return str(member.get_role_display())


def _why(member: Membership) -> str:
    return str(WHY.get(member.end_reason, member.end_reason))


def _by(case: Case, user: User | None) -> str:
    """Who wrote the end; by itself where nobody did."""
    return case.calling.name(user) if user else _("by itself")
