"""The officer's door: nobody else knows that these pages are there, and each reading of the log is itself logged."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from yhteiso.audit.keys import request_key
from yhteiso.audit.models import Verb, record

View = Callable[..., HttpResponse]


def officers(view: View) -> View:
    """A page of the data protection officer's only. Raises Http404 for anybody else, and logs it."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        if user.hat != "officer":
            note(request, Verb.DENY, reason="hat")
            raise Http404
        return view(request, *args, **kwargs)

    return inner


def note(
    request: HttpRequest, verb: Verb, *, reason: str = "", case_id: int | None = None, count: int | None = None
) -> None:
    """Write the row of this reading. `reason` is why the officer searched, or why somebody was refused."""
    user: Any = request.user
    unit = getattr(user, "unit", None)
    request.denial_logged = verb == Verb.DENY  # type: ignore[attr-defined]
    record(
        verb=verb, page=request.resolver_match.view_name if request.resolver_match else "", actor_id=user.pk,
        actor_name=user.name, actor_agency=unit.agency.name if unit else "", actor_unit=unit.name if unit else "",
        hat=getattr(request, "hat", None) or "", now=timezone.now(), reason=reason, case_id=case_id, result_count=count,
        request_id=request_key(request),
    )  # fmt: skip
