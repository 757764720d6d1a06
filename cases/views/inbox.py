"""The inbox: one place for everything that has been told to a person, and what will be told soon."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases import ahead
from cases.access import NotAllowed, UserRequest, log, name_children
from cases.actions.message import mark_seen, take
from cases.inbox import lines
from cases.models import Case, Message, MessageQuerySet
from networks.access import STAFF_HATS
from networks.actions import notice
from networks.models import Notice, User
from networks.own_messages import absence_box, choices
from yhteiso.audit.models import Verb
from yhteiso.outbox.texts import render as text_of

PAGE, NEW = 25, 50


@require_safe
def inbox(request: UserRequest) -> HttpResponse:
    """What has been told to me, and what will be told of mine tomorrow? What it shows is seen by that."""
    user, now = request.user, timezone.now()
    first = "after" not in request.GET
    new, more_new = _new(user) if first else ([], False)
    old, more = _old(user, request.GET.get("after", ""))
    coming = ahead.coming(user, now) if first else []
    cases = _cases(user, [*new, *old, *coming[: ahead.SHOWN]])
    log(request, Verb.LIST, cases=list(cases.values()))
    if request.method == "GET":
        _see(user, new, now)
    context = {
        "new": _lines(user, new, cases), "old": _lines(user, old, cases), "more": more, "more_new": more_new, "first": first,
        "lead": _lead(user, len(coming)), "count": len(new),
    }  # fmt: skip
    if first:
        context |= _beside(request, coming, cases, now)
    return render(request, "cases/inbox.html", context)


def _beside(request: UserRequest, coming: Sequence[Any], cases: dict[int, Case], now: datetime) -> dict[str, Any]:
    """What stands beside the list on its first page."""
    user, shown = request.user, coming[: ahead.SHOWN]
    staff = user.hat in STAFF_HATS
    link = f"{request.get_host()}/…"
    return {
        "ahead": ahead.ladders(user, shown, cases, now) if shown else [],
        "heading": ahead.heading(shown, now) if shown else "",
        "more_ahead": len(coming) - len(shown),
        "choices": choices(user) if staff else None,
        "absence_box": absence_box(user, now) if staff else None,
        "sample": text_of("notice", get_language() or "fi", "sms", {"link": link}).body,
    }


@require_POST
def seen(request: UserRequest) -> HttpResponse:
    """I have seen everything."""
    now = timezone.now()
    if request.user.hat in STAFF_HATS:
        mark_seen(by=request.user, now=now)
    notice.mark_seen(by=request.user, now=now)
    return redirect("messages")


@require_POST
def taking(request: UserRequest, pk: UUID) -> HttpResponse:
    """I take care of this."""
    user = request.user
    row = _mine(user).filter(pk=pk).first()
    if row is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    try:
        mine = take(message=row, by=user, now=timezone.now())
    except NotAllowed as refusal:
        log(request, Verb.DENY, reason="take")
        raise PermissionDenied(str(refusal)) from refusal
    log(request, Verb.CHANGE, case=Case.objects.visible_to(user).filter(pk=row.case_id or 0).first())
    if mine:
        messages.success(request, _("Thank you. It rests for some working days, so that you can take care of it."))
    else:
        messages.info(request, _("Somebody else has already said that they take care of this."))
    return redirect("messages")


def ahead_of(user: User, now: datetime) -> str:
    """What will be told soon of one's own things, in one line for the first page."""
    count = len(ahead.coming(user, now))
    return ahead.in_words(count) if count else ""


# -- what is read


def _mine(user: User) -> MessageQuerySet:
    """Messages are for those who work here; a family and somebody without a role have notices only."""
    return Message.objects.of(user) if user.hat in STAFF_HATS else Message.objects.none()


def _new(user: User) -> tuple[list[Any], bool]:
    """What has not been seen, newest first, and whether there is more than is shown at once."""
    found = _merged(_mine(user).unseen(), Notice.objects.filter(to_id=user.pk, seen_at=None), NEW)
    return found[:NEW], len(found) > NEW


def _old(user: User, after: str) -> tuple[list[Any], str]:
    """A page of what has been seen, after the one shown last, and the key of its own last one where there is more."""
    told, notices = _mine(user), Notice.objects.filter(to_id=user.pk)
    last = _last(after, told, notices)
    if last is not None:
        before = Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk)
        told, notices = told.filter(before, at__lte=last.at), notices.filter(before, at__lte=last.at)
    found = _merged(told.exclude(seen_at=None), notices.exclude(seen_at=None), PAGE)
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""


def _last(after: str, *tables: Any) -> Any:
    try:
        key = UUID(after)
    except ValueError:
        return None
    return next((row for rows in tables if (row := rows.filter(pk=key).first())), None)


def _merged(told: Iterable[Any], notices: Iterable[Any], size: int) -> list[Any]:
    """The newest of both, one more than is shown."""
    both = [*told[: size + 1], *notices[: size + 1]]  # type: ignore[index]
    return sorted(both, key=lambda row: (row.at, row.pk), reverse=True)[: size + 1]


def _cases(user: User, rows: Iterable[Any]) -> dict[int, Case]:
    """The situations of these that the person may open now, called as they may call them."""
    ids = {row.case_id for row in rows if getattr(row, "case_id", None)}
    found = {case.pk: case for case in Case.objects.visible_to(user).filter(pk__in=ids)} if ids else {}
    if found:
        name_children(user, found.values())
    return found


def _lines(user: User, rows: Iterable[Any], cases: dict[int, Case]) -> list[Any]:
    rows = list(rows)
    told = [row for row in rows if isinstance(row, Message)]
    return lines(user, told, [row for row in rows if isinstance(row, Notice)], cases)


def _see(user: User, rows: Sequence[Any], now: datetime) -> None:
    if told := [row.pk for row in rows if isinstance(row, Message)]:
        mark_seen(by=user, now=now, keys=told)
    if noticed := [row.pk for row in rows if isinstance(row, Notice)]:
        notice.mark_seen(by=user, now=now, keys=noticed)


def _lead(user: User, coming: int) -> str:
    count = user.unseen_messages
    new = ngettext("%(n)d new.", "%(n)d new ones.", count) % {"n": count} if count else _("Nothing new.")
    return f"{new} {ahead.in_words(coming)}" if coming else new
