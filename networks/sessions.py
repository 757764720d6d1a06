"""A person's own open sessions: noting, listing and ending them, and the lock of a device that is shared.

Not in a family's tables and not in the log of reads: it is the person's own key ring.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from networks.models import OpenSession, User

SHARED, LOCKED, SEEN = "shared_device", "locked", "seen_at"

# The first that fits: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "Chromebook"),
    ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def browser_family(agent: str) -> str:
    """The browser and the kind of machine in words, without versions: 'Firefox, Windows'. Empty when unknown."""
    agent = agent[:400]
    found = [next((name for mark, name in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)


@receiver(user_logged_in)
def note(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Remember the session that was opened just now, and forget this person's that are over."""
    living = Session.objects.filter(expire_date__gt=timezone.now())
    OpenSession.objects.filter(user=user).exclude(session_key__in=living.values("session_key")).delete()
    if request.session.session_key is None:
        request.session.create()
    OpenSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user, "began_at": timezone.now(), "shared": bool(request.session.get(SHARED)),
            "browser": browser_family(request.headers.get("User-Agent", "")),
        },
    )  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One open session as its owner sees it."""

    pk: int
    began_at: datetime
    seen_at: datetime
    browser: str
    shared: bool
    here: bool


def open_sessions(*, user: User, here: str | None, now: datetime) -> Iterator[Shown]:
    """The person's sessions that still live, this one first, then the one used last."""
    rows = {row.session_key: row for row in OpenSession.objects.filter(user=user)}
    living = Session.objects.filter(session_key__in=rows, expire_date__gt=now).values_list("session_key", "expire_date")
    for key, expires in sorted(living, key=lambda pair: (pair[0] != here, -pair[1].timestamp())):
        row, seen = rows[key], expires - timedelta(seconds=settings.SESSION_COOKIE_AGE)
        yield Shown(row.pk, row.began_at, seen, row.browser or _("Unknown browser"), row.shared, key == here)


@transaction.atomic
def end(*, user: User, pk: int) -> bool:
    """End one of the person's own sessions; it is out at its next request. False when there is no such session."""
    row = OpenSession.objects.filter(user=user, pk=pk).first()
    if row is None:
        return False
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    return True


@transaction.atomic
def end_others(*, user: User, here: str | None) -> int:
    """End every session of the person but this one, and return how many there were."""
    rows = OpenSession.objects.filter(user=user).exclude(session_key=here or "")
    ended, _kinds = Session.objects.filter(session_key__in=rows.values("session_key")).delete()
    rows.delete()
    return ended


def mark_shared(request: HttpRequest, *, shared: bool) -> None:
    """Note in this session whether others use the device too."""
    request.session[SHARED] = shared
    OpenSession.objects.filter(session_key=request.session.session_key).update(shared=shared)


def is_shared(request: HttpRequest) -> bool:
    return bool(request.session.get(SHARED))


def idle_seconds(request: HttpRequest) -> int:
    """How long this session may rest: then it ends, or on a shared device it locks."""
    return settings.SHARED_IDLE_AGE if is_shared(request) else settings.SESSION_COOKIE_AGE


def is_locked(request: HttpRequest) -> bool:
    return bool(request.session.get(LOCKED))


def lock(request: HttpRequest) -> None:
    """Show nothing of this session until its owner proves who they are."""
    request.session[LOCKED] = True


def unlock(request: HttpRequest) -> None:
    request.session.pop(LOCKED, None)


def lock_when_idle(request: HttpRequest, now: int) -> None:
    """On a shared device a rest of fifteen minutes locks the session. `now` is in seconds since 1970."""
    if not is_shared(request):
        return
    if now - request.session.get(SEEN, now) > settings.SHARED_IDLE_AGE:
        lock(request)
    request.session[SEEN] = now


def short_name(user: User) -> str:
    """What a locked screen calls its owner: 'Kaisa K.'"""
    words = user.name.split()
    return f"{words[0]} {words[-1][0]}." if len(words) > 1 else user.get_short_name()
