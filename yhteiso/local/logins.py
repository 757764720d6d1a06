"""Makes or updates the three logins, the hats and the database on a PostgreSQL of one's own.

`python -m yhteiso.local.logins` with SUPERUSER_DATABASE_URL (a login that may create roles and databases) and
OWNER_PASSWORD, WEB_PASSWORD, JOBS_PASSWORD. The embedded server needs none of this: `make run` does it by itself.
"""

import os
import sys
from collections.abc import Mapping

import psycopg

from yhteiso.hats.roles import JOBS, OWNER, WEB, ensure_roles
from yhteiso.local.console import Trouble, say
from yhteiso.local.instance import DATABASE
from yhteiso.local.postgres import create_database, database_exists

PASSWORDS = {OWNER: "OWNER_PASSWORD", WEB: "WEB_PASSWORD", JOBS: "JOBS_PASSWORD"}


def main(environment: Mapping[str, str]) -> None:
    """Does it; may run again at any time. The database is never one for demonstration. Raises Trouble."""
    missing = [name for name in ("SUPERUSER_DATABASE_URL", *PASSWORDS.values()) if not environment.get(name)]
    if missing:
        raise Trouble(f"Set {', '.join(missing)}. docs/settings.md tells more.")
    passwords = {login: environment[name] for login, name in PASSWORDS.items()}
    try:
        conn = psycopg.connect(environment["SUPERUSER_DATABASE_URL"], autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Trouble(f"SUPERUSER_DATABASE_URL: {error}") from error
    with conn:
        ensure_roles(conn, passwords=passwords)
        if not database_exists(conn, DATABASE):
            create_database(conn, DATABASE, demo=False)
    say(f"Logins, hats and the database {DATABASE} are in place.")


if __name__ == "__main__":
    try:
        main(os.environ)
    except Trouble as trouble:
        sys.exit(str(trouble))
