"""The service directory: who can help here, whether it is still right, and keeping it so."""

from typing import Any

from django.contrib import messages
from django.db.models import F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networks import directory
from networks.access import NotAllowed, UserRequest, for_staff, log
from networks.actions import service as actions
from networks.context import area_of
from networks.models import Area, Service, User
from networks.models.service import ServiceQuerySet
from networks.service_forms import FilterForm, ServiceForm, details_of, places
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

BACK = {"messages": "messages"}  # where a press on another page returns to
LIMITS = ("q", "need", "age", "provider", "capacity")


@for_staff
@require_safe
def service_list(request: UserRequest) -> HttpResponse:
    """Who can help here?"""
    user, on = request.user, helsinki_date(timezone.now())
    area = chosen_area(request)
    everything = Service.objects.for_area(area)
    gone = actions.may_add(user) and request.GET.get("gone") == "1"
    listed = everything.filter(active=not gone)
    form = FilterForm(request.GET)
    limits = {name: str(form.cleaned_data.get(name, "")) for name in LIMITS} if form.is_valid() else {}
    rows = directory.limited(listed, limits).order_by("sort_key", "pk")
    last = _last(request)
    total, stale = directory.tallies(everything.active(), on)
    found = list(_after(rows, last).with_places()[: directory.PAGE + 1])
    shown = found[: directory.PAGE]
    asked = {name: value for name, value in {**limits, "area": request.GET.get("area", "")}.items() if value}
    hits = rows.count()
    context = {
        "area": area, "areas": areas_of(user), "form": form, "lead": directory.lead(total, stale), "total": total,
        "lines": [directory.line(row, on, area) for row in shown], "hits": hits, "limited": any(limits.values()),
        "gone": gone,
        "left": _after(rows, shown[-1]).count() if len(found) > directory.PAGE else 0, "continued": last is not None,
        "more": urlencode(asked | ({"gone": "1"} if gone else {}) | {"after": shown[-1].pk}) if shown else "",
        "export": urlencode({"area": area.pk}), "keeps": actions.may_add(user, area), "waiting": _oldest(user, area),
        "on": on,
    }  # fmt: skip
    return render(request, "networks/services.html", context)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def service(request: UserRequest, pk: int) -> HttpResponse:
    """What is this service, and is it still right? Whoever keeps it changes it here."""
    row = find(request, pk)
    keeps = actions.may_keep(request.user, row)
    if request.method == "POST" and not keeps:
        log(request, Verb.DENY, reason="reach")
        raise Http404
    form = _form(request, row) if keeps and row.active else None
    if form is not None and form.is_bound and form.is_valid():
        try:
            actions.change(service=row, by=request.user, now=timezone.now(), **form.cleaned_data)
        except NotAllowed as refusal:
            _refuse(request, form, refusal)
        else:
            log(request, Verb.CHANGE, reason=f"service {row.pk}")
            messages.success(request, _("Saved and confirmed. We ask again in half a year."))
            return redirect("service", pk=row.pk)
    bad = request.method == "POST"
    return render(request, "networks/service.html", _context(request.user, row, form), status=422 if bad else 200)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def service_new(request: UserRequest) -> HttpResponse:
    """What is missing from the directory?"""
    area = chosen_area(request)
    if not actions.may_add(request.user, area):
        log(request, Verb.DENY, reason="reach")
        raise Http404
    first = {"areas": [str(area.pk)], "age_from": 0, "age_to": 17, "capacity": "unknown", "consultation": ""}
    form = ServiceForm(request.POST if request.method == "POST" else None, places=places(area), initial=first)
    if form.is_bound and form.is_valid():
        try:
            row = actions.add(area=area, by=request.user, now=timezone.now(), **form.cleaned_data)
        except NotAllowed as refusal:
            _refuse(request, form, refusal)
        else:
            log(request, Verb.CHANGE, reason=f"service {row.pk}")
            messages.success(request, _("The service is in the directory now."))
            return redirect("service", pk=row.pk)
    context = {"form": form, "area": area, "areas": areas_of(request.user)}
    return render(request, "networks/service_new.html", context, status=422 if form.is_bound else 200)


@for_staff
@require_POST
def confirmation(request: UserRequest, pk: int) -> HttpResponse:
    """Yes, this is still right."""
    return _deed(request, pk, "confirm", _("Thank you. Confirmed for half a year."))


@for_staff
@require_POST
def removal(request: UserRequest, pk: int) -> HttpResponse:
    """This is not offered any more."""
    return _deed(request, pk, "remove", _("Taken out of the directory. You can put it back on this page."))


@for_staff
@require_POST
def restoration(request: UserRequest, pk: int) -> HttpResponse:
    """It is offered after all."""
    return _deed(request, pk, "put_back", _("The service is in the directory again."))


def _deed(request: UserRequest, pk: int, what: str, done: str) -> HttpResponse:
    row = find(request, pk)
    deeds = {"confirm": actions.confirm, "remove": actions.remove, "put_back": actions.put_back}
    try:
        deeds[what](service=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        log(request, Verb.DENY, reason=refusal.code)
        context = _context(request.user, row, None) | {"refusal": str(refusal)}
        return render(request, "networks/service.html", context, status=422)
    log(request, Verb.CHANGE, reason=f"service {row.pk}")
    messages.success(request, done)
    back = request.POST.get("next", "")
    if back == "list":
        return redirect("service-list")
    return redirect(BACK[back]) if back in BACK else redirect("service", pk=row.pk)


def find(request: UserRequest, pk: int) -> Service:
    """The entry. One that was taken out is shown to those who keep it only."""
    row = Service.objects.with_places().filter(pk=pk).first()
    if row is None or not (row.active or actions.may_keep(request.user, row)):
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    return row


def areas_of(user: User) -> list[Area]:
    """The areas whose directory the person may choose: the own ones, the administrator every one."""
    if user.hat == "admin":
        return list(Area.objects.order_by("name"))
    return list(Area.objects.filter(pk__in=user.area_ids).order_by("name")) if user.hat == "area" else []


def chosen_area(request: UserRequest) -> Area:
    """The area that was chosen, among those that the person may choose; else the one that the person works in."""
    asked = request.GET.get("area", "")
    mine = {str(area.pk): area for area in areas_of(request.user)} if asked else {}
    area = mine.get(asked) or area_of(request.user)
    if area is None:
        raise Http404
    return area


def _context(user: User, row: Service, form: ServiceForm | None) -> dict[str, Any]:
    on = helsinki_date(timezone.now())
    needs = [str(label) for value, label in Service._meta.get_field("needs").base_field.choices if value in row.needs]  # type: ignore[union-attr]
    return {
        "service": row, "line": directory.line(row, on), "form": form, "keeps": actions.may_keep(user, row), "needs": needs,
        "confirms": row.active and actions.may_confirm(user, row), "history": directory.history(row),
        "list_url": reverse("service-list"),
    }  # fmt: skip


def _form(request: UserRequest, row: Service) -> ServiceForm:
    posted = request.POST if request.method == "POST" else None
    return ServiceForm(posted, places=places(row.area), initial=details_of(row))


def _refuse(request: UserRequest, form: ServiceForm, refusal: NotAllowed) -> None:
    log(request, Verb.DENY, reason=refusal.code)
    form.add_error("name" if refusal.code == "double" else None, str(refusal))


def _last(request: UserRequest) -> Service | None:
    """The entry that was shown last. A number that no key has is none."""
    after = request.GET.get("after", "")
    known = after.isascii() and after.isdecimal() and len(after) < 16
    return Service.objects.only("pk", "sort_key").filter(pk=int(after)).first() if known else None


def _after(rows: ServiceQuerySet, last: Service | None) -> ServiceQuerySet:
    if last is None:
        return rows
    return rows.filter(Q(sort_key__gt=last.sort_key) | Q(sort_key=last.sort_key, pk__gt=last.pk))


def _oldest(user: User, area: Area) -> Service | None:
    """The one that has waited longest for a confirmation that this person may give."""
    rows = Service.objects.active().stale(helsinki_date(timezone.now())).with_places()
    if user.hat == "admin":
        rows = rows.kept_by([area.pk])
    elif user.hat == "area":
        rows = rows.kept_by(user.area_ids)
    elif user.hat == "unit":
        rows = rows.filter(unit_id__in=[role.unit_id for role in user.current_roles if role.unit_id])
    else:
        rows = rows.filter(unit_id=user.unit_id) if user.unit_id else rows.none()
    found = rows.order_by(F("confirmed_until").asc(nulls_first=True), "pk").first()
    return found if found and actions.may_confirm(user, found) else None
