"""The service directory as lines of a page: what a reader needs in order to choose, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from networks.models import Area, Capacity, Service, ServiceEvent
from networks.models.service import CONFIRMED_MONTHS, ServiceQuerySet
from yhteiso.lib.dates import NBSP, helsinki_date, long_date, short_date

PAGE = 15
MARKS = {Capacity.FREE: "yes", Capacity.QUEUE: "wait", Capacity.FULL: "no", Capacity.UNKNOWN: "no"}
LONG_AGO = 60  # days after which the day alone no longer tells the year


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in the list. `room` and `consult` are a kind of mark and a word."""

    pk: int
    name: str
    facts: str
    room: tuple[str, str]
    room_on: str
    consult: tuple[str, str]
    ages: str
    where: str
    confirmed: str
    stale: bool
    active: bool


def line(service: Service, on: date, here: Area | None = None) -> Line:
    """The entry in words, as they hold on that day. In the list of one area (`here`) that area alone goes without saying."""
    return Line(
        service.pk, service.name, facts(service), room(service), room_on(service, on), consultation(service), ages(service),
        where(service, here), confirmed(service, on), service.is_stale(on), service.active,
    )  # fmt: skip


def facts(service: Service) -> str:
    """Whose it is, whom or where to call, and what is needed first."""
    parts = [
        service.agency.name, service.hours, " ".join(part for part in (service.contact, _number(service.phone)) if part),
        _("a referral is needed") if service.referral else "",
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)


def _number(phone: str) -> str:
    """A number that is never broken over two lines."""
    return phone.replace(" ", NBSP)


def room(service: Service) -> tuple[str, str]:
    """The mark and the words of how much room there is."""
    capacity = Capacity(service.capacity)
    return MARKS[capacity], service.capacity_note or str(capacity.label).lower()


def room_on(service: Service, on: date) -> str:
    """As of which day it was told."""
    if service.capacity_on is None or service.capacity == Capacity.UNKNOWN:
        return ""
    return _("told %(day)s") % {"day": _day(service.capacity_on, on)}


def consultation(service: Service) -> tuple[str, str]:
    if service.consultation is None:
        return "no", _("not known")
    return ("yes", service.consultation_when or _("yes")) if service.consultation else ("no", _("no"))


def ages(service: Service) -> str:
    return _("%(low)s–%(high)s years") % {"low": service.age_from, "high": service.age_to}


def where(service: Service, here: Area | None = None) -> str:
    """The areas that it serves."""
    if here is not None and [area.pk for area in service.areas.all()] == [here.pk]:
        return ""
    return ", ".join(sorted(area.name for area in service.areas.all())) or _("the whole county")


def confirmed(service: Service, on: date) -> str:
    """The day of the confirmation; of a stale one how long ago that was."""
    if service.confirmed_on is None:
        return _("never confirmed")
    if not service.is_stale(on):
        return _day(service.confirmed_on, on)
    months = months_between(service.confirmed_on, on)
    return (ngettext("%(n)d month ago", "%(n)d months ago", months) % {"n": months}).replace(" ", NBSP)


def months_between(first: date, last: date) -> int:
    """Whole months from one day to another, at least half a year: nobody is told of a stale entry sooner."""
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(months, CONFIRMED_MONTHS)


def _day(day: date, on: date) -> str:
    return short_date(day) if abs((on - day).days) < LONG_AGO else long_date(day)


def history(service: Service, limit: int = 12) -> list[tuple[str, str, str]]:
    """What was done, newest first: the day, the deed, by whom."""
    rows = ServiceEvent.objects.filter(service=service).with_people()[:limit]
    return [(long_date(helsinki_date(row.at)), _deed(row), row.by.shown_name if row.by else "") for row in rows]


def _deed(event: ServiceEvent) -> str:
    word = str(ServiceEvent.Kind(event.kind).label)
    fields = [str(Service._meta.get_field(name).verbose_name) for name in event.changed]  # type: ignore[union-attr]
    return f"{word}: {', '.join(fields)}" if fields else word


def limited(rows: ServiceQuerySet, limits: Mapping[str, str]) -> ServiceQuerySet:
    """Those that the limits of the list let through. Unknown values limit nothing: the form has told of them."""
    if limits.get("q"):
        rows = rows.search(limits["q"])
    if limits.get("need"):
        rows = rows.for_need(limits["need"])
    if limits.get("age"):
        low, high = limits["age"].split("-")
        rows = rows.for_age(int(low), int(high))
    if limits.get("provider"):
        rows = rows.of_provider(limits["provider"])
    return rows.filter(capacity=limits["capacity"]) if limits.get("capacity") else rows


def tallies(rows: ServiceQuerySet, on: date) -> tuple[int, int]:
    """How many there are and how many wait for their confirmation."""
    return rows.count(), rows.stale(on).count()


def lead(total: int, stale: int) -> str:
    """One sentence under the page's title."""
    first = ngettext(
        "%(n)d service of the city, the county, organisations and parishes.",
        "%(n)d services of the city, the county, organisations and parishes.", total,
    ) % {"n": total}  # fmt: skip
    if not stale:
        return first
    waits = ngettext("The details of %(n)d wait to be confirmed.", "The details of %(n)d wait to be confirmed.", stale)
    return f"{first} {waits % {'n': stale}}"
