"""The database roles: three logins and the hats they may put on. Needs no Django, so that set-up can use it."""

import psycopg
from psycopg import sql

OWNER, WEB, JOBS = "yhteiso_owner", "yhteiso_web", "yhteiso_jobs"

# public: no account · guest: one invitation · family: one child's page · member: a professional in a network
# area: coordinator · unit: unit head · report: leadership, frozen figures · officer: logs · admin: reference data
WEB_HATS = ("public", "guest", "family", "member", "area", "unit", "report", "officer", "admin")
HATS = (*WEB_HATS, "jobs")


def role(hat: str) -> str:
    """The database role of a hat. Raises ValueError for an unknown one, so that no name is ever made up."""
    if hat not in HATS:
        raise ValueError(f"no such hat: {hat}")
    return f"hat_{hat}"


def ensure_roles(conn: psycopg.Connection, *, passwords: dict[str, str]) -> None:
    """Create or update the logins and the hats; may run again at any time.

    `conn` is an autocommit connection that may create roles; `passwords` has one for each of OWNER, WEB and JOBS.
    The logins inherit nothing: what a hat may do, a login may do only while it wears that hat.
    """
    existing = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
    for hat in HATS:
        if role(hat) not in existing:
            conn.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role(hat))))
    for login, extra in ((OWNER, "CREATEDB"), (WEB, "NOCREATEDB"), (JOBS, "NOCREATEDB")):
        verb = "ALTER" if login in existing else "CREATE"
        conn.execute(
            sql.SQL("{} ROLE {} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEROLE {} PASSWORD {}").format(
                sql.SQL(verb), sql.Identifier(login), sql.SQL(extra), sql.Literal(passwords[login])
            )
        )
    for login, hats in ((OWNER, HATS), (WEB, WEB_HATS), (JOBS, ("jobs",))):
        for hat in hats:
            conn.execute(
                sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                    sql.Identifier(role(hat)), sql.Identifier(login)
                )
            )
    # A forgotten filter becomes an error after five seconds, not a slow leak.
    conn.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = '5s'").format(sql.Identifier(WEB)))
