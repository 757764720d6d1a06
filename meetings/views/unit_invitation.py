"""The invitation of a unit as whoever was asked sees it, before they know anything of the family."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.access import NotAllowed, UserRequest, for_hats, log
from cases.actions import unit_invitation as actions
from cases.models import InvitationState, UnitInvitation, public_name
from meetings.actions.unit_invitation import accept
from meetings.forms.unit_invitation import AcceptForm, DeclineForm, SubstituteForm
from networks.models import User
from networks.stand_in import absent
from yhteiso.audit.models import Verb
from yhteiso.forms import YhteisoForm
from yhteiso.lib.dates import helsinki_date

STATES = {
    InvitationState.SENT: ("yellow", "clock"), InvitationState.ACCEPTED: ("green", "check"),
    InvitationState.DECLINED: ("purple", "cross"), InvitationState.SUBSTITUTED: ("grey", "people"),
    InvitationState.CANCELLED: ("grey", "undo"), InvitationState.ASKED_FAMILY: ("grey", "ask"),
}  # fmt: skip


@require_safe
@for_hats("member")
def unit_invitation(request: UserRequest, ref: str) -> HttpResponse:
    """Who asks my unit along, and by when do I answer?"""
    row = _find(request, ref)
    log(request, Verb.VIEW, reason="invitation")
    return _page(request, row)


@require_POST
@for_hats("member")
def unit_invitation_acceptance(request: UserRequest, ref: str) -> HttpResponse:
    """I come."""
    row, form = _find(request, ref), AcceptForm(request.POST, prefix="accept")
    if not form.is_valid():
        return _page(request, row, accept=form)
    try:
        accept(invitation=row, can_decide=form.cleaned_data["can_decide"] == "yes", by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, row, str(refusal))
    log(request, Verb.CHANGE, reason="invitation")
    messages.success(request, _("Thank you. You are in the network. You see more when the family has said yes to it."))
    return redirect("unit-invitation", ref=row.ref)


@require_POST
@for_hats("member")
def unit_invitation_refusal(request: UserRequest, ref: str) -> HttpResponse:
    """We do not come."""
    row, form = _find(request, ref), DeclineForm(request.POST, prefix="decline")
    if not form.is_valid():
        return _page(request, row, decline=form)
    try:
        actions.decline(invitation=row, by=request.user, now=timezone.now(), **form.cleaned_data)
    except NotAllowed as refusal:
        return _refused(request, row, str(refusal))
    log(request, Verb.CHANGE, reason="invitation")
    messages.success(request, _("Thank you for telling. The coordinator has been told."))
    return redirect("unit-invitation", ref=row.ref)


@require_POST
@for_hats("member")
def unit_invitation_substitute(request: UserRequest, ref: str) -> HttpResponse:
    """Somebody else of my unit answers."""
    row = _find(request, ref)
    people = _colleagues(request, row)
    form = SubstituteForm(request.POST, people=people, prefix="substitute")
    if not form.is_valid():
        return _page(request, row, substitute=form)
    chosen = next(user for user in people if user.pk == form.cleaned_data["user"])
    try:
        actions.pass_on(invitation=row, substitute=chosen, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        return _refused(request, row, str(refusal))
    log(request, Verb.CHANGE, reason="invitation")
    messages.success(request, _("Thank you. Your colleague has been asked instead of you."))
    return redirect("unit-invitation", ref=row.ref)


def _find(request: UserRequest, ref: str) -> UnitInvitation:
    row = UnitInvitation.objects.asked_of(request.user).filter(ref=ref).first()
    if row is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    return row


def _refused(request: UserRequest, row: UnitInvitation, sentence: str) -> HttpResponse:
    log(request, Verb.DENY, reason="invitation")
    messages.error(request, sentence)
    return _page(request, _find(request, row.ref), status=409)


def _colleagues(request: UserRequest, row: UnitInvitation) -> list[User]:
    return list(actions.may_be_asked(row.unit, timezone.now()).exclude(pk=request.user.pk))


def _page(request: UserRequest, row: UnitInvitation, *, status: int = 200, **forms: YhteisoForm) -> HttpResponse:
    now = timezone.now()
    people = _colleagues(request, row) if row.state == InvitationState.SENT else []
    away = absent([request.user.pk, *(user.pk for user in people)], helsinki_date(now))
    blank: dict[str, Any] = {
        "accept": AcceptForm(prefix="accept"), "decline": DeclineForm(prefix="decline"),
        "substitute": SubstituteForm(people=people, away=away, prefix="substitute"),
    }  # fmt: skip
    bound = next(iter(forms.values()), None)
    inviter = User.people.filter(pk=row.invited_by_id).first()
    context = blank | forms | {
        "row": row, "form": bound, "inviter": public_name(inviter) if inviter else "", "phone": row.area.phone,
        "waits": row.state == InvitationState.SENT, "moved": request.user.unit_id != row.unit_id,
        "state": (row.get_state_display(), *STATES[InvitationState(row.state)]), "late": bool(
            row.answer_by and row.answer_by < now
        ),
        "people": people, "away": request.user.pk in away,
    }  # fmt: skip
    return render(request, "meetings/unit_invitation.html", context, status=422 if bound else status)
