"""Onko jo tuttu? Whether the child of a call has a situation already, told to the coordinator as little as will do."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from cases.access import UserRequest, for_hats, log
from cases.forms_known import KnownForm
from cases.known_shown import answered, asks
from cases.models import Call
from cases.views import call as calls
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date


@never_cache
@vary_on_headers("HX-Request")
@for_hats("area")
@require_POST
def known(request: UserRequest, ref: str) -> HttpResponse:
    """Does somebody know this child already? The answer alone for htmx; without JavaScript the whole page, as typed."""
    call, now = _unfinished(request, ref), timezone.now()
    form = KnownForm(request.POST, today=helsinki_date(now))
    if call.finished_at:  # the last look of a call that has just ended has nothing to tell any more
        return HttpResponse(status=204)
    valid, found = form.is_valid(), asks(request, form, now)
    shown = answered(form, found)
    status = 200 if valid else 422
    if request.headers.get("HX-Request") == "true":
        return render(request, "cases/_known.html#answer", shown, status=status)
    return calls.typed_page(request, call, shown, status=status)


def _unfinished(request: UserRequest, ref: str) -> Call:
    call = Call.objects.visible_to(request.user).select_related("area", "concern").filter(ref=ref).first()
    if call is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    return call
