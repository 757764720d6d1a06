"""The two weeks: when they began, how they ended, and that what was told of them has been seen."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import lock, note
from cases.actions.deadline import replan
from cases.kinds import GATHERED, MEETING
from cases.models import Case, Escalation, StartCorrection, Status, TwoWeekOutcome
from networks.models import User
from yhteiso.lib.dates import day14, helsinki_date, latest_meeting_day

# All that the jobs' hat may read of a case: no name, no age, no text.
CLOCK_FIELDS = ("id", "area_id", "status", "t0_at", "day14_on", "plan_by_on", "first_met_at")


@transaction.atomic
def correct_start(*, case: Case, new_at: datetime, reason: str, by: User, now: datetime) -> StartCorrection:
    """Correct when the two weeks began. To an earlier moment it takes effect at once; to a later one it waits for a
    second person. After the outcome is written, the correction stands beside it and changes nothing.
    """
    case = lock(case)
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed. Its start is no longer corrected."))
    if new_at > now:
        raise NotAllowed(_("The call can't be in the future."))
    if new_at == case.t0_at:
        raise NotAllowed(_("This is already the time of the call."))
    row = StartCorrection.objects.create(
        case=case, old_at=case.t0_at, new_at=new_at, reason=reason, proposed_by=by, proposed_at=now
    )
    if new_at < case.t0_at and not _has_outcome(case):
        _apply(case, row, now)
    note(case, "start_corrected" if row.applied_at else "start_correction_proposed", at=now, by=by)
    return row


@transaction.atomic
def accept_correction(*, correction: StartCorrection, by: User, now: datetime) -> StartCorrection:
    """A second person agrees to a later start. Raises NotAllowed for the one who proposed it."""
    case = lock(correction.case)
    row = StartCorrection.objects.select_for_update(of=("self",), no_key=True).get(pk=correction.pk)
    if row.accepted_at:
        return row
    if not row.is_pending or row.new_at <= row.old_at:
        raise NotAllowed(_("This correction no longer waits for anybody."))
    if refusal := acceptance_blocker(row, case, by):
        raise NotAllowed(refusal)
    row.accepted_by, row.accepted_at = by, now
    if not _has_outcome(case):
        _apply(case, row, now)
    row.save(update_fields=["accepted_by", "accepted_at"])
    note(case, "start_corrected", at=now, by=by)
    return row


@transaction.atomic
def decline_correction(*, correction: StartCorrection, by: User, now: datetime) -> StartCorrection:
    """Say no to a later start: its proposer withdraws it, another coordinator declines it. The start stays as it is.

    Raises NotAllowed for one that is in force or agreed to already. A second press changes nothing.
    """
    case = lock(correction.case)
    row = StartCorrection.objects.select_for_update(of=("self",), no_key=True).get(pk=correction.pk)
    if row.declined_at:
        return row
    if not row.is_pending:
        raise NotAllowed(_("This correction no longer waits for anybody."))
    row.declined_by, row.declined_at = by, now
    row.save(update_fields=["declined_by", "declined_at"])
    note(case, "start_correction_declined", at=now, by=by, withdrawn=by.pk == row.proposed_by_id)
    return row


def acceptance_blocker(row: StartCorrection, case: Case, by: User) -> str | None:
    """Why this person can't agree to the correction: a sentence for the user, or None."""
    if case.status == Status.CLOSED:
        return str(_("This situation is closed. Its start is no longer corrected."))
    if row.declined_at:
        return str(_("This correction no longer waits for anybody."))
    if row.proposed_by_id == by.pk:
        return str(_("Another person must agree to a later start."))
    if row.old_at != case.t0_at and not row.applied_at:
        return str(_("The start has been changed since this was proposed."))
    return None


def outcome_of(case: Case) -> TwoWeekOutcome | None:
    """How the two weeks ended, once that is written."""
    return TwoWeekOutcome.objects.filter(case=case).first()


def _apply(case: Case, row: StartCorrection, now: datetime) -> None:
    start = helsinki_date(row.new_at)
    case.t0_at, case.day14_on, case.plan_by_on = row.new_at, day14(start), latest_meeting_day(start)
    case.save(update_fields=["t0_at", "day14_on", "plan_by_on"])
    of_start = case.deadlines.filter(kind__in=(MEETING, GATHERED)).select_for_update(of=("self",), no_key=True)
    replan(of_start, fact_at=row.new_at, now=now)  # locked: a tick may be telling one of them
    row.applied_at = now
    row.save(update_fields=["applied_at", "accepted_by", "accepted_at"])


def _has_outcome(case: Case) -> bool:
    return outcome_of(case) is not None


def write_outcome(case: Case, *, began_at: datetime | None, now: datetime) -> None:
    """Write once whether the network met by day 14. A second call changes nothing. The case must be locked."""
    if _has_outcome(case):
        return
    met_on = helsinki_date(began_at) if began_at else None
    met = met_on is not None and met_on <= case.day14_on
    day = (met_on - helsinki_date(case.t0_at)).days if met_on and met else None
    TwoWeekOutcome.objects.create(case=case, met=met, day_number=day, day14_on=case.day14_on, written_at=now)


@transaction.atomic
def mark_seen(*, case: Case, by: User, now: datetime) -> int:
    """The coordinator has seen the case's open steps. Returns how many."""
    return Escalation.objects.filter(case=case, seen_at=None).update(seen_at=now, seen_by=by)
