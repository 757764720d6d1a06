"""Putting a hat on and taking it off, for the length of one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from yhteiso.hats.roles import role


def put_on(hat: str, user_id: int | None) -> None:
    """Become the hat's role, as this person, until the transaction ends or `take_off`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('app.uid', %s, true), set_config('app.cases', '', true),"
            " set_config('app.guest', '', true)",
            [role(hat), str(user_id or "")],
        )


def take_off() -> None:
    """Be the login again, and nobody. Needed by hand where an outer transaction goes on (tests, nested blocks)."""
    if connection.needs_rollback:  # the transaction is dead and takes the hat with it
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', 'none', true), set_config('app.uid', '', true), set_config('app.cases', '', true),"
            " set_config('app.guest', '', true)"
        )


@contextmanager
def wearing(hat: str, user_id: int | None = None) -> Iterator[None]:
    """Run a block in one transaction under a hat. On an exception everything is rolled back, and the hat with it."""
    with transaction.atomic():
        put_on(hat, user_id)
        yield
        take_off()


@contextmanager
def in_stead(hat: str, user_id: int) -> Iterator[None]:
    """For the length of the block wear this hat as this person, then go on as before (decision 0019).

    For a deed that this person has decided and another only starts by their own yes. The caller has asked the database
    whose hat it is; nothing that is read here may reach the page. On an exception what was worn is back with the rollback.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('role'), current_setting('app.uid', true), current_setting('app.cases', true)"
        )
        worn = [value or "" for value in cursor.fetchone()]
        put_on(hat, user_id)
        yield
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('app.uid', %s, true), set_config('app.cases', %s, true)", worn
        )
