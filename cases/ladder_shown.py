"""The ladders of one situation as its page shows them: what was told to whom, what is ahead, and who has taken it.

For the area's coordinators, who may know all of it; a member sees the steps of the own deeds only (the walls say the
same). A constant number of questions, whatever the number of steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from cases.actions.deadline import ladders_of
from cases.addressees import Addressees, addressees
from cases.deadlines import KINDS
from cases.kinds import MEETING
from cases.ladder_words import by_when, roles_text
from cases.models import Case, Deadline, DeadlineState, Escalation
from networks.models import User
from yhteiso.lib.dates import at_clock, helsinki_date, short_date

Key = tuple[str, str]  # kind and about


@dataclass(frozen=True)
class Rung:
    """One step as the component `ladder` draws it."""

    state: str
    icon: str
    title: str
    text: str


@dataclass
class Ladder:
    """One deadline's ladder: its kind, its latest day, its steps. `open`: something is still ahead."""

    title: str
    by: str
    open: bool
    rungs: list[Rung] = field(default_factory=list)


@dataclass(frozen=True)
class Ground:
    """What the steps of one situation need, looked up once."""

    case: Case
    now: datetime
    told: Mapping[Any, Escalation]
    ahead: Mapping[Any, Addressees]
    roles: Mapping[Any, Sequence[str]]
    names: Mapping[int, str]
    reader: int | None = None


def ladders(case: Case, now: datetime) -> list[Ladder]:
    """All that the situation's ladders tell: those with a step ahead first, the nearest day first."""
    rows = list(case.deadlines.order_by("fact_at", "step"))
    roles = _roles(rows, case, now)
    open_rows = [row for row in rows if row.state == DeadlineState.OPEN]
    told = case.escalations.prefetch_related("told")
    ahead = addressees([(row, roles[row.pk]) for row in open_rows], now) if open_rows else {}
    steps = {step.deadline_id: step for step in told}
    ground = Ground(case, now, steps, ahead, roles, _names(case, steps.values(), ahead.values()))
    found = [_ladder(key, deadline, ground) for key, deadline in _grouped(rows).items()]
    return sorted((one for one in found if one.rungs), key=lambda one: not one.open)


def own_ladders(case: Case, reader: User, now: datetime) -> list[Ladder]:
    """The steps that are ahead for a member's own deeds here. Whom else they are told to stands as roles."""
    rows = list(case.deadlines.open().filter(person=reader).order_by("due_at", "step"))
    ground = Ground(case, now, {}, {}, _roles(rows, case, now), {}, reader.pk)
    return [_ladder(key, deadline, ground) for key, deadline in _grouped(rows).items()]


def next_day(case: Case, now: datetime) -> str:
    """The nearest latest day of what the situation still owes: "Verkosto koolla viimeistään ma 15.6.", or nothing."""
    return next_days([case], now).get(case.pk, "")


def next_days(cases: Iterable[Case], now: datetime) -> dict[int, str]:
    """The same for many situations: one question."""
    rows = Deadline.objects.open().filter(case_id__in=[case.pk for case in cases if not case.closed_at])
    found = rows.exclude(kind="review").order_by("case_id", "late_at", "kind").distinct("case_id")
    return {pk or 0: by_when(kind, late_at, now) for pk, kind, late_at in found.values_list("case_id", "kind", "late_at")}


def day_of(case: Case, at: datetime) -> int:
    """Which day of the two weeks a moment is: the call's day is 0."""
    return (helsinki_date(at) - helsinki_date(case.t0_at)).days


def _grouped(rows: Iterable[Deadline]) -> dict[Key, list[Deadline]]:
    found: dict[Key, list[Deadline]] = {}
    for row in rows:
        if row.kind in KINDS:
            found.setdefault((row.kind, row.about), []).append(row)
    return found


def _roles(rows: Sequence[Deadline], case: Case, now: datetime) -> dict[Any, Sequence[str]]:
    """The roles of each step, as the area has set them; after the last one those who are told again."""
    known = {row.kind for row in rows if row.kind in KINDS}
    set_so = ladders_of({(kind, case.area_id) for kind in known}, helsinki_date(now))
    roles = {(kind, rung.step): rung.to for (kind, _area), rungs in set_so.items() for rung in rungs}
    last = {kind: KINDS[kind].rungs[-1].step for kind in known}
    return {
        row.pk: roles.get((row.kind, row.step)) or KINDS[row.kind].again_to or roles[row.kind, last[row.kind]]
        for row in rows
        if row.kind in KINDS
    }


def _names(case: Case, told: Iterable[Escalation], ahead: Iterable[Addressees]) -> dict[int, str]:
    """How the people of the steps are called on this family's pages."""
    ids = {pk for step in told for one in step.told.all() for pk in (one.to_id, one.instead_of_id)}
    ids |= {step.taken_by_id for step in told}
    ids |= {pk for who in ahead for one in who.told for pk in (one.user_id, one.instead_of)}
    return {user.pk: case.name_of(user) for user in User.people.filter(pk__in={pk for pk in ids if pk})}


def _ladder(key: Key, rows: list[Deadline], ground: Ground) -> Ladder:
    kind = key[0]
    ahead = [row for row in rows if row.state == DeadlineState.OPEN]
    ladder = Ladder(str(KINDS[kind].label), by_when(kind, rows[-1].late_at, ground.now) if ahead else "", bool(ahead))
    for row in sorted(rows, key=lambda row: row.step):
        if row.pk in ground.told:
            ladder.rungs.append(_told(row, ground.told[row.pk], ground))
        elif row.state == DeadlineState.OPEN:
            ladder.rungs.append(_ahead(row, row is min(ahead, key=lambda one: one.due_at), ground))
        elif ahead and row.state == DeadlineState.MERGED:
            ladder.rungs.append(Rung("", "half", _day(row, ground), _("told along with the step after it")))
        elif ahead and row.state == DeadlineState.QUIET:
            ladder.rungs.append(Rung("done", "check", _day(row, ground), _("not needed: a meeting was agreed on")))
    return ladder


def _told(row: Deadline, step: Escalation, ground: Ground) -> Rung:
    people = list(step.told.all())
    seen = max((one.seen_at for one in people if one.seen_at), default=step.seen_at)
    parts = [_("told %(when)s") % {"when": _when(step.raised_at)}]
    if helsinki_date(step.due_at) != helsinki_date(step.raised_at):
        parts.append(_("planned %(when)s") % {"when": _when(step.due_at)})
    parts.append(_("seen %(when)s") % {"when": _when(seen)} if seen else _("nobody has seen it yet"))
    if step.taken_by_id:
        parts.append(_("%(name)s takes care of it") % {"name": ground.names.get(step.taken_by_id, "")})
    if step.nobody:
        parts.insert(0, _("there was nobody to tell, so this was told higher up"))
    told = [_person(one.to_id, one.instead_of_id, ground) for one in people]
    state = "done" if seen or step.taken_by_id else ""
    return Rung(state, "check" if state else "bell", _titled(row, ", ".join(told) or _("Nobody"), ground), " · ".join(parts))


def _ahead(row: Deadline, is_next: bool, ground: Ground) -> Rung:
    who, text = ground.ahead.get(row.pk), _leaves(row, ground)
    if ground.reader is not None:
        title = _("You") if ground.roles[row.pk] == ("owner",) else roles_text(ground.roles[row.pk])
    elif who and who.told:
        title = ", ".join(_person(one.user_id, one.instead_of, ground) for one in who.told)
    else:
        title = roles_text(ground.roles[row.pk])
    if who and who.nobody:
        text = " · ".join([_("there is nobody to tell, so it goes higher up"), text])
    return Rung("now" if is_next else "", "bell" if is_next else "clock", _titled(row, title, ground), text)


def _leaves(row: Deadline, ground: Ground) -> str:
    today, on = helsinki_date(ground.now), helsinki_date(row.due_at)
    if (on - today).days == 1:
        return _("tomorrow %(clock)s this is told") % {"clock": at_clock(row.due_at)}
    return _("told %(when)s, if nothing changes") % {"when": _when(row.due_at)}


def _titled(row: Deadline, who: str, ground: Ground) -> str:
    return f"{_day(row, ground)}: {who}" if row.kind == MEETING else who


def _day(row: Deadline, ground: Ground) -> str:
    """The real day of a step of the two weeks; a step of another kind has only its date."""
    if row.kind == MEETING:
        return _("Day %(n)d") % {"n": day_of(ground.case, row.due_at)}
    return short_date(helsinki_date(row.due_at))


def _person(user_id: int, instead_of: int | None, ground: Ground) -> str:
    name = ground.names.get(user_id, "")
    if not instead_of:
        return name
    return _("%(name)s (in the stead of %(other)s)") % {"name": name, "other": ground.names.get(instead_of, "")}


def _when(at: datetime) -> str:
    on: date = helsinki_date(at)
    return f"{short_date(on)} {at_clock(at)}"
