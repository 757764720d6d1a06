"""The same walls through the real logins of the web and of the workers, which own nothing."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from networks.models import User
from tests.personas import World
from yhteiso.hats.roles import HATS, JOBS, WEB, WEB_HATS, role
from yhteiso.hats.wear import wearing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

TABLES = (
    "cases_case", "cases_caseheading", "cases_casetext", "cases_call", "cases_concern", "cases_helprequest", "cases_person",
    "cases_personcontact",
    "cases_membership", "cases_caseevent", "meetings_meeting", "meetings_commitment", "metrics_rawfigure",
    "audit_logentry", "networks_user", "django_session", "mfa_authenticator",
)  # fmt: skip
WEARERS = {
    "public": None, "guest": None, "family": None, "member": "member", "area": "coordinator", "unit": "unit_head",
    "report": "leader", "officer": "officer", "admin": "administrator",
}  # fmt: skip


@pytest.fixture
def families(transactional_db: None) -> World:
    world = World()
    world.case()
    return world


def login(name: str) -> psycopg.Connection:
    settings = connection.settings_dict
    password = os.environ["TEST_WEB_PASSWORD" if name == WEB else "TEST_JOBS_PASSWORD"]
    return psycopg.connect(
        host=settings["HOST"] or None, port=settings["PORT"] or None, dbname=settings["NAME"], user=name, password=password,
        autocommit=True,
    )  # fmt: skip


@pytest.fixture
def web() -> Iterator[psycopg.Connection]:
    with login(WEB) as conn:
        yield conn


def rows(execute, table: str) -> int | str:
    """How many rows of a table a hat sees, or 'refused'."""
    try:
        return execute(f"SELECT count(id) FROM {table}" if table not in NO_ID else f"SELECT count(*) FROM {table}")
    except psycopg.errors.InsufficientPrivilege:
        return "refused"


NO_ID = {"cases_caseheading", "cases_casetext", "cases_personcontact", "django_session"}


def through_the_web(web: psycopg.Connection, hat: str, user: User | None, table: str) -> int | str:
    with web.transaction(force_rollback=True):
        web.execute("SELECT set_config('role', %s, true), set_config('app.uid', %s, true)",
                    [role(hat), str(user.pk) if user else ""])  # fmt: skip

        def ask(sql: str) -> int:
            with web.transaction():
                return web.execute(sql).fetchone()[0]

        return rows(ask, table)


def as_owner_in_the_hat(hat: str, user: User | None, table: str) -> int | str:
    from django.db import ProgrammingError

    def ask(sql: str) -> int:
        try:
            with wearing(hat, user.pk if user else None), connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone()[0]
        except ProgrammingError as error:
            raise error.__cause__ or error from error

    return rows(ask, table)


@pytest.mark.parametrize("hat", WEB_HATS)
def test_each_hat_sees_through_the_web_login_what_it_sees_in_the_tests(
    families: World, web: psycopg.Connection, hat: str
) -> None:
    user = getattr(families, WEARERS[hat]) if WEARERS[hat] else None
    seen = {table: through_the_web(web, hat, user, table) for table in TABLES}
    assert seen == {table: as_owner_in_the_hat(hat, user, table) for table in TABLES}
    assert (seen["cases_case"] == 1) == (hat in ("member", "area"))
    assert seen["django_session"] == seen["mfa_authenticator"] == "refused"


def test_the_web_login_may_not_put_on_the_jobs_hat(web: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute("SET ROLE hat_jobs")


def test_the_jobs_login_has_its_own_hat_only(families: World) -> None:
    with login(JOBS) as jobs:
        for hat in set(HATS) - {"jobs"}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                jobs.execute(f"SET ROLE hat_{hat}")
        jobs.execute("SET ROLE hat_jobs")
        assert jobs.execute("SELECT count(id) FROM cases_case").fetchone()[0] == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            jobs.execute("SELECT child_name FROM cases_caseheading")


@pytest.mark.parametrize("name", [WEB, JOBS])
@pytest.mark.parametrize("table", ["cases_case", "cases_concern", "meetings_logbookentry", "audit_logentry"])
def test_a_bare_login_reads_nothing_of_a_family(families: World, name: str, table: str) -> None:
    with login(name) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(f"SELECT count(*) FROM {table}")


def test_nothing_of_a_hat_survives_a_transaction(families: World, web: psycopg.Connection) -> None:
    for ends_badly in (False, True):
        try:
            with web.transaction():
                web.execute("SELECT set_config('role', 'hat_member', true), set_config('app.uid', %s, true)",
                            [str(families.member.pk)])  # fmt: skip
                assert web.execute("SELECT count(id) FROM cases_case").fetchone()[0] == 1
                if ends_badly:
                    web.execute("SELECT no_such_column")
        except psycopg.errors.UndefinedColumn:
            assert ends_badly
        state = web.execute("SELECT current_user::text, coalesce(current_setting('app.uid', true), '')").fetchone()
        assert state == (WEB, "")
