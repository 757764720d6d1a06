"""Pages that belong to no application: help, the session, and the errors."""

import sys
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "help.html")


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy.html")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "accessibility.html")


@require_POST
def keepalive(request: HttpRequest) -> HttpResponse:
    """Moves the idle time-out: the session is saved at every request."""
    return HttpResponse(status=204)


@require_safe
def keepalive_token(request: HttpRequest) -> HttpResponse:
    """A page that outlived its sign-in asks for a token of the new one. `who` tells it whether the same person is back."""
    return JsonResponse({"token": get_token(request), "who": str(request.user.pk)})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, "400.html", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the person may open this, but not do it. Says why, and whom to call."""
    return _error(request, "403.html", 403, reason=str(exception or ""))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: one page for what is not there and for what the person may not know of."""
    return _error(request, "404.html", 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: no hat is on yet, so the frame asks the database nothing."""
    request.error_page = True  # type: ignore[attr-defined]
    return _error(request, "403_csrf.html", 403)


def broken(request: HttpRequest) -> HttpResponse:
    """500: without the database and without the request, which may be what broke. 503 when it was the database."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503)
    return HttpResponse(render_to_string("500.html"), status=500)


def _error(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    return render(request, template, context, status=status)
