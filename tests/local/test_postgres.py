"""The embedded PostgreSQL, the real one: closed to whoever has no password, and mended after an interrupted start."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.local.processes_seen import below
from yhteiso.local.console import Trouble
from yhteiso.local.instance import TEST_DATABASE, Instance
from yhteiso.local.passwords import generate
from yhteiso.local.places import Places, private_folder, socket_folder
from yhteiso.local.postgres import THROWAWAY, Postgres
from yhteiso.local.processes import Crew


@pytest.fixture(scope="module")
def running(servers: Instance) -> Postgres:
    """The module's running server."""
    assert servers._postgres is not None
    return servers._postgres


@pytest.fixture
def stopped(places: Places) -> Iterator[tuple[Postgres, Crew]]:
    """A cluster of the test's own, not yet made."""
    home = private_folder(places.base / "cluster", group=places.account.gid if places.account else None)
    private_folder(home / "log")
    crew = Crew()
    yield _postgres(places, home), crew
    crew.stop_all()
    subprocess.run(["rm", "-r", str(home)], check=True)


def _postgres(places: Places, home: Path) -> Postgres:
    return Postgres(
        programs=places.postgres_programs(),
        home=home,
        sockets=socket_folder(home, places.account),
        account=places.account,
        passwords=generate(),
        log=home / "log" / "postgres.log",
        settings=THROWAWAY,
    )


def test_it_is_what_the_design_needs(running: Postgres) -> None:
    query = "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s"
    with running.connect() as conn:
        assert conn.info.server_version >= 180000
        assert conn.execute(query, [TEST_DATABASE]).fetchone() == ("b", "C.UTF-8", "UTF8")
        assert conn.execute("SHOW data_checksums").fetchone() == ("on",)
        wanted = {"pg_trgm", "btree_gist"}
        found = conn.execute("SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", [list(wanted)])
        assert {row[0] for row in found} == wanted


@pytest.mark.parametrize("password", [None, "wrong"])
@pytest.mark.parametrize("login", ["postgres", "yhteiso_owner", "yhteiso_web"])
def test_nobody_comes_in_without_the_password(running: Postgres, login: str, password: str | None) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(running.sockets), user=login, password=password, dbname="postgres", passfile="/dev/null")


def test_it_does_not_listen_on_the_network(running: Postgres) -> None:
    with running.connect() as conn:
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)
    assert running.sockets.stat().st_mode & 0o077 == 0


def test_no_password_stands_on_a_command_line_or_in_an_environment(servers: Instance) -> None:
    secret = [word.encode() for word in vars(servers.passwords).values()]
    seen = below(servers.crew.running[0].keeper.pid) | below(servers.crew.running[1].keeper.pid)
    assert len(seen) > 4
    for pid, _ in seen:
        for name in ("cmdline", "environ"):
            shown = Path(f"/proc/{pid}/{name}").read_bytes()
            assert not any(word in shown for word in secret)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs the servers as himself")
def test_it_does_not_run_as_root(servers: Instance) -> None:
    for one in servers.crew.running:
        for pid, _ in below(one.keeper.pid):
            assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_the_mark_of_a_database_is_set_once(running: Postgres) -> None:
    assert running.ensure_database("marked", demo=True)
    assert running.ensure_database("marked", demo=False), "it keeps the mark that it was made with"
    assert not running.ensure_database("unmarked", demo=False)
    with running.connect("marked") as conn:
        assert conn.execute("SHOW yhteiso.demo").fetchone() == ("on",)
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert conn.execute(owner).fetchone() == ("yhteiso_owner",)


def test_a_database_that_was_not_finished_is_made_again(running: Postgres) -> None:
    with running.connect() as conn:
        conn.execute("CREATE DATABASE interrupted_unfinished")
    assert running.ensure_database("interrupted", demo=True)


def test_the_log_keeps_quiet_about_values(running: Postgres) -> None:
    with running.connect() as conn:
        conn.execute("CREATE TEMP TABLE t (name text UNIQUE)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("INSERT INTO t VALUES ('Aino Salainen'), ('Aino Salainen')")
    with running.connect() as conn, pytest.raises(psycopg.errors.InvalidTextRepresentation):
        conn.execute("SELECT 'Aino Salainen'::text, %s::text::int", ["Aino"])
    log = running.log.read_text()
    assert "duplicate key" in log
    assert "Salainen" not in log


def test_half_made_clusters_stale_numbers_and_clean_ends(
    stopped: tuple[Postgres, Crew], capsys: pytest.CaptureFixture[str]
) -> None:
    """One cluster, through an interrupted making, a start, a clean stop, and a start after a power cut."""
    postgres, crew = stopped
    (postgres.home / "postgres.new").mkdir()
    (postgres.home / "postgres.new" / "PG_VERSION").write_text("18")
    postgres.ensure_cluster(crew)
    assert "interrupted while making the database" in capsys.readouterr().out
    postgres.start(crew)
    postgres.wait(crew)
    crew.stop_all()
    control = subprocess.run(
        [postgres.programs / "pg_controldata", postgres.data],
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C"},
    )
    assert "shut down" in next(line for line in control.stdout.splitlines() if "cluster state" in line)
    # After a power cut the file stays, and its number may belong to anybody by now: here to this test.
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n")
    postgres.ensure_cluster(crew)
    assert "removing its postmaster.pid" in capsys.readouterr().out
    postgres.start(crew)
    postgres.wait(crew)


def test_a_server_of_an_earlier_start_is_stopped(places: Places, stopped: tuple[Postgres, Crew]) -> None:
    postgres, crew = stopped
    postgres.ensure_cluster(crew)
    old = postgres.start(crew)
    postgres.wait(crew)
    postgres.ensure_cluster(crew)
    assert old.keeper.wait(timeout=10) == 0
    assert not (postgres.data / "postmaster.pid").exists()


def test_lost_passwords_are_said_so(places: Places, stopped: tuple[Postgres, Crew]) -> None:
    postgres, crew = stopped
    postgres.ensure_cluster(crew)
    other = _postgres(places, postgres.home)
    other.start(crew)
    with pytest.raises(Trouble, match="make reset"):
        other.wait(crew)


def test_another_major_version_is_said_so(stopped: tuple[Postgres, Crew]) -> None:
    postgres, crew = stopped
    postgres.data.mkdir()
    (postgres.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(Trouble, match="made by PostgreSQL 17"):
        postgres.ensure_cluster(crew)


def test_its_log_repeats_nothing_of_a_row_that_is_refused(running: Postgres) -> None:
    """A broken rule, a trigger's own words, a statement and its values: none of them reaches the log."""
    canary, before = "KANARIALINTU", running.log.read_bytes()
    with running.connect() as conn:
        conn.execute("CREATE TEMP TABLE told (word text CHECK (length(word) < 3), number int UNIQUE)")
        conn.execute("INSERT INTO told VALUES (NULL, 1)")
        for statement in ("INSERT INTO told VALUES (%s, 1)", "INSERT INTO told (word, number) VALUES (%s, 'x'::int)"):
            with pytest.raises(psycopg.Error):
                conn.execute(statement, [canary])
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("INSERT INTO told VALUES ('a', 1)")
        settings = {name: conn.execute("SELECT setting FROM pg_settings WHERE name = %s", [name]).fetchone() for name in (
            "log_error_verbosity", "log_min_error_statement", "log_parameter_max_length_on_error", "log_statement")}  # fmt: skip
    assert {name: row[0] for name, row in settings.items() if row} == {
        "log_error_verbosity": "terse", "log_min_error_statement": "panic", "log_parameter_max_length_on_error": "0",
        "log_statement": "none",
    }  # fmt: skip
    written = running.log.read_bytes()[len(before) :].decode()
    assert "violates check constraint" in written
    for word in (canary, "INSERT", "Failing row", "DETAIL", "Key (number)"):
        assert word not in written
