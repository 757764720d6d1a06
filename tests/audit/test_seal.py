"""The chain over both logs: whole when nothing was touched, however many write; broken at whatever was."""

import hashlib
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from tests.audit.rows import handing_over, many, row
from yhteiso.audit.models import Checkpoint, LogEntry, Seal
from yhteiso.audit.seal import Head, checkpoint, own_heads, read_heads, seal, walk
from yhteiso.audit.tasks import seal_log, verify_log
from yhteiso.hats.roles import HATS
from yhteiso.hats.wear import wearing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

USE_COLUMNS = (
    "id", "at", "actor_id", "actor_name", "actor_agency", "actor_unit", "hat", "verb", "case_id", "case_ids", "page",
    "sections", "why", "subject_kind", "subject_ref", "result_count", "term_hash", "request_id", "reason", "xid",
)  # fmt: skip
DISCLOSURE_COLUMNS = (
    "id", "at", "case_id", "from_person", "from_agency", "to_person", "to_agency", "sections", "basis", "consent_ids",
    "document_ref", "by_id", "by_name", "hat", "request_id", "xid",
)  # fmt: skip
SEAL_COLUMNS = ("log", "entry_id", "entry_at", "xid", "row_hash", "chain_hash", "sealed_at")


def sealed() -> int:
    done = seal_log()
    # Somebody else's transaction on this server (another worker's test) may hold the newest rows back for a moment.
    for _try in range(900):
        if walk().waiting == 0:
            break
        time.sleep(0.1)
        done += seal_log()
    return done


def sql(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def text_of(table: str, columns: tuple[str, ...], pk: object) -> bytes:
    """The canonical form as migration 0004 tells it, made here a second time."""
    shown = ["(extract(epoch FROM at) * 1000000)::bigint::text" if c == "at" else f"{c}::text" for c in columns]
    label = "yhteiso-use-1" if table == "audit_logentry" else "yhteiso-disclosure-1"
    texts = [label, *sql(f"SELECT {', '.join(shown)} FROM {table} WHERE id = %s", pk)[0]]
    return b"".join(b"-" if t is None else b"%d:%s," % (len(t.encode()), t.encode()) for t in texts)


def test_the_hash_is_that_of_the_canonical_form() -> None:
    now = timezone.now()
    row(now=now, actor_name="Örkki, 3:x – ”ä”", sections=["plan", "time"], result_count=3, reason="a,b", case_ids=[4, 5])
    row(1, now=now, case_id=None, request_id=None, actor_id=None)
    handing_over(now=now, consent_ids=[3, 1])
    assert sealed() == 3
    for link in Seal.objects.all():
        table, columns = {
            "use": ("audit_logentry", USE_COLUMNS), "disclosure": ("audit_disclosureentry", DISCLOSURE_COLUMNS),
        }[link.log]  # fmt: skip
        assert bytes(link.row_hash) == hashlib.sha256(text_of(table, columns, link.entry_id)).digest()


def test_the_canonical_form_names_every_column() -> None:
    for table, columns in (("audit_logentry", USE_COLUMNS), ("audit_disclosureentry", DISCLOSURE_COLUMNS)):
        found = {r[0] for r in sql("SELECT column_name FROM information_schema.columns WHERE table_name = %s", table)}
        assert found == set(columns)


def test_numbers_have_no_gap_and_nothing_is_sealed_twice() -> None:
    many(60, now=timezone.now())
    assert sealed() == 60
    handing_over(now=timezone.now())
    assert sealed() == 1
    assert seal_log() == 0
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 62))
    assert walk().broken is None


def test_small_batches_make_the_same_chain() -> None:
    for n in range(7):
        row(n, now=timezone.now())
    done = 0
    for _try in range(1000):
        with wearing("jobs"):
            done += seal(now=timezone.now(), limit=2)
        if done == 7:
            break
        time.sleep(0.05)
    found = walk()
    assert (found.links, found.broken) == (7, None)


def test_a_row_of_a_transaction_that_still_runs_waits() -> None:
    row(now=timezone.now())
    sealed()
    inside, over = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            row(1, now=timezone.now())
            inside.set()
            over.wait(timeout=20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    inside.wait(timeout=20)
    row(2, now=timezone.now())  # later, and committed at once
    assert seal_log() == 0
    assert walk().waiting == 1
    over.set()
    thread.join()
    assert sealed() == 2
    assert walk().broken is None


def test_two_sealers_at_once_make_one_chain() -> None:
    many(200, now=timezone.now())
    gate = threading.Barrier(4)

    def run() -> None:
        gate.wait(timeout=10)
        seal_log()
        connection.close()

    threads = [threading.Thread(target=run) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed()
    found = walk()
    assert (found.links, found.broken) == (200, None)


def writes(thread: int, rounds: int) -> None:
    """Transactions of all lengths, of one row or two, some undone."""
    for n in range(rounds):
        with transaction.atomic():
            row(n, now=timezone.now(), actor_name=f"Säie {thread}")
            time.sleep(random.random() / 300)
            if n % 3 == 0:
                handing_over(n, now=timezone.now())
            if n % 10 == 9:
                transaction.set_rollback(True)
    connection.close()


def test_four_threads_write_while_the_sealer_runs() -> None:
    """The trap of a chain in the order of the keys: rows become visible in another order than they were begun."""
    stop, rounds = threading.Event(), 400 if os.environ.get("DEEP") else 60

    def seals() -> None:
        while not stop.is_set():
            seal_log()
        connection.close()

    writers = [threading.Thread(target=writes, args=(n, rounds)) for n in range(4)]
    sealer = threading.Thread(target=seals)
    for thread in (sealer, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    sealer.join()
    sealed()
    found = walk()
    rows = sql("SELECT (SELECT count(*) FROM audit_logentry) + (SELECT count(*) FROM audit_disclosureentry)")[0][0]
    assert (found.links, found.waiting, found.broken) == (rows, 0, None)
    assert rows > rounds * 4


def test_rows_that_came_from_another_cluster_are_sealed() -> None:
    """After a restore the rows' transactions have numbers that this cluster has not come to yet."""
    many(3, now=timezone.now())
    sealed()
    far = sql("SELECT (pg_current_xact_id()::text::bigint + 1000000)::text")[0][0]
    with disarmed():
        sql("UPDATE audit_logentry SET xid = %s::xid8", far)
        sql("DELETE FROM audit_seal")
    many(2, now=timezone.now())
    with disarmed():
        sql("UPDATE audit_logentry SET xid = %s::xid8 WHERE id IN (SELECT id FROM audit_logentry ORDER BY id LIMIT 1)", far)
    # One link from before the restore, whose number lies ahead.
    seal_some_ahead(int(far))
    assert sealed() >= 4
    row(9, now=timezone.now())
    sealed()
    found = walk()
    assert (found.links, found.waiting, found.broken) == (6, 0, None)


def seal_some_ahead(xid: int) -> None:
    from yhteiso.audit.seal import FIRST, link_hash

    entry_id, entry_at, row_hash = sql(
        "SELECT e.id, e.at, sec.row_hash(e) FROM audit_logentry e WHERE e.xid = %s::xid8 LIMIT 1", str(xid)
    )[0]
    facts = {
        "seq": 1, "log": "use", "entry_id": entry_id, "entry_at": entry_at, "xid": xid, "sealed_at": timezone.now(),
        "row_hash": bytes(row_hash),
    }  # fmt: skip
    Seal.objects.bulk_create([Seal(chain_hash=link_hash(FIRST, **facts), **facts)])


# -- who may write it --------------------------------------------------------------------------------------------------


def test_only_the_jobs_add_links_and_nobody_changes_one() -> None:
    row(now=timezone.now())
    sealed()
    link = Seal.objects.get()
    link.seq = 2
    for hat in set(HATS) - {"jobs"}:
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, 1):
            Seal.objects.bulk_create([link])
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Seal.objects.update(row_hash=b"x")
    for hat in HATS:
        for table in ("audit_seal", "audit_checkpoint"):
            for verb in ("UPDATE", "DELETE", "TRUNCATE"):
                assert sql("SELECT has_table_privilege(%s, %s, %s)", f"hat_{hat}", table, verb) == [(False,)]


def test_the_jobs_seal_without_reading_a_name() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("jobs"):
        LogEntry.objects.exists()


def test_nobody_writes_the_transaction_s_number() -> None:
    for hat in HATS:
        for table in ("audit_logentry", "audit_disclosureentry"):
            assert sql("SELECT has_column_privilege(%s, %s, 'xid', 'INSERT')", f"hat_{hat}", table) == [(False,)]


# -- checkpoints -------------------------------------------------------------------------------------------------------


def test_the_head_leaves_the_machine_once_an_hour(tmp_path: Path, settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.LOG_CHECKPOINTS = str(tmp_path / "heads")
    caplog.set_level("INFO")
    now = timezone.now()
    row(now=now)
    sealed()
    line = (tmp_path / "heads").read_text()
    assert line.count("\n") == 1
    head = bytes(Seal.objects.get(seq=1).chain_hash).hex()
    assert f"seq=1 count=1 head={head}" in line
    assert head in caplog.text
    assert "Katsoja" not in line
    row(1, now=now)
    sealed()
    assert checkpoint(now=now + timedelta(minutes=30)) is False
    assert checkpoint(now=now + timedelta(minutes=61)) is True
    assert checkpoint(now=now + timedelta(minutes=130)) is False  # nothing new
    assert [told.seq for told in read_heads((tmp_path / "heads").read_text().splitlines())] == [1, 2]


def test_the_command_tells_a_whole_log_and_a_broken_one(tmp_path: Path, settings, capsys: pytest.CaptureFixture) -> None:
    settings.LOG_CHECKPOINTS = str(tmp_path / "heads")
    many(5, now=timezone.now())
    sealed()
    call_command("verify_log", checkpoints=tmp_path / "heads")
    assert "Whole: 5 links" in capsys.readouterr().out
    with disarmed():
        sql("DELETE FROM audit_seal WHERE seq > 3")
        sql("DELETE FROM audit_logentry WHERE id NOT IN (SELECT entry_id FROM audit_seal)")
        sql("DELETE FROM audit_checkpoint")
    call_command("verify_log")  # inside the database nothing tells that the end is gone
    with pytest.raises(CommandError, match=r"BROKEN \(truncated\) at link 3"):
        call_command("verify_log", checkpoints=tmp_path / "heads")
    assert Checkpoint.objects.filter(kind="broken").count() == 1
    (tmp_path / "empty").write_text("nothing here\n")
    with pytest.raises(CommandError, match="no checkpoint"):
        call_command("verify_log", checkpoints=tmp_path / "empty")
    with pytest.raises(CommandError, match="can't be read"):
        call_command("verify_log", checkpoints=tmp_path / "missing")


def test_the_nightly_walk_is_kept_for_the_officer() -> None:
    many(3, now=timezone.now())
    sealed()
    assert verify_log() == 3
    assert Checkpoint.objects.get(kind="whole").count == 3


def test_a_chain_that_was_written_anew_differs_from_what_was_told_outside() -> None:
    many(4, now=timezone.now())
    sealed()
    told = own_heads()
    with disarmed():
        sql("UPDATE audit_logentry SET actor_name = 'Toinen' WHERE id = (SELECT id FROM audit_logentry LIMIT 1)")
        sql("DELETE FROM audit_seal")
    sealed()
    assert walk().broken is None
    found = walk(told)
    assert found.broken is not None
    assert found.broken.kind == "rewritten"


# -- tampering ---------------------------------------------------------------------------------------------------------


class disarmed:  # noqa: N801
    """What somebody with the owner's rights can do: the triggers off, whatever they like, the triggers on."""

    def __enter__(self) -> None:
        self.set("DISABLE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.set("ENABLE")

    def set(self, how: str) -> None:
        for table in ("audit_logentry", "audit_disclosureentry", "audit_seal", "audit_checkpoint"):
            sql(f"ALTER TABLE {table} {how} TRIGGER append_only")


@pytest.fixture
def told() -> list[Head]:
    """A sealed log of both kinds and the head of its chain as it was told outside."""
    many(150, now=timezone.now())
    for n in range(30):
        handing_over(n, now=timezone.now())
        row(n, now=timezone.now(), result_count=n, term_hash="ab" * 32, reason="request", subject=("call", "A"))
    many(40, now=timezone.now())
    sealed()
    top = Seal.objects.order_by("-seq").first()
    assert top is not None
    return [Head(top.seq, bytes(top.chain_hash).hex())]


def changed(dice: random.Random) -> set[str]:
    """One byte of one column of one row."""
    table = dice.choice(["audit_logentry", "audit_logentry", "audit_disclosureentry", "audit_seal"])
    columns = {"audit_logentry": USE_COLUMNS, "audit_disclosureentry": DISCLOSURE_COLUMNS, "audit_seal": SEAL_COLUMNS}
    column = dice.choice(columns[table])
    key = "seq" if table == "audit_seal" else "id"
    kind = sql("SELECT udt_name FROM information_schema.columns WHERE table_name = %s AND column_name = %s", table, column)[
        0
    ][0]
    n = dice.randrange(1, 9)
    new = {
        "uuid": "gen_random_uuid()", "timestamptz": f"{column} + interval '{n} microseconds'",
        "int8": f"coalesce({column}, 0) + {n}", "int4": f"coalesce({column}, 0) + {n}",
        "varchar": f"CASE WHEN {column} = '' THEN 'x' ELSE overlay({column} placing chr(ascii({column}) + 1) from 1) END",
        "jsonb": f"{column} || '[{n}]'", "_varchar": f"{column} || 'x'::varchar", "_int8": f"{column} || {n}::bigint",
        "xid8": f"(({column}::text::bigint) + {n})::text::xid8",
        "bytea": f"set_byte({column}, {n}, (get_byte({column}, {n}) + 1) % 256)",
    }[kind]  # fmt: skip
    value = "'disclosure'" if (table, column) == ("audit_seal", "log") else new
    only = f" WHERE log = 'use' AND {key} IN" if table == "audit_seal" else f" WHERE {key} IN"
    where = "WHERE log = 'use'" if table == "audit_seal" else ""
    pick = f"(SELECT {key} FROM {table} {where} ORDER BY md5({key}::text || '{dice.random()}') LIMIT 1)"
    assert len(sql(f"UPDATE {table} SET {column} = {value} {only} {pick} RETURNING 1".replace("%", "%%"))) == 1
    return {"changed", "missing", "reordered", "inserted"}


def removed(dice: random.Random) -> set[str]:
    """A row, its link, or both."""
    seq = dice.randrange(1, Seal.objects.count() + 1)
    what = dice.randrange(3)
    if what in (0, 2):
        for table in ("audit_logentry", "audit_disclosureentry"):
            sql(f"DELETE FROM {table} WHERE id = (SELECT entry_id FROM audit_seal WHERE seq = %s)", seq)
    if what in (1, 2):
        sql("DELETE FROM audit_seal WHERE seq = %s", seq)
    return {"missing", "inserted", "truncated"}


def put_in(dice: random.Random) -> set[str]:
    """A copy of a row under a new key: with its old transaction, or with a new one and an old time."""
    forged = dice.random() < 0.5
    columns = [c for c in USE_COLUMNS if forged or c != "xid"]
    taken = [
        "gen_random_uuid()" if c == "id" else "at - interval '3 days'" if c == "at" and not forged else c for c in columns
    ]
    sql(
        f"INSERT INTO audit_logentry ({', '.join(columns)}) SELECT {', '.join(taken)} FROM audit_logentry"
        " WHERE id = (SELECT entry_id FROM audit_seal WHERE log = 'use' AND seq < 100 ORDER BY md5(seq::text || %s) LIMIT 1)",
        str(dice.random()),
    )
    return {"inserted"}


def swapped(dice: random.Random) -> set[str]:
    """Two rows change their contents, or two links their places."""
    one, other = dice.sample(range(1, 100), 2)
    if dice.random() < 0.5:
        for a, b in ((one, -1), (other, one), (-1, other)):
            sql("UPDATE audit_seal SET seq = %s WHERE seq = %s", b, a)
        return {"reordered"}
    ids = [sql("SELECT entry_id FROM audit_seal WHERE seq = %s", seq)[0][0] for seq in (one, other)]
    names = dict(sql("SELECT id, actor_name || '!' FROM audit_logentry WHERE id = ANY(%s)", ids))
    for a, b in (ids, reversed(ids)):
        sql("UPDATE audit_logentry SET actor_name = %s WHERE id = %s", names[a], b)
    return {"changed"}


def cut_off(dice: random.Random) -> set[str]:
    """The newest links and their rows."""
    n = dice.randrange(1, 30)
    last = Seal.objects.count()
    for table in ("audit_logentry", "audit_disclosureentry"):
        sql(f"DELETE FROM {table} WHERE id IN (SELECT entry_id FROM audit_seal WHERE seq > %s)", last - n)
    sql("DELETE FROM audit_seal WHERE seq > %s", last - n)
    return {"truncated"}


WAYS: list[Callable[[random.Random], set[str]]] = [changed, changed, removed, put_in, swapped, cut_off]


def found_of(count: int, told: list[Head], seed: int) -> list[str]:
    """Tamper so many times, each time with the log put back after. Returns what was not found, or by a wrong name."""
    missed = []
    for n in range(count):
        dice = random.Random(seed * 1_000_000 + n)
        way = WAYS[n % len(WAYS)]
        with transaction.atomic():
            with disarmed():
                kinds = way(dice)
            broken = walk(told).broken
            transaction.set_rollback(True)
        if broken is None or broken.kind not in kinds:
            missed.append(f"{n} {way.__name__}: {broken}")
    return missed


def test_sixty_tamperings_are_found(told: list[Head]) -> None:
    assert walk(told).broken is None
    assert found_of(60, told, seed=1) == []
    assert walk(told).broken is None


@pytest.mark.deep
@pytest.mark.timeout(1200)
def test_a_thousand_tamperings_are_found(told: list[Head]) -> None:
    assert found_of(1000, told, seed=2) == []


@pytest.mark.deep
@pytest.mark.timeout(1200)
def test_the_speed_is_told(capsys: pytest.CaptureFixture) -> None:
    count = 100_000
    many(count, now=timezone.now())
    began = time.monotonic()
    done = sealed()
    sealing = time.monotonic() - began
    began = time.monotonic()
    assert walk().links == done == count
    walking = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(f"\nseal {count / sealing:,.0f} rows/s, verify {count / walking:,.0f} rows/s\n")
