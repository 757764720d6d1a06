"""Siblings: one network, a logbook for each child."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case, log
from cases.actions.sibling import AlreadyHere, Child, add_sibling, bind_siblings
from cases.forms_sibling import BondForm, SiblingForm
from cases.models import Case, Membership, PersonKind, Status, siblings_of
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date


def shown_siblings(request: UserRequest, case: Case) -> dict[str, Any]:
    """What the pages of a situation tell of the siblings, and that they told it, in the log."""
    rows = siblings_of(case)
    if rows:
        log(request, Verb.LIST, cases=rows)
    return {"siblings": rows, "children": _children(len(rows) + 1)}


def _children(n: int) -> str:
    words = {2: _("two"), 3: _("three"), 4: _("four"), 5: _("five")}
    return words.get(n, str(n))


@require_http_methods(["GET", "HEAD", "POST"])
def siblings(request: UserRequest, ref: str) -> HttpResponse:
    """Which sibling is worried about too, and who comes along?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    now, bond = timezone.now(), BondForm(prefix="bond")
    form = _form(case, now, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            new = _added(request, case, form, now)
        except AlreadyHere as known:
            bond = BondForm(prefix="bond", initial={"number": known.ref})
            form.add_error(None, str(known))
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The sibling has a situation of their own. Ask the family about each consent."))
            return redirect("case", ref=new.ref)
    return _page(request, case, form, bond, now)


@require_POST
def bond(request: UserRequest, ref: str) -> HttpResponse:
    """Two situations that are open already are about siblings."""
    case, now = get_case(request, ref, "coordinate", Verb.CHANGE), timezone.now()
    form = BondForm(request.POST, prefix="bond")
    if form.is_valid():
        try:
            other = bind_siblings(case=case, other=form.cleaned_data["number"].strip(), by=request.user, now=now)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            log(request, Verb.CHANGE, cases=[other])
            messages.success(request, _("The siblings' situations are bound. Precautions of each hold for both."))
            seen = Case.objects.visible_to(request.user).filter(pk=case.pk).exists()
            return redirect("case-siblings", ref=case.ref) if seen else redirect("board")
    return _page(request, case, _form(case, now), form, now)


def _form(case: Case, now: datetime, data: Any = None) -> SiblingForm:
    initial = {"family_name": _family_name(case)}
    return SiblingForm(data, people=_people(case), today=helsinki_date(now), initial=initial)


def _page(request: UserRequest, case: Case, form: SiblingForm, bond: BondForm, now: datetime) -> HttpResponse:
    context = {
        "case": case, "form": form, "bond": bond, "clock": case.clock(helsinki_date(now)),
        "closed": case.status == Status.CLOSED,
        "same_call": helsinki_date(case.t0_at) == helsinki_date(now), **shown_siblings(request, case),
    }  # fmt: skip
    return render(request, "meetings/siblings.html", context, status=422 if form.is_bound or bond.is_bound else 200)


def _added(request: UserRequest, case: Case, form: SiblingForm, now: datetime) -> Case:
    data = form.cleaned_data
    child = Child(data["name"], data["family_name"], data["age"], data["born_on"])
    return add_sibling(case=case, child=child, along=data["along"], by=request.user, now=now)


def _family_name(case: Case) -> str:
    child = case.persons.filter(kind=PersonKind.CHILD).first()
    return child.family_name if child else ""


def _people(case: Case) -> list[tuple[int, str]]:
    """Those of this network who may come along: everybody but the child and the lead, as the coordinator calls them."""
    rows = case.memberships.current().with_people().exclude(pk=case.lead_id)
    return [(row.pk, _called(case, row)) for row in rows if not (row.person and row.person.kind == PersonKind.CHILD)]


def _called(case: Case, row: Membership) -> str:
    called = case.calling.of(row)
    return f"{called.name}, {called.title}" if called.title else called.name
