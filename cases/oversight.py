"""Who has looked at a case, for its own coordinator and network. The log itself is the data protection officer's alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from cases.models import Case


@dataclass(frozen=True)
class Reading:
    """One row of the use log, as the people of the case may see it: whoever has a mask keeps it."""

    id: UUID
    at: datetime
    actor_id: int | None
    masked: bool
    who: str
    unit: str
    agency: str
    hat: str
    verb: str
    page: str
    sections: list[str]
    why: str


def readings(case: Case, *, before: datetime, before_id: UUID, rows: int) -> list[Reading]:
    """The newest readings of this case before a moment and key. Empty for whoever may not see the case now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, at, actor_id, masked, who, unit, agency, hat, verb, page, sections, why"
            " FROM sec.readers_of(%s, %s, %s, %s)",
            [case.pk, before, before_id, rows],
        )
        return [Reading(*row) for row in cursor.fetchall()]
