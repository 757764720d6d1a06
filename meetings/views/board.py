"""The board: every open situation of the coordinator's areas, those that run out of time first."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from cases.access import UserRequest, for_hats, log, name_children
from cases.forms import AreaForm
from cases.kinds import ANSWER_DAYS
from cases.models import Call, Case, Concern, HelpRequest, StartCorrection, Status
from cases.views.inbox import ahead_of
from cases.views.tasks import waiting_for
from meetings.views.cards import Card, make_cards
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import add_working_days, clock, day14, helsinki_date, holiday_name, latest_meeting_day, short_date

COLUMNS = (Status.NEW, Status.GATHERING, Status.SCHEDULING, Status.AGREED, Status.FOLLOW_UP)
AGES = {"0-2": (0, 2), "3-6": (3, 6), "7-12": (7, 12), "13-17": (13, 17), "18-20": (18, 20)}
# Quick limits: what a tally counts, and what it shows when it is pressed.
ONLY = {
    "late": lambda card: card.late,
    "near": lambda card: card.near,
    "answers": lambda card: card.awaits_answers,
    "consent": lambda card: card.awaits_consent,
}
ONLY_WORDS = {
    "late": gettext_lazy("are late"),
    "near": gettext_lazy("at most 3 days left"),
    "answers": gettext_lazy("wait for answers"),
    "consent": gettext_lazy("wait for consent"),
}


@require_safe
@for_hats("area")
def board(request: UserRequest) -> HttpResponse:
    """Whose time is running out?"""
    user, now = request.user, timezone.now()
    today = helsinki_date(now)
    whose, age, only = _filters(request)
    cases = Case.objects.visible_to(user).open().by_urgency()
    if whose == "mine":
        cases = cases.filter(coordinator_id=user.pk)
    if age:
        cases = cases.filter(heading__child_age__range=AGES[age])
    found, corrections = list(cases), _corrections(user)
    name_children(user, [*found, *(row.case for row in corrections)])
    log(request, Verb.LIST, cases=list({row.pk: row for row in [*found, *(c.case for c in corrections)]}.values()))
    cards = make_cards(found, today, escalations=True, now=now)
    shown = [card for card in cards if ONLY[only](card)] if only else cards
    context = {
        "title": area_words(user),
        "today": today,
        "total": len(cards),
        "first": sum(card.waiting for card in cards),
        "tallies": _tallies(cards, only, whose, age),
        "urgent": [card for card in shown if card.late or card.near],
        "columns": [_column(status, shown) for status in COLUMNS],
        "whose": whose, "age": age, "ages": AGES, "only": only, "only_words": ONLY_WORDS.get(only, ""),
        "shown": len(shown),
        "holidays": holiday_notes({helsinki_date(c.case.t0_at) for c in cards if c.waiting} | {today}),
        "tasks": waiting_for(user), "ahead": ahead_of(user, now),
        "leaderless": [Card(row, today) for row in Case.objects.visible_to(user).leaderless(today).by_urgency()],
        "waits": _waiting(user, today, corrections),
        "area_form": AreaForm(area_ids=user.area_ids) if len(user.area_ids) > 1 else None,
    }  # fmt: skip
    return render(request, "meetings/board.html", context)


def _filters(request: UserRequest) -> tuple[str, str, str]:
    """Own or all, age group, quick limit; anything unknown is no limit."""
    whose, age, only = (request.GET.get(name, "") for name in ("whose", "age", "only"))
    return "mine" if whose == "mine" else "all", age if age in AGES else "", only if only in ONLY else ""


def area_words(user: User) -> str:
    """The areas that the person coordinates, in the genitive: "Kuusirannan ja Haapaniemen"."""
    mine = (row.area for row in user.current_roles if row.area_id in user.area_ids)
    names = list(dict.fromkeys(area.name_genitive for area in mine if area))
    *first, last = names or [""]
    return _("%(names)s and %(last)s") % {"names": ", ".join(first), "last": last} if first else last


def _tallies(cards: list[Card], only: str, whose: str, age: str) -> list[dict[str, Any]]:
    rest = f"&whose={whose}" + (f"&age={age}" if age else "")
    classes = {"late": "is-over", "near": "is-near"}
    rows = []
    for name, rule in ONLY.items():
        count = sum(rule(card) for card in cards)
        cls, current = classes.get(name, "") if count else "", name == only
        url = f"?only={name}{rest}"
        rows.append({"count": count, "word": ONLY_WORDS[name], "cls": cls, "current": current, "url": url})
    return rows


def _column(status: Status, cards: list[Card]) -> dict[str, Any]:
    rows = [card for card in cards if card.case.status == status]
    if status == Status.FOLLOW_UP:  # their clock has stopped: those without a next date first, then by date
        rows.sort(key=lambda card: (card.coming is not None, card.coming.starts_at if card.coming else card.case.t0_at))
    return {"status": status.value, "title": status.label, "cards": rows}


def _corrections(user: User) -> list[StartCorrection]:
    """Later starts that wait for a second person."""
    cases = Case.objects.visible_to(user).open()
    return list(StartCorrection.objects.pending().filter(case__in=cases).select_related("case__heading"))


def _waiting(user: User, today: date, corrections: list[StartCorrection]) -> list[dict[str, Any]]:
    """Concerns and families' requests that nobody has opened, calls that nobody has finished and starts that nobody has
    agreed to, the oldest first. A clock runs only where a network is promised: not before the family wants one.
    """
    people = ("logged_by__password", "logged_by__last_login")
    concerns = Concern.objects.visible_to(user).waiting().filter(call=None).select_related("logged_by", "unit")
    rows: list[dict[str, Any]] = [
        {"concern": row, "asked": row, "at": row.sent_at, "clock": clock(row.sent_at, today) if row.wants_network else None}
        for row in concerns.defer(*people)
    ]  # fmt: skip
    requests = HelpRequest.objects.visible_to(user).waiting().filter(call=None)
    for row in requests:
        by = add_working_days(helsinki_date(row.sent_at), ANSWER_DAYS)
        rows.append({"request": row, "at": row.sent_at, "clock": clock(row.sent_at, today), "answer_by": by})
    calls = Call.objects.visible_to(user).unfinished().select_related("taken_by", "concern", "help_request")
    for call in calls.defer("taken_by__password", "taken_by__last_login"):
        start = call.t0_at
        promised = call.concern is None or call.concern.wants_network
        running = clock(start, today) if promised else None
        rows.append({"call": call, "asked": call.concern, "at": start, "clock": running})
    rows += [{"correction": row, "title": Card(row.case, today).title, "at": row.proposed_at} for row in corrections]
    return sorted(rows, key=lambda row: row["at"])


def holiday_notes(calls: Iterable[date]) -> list[dict[str, str]]:
    """For which days of call a public holiday shortens the two weeks: bold sentence and the rest; no weekends."""
    groups: dict[date, list[date]] = {}
    for call in sorted(calls):
        if _holiday_between(latest_meeting_day(call), day14(call)):
            groups.setdefault(latest_meeting_day(call), []).append(call)
    return [_holiday_note(plan_by, days) for plan_by, days in groups.items()]


def _holiday_between(plan_by: date, last: date) -> str | None:
    """The first holiday on a weekday that lies after the day to plan by, at the latest on day 14."""
    days = (plan_by + timedelta(days=n) for n in range(1, (last - plan_by).days + 1))
    return next((name for day in days if day.weekday() < 5 and (name := holiday_name(day))), None)


def _holiday_note(plan_by: date, calls: list[date]) -> dict[str, str]:
    name = _holiday_between(plan_by, day14(calls[-1])) or ""
    text = ngettext(
        "When the call came %(days)s, the last working day for the meeting is %(plan_by)s.",
        "When the call came on one of the days %(days)s, the last working day for the meeting is %(plan_by)s.",
        len(calls),
    )
    days = ", ".join(short_date(day) for day in calls)
    return {
        "bold": _("%(holiday)s shortens the time.") % {"holiday": name[:1].upper() + name[1:]},
        "text": text % {"days": days, "plan_by": short_date(plan_by)},
    }
