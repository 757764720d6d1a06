"""The tick: what is due is told, once each, by as many processes at once as there are."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from cases.actions.deadline import ladders_of, last_step, repeat, roles_of
from cases.actions.message import tell
from cases.addressees import Addressees, Told, addressees
from cases.deadlines import KINDS, agreed_in_time
from cases.kinds import INVITATION
from cases.models import Case, Deadline, DeadlineState, Escalation, EscalationTo, Message, MessageKind
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date, working_days_between

logger = logging.getLogger(__name__)
BATCH = 500
# How long a step of which somebody has said "I take it" rests before it is told again, if the deed is still undone.
RESTS_FOR = 5


def tick(*, now: datetime, batch: int = BATCH) -> int:
    """Tell everything that is due. Any number may run at once: each step is one process's alone (SKIP LOCKED).

    A batch is one transaction. One that fails is tried step by step, so that a broken one stops nobody else; the failures
    are raised together in the end. Returns how many steps were told.
    """
    told, failures, skip = 0, [], set[UUID]()
    while True:
        try:
            with wearing("jobs"):
                found, written = _batch(now, batch, skip)
        except Exception:  # which of them it was is found out one by one
            logger.exception("tick: a batch failed")
            found, written, broken = _one_by_one(now, batch, skip)
            failures += broken
        told += written
        if not found:
            break
    logger.info("tick: %s told, %s failed", told, len(failures))
    if failures:
        raise ExceptionGroup(f"tick: {len(failures)} steps failed", failures)
    return told


def _one_by_one(now: datetime, batch: int, skip: set[UUID]) -> tuple[int, int, list[Exception]]:
    """How many were looked at, how many told, and what went wrong; a broken one is not looked at again in this tick."""
    with wearing("jobs"):
        ids = list(Deadline.objects.due(now).exclude(pk__in=skip).values_list("pk", flat=True)[:batch])
    told, failures = 0, []
    for pk in ids:
        try:
            with wearing("jobs"):
                told += tell_due(_claim(now, 1, skip, only=pk), now=now)
        except Exception as error:
            logger.exception("tick: one step failed")
            failures.append(error)
            skip.add(pk)
    return len(ids), told, failures


def _batch(now: datetime, batch: int, skip: set[UUID]) -> tuple[int, int]:
    rows = _claim(now, batch, skip)
    return len(rows), tell_due(rows, now=now)


def _claim(now: datetime, batch: int, skip: set[UUID], only: UUID | None = None) -> list[Deadline]:
    due = Deadline.objects.due(now).select_for_update(of=("self",), skip_locked=True, no_key=True)
    if skip:
        due = due.exclude(pk__in=skip)
    return list((due.filter(pk=only) if only else due)[:batch])


def tell_due(rows: Sequence[Deadline], *, now: datetime) -> int:
    """Tell these locked steps. The facts are looked at once more first: what was done meanwhile is told to nobody."""
    _where_now(rows)
    waiting = _still_waiting(rows)
    quiet, told = _agreed(rows) | _taken(rows, now), _told_before(rows)
    due = [row for row in rows if row.pk in waiting and row.pk not in quiet | told]
    for row in rows:
        row.ended_at = now
        row.state = DeadlineState.ENDED if row.pk not in waiting else DeadlineState.QUIET
        if row in due or row.pk in told:
            row.state = DeadlineState.TOLD
    # One statement a state: bulk_update's CASE for each row took half of the tick's time.
    for state in {row.state for row in rows}:
        Deadline.objects.filter(pk__in=[row.pk for row in rows if row.state == state]).update(state=state, ended_at=now)
    Deadline.objects.bulk_create(_repeats([row for row in rows if row.pk in waiting], now), ignore_conflicts=True)
    if due:
        _write(due, now)
    return len(due)


def _told_before(rows: Sequence[Deadline]) -> set[UUID]:
    """Steps that stand in the ledger already, whatever their row says: nobody is told twice, and the rest goes on."""
    found = Escalation.objects.filter(deadline_id__in=[row.pk for row in rows])
    return {pk for pk in found.order_by().values_list("deadline_id", flat=True) if pk}


def _where_now(rows: Sequence[Deadline]) -> None:
    """A situation may have moved to another area since the step was written: the area of today is told."""
    areas = dict(Case.objects.filter(pk__in={row.case_id for row in rows}).values_list("pk", "area_id"))
    for row in rows:
        row.area_id = areas.get(row.case_id or 0, row.area_id)


def _still_waiting(rows: Sequence[Deadline]) -> set[UUID]:
    found: set[UUID] = set()
    for code in {row.kind for row in rows}:
        found |= KINDS[code].holds([row for row in rows if row.kind == code])
    return found


def _agreed(rows: Sequence[Deadline]) -> set[UUID]:
    """Steps before the last day of a situation whose meeting is agreed on by then: there is nothing to tell."""
    early = [row for row in rows if row.kind == "meeting" and row.due_at < row.late_at and row.case_id]
    agreed = agreed_in_time(row.case_id for row in early if row.case_id)
    return {row.pk for row in early if row.case_id in agreed}


def _taken(rows: Sequence[Deadline], now: datetime) -> set[UUID]:
    """Repeated steps that somebody has taken within the last working days: they rest, and come back by themselves."""
    repeated = [row for row in rows if row.step > last_step(row.kind)]
    if not repeated:
        return set()
    of_these = Q(case_id__in={row.case_id for row in repeated if row.case_id}) | Q(
        case=None, about__in={row.about for row in repeated}
    )
    told = Escalation.objects.filter(of_these, taken_at__isnull=False)
    taken = {(e.case_id, e.kind, e.about) for e in told if e.taken_at and _rests(e.taken_at, now)}
    return {row.pk for row in repeated if (row.case_id, row.kind, row.about) in taken}


def _rests(taken_at: datetime, now: datetime) -> bool:
    return working_days_between(helsinki_date(taken_at), helsinki_date(now)) < RESTS_FOR


def _is_repeated(row: Deadline) -> bool:
    return KINDS[row.kind].repeats and row.step >= last_step(row.kind)


def _repeats(waiting: Iterable[Deadline], now: datetime) -> list[Deadline]:
    """The last step again on the next working day: after it was told, and after it rested."""
    return [repeat(row, now) for row in waiting if _is_repeated(row)]


def _write(rows: Sequence[Deadline], now: datetime) -> None:
    ladders = ladders_of({(row.kind, row.area_id) for row in rows}, helsinki_date(now))
    who = addressees([(row, roles_of(row, ladders)) for row in rows], now)
    steps = {row.pk: _escalation(row, who[row.pk], now) for row in rows}
    Escalation.objects.bulk_create(steps.values())
    EscalationTo.objects.bulk_create(
        EscalationTo(
            escalation=steps[row.pk], case_id=row.case_id, to_id=one.user_id, role=one.role, instead_of_id=one.instead_of,
            told_at=now,
        )
        for row in rows
        for one in who[row.pk].told
    )  # fmt: skip
    tell(_messages(rows, who, now), now=now)


def _escalation(row: Deadline, who: Addressees, now: datetime) -> Escalation:
    return Escalation(
        deadline=row, case_id=row.case_id, area_id=row.area_id, kind=row.kind, about=row.about, step=row.step,
        late_at=row.late_at, due_at=row.due_at, raised_at=now, nobody=who.nobody,
    )  # fmt: skip


def _messages(rows: Sequence[Deadline], who: dict[UUID, Addressees], now: datetime) -> list[Message]:
    leads = dict(Case.objects.filter(pk__in={row.case_id for row in rows}).values_list("pk", "coordinator_id"))
    return [
        Message(
            key=f"step:{row.pk}:{one.user_id}", to_id=one.user_id, kind=message_kind(row.kind), what=row.kind,
            case_id=_named_case(row, one), area_id=row.area_id,
            coordinator_id=leads.get(row.case_id or 0), unit_id=one.unit_id,
            about=row.about, step=row.step, late_at=row.late_at, nobody=who[row.pk].nobody, instead_of_id=one.instead_of,
            at=now,
        )
        for row in rows
        for one in who[row.pk].told
    ]  # fmt: skip


def _named_case(row: Deadline, one: Told) -> int | None:
    """The situation; to whoever was asked into it, and to their head, the invitation alone."""
    return None if row.kind == INVITATION and one.role in ("invited", "owner_head") else row.case_id


def message_kind(code: str) -> str:
    """By which of a person's choices a step of this kind leaves."""
    return {"promise": MessageKind.PROMISE, "service": MessageKind.TASK}.get(code, MessageKind.ESCALATION)
