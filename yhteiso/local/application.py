"""The application's own processes: what each may know, how it is started, and when it is well."""

import hashlib
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from celery import Celery

from yhteiso.local.console import Trouble, say, step
from yhteiso.local.instance import Addresses, Instance
from yhteiso.local.passwords import write_private
from yhteiso.local.places import CHECKOUT
from yhteiso.local.processes import Crew, Program, Running

# Never handed down: other logins' addresses, and what would turn make another way.
SECRETS = {"DATABASE_URL", "OWNER_DATABASE_URL", "JOBS_DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "BLIND_KEY"}
PRIVATE = SECRETS | {f"{name}_FILE" for name in SECRETS}
PRIVATE |= {"ARGS", "PORT", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
DEFAULT_PORT = 8000
RESTARTS = 5
RESTART_SECONDS = 60.0


def environment(
    addresses: Addresses, database_url: str, extra: Mapping[str, str] | None = None, *, keys: bool = True
) -> dict[str, str]:
    """The whole environment of one process: its own login's address and no other secret than it needs.

    `keys` are those of encrypted fields, which the jobs never open.
    """
    kept = {name: value for name, value in os.environ.items() if name not in PRIVATE}
    if addresses.embedded:
        # libpq would read them too.
        kept = {name: value for name, value in kept.items() if not name.startswith("PG")}
    return kept | {
        "DATABASE_URL": database_url,
        "REDIS_URL": addresses.redis,
        "SECRET_KEY": addresses.secret_key,
        "DEMO": "1" if addresses.demo else "0",
        "DJANGO_SETTINGS_MODULE": "yhteiso.settings",
        **({"FIELD_KEYS": addresses.field_keys, "BLIND_KEY": addresses.blind_key} if keys else {}),
        **(extra or {}),
    }


def manage(instance: Instance, addresses: Addresses, *arguments: str) -> Program:
    """A `manage.py` command as the owner of the database."""
    return Program(
        name=f"manage.py {arguments[0]}" if arguments else "manage.py",
        command=[sys.executable, "manage.py", *arguments],
        environment=environment(addresses, addresses.owner),
        log=instance.logs / "prepare.log",
        cwd=CHECKOUT,
    )


def check_port(text: str) -> int:
    """The port that the web server may use. Raises Trouble when it is no port or is taken."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Trouble(f"PORT must be a number from 1 to 65535, not {text!r}.")
    port = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise Trouble(f"Port {port} is reserved for root. Choose another: make run PORT=8001") from error
        except OSError as error:
            other = port + 1 if port < 65535 else DEFAULT_PORT
            raise Trouble(
                f"Port {port} is taken by another program. Choose another one: make run PORT={other}\n"
                f"(`ss -ltnp 'sport = :{port}'` shows the program.)"
            ) from error
    return port


def prepare(instance: Instance, addresses: Addresses) -> str:
    """Migrations, translations, static files and, in demonstration mode, its people; returns their accounts to print.

    When nothing in the checkout has changed since the last time on the same embedded database, it is not done again.
    """
    note = instance.home / "prepared.json"
    found = _fingerprint(CHECKOUT)
    if addresses.embedded and note.exists():
        before = json.loads(note.read_text(encoding="utf-8"))
        if before["fingerprint"] == found and (CHECKOUT / ".local" / "static").exists():
            return str(before["accounts"])
    forget_prepared(instance.home)
    accounts = instance.home / "accounts.txt"
    with step("Migrating, translating and collecting" + (", demonstration data" if addresses.demo else "")):
        program = manage(instance, addresses, "prepare", "--accounts", str(accounts))
        instance.crew.complete(program, complaint="The database could not be prepared.")
    text = accounts.read_text(encoding="utf-8")
    # Translations and static files were written into the checkout just now: they count as seen.
    write_private(note, json.dumps({"fingerprint": _fingerprint(CHECKOUT), "accounts": text}))
    return text


def forget_prepared(home: Path) -> None:
    """Makes the next start prepare again: somebody may have changed the database by hand."""
    (home / "prepared.json").unlink(missing_ok=True)


def _fingerprint(checkout: Path) -> str:
    """Changes when any source file of ours is added, removed or written."""
    digest = hashlib.sha256(sys.version.encode())
    tops = ["yhteiso", "networks", "cases", "meetings", "metrics", "templates", "static", "locale"]
    for path in sorted(_files(checkout / top for top in tops)):
        found = path.stat()
        digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    for name in ("requirements.txt", "manage.py"):
        digest.update((checkout / name).read_bytes())
    return digest.hexdigest()


def _files(tops: Iterable[Path]) -> Iterable[Path]:
    for top in tops:
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name not in {"__pycache__", "node_modules"}]
            yield from (Path(folder, name) for name in names)


def start(instance: Instance, addresses: Addresses, port: int) -> None:
    """Starts web, worker, beat and clock together, and waits until all are well. Raises Trouble when one is not."""
    crew = instance.crew
    node = _node()
    with step("Starting worker, beat, clock and web"):
        for program in programs(instance, addresses, port).values():
            crew.start(program)
        crew.wait_until(lambda: healthy(port), what="The web server", seconds=90)
        broker = Celery(broker=addresses.redis, set_as_current=False)
        crew.wait_until(lambda: bool(broker.control.ping([node], timeout=0.3)), what="The worker", seconds=60)
        broker.close()


def programs(instance: Instance, addresses: Addresses, port: int) -> dict[str, Program]:
    """The application's own programs, in the order in which they start."""
    return {
        "worker": _worker(instance, addresses, _node(), port),
        "beat": _beat(instance, addresses),
        "clock": _clock(instance, addresses),
        "web": _web(instance, addresses, port),
    }


def _node() -> str:
    return f"yhteiso-{os.environ['YHTEISO_RUN_ID']}@localhost"


def _web(instance: Instance, addresses: Addresses, port: int) -> Program:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--workers-kill-timeout", "5", "--no-ws", "yhteiso.wsgi:application"]
    return Program(
        name="The web server",
        command=command,
        environment=environment(addresses, addresses.web),
        log=instance.logs / "web.log",
        cwd=CHECKOUT,
    )


def _worker(instance: Instance, addresses: Addresses, node: str, port: int) -> Program:
    command = [sys.executable, "-m", "celery", "-A", "yhteiso", "worker", "--concurrency", "2", "--loglevel", "INFO"]
    command += ["--hostname", node, "--without-gossip", "--without-mingle"]
    site = {"BASE_URL": f"http://127.0.0.1:{port}"} if addresses.demo else {}  # where the demonstration's messages lead
    return Program(
        name="The worker",
        command=command,
        environment=environment(addresses, addresses.jobs, site, keys=False),
        log=instance.logs / "worker.log",
        cwd=CHECKOUT,
        stop_seconds=15,
    )


def _beat(instance: Instance, addresses: Addresses) -> Program:
    schedule = instance.home / "beat-schedule"
    command = [sys.executable, "-m", "celery", "-A", "yhteiso", "beat", "--schedule", str(schedule), "--pidfile="]
    return Program(
        name="The timetable (beat)",
        command=[*command, "--loglevel", "INFO"],
        environment=environment(addresses, addresses.jobs, keys=False),
        log=instance.logs / "beat.log",
        cwd=CHECKOUT,
    )


def _clock(instance: Instance, addresses: Addresses) -> Program:
    """What tells and sends without the broker, beside the worker: whichever comes first does it."""
    return Program(
        name="The clock",
        command=[sys.executable, "manage.py", "clock"],
        environment=environment(addresses, addresses.jobs, keys=False),
        log=instance.logs / "clock.log",
        cwd=CHECKOUT,
        stop_seconds=15,
    )


def healthy(port: int) -> bool:
    """Whether the web server and its database answer."""
    # Never through a proxy that the environment may name: this is our own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/health/live/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def watch(crew: Crew) -> None:
    """Looks after the programs until somebody stops us: one that ends by itself is started again, but not for ever."""
    ended: list[float] = []
    while True:
        for one in list(crew.running):
            if not one.alive():
                ended = [moment for moment in ended if time.monotonic() - moment < RESTART_SECONDS]
                ended.append(time.monotonic())
                if len(ended) > RESTARTS:
                    raise one.failure()
                _restart(crew, one)
        time.sleep(0.5)


def _restart(crew: Crew, one: Running) -> None:
    say(f"{one.failure()}\n  Starting it again.")
    # In its old place, so that the order of stopping stays.
    place = crew.running.index(one)
    crew.start(one.program)
    crew.running[place] = crew.running.pop()
