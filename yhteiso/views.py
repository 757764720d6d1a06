"""Pages that belong to no application: health, help, the session, and the errors."""

from datetime import UTC
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

FEWEST_MONTHS = 2  # of the log's partitions that must be ready: the nightly job makes 24, so fewer means that it fails


@login_not_required
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether this process can serve: 200 or 503, for machines. Says nothing of anybody."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sec.months_ahead(%s)", [timezone.now().astimezone(UTC).date()])
            months = cursor.fetchone()[0]
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "down"}, status=503)
    if months < FEWEST_MONTHS:
        return JsonResponse({"status": "failing", "database": "ok", "log": f"months ahead: {months}"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


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
    """500: without the database and without the request, which may be what broke."""
    return HttpResponse(render_to_string("500.html"), status=500)


def _error(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    return render(request, template, context, status=status)
