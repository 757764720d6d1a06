"""Signing in: accounts from invitations only, a second factor for every professional, an end to every session."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from networks.models import User
from yhteiso.hats.middleware import url_name

SESSION_BEGAN = "began_at"
SECOND_FACTOR = "second_factor"

# What a session without a second factor may reach: enrolment or the code, help, sign-out and the language.
ALWAYS = {
    "account_login", "account_logout", "account_reauthenticate", "help", "privacy", "accessibility", "set_language",
    "health", "demo-signin", "invitation", "keepalive",
}  # fmt: skip
ENROLMENT = ALWAYS | {"mfa_activate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes"}
CODE = ALWAYS | {"mfa_reauthenticate", "mfa_authenticate"}


class Backend(AuthenticationBackend):
    """Loads the signed-in person with the unit, so that a page's frame and the read log ask no more."""

    def get_user(self, user_id: int) -> User | None:
        people = User.objects.select_related("unit__agency", "unit__area")
        return people.filter(pk=user_id, is_active=True).first()


class AccountAdapter(DefaultAccountAdapter):
    """allauth without open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


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


@receiver(authenticator_added)
def enrolled(request: HttpRequest, authenticator: Authenticator, **kwargs: Any) -> None:
    """Whoever has just typed a code from a new authenticator has proved it: no second question at once."""
    if authenticator.type == Authenticator.Type.TOTP:
        request.session[SECOND_FACTOR] = True


def second_factor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: ends a session after ten hours, and leads one without a second factor to enrolment."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        now = int(timezone.now().timestamp())
        if now - request.session.setdefault(SESSION_BEGAN, now) > settings.SESSION_ABSOLUTE_AGE:
            request.session.flush()
            return redirect(settings.LOGIN_URL)
        return _toll(request) or get_response(request)

    return middleware


def _toll(request: HttpRequest) -> HttpResponse | None:
    name = url_name(request)
    if name in ALWAYS or has_second_factor(request):
        return None
    enrolled_before = Authenticator.objects.filter(user=signed_in(request), type=Authenticator.Type.TOTP).exists()
    if name in (CODE if enrolled_before else ENROLMENT):
        return None
    if not enrolled_before:
        messages.info(request, _("Add a second step to your sign-in first. It protects the families."))
    return redirect("mfa_reauthenticate" if enrolled_before else "mfa_activate_totp")
