"""Would the proofs notice? Each mutant breaks one condition of the rules in SQL; the matrix or the machine must turn red.

The mutants live in a savepoint of one transaction: PostgreSQL undoes a changed function like any other write.
"""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from tests.access import test_machine, test_sql_matrix
from tests.personas import World

network = test_machine.network

# function → (what stands there, what the mutant says instead)
SEATS = "my_seats page_seats"
MUTANTS: list[tuple[str, str, str]] = [
    (SEATS, "AND u.is_active", ""),
    (SEATS, "AND m.ended_at IS NULL", ""),
    (SEATS, "AND (m.expires_at IS NULL OR m.expires_at > now())", ""),
    (SEATS, "c.area_id = ANY", "c.area_id <> ANY"),
    (SEATS, "m.unit_id IS NOT DISTINCT FROM u.unit_id", "true"),
    (SEATS, "AND m.case_id <> ALL (", "AND m.case_id = ANY ("),
    (SEATS, "r.ends_on >= ", "r.ends_on > "),
    (SEATS, "'responsible', 'professional'", "'responsible'"),
    ("my_recusals", "r.user_id = sec.uid()", "false"),
    ("consented", "= 'capable' AS", "<> 'capable' AS"),
    ("consented", "AND f.ended_at IS NULL", ""),
    ("consented", "p.kind = 'guardian' AND NOT EXISTS", "p.kind = 'guardian' AND EXISTS"),
    ("consented", "AND e.ended_at IS NULL", ""),
    ("consented", "k.answer = 'yes'", "k.answer <> 'no'"),
    ("consented", "k.valid_until >= ", "k.valid_until > "),
    ("consented", "wanted = 'time' OR NOT agency.written", "wanted = 'plan' OR NOT agency.written"),
    ("consented", "AND k.section = wanted", ""),
    ("consented", "AND k.ended_at IS NULL", ""),
    ("consented", "CASE WHEN agency.written THEN", "CASE WHEN NOT agency.written THEN"),
    ("consented", "wanted = 'time' AND d.consent = 'oral'", "d.consent = 'oral'"),
    ("consented", "ELSE wanted = 'time' AND NOT", "ELSE NOT"),
    ("consented", "c.consent = 'oral'", "true"),
    ("seat_opens", "WHEN wanted = 'consents' THEN NOT seat.index_only", "WHEN wanted = 'consents' THEN true"),
    ("seat_opens", "wanted = ANY (seat.sections)", "true"),
    ("seat_opens", "AND NOT seat.named", ""),
    ("open_cases", "WHEN s.role = 'exceptional' THEN wanted = ANY (s.sections)", "WHEN s.role = 'exceptional' THEN true"),
    ("open_cases", "WHEN wanted = 'consents' THEN NOT s.index_only", "WHEN wanted = 'consents' THEN true"),
    ("open_cases", "WHEN s.index_only AND wanted NOT IN ('time', 'network') THEN false", ""),
    ("open_cases", "AND NOT s.named", ""),
    ("open_cases", "= 'capable' AS", "<> 'capable' AS"),
    ("open_cases", "k.answer = 'yes'", "k.answer <> 'no'"),
    ("open_cases", "k.valid_until >= ", "k.valid_until > "),
    ("open_cases", "OR NOT s.written OR", "OR s.written OR"),
    ("open_cases", "k.section = 'time' OR NOT", "k.section = 'plan' OR NOT"),
    ("open_cases", "k.giver_id = p.id AND k.ended_at IS NULL", "k.giver_id = p.id"),
    ("open_cases", "bool_and(", "bool_or("),
    ("open_cases", "wanted IN ('time', 'network') AND p.consent = 'oral'", "p.consent = 'oral'"),
    ("open_cases", "AND f.ended_at IS NULL", ""),
    ("open_cases", "AND e.ended_at IS NULL", ""),
    ("open_cases", "ELSE wanted IN ('time', 'network') AND sec.consented(", "ELSE sec.consented("),
    ("my_meetings", "s.case_id = ANY ((SELECT sec.open_cases('themes'))::bigint[])", "true"),
    ("my_meetings", "p.membership_id = s.id AND p.case_id = s.case_id", "p.case_id = s.case_id"),
    ("my_family_cases", "AND NOT EXISTS (SELECT FROM cases_hiding", "AND EXISTS (SELECT FROM cases_hiding"),
    ("my_family_cases", "WHERE p.account_id = sec.uid()", "WHERE true"),
    ("sees_case", "AND c.id <> ALL (sec.my_recusals())", ""),
    ("sees_case", "c.area_id = ANY (sec.my_areas())", "true"),
    ("sees_case", "NOT c.protected OR", "true OR"),
    ("sees_case", "OR c.coordinator_id = sec.uid()", ""),
    ("sees_case", "OR c.id = ANY (sec.my_named_cases())", ""),
    ("sees_case", "OR c.id = ANY (sec.my_orphans())", ""),
    ("sees_case", "THEN c.id = ANY (sec.my_cases())", "THEN true"),
    ("sees_case", "ELSE current_setting('role') = 'none' AND", "ELSE current_setting('role') = 'none' OR"),
    ("my_named_cases", "WHERE s.named", "WHERE true"),
    ("my_named_cases", "AND NOT s.index_only", ""),
    ("my_named_cases", "AND s.role <> 'exceptional'", ""),
    ("my_opened_themes", "AND 'themes' = ANY (s.sections)", ""),
]


def broken(functions: str, old: str, new: str) -> None:
    """Put the mutant in place. Raises where the words are not there any more: the list must follow the rules."""
    with connection.cursor() as cursor:
        for name in functions.split():
            cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [name])
            text = cursor.fetchone()[0]
            if old not in text:
                raise LookupError(f"{name} does not say: {old}")
            cursor.execute(text.replace(old, new))


def unnoticed(mutants: list[tuple[str, str, str]], proof: Callable[[], object]) -> list[tuple[str, str, str]]:
    """The mutants with which the proof holds all the same. It must hold without any."""
    proof()
    left = []
    for mutant in mutants:
        savepoint = transaction.savepoint_create()
        broken(*mutant)
        try:
            proof()
            left.append(mutant)
            print(f"unnoticed: {mutant}", flush=True)  # noqa: T201
        except (AssertionError, DatabaseError):
            pass
        transaction.savepoint_rollback(savepoint)
    return left


@pytest.mark.deep
@pytest.mark.timeout(0)
def test_the_mutants_are_noticed(network: World) -> None:
    savepoint = transaction.savepoint_create()
    people = test_sql_matrix.gather(network)
    left = unnoticed(MUTANTS, lambda: test_sql_matrix.reads(people))
    transaction.savepoint_rollback(savepoint)
    print(f"{len(MUTANTS)} mutants of the rules, {len(left)} unnoticed by the matrix")  # noqa: T201
    left = unnoticed(left, test_machine.every_life)
    print(f"{len(left)} unnoticed by the lives written down", flush=True)  # noqa: T201
    left = unnoticed(left, lambda: test_machine.run(6, 50, seed=True))
    print(f"{len(MUTANTS) - len(left)} of {len(MUTANTS)} killed; left: {left}")  # noqa: T201
    assert len(left) <= len(MUTANTS) * 0.15
