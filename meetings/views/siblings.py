"""Siblings: one network, a logbook for each child."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest, get_case, log
from cases.actions.sibling import Child, add_sibling
from cases.forms_sibling import SiblingForm
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
    now = timezone.now()
    initial = {"family_name": _family_name(case)}
    form = SiblingForm(
        request.POST if request.method == "POST" else None, people=_people(case), today=helsinki_date(now), initial=initial
    )
    new = _added(request, case, form, now) if request.method == "POST" and form.is_valid() else None
    if new is not None:
        messages.success(request, _("The sibling has a situation of their own. Ask the family about each consent."))
        return redirect("case", ref=new.ref)
    context = {
        "case": case, "form": form, "clock": case.clock(helsinki_date(now)), "closed": case.status == Status.CLOSED,
        "same_call": helsinki_date(case.t0_at) == helsinki_date(now), **shown_siblings(request, case),
    }  # fmt: skip
    return render(request, "meetings/siblings.html", context, status=422 if form.is_bound else 200)


def _added(request: UserRequest, case: Case, form: SiblingForm, now: datetime) -> Case | None:
    data = form.cleaned_data
    child = Child(data["name"], data["family_name"], data["age"], data["born_on"])
    try:
        return add_sibling(case=case, child=child, along=data["along"], by=request.user, now=now)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return None


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
