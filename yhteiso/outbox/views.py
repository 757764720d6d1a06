"""The page that a family's message leads to, and the SMS gateway's call. Nobody signs in for either."""

import hashlib
import hmac
import json
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from yhteiso.outbox.actions import note_report

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
LONGEST_REPORT = 4096
FAILED = {"failed", "undelivered", "undeliverable", "rejected", "expired"}


@login_not_required
@require_safe
def number(request: HttpRequest, token: str) -> HttpResponse:
    """Whom to call about a message: a number and its hours. The same page with advice for an unknown link."""
    found = _number(token) if TOKEN.fullmatch(token) else None
    context = {"phone": found[0], "hours": found[1], "phone_href": _tel(found[0])} if found else {}
    return render(request, "outbox/number.html", context)


def _number(token: str) -> tuple[str, str] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, hours FROM sec.number_behind(%s)", [token])
        row: tuple[str, str] | None = cursor.fetchone()
    return row


def _tel(phone: str) -> str:
    return "tel:" + "".join(c for c in phone if c.isdigit() or c == "+")


@csrf_exempt  # a machine without a browser: the signature stands for the form's token
@login_not_required
@require_POST
def delivery_report(request: HttpRequest) -> HttpResponse:
    """What became of an SMS, signed by the gateway. 204 for whatever is signed and readable, whether known or not."""
    body = request.body
    if len(body) > LONGEST_REPORT:
        return HttpResponse(status=413)
    if not _signed(body, request.headers.get("X-Signature", "")):
        return HttpResponse(status=403)
    try:
        told: Any = json.loads(body)
        status, key = str(told["status"]).lower(), str(told["id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return HttpResponse(status=400)
    if status in FAILED and (row_id := _uuid(key)):
        note_report(outgoing_id=row_id, code=f"gateway-{status}", now=timezone.now())
    return HttpResponse(status=204)


def _signed(body: bytes, signature: str) -> bool:
    if not settings.SMS_REPORT_SECRET:
        return False
    wanted = hmac.new(settings.SMS_REPORT_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.strip().lower().encode())


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
