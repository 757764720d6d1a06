"""What bringing a file in would do, row by row: the trial run. It writes nothing; the same answer is asked again on the day.

A row goes through the same form as an entry written by hand. Columns that the file lacks keep what the entry has.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from networks.models import Area, Capacity, Level, Need, Sector, Service
from networks.service_file import Row, read
from networks.service_forms import Places, ServiceForm, details_of, places
from yhteiso.lib.names import folded, sort_key

NAMED = 15  # of what there is to choose from, in one message
NEW, CHANGED, SAME, BAD = "new", "changed", "same", "bad"
STATUSES = {"active": True, "inactive": False, "defunct": False, "temporarily closed": False}
YES_NO = {"yes": True, "true": True, "1": True, "kyllä": True, "no": False, "false": False, "0": False, "ei": False}
# An empty cell is as good as no column: what is there stays, and a new service takes what its provider is.
BY_DEFAULT = ("sector", "level", "minimum_age", "maximum_age")
# Columns whose text goes to the form as it is.
PLAIN = {
    "name": "name", "alternate_name_sv": "name_sv", "alternate_name_en": "name_en", "description": "sentence", "url": "url",
    "email": "email", "phone": "phone", "contact_title": "contact", "schedule": "hours", "minimum_age": "age_from",
    "maximum_age": "age_to", "consultation_schedule": "consultation_when", "capacity_description": "capacity_note",
}  # fmt: skip
COLUMN_OF = {name: column for column, name in PLAIN.items()} | {
    "agency": "organization_name", "unit": "location_name", "areas": "service_area", "needs": "taxonomy_term",
    "capacity": "capacity_status", "referral": "referral_required",
}  # fmt: skip


def allowed() -> list[tuple[str, str, str]]:
    """The columns for a reader: name, what is written there, and the words that are known, if only some are."""
    several = _("Several with a | between them.")

    def names(choices: Iterable[tuple[Any, Any]]) -> str:
        return ", ".join(f"{label} ({value})" for value, label in choices)

    return [
        ("organization_name", _("The provider as the application knows it. Needed."), ""),
        ("name", _("The name of the service in Finnish. Needed."), ""),
        ("location_name", _("The provider's unit; may be empty."), ""),
        ("service_area", _("The areas that are served; empty is the whole county.") + " " + several, ""),
        ("taxonomy_term", _("What it helps with.") + " " + several, names(Need.choices)),
        ("sector", _("Empty: the provider's own."), names(Sector.choices)),
        ("level", _("Empty: basic service, of an association its own level."), names(Level.choices)),
        ("minimum_age, maximum_age", _("Whole years. Empty: 0 and 17."), ""),
        ("capacity_status", _("How much room there is now. Empty: not known."), names(Capacity.choices)),
        ("referral_required, consultation", _("Yes or no; may be empty."), "kyllä (yes), ei (no)"),
        ("status", _("Whether the service is in the directory. Empty: it is."), ", ".join(STATUSES)),
        ("assured_date, capacity_updated", _("A day, as 2026-06-03 or 3.6.2026."), ""),
        (
            "alternate_name_sv, alternate_name_en, description, url, email, phone, contact_title, schedule, "
            "consultation_schedule, capacity_description", _("Text; may be empty."), "",
        ),
    ]  # fmt: skip


class Problem(Exception):
    """One cell that can't be taken as it is: what is wrong, and what was perhaps meant."""


@dataclass(slots=True)
class Outcome:
    """What one row would do. `details` are the cleaned values, `changed` the names of the fields that would change."""

    row: Row
    kind: str = BAD
    service: Service | None = None
    details: dict[str, Any] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    active: bool = True
    confirmed_on: date | None = None
    capacity_on: date | None = None

    @property
    def name(self) -> str:
        return self.row.cells.get("name", "")[:80]


@dataclass(frozen=True)
class Trial:
    """The whole file. `digest` tells whether another look would do the same."""

    outcomes: Sequence[Outcome]
    unknown: Sequence[str]

    def of(self, *kinds: str) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.kind in kinds]

    @property
    def digest(self) -> str:
        lines = [f"{o.row.number}:{o.kind}:{o.service.pk if o.service else ''}:{','.join(o.changed)}" for o in self.outcomes]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Ground:
    """What rows are compared with, looked up once."""

    places: Places
    known: Mapping[tuple[int, str], Service]
    on: date


def trial(*, text: str, area: Area, on: date) -> Trial:
    """What bringing this text into the area's directory would do. Raises `service_file.BadFile` for no readable file."""
    table = read(text)
    rows = Service.objects.filter(area=area).select_related("agency", "unit", "area").prefetch_related("areas")
    ground = Ground(places(area), {(row.agency_id, row.sort_key): row for row in rows}, on)
    seen: dict[tuple[int, str], int] = {}
    return Trial([_outcome(row, ground, seen) for row in table.rows], table.unknown)


def _outcome(row: Row, ground: Ground, seen: dict[tuple[int, str], int]) -> Outcome:
    outcome = Outcome(row)
    values = _values(outcome, ground)
    agency = values.get("agency", "")
    if row.too_long:
        outcome.problems.append(("", _("The row has too many cells. Put a text with commas in quotation marks.")))
    if agency and (name := sort_key(row.cells["name"])):
        key = (int(agency), name)
        outcome.service = ground.known.get(key)
        if key in seen:
            outcome.problems.append(("name", _("The same service is on row %(n)d already.") % {"n": seen[key]}))
        seen.setdefault(key, row.number)
    if not row.too_long:  # its cells may stand in each other's columns
        _through_the_form(outcome, values, ground)
    if not outcome.problems:
        _compare(outcome)
    return outcome


def _values(outcome: Outcome, ground: Ground) -> dict[str, Any]:
    """The cells as the form takes them; what can't be taken is told."""
    cells, values = outcome.row.cells, dict[str, Any]()
    for column in outcome.row.formulas:
        outcome.problems.append((column, _("The cell begins like a formula. Write it as plain text.")))
    for column, name in PLAIN.items():
        if column in cells and (cells[column] or column not in BY_DEFAULT):
            values[name] = cells[column]
    for column, name, take in _readers(ground):
        if column in cells and (cells[column] or column not in BY_DEFAULT):
            try:
                values[name] = take(cells[column])
            except Problem as problem:
                outcome.problems.append((column, str(problem)))
    outcome.active = values.pop("active", True)
    outcome.confirmed_on, outcome.capacity_on = values.pop("confirmed_on", None), values.pop("capacity_on", None)
    return values


Reader = tuple[str, str, Callable[[str], Any]]


def _readers(ground: Ground) -> list[Reader]:
    """Columns whose text means something that must be found: the column, the field, and how."""
    here = ground.places
    return [
        ("organization_name", "agency", partial(_row_named, _("provider"), here.agencies.values())),
        ("location_name", "unit", lambda text: _row_named(_("unit"), here.units.values(), text) if text else ""),
        ("service_area", "areas", partial(_each, partial(_row_named, _("area"), here.areas.values()))),
        ("taxonomy_term", "needs", partial(_each, partial(_choice, _("need"), Need.choices))),
        ("sector", "sector", partial(_choice, _("sector"), Sector.choices)),
        ("level", "level", partial(_choice, _("level"), Level.choices)),
        ("capacity_status", "capacity", lambda text: _choice(_("room"), Capacity.choices, text) if text else "unknown"),
        ("consultation", "consultation", lambda text: ("yes" if _yes(text) else "no") if text else ""),
        ("referral_required", "referral", lambda text: bool(text) and _yes(text)),
        ("status", "active", _status),
        ("assured_date", "confirmed_on", partial(_day, ground.on)),
        ("capacity_updated", "capacity_on", partial(_day, ground.on)),
    ]


def _each(take: Callable[[str], str], text: str) -> list[str]:
    return [take(part.strip()) for part in text.split("|") if part.strip()]


def _row_named(what: str, rows: Iterable[Model], text: str) -> str:
    by_name = {folded(str(row)): row for row in rows}
    if not text:
        raise Problem(_("The %(what)s is missing.") % {"what": what})
    if found := by_name.get(folded(text)):
        return str(found.pk)
    raise Problem(_not_there(what, text, {key: str(row) for key, row in by_name.items()}))


def _choice(what: str, choices: Iterable[tuple[str, Any]], text: str) -> str:
    names = {folded(str(label)): value for value, label in choices} | {folded(value): value for value, _label in choices}
    if found := names.get(folded(text)):
        return found
    labels = {folded(str(label)): str(label) for _value, label in choices}
    raise Problem(_not_there(what, text, labels))


def _not_there(what: str, text: str, names: Mapping[str, str]) -> str:
    sentence = _("There is no %(what)s “%(text)s”.") % {"what": what, "text": text[:60]}
    if near := get_close_matches(folded(text), names, 1, 0.6):
        sentence = f"{sentence} {_('Did you mean %(name)s?') % {'name': names[near[0]]}}"
    there = sorted(names.values(), key=sort_key)
    if near or not there:
        return sentence
    more = ["…"] if len(there) > NAMED else []
    return f"{sentence} {_('There are: %(names)s.') % {'names': ', '.join(there[:NAMED] + more)}}"


def _yes(text: str) -> bool:
    if text.lower() not in YES_NO:
        raise Problem(_("Write yes or no."))
    return YES_NO[text.lower()]


def _status(text: str) -> bool:
    if text and text.lower() not in STATUSES:
        raise Problem(_("The status is one of: %(names)s.") % {"names": ", ".join(STATUSES)})
    return STATUSES.get(text.lower(), True)


def _day(on: date, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = _finnish_day(text)
    if day > on:
        raise Problem(_("The day is in the future."))
    return day


def _finnish_day(text: str) -> date:
    try:
        day, month, year = (int(part) for part in text.split("."))
        return date(year, month, day)
    except ValueError as error:
        raise Problem(_("Write the day like this: 2026-06-03 or 3.6.2026.")) from error


def _through_the_form(outcome: Outcome, values: dict[str, Any], ground: Ground) -> None:
    """Everything that is wrong with the row at once. What a cell was refused for already is not said a second time."""
    told = {column for column, _text in outcome.problems}
    if "organization_name" in told:  # what follows from the provider can't be told
        told |= {"location_name", "sector", "level"}
    form = ServiceForm(_base(outcome.service, values, ground) | values, places=ground.places)
    if form.is_valid():
        outcome.details = form.cleaned_data
        return
    for name, errors in form.errors.items():
        column = COLUMN_OF.get(name, name)
        if column not in told:
            outcome.problems.extend((column, str(error)) for error in errors)


def _base(service: Service | None, values: dict[str, Any], ground: Ground) -> dict[str, Any]:
    """What the file doesn't say: of an entry that is there what it has, of a new one the plainest."""
    if service is not None:
        return details_of(service)
    agency = ground.places.agencies.get(int(values.get("agency") or 0))
    ngo = agency is not None and agency.sector == Sector.NGO
    return {
        "sector": agency.sector if agency else "", "level": Level.NGO if ngo else Level.BASIC, "age_from": 0, "age_to": 17,
        "capacity": Capacity.UNKNOWN, "consultation": "",
    }  # fmt: skip


def _compare(outcome: Outcome) -> None:
    """New, changed (and in what) or the same."""
    service = outcome.service
    if service is None:
        outcome.kind = NEW
        if not outcome.active:
            outcome.kind = BAD
            outcome.problems.append(("status", _("This service is not in the directory, so it can't be taken out.")))
        return
    _keep_newer_room(outcome, service)
    details = outcome.details
    changed = [name for name, value in details.items() if name != "areas" and getattr(service, name) != value]
    if {area.pk for area in service.areas.all()} != {area.pk for area in details["areas"]}:
        changed.append("areas")
    if outcome.active != service.active and "status" in outcome.row.cells:
        changed.append("active")
    if newer(outcome.capacity_on, service.capacity_on):
        changed.append("capacity_on")
    if newer(outcome.confirmed_on, service.confirmed_on):
        changed.append("confirmed_on")
    outcome.changed, outcome.kind = changed, CHANGED if changed else SAME


def _keep_newer_room(outcome: Outcome, service: Service) -> None:
    """What was told here after the file's day stays."""
    if outcome.capacity_on and newer(service.capacity_on, outcome.capacity_on):
        outcome.details |= {"capacity": service.capacity, "capacity_note": service.capacity_note}


def newer(day: date | None, than: date | None) -> bool:
    return day is not None and (than is None or day > than)
