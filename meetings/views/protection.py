"""Precautions for a family: the page where they are set and lifted, and the place that is told by phone."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions.protection import guardians_of, name_member
from cases.models import Case, MemberRole, Membership, Status
from meetings.actions import protection as actions
from meetings.forms.protection import ApartForm, ProtectForm, ReasonForm
from meetings.views.meeting import get_meeting
from yhteiso.audit.models import Verb
from yhteiso.forms import YhteisoForm
from yhteiso.lib.dates import helsinki_date


@require_http_methods(["GET", "HEAD", "POST"])
def case_protection(request: UserRequest, ref: str) -> HttpResponse:
    """What is hidden of this family, from whom, and who decided it? A POST protects the address."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    if request.method != "POST":
        return _page(request, case)
    form = _protect_form(case, request.POST)
    if form.is_valid():
        try:
            actions.protect(
                case=case, reason=form.cleaned_data["reason"], by_hand=form.cleaned_data.get("by_hand", []),
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The family's address is protected from now on."))
            if Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
                return redirect("case-protection", ref=case.ref)
            return redirect("board")  # whoever set it does not lead the situation, and is not named
    return _page(request, case, protect=form, status=422)


@require_POST
def case_protection_end(request: UserRequest, ref: str) -> HttpResponse:
    """The address is no longer protected."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    form = ReasonForm(request.POST, prefix="lift")
    if form.is_valid():
        try:
            actions.lift_protection(case=case, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The protection is lifted."))
            return redirect("case-protection", ref=case.ref)
    return _page(request, case, lift=form, status=422)


@require_POST
def case_named(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Who else may see what is hidden?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    member = get_object_or_404(case.memberships.current().filter(user__isnull=False), pk=pk)
    form = ReasonForm(request.POST, prefix=f"named-{pk}")
    if form.is_valid():
        try:
            name_member(
                case=case, membership=member, named=request.POST.get("named") == "yes",
                reason=form.cleaned_data["reason"], by=request.user, now=timezone.now(),
            )  # fmt: skip
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("case-protection", ref=case.ref)
    return _page(request, case, naming=(pk, form), status=422)


@require_POST
def case_apart(request: UserRequest, ref: str) -> HttpResponse:
    """Are the guardians met one at a time?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    form = _apart_form(case, request.POST)
    if form.is_valid():
        try:
            actions.keep_apart(
                case=case, apart=request.POST.get("apart") == "yes", reason=form.cleaned_data["reason"],
                guardian=form.cleaned_data.get("guardian"), by=request.user, now=timezone.now(),
            )  # fmt: skip
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("case-protection", ref=case.ref)
    return _page(request, case, apart=form, status=422)


@require_POST
def meeting_place_told(request: UserRequest, ref: str, meeting: str, pk: int) -> HttpResponse:
    """Somebody was told the place by phone."""
    row = get_meeting(request, ref, meeting, "coordinate", Verb.CHANGE)
    seat = get_object_or_404(actions.to_tell(row), pk=pk)
    seat.case = row.case
    try:
        actions.tell_place(participant=seat, by=request.user, now=timezone.now())
        messages.success(request, _("Recorded."))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("meeting", ref=row.case.ref, meeting=row.ref)


def _names(case: Case) -> list[tuple[int, str]]:
    return [(person.pk, person.full_name) for person in guardians_of(case)]


def _protect_form(case: Case, data: Any = None) -> ProtectForm:
    return ProtectForm(data, guardians=_names(case), prefix="protect")


def _apart_form(case: Case, data: Any = None) -> ApartForm:
    """Asks which guardian keeps the coming meeting only where both are invited to it."""
    both = [] if case.guardians_apart else actions.invited_guardians(case)
    choices = [row for row in _names(case) if row[0] in both]
    return ApartForm(data, guardians=choices if len(choices) > 1 else (), prefix="apart")


def _page(
    request: UserRequest, case: Case, *, protect: YhteisoForm | None = None, lift: YhteisoForm | None = None,
    apart: YhteisoForm | None = None, naming: tuple[int, YhteisoForm] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    members = case.memberships.current().with_people().filter(user__isnull=False)
    context = {
        "case": case, "closed": case.status == Status.CLOSED, "clock": case.clock(helsinki_date(timezone.now())),
        "protect": protect or _protect_form(case), "lift": lift or ReasonForm(prefix="lift"),
        "apart": apart or _apart_form(case), "guardians": len(_names(case)),
        "people": [_person(case, row, naming) for row in members], "history": _history(case),
        "form": next((form for form in (protect, lift, apart, naming[1] if naming else None) if form), None),
    }  # fmt: skip
    return render(request, "meetings/protection.html", context, status=status)


def _person(case: Case, member: Membership, naming: tuple[int, YhteisoForm] | None) -> dict[str, Any]:
    called = case.calling.of(member)
    form = naming[1] if naming and naming[0] == member.pk else ReasonForm(prefix=f"named-{member.pk}")
    return {
        "row": member, "called": called, "leads": member.pk == case.lead_id,
        "form": None if member.role == MemberRole.COORDINATOR or member.index_only else form,
    }  # fmt: skip


def _history(case: Case) -> list[dict[str, Any]]:
    rows = case.precautions.select_related("by").defer("by__password", "by__last_login")
    return [{"row": row, "day": helsinki_date(row.at), "by": case.calling.name(row.by)} for row in rows]
