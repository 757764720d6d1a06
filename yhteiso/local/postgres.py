"""The embedded PostgreSQL 18: makes its cluster, runs it in the foreground on a private socket, makes the database.

Everybody needs a password (scram), nobody comes in by TCP. A new cluster is made beside its place and moved there when
it is complete, so a half-made one is never used.
"""

import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from yhteiso.hats.roles import ensure_roles
from yhteiso.local.console import Trouble, say, step
from yhteiso.local.passwords import Passwords, write_private
from yhteiso.local.places import Account, private_folder
from yhteiso.local.processes import Crew, Program, Running

MAJOR = "18"
SUPERUSER = "postgres"
# A database that is thrown away after the tests does not have to survive a power cut.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
}


@dataclass(frozen=True)
class Postgres:
    """One cluster: its folders, the user that runs it, its passwords and settings."""

    programs: Path
    home: Path
    sockets: Path
    account: Account | None
    passwords: Passwords
    log: Path
    settings: Mapping[str, str]

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.home / "postgres"

    def ensure_cluster(self, crew: Crew) -> None:
        """Makes the cluster unless it is there; recovers from an earlier start that was interrupted."""
        unfinished = self.home / "postgres.new"
        if unfinished.exists():
            say("  An earlier start was interrupted while making the database: making it anew")
            shutil.rmtree(unfinished)
        if self.data.exists():
            self._check_version()
            self._recover()
            return
        with step("Making the PostgreSQL cluster"):
            self._initdb(crew, unfinished)
            unfinished.rename(self.data)

    def start(self, crew: Crew) -> Running:
        """Starts the server; `wait` tells when it answers."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Statements, their values and the rows that they break never reach a log: they may hold a family's words.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_parameter_max_length_on_error": "0",
            **self.settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's fast and clean shutdown. A plain SIGTERM would wait for every connection to end.
        return crew.start(self._program("PostgreSQL", "postgres", ["-D", str(self.data), *options], stop=signal.SIGINT))

    def wait(self, crew: Crew) -> None:
        """Waits until the server answers. Raises Trouble when it ends or takes too long."""
        crew.wait_until(self._answers, what="PostgreSQL", seconds=60)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A superuser's connection, each statement on its own."""
        return psycopg.connect(
            host=str(self.sockets),
            user=SUPERUSER,
            password=self.passwords.superuser,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def ensure_database(self, name: str, *, demo: bool) -> bool:
        """Makes logins, hats and the database, marked for demonstration or not; returns the mark that it bears.

        The mark is set once, when the database is made; the application refuses to start when it does not fit.
        """
        with self.connect() as conn:
            ensure_roles(conn, passwords=self.passwords.logins())
            if self.settings.get("fsync") == "off":  # a throw-away server: tests mark databases of their own
                conn.execute("GRANT SET ON PARAMETER yhteiso.demo TO yhteiso_owner")
            if not database_exists(conn, name):
                create_database(conn, name, demo=demo)
            return _is_demo(conn, name)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Trouble(
                    f"The passwords beside {self.data} do not fit it.\n`make reset` removes this database and its passwords."
                ) from error
            return False
        return True

    def _initdb(self, crew: Crew, folder: Path) -> None:
        private_folder(folder, owner=self.account)
        password_file = self.home / "initdb-password"
        write_private(password_file, self.passwords.superuser)
        if self.account:
            os.chown(password_file, self.account.uid, self.account.gid)
        options = ["-D", str(folder), "--username", SUPERUSER, f"--pwfile={password_file}", "--encoding=UTF8"]
        options += ["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--no-instructions"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if self.settings.get("fsync") == "off":
            options.append("--no-sync")
        try:
            crew.complete(self._program("initdb", "initdb", options), complaint="PostgreSQL could not make its cluster.")
        finally:
            password_file.unlink()

    def _program(self, name: str, binary: str, options: list[str], stop: signal.Signals = signal.SIGTERM) -> Program:
        return Program(
            name=name,
            command=[self.programs / binary, *options],
            environment={"PATH": os.defpath, "LC_ALL": "C", "YHTEISO_RUN_ID": os.environ.get("YHTEISO_RUN_ID", "")},
            log=self.log if binary == "postgres" else self.log.with_name(f"{binary}.log"),
            cwd=self.home,
            account=self.account,
            stop_signal=stop,
            stop_seconds=25,
        )

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != MAJOR:
            raise Trouble(
                f"{self.data} was made by PostgreSQL {found}; this version needs {MAJOR}. `make reset` removes it."
            )

    def _recover(self) -> None:
        """Clears what a killed start left behind. We hold the lock, so nobody else may be running this cluster."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
        if self._is_ours(pid):
            with step("Stopping the PostgreSQL of an earlier start"):
                os.kill(pid, signal.SIGINT)
                self._wait_gone(pid)
        # PostgreSQL looks only whether the number is in use, and another program may have it by now.
        elif Path(f"/proc/{pid}").exists():
            say("  An earlier start ended without cleaning up: removing its postmaster.pid")
            pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        process = Path(f"/proc/{pid}")
        try:
            return (process / "cwd").resolve() == self.data.resolve() and b"postgres" in (process / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False

    def _wait_gone(self, pid: int) -> None:
        deadline = time.monotonic() + 30
        while self._is_ours(pid):
            if time.monotonic() > deadline:
                raise Trouble(
                    f"The PostgreSQL with the process number {pid} does not stop. End it and run the command again."
                )
            time.sleep(0.05)


def database_exists(conn: psycopg.Connection, name: str) -> bool:
    """Whether the server has a database of this name."""
    return conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create_database(conn: psycopg.Connection, name: str, *, demo: bool) -> None:
    """Makes the database under another name, marks it, then gives it its own: there is never an unmarked one."""
    unfinished, final = sql.Identifier(f"{name}_unfinished"), sql.Identifier(name)
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(unfinished))
    conn.execute(sql.SQL("CREATE DATABASE {} OWNER yhteiso_owner TEMPLATE template0").format(unfinished))
    mark = sql.Literal("on" if demo else "off")
    conn.execute(sql.SQL("ALTER DATABASE {} SET yhteiso.demo = {}").format(unfinished, mark))
    conn.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(unfinished, final))


def _is_demo(conn: psycopg.Connection, name: str) -> bool:
    query = """
        SELECT 'yhteiso.demo=on' = ANY(setconfig) FROM pg_db_role_setting
        JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = %s AND setrole = 0
    """
    row = conn.execute(query, [name]).fetchone()
    return bool(row and row[0])
