"""Steps of proposed powers, as the tests of actions, pages, walls and races take them."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from networks.actions import power
from networks.models import PowerProposal, Role, User
from tests.personas import World
from yhteiso.hats.wear import wearing


def as_administrator(world: World) -> Any:
    return wearing("admin", world.administrator.pk)


def propose_role(world: World, person: User | None = None, role: str = Role.COORDINATOR, **fields: Any) -> PowerProposal:
    """Elina proposes: Sari as a coordinator of Kuusiranta, unless told otherwise."""
    values = {"area": world.area, "unit": None, "reason": "sijaisuus", "by": world.administrator, "now": timezone.now()}
    values |= fields
    with wearing("admin", values["by"].pk):
        return power.propose_role(person=person or world.member, role=role, **values)


def accept(row: PowerProposal, by: User, hat: str, now: datetime | None = None) -> PowerProposal:
    with wearing(hat, by.pk):
        return power.accept(proposal=row, by=by, now=now or timezone.now())


def old(row: PowerProposal) -> PowerProposal:
    """The same proposal as it is after its fourteen days."""
    gone = timezone.now() - timedelta(days=15)
    PowerProposal.objects.filter(pk=row.pk).update(proposed_at=gone, expires_at=gone + timedelta(days=14))
    row.refresh_from_db()
    return row
