"""Already known? Looking for a child's other situations, and keeping the keys by which they are found."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from cases.models import Person
from cases.models.identity import KIND
from networks.models import Area, User
from yhteiso.lib.cipher import keyring
from yhteiso.lib.ids import born_of_hetu, normal_hetu
from yhteiso.lib.phonetic import NameKeys, name_keys

ASK = "SELECT case_id, ref, area_id, opened_at, closed_at FROM sec.already_known(%s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True)
class Asked:
    """What is looked for: keys of names with a day of birth, or an identity code, or both. Made by `asked`."""

    names: NameKeys
    born_on: date | None
    number: str = ""

    @property
    def is_enough(self) -> bool:
        """Whether anybody could be found by it: a name alone never is."""
        return bool(self.number or (self.born_on and (self.names.given or self.names.family)))

    @property
    def mark(self) -> str:
        """What the log keeps of it: the same child gives the same mark, and nobody reads a name from it."""
        told = json.dumps([*self.names, str(self.born_on or ""), self.number], ensure_ascii=False)
        return keyring().blind(told, kind="known").hex()


@dataclass(frozen=True)
class Here:
    """A situation of the own area."""

    case_id: int
    ref: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Known:
    """What a coordinator may be told: the own area's situations, and other areas whose coordinator knows more."""

    here: list[Here]
    elsewhere: list[Area]


def asked(*, given: str, family: str = "", born_on: date | None = None, number: str = "") -> Asked:
    """What somebody has typed, as it is looked for. `number` is a valid identity code or empty; its day counts too."""
    number = normal_hetu(number)
    return Asked(name_keys(given, family), born_on or (born_of_hetu(number) if number else None), number)


@transaction.atomic
def look(*, what: Asked, request_id: UUID, by: User, now: datetime) -> Known:
    """Ask PostgreSQL whether the child is known. Needs a coordinator's hat; any other is refused by the database.

    Nothing is told of a protected family; its named people get a task. The caller logs the look with `what.mark`.
    """
    code = keyring().blind(what.number, kind=KIND) if what.number else None
    born_on = what.born_on if what.is_enough else None
    with connection.cursor() as cursor:
        cursor.execute(ASK, [what.names.given, what.names.family, born_on, code, what.mark, request_id, now])
        rows = cursor.fetchall()
    elsewhere = {row[2] for row in rows if row[0] is None}
    # Always asked, so that the answer takes as long whether anybody was found or not.
    areas = {area.pk: area for area in Area.objects.only("name", "name_genitive", "phone", "hours")}
    return Known(
        [Here(case_id, ref, opened, closed) for case_id, ref, _area, opened, closed in rows if case_id],
        sorted((areas[pk] for pk in elsewhere), key=lambda area: area.name),
    )


def index_child(person: Person) -> None:
    """Keep the keys of a child's names, in the transaction that writes the name. Again after any change of it."""
    keys = name_keys(person.name, person.family_name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.index_child(%s, %s, %s)", [person.pk, keys.given, keys.family])
