"""Disqualification and hand-over: who may not handle this, and who answers for it next."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.access import NotAllowed, UserRequest, for_hats, get_case, log
from cases.actions.standing import (
    answers_for,
    end_hand_over,
    hand_over_blocker,
    is_leaderless,
    leads,
    may_offer,
    propose_hand_over,
)
from cases.forms_standing import HandOverForm, RecusalForm
from cases.models import Case, HandOver, Status, siblings_of
from meetings.actions.standing import accept_hand_over, recuse
from networks.models import AREA_ROLES, Area, RoleMembership, User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

type Chosen = dict[str, tuple[User, Area]]


# -- disqualification


@require_http_methods(["GET", "HEAD", "POST"])
def recusal(request: UserRequest, ref: str) -> HttpResponse:
    """Who may not handle this situation, and what follows?"""
    case = get_case(request, ref, verb=Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    user, now = request.user, timezone.now()
    people = _markable(case, user)
    lead = str(user.pk if leads(case, user) else case.coordinator_id)
    successors = _coordinators(case, now, own_area=False) if lead in people else {}
    form = RecusalForm(
        request.POST if request.method == "POST" else None,
        people=[(key, row.name) for key, row in people.items()],
        successors=_choices(successors), lead=lead if case.status != Status.CLOSED or leads(case, user) else "",
    )  # fmt: skip
    if form.is_bound and form.is_valid() and _recuse(request, case, form, people, successors, now):
        return _after(request, case)
    rows = case.recusals.select_related("user", "marked_by").defer(*_credentials("user", "marked_by"))
    context = {
        "case": case, "form": form, "area_hat": user.hat == "area", "leads": case.coordinator_id == user.pk,
        "recused": rows if user.hat == "area" else [], "alone": len(people) == 1,
    }  # fmt: skip
    return render(request, "meetings/recusal.html", context, status=422 if form.is_bound else 200)


def _markable(case: Case, user: User) -> dict[str, User]:
    """Whom this person may mark: oneself; a coordinator also the network, the asked and the area's coordinators."""
    people = {str(user.pk): user}
    if user.hat == "area":
        members = case.memberships.filter(ended_at=None, user__isnull=False).values("user_id")
        asked = case.unit_invitations.open().values("user_id")
        lead = (
            Q(pk__in=members)
            | Q(pk__in=asked)
            | Q(pk=case.coordinator_id)
            | Q(pk__in=_in_area(case.area_id, timezone.now()))
        )
        rows = User.people.filter(lead, is_active=True).exclude(pk__in=case.recusals.values("user_id"))
        if not answers_for(user, case.area):  # else one coordinator could give another's family away
            rows = rows.exclude(pk=case.coordinator_id)
        people |= {str(row.pk): row for row in rows.order_by("sort_key", "pk")}
    return people


def _recuse(
    request: UserRequest, case: Case, form: RecusalForm, people: dict[str, User], successors: Chosen, now: datetime
) -> bool:
    data = form.cleaned_data
    successor, area = successors.get(data.get("successor") or "", (None, None))
    if data["person"] != form.lead:
        successor = area = None
    try:
        recuse(
            case=case, user=people[data["person"]], reason=data["reason"], by=request.user, now=now, successor=successor,
            area=area,
        )  # fmt: skip
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    own = data["person"] == str(request.user.pk)
    told = _("You no longer see this situation.") if own else _("This person no longer sees the situation.")
    messages.success(request, f"{_('The disqualification is recorded.')} {told}")
    return True


def _after(request: UserRequest, case: Case) -> HttpResponse:
    """To the situation where it is still the reader's, else to their first page."""
    if Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        return redirect("case", ref=case.ref)
    return redirect("home")


# -- hand-over


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: UserRequest, ref: str) -> HttpResponse:
    """Who answers for this situation next?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    user, now = request.user, timezone.now()
    offers = may_offer(case, user, now)
    leads = case.coordinator_id == user.pk
    asks = not leads and (not offers or request.POST.get("deed", request.GET.get("deed")) == "ask")
    people = _coordinators(case, now, own_area=True)
    form = HandOverForm(request.POST if request.method == "POST" else None, people=_choices(people), asks=asks)
    if form.is_bound and form.is_valid():
        to = user if asks else people[form.cleaned_data["to"]][0]
        try:
            propose_hand_over(case=case, to=to, reason=form.cleaned_data["reason"], by=user, now=now)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            told = _("You asked for the situation.") if asks else _("The situation is offered.")
            messages.success(request, f"{told} {_('Until the answer nobody’s duty changes.')}")
            return redirect("case-hand-over", ref=case.ref)
    rows = case.hand_overs.select_related("from_user", "to_user", "proposed_by").order_by("-proposed_at")
    earlier = list(rows.defer(*_credentials("from_user", "to_user", "proposed_by")))
    waiting = next((_offer(row, user) for row in earlier if row.is_open), None)
    receivers = [str(waiting["row"].to_user_id)] if waiting else [str(user.pk)] if asks else list(people)
    context = {
        "case": case, "form": form, "asks": asks, "can_offer": offers, "leads": leads,
        "closed": case.status == Status.CLOSED, "waiting": waiting,
        "leaves_area": any(people[key][1].pk != case.area_id for key in receivers if key in people),
        "earlier": [row for row in earlier if not row.is_open], "leaderless": is_leaderless(case, now),
        "siblings_stay": bool(siblings_of(case)),
    }  # fmt: skip
    return render(request, "meetings/hand_over.html", context, status=422 if form.is_bound else 200)


def _offer(row: HandOver, user: User) -> dict[str, Any]:
    return {
        "row": row, "asked": row.proposed_by_id == row.to_user_id, "blocker": hand_over_blocker(row, user),
        "own": row.proposed_by_id == user.pk,
    }  # fmt: skip


@for_hats("area")
@require_safe
def offer(request: UserRequest, ref: str) -> HttpResponse:
    """Do I take this situation over? To a receiver of another area it tells nothing of the child."""
    row, case = _waiting(request, ref, Verb.VIEW)
    context = {"offer": _offer(row, request.user), "row": row, "case": case}
    return render(request, "meetings/offer.html", context)


@for_hats("area")
@require_POST
def offer_acceptance(request: UserRequest, ref: str) -> HttpResponse:
    """Yes: the situation changes hands now."""
    row, _case = _waiting(request, ref, Verb.CHANGE)
    try:
        case_id = accept_hand_over(hand_over=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("hand-over", ref=row.ref)
    messages.success(request, _("The situation has changed hands."))
    case = Case.objects.visible_to(request.user).filter(pk=case_id).first()
    return redirect("case", ref=case.ref) if case else redirect("board")


@for_hats("area")
@require_POST
def offer_refusal(request: UserRequest, ref: str) -> HttpResponse:
    """No, or: I take my offer back."""
    row, case = _waiting(request, ref, Verb.CHANGE)
    try:
        end_hand_over(hand_over=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The offer is no longer open. The one who answered for the situation goes on."))
    return redirect("case-hand-over", ref=case.ref) if case else redirect("task-list")


def _waiting(request: UserRequest, ref: str, verb: Verb) -> tuple[HandOver, Case | None]:
    """An offer that this person may see, and its situation where that is theirs to see too."""
    rows = HandOver.objects.select_related("from_user__unit", "to_user", "proposed_by__unit")
    row = rows.defer(*_credentials("from_user", "to_user", "proposed_by")).filter(ref=ref).first()
    case = Case.objects.visible_to(request.user).select_related("area").filter(pk=row.case_id).first() if row else None
    if row is None or (case is None and request.user.pk != row.to_user_id):
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    log(request, verb, case=Case(pk=row.case_id), reason="hand-over")
    return row, case


# -- who could


def _in_area(area_id: int, now: datetime) -> Any:
    on = helsinki_date(now)
    return RoleMembership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=on), area_id=area_id, role__in=AREA_ROLES, starts_on__lte=on
    ).values("user_id")


def _coordinators(case: Case, now: datetime, *, own_area: bool) -> Chosen:
    """Who could answer for the situation, by a key for the form: the area's own first, then the county's others."""
    on = helsinki_date(now)
    rows = RoleMembership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=on), role__in=AREA_ROLES, starts_on__lte=on, user__is_active=True,
        area__county_id=case.area.county_id,
    ).exclude(user_id=case.coordinator_id).exclude(user_id__in=case.recusals.values("user_id"))  # fmt: skip
    if not own_area:
        rows = rows.exclude(user_id__in=_in_area(case.area_id, now))
    rows = rows.select_related("user", "area").defer(*_credentials("user")).order_by("user__sort_key", "pk")
    ordered = sorted(rows, key=lambda row: row.area_id != case.area_id)
    first: Chosen = {}
    for row in ordered:
        if row.area is not None:
            first.setdefault(str(row.user_id), (row.user, row.area))
    return first


def _choices(people: Chosen) -> list[tuple[str, str]]:
    return [(key, f"{user.name}, {area.name}") for key, (user, area) in people.items()]


def _credentials(*paths: str) -> list[str]:
    """The columns of joined people that no hat may read."""
    return [f"{path}__{column}" for path in paths for column in ("password", "last_login")]
