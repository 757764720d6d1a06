"""Signing in: accounts from invitations only, a second factor for every professional, an end to every session."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import authentication_step_completed
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from networks import sessions
from networks.models import User
from yhteiso.hats.middleware import GUESTS, url_name

BACKEND = "networks.signin.Backend"
SESSION_BEGAN = "began_at"
SECOND_FACTOR = "second_factor"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

# What a session without a second factor may reach: enrolment or the code, help, sign-out and the language.
ALWAYS = {
    "account_login", "account_logout", "account_reauthenticate", "help", "privacy", "accessibility", "set_language",
    "health", "health-live", "demo-signin", "invitation", "keepalive", "account_organisation", "account_organisation_back",
}  # fmt: skip
ENROLMENT = ALWAYS | {
    "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes", "mfa_download_recovery_codes",
}  # fmt: skip
CODE = ALWAYS | {"mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_authenticate"}
# What a locked session may reach: proving who one is, signing out, and what anybody may read.
LOCKED = {
    "account_lock", "account_confirm", "account_logout", "account_reauthenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "account_organisation", "account_organisation_back", "set_language", "help", "privacy",
    "accessibility", "health", "health-live",
}  # fmt: skip


class Backend(AuthenticationBackend):
    """Loads the signed-in person with the unit, so that a page's frame and the read log ask no more."""

    def get_user(self, user_id: int) -> User | None:
        people = User.objects.select_related("unit__agency", "unit__area")
        return people.filter(pk=user_id, is_active=True).first()


class AccountAdapter(DefaultAccountAdapter):
    """allauth without open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MfaAdapter(DefaultMFAAdapter):
    """What an authenticator is told of us: the product's name, and the name of the machine that serves it."""

    def _get_site_name(self) -> str:
        return "Yhteiso"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)s") % {"number": number}


MALFORMED = (AttributeError, KeyError, TypeError, ValueError)


def malformed() -> ValidationError:
    refusal: ValidationError = MfaAdapter().validation_error("incorrect_code")
    return refusal


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey. Every one is verified by finger, face or PIN, so there is nothing to choose."""

    passwordless = None  # type: ignore[assignment]
    name = forms.CharField(
        label=_lazy("Name of the passkey"), required=False, max_length=60, help_text=_lazy("For example: work phone")
    )

    def clean(self) -> dict[str, Any]:
        """What the script sent may be anything: not made as it should be is refused, and breaks nothing."""
        try:
            cleaned: dict[str, Any] = super().clean()
        except MALFORMED as error:
            raise malformed() from error
        return cleaned


class _WellFormed:
    """The same care for the answer of a passkey that is there already."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except MALFORMED as error:
            raise malformed() from error


class PasskeyLoginForm(_WellFormed, LoginWebAuthnForm):
    """Sign-in by a passkey alone."""


class PasskeyStepForm(_WellFormed, AuthenticateWebAuthnForm):
    """A passkey as the second step after a password."""


class PasskeyAgainForm(_WellFormed, ReauthenticateWebAuthnForm):
    """A passkey as the proof that it is still the same person."""


def display_name(user: User) -> str:
    """What allauth's own pages call a person."""
    return user.name


def signed_in(request: HttpRequest) -> User:
    """The person of a request that only somebody who has signed in can make."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session was opened with a second factor, or has proved one since."""
    if request.session.get(SECOND_FACTOR):
        return True
    if any(record.get("method") == "mfa" for record in get_authentication_records(request, signed_in(request))):
        request.session[SECOND_FACTOR] = True
        return True
    return False


def recently_proved(request: HttpRequest) -> bool:
    """Whether the person has signed in or confirmed who they are within the last five minutes."""
    records = get_authentication_records(request, signed_in(request))
    newest = max((record["at"] for record in records), default=0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


@receiver(authenticator_added)
def enrolled(request: HttpRequest, authenticator: Authenticator, **kwargs: Any) -> None:
    """Whoever has just used a new authenticator has proved it: no second question at once."""
    if authenticator.type in FACTORS:
        record_authentication(
            request, signed_in(request), method="mfa", reauthenticated=True, id=authenticator.pk, type=authenticator.type
        )
        request.session[SECOND_FACTOR] = True


@receiver(authentication_step_completed)
def proved(request: HttpRequest, **kwargs: Any) -> None:
    """Whoever proves again who they are opens the lock."""
    if kwargs.get("reauthenticated"):
        sessions.unlock(request)


def second_factor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: ends a session after ten hours, holds a locked one, and leads one without a second factor to it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # A signed link never leads to the sign-in: its key would stand in that page's address.
        if not request.user.is_authenticated or url_name(request).startswith(GUESTS):
            return get_response(request)
        now = int(timezone.now().timestamp())
        if now - request.session.setdefault(SESSION_BEGAN, now) > settings.SESSION_ABSOLUTE_AGE:
            request.session.flush()
            return redirect(settings.LOGIN_URL)
        return _lock(request, now) or _toll(request) or get_response(request)

    return middleware


def lead_to(request: HttpRequest, name: str) -> HttpResponse:
    """Lead to a step of signing in and back to this page after it. htmx is told to leave the page, not to swap it."""
    where = reverse(name)
    htmx = request.headers.get("HX-Request") == "true"
    if request.method in ("GET", "HEAD") and not htmx and url_name(request) not in LOCKED:
        where += "?" + urlencode({"next": request.get_full_path()})
    return HttpResponse(status=204, headers={"HX-Redirect": where}) if htmx else redirect(where)


def _lock(request: HttpRequest, now: int) -> HttpResponse | None:
    sessions.lock_when_idle(request, now)
    if not sessions.is_locked(request) or url_name(request) in LOCKED:
        return None
    return lead_to(request, "account_lock")


def _toll(request: HttpRequest) -> HttpResponse | None:
    name = url_name(request)
    if name in ALWAYS or has_second_factor(request):
        return None
    kinds = set(Authenticator.objects.filter(user=signed_in(request), type__in=FACTORS).values_list("type", flat=True))
    if name in (CODE if kinds else ENROLMENT):
        return None
    if not kinds:
        messages.info(request, _("Add a second step to your sign-in first. It protects the families."))
        return redirect("mfa_activate_totp")
    return redirect("mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn")
