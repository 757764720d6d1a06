"""The draft of a concern, saved as it is typed, and deleted by its writer."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cases.access import NotAllowed, UserRequest, for_hats, log
from cases.actions import draft as drafts
from cases.actions.intake import Stale
from cases.views.concern import form_of, save
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import clock_time


@for_hats("member")
@require_POST
def draft(request: UserRequest) -> HttpResponse:
    """Keep what has been typed so far, valid or not."""
    now = timezone.now()
    try:
        row = save(request.user, form_of(request.user, data=request.POST), now)
    except Stale as stale:
        return JsonResponse({"version": stale.current.version if stale.current else 0}, status=409)
    except NotAllowed as refusal:
        return JsonResponse({"reason": str(refusal)}, status=422)
    return JsonResponse({"version": row.version if row else 0, "saved": clock_time(row.saved_at if row else now)})


@for_hats("member")
@require_POST
def removal(request: UserRequest) -> HttpResponse:
    """I do not need this text."""
    drafts.remove_draft(by=request.user, now=timezone.now())
    log(request, Verb.CHANGE, reason="own draft deleted")
    messages.success(request, _("The draft is deleted."))
    return redirect("home")
