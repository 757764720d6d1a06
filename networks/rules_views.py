"""An area's rules: what they suggest and when, each with its number; and who usually come. Its own people keep them."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networks.access import NotAllowed, UserRequest, log
from networks.actions import suggestion as actions
from networks.models import AgeBand, Area, Service, SuggestionRule, Unit, UsualSet
from networks.rules_forms import RuleForm, UsualForm
from networks.suggestions import conditions, suggested, suggests
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date


@require_safe
def area_rules(request: UserRequest, pk: int) -> HttpResponse:
    """What has this area decided to suggest, and who usually come here?"""
    area = _area(request, pk)
    log(request, Verb.LIST)
    return _page(request, area)


@require_http_methods(["GET", "HEAD", "POST"])
def area_rule_new(request: UserRequest, pk: int) -> HttpResponse:
    """Write a rule."""
    return _rule(request, _area(request, pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
def area_rule(request: UserRequest, pk: int, number: int) -> HttpResponse:
    """Change one rule, or take it out of use."""
    area = _area(request, pk)
    return _rule(request, area, get_object_or_404(SuggestionRule, area=area, number=number))


@require_POST
def area_usual(request: UserRequest, pk: int) -> HttpResponse:
    """Add somebody to the usual set."""
    area = _area(request, pk)
    form = _usual_form(area, request.POST)
    if not form.is_valid():
        return _page(request, area, form)
    data = form.cleaned_data
    what = form.of_key[data["what"]]
    actions.add_usual(
        area=area, band=data["band"], label=data["label"], decided_on=data["decided_on"], by=request.user,
        service=what if isinstance(what, Service) else None, unit=what if isinstance(what, Unit) else None,
        now=timezone.now(),
    )  # fmt: skip
    log(request, Verb.CHANGE)
    messages.success(request, _("The usual set has been changed."))
    return redirect("area-rules", pk=area.pk)


@require_POST
def area_usual_removal(request: UserRequest, pk: int, row: int) -> HttpResponse:
    """This one no longer comes usually."""
    area = _area(request, pk)
    actions.remove_usual(row=get_object_or_404(UsualSet.objects.select_related("area"), area=area, pk=row), by=request.user)
    log(request, Verb.CHANGE)
    messages.success(request, _("The usual set has been changed."))
    return redirect("area-rules", pk=area.pk)


def _area(request: UserRequest, pk: int) -> Area:
    area = Area.objects.filter(pk=pk).first()
    if area is None or not actions.may_set(request.user, area):
        log(request, Verb.DENY, reason="hat")
        raise Http404
    return area


def _rule(request: UserRequest, area: Area, rule: SuggestionRule | None) -> HttpResponse:
    today, services = helsinki_date(timezone.now()), _services(area)
    form = RuleForm(
        request.POST if request.method == "POST" else None, services=services, prefix="rule",
        initial=RuleForm.initial_of(rule, today),
    )  # fmt: skip
    looks, valid = "preview" in request.POST, form.is_bound and form.is_valid()
    if valid and not looks and _saved(request, area, rule, form):
        return redirect("area-rules", pk=area.pk)
    shown = _draft(area, rule, form) if valid else rule
    context = {
        "area": area, "rule": rule, "form": form, "looks": looks and valid,
        "preview": _preview(shown, services, today) if shown else [], "says": conditions(shown) if shown else "",
    }  # fmt: skip
    return render(request, "networks/area_rule.html", context, status=422 if form.is_bound and form.errors else 200)


def _saved(request: UserRequest, area: Area, rule: SuggestionRule | None, form: RuleForm) -> bool:
    now = timezone.now()
    try:
        if rule is None:
            actions.add_rule(area=area, by=request.user, now=now, **form.cleaned_data)
        else:
            rule.area = area
            actions.change_rule(rule=rule, by=request.user, now=now, **form.cleaned_data)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    log(request, Verb.CHANGE)
    messages.success(request, _("The rule is saved. It suggests from now on."))
    return True


def _draft(area: Area, rule: SuggestionRule | None, form: RuleForm) -> SuggestionRule:
    """The rule as it stands in the form, not written."""
    return SuggestionRule(area=area, number=rule.number if rule else 0, **form.cleaned_data)


def _preview(rule: SuggestionRule, services: list[Service], today: date) -> list[Service]:
    """Which services the rule would suggest today to somebody of its ages."""
    fits = [row for row in services if row.age_from <= rule.age_to and row.age_to >= rule.age_from]
    return [row for row in fits if suggests(rule, row)]


def _services(area: Area) -> list[Service]:
    return list(Service.objects.active().for_area(area).select_related("agency", "unit").order_by("sort_key", "pk"))


def _usual_form(area: Area, data: Any = None) -> UsualForm:
    units = Unit.objects.filter(area__county_id=area.county_id).order_by("name", "pk")
    return UsualForm(
        data, services=_services(area), units=units, prefix="usual",
        initial={"decided_on": helsinki_date(timezone.now())},
    )  # fmt: skip


def _page(request: UserRequest, area: Area, form: UsualForm | None = None) -> HttpResponse:
    rules = SuggestionRule.objects.filter(area=area).select_related("service").order_by("-active", "number")
    usual = list(UsualSet.objects.filter(area=area).select_related("service", "unit"))
    context = {
        "area": area, "form": form if form and form.is_bound else None, "usual_form": form or _usual_form(area),
        "rules": [{"row": row, "when": conditions(row), "what": suggested(row)} for row in rules],
        "bands": [
            {"band": band.label, "rows": rows} for band in AgeBand if (rows := [r for r in usual if r.band == band])
        ],
    }  # fmt: skip
    return render(request, "networks/area_rules.html", context, status=422 if form else 200)
