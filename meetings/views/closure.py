"""Closing a case: a page of its own that says what closes, and what still keeps it open."""

from datetime import date

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest, get_case
from cases.forms import CloseForm
from cases.models import Case, Membership
from meetings.actions.closing import close, close_blocker
from networks.models import AREA_ROLES, RoleMembership
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date


@require_http_methods(["GET", "HEAD", "POST"])
def closure(request: UserRequest, ref: str) -> HttpResponse:
    """What ends when this situation is closed, and why is it closed?"""
    verb = Verb.CHANGE if request.method == "POST" else Verb.VIEW
    case, now = get_case(request, ref, "coordinate", verb), timezone.now()
    if case.closed_at:
        messages.warning(request, _("This situation is already closed."))
        return redirect("case", ref=case.ref)
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            close(case=case, by=request.user, reason=form.cleaned_data["reason"], now=now)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The situation is closed. The network no longer sees it."))
            return redirect("case", ref=case.ref)
    today = helsinki_date(now)
    context = {
        "case": case, "form": form, "clock": case.clock(today), "members": _leaving(case, today),
        "blocker": close_blocker(case), "promises": case.commitments.agreed().open(),
    }  # fmt: skip
    return render(request, "meetings/closure.html", context, status=422 if form.is_bound else 200)


def _leaving(case: Case, today: date) -> QuerySet[Membership]:
    """Those who no longer see the situation: everybody but the area's own coordinators."""
    stays = RoleMembership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today), area_id=case.area_id, role__in=AREA_ROLES, starts_on__lte=today
    ).values("user_id")
    return case.memberships.current().filter(user__isnull=False).exclude(user_id__in=stays).with_people()
