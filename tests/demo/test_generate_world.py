"""A generated world is a right one: every row keeps the database's rules, the walls stand again, the lists are found."""

import re
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from cases.models import Case, Consent, Membership
from meetings.models import Commitment
from networks.models import User
from tests.personas import World
from yhteiso.demo import generate, measure
from yhteiso.hats.wear import wearing

ON = date(2026, 11, 22)
CASES = 2000


@pytest.fixture
def made(db: None) -> generate.World:
    return generate.load(cases=CASES, seed=5, on=ON)


def one(sql: str) -> object:
    return measure.rows_of(sql, [])[0][0]


def user(made: generate.World, label: str) -> User:
    return User.objects.select_related("unit__agency").get(email=made.people[label])


def walls() -> list[tuple[object, ...]]:
    """Everything that stands aside while the rows are written: links, indexes, triggers and walls."""
    return [
        tuple(row)
        for sql in (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2",
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace = 'public'::regnamespace ORDER BY 1",
        )
        for row in measure.rows_of(sql, [])
    ]


def test_links_indexes_triggers_and_walls_stand_as_before(db: None) -> None:
    before = walls()
    generate.load(cases=50, seed=5, on=ON)
    assert walls() == before


def test_the_rows_are_those_that_were_counted(made: generate.World) -> None:
    assert made.counts["cases_case"] == CASES
    for table, count in made.counts.items():
        assert one(f"SELECT count(*) FROM {table}") == count, table


def test_every_row_keeps_the_rules_that_are_not_checked_by_copy(made: generate.World) -> None:
    """Constraints were checked by the database; these are the triggers' and the application's own."""
    assert one(
        "SELECT count(*) FROM cases_case c JOIN cases_membership m ON m.id = c.lead_id"
        " WHERE m.role <> 'coordinator' OR c.status <> 'closed' AND m.ended_at IS NOT NULL"
    ) == 0  # fmt: skip
    assert one("SELECT count(*) FROM cases_case WHERE status = 'closed' AND closed_at IS NULL") == 0
    assert (
        Case.objects.exclude(ref__regex=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}$").count() == 0
    )
    assert one("SELECT count(*) FROM cases_case c WHERE NOT EXISTS (SELECT FROM cases_person p WHERE p.case_id = c.id"
               " AND p.kind = 'guardian')") == 0  # fmt: skip
    assert one("SELECT count(*) FROM networks_user WHERE email !~ '@esimerkki.invalid$' OR password !~ '^!'") == 0
    assert one("SELECT nextval(pg_get_serial_sequence('cases_case', 'id'))") == Case.objects.latest("pk").pk + 1


def test_the_shape_is_the_one_that_was_asked_for(made: generate.World) -> None:
    assert Membership.objects.filter(user=user(made, "member"), ended_at=None).count() == 50
    assert Membership.objects.filter(user=user(made, "heavy"), ended_at=None).count() == CASES // 10
    area = user(made, "coordinator").roles.get().area
    assert Case.objects.filter(area=area).open().count() == CASES // 2
    seats = Membership.objects.filter(role="member", user__isnull=False).count()
    assert 40 < seats / User.objects.filter(roles__role="professional").count() < 90
    assert Consent.objects.exists()
    assert Commitment.objects.filter(status="open").exists()


def test_the_same_seed_makes_the_same_world(db: None) -> None:
    def digest(seed: int) -> object:
        atomic = transaction.atomic()
        atomic.__enter__()
        generate.load(cases=60, seed=seed, on=ON)
        found = one(
            "SELECT md5(string_agg(t, '|' ORDER BY t)) FROM (SELECT (to_jsonb(c) - 'id' - 'ref' - 'lead_id')::text t"
            " FROM cases_case c UNION ALL SELECT (to_jsonb(k) - 'id')::text FROM cases_consent k) x"
        )
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)
        return found

    assert digest(1) == digest(1) != digest(2)


def test_the_lists_are_found_by_their_index(made: generate.World) -> None:
    for label, index in (("coordinator", "case_open_in_order"), ("member", "member_by_user")):
        plan = measure.explain(user(made, label))
        assert index in plan, label
        assert not re.search(r"Seq Scan on cases_(case|membership|consent|person)\b(?!.*never executed)", plan), plan


@pytest.mark.parametrize("label", ["coordinator", "member", "heavy"])
def test_the_page_shows_what_plain_sql_finds(made: generate.World, label: str) -> None:
    who = user(made, label)
    for ratio in measure.lists(who, rounds=1, each=1):  # compares both sides' rows before it measures
        assert ratio.walled > 0
    assert measure.pages(who, rounds=1, each=1)


SECTIONS = ("time", "network", "themes", "plan", "contact", "consents", "intake")


@pytest.mark.parametrize("section", SECTIONS)
def test_all_seats_at_once_say_what_each_seat_says(made: generate.World, section: str) -> None:
    """`sec.open_cases` works in one statement; `sec.seat_opens` is the rule for one seat. Over many families and answers."""
    with connection.cursor() as cursor:  # not all alike: an end, a lapse, a word missing, a capable child, an exception
        cursor.execute("UPDATE cases_consent SET confirmed_at = NULL, confirmed_by_id = NULL WHERE id % 7 = 0")
        cursor.execute("UPDATE cases_consent SET valid_until = '2026-01-01' WHERE id % 11 = 0")
        cursor.execute("DELETE FROM cases_consent WHERE id % 13 = 0")
        cursor.execute("UPDATE cases_consent SET answer = 'no', valid_until = NULL, confirmed_at = NULL, confirmed_by_id = NULL"
                       " WHERE id % 17 = 0")  # fmt: skip
        cursor.execute("UPDATE cases_person SET consent = '' WHERE id % 3 = 0")
        cursor.execute("UPDATE cases_membership SET index_only = true WHERE id % 5 = 0 AND role = 'member'")
        cursor.execute("UPDATE cases_membership SET ended_at = now(), ended_by_id = started_by_id, end_reason = 'x'"
                       " WHERE id % 19 = 0 AND person_id IS NOT NULL AND ended_at IS NULL")  # fmt: skip
        cursor.execute(
            "INSERT INTO cases_capacity (finding, grounds, assessed_on, written_at, assessed_by_id, case_id)"
            " SELECT CASE WHEN id % 4 = 0 THEN 'not_capable' ELSE 'capable' END, 'x', now(), now(), coordinator_id, id"
            " FROM cases_case WHERE id % 6 = 0"
        )
        cursor.execute(
            "INSERT INTO cases_consentexception (reason, made_at, case_id, guardian_id, made_by_id)"
            " SELECT 'x', now(), p.case_id, p.id, c.coordinator_id FROM cases_person p JOIN cases_case c ON c.id = p.case_id"
            " WHERE p.kind = 'guardian' AND p.id % 9 = 0"
        )
    opened = 0
    who = [user(made, label) for label in ("member", "heavy", "coordinator")]
    who += User.objects.filter(roles__role="professional").order_by("pk")[:12]
    for somebody in who:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.uid', %s, true)", [str(somebody.pk)])
            cursor.execute("SELECT coalesce(array_agg(s.case_id ORDER BY 1), '{}') FROM sec.my_seats() s"
                           " WHERE sec.seat_opens(s, %s)", [section])  # fmt: skip
            each = cursor.fetchone()[0]
            cursor.execute("SELECT coalesce(array_agg(x ORDER BY x), '{}') FROM unnest(sec.open_cases(%s)) x", [section])
            assert cursor.fetchone()[0] == sorted(each), somebody
            cursor.execute("SELECT set_config('app.uid', '', true)")
        opened += len(each)
    assert (opened > 50) == (section != "intake")


def test_it_refuses_a_database_of_others(world: World) -> None:
    with pytest.raises(CommandError, match="no demonstration mark"):
        call_command("generate_world", cases=10, seed=1, stdout=StringIO())
    world.case()
    with pytest.raises(CommandError, match="situations in this database"):
        call_command("generate_world", cases=10, seed=1, without_mark=True, stdout=StringIO())
    with pytest.raises(CommandError, match="at least 1"):
        call_command("generate_world", cases=0, seed=1, without_mark=True, stdout=StringIO())


def test_a_world_beside_what_is_there(world: World) -> None:
    own = world.case()
    told = StringIO()
    call_command("generate_world", cases=40, seed=1, without_mark=True, add=True, stdout=told)
    assert "cases_case: 40" in told.getvalue()
    assert Case.objects.count() == 41
    with wearing("area", world.coordinator.pk):
        assert list(Case.objects.values_list("pk", flat=True)) == [own.pk]


@pytest.mark.deep
@pytest.mark.timeout(1200)
def test_what_the_wall_costs(db: None) -> None:
    """The goals of trust.md 7 at 20,000 situations; `measure_access` does it at a million (docs/measured.md)."""
    made = generate.load(cases=20_000, seed=1, on=ON)
    for label in ("member", "coordinator"):
        ratio = measure.lists(user(made, label), rounds=21)[0]
        # Where plain SQL takes less than a millisecond, planning the wall's rules weighs more than a ratio tells.
        assert ratio.value <= 1.5 or ratio.walled - ratio.plain < 1, ratio
        for page in measure.pages(user(made, label), rounds=15):
            assert page.value <= 1 / 0.85, page  # the goal is 0.90; the rest is what other work on the machine does
