"""Who has looked: the page of a case that tells its coordinator and its network who opened it, when and by what right."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.access import UserRequest, get_case, sections
from cases.models import Case, Section
from cases.oversight import Reading, readings
from networks.models import User
from yhteiso.audit.shown import day_of, sections_words
from yhteiso.audit.words import HATS, PAGES, VERBS, WHY
from yhteiso.lib.dates import at_clock

ROWS = 50
LAST_KEY = UUID(int=2**128 - 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@require_safe
def readers(request: UserRequest, ref: str) -> HttpResponse:
    """Who has looked at this situation, and why could they?"""
    before, before_id = _place(request.GET.get("before"))
    case = get_case(request, ref)
    rows = readings(case, before=before, before_id=before_id, rows=ROWS + 1)
    people = User.people.in_bulk({row.actor_id for row in rows if row.actor_id})
    days = groupby(rows[:ROWS], lambda row: day_of(row.at))
    context = {
        "case": case,
        "days": [(day, [_shown(case, row, people) for row in each]) for day, each in days],
        "last": _key(rows[ROWS - 1]) if len(rows) > ROWS else None,
        "later": "before" in request.GET, "own_only": Section.NETWORK not in sections(request.user, case),
    }  # fmt: skip
    return render(request, "cases/readers.html", context)


def _shown(case: Case, row: Reading, people: dict[int, User]) -> dict[str, Any]:
    user = people.get(row.actor_id or 0)
    masked = row.masked or row.actor_id in case.masked_user_ids
    bare = masked or case.protected or (user is not None and case.calling.veiled(user))
    return {
        "time": at_clock(row.at),
        "who": _("Health services") if masked else _who(case, row, user),
        "where": "" if bare else ", ".join(part for part in (row.unit, row.agency) if part),
        "hat": HATS.get(row.hat, row.hat),
        "what": f"{VERBS.get(row.verb, row.verb)}: {PAGES.get(row.page, row.page)}",
        "saw": sections_words(row.sections),
        "right": WHY.get(row.why, row.why),
    }


def _who(case: Case, row: Reading, user: User | None) -> str:
    """The name as it was then, unless the case calls this person otherwise: initials, or only a service."""
    if user is not None and case.name_of(user) != user.name:
        return case.name_of(user)
    if not row.who and row.actor_id:
        return _("Service")
    return row.who or _("Somebody not signed in")


def _key(row: Reading) -> str:
    return f"{(row.at - EPOCH) // timedelta(microseconds=1)}-{row.id.hex}"


def _place(key: str | None) -> tuple[datetime, UUID]:
    """Where the page goes on from. Raises Http404 for a key that is none."""
    if not key:
        return timezone.now() + timedelta(days=1), LAST_KEY
    micros, _dash, pk = key[:60].partition("-")
    try:
        return EPOCH + timedelta(microseconds=int(micros)), UUID(hex=pk)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
