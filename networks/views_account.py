"""The account's own pages: open sessions, the lock, confirming who one is, coming in by an organisation's identity."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networks import actions, organisation, sessions, step_up
from networks.models import User
from networks.signin import BACKEND, SECOND_FACTOR, signed_in
from yhteiso.audit.models import Verb, record
from yhteiso.hats.wear import wearing

WAY = "organisation_way"  # what a person went to the organisation's sign-in for


@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """Where I am signed in."""
    here = request.session.session_key
    rows = list(sessions.open_sessions(user=signed_in(request), here=here, now=timezone.now()))
    context = {"sessions": rows, "others": sum(not row.here for row in rows), "shared": sessions.is_shared(request)}
    return render(request, "account/sessions.html", context)


@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions. Somebody else's is not there."""
    if not sessions.end(user=signed_in(request), pk=pk):
        raise Http404
    messages.success(request, _("That session has ended."))
    return redirect("account_sessions")


@require_POST
def session_end_others(request: HttpRequest) -> HttpResponse:
    """End every session but this one."""
    ended = sessions.end_others(user=signed_in(request), here=request.session.session_key)
    said = ngettext("%(n)s other session has ended.", "%(n)s other sessions have ended.", ended) % {"n": ended}
    messages.success(request, said if ended else _("There were no other sessions."))
    return redirect("account_sessions")


@require_POST
def shared_device(request: HttpRequest) -> HttpResponse:
    """Say whether this device is used by others too."""
    sessions.mark_shared(request, shared=request.POST.get("shared") == "1")
    return redirect("account_sessions")


@require_http_methods(["GET", "HEAD", "POST"])
def lock(request: HttpRequest) -> HttpResponse:
    """POST locks this session; the page asks its owner to prove who they are and names no family."""
    if request.method == "POST":
        sessions.lock(request)
        return redirect(_with_next(request, "account_lock"))
    if not sessions.is_locked(request):
        return redirect(get_next_redirect_url(request) or "home")
    context = {"ways": step_up.ways(request), "next": get_next_redirect_url(request) or reverse("home")}
    return render(request, "account/lock.html", context | {"short_name": sessions.short_name(signed_in(request))})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Prove again who one is, then go on. POST is the demonstration's one click; real people have real ways."""
    if request.method == "POST":
        step_up.prove_by_one_click(request)
        return redirect(get_next_redirect_url(request) or "home")
    context = {"ways": step_up.ways(request), "next": get_next_redirect_url(request) or reverse("home")}
    return render(request, "account/confirm.html", context)


def _with_next(request: HttpRequest, name: str) -> str:
    going = get_next_redirect_url(request)
    return reverse(name, query={"next": going} if going else None)


@login_not_required
@require_safe
def organisation_start(request: HttpRequest, key: str) -> HttpResponse:
    """Go to the organisation's own sign-in: to come in, or to confirm who one is."""
    return _leave(request, key, {"next": get_next_redirect_url(request) or ""}, anew=request.user.is_authenticated)


@login_not_required
@require_safe
def organisation_invitation(request: HttpRequest, token: str, key: str) -> HttpResponse:
    """Accept an invitation with the organisation's identity instead of a password."""
    if request.user.is_authenticated:
        return redirect("home")
    try:
        invited = actions.find_invitation(token=token, now=timezone.now())
    except actions.InvitationGone:
        return redirect("invitation", token=token)
    if organisation.find(key) not in organisation.of_invitation(invited):
        raise Http404
    return _leave(request, key, {"invitation": token}, anew=False)


def _leave(request: HttpRequest, key: str, way: dict[str, str], *, anew: bool) -> HttpResponse:
    row = organisation.find(key)
    if row is None:
        raise Http404
    try:
        response = organisation.leave_for(request, row, anew=anew)
    except organisation.Refused as refused:
        return _refuse(request, refused.code)
    request.session[WAY] = way | {"key": key}
    return response


@login_not_required
@require_safe
def organisation_back(request: HttpRequest, key: str) -> HttpResponse:
    """Back from the organisation. Every refusal is one page that tells nothing, and a row in the log that tells why."""
    row, way = organisation.find(key), request.session.pop(WAY, {})
    if row is None:
        raise Http404
    try:
        if way.get("key") != key:
            raise organisation.Refused("state")
        claims = organisation.claims_of(request, row)
        if request.user.is_authenticated:
            organisation.confirmed(row, claims, signed_in(request))
            record_authentication(request, signed_in(request), method="organisation", reauthenticated=True)
            return redirect(way.get("next") or "home")
        user = _whoever_comes(row, claims, way)
    except (organisation.Refused, actions.InvitationGone) as refused:
        return _refuse(request, getattr(refused, "code", "invitation"))
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method="organisation")
    if row.proves_two_factors(claims):
        request.session[SECOND_FACTOR] = True
    return redirect(way.get("next") or "home")


def _whoever_comes(row: organisation.Organisation, claims: dict[str, object], way: dict[str, str]) -> User:
    if token := way.get("invitation"):
        return organisation.accept_invitation(row=row, claims=claims, token=token, now=timezone.now())
    return organisation.person_of(row, claims)


def _refuse(request: HttpRequest, code: str) -> HttpResponse:
    """The same page for every reason: an unknown identity must look like a disabled account."""
    with wearing("public"):
        record(
            verb=Verb.DENY, page="account_organisation_back", actor_id=None, actor_name="", hat="public",
            now=timezone.now(), reason=f"sign-in: {code}",
        )  # fmt: skip
    context = {"signed_in": request.user.is_authenticated, "one_time_address": True}
    return render(request, "account/organisation_refused.html", context, status=403)
