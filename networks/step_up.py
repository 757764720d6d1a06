"""Proving again who one is, before what is most sensitive: export, exceptional access, roles, personal identity codes.

A page leads to a confirmation and back. A form that comes too late is not lost and not kept by the server either: its
fields go back to the browser inside the confirmation page, and come again together with the proof.
"""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from networks import limits, organisation
from networks.models import User
from networks.signin import PasskeyAgainForm, lead_to, recently_proved, signed_in
from yhteiso.hats.wear import put_on, take_off

PREFIX = "step_up_"
LIMIT = limits.Limit(lambda request: str(request.user.pk))

View = Callable[..., Any]


def fresh_sign_in(view: View) -> View:
    """Decorator: the person must have signed in, or confirmed who they are, within the last five minutes.

    Put it under the method decorators. A GET is led to the confirmation and comes back. A POST is answered by a page that
    asks for the proof and carries the form's own fields along, so that nothing typed is lost (files must be chosen anew).
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if recently_proved(request):
            return view(request, *args, **kwargs)
        if request.method != "POST":
            return lead_to(request, "account_confirm")
        error = _prove(request)
        if error is None:
            _drop_proof(request)
            return view(request, *args, **kwargs)
        return _ask(request, error)

    return wrapper


def demo_door_is_open(request: HttpRequest) -> bool:
    """One click instead of a proof: only in the demonstration, only on this machine."""
    return bool(settings.DEMO) and ip_address(request.META["REMOTE_ADDR"]).is_loopback


def prove_by_one_click(request: HttpRequest) -> None:
    """The demonstration's people have no password. Anywhere else there is no such door: 404."""
    if not demo_door_is_open(request) or signed_in(request).has_usable_password():
        raise Http404
    record_authentication(request, signed_in(request), method="demonstration", reauthenticated=True)


def ways(request: HttpRequest) -> dict[str, Any]:
    """How this person may prove who they are: for the confirmation and for the lock's page."""
    user = signed_in(request)
    kinds = {kind for flow in get_reauthentication_flows(user) for kind in flow.get("types", [])}
    passkey = Authenticator.Type.WEBAUTHN in kinds
    return {
        "password": user.has_usable_password(),
        "code": bool(kinds - {Authenticator.Type.WEBAUTHN}),
        "passkey": {"request_options": begin_authentication(user)} if passkey else None,
        "organisations": organisation.of_user(user),
        "one_click": demo_door_is_open(request) and not user.has_usable_password(),
    }


def _prove(request: HttpRequest) -> str | None:
    """Check the proof that came with a form. None when it holds, '' when none came, else what was wrong with it."""
    given = {key.removeprefix(PREFIX): value for key, value in request.POST.items() if key.startswith(PREFIX)}
    if not any(given.values()):
        return ""
    hat, user = getattr(request, "hat", None), signed_in(request)
    if hat:  # passwords and authenticators are read by the bare login only
        take_off()
    try:
        if limits.over(LIMIT, "step-up", str(user.pk), limits.address(request), timezone.now()):
            return _("There have been too many attempts. Wait five minutes and try again.")
        return None if _holds(request, user, given) else _("That was not right. Try again.")
    finally:
        if hat:
            put_on(hat, user.pk)


def _holds(request: HttpRequest, user: User, given: dict[str, Any]) -> bool:
    if given.get("password"):
        if not get_adapter(request).reauthenticate(user, given["password"]):
            return False
        record_authentication(request, user, method="password", reauthenticated=True)
        return True
    for field, form_class in (("code", ReauthenticateForm), ("credential", PasskeyAgainForm)):
        if given.get(field):
            form = form_class(user=user, data={field: given[field]})
            if not form.is_valid():
                return False
            form.save()
            return True
    if given.get("one_click") and demo_door_is_open(request):
        prove_by_one_click(request)
        return True
    return False


def _drop_proof(request: HttpRequest) -> None:
    """The view's own form sees its own fields only."""
    fields = request.POST.copy()
    for key in [key for key in fields if key.startswith(PREFIX)]:
        del fields[key]
    fields._mutable = False
    request.POST = fields  # type: ignore[assignment]


def _ask(request: HttpRequest, error: str) -> HttpResponse:
    """The confirmation with the form's fields inside it. 403; htmx, which swaps no 403, gets it as the whole page."""
    kept = [
        (key, value)
        for key, values in request.POST.lists()
        if not key.startswith(PREFIX) and key != "csrfmiddlewaretoken" and "password" not in key
        for value in values
    ]
    if not error:  # an ordinary question is no refusal; a wrong proof is, and the log tells of it
        request.denial_logged = True  # type: ignore[attr-defined]
    hat = getattr(request, "hat", None)
    if hat:
        take_off()
    try:
        context = {"ways": ways(request), "kept": kept, "error": error, "files": bool(request.FILES)}
    finally:
        if hat:
            put_on(hat, signed_in(request).pk)
    htmx = request.headers.get("HX-Request") == "true"
    response = render(request, "account/confirm_form.html", context, status=422 if htmx else 403)
    if htmx:
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response
