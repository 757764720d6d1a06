"""Asking a unit into a network, as whoever leads does it: whom, the family first or at once, and taking it back."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions import unit_invitation as actions
from cases.models import Case, Status, UnitInvitation
from meetings.forms.unit_invitation import InviteForm, SubstituteForm
from meetings.views.gathering import facts, room
from networks.models import Role, Service, Unit, User
from networks.stand_in import absent, away
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date


@require_http_methods(["GET", "HEAD", "POST"])
def unit_invite(request: UserRequest, ref: str) -> HttpResponse:
    """Who answers for this unit, and has the family been asked?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    now = timezone.now()
    today = helsinki_date(now)
    service, unit = _what(request, case)
    people = _people(case, service, unit, today)
    form = InviteForm(
        request.POST if request.method == "POST" else None, people=people, away=absent([row.pk for row in people], today),
        prefix="invite", initial={"user": people[0].pk if len(people) == 1 else None},
    )  # fmt: skip
    if form.is_bound and form.is_valid():
        chosen = next(user for user in people if user.pk == form.cleaned_data["user"])
        if _invited(request, case, form, chosen, service):
            return redirect("case-network", ref=case.ref)
    context = {
        "case": case, "form": form, "service": service, "unit": unit, "people": people, "clock": case.clock(today),
        "facts": facts(service) if service else "", "room": room(service) if service else None,
        "stale": bool(service and service.is_stale(today)), "closed": case.status == Status.CLOSED,
        "answer_by": actions.answer_by(now),
    }  # fmt: skip
    return render(request, "meetings/unit_invite.html", context, status=422 if form.is_bound else 200)


def _invited(request: UserRequest, case: Case, form: InviteForm, user: User, service: Service | None) -> bool:
    data = form.cleaned_data
    how = actions.Asked(
        must_attend=data["must_attend"], masked=data["masked"], index_only=data["index_only"],
        family_first=data["when"] == "first",
    )  # fmt: skip
    assert user.unit is not None
    try:
        actions.invite(case=case, unit=user.unit, user=user, how=how, service=service, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    if how.family_first:
        messages.success(request, _("The unit is proposed. The invitation leaves when you have asked the family."))
    else:
        messages.success(request, _("The invitation has left. What happens next stands beside the unit."))
    return True


@require_POST
def unit_invite_sending(request: UserRequest, ref: str, invitation: str) -> HttpResponse:
    """The family has said yes to asking this unit."""
    deed = _deed(actions.send, _("The invitation has left. What happens next stands beside the unit."))
    return deed(request, ref, invitation)


@require_POST
def unit_invite_cancelling(request: UserRequest, ref: str, invitation: str) -> HttpResponse:
    """This unit is not asked after all."""
    return _deed(actions.cancel, _("The invitation is cancelled."))(request, ref, invitation)


def _deed(action: Callable[..., UnitInvitation], done: str) -> Callable[[UserRequest, str, str], HttpResponse]:
    def deed(request: UserRequest, ref: str, invitation: str) -> HttpResponse:
        case = get_case(request, ref, "coordinate", Verb.CHANGE)
        row = get_object_or_404(case.unit_invitations, ref=invitation)
        try:
            action(invitation=row, by=request.user, now=timezone.now())
            messages.success(request, done)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        return redirect("case-network", ref=case.ref)

    return deed


@require_http_methods(["GET", "HEAD", "POST"])
def unit_invite_substitute(request: UserRequest, ref: str, invitation: str) -> HttpResponse:
    """Who of the unit answers while the one who was asked is away?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    row = get_object_or_404(case.unit_invitations.select_related("unit"), ref=invitation)
    now = timezone.now()
    people = list(actions.may_be_asked(row.unit, now).exclude(pk=row.user_id))
    gone = away([row.user_id, *(user.pk for user in people)], helsinki_date(now))
    form = SubstituteForm(
        request.POST if request.method == "POST" else None, people=people, away=gone, prefix="substitute",
        initial={"user": gone.get(row.user_id)},
    )  # fmt: skip
    if form.is_bound and form.is_valid():
        chosen = next(user for user in people if user.pk == form.cleaned_data["user"])
        try:
            actions.pass_on(invitation=row, substitute=chosen, by=request.user, now=now)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The substitute has been asked."))
            return redirect("case-network", ref=case.ref)
    asked = User.people.get(pk=row.user_id)
    context = {
        "case": case, "row": row, "asked": asked, "away": row.user_id in gone, "people": people, "form": form,
        "clock": case.clock(helsinki_date(now)),
    }  # fmt: skip
    return render(request, "meetings/unit_invite_substitute.html", context, status=422 if form.is_bound else 200)


def _what(request: UserRequest, case: Case) -> tuple[Service | None, Unit | None]:
    """The service or the unit that the address names; 404 for one that does not serve this area."""
    asked: dict[str, Any] = {name: request.GET.get(name, "") for name in ("service", "unit")}
    if asked["service"]:
        rows = Service.objects.active().for_area(case.area).select_related("agency", "unit__agency")
        service = rows.filter(pk=_number(asked["service"])).first()
        if service is None:
            raise Http404
        return service, service.unit
    if asked["unit"]:
        units = Unit.objects.filter(pk=_number(asked["unit"]), area__county_id=case.area.county_id)
        unit = units.select_related("agency").first()
        if unit is None:
            raise Http404
        return None, unit
    return None, None


def _number(text: str) -> int:
    """A key from an address; 0 for anything that can't be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _people(case: Case, service: Service | None, unit: Unit | None, today: date) -> list[User]:
    """Who can answer: of the unit, else of the provider's units, else anybody of the county; not whoever is in already."""
    in_force = Q(roles__ends_on=None) | Q(roles__ends_on__gte=today)
    rows = User.people.filter(
        in_force, is_active=True, roles__role=Role.PROFESSIONAL, roles__starts_on__lte=today,
        unit__area__county_id=case.area.county_id,
    ).select_related("unit__agency")  # fmt: skip
    if unit is not None:
        rows = rows.filter(unit=unit)
    elif service is not None:
        rows = rows.filter(unit__agency_id=service.agency_id)
    inside = case.memberships.current().filter(user__isnull=False).values_list("user_id", flat=True)
    return list(rows.exclude(pk__in=list(inside)).distinct().order_by("unit__name", "unit_id", "sort_key", "pk"))
