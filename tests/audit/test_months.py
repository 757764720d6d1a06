"""The logs by month: nothing fails when a month is missing, nobody reaches a month directly, and health tells in time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from tests.audit.rows import handing_over, many, row
from yhteiso.audit.models import DisclosureEntry, LogEntry
from yhteiso.audit.months import ensure_months
from yhteiso.audit.tasks import ensure_partitions
from yhteiso.hats.roles import HATS, JOBS, WEB
from yhteiso.hats.wear import wearing
from yhteiso.jobs import runs

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def month_of(pk: object) -> str:
    return sql("SELECT tableoid::regclass::text FROM audit_logentry WHERE id = %s", pk)[0][0]


def partitions() -> list[str]:
    return [
        name for (name,) in sql("SELECT relname FROM pg_class WHERE relnamespace = 'log'::regnamespace AND relkind = 'r'")
    ]


def test_24_months_and_a_rest_are_ready_for_both_logs() -> None:
    names = partitions()
    now = timezone.now().astimezone(UTC)
    for kind in ("use", "disclosure"):
        assert f"{kind}_default" in names
        assert f"{kind}_{now:%Y_%m}" in names
    assert sql("SELECT sec.months_ahead(%s)", now.date()) == [(24,)]


def test_a_row_lies_in_its_month_and_far_ones_in_the_rest() -> None:
    now = timezone.now()
    row(now=now)
    assert month_of(LogEntry.objects.get().pk) == f"log.use_{now.astimezone(UTC):%Y_%m}"
    later = now + timedelta(days=3653)
    row(now=later, actor_name="Kymmenen vuoden päästä")
    handing_over(now=later)
    assert month_of(LogEntry.objects.get(at=later).pk) == "log.use_default"
    assert DisclosureEntry.objects.get().at == later
    assert ensure_months(now=now) == 0  # copes with what lies in the rest


def test_rows_that_came_before_their_month_move_to_it_and_stay_as_they_were() -> None:
    now = timezone.now()
    soon = now + timedelta(days=30 * 27)
    row(now=soon, actor_name="Etuajassa")
    row(1, now=now + timedelta(days=3653))
    before = sql("SELECT *, xid FROM audit_logentry ORDER BY id")
    assert month_of(LogEntry.objects.get(actor_name="Etuajassa").pk) == "log.use_default"
    assert ensure_months(now=now + timedelta(days=120)) > 0
    pk = LogEntry.objects.get(actor_name="Etuajassa").pk
    assert month_of(pk) == f"log.use_{soon.astimezone(UTC):%Y_%m}"
    assert sql("SELECT *, xid FROM audit_logentry ORDER BY id") == before
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        LogEntry.objects.filter(pk=pk).delete()  # the trigger is on the new month too


def test_old_rows_get_months_of_their_own() -> None:
    row(now=datetime(2019, 3, 31, 23, 59, 59, 999999, tzinfo=UTC))
    row(now=datetime(2019, 4, 1, tzinfo=UTC))
    assert ensure_months(now=timezone.now()) == 2
    places = {month_of(pk) for pk in LogEntry.objects.values_list("pk", flat=True)}
    assert places == {"log.use_2019_03", "log.use_2019_04"}


def test_the_nightly_job_may_make_months_and_nobody_else() -> None:
    assert ensure_partitions() == 0
    for hat in set(HATS) - {"jobs"}:
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, 1):
            ensure_months(now=timezone.now())
    with pytest.raises(DataError, match="not near today"), transaction.atomic():
        ensure_months(now=timezone.now() + timedelta(days=500))


def test_no_hat_and_no_login_reaches_a_month_directly() -> None:
    grantees = [*(f"hat_{hat}" for hat in HATS), WEB, JOBS]
    for who in grantees:
        assert sql("SELECT has_schema_privilege(%s, 'log', 'USAGE, CREATE')", who) == [(False,)]
    found = sql(
        "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.rolname = ANY(%s)"
        " WHERE c.relnamespace = 'log'::regnamespace AND c.relkind = 'r' AND ("
        " has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
        " OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))",
        grantees,
    )
    assert found == []


def test_every_month_has_its_own_wall_and_its_own_trigger() -> None:
    ensure_months(now=timezone.now() + timedelta(days=200))
    bare = sql(
        "SELECT relname FROM pg_class c WHERE relnamespace = 'log'::regnamespace AND relkind = 'r' AND NOT ("
        " relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid"
        " AND t.tgname = 'append_only' AND t.tgenabled = 'O')"
        " AND (SELECT array_agg(polname::text) FROM pg_policy p WHERE p.polrelid = c.oid) = ARRAY['owner_all'])"
    )
    assert bare == []
    assert len(partitions()) > 50


def test_an_update_past_the_parent_is_refused_even_for_the_owner() -> None:
    row(now=timezone.now())
    place = month_of(LogEntry.objects.get().pk)
    for statement in (f"UPDATE {place} SET actor_name = 'x'", f"DELETE FROM {place}"):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            sql(statement)


def test_a_page_of_the_log_reads_no_more_than_it_shows() -> None:
    """Hundreds of rows in several months, and the newest page still comes from an index of each month."""
    now = timezone.now()
    for months in range(4):
        many(500, now=now - timedelta(days=31 * months))
    ensure_months(now=now)
    sql("ANALYZE audit_logentry")
    at, pk = LogEntry.objects.order_by("-at", "-pk").values_list("at", "pk")[50]
    plan = sql(
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT TEXT) SELECT id FROM audit_logentry"
        " WHERE at >= %s AND at <= %s AND (at < %s OR (at = %s AND id < %s)) ORDER BY at DESC, id DESC LIMIT 101",
        now - timedelta(days=700), at, at, at, pk,
    )  # fmt: skip
    text = "\n".join(line for (line,) in plan)
    assert "Sort Key" not in text or "Merge Append" in text
    assert "Seq Scan on use_20" not in text.replace("(never executed)", "") or "actual rows=5" not in text


# -- health ------------------------------------------------------------------------------------------------------------


def test_health_is_red_when_fewer_than_two_months_are_left() -> None:
    runs.run("tick", lambda: 0)
    assert Client().get("/health/").status_code == 200
    ahead = sorted(name for name in partitions() if name.startswith("disclosure_2"))
    for name in ahead[3:]:
        sql(f"DROP TABLE log.{name}")
    assert Client().get("/health/").json()["log"] == {"status": "ok", "months_ahead": 2}
    sql(f"DROP TABLE log.{ahead[2]}")
    answer = Client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["log"] == {"status": "failing", "months_ahead": 1}
    assert answer.json()["status"] == "failing"


def test_the_web_s_own_login_may_ask_for_its_health() -> None:
    for who in (WEB, JOBS):
        assert sql("SELECT has_function_privilege(%s, 'sec.months_ahead(date)', 'EXECUTE')", who) == [(True,)]
