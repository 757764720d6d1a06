"""The page of a signed link: the time, the own answer, whom to call. Nobody signs in, and nothing of a family is here."""

import secrets
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_POST

from cases.models.guest import TOKEN, TOKEN_BYTES, VALID_FOR
from meetings.actions import guest as actions
from meetings.actions.guest import Door, OwnPromise
from meetings.forms.guest import PROMISE, GuestAnswerForm
from meetings.models import Answer, Meeting, Participant
from yhteiso.audit.keys import request_key
from yhteiso.audit.models import Verb, record
from yhteiso.forms import KEPT
from yhteiso.lib.dates import short_date

COOKIE = "__Secure-yhteiso-link" if settings.SESSION_COOKIE_SECURE else "yhteiso-link"
PATH = "/i/"
LOOKS = (("yes", "yes", "check"), ("if_needed", "part", "half"), ("no", "no", "cross"))
WORDS = {"yes": gettext_lazy("Yes"), "if_needed": gettext_lazy("If necessary"), "no": gettext_lazy("No")}
STATUS = {"expired": 410, "other": 403}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def guest_link(request: HttpRequest, token: str) -> HttpResponse:
    """Does the time suit me, and did I do what I promised? Looking changes nothing; the first answer binds the device."""
    device = device_of(request)
    if request.method == "POST":
        return _answer(request, token, device)
    door = actions.look(token=token, device=device)
    return _page(request, token, device, door)


def _answer(request: HttpRequest, token: str, device: str) -> HttpResponse:
    """Save what was chosen and come back by GET; a form without a choice stays, and is no use of the link."""
    form = GuestAnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, token, device, actions.look(token=token, device=device), form)
    device = device or secrets.token_urlsafe(TOKEN_BYTES)
    door = actions.answer(token=token, device=device, now=timezone.now(), **form.deed)
    if door is None or door.state != "live":
        return _page(request, token, device, door)
    _log(request, door, Verb.CHANGE)
    response = redirect("guest-link", token=token)
    response.set_cookie(
        COOKIE, device, max_age=VALID_FOR, path=PATH, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return private(response)


@login_not_required
@require_POST
def guest_link_renewal(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a new link: a task for the coordinator. Nothing is sent by itself."""
    request.error_page = True  # type: ignore[attr-defined]
    known = actions.ask_for_new(token=token, now=timezone.now())
    response = render(
        request, "meetings/guest_asked.html" if known else "meetings/guest_gone.html", status=200 if known else 404
    )
    return private(response)


def _page(request: HttpRequest, token: str, device: str, door: Door | None, form: forms.Form | None = None) -> HttpResponse:
    request.error_page = True  # type: ignore[attr-defined]  # a frame without any area, menu or account
    if door is None:  # never was, or was ended: the same page
        return private(render(request, "meetings/guest_gone.html", status=404))
    with override(_language(request, door)):
        if door.state != "live":
            context: dict[str, Any] = {"door": door, "token": token, "phone_href": tel(door.phone)}
            return private(render(request, f"meetings/guest_{door.state}.html", context, status=STATUS[door.state]))
        promises = promises_shown(actions.own_promises(token=token, device=device))
        if request.method != "POST":
            _log(request, door, Verb.VIEW, plan=bool(promises))
        context = {"door": door, "token": token, "form": form, "phone_href": tel(door.phone), "promises": promises}
        context |= _invitation(door) | {"done": any(row["status"] != "open" for row in promises)}
        return private(render(request, "meetings/guest_link.html", context, status=422 if form else 200))


def _invitation(door: Door) -> dict[str, Any]:
    """The one invitation: its time and the own answer."""
    if door.invitation is None:
        return {}
    seat = Participant.objects.only("id", "meeting_id", "answer").get(pk=door.invitation)
    meeting = Meeting.objects.only("id", "starts_at", "ends_at", "status").get(pk=seat.meeting_id)
    return invitation_shown(meeting, seat)


def invitation_shown(meeting: Meeting, seat: Participant) -> dict[str, Any]:
    """A meeting as a link shows it: when it begins, how long it takes, and the own answer. No kind, no place."""
    return {
        "meeting": meeting, "minutes": int((meeting.ends_at - meeting.starts_at).total_seconds() // 60),
        "answer": "" if seat.answer == Answer.NONE else str(seat.answer),
        "answers": [(value, str(WORDS[value]), tone, icon) for value, tone, icon in LOOKS],
    }  # fmt: skip


def promises_shown(rows: Iterable[OwnPromise]) -> list[dict[str, Any]]:
    """Own promises as a link shows them: the day and how each went, told apart by nothing that means anything."""
    return [
        {
            "field": f"{PROMISE}{row.mark}", "due_on": row.due_on, "status": row.status, "went": KEPT,
            "legend": _("How did it go, %(day)s?") % {"day": short_date(row.due_on)},
        }
        for row in rows
    ]  # fmt: skip


def device_of(request: HttpRequest) -> str:
    """The device that answered before, from its cookie; empty for another, and for what is no key."""
    found = request.COOKIES.get(COOKIE, "")
    return found if TOKEN.fullmatch(found) else ""


def private(response: HttpResponse) -> HttpResponse:
    """A page that no search engine keeps; that nobody stores it and that it tells no other page of itself is set for all."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def tel(phone: str) -> str:
    return "tel:" + "".join(c for c in phone if c.isdigit() or c == "+")


def _language(request: HttpRequest, door: Door) -> str:
    """The language that was chosen on the page, else the one in which the link was sent."""
    return request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or door.language or settings.LANGUAGE_CODE


def _log(request: HttpRequest, door: Door, verb: Verb, *, plan: bool = False) -> None:
    """The use log: whose link showed the time, or was answered. No address of the network."""
    record(
        verb=verb, page="guest-link", actor_id=None, actor_name=door.who or _("Guest by a link"), hat="guest",
        now=timezone.now(), case_id=door.case_id, sections=["time", "plan"] if plan else ["time"], why="guest",
        request_id=request_key(request),
    )  # fmt: skip
