"""One transaction and one hat around each request."""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone

from yhteiso.audit.keys import request_key
from yhteiso.audit.models import Verb, record
from yhteiso.hats.wear import put_on, take_off, wearing

logger = logging.getLogger(__name__)

# Sign-in works as the web login itself, which may read accounts and sessions but no table of a family.
BAREHEADED = ("account_", "mfa_", "demo-signin", "invitation", "set_language", "keepalive")
# A signed link: whoever comes is a guest, also with an account and in a browser in which they are signed in.
GUESTS = "guest-link"
# These touch no database, or must answer when it is down.
WITHOUT_DATABASE = {"health", "health-live", "gallery", "csp-report"}
# Answers that refuse, with the word by which the log tells them.
DENIALS = {400: "form", 403: "form", 404: "not visible", 405: "method"}


class HatMiddleware:
    """Opens the transaction, renders inside it, takes the hat off, and undoes everything when the answer is an error.

    Django has already turned an exception into a response here, so `atomic` alone would commit a half-done write.
    A refusal (4xx) commits, because its log row is in it; actions are atomic themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = url_name(request)
        if name in WITHOUT_DATABASE:
            return self.get_response(request)
        with transaction.atomic():
            hat = self.hat_for(request, name)
            request.hat = hat  # type: ignore[attr-defined]
            if hat:
                put_on(hat, request.user.pk)
            try:
                response = self.get_response(request)
                if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                    response = response.render()
                if hat:
                    self.note_denial(request, response.status_code, hat, name)
                if response.status_code >= 500:
                    transaction.set_rollback(True)
            finally:
                if hat:
                    take_off()
        if hat and response.status_code >= 500:
            self.note_failure(request, hat, name)
        return response

    def hat_for(self, request: HttpRequest, name: str) -> str | None:
        """The hat of this request; a link takes no notice of who is signed in."""
        if name.startswith(GUESTS):
            request.user = AnonymousUser()
            return "guest"
        return None if name.startswith(BAREHEADED) else hat_of(request)

    def note_denial(self, request: HttpRequest, status: int, hat: str, name: str) -> None:
        """A refusal that no page wrote down itself: an unknown reference, a forged form, a method that is not there.

        The page of an unknown address tells nothing and is not written; neither is somebody who is only sent to sign in.
        """
        user: Any = request.user
        if status not in DENIALS or not name or not user.is_authenticated or getattr(request, "denial_logged", False):
            return
        unit = getattr(user, "unit", None)
        record(
            verb=Verb.DENY, page=name, actor_id=user.pk, actor_name=user.name, hat=hat, now=timezone.now(),
            actor_agency=unit.agency.name if unit else "", actor_unit=unit.name if unit else "",
            reason=DENIALS[status], request_id=request_key(request),
        )  # fmt: skip

    def note_failure(self, request: HttpRequest, hat: str, name: str) -> None:
        """The read log's row went with everything else; this one tells, in a transaction of its own, that it failed."""
        user: Any = request.user
        with wearing(hat, user.pk):
            record(
                verb=Verb.FAIL, page=name, actor_id=user.pk, actor_name=getattr(user, "name", ""), hat=hat,
                now=timezone.now(), reason="error", request_id=request_key(request),
            )  # fmt: skip


def url_name(request: HttpRequest) -> str:
    """The matched URL's name with its namespace, or '' where nothing matches."""
    try:
        return resolve(request.path_info).view_name or ""
    except Resolver404:
        return ""


def hat_of(request: HttpRequest) -> str:
    """The hat that the signed-in person wears now; everybody else is `public`."""
    user: Any = request.user
    if not user.is_authenticated:
        return "public"
    user.chosen_role = request.session.get("role")
    hat: str = user.hat
    return hat
