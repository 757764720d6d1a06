"""PostgreSQL's own catalogue (T11): what no migration may leave behind, and a checked list of who may do what.

`rights.txt` is read by people: every function that runs with the owner's right and who may call it, and every table's
columns that a hat may change. A migration that changes one of them changes this list too; the failing test prints its lines.
"""

from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from cases.models import Case
from tests.personas import World
from yhteiso.hats.roles import HATS
from yhteiso.hats.wear import wearing

RIGHTS = Path(__file__).parent / "rights.txt"
GRANTEES = "(r.rolname LIKE 'hat\\_%' OR r.rolname IN ('yhteiso_web', 'yhteiso_jobs'))"
FUNCTIONS = f"""
    SELECT 'call', regexp_replace(p.oid::regprocedure::text, '^sec\\.', ''),
        (SELECT string_agg(regexp_replace(r.rolname, '^(hat|yhteiso)_', ''), ' ' ORDER BY r.rolname LIKE 'hat%' DESC, r.rolname)
         FROM pg_roles r WHERE {GRANTEES} AND has_function_privilege(r.oid, p.oid, 'EXECUTE'))
    FROM pg_proc p WHERE p.prosecdef AND p.pronamespace <> 'pg_catalog'::regnamespace"""
UPDATES = f"""
    SELECT 'update', c.relname || ' by ' || regexp_replace(r.rolname, '^(hat|yhteiso)_', ''),
        CASE WHEN has_table_privilege(r.oid, c.oid, 'UPDATE') THEN '*' ELSE columns END
    FROM pg_class c CROSS JOIN pg_roles r CROSS JOIN LATERAL (
        SELECT string_agg(a.attname, ' ' ORDER BY a.attname) AS columns FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE')) w
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {GRANTEES}
      AND columns IS NOT NULL"""
DELETES = f"""
    SELECT 'delete', c.relname,
        string_agg(regexp_replace(r.rolname, '^(hat|yhteiso)_', ''), ' ' ORDER BY r.rolname LIKE 'hat%' DESC, r.rolname)
    FROM pg_class c CROSS JOIN pg_roles r
    WHERE c.relnamespace = 'public'::regnamespace AND {GRANTEES} AND has_table_privilege(r.oid, c.oid, 'DELETE')
    GROUP BY c.relname"""


def asked(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_every_row_behind_a_wall_is_the_owner_s_too_and_a_hat_has_one_policy_a_verb(db: None) -> None:
    """Partitions included: somebody who names one directly meets the same wall, or no right at all."""
    walled = "FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity"
    assert asked(f"SELECT relname {walled} AND NOT relforcerowsecurity") == []
    assert asked(
        f"SELECT relname {walled} AND NOT EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname"
        " AND p.policyname = 'owner_all' AND p.roles = '{yhteiso_owner}' AND p.cmd = 'ALL' AND p.qual = 'true')"
    ) == []  # fmt: skip
    assert asked(
        "SELECT tablename, hat, cmd, count(*) FROM (SELECT tablename, unnest(roles) AS hat, verb AS cmd FROM pg_policies,"
        " unnest(CASE WHEN cmd = 'ALL' THEN ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] ELSE ARRAY[cmd] END) AS verb) p"
        " GROUP BY 1, 2, 3 HAVING count(*) > 1"
    ) == []  # fmt: skip
    assert asked("SELECT tablename FROM pg_policies WHERE permissive <> 'PERMISSIVE' OR 'public' = ANY (roles)") == []


def test_no_right_without_a_policy_and_no_policy_without_a_right(db: None) -> None:
    """A right without a policy shows nothing and hides a mistake; a policy without a right is a rule that nobody meets."""
    rows = asked(f"""
        SELECT c.relname, r.rolname, verb FROM pg_class c CROSS JOIN pg_roles r
        CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) verb
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity AND {GRANTEES}
          AND (CASE WHEN verb = 'DELETE' THEN has_table_privilege(r.oid, c.oid, verb)
                    ELSE has_any_column_privilege(r.oid, c.oid, verb) END)
              <> EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND r.rolname = ANY (p.roles)
                         AND p.cmd IN (verb, 'ALL'))""")
    assert rows == []


def test_a_partition_is_reached_through_its_table_only(db: None) -> None:
    rows = asked(f"""SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r WHERE c.relispartition
        AND c.relkind IN ('r', 'p') AND {GRANTEES}
        AND (has_any_column_privilege(r.oid, c.oid, 'SELECT') OR has_any_column_privilege(r.oid, c.oid, 'INSERT')
             OR has_any_column_privilege(r.oid, c.oid, 'UPDATE') OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE'))
        LIMIT 5""")
    assert rows == []
    assert asked("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'")[0][0] > 0


def test_no_view_goes_round_the_wall(db: None) -> None:
    assert asked(
        "SELECT relname FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'sec'::regnamespace) AND relkind = 'v'"
        " AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)"
    ) == []  # fmt: skip
    assert asked(
        f"SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r WHERE c.relkind = 'm' AND {GRANTEES}"
        " AND has_any_column_privilege(r.oid, c.oid, 'SELECT')"
    ) == []  # fmt: skip


def test_what_runs_with_the_owner_s_right_looks_nothing_up_elsewhere_and_is_not_everybody_s(db: None) -> None:
    assert asked(
        "SELECT p.oid::regprocedure FROM pg_proc p WHERE p.prosecdef AND (p.pronamespace = 'public'::regnamespace"
        " OR p.pronamespace = 'sec'::regnamespace AND (NOT coalesce(array_to_string(p.proconfig, ','), '')"
        " LIKE 'search_path=pg_catalog%' OR has_function_privilege('public', p.oid, 'EXECUTE')))"
    ) == []  # fmt: skip
    # Nobody but the owner makes anything where the owner's functions look for names.
    assert asked(
        f"SELECT n.nspname, r.rolname FROM pg_namespace n CROSS JOIN pg_roles r WHERE n.nspname IN ('public', 'sec')"
        f" AND {GRANTEES} AND has_schema_privilege(r.oid, n.oid, 'CREATE')"
    ) == []  # fmt: skip


def test_no_hat_hands_its_rights_on_or_is_another(db: None) -> None:
    assert asked(
        "SELECT roleid::regrole, member::regrole FROM pg_auth_members WHERE roleid::regrole::text LIKE 'hat%'"
        " AND (inherit_option OR admin_option OR NOT (set_option AND member::regrole::text LIKE 'yhteiso%'))"
        " AND member::regrole::text <> 'postgres'"
    ) == []  # fmt: skip
    for verb in ("TRUNCATE", "TRIGGER", "REFERENCES"):
        assert asked(
            f"SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r WHERE c.relkind IN ('r', 'p')"
            f" AND c.relnamespace = 'public'::regnamespace AND {GRANTEES} AND has_table_privilege(r.oid, c.oid, '{verb}')"
        ) == []  # fmt: skip


def test_who_may_do_what_is_the_list_that_people_have_read(db: None) -> None:
    now = {
        " | ".join((kind, what, who or "nobody"))
        for query in (FUNCTIONS, UPDATES, DELETES)
        for kind, what, who in asked(query)
    }
    every = " ".join(sorted(HATS))
    now = {line.replace(f"| {every}", "| every hat") for line in now}
    read = {line for line in RIGHTS.read_text().splitlines() if line and not line.startswith("#")}
    assert now == read, "\n" + "\n".join(
        [*(f"+ {row}" for row in sorted(now - read)), *(f"- {row}" for row in sorted(read - now))]
    )


@pytest.mark.parametrize("hat", HATS)
def test_no_hat_writes_who_leads_a_situation(world: World, hat: str) -> None:
    """Its twin on the same row: the coordinator's hat writes why it is late."""
    case = world.case()
    for column in ("lead_id", "coordinator_id", "area_id", "ref", "opened_at"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            wearing(hat, world.coordinator.pk),
        ):
            Case.objects.filter(pk=case.pk).update(**{column: getattr(case, column)})
    if hat == "area":
        with wearing(hat, world.coordinator.pk):
            assert Case.objects.filter(pk=case.pk).update(delay_reason="illness") == 1
