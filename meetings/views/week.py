"""One's own week: what Monday's summary leads to. Made when it is read; the message itself holds nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.access import UserRequest, for_hats, log, name_children
from cases.ahead import key_of
from cases.kinds import REVIEW
from cases.ladder_words import last_day
from cases.messages_told import STEP, Place, places, words_for
from cases.models import Case, Deadline
from meetings.kinds import PROMISE
from meetings.models import Commitment, Meeting
from meetings.views.commitments import Promise
from meetings.views.meeting import place_of, title_of
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import at_clock, helsinki_date, period, start_of_day

SHOWN = 50


@dataclass(frozen=True)
class Due:
    """A deadline of the week."""

    day: date
    title: str
    place: Place | None
    deed: str
    tone: str


@require_safe
@for_hats("area", "member")
def week(request: UserRequest) -> HttpResponse:
    """What is there for me this week?"""
    user, today = request.user, helsinki_date(timezone.now())
    monday = today - timedelta(days=today.weekday())
    after = monday + timedelta(days=7)
    meetings, promised = _meetings(user, monday, after), _promised(user, after)
    rows = _due(user, after)
    ids = {row.case_id for row in rows if row.case_id}
    cases = {case.pk: case for case in Case.objects.visible_to(user).filter(pk__in=ids)}
    name_children(user, [*(row.case for row in meetings), *(row.case for row in promised), *cases.values()])
    meetings = [row for row in meetings if row.case.child_shown]
    shown = [*(row.case for row in meetings), *(row.case for row in promised), *cases.values()]
    log(request, Verb.LIST, cases=list({case.pk: case for case in shown}.values()))
    context = {
        "days": period(monday, after - timedelta(days=1)),
        "meetings": [_meeting(row, today) for row in meetings],
        "promises": [Promise(row, today) for row in promised],
        "due": _lines(user, rows, cases, today),
    }
    return render(request, "meetings/week.html", context)


def _meetings(user: User, monday: date, after: date) -> list[Meeting]:
    rows = Meeting.objects.visible_to(user).coming().select_related("case__heading")
    rows = rows.filter(starts_at__gte=start_of_day(monday), starts_at__lt=start_of_day(after))
    if user.hat == "area":
        rows = rows.filter(case__coordinator_id=user.pk)
    return list(rows.order_by("starts_at", "pk")[:SHOWN])


def _promised(user: User, after: date) -> list[Commitment]:
    mine = Commitment.objects.visible_to(user).owned_by(user).agreed().open().filter(due_on__lt=after)
    return list(mine.select_related("case__heading", "meeting").order_by("due_on", "pk")[:SHOWN])


def _due(user: User, after: date) -> list[Deadline]:
    """What else is late by the end of the week if it is not done: one's own, and that of the situations one leads."""
    soon = Deadline.objects.open().filter(late_at__lte=start_of_day(after)).exclude(kind__in=[PROMISE, REVIEW])
    rows = list(soon.filter(person_id=user.pk)[:SHOWN])
    if user.hat == "area":
        rows += list(soon.filter(case__coordinator_id=user.pk)[:SHOWN])
    first: dict[Any, Deadline] = {}
    for row in sorted(rows, key=lambda row: (row.late_at, row.step)):
        first.setdefault(key_of(row), row)
    return list(first.values())[:SHOWN]


def _lines(user: User, rows: Iterable[Deadline], cases: dict[int, Case], today: date) -> list[Due]:
    words = {row.pk: words_for(STEP, row.kind) for row in rows}
    found = places(user, [(row, words[row.pk]) for row in rows], cases)
    lines = []
    for row in rows:
        day, told = last_day(row.late_at, today), words[row.pk]
        late = day < today
        title, tone = str(told.late if late else told.title), "over" if late else "now" if day == today else ""
        lines.append(Due(day, title, found.get(row.pk), str(told.deed), tone))
    return lines


def _meeting(row: Meeting, today: date) -> dict[str, Any]:
    day = helsinki_date(row.starts_at)
    unsure = _("the time is not confirmed yet") if row.status == "proposed" else ""
    return {
        "row": row, "day": day, "tone": "now" if day == today else "over" if day < today else "",
        "at": at_clock(row.starts_at),
        "meta": " · ".join(part for part in (title_of(row.case), place_of(row), unsure) if part),
    }  # fmt: skip
