"""The servers of one command: embedded ones of our own, or those that DATABASE_URL and REDIS_URL name.

`run` is the instance that people work with and that stays; every `make test` gets a throw-away one of its own, so that
tests disturb neither a running application nor each other.
"""

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yhteiso.local import locks, passwords, valkey
from yhteiso.local.console import Trouble, step
from yhteiso.local.places import Places, private_folder, socket_folder
from yhteiso.local.postgres import THROWAWAY, Postgres
from yhteiso.local.processes import Crew

DATABASE = "yhteiso"
TEST_DATABASE = "yhteiso_test_base"


@dataclass(frozen=True)
class Addresses:
    """What the application's processes need to know of the servers. Each gets only its own login's address."""

    owner: str
    web: str
    jobs: str
    redis: str
    secret_key: str
    field_keys: str
    blind_key: str
    demo: bool
    embedded: bool


@dataclass(frozen=True)
class Wanted:
    """What the person's environment asks for. `demo` is None when it says nothing."""

    owner: str
    web: str
    jobs: str
    redis: str
    secret_key: str
    field_keys: str
    blind_key: str
    demo: bool | None

    @property
    def external_database(self) -> bool:
        """Whether another PostgreSQL than ours is to be used."""
        return bool(self.web)


def read_wanted(environment: Mapping[str, str]) -> Wanted:
    """Reads the addresses of external servers. Raises Trouble when a login's address is missing among them."""
    demo = environment.get("DEMO", "").strip().lower()
    if demo not in {"", "0", "1"}:
        raise Trouble(f"DEMO must be 1 or 0, not {demo!r}.")
    wanted = Wanted(
        owner=_given(environment, "OWNER_DATABASE_URL"),
        web=_given(environment, "DATABASE_URL"),
        jobs=_given(environment, "JOBS_DATABASE_URL"),
        redis=_given(environment, "REDIS_URL"),
        secret_key=_given(environment, "SECRET_KEY"),
        field_keys=_given(environment, "FIELD_KEYS"),
        blind_key=_given(environment, "BLIND_KEY"),
        demo=None if demo == "" else demo == "1",
    )
    if wanted.external_database:
        _check_external(wanted)
    return wanted


def _given(environment: Mapping[str, str], name: str) -> str:
    """A variable's value, or the content of the file that `NAME_FILE` names, as the settings read it; "" for neither."""
    if path := environment.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Trouble(f"{name}_FILE: {error}") from error
    return environment.get(name, "")


def _check_external(wanted: Wanted) -> None:
    names = {"OWNER_DATABASE_URL": wanted.owner, "JOBS_DATABASE_URL": wanted.jobs}
    missing = [name for name, value in names.items() if not value]
    if missing:
        raise Trouble(
            f"DATABASE_URL names a PostgreSQL of your own, so {' and '.join(missing)} must be set too:\n"
            "  DATABASE_URL        the login yhteiso_web, for the web server\n"
            "  JOBS_DATABASE_URL   the login yhteiso_jobs, for the worker and its timetable\n"
            "  OWNER_DATABASE_URL  the login yhteiso_owner, for migrations only\n"
            "docs/settings.md tells how to make these logins. Without DATABASE_URL an own PostgreSQL is started."
        )
    if not (wanted.field_keys and wanted.blind_key):
        raise Trouble(
            "DATABASE_URL names a PostgreSQL of your own, so FIELD_KEYS and BLIND_KEY must be set too: without them the\n"
            "identity codes in it can never be read again. docs/settings.md tells how to make them."
        )
    if wanted.demo:
        raise Trouble("DEMO=1 works only with the embedded database, never with one that DATABASE_URL names.")


class Instance:
    """One folder with its locks, passwords, PostgreSQL and Valkey."""

    def __init__(
        self, places: Places, home: Path, taken: locks.Locks, wanted: Wanted, *, throwaway: bool,
        settings: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.places = places
        self.settings = settings if settings is not None else THROWAWAY if throwaway else {}
        self.home = home
        self.locks = taken
        self.wanted = wanted
        self.throwaway = throwaway
        self.passwords = passwords.load_or_generate(home / "passwords.json")
        self.logs = home / "log"
        self.crew = Crew(held=[taken.servers.fileno()])
        self._postgres: Postgres | None = None
        self._valkey: valkey.Valkey | None = None

    def start(self) -> Addresses:
        """Starts what is not given from outside, and makes logins, hats and the database. Raises Trouble."""
        private_folder(self.logs)
        if not self.wanted.external_database:
            self._postgres = self._make_postgres()
            self._postgres.ensure_cluster(self.crew)
        with step(self._what_starts()):
            if not self.wanted.redis:
                self._valkey = self._make_valkey()
                self._valkey.start(self.crew)
            if self._postgres:
                self._postgres.start(self.crew)
                self._postgres.wait(self.crew)
            if self._valkey:
                self._valkey.wait(self.crew)
            elif not valkey.answers(self.wanted.redis):
                raise Trouble("The server that REDIS_URL names does not answer.")
        return self._addresses(self._ensure_database())

    def stop(self) -> None:
        """Stops everything in order and lets the next command in; a throw-away instance is removed."""
        self.locks.note({"stopping": True})
        self.crew.stop_all()
        if self.throwaway:
            _remove(self.home)
        self.locks.release()

    def restart_postgres(self) -> None:
        """Start the embedded PostgreSQL that somebody has killed, as after a crash, and wait until it answers."""
        if self._postgres is None:
            raise Trouble("PostgreSQL is not ours to start.")
        self._forget("PostgreSQL")
        self._postgres.ensure_cluster(self.crew)
        self._postgres.start(self.crew)
        self._postgres.wait(self.crew)

    def restart_valkey(self) -> None:
        """Start the embedded Valkey that somebody has killed (a throw-away one is empty then) and wait for it."""
        if self._valkey is None:
            raise Trouble("Valkey is not ours to start.")
        self._forget("Valkey")
        self._valkey.start(self.crew)
        self._valkey.wait(self.crew)

    def _forget(self, name: str) -> None:
        """Wait until the killed server and all that it had started are gone."""
        for one in [one for one in self.crew.running if one.program.name == name]:
            one.keeper.wait()
            self.crew.running.remove(one)

    def _what_starts(self) -> str:
        database = "Asking" if self.wanted.external_database else "Starting PostgreSQL"
        if self.wanted.redis:
            return "Asking the server of REDIS_URL" if self.wanted.external_database else f"{database}, asking the broker"
        return "Starting Valkey" if self.wanted.external_database else f"{database} and Valkey"

    def _ensure_database(self) -> bool:
        if self._postgres is None:
            return False
        name = TEST_DATABASE if self.throwaway else DATABASE
        asked = self.wanted.demo if self.wanted.demo is not None else not self.throwaway
        with step("Making sure of logins, hats and the database"):
            marked = self._postgres.ensure_database(name, demo=asked)
        if self.wanted.demo is not None and marked != self.wanted.demo:
            made = "for demonstration" if marked else "without demonstration"
            raise Trouble(
                f"The database here was made {made}, and that mark never changes.\n"
                f"Start it with DEMO={int(marked)}, or remove it with `make reset` and start again."
            )
        return marked

    def _addresses(self, demo: bool) -> Addresses:
        redis = self._valkey.url if self._valkey else self.wanted.redis
        keys = {
            name: getattr(self.wanted, name) or getattr(self.passwords, name)
            for name in ("secret_key", "field_keys", "blind_key")
        }
        if self._postgres is None:
            w = self.wanted
            return Addresses(w.owner, w.web, w.jobs, redis, **keys, demo=False, embedded=False)
        name = TEST_DATABASE if self.throwaway else DATABASE
        urls = {
            login: passwords.database_url(login, word, folder=self._postgres.sockets, database=name)
            for login, word in self.passwords.logins().items()
        }
        return Addresses(
            owner=urls["yhteiso_owner"],
            web=urls["yhteiso_web"],
            jobs=urls["yhteiso_jobs"],
            redis=redis,
            **keys,
            demo=demo,
            embedded=True,
        )

    def _make_postgres(self) -> Postgres:
        return Postgres(
            programs=self.places.postgres_programs(),
            home=self.home,
            sockets=socket_folder(self.home, self.places.account),
            account=self.places.account,
            passwords=self.passwords,
            log=self.logs / "postgres.log",
            settings=self.settings,
        )

    def _make_valkey(self) -> valkey.Valkey:
        return valkey.Valkey(
            program=self.places.valkey_program(),
            home=self.home,
            account=self.places.account,
            password=self.passwords.valkey,
            port=valkey.free_port(),
            log=self.logs / "valkey.log",
            throwaway=self.throwaway,
        )


def open_run(places: Places, wanted: Wanted) -> Instance | None:
    """The instance that people work with; None when another command has it."""
    home = _home(places, "run")
    taken = locks.take(home)
    return None if taken is None else Instance(places, home, taken, wanted, throwaway=False)


def open_throwaway(places: Places, *, demo: bool = False, settings: Mapping[str, str] = THROWAWAY) -> Instance:
    """A new instance for tests, on embedded servers whatever the environment says; removes those of killed commands.

    `settings` are PostgreSQL's own: without others it does not care for a power cut.
    """
    top = _home(places, "test")
    with locks.short(top):
        _sweep(top)
        home = _home(places, f"test/{uuid.uuid4().hex[:8]}")
        taken = locks.take(home)
    if taken is None:
        raise Trouble(f"Somebody else has locked {home}.")
    nothing = Wanted(owner="", web="", jobs="", redis="", secret_key="", field_keys="", blind_key="", demo=demo)
    return Instance(places, home, taken, nothing, throwaway=True, settings=settings)


def run_home(places: Places) -> Path:
    """The folder of the instance that people work with."""
    return _home(places, "run")


def _home(places: Places, name: str) -> Path:
    return private_folder(places.base / name, group=places.account.gid if places.account else None)


def _sweep(top: Path) -> None:
    for home in filter(Path.is_dir, top.iterdir()):
        taken = locks.take(home, wait=False)
        if taken is not None:
            _remove(home)
            taken.release()


def _remove(home: Path) -> None:
    """Removes an instance's folder, and its socket folder when that lies elsewhere."""
    note = home / "socket.txt"
    if note.exists():
        shutil.rmtree(note.read_text(encoding="utf-8").strip(), ignore_errors=True)
    shutil.rmtree(home)
