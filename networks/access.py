"""The door to powers and accounts: who may come to these pages, and what the log says about it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from networks.models import User
from networks.signin import signed_in
from yhteiso.audit.models import Verb, record


class UserRequest(HttpRequest):
    """A request of somebody who has signed in. For types only."""

    user: User


class NotAllowed(Exception):
    """A refusal with a sentence fit for the user, and a code for the log."""

    def __init__(self, sentence: str, code: str = "refused") -> None:
        super().__init__(sentence)
        self.code = code


View = Callable[..., HttpResponse]
# The hats of those who work here.
STAFF_HATS = ("area", "member", "unit", "report", "officer", "admin")


def answers_for_power(user: User) -> bool:
    """Whether the person, in the hat worn now, may have a proposal to answer."""
    return user.hat == "admin" or (user.hat == "area" and bool(user.answers_for))


def for_power(view: View) -> View:
    """A page of administrators and of those who are responsible for an area."""
    return _door(answers_for_power, view)


def for_administrators(view: View) -> View:
    """A page of administrators."""
    return _door(lambda user: user.hat == "admin", view)


def for_staff(view: View) -> View:
    """A page of everybody who works here. A family, a guest and somebody without a role have none of it."""
    return _door(lambda user: user.hat in STAFF_HATS, view)


def _door(may: Callable[[User], bool], view: View) -> View:
    """Anybody else gets the page of what is not there, and the refusal is logged."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may(signed_in(request)):
            log(request, Verb.DENY, reason="hat")
            raise Http404
        return view(request, *args, **kwargs)

    return inner


def log(request: HttpRequest, verb: Verb, *, reason: str = "") -> None:
    """Write who did what on which page; `reason` is a code."""
    user = signed_in(request)
    record(
        verb=verb,
        page=request.resolver_match.view_name if request.resolver_match else "",
        actor_id=user.pk,
        actor_name=user.name,
        actor_agency=user.unit.agency.name if user.unit_id and user.unit else "",
        hat=getattr(request, "hat", None) or "",
        now=timezone.now(),
        reason=reason,
    )
