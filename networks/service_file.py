"""The directory as a file: columns named after Open Referral HSDS 3.1 (docs/directory.md), read with suspicion.

Pure: text in, rows of text out, and back. What the words of a row mean is `networks.service_import`.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from networks.models import Capacity, Service

HSDS = "3.1"
BETWEEN = " | "  # between several values of one cell
MOST_ROWS = 500
COLUMNS = (
    "organization_name", "location_name", "name", "alternate_name_sv", "alternate_name_en", "description", "status", "url",
    "email", "phone", "contact_title", "schedule", "minimum_age", "maximum_age", "service_area", "taxonomy_term", "sector",
    "level", "referral_required", "consultation", "consultation_schedule", "capacity_status", "capacity_description",
    "capacity_updated", "assured_date",
)  # fmt: skip
NEEDED = ("organization_name", "name")
# What a spreadsheet may take for a formula. A plain number with its sign is none.
_FORMULA = re.compile(r"^[=@\t\r]|^[+-](?![\d ()–-]+$)")
_QUOTED = re.compile(r"^'(?=[=@+\t\r-])")


class BadFile(Exception):
    """The whole file can't be read; the sentence tells why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: its number there, as a spreadsheet shows it, and its cells by column."""

    number: int
    cells: Mapping[str, str]
    # It has more cells than there are columns: a comma or a semicolon stands in the middle of a text.
    too_long: bool = False
    # Columns whose cell a spreadsheet would run. One that is marked as text, as our own export marks it, is none.
    formulas: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    rows: Sequence[Row]
    unknown: Sequence[str]


def decode(data: bytes) -> str:
    """The text of a file as spreadsheets save it: UTF-8 with or without a mark, else Windows-1252. Raises BadFile."""
    if data[:2] in (b"PK", b"\xff\xfe", b"\xfe\xff") or b"\x00" in data:
        raise BadFile(_("This is not a CSV file. In the spreadsheet choose Save as, CSV UTF-8."))
    for coding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(coding)
        except UnicodeDecodeError:
            continue
    raise BadFile(_("The letters of the file can't be read. In the spreadsheet choose Save as, CSV UTF-8."))


def read(text: str) -> Table:
    """The rows of the text. Raises BadFile without the needed columns, with too many rows, and when it is no CSV."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise BadFile(_("The file is no whole CSV: a quotation mark is missing or a cell is too long.")) from error
    heads = [head.strip().lower() for head in lines[0]] if lines else []
    if missing := [name for name in NEEDED if name not in heads]:
        raise BadFile(_("The first row must name the columns. Missing: %(names)s.") % {"names": ", ".join(missing)})
    if double := sorted({head for head in heads if head in COLUMNS and heads.count(head) > 1}):
        raise BadFile(_("The same column is there twice: %(names)s.") % {"names": ", ".join(double)})
    rows = [_row(number, heads, cells) for number, cells in enumerate(lines[1:], 2) if any(cell.strip() for cell in cells)]
    if not rows:
        raise BadFile(_("The file has the names of the columns but no rows."))
    if len(rows) > MOST_ROWS:
        raise BadFile(_("The file has more than %(n)d rows. Split it into smaller ones.") % {"n": MOST_ROWS})
    return Table(rows, [head[:40] for head in heads if head and head not in COLUMNS][:10])


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _row(number: int, heads: Sequence[str], cells: Sequence[str]) -> Row:
    padded = [*cells, *[""] * (len(heads) - len(cells))]
    known = {head: cell.strip() for head, cell in zip(heads, padded, strict=False) if head in COLUMNS}
    return Row(
        number, {head: _plain(cell) for head, cell in known.items()}, any(cell.strip() for cell in cells[len(heads) :]),
        [head for head, cell in known.items() if is_formula(cell)],
    )  # fmt: skip


def _plain(cell: str) -> str:
    """The cell without the mark that keeps it from being a formula."""
    return _QUOTED.sub("", cell)


def is_formula(cell: str) -> bool:
    return bool(_FORMULA.search(cell))


def safe(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if is_formula(cell) else cell


def write(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV that spreadsheets open as it is: the mark of UTF-8, semicolons as in Finland, nothing that runs."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def cells_of(service: Service) -> dict[str, str]:
    """The entry as a row of the file."""
    known = {True: "yes", False: "no", None: ""}
    return {
        "organization_name": service.agency.name,
        "location_name": service.unit.name if service.unit else "",
        "name": service.name,
        "alternate_name_sv": service.name_sv,
        "alternate_name_en": service.name_en,
        "description": service.sentence,
        "status": "active" if service.active else "inactive",
        "url": service.url,
        "email": service.email,
        "phone": service.phone,
        "contact_title": service.contact,
        "schedule": service.hours,
        "minimum_age": str(service.age_from),
        "maximum_age": str(service.age_to),
        "service_area": BETWEEN.join(sorted(area.name for area in service.areas.all())),
        "taxonomy_term": BETWEEN.join(service.needs),
        "sector": service.sector,
        "level": service.level,
        "referral_required": known[service.referral],
        "consultation": known[service.consultation],
        "consultation_schedule": service.consultation_when,
        "capacity_status": service.capacity,
        "capacity_description": service.capacity_note,
        "capacity_updated": service.capacity_on.isoformat() if service.capacity_on else "",
        "assured_date": service.confirmed_on.isoformat() if service.confirmed_on else "",
    }


def as_csv(services: Iterable[Service]) -> str:
    return write(COLUMNS, (list(cells_of(service).values()) for service in services))


def as_json(services: Iterable[Service]) -> dict[str, Any]:
    """The entries in the shape of HSDS: what HSDS has no word for stands under `attributes`."""
    return {"hsds_version": HSDS, "services": [_object(service) for service in services]}


def _object(service: Service) -> dict[str, Any]:
    cells = cells_of(service)
    one = {name: cells[name] for name in ("name", "description", "status", "url", "email", "assured_date")}
    names = [cells["alternate_name_sv"], cells["alternate_name_en"]]
    extra = ("sector", "level", "referral_required", "consultation", "consultation_schedule", "capacity_status")
    return {
        "id": str(service.pk),
        **{name: value for name, value in one.items() if value},
        "alternate_name": BETWEEN.join(name for name in names if name),
        "minimum_age": service.age_from,
        "maximum_age": service.age_to,
        "organization": {"name": service.agency.name},
        "service_at_locations": [{"location": {"name": service.unit.name}}] if service.unit else [],
        "phones": [{"number": service.phone}] if service.phone else [],
        "contacts": [{"title": service.contact}] if service.contact else [],
        "schedules": [{"description": service.hours}] if service.hours else [],
        "service_areas": [{"name": area.name} for area in service.areas.all()],
        "service_capacity": [
            {"description": service.capacity_note or Capacity(service.capacity).value, "updated": cells["capacity_updated"]}
        ],
        "attributes": [
            *({"taxonomy_term": {"taxonomy": "need", "code": need}} for need in service.needs),
            *({"taxonomy_term": {"taxonomy": name, "code": cells[name]}} for name in extra if cells[name]),
        ],
    }
