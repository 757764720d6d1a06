"""Whom a step of a ladder is told to: roles become people of today, absent ones their substitutes.

Everything is looked up for many steps at once: the number of questions never grows with the steps.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from cases.deadlines import KINDS
from cases.models import Case, Deadline, LadderChange, MemberRole, Membership, Recusal
from networks.models import AREA_ROLES, Area, Role, RoleMembership, Unit, User
from networks.stand_in import absent, stand_ins
from yhteiso.lib.dates import helsinki_date

# The roles in which a ladder may tell people, in the order in which a person of several is named.
ROLES = (
    "owner", "invited", "owner_head", "caller", "coordinator", "coordinators", "substitute", "unit_heads", "responsible",
    "named", "officers", "fallback",
)  # fmt: skip
FALLBACKS = ("responsible", "coordinators", "officers", "administrators")

# Units that still owe a deed, as an app above knows them: ids of situations in, pairs of situation and unit out.
OpenDeeds = Callable[[Iterable[int]], Iterable[tuple[int, int]]]
OPEN_DEEDS: list[OpenDeeds] = []


@dataclass(frozen=True, slots=True)
class Told:
    """One person who is told, in which role, and in whose stead."""

    user_id: int
    role: str
    instead_of: int | None = None
    # Of which unit's open deed a head is told. Empty for everybody else.
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Addressees:
    """The people of one step. `nobody`: nobody is in the roles that should be told, and others are told of that."""

    told: tuple[Told, ...]
    nobody: bool


@dataclass
class Ground:
    """What is looked up once for a batch of steps."""

    on: date
    cases: dict[int, Case] = field(default_factory=dict)
    areas: dict[int, Area] = field(default_factory=dict)
    roles: dict[tuple[str, int | None], list[int]] = field(default_factory=dict)
    of_unit: dict[int, list[int]] = field(default_factory=dict)
    callers: dict[int, list[int]] = field(default_factory=dict)
    deeds: dict[int, set[int]] = field(default_factory=dict)
    seats: set[tuple[int, int]] = field(default_factory=set)
    recused: set[tuple[int, int]] = field(default_factory=set)
    home: dict[int, int | None] = field(default_factory=dict)
    active: set[int] = field(default_factory=set)
    named: dict[tuple[int, str], int | None] = field(default_factory=dict)
    stand_in: dict[int, int] = field(default_factory=dict)
    absent: set[int] = field(default_factory=set)

    def area_of(self, row: Deadline) -> int:
        case = self.cases.get(row.case_id or 0)
        return case.area_id if case else row.area_id


def addressees(rows: Sequence[tuple[Deadline, Sequence[str]]], now: datetime) -> dict[UUID, Addressees]:
    """Who is told of each of these steps today. Nobody disqualified, nobody without an account in use."""
    ground = look(rows, helsinki_date(now))
    return {row.pk: _of(row, roles, ground) for row, roles in rows}


def _of(row: Deadline, roles: Sequence[str], ground: Ground) -> Addressees:
    told = _people(row, roles, ground)
    if told:
        return Addressees(told, nobody=False)
    for role in FALLBACKS:
        if told := _people(row, [role], ground):
            return Addressees(tuple(Told(one.user_id, "fallback", one.instead_of) for one in told), nobody=True)
    return Addressees((), nobody=True)


def _people(row: Deadline, roles: Sequence[str], ground: Ground) -> tuple[Told, ...]:
    told: dict[int, Told] = {}
    for role in roles:
        for user_id in in_role(row, role, ground):
            for one in _present(row, role, user_id, ground):
                if _may(row, one.user_id, ground):
                    told.setdefault(one.user_id, replace(one, unit_id=_owing(row, role, user_id, ground)))
    return tuple(told.values())


def _owing(row: Deadline, role: str, head: int, ground: Ground) -> int | None:
    """The unit of this head that owes the deed of the step. The head of whoever leads is told without owing anything."""
    if role == "owner_head":
        return row.unit_id
    owing = ground.deeds.get(row.case_id or 0, set()) if role == "unit_heads" else set()
    return next((unit for unit in sorted(owing) if head in ground.of_unit.get(unit, [])), None)


def _present(row: Deadline, role: str, user_id: int, ground: Ground) -> list[Told]:
    """The person, the accepted substitute, or the person and whoever stands next: absence never makes silence."""
    if user_id not in ground.absent:
        return [Told(user_id, role)]
    instead = ground.stand_in.get(user_id)
    if instead and _may(row, instead, ground):
        case = ground.cases.get(row.case_id or 0)
        # A protected family may be closed to the substitute, who can do no more than call: the absent one hears too.
        themself = [Told(user_id, role)] if case and case.protected else []
        return [*themself, Told(instead, role, user_id)]
    area = ground.areas.get(ground.area_of(row))
    others = [area.substitute_id] if area and area.substitute_id else []
    others += ground.roles.get((Role.RESPONSIBLE, ground.area_of(row)), [])
    return [Told(user_id, role), *(Told(pk, role, user_id) for pk in others if pk != user_id and pk not in ground.absent)]


def _may(row: Deadline, user_id: int, ground: Ground) -> bool:
    own_review = row.kind == "review" and user_id == row.person_id  # nobody reviews what they opened themself
    return user_id in ground.active and not own_review and (row.case_id or 0, user_id) not in ground.recused


def in_role(row: Deadline, role: str, ground: Ground) -> list[int]:
    """The people of one role of a step, in use or not."""
    case, area_id = ground.cases.get(row.case_id or 0), ground.area_of(row)
    area = ground.areas.get(area_id)
    if role == "coordinator":
        return _coordinator(case, area_id, ground)
    if role == "responsible":
        settled = [area.responsible_id] if area and area.responsible_id else []
        return [*settled, *ground.roles.get((Role.RESPONSIBLE, area_id), [])]
    if role == "named":
        named = ground.named.get((area_id, row.kind)) or (area.substitute_id if area else None)
        return [named] if named else in_role(row, "responsible", ground)
    if role == "unit_heads":
        return _unit_heads(row, case, ground)
    if role == "owner_head":
        return ground.of_unit.get(row.unit_id or 0, [])
    if role == "caller":
        return ground.callers.get(row.case_id or 0, [])
    plain = {
        "owner": _owner(row, ground),
        "invited": _invited(row, ground),
        "substitute": [area.substitute_id] if area and area.substitute_id else [],
        "coordinators": ground.roles.get((Role.COORDINATOR, area_id), []),
        "officers": ground.roles.get((Role.OFFICER, None), []),
        "administrators": ground.roles.get((Role.ADMINISTRATOR, None), []),
    }
    return plain[role]


def _owner(row: Deadline, ground: Ground) -> list[int]:
    """Whoever the deed belongs to; in a situation, while they are in its network."""
    there = row.case_id is None or (row.case_id, row.person_id) in ground.seats
    return [row.person_id] if row.person_id and there else []


def _invited(row: Deadline, ground: Ground) -> list[int]:
    """Whoever was asked to join for a unit, so is not in the network yet; while they work there."""
    there = row.unit_id is None or ground.home.get(row.person_id or 0) == row.unit_id
    return [row.person_id] if row.person_id and there else []


def _coordinator(case: Case | None, area_id: int, ground: Ground) -> list[int]:
    """Whoever leads; where the lead can't act, whoever answers for the area, else its coordinators."""
    held = ground.roles.get((Role.COORDINATOR, area_id), []) + ground.roles.get((Role.RESPONSIBLE, area_id), [])
    if case and case.coordinator_id in held and case.coordinator_id in ground.active:
        return [case.coordinator_id]
    return ground.roles.get((Role.RESPONSIBLE, area_id)) or ground.roles.get((Role.COORDINATOR, area_id), [])


def _unit_heads(row: Deadline, case: Case | None, ground: Ground) -> list[int]:
    """The heads of the units that owe a deed, and the head of whoever leads."""
    units = set(ground.deeds.get(row.case_id or 0, set()))
    if case and (home := ground.home.get(case.coordinator_id)):
        units.add(home)
    return [head for unit in sorted(units) for head in ground.of_unit.get(unit, [])]


# -- looking up ----------------------------------------------------------------------------------------------------------


def look(rows: Sequence[tuple[Deadline, Sequence[str]]], on: date) -> Ground:
    """Everything that the roles of these steps need: at most a dozen questions."""
    ground = Ground(on)
    case_ids = {row.case_id for row, _roles in rows if row.case_id}
    wanted = Case.objects.filter(pk__in=case_ids).only("id", "area_id", "coordinator_id", "status", "protected")
    ground.cases = {case.pk: case for case in wanted}
    area_ids = {ground.area_of(row) for row, _roles in rows}
    ground.areas = {area.pk: area for area in Area.objects.filter(pk__in=area_ids)}
    _look_roles(ground, area_ids)
    seats = Membership.objects.filter(case_id__in=case_ids, ended_at=None, user__isnull=False)
    for case_id, user_id, role in seats.order_by("pk").values_list("case_id", "user_id", "role"):
        if user_id and role != MemberRole.EXCEPTIONAL:
            ground.seats.add((case_id, user_id))
        if user_id and role == MemberRole.CALLER:
            ground.callers.setdefault(case_id, []).append(user_id)
    for deeds in OPEN_DEEDS:
        for case_id, unit_id in deeds(case_ids):
            ground.deeds.setdefault(case_id, set()).add(unit_id)
    ground.recused = set(Recusal.objects.filter(case_id__in=case_ids).order_by().values_list("case_id", "user_id"))
    _look_named(ground, area_ids)
    _look_units(ground, rows)
    _look_people(ground, rows)
    return ground


def _look_roles(ground: Ground, area_ids: set[int]) -> None:
    held = RoleMembership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=ground.on), starts_on__lte=ground.on)
    everywhere = Q(role__in=[Role.OFFICER, Role.ADMINISTRATOR])
    held = held.filter(everywhere | Q(role__in=sorted(AREA_ROLES), area_id__in=area_ids), user__is_active=True)
    for role, area_id, user_id in held.order_by("user_id").values_list("role", "area_id", "user_id"):
        key = (role, area_id if role in AREA_ROLES else None)
        ground.roles.setdefault(key, []).append(user_id)


def _look_named(ground: Ground, area_ids: set[int]) -> None:
    """The newest change of a ladder's last step tells who: it may also have taken the name away."""
    rows = LadderChange.objects.filter(area_id__in=area_ids, from_on__lte=ground.on)
    for area_id, kind, step, named in rows.values_list("area_id", "kind", "step", "named_id"):
        if kind in KINDS and step == KINDS[kind].rungs[-1].step:
            ground.named.setdefault((area_id, kind), named)


def _look_units(ground: Ground, rows: Sequence[tuple[Deadline, Sequence[str]]]) -> None:
    """Where the leads and the asked work, and who heads the units: the one named in its settings, else by role."""
    leads = {case.coordinator_id for case in ground.cases.values()}
    asked = {row.person_id for row, roles in rows if row.person_id and "invited" in roles}
    ground.home = dict(User.people.filter(pk__in=leads | asked).values_list("pk", "unit_id"))
    units = {unit for unit in (*(row.unit_id for row, _roles in rows), *ground.home.values()) if unit}
    units |= {unit for owed in ground.deeds.values() for unit in owed}
    for unit_id, head_id in Unit.objects.filter(pk__in=units, head__isnull=False).values_list("pk", "head_id"):
        ground.of_unit[unit_id] = [head_id] if head_id else []
    held = RoleMembership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=ground.on), starts_on__lte=ground.on)
    heads = held.filter(role=Role.UNIT_HEAD, unit_id__in=units, user__is_active=True).exclude(unit_id__in=ground.of_unit)
    for unit_id, user_id in heads.values_list("unit_id", "user_id"):
        ground.of_unit.setdefault(unit_id or 0, []).append(user_id)


def _look_people(ground: Ground, rows: Sequence[tuple[Deadline, Sequence[str]]]) -> None:
    """Whose accounts are in use, who is absent today, and who stands in for them."""
    people = {row.person_id for row, _roles in rows} | {case.coordinator_id for case in ground.cases.values()}
    people |= {pk for found in ground.roles.values() for pk in found} | set(ground.named.values())
    people |= {pk for found in (*ground.of_unit.values(), *ground.callers.values()) for pk in found}
    people |= {pk for area in ground.areas.values() for pk in (area.responsible_id, area.substitute_id)}
    ids = {pk for pk in people if pk}
    ground.absent, ground.stand_in = absent(ids, ground.on), stand_ins(ids, ground.on)
    ids |= set(ground.stand_in.values())
    ground.active = set(User.people.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
