"""Two people for power, asked from PostgreSQL itself through the real web login: nobody gets round it in SQL."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from networks import actions
from networks.models import AccountInvitation, PowerProposal, Role, RoleMembership, User
from tests.hats.test_logins import login
from tests.networks.powers import propose_role
from tests.personas import World
from yhteiso.hats.roles import HATS, WEB, role

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation, psycopg.errors.CheckViolation)


@pytest.fixture
def people(transactional_db: None) -> World:
    world = World()
    assert world.second_administrator
    assert world.responsible
    assert world.other_responsible
    return world


@pytest.fixture
def web() -> Iterator[psycopg.Connection]:
    with login(WEB) as conn:
        yield conn


def run(web: psycopg.Connection, hat: str, user: User | None, sql: str, values: dict[str, Any], keep: bool = False) -> Any:
    """One statement in a hat as this person; the first value that it gives, or how many rows it touched."""
    with web.transaction(force_rollback=not keep):
        web.execute("SELECT set_config('app.uid', %s, true)", [str(user.pk) if user else ""])
        if hat:
            web.execute("SELECT set_config('role', %s, true)", [role(hat)])
        cursor = web.execute(sql, values)
        return cursor.fetchone()[0] if cursor.description else cursor.rowcount


def is_refused(web: psycopg.Connection, hat: str, user: User | None, sql: str, values: dict[str, Any]) -> bool:
    try:
        run(web, hat, user, sql, values)
    except REFUSED:
        return True
    return False


def numbers(world: World, row: PowerProposal | None = None) -> dict[str, Any]:
    return {
        "me": world.administrator.pk, "who": world.member.pk, "area": world.area.pk, "other": world.other_area.pk,
        "coordinator": world.coordinator.pk, "row": row.pk if row else None, "second": world.second_administrator.pk,
    }  # fmt: skip


WRITES = [
    "INSERT INTO networks_rolemembership (user_id, role, area_id, starts_on) VALUES (%(me)s, 'coordinator', %(area)s, now())",
    "INSERT INTO networks_rolemembership (user_id, role, area_id, starts_on) VALUES (%(who)s, 'coordinator', %(area)s, now())",
    "UPDATE networks_rolemembership SET role = 'coordinator', area_id = %(area)s WHERE user_id = %(who)s",
    "UPDATE networks_rolemembership SET area_id = %(other)s WHERE user_id = %(coordinator)s",
    "UPDATE networks_rolemembership SET user_id = %(me)s WHERE user_id = %(coordinator)s",
    "UPDATE networks_rolemembership SET starts_on = '2000-01-01' WHERE user_id = %(coordinator)s",
    "UPDATE networks_rolemembership SET ends_on = '2099-01-01' WHERE user_id = %(coordinator)s",
    "UPDATE networks_rolemembership SET ends_on = NULL WHERE user_id = %(coordinator)s",
    "DELETE FROM networks_rolemembership WHERE user_id = %(coordinator)s",
    "UPDATE networks_user SET email = 'x@esimerkki.invalid' WHERE id = %(who)s",
    "UPDATE networks_user SET is_active = false WHERE id = %(who)s",
    "UPDATE networks_user SET is_active = true WHERE id = %(who)s",
    "UPDATE networks_user SET closed_at = now(), closed_by_id = %(me)s, is_active = false WHERE id = %(who)s",
    "UPDATE networks_user SET session_epoch = 99 WHERE id = %(who)s",
    "UPDATE networks_user SET id = 99999 WHERE id = %(who)s",
    "INSERT INTO networks_user (id, email, name, sort_key) VALUES (99999, 'x@esimerkki.invalid', 'X', 'x')",
    "DELETE FROM mfa_authenticator WHERE user_id = %(who)s",
    "UPDATE networks_accountinvitation SET role = 'administrator'",
    "UPDATE networks_accountinvitation SET accepted_at = NULL",
    "DELETE FROM networks_accountinvitation",
    "UPDATE networks_powerproposal SET accepted_at = now(), accepted_by_id = %(me)s WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET accepted_at = now(), accepted_by_id = %(second)s WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET target_id = %(coordinator)s WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET role = 'administrator' WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET administrators_only = false WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET proposed_by_id = %(second)s WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET expires_at = '2099-01-01' WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET lapsed_at = now() WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET declined_at = now(), declined_by_id = %(me)s, decline_reason = 'x' WHERE id = %(row)s",
    "UPDATE networks_powerproposal SET declined_at = now(), declined_by_id = %(second)s, decline_reason = 'x'"
    " WHERE id = %(row)s",
    "DELETE FROM networks_powerproposal",
    "INSERT INTO networks_accountevent (person_id, kind, at, by_id, reason) VALUES (%(who)s, 'closed', now(), %(me)s, 'x')",
    "UPDATE networks_accountevent SET reason = 'x'",
    "UPDATE networks_notice SET params = '{}'",
    "DELETE FROM networks_notice",
]


def proposal_insert(by: str, target: str = "%(who)s", more: str = "", values: str = "") -> str:
    return (
        "INSERT INTO networks_powerproposal (ref, kind, target_id, role, area_id, email, name, reason, administrators_only,"
        f" proposed_by_id, proposed_at, expires_at, decline_reason{more}) VALUES ('AAAA-AAAA-AA', 'role', {target},"
        f" 'leadership', %(area)s, '', '', 'x', false, {by}, now(), now() + interval '99 days', ''{values})"
    )


def test_no_power_is_written_in_the_administrator_s_hat(people: World, web: psycopg.Connection) -> None:
    row = propose_role(people)
    AccountInvitation.objects.create(
        email="uusi@esimerkki.invalid", name="Uusi", token_hash="x", invited_at=timezone.now(), expires_at=timezone.now()
    )
    values = numbers(people, row)
    for sql in WRITES:
        assert is_refused(web, "admin", people.administrator, sql, values), sql
    for sql in (
        proposal_insert("%(second)s"),
        proposal_insert("%(me)s", more=", accepted_at, accepted_by_id", values=", now(), %(second)s"),
        proposal_insert("%(me)s", target="%(me)s"),
    ):
        assert is_refused(web, "admin", people.administrator, sql, values), sql
    kept = "UPDATE networks_user SET phone = '040' WHERE id = %(who)s"
    assert run(web, "admin", people.administrator, kept, values) == 1
    assert run(web, "admin", people.administrator, proposal_insert("%(me)s"), values) == 1


def test_nor_in_any_other_hat_nor_by_the_bare_login(people: World, web: psycopg.Connection) -> None:
    """The bare login writes whole accounts (a password, a sign-in), so for it only a change of these columns is refused."""
    values = numbers(people, propose_role(people))
    User.objects.filter(pk=people.left.pk).update(is_active=False)
    power = [
        sql for sql in WRITES if any(word in sql for word in ("rolemembership", "accountevent", "UPDATE networks_user"))
    ]
    power = [sql for sql in power if "is_active = true" not in sql]
    back = "UPDATE networks_user SET is_active = true WHERE NOT is_active"
    for hat in ("", *sorted(set(HATS) - {"jobs", "admin"})):
        for sql in (*power, back):
            assert is_refused(web, hat, people.coordinator, sql, values), (hat, sql)
    assert run(web, "", None, "UPDATE networks_user SET last_login = now() WHERE id = %(who)s", values) == 1


def test_what_the_proposer_writes_of_who_may_accept_is_not_believed(people: World, web: psycopg.Connection) -> None:
    values = numbers(people)
    sql = proposal_insert("%(me)s").replace("'leadership'", "'administrator'").replace("%(area)s", "NULL")
    sql += " RETURNING administrators_only AND expires_at < now() + interval '15 days'"
    assert run(web, "admin", people.administrator, sql, values) is True


def accepts(web: psycopg.Connection, hat: str, user: User | None, row: PowerProposal) -> str:
    """The answer of the function; what it did is rolled back."""
    return run(web, hat, user, "SELECT sec.accept_power(%(row)s)", {"row": row.pk})


def test_the_acceptance_asks_everything_again(people: World, web: psycopg.Connection) -> None:
    row = propose_role(people)
    assert accepts(web, "admin", people.second_administrator, row) == ""
    assert accepts(web, "area", people.responsible, row) == ""
    assert accepts(web, "admin", people.administrator, row) == "own"
    assert accepts(web, "admin", people.member, row) == "target"
    assert accepts(web, "admin", None, row) == "gone"
    for hat, user in [
        ("admin", people.officer), ("admin", people.responsible), ("area", people.coordinator), ("area", people.other_responsible),
        ("area", people.second_administrator), ("area", people.colleague),
    ]:  # fmt: skip
        assert accepts(web, hat, user, row) == "reach", (hat, user)
    for hat in sorted(set(HATS) - {"admin", "area", "jobs"}):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            accepts(web, hat, people.second_administrator, row)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        accepts(web, "", people.second_administrator, row)
    User.objects.filter(pk=people.second_administrator.pk).update(is_active=False)
    assert accepts(web, "admin", people.second_administrator, row) == "reach"
    assert not RoleMembership.objects.filter(user=people.member, role=Role.COORDINATOR).exists()


def test_it_is_accepted_once_and_in_time(people: World, web: psycopg.Connection) -> None:
    row = propose_role(people)
    sql = "SELECT sec.accept_power(%(row)s)"
    assert run(web, "admin", people.second_administrator, sql, {"row": row.pk}, keep=True) == ""
    assert accepts(web, "admin", people.second_administrator, row) == "answered"
    assert RoleMembership.objects.filter(user=people.member, role=Role.COORDINATOR).count() == 1
    late = propose_role(people, role=Role.LEADERSHIP)
    PowerProposal.objects.filter(pk=late.pk).update(expires_at=timezone.now())
    assert accepts(web, "admin", people.second_administrator, late) == "expired"


def test_the_area_s_responsible_person_sees_the_area_s_proposals_only(people: World, web: psycopg.Connection) -> None:
    propose_role(people)
    propose_role(people, people.colleague, Role.OFFICER, area=None)
    count = "SELECT count(*) FROM networks_powerproposal"
    assert run(web, "admin", people.administrator, count, {}) == 2
    assert run(web, "area", people.responsible, count, {}) == 1
    for user in (people.other_responsible, people.coordinator):
        assert run(web, "area", user, count, {}) == 0
    for hat in sorted(set(HATS) - {"admin", "area", "jobs"}):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(web, hat, people.coordinator, count, {})


def test_notices_and_the_count_of_them_are_one_s_own(people: World, web: psycopg.Connection) -> None:
    propose_role(people)  # tells two people
    rows, unseen = "SELECT count(*) FROM networks_notice", "SELECT sec.unseen_notices(%(who)s)"
    second = {"who": people.second_administrator.pk}
    assert run(web, "admin", people.second_administrator, rows, {}) == 1
    assert run(web, "admin", people.administrator, rows, {}) == 0
    assert run(web, "admin", people.second_administrator, unseen, second) == 1
    assert run(web, "", None, unseen, second) == 1
    assert run(web, "admin", people.administrator, unseen, second) == 0
    seen = "UPDATE networks_notice SET seen_at = now()"
    assert run(web, "admin", people.administrator, seen, {}) == 0
    assert run(web, "admin", people.second_administrator, seen, {}) == 1


def test_an_invited_role_is_taken_once_by_the_invited_address_after_the_acceptance(
    people: World, web: psycopg.Connection
) -> None:
    row = AccountInvitation(email="uusi@esimerkki.invalid", name="Uusi", role=Role.COORDINATOR, area=people.area)
    actions.invite(invitation=row, by=people.administrator, now=timezone.now())
    new = people.person("Uusi", None)
    stranger = people.person("Vieras", None)
    take = "SELECT sec.take_invited_role(%(row)s, %(who)s)"
    assert new.email == row.email
    assert run(web, "", None, take, {"row": row.pk, "who": new.pk}) is False
    row.proposals.update(accepted_by=people.second_administrator, accepted_at=timezone.now())
    assert run(web, "", None, take, {"row": row.pk, "who": stranger.pk}) is False
    assert run(web, "", None, take, {"row": row.pk, "who": new.pk}, keep=True) is True
    assert run(web, "", None, take, {"row": row.pk, "who": new.pk}) is False
    for hat in sorted(set(HATS) - {"jobs"}):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(web, hat, people.administrator, take, {"row": row.pk, "who": new.pk})


def test_accounts_are_shut_only_by_an_administrator_and_never_one_s_own(people: World, web: psycopg.Connection) -> None:
    for name in ("suspend_account", "close_account"):
        sql = f"SELECT sec.{name}(%(who)s, 'x')"
        assert run(web, "admin", people.administrator, sql, {"who": people.administrator.pk}) == "own"
        assert run(web, "admin", people.officer, sql, {"who": people.member.pk}) == "reach"
        assert run(web, "admin", people.administrator, sql, {"who": 999999}) == "gone"
        assert run(web, "admin", people.administrator, sql, {"who": people.member.pk}) == ""
        for hat in sorted(set(HATS) - {"admin", "jobs"}):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(web, hat, people.administrator, sql, {"who": people.member.pk})


def test_a_temporary_table_does_not_stand_before_the_real_one(people: World, web: psycopg.Connection) -> None:
    """A function that runs as the owner looks at the schema first, whatever the caller has made."""
    with web.transaction(force_rollback=True):
        web.execute("CREATE TEMP TABLE networks_rolemembership AS SELECT * FROM public.networks_rolemembership")
        web.execute("INSERT INTO pg_temp.networks_rolemembership (user_id, role, starts_on) VALUES (%s, 'administrator', now())",
                    [people.officer.pk])  # fmt: skip
        web.execute("GRANT SELECT ON pg_temp.networks_rolemembership TO PUBLIC")
        web.execute(
            "SELECT set_config('role', 'hat_admin', true), set_config('app.uid', %s, true)", [str(people.officer.pk)]
        )
        assert web.execute("SELECT sec.suspend_account(%s, 'x')", [people.member.pk]).fetchone() == ("reach",)


def test_every_function_of_the_migration_fixes_its_path_with_temporary_tables_last(people: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'sec'::regnamespace AND proname = ANY (%s)"
            " AND array_to_string(proconfig, ',') LIKE '%%pg_temp'",
            [["holds", "accept_power", "power_refusal", "suspend_account", "close_account", "end_role", "account_walls",
              "role_walls", "take_invited_role", "power_proposed", "power_answered", "last_administrator"]],
        )  # fmt: skip
        assert cursor.fetchone()[0] == 12
