"""The family's own door, without an account: the form, and the receipt that tells by when somebody calls."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from cases.actions import help_request
from cases.forms_help import HelpRequestForm, area_name
from cases.kinds import ANSWER_DAYS
from networks.models import Area
from networks.safety import Safety, newest, own_words
from yhteiso.lib.dates import add_working_days, helsinki_date, latest_meeting_day

# Its name tells nothing. It belongs to one path, which the prefix __Host- does not allow.
RECEIPT = "__Secure-receipt" if settings.SESSION_COOKIE_SECURE else "receipt"
SALT, RECEIPT_SECONDS = "help-request", 600


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """How do I ask for help?"""
    now, areas = timezone.now(), list(Area.objects.prefetch_related("municipalities").order_by("name"))
    chosen = _chosen(request, areas)
    form = HelpRequestForm(request.POST if request.method == "POST" else None, areas=areas, chosen=chosen)
    if request.method == "POST" and form.is_valid():
        return _sent(form, now)
    if form.is_bound and "area" in form.cleaned_data:
        chosen = form.cleaned_data["area"]
    context = _days(helsinki_date(now)) | {
        "form": form, "area": chosen, "areas": [{"name": area_name(area), "phone": area.phone} for area in areas],
        "safety": (safety := _safety(chosen)), "emergency": _emergency(safety, areas),
        "language_next": _here(chosen, areas),
    }  # fmt: skip
    return render(request, "cases/help_request.html", context, status=422 if form.is_bound else 200)


def _chosen(request: HttpRequest, areas: Sequence[Area]) -> Area | None:
    """The area of a link (`?area=`), or the only one there is. Anything unknown is no choice."""
    if len(areas) == 1:
        return areas[0]
    return next((area for area in areas if str(area.pk) == request.GET.get("area")), None)


def _here(chosen: Area | None, areas: Sequence[Area]) -> str:
    """This page again, in another language or sent: with the area, and with nothing else that stood in the address."""
    return reverse("help-request") + (f"?area={chosen.pk}" if chosen and len(areas) > 1 else "")


def _safety(chosen: Area | None) -> Safety | None:
    """What the chosen area says of its own beside the fixed words; nothing before an area is known."""
    return own_words(chosen, newest(chosen)) if chosen else None


def _emergency(safety: Safety | None, areas: Sequence[Area]) -> list[str]:
    """The numbers of the emergency social services: the chosen area's, else each that there is."""
    if safety:
        return [safety.emergency_phone]
    return list(dict.fromkeys(area.emergency_phone for area in areas))


def _days(today: date) -> dict[str, Any]:
    return {"answer_by": add_working_days(today, ANSWER_DAYS), "meets_by": latest_meeting_day(today)}


def _sent(form: HelpRequestForm, now: datetime) -> HttpResponse:
    """To the receipt. What it shows travels in a short-lived cookie of this browser: number, area and day, no text."""
    area: Area = form.cleaned_data.pop("area")
    number = help_request.send(area=area, now=now, **form.cleaned_data)
    response = redirect("help-request-sent")
    response.set_signed_cookie(
        RECEIPT, f"{number} {area.pk} {helsinki_date(now).isoformat()}", salt=SALT, max_age=RECEIPT_SECONDS,
        path=reverse("help-request-sent"), httponly=True, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip
    return response


@login_not_required
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What happens next, and by when? Shows nothing of what was written, and after ten minutes not even the number."""
    found = request.get_signed_cookie(RECEIPT, default="", salt=SALT, max_age=RECEIPT_SECONDS)
    context: dict[str, Any] = {"language_next": reverse("help-request-sent")}
    if found:
        number, area, day = found.split(" ")
        context |= _days(date.fromisoformat(day)) | {"number": number, "area": Area.objects.filter(pk=area).first()}
    return render(request, "cases/help_request_sent.html", context)
