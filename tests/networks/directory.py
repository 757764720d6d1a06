"""Services for the tests of the directory."""

from datetime import datetime
from typing import Any

from networks.actions import service as actions
from networks.models import Agency, Sector, Service, User
from tests.personas import World
from yhteiso.hats.wear import wearing


def ngo(name: str = "Perheiden talo ry") -> Agency:
    details = {"legal_name": name, "controller": name, "sector": Sector.NGO}
    return Agency.objects.get_or_create(name=name, defaults=details)[0]


def details(**values: Any) -> dict[str, Any]:
    """A fathers' group of an organisation, unless something else is said."""
    given = {
        "name": "Isäryhmä", "sector": Sector.NGO, "level": "ngo", "age_from": 0, "age_to": 12, "phone": "040 000 0133",
        "needs": ["parenthood"], "sentence": "Isät syövät yhdessä.", "capacity": "free", "capacity_note": "tilaa kolmelle",
    }  # fmt: skip
    return given | values


def add(world: World, now: datetime, by: User | None = None, **values: Any) -> Service:
    """A service of Kuusiranta, added by its coordinator in her hat."""
    by = by or world.coordinator
    given: dict[str, Any] = {"agency": ngo(), "areas": [world.area], "area": world.area} | details(**values)
    with wearing(by.hat, by.pk):
        return actions.add(by=by, now=now, **given)
