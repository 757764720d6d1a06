"""The two weeks: when they began, how they ended, and who is told while they run out."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import lock, note
from cases.models import Case, Escalation, StartCorrection, Status, TwoWeekOutcome
from networks.models import User
from yhteiso.lib.dates import at_helsinki, day14, helsinki_date, is_working_day, latest_meeting_day

# The ladder of this version: on these days after the call somebody is told that no meeting has been held.
STEPS = (9, 12, 14)
LAST_STEP = STEPS[-1]
FIRE_AT = time(8, 0)
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


def step_due_at(case: Case, step: int) -> datetime:
    """When a step is told: at 8.00 of its day. A closed day moves it back to the last working day before it; the step
    of day 14 moves forward, to the first working day after day 14, because only then is the meeting late.
    """
    day = helsinki_date(case.t0_at) + timedelta(days=step)
    if step >= LAST_STEP:
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    else:
        while not is_working_day(day):
            day -= timedelta(days=1)
    return at_helsinki(day, FIRE_AT)


@transaction.atomic
def escalate(*, case_id: int, now: datetime) -> int:
    """Write the steps of one case that are due, once each.

    Returns how many steps were written; 0 when another process has the case or it needs none any more.
    """
    locked = Case.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    case = locked.filter(pk=case_id).only(*CLOCK_FIELDS).first()
    if case is None or case.status == Status.CLOSED or case.first_met_at:
        return 0
    done = set(Escalation.objects.filter(case=case).values_list("step", flat=True))
    written = 0
    for step in set(STEPS) - done:
        due_at = step_due_at(case, step)
        if due_at <= now and (step >= LAST_STEP or case.status != Status.AGREED):
            Escalation.objects.create(case=case, step=step, due_at=due_at, raised_at=now)
            written += 1
    return written


def ids_to_escalate(*, on: date) -> list[int]:
    """The open cases without a first meeting whose first step may be due: by day, oldest first."""
    latest = on + timedelta(days=14 - min(STEPS) + 7)  # a step may move back over a long holiday
    waiting = Case.objects.waiting_first_meeting().filter(day14_on__lte=latest).exclude(escalations__step=LAST_STEP)
    return list(waiting.order_by("day14_on", "pk").values_list("pk", flat=True))


@transaction.atomic
def mark_seen(*, case: Case, by: User, now: datetime) -> int:
    """The coordinator has seen the case's open steps. Returns how many."""
    return Escalation.objects.filter(case=case, seen_at=None).update(seen_at=now, seen_by=by)
