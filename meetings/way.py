"""One family's way as it is drawn: the fifteen stones with their caption, and the stages."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.models import Case, Status
from meetings.models import Meeting, MeetingStatus
from yhteiso.lib.dates import PathDay, at_clock, closed_reason, helsinki_date, path_days, short_date


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `state` is done, part, now or empty; `small` a date or a count."""

    state: str
    text: str
    small: str = ""


def stones(case: Case, today: date, coming: Meeting | None) -> list[PathDay]:
    """The fifteen stones with the meeting, or the proposed day, on them."""
    met_on = helsinki_date(case.first_met_at) if case.first_met_at else None
    day = helsinki_date(coming.starts_at) if coming else None
    proposed = [day] if day and coming and coming.status == MeetingStatus.PROPOSED else []
    agreed = None if proposed else day
    return path_days(helsinki_date(case.t0_at), today, options=proposed, meeting=met_on or agreed)


def caption(case: Case, today: date, coming: Meeting | None, written: bool) -> str:
    """All that the stones show, in words, and what lies beyond them. `written`: it began from a written concern."""
    call = helsinki_date(case.t0_at)
    began = _("The message came %(day)s %(clock)s.") if written else _("The call came %(day)s %(clock)s.")
    lines = [began % {"day": short_date(call), "clock": at_clock(case.t0_at)}]
    if case.first_met_at:
        lines.append(_("The network met %(day)s.") % {"day": short_date(helsinki_date(case.first_met_at))})
        return " ".join(lines)
    if case.closed_at:
        ended = {"day": short_date(helsinki_date(case.closed_at))}
        lines.append(_("The situation ended %(day)s without a meeting.") % ended)
        return " ".join(lines)
    if case.plan_by_on != case.day14_on:
        lines.append(
            _("Day 14, %(day14)s, is closed (%(reason)s), so the last working day is %(plan_by)s.")
            % {
                "day14": short_date(case.day14_on), "reason": closed_reason(case.day14_on),
                "plan_by": short_date(case.plan_by_on),
            }
        )  # fmt: skip
    else:
        lines.append(_("The network meets by %(date)s at the latest.") % {"date": short_date(case.plan_by_on)})
    lines.append(_("Today is day %(n)d.") % {"n": (today - call).days})
    if coming:
        when = {"day": short_date(helsinki_date(coming.starts_at)), "clock": at_clock(coming.starts_at)}
        if coming.status == MeetingStatus.PROPOSED:
            lines.append(_("The proposed time is %(day)s %(clock)s.") % when)
        else:
            lines.append(_("The meeting has been agreed for %(day)s %(clock)s.") % when)
    return " ".join(lines)


ORDER = [Status.NEW, Status.GATHERING, Status.SCHEDULING, Status.AGREED, Status.FOLLOW_UP, Status.CLOSED]


def stages(case: Case, coming: Meeting | None, members: int, answered: str, *, told: bool = True) -> list[Stage]:
    """The six stages. `members`: how many are in the network; `answered`: "6/8" of the coming meeting, or empty.

    `told`: whether the reader may know what each guardian has said. Whom the page is open to has a yes for the own unit.
    """
    at = ORDER.index(Status(case.status))
    call = helsinki_date(case.t0_at)
    met = case.first_met_at
    agreed_on = short_date(helsinki_date(coming.starts_at)) if coming else ""
    by = _("by %(date)s at the latest") % {"date": short_date(case.plan_by_on)}
    in_network = "" if case.closed_at else ngettext("%(n)d person", "%(n)d people", members) % {"n": members}
    if case.closed_at and not met:  # nothing is told to be done that was not
        call_stage = Stage("done", _("Phone call"), f"{short_date(call)} {at_clock(case.t0_at)}")
        return [call_stage, _consent(case, told), Stage("", _("Meeting"), _("not held"))]
    return [
        Stage("done", _("Phone call"), f"{short_date(call)} {at_clock(case.t0_at)}"),
        _consent(case, told),
        Stage(_state(at, 0, 1), _("Network gathered"), in_network),
        Stage(_state(at, 2, 2), _("Agreeing on a time"), _("%(n)s answered") % {"n": answered} if answered else ""),
        Stage("done" if met else _state(at, 3, 3), _("Meeting"), _met(case) if met else agreed_on or by),
        Stage(_state(at, 4, 4), _("Follow-up"), agreed_on if met else ""),
    ]


def _state(at: int, first: int, last: int) -> str:
    """Where a stage stands that covers the statuses `first` to `last`."""
    if at > last:
        return "done"
    return "now" if at >= first else ""


def _consent(case: Case, told: bool) -> Stage:
    if not told:
        return Stage("done", _("Consent"), "")
    if case.stopped and case.closed_at:
        return Stage("", _("Consent"), _("The family stopped %(day)s") % {"day": short_date(helsinki_date(case.closed_at))})
    state = {"oral": "done", "waiting": "part"}.get(case.consent, "")
    return Stage(state, _("Consent"), str(case.get_consent_display()) if case.consent else _("Not asked yet"))


def _met(case: Case) -> str:
    return short_date(helsinki_date(case.first_met_at)) if case.first_met_at else ""
