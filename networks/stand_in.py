"""Who is away, and who takes care of their things meanwhile. For whoever tells somebody something, and for the clock.

The rule is one function of the database (`sec.stand_ins`): a hat that may not read absences gets the answer all the same,
and never a wrong one by not seeing a row.
"""

from collections.abc import Iterable
from datetime import date

from django.db import connection


def away(user_ids: Iterable[int], on: date) -> dict[int, int | None]:
    """Everybody of these who is away that day, with the stand-in, or None when nobody has promised to stand in.

    One query, whatever the number. The stand-in has said yes, has an account in use, is still a colleague and is not away:
    when the substitute is away too, theirs is taken, three steps at most. Works in the hats area, member and jobs.
    """
    asked = sorted(set(user_ids))
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT person, stand_in FROM sec.stand_ins(%s, %s)", [asked, on])
        return dict(cursor.fetchall())


def stand_ins(user_ids: Iterable[int], on: date) -> dict[int, int]:
    """Whoever of these is away that day, with the one who stands in; the others are not here. See `away`."""
    return {person: other for person, other in away(user_ids, on).items() if other is not None}


def absent(user_ids: Iterable[int], on: date) -> set[int]:
    """Those who are away that day, with or without a stand-in."""
    return set(away(user_ids, on))
