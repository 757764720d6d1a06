"""The months of the two logs: their partitions are made ahead, so that no row ever waits for one."""

from datetime import UTC, datetime

from django.db import connection


def ensure_months(*, now: datetime) -> int:
    """Make the partitions that are missing of this month and the 24 after it. Returns how many were made.

    Rows that came before their month was made move to it. Needs the jobs' hat or the owner.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.ensure_partitions(%s)", [now.astimezone(UTC).date()])
        made: int = cursor.fetchone()[0]
    return made
