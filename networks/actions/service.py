"""Keeping the service directory: adding, changing, confirming, taking out and putting back. The wall is migration 0012."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from networks.access import NotAllowed
from networks.models import Area, Service, ServiceEvent, User, confirmed_until
from yhteiso.lib.dates import helsinki_date

Kind = ServiceEvent.Kind
# What an app above does once an entry has been confirmed or taken out, in the same transaction.
SETTLED: list[Callable[[Service, datetime], None]] = []
ROOM = ("capacity", "capacity_note")


def may_add(by: User, area: Area | None = None) -> bool:
    """Whether this person, in the hat worn now, adds entries: of one's own areas, the administrator of any."""
    if by.hat == "admin":
        return True
    return by.hat == "area" and (area is None or area.pk in by.area_ids)


def may_keep(by: User, service: Service) -> bool:
    """Whether this person, in the hat worn now, changes this entry."""
    return by.hat == "admin" or (by.hat == "area" and service.area_id in by.area_ids)


def may_confirm(by: User, service: Service) -> bool:
    """Whoever keeps it, and the people of the unit that gives the service: nobody knows better."""
    if may_keep(by, service):
        return True
    if service.unit_id is None:
        return False
    if by.hat == "unit":
        return any(role.unit_id == service.unit_id for role in by.current_roles if role.role == "unit_head")
    return by.hat == "member" and by.unit_id == service.unit_id


@transaction.atomic
def add(*, area: Area, by: User, now: datetime, areas: Iterable[Area] = (), **details: Any) -> Service:
    """Write a new entry, confirmed by whoever adds it. Raises NotAllowed for another area's, and for one that is there."""
    if not may_add(by, area):
        raise NotAllowed(_("Only the area's own people and the administrator keep this directory."), "reach")
    service = Service(area=area, **details)
    if service.capacity != "unknown":
        service.capacity_on = helsinki_date(now)
    _confirm(service, by, helsinki_date(now))
    _save(service)
    service.areas.set(areas)
    _note(service, Kind.ADDED, by, now)
    return service


@transaction.atomic
def change(*, service: Service, by: User, now: datetime, areas: Iterable[Area] = (), **details: Any) -> list[str]:
    """Write the details as they are now and confirm them. Returns the names of the fields that changed.

    Raises NotAllowed for another area's entry, for one that was taken out, and for a name that the provider has already.
    """
    row = _locked(service, by, may_keep)
    changed = apply(row, details, areas, helsinki_date(now))
    _confirm(row, by, helsinki_date(now))
    _save(row)
    _note(row, Kind.CHANGED if changed else Kind.CONFIRMED, by, now, changed)
    return changed


@transaction.atomic
def confirm(*, service: Service, by: User, now: datetime) -> Service:
    """Yes, this is still right: for six months from today. Twice on one day by the same person is once.

    Raises NotAllowed for somebody who neither keeps the entry nor works in its unit, and for one that was taken out.
    """
    row = _locked(service, by, may_confirm)
    today = helsinki_date(now)
    if (row.confirmed_on, row.confirmed_by_id) == (today, by.pk):
        return row
    _confirm(row, by, today)
    row.save(update_fields=["confirmed_on", "confirmed_by", "confirmed_until"])
    _note(row, Kind.CONFIRMED, by, now)
    return row


@transaction.atomic
def remove(*, service: Service, by: User, now: datetime) -> Service:
    """Take the entry out of the directory; it can be put back. Raises NotAllowed for another area's."""
    row = _locked(service, by, may_keep, gone=True)
    if row.active:
        row.active = False
        row.save(update_fields=["active"])
        _note(row, Kind.REMOVED, by, now)
    return row


@transaction.atomic
def put_back(*, service: Service, by: User, now: datetime) -> Service:
    """Put the entry back as it was, with the confirmation that it had. Raises NotAllowed for another area's."""
    row = _locked(service, by, may_keep, gone=True)
    if not row.active:
        row.active = True
        row.save(update_fields=["active"])
        _note(row, Kind.RETURNED, by, now)
    return row


def apply(row: Service, details: Mapping[str, Any], areas: Iterable[Area], today: date) -> list[str]:
    """Put the details on the entry, without saving it. Returns the names of those that are other than before."""
    changed = [name for name, value in details.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, details[name])
    if set(ROOM) & set(changed):
        row.capacity_on = None if row.capacity == "unknown" else today
    places = {area.pk for area in areas}
    if {area.pk for area in row.areas.all()} != places:
        row.areas.set(places)
        changed.append("areas")
    return changed


def _confirm(row: Service, by: User, today: date) -> None:
    row.confirmed_on, row.confirmed_by, row.confirmed_until = today, by, confirmed_until(today)


def _note(row: Service, kind: Kind, by: User, now: datetime, changed: Iterable[str] = ()) -> None:
    ServiceEvent.objects.create(
        service=row, kind=kind, at=now, by=by, changed=list(changed),
        until=None if kind in (Kind.REMOVED, Kind.RETURNED) else row.confirmed_until,
    )  # fmt: skip
    for settle in SETTLED:
        settle(row, now)


def _save(row: Service) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "service_once_in_area" not in str(error):
            raise
        raise NotAllowed(_("This provider has a service of that name already."), "double") from error


def _locked(service: Service, by: User, may: Callable[[User, Service], bool], *, gone: bool = False) -> Service:
    """The row of now, nobody else's until the end of the transaction."""
    if not may(by, service):
        raise NotAllowed(_("Only the area's own people and the administrator keep this directory."), "reach")
    rows = Service.objects.select_for_update(of=("self",), no_key=True).select_related("agency", "unit")
    row = rows.get(pk=service.pk)
    if not (row.active or gone):
        raise NotAllowed(_("This service has been taken out of the directory. Put it back first."), "closed")
    return row
