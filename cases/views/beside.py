"""Beside a call: the concerns that wait, offered while the caller's name is typed, and joined with one press."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cases.access import NotAllowed, UserRequest, for_hats, log
from cases.actions import call as actions
from cases.actions import intake
from cases.models import Concern
from cases.views.call import beside, call_form, context, differences, find_call, save, with_version
from yhteiso.audit.models import Verb
from yhteiso.lib.ids import is_ref


@for_hats("area")
@require_POST
def concerns(request: UserRequest, ref: str) -> HttpResponse:
    """Does a concern of this caller wait, and whose area is the unit in? A POST: no name is in an address."""
    call, now = find_call(request, ref), timezone.now()
    form = call_form(call, now, request.POST)
    form.is_valid()
    caller, unit = form.cleaned_data.get("caller_name", ""), form.cleaned_data.get("caller_unit", "")
    found = beside(request, call, now, caller=caller, unit=unit)
    return render(request, "cases/_beside.html", found | {"call": call})


@for_hats("area")
@require_POST
def concern(request: UserRequest, ref: str) -> HttpResponse:
    """This call is about that concern. What was typed is saved first, and nothing of it is overwritten."""
    call, now = find_call(request, ref), timezone.now()
    wanted = request.POST.get("concern", "")
    row = Concern.objects.visible_to(request.user).filter(ref=wanted).first() if is_ref(wanted) else None
    if row is None:
        raise Http404
    form = call_form(call, now, request.POST)
    if not form.is_valid() and "version" in form.errors:
        return render(request, "cases/call.html", context(request, call, form, now, []), status=422)
    try:
        call = save(request, call, form, now)
        call = actions.join_concern(call=call, concern=row, by=request.user, now=now)
    except intake.Stale as stale:
        theirs = differences(form, stale.current)
        form = call_form(call, now, with_version(request, stale.current.version))
        return render(request, "cases/call.html", context(request, call, form, now, theirs), status=409)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        log(request, Verb.CHANGE, reason=f"concern joined to call {call.ref}")
        messages.success(
            request, _("The concern is joined to this call. The two weeks run from the moment when it was sent.")
        )
    return redirect("call", ref=call.ref)
