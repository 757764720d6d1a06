"""The commands behind `make`, once `.venv` is complete: run, test, check, drill, manage, shell, seed, reset."""

import contextlib
import ctypes
import os
import shlex
import shutil
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from yhteiso.local import application, checks, drill, instance, keeper, libraries, locks
from yhteiso.local.console import Trouble, say, step
from yhteiso.local.instance import Addresses, Instance
from yhteiso.local.places import CHECKOUT, Places, find_places
from yhteiso.local.processes import Crew, Program


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code. A Trouble becomes its sentence, a Ctrl-C an orderly stop."""
    os.environ["YHTEISO_RUN_ID"] = uuid.uuid4().hex[:12]
    _stop_on_signals()
    command = COMMANDS.get(arguments[0] if arguments else "")
    if command is None:
        say(f"No such command. There are: {', '.join(COMMANDS)}")
        return 2
    try:
        return command(find_places(), shlex.split(os.environ.get("ARGS", "")))
    except Trouble as trouble:
        say(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def run(places: Places, _: list[str]) -> int:
    """`make run`: everything, until somebody stops it."""
    began = time.monotonic()
    wanted = instance.read_wanted(os.environ)
    one = instance.open_run(places, wanted)
    if one is None:
        raise Trouble(_busy(places))
    with _stopping(one):
        port = application.check_port(os.environ.get("PORT") or str(application.DEFAULT_PORT))
        libraries.ensure_pango()
        addresses = one.start()
        accounts = application.prepare(one, addresses)
        application.start(one, addresses, port)
        one.locks.note(_notes(addresses, port))
        say(f"\nYhteiso is ready after {time.monotonic() - began:.1f} s:  http://127.0.0.1:{port}/")
        say(f"\n{accounts.rstrip()}\n" if accounts else "")
        say(f"Logs: {one.logs}.  Ctrl-C stops everything.")
        with contextlib.suppress(KeyboardInterrupt):
            application.watch(one.crew)
    return 0


def test(places: Places, arguments: list[str]) -> int:
    """`make test`: pytest on servers of its own; its exit code is ours."""
    return _tests(places, ["-m", "not deep", *(arguments or ["-n", "2"])], {})


def test_deep(places: Places, arguments: list[str]) -> int:
    """`make test-deep`: the long runs, with the spaces whole."""
    return _tests(places, ["-m", "deep", *arguments], {"DEEP": "1"})


def mutate(places: Places, arguments: list[str]) -> int:
    """`make mutate ARGS="cases/access.py"`: would the tests notice a mistake in that file?"""
    return _tests(places, arguments or ["cases/access.py"], {}, module="tests.mutate")


def fault_drill(places: Places, arguments: list[str]) -> int:
    """`make drill`: processes are killed while deadlines come due; 0 when nobody was forgotten and nobody told twice."""
    libraries.ensure_pango()
    return drill.main(places, arguments)


def check(places: Places, _: list[str]) -> int:
    """`make check`: linters, types, contracts, migrations, deployment settings."""
    one = instance.open_throwaway(places)
    with _stopping(one, quietly=True):
        return 1 if checks.run(one, one.start()) else 0


def manage(places: Places, arguments: list[str]) -> int:
    """`make manage ARGS="…"`: Django's commands as the database's owner, on the running servers or on started ones."""
    with _database(places) as (one_home, addresses):
        # Whatever the command does, the next start looks again whether everything is in place.
        application.forget_prepared(one_home)
        program = Program(
            name="manage.py",
            command=[sys.executable, "manage.py", *arguments],
            environment=application.environment(addresses, addresses.owner),
            log=one_home / "log" / "manage.log",
            cwd=CHECKOUT,
        )
        return Crew().foreground(program)


def shell(places: Places, arguments: list[str]) -> int:
    """`make shell`: Python with the models at hand."""
    return manage(places, ["shell", *arguments])


def seed(places: Places, arguments: list[str]) -> int:
    """`make seed`: loads the demonstration data, or what is missing of it."""
    return manage(places, ["seed_demo", *arguments])


def reset(places: Places, arguments: list[str]) -> int:
    """`make reset`: removes the embedded database of `make run` with everything in it."""
    home = instance.run_home(places)
    taken = locks.take(home)
    if taken is None:
        raise Trouble(_busy(places))
    if arguments != ["--yes"]:
        say(f"This removes the database in {home} and everything in it.")
        if not sys.stdin.isatty() or input("Type yes to go on: ").strip() != "yes":
            say("Nothing was removed. Without a terminal: make reset ARGS=--yes")
            return 1
    shutil.rmtree(home)
    taken.release()
    say("Removed. The next `make run` makes a new one.")
    return 0


COMMANDS: Mapping[str, Callable[[Places, list[str]], int]] = {
    "run": run,
    "test": test,
    "test-deep": test_deep,
    "check": check,
    "mutate": mutate,
    "drill": fault_drill,
    "manage": manage,
    "shell": shell,
    "seed": seed,
    "reset": reset,
}


def _tests(places: Places, arguments: list[str], extra: Mapping[str, str], *, module: str = "pytest") -> int:
    libraries.ensure_pango()
    browser = libraries.ensure_chromium(CHECKOUT / ".local")
    one = instance.open_throwaway(places)
    with _stopping(one, quietly=True):
        addresses = one.start()
        environment = application.environment(
            addresses,
            addresses.owner,
            {
                "TEST_WEB_PASSWORD": one.passwords.web,
                "TEST_JOBS_PASSWORD": one.passwords.jobs,
                **({"CHROMIUM": browser} if browser else {}),
                **extra,
            },
        )
        say(f"  {module} {shlex.join(arguments)}\n")
        program = Program(
            name="pytest",
            command=[sys.executable, "-m", module, *arguments],
            environment=environment,
            log=one.logs / "pytest.log",
            cwd=CHECKOUT,
            stop_signal=signal.SIGINT,
            stop_seconds=30,
        )
        return one.crew.foreground(program)


@contextlib.contextmanager
def _stopping(one: Instance, *, quietly: bool = False) -> Iterator[None]:
    """Whatever happens inside, everything that was started is stopped afterwards."""
    try:
        yield
    finally:
        if one.crew.running and not quietly:
            say()
            with step("Stopping everything"):
                one.stop()
        else:
            one.stop()


@contextlib.contextmanager
def _database(places: Places) -> Iterator[tuple[Path, Addresses]]:
    """The servers that `make run` has running, or started ones for this moment."""
    wanted = instance.read_wanted(os.environ)
    one = instance.open_run(places, wanted)
    if one is not None:
        with _stopping(one, quietly=True):
            addresses = one.start()
            yield one.home, addresses
        return
    facts = locks.holder(instance.run_home(places))
    if "addresses" not in facts:
        raise Trouble(_busy(places))
    yield instance.run_home(places), Addresses(**facts["addresses"])


def _notes(addresses: Addresses, port: int) -> dict[str, object]:
    return {"port": port, "addresses": vars(addresses)}


def _busy(places: Places) -> str:
    facts = locks.holder(instance.run_home(places))
    process = f" (process {facts['pid']})" if "pid" in facts else ""
    if "port" in facts:
        return f"Yhteiso already runs in this checkout{process}: http://127.0.0.1:{facts['port']}/"
    return f"Another command starts or uses this checkout's servers{process}. Wait for it or stop it, then try again."


def _stop_on_signals() -> None:
    """SIGTERM, a closed terminal and the end of `make` itself take the way of a Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if os.environ.get("MAKELEVEL"):
        ctypes.CDLL(None).prctl(keeper.PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
