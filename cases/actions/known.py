"""Already known? Looking for a child's other situations, and keeping the keys by which they are found."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from cases.models import Person, PersonKind
from cases.models.identity import KIND
from networks.models import Area, User
from yhteiso.lib.cipher import keyring
from yhteiso.lib.dates import helsinki_date, years_old
from yhteiso.lib.ids import born_of_hetu, normal_hetu
from yhteiso.lib.phonetic import NameKeys, name_keys

ASK = "SELECT case_id, ref, area_id, opened_at, closed_at FROM sec.already_known(%s, %s, %s, %s, %s, %s, %s)"
ASK_BY_AGE = "SELECT case_id, ref, area_id, opened_at, closed_at FROM sec.known_by_age(%s, %s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True)
class Asked:
    """What is looked for: keys of names with a day of birth or an age, or an identity code, or both. Made by `asked`."""

    names: NameKeys
    born_on: date | None
    number: str = ""
    age: int | None = None

    @property
    def is_enough(self) -> bool:
        """Whether anybody could be found by it: a name alone never is."""
        by_day = self.born_on and (self.names.given or self.names.family)
        return bool(self.number or by_day or (self.age is not None and self.names.given))

    @property
    def mark(self) -> str:
        """What the log keeps of it: the same child gives the same mark, and nobody reads a name from it."""
        born = str(self.born_on or ("" if self.age is None else self.age))
        told = json.dumps([*self.names, born, self.number], ensure_ascii=False)
        return keyring().blind(told, kind="known").hex()


@dataclass(frozen=True)
class Here:
    """A situation of the own area."""

    case_id: int
    ref: str
    opened_at: datetime
    closed_at: datetime | None
    child: str = ""
    born_on: date | None = None


@dataclass(frozen=True)
class Known:
    """What a coordinator may be told: the own area's situations, and other areas whose coordinator knows more."""

    here: list[Here]
    elsewhere: list[Area]


def asked(*, given: str, family: str = "", born_on: date | None = None, age: int | None = None, number: str = "") -> Asked:
    """What somebody has typed, as it is looked for. `number` is a valid identity code or empty; its day counts too."""
    number = normal_hetu(number)
    return Asked(name_keys(given, family), born_on or (born_of_hetu(number) if number else None), number, age)


@transaction.atomic
def look(*, what: Asked, request_id: UUID, by: User, now: datetime) -> Known:
    """Ask PostgreSQL whether the child is known. Needs a coordinator's hat; any other is refused by the database.

    Nothing is told of a protected family; its named people get a task. The caller logs the look with `what.mark`.
    """
    code = keyring().blind(what.number, kind=KIND) if what.number else None
    born_on, today = what.born_on if what.is_enough else None, helsinki_date(now)
    years = years_old(born_on, today) if born_on else what.age
    names: list[Any] = [what.names.given, what.names.family]
    end: list[Any] = [what.mark, request_id, now]
    with connection.cursor() as cursor:
        cursor.execute(ASK, [*names, born_on, code, *end])
        rows = cursor.fetchall()
        cursor.execute(ASK_BY_AGE, [*names, years, born_on is None, today, *end])
        rows += cursor.fetchall()
    here = {row[0]: row for row in reversed(rows) if row[0]}
    elsewhere = {row[2] for row in rows if row[0] is None}
    children = _children(here)
    # Always asked, so that the answer takes as long whether anybody was found or not.
    areas = {area.pk: area for area in Area.objects.only("name", "name_genitive", "phone", "hours")}
    return Known(
        [
            Here(case_id, ref, opened, closed, *children.get(case_id, ("", None)))
            for case_id, ref, _area, opened, closed in reversed(here.values())
        ],
        sorted((areas[pk] for pk in elsewhere), key=lambda area: area.name),
    )


def _children(cases: Iterable[int]) -> dict[int, tuple[str, date | None]]:
    """First name and day of birth in these situations, read through the asker's own walls. Asked of nobody too."""
    rows = Person.objects.filter(kind=PersonKind.CHILD, case__in=[0, *cases])
    return {case: (name, born) for case, name, born in rows.values_list("case_id", "name", "contact__born_on")}


def index_child(person: Person) -> None:
    """Keep the keys of a child's names, in the transaction that writes the name. Again after any change of it."""
    keys = name_keys(person.name, person.family_name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.index_child(%s, %s, %s)", [person.pk, keys.given, keys.family])
