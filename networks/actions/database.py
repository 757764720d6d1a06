"""Asking the database's own functions, which hold what no hat may write."""

from typing import Any

from django.db import connection


def answer(sql: str, *params: Any) -> Any:
    """The one value that a function answers with. `sql` is a constant; values go in as parameters."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def open_duties(person_id: int) -> int:
    """How many open situations somebody leads and how many of their promises are open."""
    found: int = answer("SELECT sec.open_duties(%s)", person_id)
    return found
