"""Limits of sign-in: by account first, by address only far above the normal, counted in PostgreSQL.

Thousands of professionals sit behind one municipal address, so an address is stopped only at twenty times what one
account may do. Each attempt is one statement in a transaction of its own, made before the attempt is looked at: two
processes at once never count one attempt together, and an error afterwards does not take the count back. A limit
refuses an attempt; it never ends a session that is open.
"""

import ipaddress
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.signals import authentication_step_completed
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import connection
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from networks.models import Attempt, User
from yhteiso.hats.middleware import url_name

ADDRESS_FACTOR = 20
UNKNOWN = "unknown"
AREA_CEILING, AREA_SECONDS = 300, 3600  # requests for help to one area in an hour, from everywhere together

FLOOD = "help-request flood"
LONGEST_KEY = 10

COUNT = """
INSERT INTO networks_attempt (key, n, expires_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET n = networks_attempt.n + 1 RETURNING n
"""


def count(*, what: str, whose: str, seconds: int, now: datetime) -> int:
    """Count one more attempt and return how many there have been in this stretch of time, this one included."""
    key, until = _stretch(what, whose, seconds, now)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key, until])
        n: int = cursor.fetchone()[0]
    if n == 1:  # a new stretch: a good moment to forget the ones that are over
        Attempt.objects.stale(now).delete()
    return n


def forget(*, what: str, whose: str, seconds: int, now: datetime) -> None:
    """Empty the count: the attempt succeeded."""
    Attempt.objects.filter(key=_stretch(what, whose, seconds, now)[0]).delete()


def _stretch(what: str, whose: str, seconds: int, now: datetime) -> tuple[str, datetime]:
    number = int(now.timestamp()) // seconds
    key = salted_hmac("networks.limits", f"{what}|{whose}|{number}", algorithm="sha256").hexdigest()
    return key, now + timedelta(seconds=seconds)


def address(request: HttpRequest) -> str:
    """Who knocks: the address itself, or an IPv6 network of the size that one household or office has.

    Whatever is no address is `UNKNOWN`, one bucket for all of them: a proxy that is set wrong opens no limit.
    """
    found = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:  # the proxy adds the address that it saw itself as the last one
        found = request.META.get("HTTP_X_FORWARDED_FOR", found).rsplit(",", 1)[-1].strip()
    try:
        parsed = ipaddress.ip_address(found)
    except ValueError:
        return UNKNOWN
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


def one_spelling(typed: str) -> str:
    """An e-mail as the database compares it: no other spelling of the same account gets a count of its own."""
    return unicodedata.normalize("NFKC", typed).strip().upper().lower()


def _typed(field: str) -> Callable[[HttpRequest], str]:
    return lambda request: one_spelling(request.POST.get(field, ""))


def _pending(request: HttpRequest) -> str:
    """The account whose password was right a moment ago and whose code is asked now."""
    login = request.session.get(LOGIN_SESSION_KEY)
    return str(login.get("user_pk", "")) if isinstance(login, dict) else ""


def _signed_in(request: HttpRequest) -> str:
    return str(request.user.pk or "")


def _nobody(request: HttpRequest) -> str:
    return ""


def _link(request: HttpRequest) -> str:
    """The address of a signed link: one that somebody, or a mail scanner, opens over and over again."""
    return request.path_info


@dataclass(frozen=True)
class Limit:
    """So many attempts for one account in so many seconds. With `failures`, a proof of that account empties it.

    `looks`: opening the page is an attempt too, where the address itself is what could be guessed.
    """

    whose: Callable[[HttpRequest], str]
    amount: int = 5
    seconds: int = 300
    failures: bool = True
    looks: bool = False


OFTEN = 30  # a minute, where an attempt names no account
LIMITS = {
    "account_login": Limit(_typed("login")),
    "mfa_authenticate": Limit(_pending),
    "mfa_login_webauthn": Limit(_nobody, OFTEN, 60),
    "account_reauthenticate": Limit(_signed_in),
    "mfa_reauthenticate": Limit(_signed_in),
    "mfa_reauthenticate_webauthn": Limit(_signed_in, OFTEN, failures=False),  # there is nothing to guess
    "account_change_password": Limit(_signed_in),
    "account_reset_password": Limit(_typed("email"), failures=False),
    "account_reset_password_from_key": Limit(_nobody, OFTEN, 60),
    "invitation": Limit(_nobody, OFTEN, 60),
    "account_organisation": Limit(_nobody, OFTEN, 60),
    # Without an account: a household, or a whole school behind one address, and no more.
    "help-request": Limit(address, 2 * OFTEN, 3600, failures=False),
    "guest-link": Limit(_link, OFTEN, 60, failures=False, looks=True),
    "guest-link-renewal": Limit(_link, failures=False),
    "delivery-report": Limit(_nobody, 10 * OFTEN, 60, failures=False),  # a gateway, about thousands of messages
}


@receiver(authentication_step_completed)
def note_proof(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Only a password or a code that was right empties a count. A redirect proves nothing: it may lead elsewhere."""
    request.proved_now = user  # type: ignore[attr-defined]


def proofs(request: HttpRequest) -> set[str]:
    """The names under which the person who has just proved who they are is counted."""
    user: User | None = getattr(request, "proved_now", None)
    return {one_spelling(user.email), str(user.pk), user_pk_to_url_str(user)} if user else set()


def limits(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answers 429 to one attempt too many, before anything is looked up or compared."""

    def middleware(request: HttpRequest) -> HttpResponse:
        limit = LIMITS.get(name := url_name(request))
        if limit is None or (request.method != "POST" and not limit.looks):
            return get_response(request)
        whose, now = limit.whose(request), timezone.now()
        if over(limit, name, whose, address(request), now) or (name == "help-request" and flooded(request, now)):
            request.error_page = True  # type: ignore[attr-defined]
            return render(request, "429.html", {"without_account": name == "help-request"}, status=429)
        response = get_response(request)
        if limit.failures and whose in proofs(request):
            forget(what=name, whose=whose, seconds=limit.seconds, now=now)
        return response

    return middleware


def over(limit: Limit, name: str, whose: str, where: str, now: datetime) -> bool:
    """Count this attempt, for its account and for its address, and tell whether it is one too many."""
    if whose and count(what=name, whose=whose, seconds=limit.seconds, now=now) > limit.amount:
        return True
    everybody = ADDRESS_FACTOR * max(limit.amount, OFTEN)
    return count(what=f"{name} address", whose=where, seconds=60, now=now) > everybody


def flooded(request: HttpRequest, now: datetime) -> bool:
    """Count a request for help to its area, and tell whether the area gets far more than people can send. It is an alarm."""
    area = request.POST.get("area", "")
    if not (area.isascii() and area.isdigit() and len(area) < LONGEST_KEY):  # no area: the form refuses it
        return False
    if count(what="help-request area", whose=area, seconds=AREA_SECONDS, now=now) <= AREA_CEILING:
        return False
    count(what=FLOOD, whose="", seconds=AREA_SECONDS, now=now)
    return True


def turned_away(now: datetime) -> int:
    """How many requests for help the ceiling has refused in this hour, for the health page."""
    row = Attempt.objects.filter(key=_stretch(FLOOD, "", AREA_SECONDS, now)[0]).first()
    return row.n if row else 0
