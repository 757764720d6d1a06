"""The logbook as it is read: the network's previous meeting beside it, and the whole of it before and after approval."""

from typing import Any

from django.utils.translation import gettext as _

from cases.access import UserRequest
from meetings.models import ChildHeard, Environment, Logbook, Mark, Meeting, MeetingStatus
from meetings.views.commitments import kind_of, who_of
from meetings.views.commitments import state_of as promise_state
from meetings.views.meeting import Seat, day_text, place_of, when
from networks.models import User
from yhteiso.lib.dates import helsinki_date

ICONS = {
    Environment.HOME: "house",
    Environment.DAY_CARE: "school",
    Environment.SCHOOL: "school",
    Environment.LEISURE: "tree",
}
MARKS = {
    Mark.STRENGTH: ("green", "leaf"),
    Mark.VULNERABILITY: ("purple", "drop"),
    Mark.BOTH: ("yellow", "half"),
    Mark.NOT_DISCUSSED: ("grey", ""),
}
ORDER = (Mark.STRENGTH, Mark.BOTH, Mark.VULNERABILITY, "", Mark.NOT_DISCUSSED)
STRENGTHS_FIRST: dict[str, int] = {mark: n for n, mark in enumerate(ORDER)}


def frame_of(request: UserRequest, row: Meeting, logbook: Logbook, seats: list[Seat]) -> dict[str, Any]:
    return {
        "case": row.case, "meeting": row, "logbook": logbook, "when": when(row),
        "mine": row.note_taker_id == request.user.pk, "place": place_of(row),
        "present": sum(1 for seat in seats if seat.row.present), "last": _last_time(request.user, row),
    }  # fmt: skip


# -- the previous time


def _previous(row: Meeting) -> Meeting | None:
    held = row.case.meetings.filter(status=MeetingStatus.HELD, starts_at__lt=row.starts_at)
    return held.order_by("-starts_at").first()


def _previous_logbook(user: User, before: Meeting) -> Logbook | None:
    rows = Logbook.objects.filter(meeting=before, case_id=before.case_id)
    if user.hat == "member":
        rows = rows.filter(
            meeting__participants__membership__user_id=user.pk, meeting__participants__membership__ended_at=None
        )
    return rows.prefetch_related("entries__theme").first()


def _last_time(user: User, row: Meeting) -> dict[str, Any] | None:
    """What was promised and marked in the network's previous meeting, as far as this reader may see it."""
    before = _previous(row)
    if before is None:
        return None
    book = _previous_logbook(user, before)
    before.case = row.case
    agreed = before.commitments.filter(agreed_at__isnull=False).select_related("membership__user", "membership__person")
    promises = agreed.defer("membership__user__password", "membership__user__last_login")
    return {
        "day": day_text(helsinki_date(before.starts_at)), "kind": before.get_kind_display(), "logbook": book,
        "promises": [{"row": p, "state": promise_state(p.status), "who": who_of(row.case, p)} for p in promises],
        "meeting": before,
        "marks": [_said(entry) for entry in _by_strength(book) if entry.mark] if book else [],
    }  # fmt: skip


def _by_strength(logbook: Logbook) -> list[Any]:
    return sorted(logbook.entries.all(), key=lambda entry: (STRENGTHS_FIRST[entry.mark], entry.theme.position))


def _said(entry: Any) -> dict[str, Any]:
    if not entry.mark:
        return {"entry": entry, "mark": (_("Not marked"), "grey", "")}
    return {"entry": entry, "mark": (str(entry.get_mark_display()), *MARKS[Mark(entry.mark)])}


# -- the approved logbook


def reading_of(request: UserRequest, row: Meeting, logbook: Logbook, seats: list[Seat]) -> dict[str, Any]:
    entries = logbook.entries.select_related("theme").exclude(mark=Mark.NOT_DISCUSSED).order_by("theme__position")
    groups: dict[str, list[Any]] = {}
    for entry in sorted(entries, key=lambda e: STRENGTHS_FIRST[e.mark]):
        groups.setdefault(entry.theme.environment, []).append(_said(entry))
    order = [value for value in Environment.values if value in groups]
    plan = row.commitments.select_related("membership__user", "membership__person").defer(
        "membership__user__password", "membership__user__last_login"
    )
    return frame_of(request, row, logbook, seats) | {
        "environments": [
            {"ref": name, "title": Environment(name).label, "icon": ICONS[Environment(name)], "said": groups[name]}
            for name in order
        ],
        "plan": [
            {"row": p, "state": promise_state(p.status), "kind": kind_of(p.kind), "who": who_of(row.case, p)} for p in plan
        ],
        "not_asked": logbook.child_heard == ChildHeard.NOT_ASKED,
        "next_day": day_text(logbook.next_on) if logbook.next_on else "",
    }
