"""Telling people what happened to their account or in their area."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from networks.models import Notice, Role, RoleMembership, User
from yhteiso.lib.dates import helsinki_date


@transaction.atomic
def tell(*, to: Iterable[int], kind: str, params: dict[str, Any], now: datetime) -> None:
    """Write one notice to each of these people. Nothing of a family may stand in `params`."""
    Notice.objects.bulk_create([Notice(to_id=pk, kind=kind, params=params, at=now) for pk in sorted(set(to))])


@transaction.atomic
def mark_seen(*, by: User, now: datetime, keys: Sequence[UUID] | None = None) -> int:
    """Mark the person's own notices as seen, all or those with these ids. Returns how many were new."""
    rows = Notice.objects.filter(to_id=by.pk, seen_at=None)
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    return rows.update(seen_at=now)


def in_role(*roles: Role, on: date, area_id: int | None = None) -> set[int]:
    """The active people who have one of these roles today, in the area if one is given."""
    rows = RoleMembership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=on), role__in=roles, starts_on__lte=on, user__is_active=True
    )
    if area_id is not None:
        rows = rows.filter(area_id=area_id)
    return set(rows.values_list("user_id", flat=True))


def watchers(area_id: int | None, now: datetime) -> set[int]:
    """Who is told of a power beside the person: the data protection officer, and the area's coordinators."""
    today = helsinki_date(now)
    told = in_role(Role.OFFICER, on=today)
    if area_id is not None:
        told |= in_role(Role.COORDINATOR, Role.RESPONSIBLE, on=today, area_id=area_id)
    return told
