"""What waits for me: opened by the application with the fact behind it, and marked done by hand or by the deed itself."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from cases.access import NotAllowed, UserRequest, for_hats, log, name_children
from cases.actions.task import finish_task
from cases.models import Case, Task
from cases.tasks_told import words_of
from networks.models import PowerProposal, User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import at_clock, helsinki_date, short_date

SHOWN_DONE, DONE_FOR = 20, timedelta(days=30)


def waiting_for(user: User) -> int:
    """How many tasks wait for this person: for the link on their first page."""
    return Task.objects.of(user).open().count()


@for_hats("area", "member")
@require_safe
def task_list(request: UserRequest) -> HttpResponse:
    """What waits for me, and what is done already?"""
    user, now = request.user, timezone.now()
    waiting = list(Task.objects.of(user).open())
    done = list(Task.objects.of(user).filter(done_at__gt=now - DONE_FOR).order_by("-done_at", "pk")[:SHOWN_DONE])
    ids = {row.case_id for row in [*waiting, *done] if row.case_id}
    cases = {case.pk: case for case in Case.objects.visible_to(user).filter(pk__in=ids)}
    name_children(user, cases.values())
    log(request, Verb.LIST, cases=list(cases.values()))
    context = {
        "waiting": [_line(row, cases, now) for row in waiting],
        "done": [_line(row, cases, now) for row in done],
        "late": sum(helsinki_date(row.due_at) < helsinki_date(now) for row in waiting),
        "powers": _powers(user, now),
    }
    return render(request, "cases/tasks.html", context)


@for_hats("area", "member")
@require_POST
def task_done(request: UserRequest, pk: UUID) -> HttpResponse:
    """This has been done."""
    task = Task.objects.of(request.user).filter(pk=pk).first()
    if task is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    try:
        finish_task(task=task, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.warning(request, str(refusal))
        return redirect("task-list")
    log(request, Verb.CHANGE, case=Case.objects.visible_to(request.user).filter(pk=task.case_id or 0).first())
    messages.success(request, _("Marked as done."))
    return redirect("task-list")


def _powers(user: User, now: datetime) -> int:
    """How many proposed powers wait for this person's yes, where they are responsible for an area."""
    if user.hat != "area" or not user.answers_for:
        return 0
    rows = PowerProposal.objects.visible_to(user).waiting(now)
    return rows.exclude(proposed_by_id=user.pk).exclude(target_id=user.pk).count()


def _line(row: Task, cases: dict[int, Case], now: datetime) -> dict[str, Any]:
    case, words = cases.get(row.case_id or 0), words_of(row.kind)
    return {
        "row": row, "words": words, "day": helsinki_date(row.due_at), "url": _url(row, case), "due": _due(row, now),
        "case": case, "name": "" if case is None else case.label,
        "tone": _tone(row, now),
        "done": f"{short_date(helsinki_date(row.done_at))} {at_clock(row.done_at)}" if row.done_at else "",
    }  # fmt: skip


def _url(row: Task, case: Case | None) -> str:
    """Where it is done: for whoever can open the situation, and an offer for whom it was made."""
    words = words_of(row.kind)
    try:
        if words.by_about:
            return reverse(words.page, args=[row.about]) if case or words.own or words.page == "hand-over" else ""
        return reverse(words.page, args=[case.ref]) if case else ""
    except NoReverseMatch:
        return ""


def _tone(row: Task, now: datetime) -> str:
    """Late is red; today is now."""
    due, today = helsinki_date(row.due_at), helsinki_date(now)
    return "over" if due < today else "now" if due == today else ""


def _due(row: Task, now: datetime) -> str:
    """The day to do it by, and how late it is, in words."""
    due, today = helsinki_date(row.due_at), helsinki_date(now)
    days = (today - due).days
    if days > 0:
        return ngettext("%(n)d day past", "%(n)d days past", days) % {"n": days}
    if days == 0:
        return _("today")
    return _("by %(day)s") % {"day": short_date(due)}
