"""Bringing a file into the directory: kept for a trial run, then every good row in one transaction, or nothing."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from networks.access import NotAllowed
from networks.actions.service import SETTLED, apply, may_add
from networks.models import Area, Capacity, Service, ServiceEvent, ServiceImport, User, confirmed_until
from networks.service_import import CHANGED, NEW, Outcome, newer, trial
from yhteiso.lib.dates import helsinki_date

KEPT_FOR = timedelta(days=7)


@transaction.atomic
def keep(*, area: Area, by: User, name: str, text: str, now: datetime) -> ServiceImport:
    """Keep a file for its trial run; the person's earlier ones go. Raises NotAllowed for another area's directory."""
    _check(by, area)
    ServiceImport.objects.filter(by=by).delete()
    return ServiceImport.objects.create(area=area, by=by, at=now, name=name[:120], text=text)


@transaction.atomic
def bring_in(*, file: ServiceImport, by: User, digest: str, now: datetime) -> tuple[int, int]:
    """Write every good row of the file: how many are new and how many have changed. All of them or none.

    The rows are looked at once more. Raises NotAllowed when the directory has changed since the trial run (`digest`):
    nothing is written that nobody has seen; when there is nothing to write; and for another area's directory.
    """
    _check(by, file.area)
    # Whoever changes an entry of the area meanwhile waits, or is waited for: what was compared is what is written.
    list(Service.objects.filter(area=file.area).select_for_update(of=("self",), no_key=True).order_by("pk"))
    found = trial(text=file.text, area=file.area, on=helsinki_date(now))
    if found.digest != digest:
        raise NotAllowed(_("The directory has changed since the trial run. Look at what the file would do now."), "changed")
    good = found.of(NEW, CHANGED)
    if not good:
        raise NotAllowed(_("There is nothing to bring in: no row is new or changed."), "nothing")
    try:
        with transaction.atomic():
            for outcome in good:
                _write(outcome, file.area, by, now)
    except IntegrityError as error:  # somebody has added the same service at the same moment
        raise NotAllowed(
            _("The directory has changed since the trial run. Look at what the file would do now."), "changed"
        ) from error
    file.delete()
    return len(found.of(NEW)), len(found.of(CHANGED))


def forget_old(*, now: datetime) -> int:
    """Files that nobody brought in go in a week. Works in the hat of the jobs. Returns how many."""
    return ServiceImport.objects.filter(at__lt=now - KEPT_FOR).delete()[0]


def _check(by: User, area: Area) -> None:
    if not may_add(by, area):
        raise NotAllowed(_("Only the area's own people and the administrator keep this directory."), "reach")


def _write(outcome: Outcome, area: Area, by: User, now: datetime) -> None:
    today = helsinki_date(now)
    details = dict(outcome.details)
    areas = details.pop("areas")
    service = outcome.service
    if service is None:
        service = Service(area=area, **details)
        if service.capacity != Capacity.UNKNOWN:
            service.capacity_on = outcome.capacity_on or today
        _confirm(service, outcome, by, now)
        service.save()
        service.areas.set(areas)
    else:
        told_on = service.capacity_on
        apply(service, details, areas, today)
        if newer(outcome.capacity_on, told_on):
            service.capacity_on = outcome.capacity_on
        if "active" in outcome.changed:
            service.active = outcome.active
        _confirm(service, outcome, by, now)
        service.save()
    ServiceEvent.objects.create(
        service=service,
        kind=ServiceEvent.Kind.IMPORTED,
        at=now,
        by=by,
        until=service.confirmed_until,
        changed=outcome.changed,
    )
    for settle in SETTLED:
        settle(service, now)


def _confirm(service: Service, outcome: Outcome, by: User, now: datetime) -> None:
    """The file's own day of confirmation; without one today, because somebody brings it in as right."""
    day = outcome.confirmed_on or helsinki_date(now)
    if service.confirmed_on is None or day > service.confirmed_on:
        service.confirmed_on, service.confirmed_by, service.confirmed_until = day, by, confirmed_until(day)
