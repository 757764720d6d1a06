"""What stands beside a call while it goes on: the concerns that wait, and the area to which the caller's unit belongs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.models import Call, Concern
from networks.models import Area, Unit, User
from yhteiso.lib.names import sort_key

LAST_DAYS = timedelta(days=14)
LOOKED_AT, OFFERED, UNASKED, SUGGESTED = 100, 5, 3, 600


@dataclass(frozen=True)
class Waiting:
    """Concerns that may be this call's: `matching` tells that they are by the caller or the caller's unit."""

    rows: list[Concern]
    more: int
    matching: bool


def waiting_for(call: Call, user: User, *, caller: str, unit: str, now: datetime) -> Waiting:
    """The concerns of the call's area that nobody has opened: the caller's own, else the newest of the last two weeks.

    Nothing for a call that answers something already. Never another area's, nor what this coordinator may not see.
    """
    if call.concern_id or call.help_request_id or call.finished_at:
        return Waiting([], 0, False)
    rows = Concern.objects.visible_to(user).waiting().filter(call=None, area_id=call.area_id, sent_at__gt=now - LAST_DAYS)
    found = list(
        rows.select_related("logged_by", "unit").defer("logged_by__password", "logged_by__last_login")
        .order_by("-sent_at")[:LOOKED_AT]
    )  # fmt: skip
    ranked = [(_likeness(row, caller, unit), row) for row in found]
    best = max((likeness for likeness, _row in ranked), default=0)
    chosen = [row for likeness, row in ranked if likeness == best]
    most = OFFERED if best else UNASKED
    return Waiting(chosen[:most], max(0, len(chosen) - most), best > 0)


def _likeness(row: Concern, caller: str, unit: str) -> int:
    """2 when every typed word of the name begins a word of the writer's name, 1 when the unit's does."""
    writer = row.logged_by.name if row.logged_by_id else ""
    return 2 * _begins(caller, writer) + _begins(unit, row.unit.name if row.unit else "")


def _begins(typed: str, name: str) -> bool:
    words, known = sort_key(typed).split(), sort_key(name).split()
    return bool(words) and all(any(part.startswith(word) for part in known) for word in words)


def suggested_units(user: User) -> list[str]:
    """The names of the units in this coordinator's areas, for the list below the field."""
    names = Unit.objects.filter(area_id__in=user.area_ids).order_by("name").values_list("name", flat=True)
    return list(dict.fromkeys(names[:SUGGESTED]))


def areas_of_unit(name: str) -> list[Area]:
    """The areas of the units with this very name, upper and lower case alike; none for an empty name."""
    if not name:
        return []
    units = Unit.objects.filter(name__iexact=name, area__isnull=False).select_related("area")
    return list({unit.area_id: unit.area for unit in units[:OFFERED] if unit.area}.values())


@dataclass(frozen=True)
class Place:
    """What the caller's unit tells of the area: it is this one, the call moves there, or another coordinator answers."""

    area: Area
    kind: str  # "here", "moves" or "elsewhere"


def place_of(call: Call, user: User, unit: str) -> Place | None:
    """Where a unit of the directory lies; None for a name that is not there or that several areas share."""
    areas = areas_of_unit(unit)
    if any(area.pk == call.area_id for area in areas):
        return Place(call.area, "here")
    if len(areas) != 1:
        return None
    movable = areas[0].pk in user.area_ids and not call.concern_id
    return Place(areas[0], "moves" if movable else "elsewhere")
