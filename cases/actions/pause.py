"""Why nothing moved for a while: recorded, ended, and counted beside the figure. The clock goes on all the time."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import lock, note
from cases.models import Case, Pause, PauseReason, Status
from networks.models import User
from yhteiso.lib.dates import helsinki_date

LONGEST = timedelta(days=365)


@transaction.atomic
def record_pause(
    *, case: Case, reason: PauseReason | str, from_on: date, until_on: date | None, by: User, now: datetime
) -> Pause:
    """Write down why nothing moves from a day on, until another day if that is known.

    Raises NotAllowed for a closed situation, for days before the contact or over a year ahead, for an end before the
    beginning, and where an open pause already covers some of the days.
    """
    case = lock(case)
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed. Nothing waits in it any more."))
    if refusal := days_refused(case, from_on, until_on, now):
        raise NotAllowed(refusal[1])
    if case.pauses.filter(overlapping(from_on, until_on)).exists():
        raise NotAllowed(_("Another reason has been recorded for some of these days. End it first."))
    pause = Pause.objects.create(
        case=case, reason=PauseReason(reason), from_on=from_on, until_on=until_on, recorded_at=now, recorded_by=by
    )
    note(case, "pause", at=now, by=by)  # everybody in the network reads events, the reason is the coordinators'
    return pause


@transaction.atomic
def end_pause(*, pause: Pause, by: User, now: datetime) -> Pause:
    """Things move again from today on. A pause that had not begun ends on its first day. A second press changes nothing."""
    case = lock(pause.case)
    row = Pause.objects.select_for_update(of=("self",), no_key=True).get(pk=pause.pk)
    if row.ended_at:
        return row
    today = helsinki_date(now)
    row.until_on = max(row.from_on, min(row.until_on or today, today))
    row.ended_at, row.ended_by = now, by
    row.save(update_fields=["until_on", "ended_at", "ended_by"])
    note(case, "pause_ended", at=now, by=by)
    return row


def days_refused(case: Case, from_on: date, until_on: date | None, now: datetime) -> tuple[str, str] | None:
    """Which of the two days does not do, and why: the name of the day and a sentence for the user."""
    last = helsinki_date(now) + LONGEST
    if from_on < helsinki_date(case.t0_at):
        return "from_on", str(_("The two weeks had not begun yet on that day."))
    if from_on > last:
        return "from_on", str(_("The day is over a year ahead. Check the year."))
    if until_on and until_on < from_on:
        return "until_on", str(_("The last day can't be before the first."))
    if until_on and until_on > last:
        return "until_on", str(_("The day is over a year ahead. Check the year."))
    return None


def overlapping(from_on: date, until_on: date | None) -> Q:
    """Open pauses that share a day with these."""
    shares = Q(until_on=None) | Q(until_on__gte=from_on)
    return Q(ended_at=None) & shares & (Q(from_on__lte=until_on) if until_on else Q())


def running(case: Case, on: date) -> Pause | None:
    """The pause in which the situation is that day, if it is in one."""
    return case.pauses.filter(overlapping(on, on)).order_by("from_on", "pk").first()
