"""Writing deadlines with the facts behind them, ending them with the deeds, and planning them anew."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from cases.deadlines import KINDS, Kind, Rung, Step, again, next_telling, not_before, plan, with_settings
from cases.models import Case, CaseEvent, Deadline, DeadlineState, LadderChange
from yhteiso.lib.dates import helsinki_date, start_of_day

Ladders = Mapping[tuple[str, int], tuple[Rung, ...]]


def begin(
    code: str, *, case: Case | None, area_id: int, fact_at: datetime, now: datetime, last_on: date | None = None,
    about: object = "", person_id: int | None = None, unit_id: int | None = None,
) -> None:  # fmt: skip
    """Write the steps of one deadline, in the transaction of its fact. A second time changes nothing.

    `last_on`: the last day on which it is kept, where the fact brings it (a promise's day); else the kind knows.
    """
    kind = KINDS[code]
    rows = steps_of(
        kind, rungs_of(kind, area_id, helsinki_date(now)), case_id=case.pk if case else None, area_id=area_id,
        about=str(about), fact_at=fact_at, last_on=last_on, person_id=person_id, unit_id=unit_id, now=now,
    )  # fmt: skip
    # The writer may not be able to read them, so nothing is read back.
    Deadline.objects.bulk_create(rows, ignore_conflicts=True)


def steps_of(
    kind: Kind, rungs: tuple[Rung, ...], *, case_id: int | None, area_id: int, about: str, fact_at: datetime,
    last_on: date | None, person_id: int | None, unit_id: int | None, now: datetime,
) -> list[Deadline]:  # fmt: skip
    """The steps of one deadline, not yet written."""
    late_at = start_of_day(last_on + timedelta(days=1)) if last_on else _late(kind, fact_at)
    return [
        Deadline(
            kind=kind.code, case_id=case_id, area_id=area_id, about=about, step=step.step, person_id=person_id,
            unit_id=unit_id, fact_at=fact_at, late_at=late_at, due_at=step.due_at,
            state=DeadlineState.MERGED if step.merged else DeadlineState.OPEN, ended_at=now if step.merged else None,
        )
        # A fact that is written down late tells nobody at once, nor step after step: the highest, at the next 8.00.
        for step in not_before(plan(rungs, fact_at, late_at), now)
    ]  # fmt: skip


def end(code: str, *, case: Case | None, now: datetime, about: object = "") -> None:
    """The deed is done: the steps still ahead are told to nobody. Works in every hat that may see the situation.

    `about` None: whatever it is about.
    """
    _end(case, code, None if about is None else str(about), now)


@transaction.atomic
def wake(code: str, *, case: Case, now: datetime) -> None:
    """What kept a step quiet is gone: the highest quiet one is told at the next 8.00, unless a higher one is by then."""
    rows = {row.step: row for row in case.deadlines.filter(kind=code).select_for_update(of=("self",), no_key=True)}
    quiet = [step for step, row in rows.items() if row.state == DeadlineState.QUIET]
    if not quiet:
        return
    row, due_at = rows[max(quiet)], next_telling(now)
    higher = [other for step, other in rows.items() if step > row.step]
    if any(o.state == DeadlineState.TOLD or (o.state == DeadlineState.OPEN and o.due_at <= due_at) for o in higher):
        return
    row.state, row.ended_at, row.due_at = DeadlineState.OPEN, None, due_at
    row.save(update_fields=["state", "ended_at", "due_at"])


def end_all(case: Case, *, now: datetime) -> None:
    """The situation is closed: nothing of it is ahead any more."""
    _end(case, None, None, now)


@transaction.atomic
def revive(case: Case, *, ended_at: datetime, now: datetime) -> None:
    """A closed situation is open again: what its closing ended, and still waits for its deed, is ahead again.

    A step whose day passed meanwhile is told at the next 8.00, several such as the highest of them; where every step was
    told before, the last one comes again.
    """
    rows = case.deadlines.filter(state=DeadlineState.ENDED, ended_at=ended_at).order_by("step")
    for (code, _case, _about), steps in _by_deadline(rows.select_for_update(of=("self",), no_key=True)).items():
        holding = KINDS[code].holds(steps)
        waiting = [row for row in steps if row.pk in holding]
        planned = {s.step: s for s in not_before([Step(row.step, row.due_at, merged=False) for row in waiting], now)}
        for row in waiting:
            step = planned[row.step]
            row.due_at, row.state = step.due_at, DeadlineState.MERGED if step.merged else DeadlineState.OPEN
            row.ended_at = now if step.merged else None
        Deadline.objects.bulk_update(waiting, ["due_at", "state", "ended_at"])
    _again_where_all_was_told(case, now)


def _again_where_all_was_told(case: Case, now: datetime) -> None:
    """A ladder that repeats until its deed is done goes on, also where no step was ahead when the situation closed."""
    for (code, _case, _about), steps in _by_deadline(case.deadlines.order_by("step")).items():
        if KINDS[code].repeats and KINDS[code].holds(steps) and not any(row.state == DeadlineState.OPEN for row in steps):
            Deadline.objects.bulk_create([repeat(steps[-1], now)], ignore_conflicts=True)


def _end(case: Case | None, code: str | None, about: str | None, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.end_deadlines(%s, %s, %s, %s)", [case.pk if case else None, code, about, now])


@transaction.atomic
def replan(rows: Iterable[Deadline], *, fact_at: datetime | None = None, now: datetime) -> int:
    """Compute anew when the open ones among these are told: the calendar, the ladder or the fact has changed.

    `rows`: whole deadlines, told steps included. Those stay as they are, and so does what they told along (a merged step
    below a told one). Without a new fact a step whose new day is past is told at the next 8.00, several such as the
    highest of them; one that is due already is left to the tick. Returns how many moved; each situation gets an event.
    """
    moved: list[Deadline] = []
    deadlines = _by_deadline(rows)
    areas = dict(
        Case.objects.filter(pk__in={case for _code, case, _about in deadlines if case}).values_list("pk", "area_id")
    )
    for (code, case_id, _about), steps in deadlines.items():
        moved += _move(KINDS[code], steps, areas.get(case_id or 0, steps[0].area_id), fact_at, now)
    Deadline.objects.bulk_update(moved, ["fact_at", "late_at", "due_at", "state", "ended_at"])
    events = [CaseEvent(case_id=pk, kind="clock_replanned", at=now) for pk in {row.case_id for row in moved} if pk]
    CaseEvent.objects.bulk_create(events)
    return len(moved)


def _by_deadline(rows: Iterable[Deadline]) -> Mapping[tuple[str, int | None, str], list[Deadline]]:
    found: dict[tuple[str, int | None, str], list[Deadline]] = {}
    for row in rows:
        found.setdefault((row.kind, row.case_id, row.about), []).append(row)
    return found


def _move(kind: Kind, rows: list[Deadline], area_id: int, fact_at: datetime | None, now: datetime) -> list[Deadline]:
    """The rows of one deadline that change. A merged step comes back when its day is its own again."""
    ahead = _ahead(rows, now if fact_at is None else None)
    if not any(row.state == DeadlineState.OPEN for row in ahead):
        return []
    fact = fact_at or rows[0].fact_at
    late_at = kind.last(fact) if kind.last else rows[0].late_at
    steps = {step.step: step for step in plan(rungs_of(kind, area_id, helsinki_date(now)), fact, late_at)}
    planned = [steps[row.step] for row in ahead if row.step in steps]
    new = {step.step: step for step in not_before(planned, now)}
    moved = []
    for row in ahead:
        step = new.get(row.step) or _repeated(row, steps, late_at)
        if step is None:
            continue
        state = DeadlineState.MERGED if step.merged else DeadlineState.OPEN
        if (row.due_at, row.late_at, row.fact_at, row.state) == (step.due_at, late_at, fact, state):
            continue
        row.due_at, row.late_at, row.fact_at, row.state = step.due_at, late_at, fact, state
        row.ended_at = now if step.merged else None
        moved.append(row)
    return moved


def _repeated(row: Deadline, steps: Mapping[int, Step], late_at: datetime) -> Step | None:
    """A step told again waits for a last step that has moved to a later day; it never comes earlier."""
    if row.step <= max(steps) or late_at <= row.late_at:
        return None
    return Step(row.step, max(row.due_at, steps[max(steps)].due_at), merged=False)


def _ahead(rows: list[Deadline], now: datetime | None) -> list[Deadline]:
    """What may still move: above every step that was told, quiet or (`now`) is due and waits for the tick."""
    stays = (DeadlineState.OPEN, DeadlineState.MERGED)
    gone = [row.step for row in rows if row.state not in stays or _waits_for_tick(row, now)]
    return [row for row in rows if row.step > max(gone, default=0)]


def _waits_for_tick(row: Deadline, now: datetime | None) -> bool:
    return row.state == DeadlineState.OPEN and now is not None and row.due_at <= now


def rungs_of(kind: Kind, area_id: int, on: date) -> tuple[Rung, ...]:
    """The kind's ladder as the area has set it, in force on the day."""
    return ladders_of({(kind.code, area_id)}, on)[kind.code, area_id]


def ladders_of(wanted: Iterable[tuple[str, int]], on: date) -> Ladders:
    """The ladders of kinds in areas, as each area has set them: one question for all."""
    wanted = set(wanted)
    rows = LadderChange.objects.filter(area_id__in={area for _code, area in wanted}, from_on__lte=on)
    changed: dict[tuple[str, int], dict[int, tuple[int, tuple[str, ...]]]] = {}
    for row in rows:  # the newest first
        changed.setdefault((row.kind, row.area_id), {}).setdefault(row.step, (row.day, tuple(row.to)))
    return {key: with_settings(KINDS[key[0]].rungs, changed.get(key, {})) for key in wanted}


def roles_of(row: Deadline, ladders: Ladders) -> tuple[str, ...]:
    """In which roles people are told of this step: as the area's ladder says, and of a repeated one as the kind does."""
    rungs = {rung.step: rung.to for rung in ladders[row.kind, row.area_id]}
    return rungs.get(row.step) or KINDS[row.kind].again_to or rungs[last_step(row.kind)]


def last_step(code: str) -> int:
    """The highest step of the kind's own ladder; those above it are repeated ones."""
    return KINDS[code].rungs[-1].step


def repeat(row: Deadline, told_at: datetime) -> Deadline:
    """The next time that a step which nobody has taken is told."""
    return Deadline(
        kind=row.kind, case_id=row.case_id, area_id=row.area_id, about=row.about, step=row.step + 1, fact_at=row.fact_at,
        person_id=row.person_id, unit_id=row.unit_id, late_at=row.late_at, due_at=again(told_at),
    )  # fmt: skip


def _late(kind: Kind, fact_at: datetime) -> datetime:
    if kind.last is None:
        raise ValueError(f"{kind.code} needs its last day")
    return kind.last(fact_at)
