"""Closing a case: a page of its own that says what closes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions.case import close
from cases.forms import CloseForm
from cases.models import Status
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date


@require_http_methods(["GET", "HEAD", "POST"])
def closure(request: UserRequest, ref: str) -> HttpResponse:
    """What ends when this situation is closed, and why is it closed?"""
    verb = Verb.CHANGE if request.method == "POST" else Verb.VIEW
    case, now = get_case(request, ref, "coordinate", verb), timezone.now()
    if refusal := case.blocker(Status.CLOSED):
        messages.warning(request, _("This situation is already closed.") if case.closed_at else refusal)
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
    members = case.memberships.current().with_people()
    context = {"case": case, "form": form, "members": members, "clock": case.clock(helsinki_date(now))}
    return render(request, "cases/closure.html", context, status=422 if form.is_bound else 200)
