"""The manager and its keepers, with real programs: order, signals, time limits, and nothing left behind."""

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.local.processes_seen import alive, below, process, survivors, wait_for
from yhteiso.local.console import Trouble
from yhteiso.local.processes import Crew, Program

HERE = Path(__file__).resolve().parents[2]

# Says that it runs, and has a grandchild in a session of its own, as daemons do.
DAEMON = """
import os, pathlib, signal, sys, time
{signals}
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        pathlib.Path("grandchild").write_text(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
pathlib.Path("child").write_text(str(os.getpid()))
{then}
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def program(folder: Path, code: str, **more: object) -> Program:
    settings: dict[str, object] = {
        "name": "Program",
        "command": [sys.executable, "-c", textwrap.dedent(code)],
        "environment": {"PATH": os.defpath, "ONLY": "this"},
        "log": folder / "program.log",
        "cwd": folder,
        "stop_seconds": 5.0,
    }
    return Program(**(settings | more))  # type: ignore[arg-type]


def daemon(folder: Path, *, signals: str = "", then: str = "time.sleep(600)", **more: object) -> Program:
    return program(folder, DAEMON.format(signals=signals, then=then), **more)


def pids(folder: Path) -> list[int]:
    """The numbers that a daemon has written down."""
    notes = [folder / "child", folder / "grandchild"]
    assert wait_for(lambda: all(note.exists() and note.read_text() for note in notes), seconds=10)
    return [int(note.read_text()) for note in notes]


def test_a_stopped_program_leaves_nothing_of_its_subtree(crew: Crew, home: Path) -> None:
    crew.start(daemon(home))
    running = [process(pid) for pid in pids(home)]
    crew.stop_all()
    assert not any(alive(one) for one in running)


def test_a_program_that_ends_by_itself_leaves_nothing_either(crew: Crew, home: Path) -> None:
    crew.start(daemon(home, then="time.sleep(0.3); sys.exit(3)"))
    running = [process(pid) for pid in pids(home)]
    assert survivors(running, seconds=6) == set()
    assert crew.running[0].keeper.wait() == 3
    assert "exit code 3" in str(crew.running[0].failure())


def test_a_stubborn_program_is_killed_when_its_time_is_over(
    crew: Crew, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crew.start(daemon(home, signals=STUBBORN, stop_seconds=0.3))
    running = [process(pid) for pid in pids(home)]
    crew.stop_all()
    assert not any(alive(one) for one in running)
    assert "was killed" in capsys.readouterr().out


def test_a_second_ctrl_c_is_quick(crew: Crew, home: Path) -> None:
    crew.start(daemon(home, signals=STUBBORN, stop_seconds=60))
    running = [process(pid) for pid in pids(home)]
    began = time.monotonic()
    hurry = subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(0.3); os.kill({os.getpid()}, 2)"])
    crew.stop_all()
    assert hurry.wait() == 0
    assert time.monotonic() - began < 20
    assert not any(alive(one) for one in running)


def test_the_last_started_stops_first(crew: Crew, home: Path) -> None:
    note = """
        import pathlib, signal, sys, time
        def stop(*_):
            with open("order", "a") as order: order.write(NAME)
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        pathlib.Path(NAME).touch()
        time.sleep(600)
    """
    for name in "abc":
        crew.start(program(home, f"NAME = {name!r}\n" + textwrap.dedent(note)))
    assert wait_for(lambda: all((home / name).exists() for name in "abc"), seconds=10)
    crew.stop_all()
    assert (home / "order").read_text() == "cba"


def test_a_program_gets_its_own_environment_and_nothing_else(
    crew: Crew, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNER_DATABASE_URL", "postgresql://secret")
    crew.complete(program(home, "import os; print(sorted(os.environ))"), complaint="?")
    shown = (home / "program.log").read_text()
    assert "'ONLY'" in shown
    assert "OWNER_DATABASE_URL" not in shown


def test_a_program_has_neither_our_lock_nor_our_lifeline(home: Path) -> None:
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        crew = Crew(held=[lock.fileno()])
        listing = program(
            home,
            "import os; print(sorted(os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')[:-1]))",
        )
        crew.complete(listing, complaint="?")
    shown = (home / "program.log").read_text()
    assert "/dev/null" in shown
    assert "/lock" not in shown
    assert "pipe:" not in shown


def test_a_failing_command_shows_the_end_of_its_log(crew: Crew, home: Path) -> None:
    with pytest.raises(Trouble, match=r"It did not work\..*\n.*no such table"):
        crew.complete(program(home, "import sys; print('no such table'); sys.exit(1)"), complaint="It did not work.")
    assert crew.running == []


def test_a_program_that_is_not_there_is_a_failure_with_its_name(crew: Crew, home: Path) -> None:
    with pytest.raises(Trouble, match="/no/such/program"):
        crew.complete(program(home, "", command=["/no/such/program"]), complaint="?")


def test_waiting_ends_when_a_program_dies(crew: Crew, home: Path) -> None:
    crew.start(program(home, "print('bind: address in use'); raise SystemExit(2)"))
    with pytest.raises(Trouble, match="address in use"):
        crew.wait_until(lambda: False, what="It", seconds=20)


def test_waiting_has_an_end(crew: Crew, home: Path) -> None:
    crew.start(program(home, "import time; time.sleep(600)"))
    with pytest.raises(Trouble, match="It is not ready after 0 s"):
        crew.wait_until(lambda: False, what="It", seconds=0.2)


MANAGER = """
import os, pathlib, sys, time
from tests.local.test_processes import daemon, STUBBORN
from yhteiso.local import locks
from yhteiso.local.processes import Crew
top = pathlib.Path(sys.argv[1])
taken = locks.take(top)
crew = Crew(held=[taken.servers.fileno()])
for name in ("one", "two"):
    (top / name).mkdir()
    crew.start(daemon(top / name, signals=STUBBORN if name == "two" else "", stop_seconds=1.0))
time.sleep(600)
"""


@pytest.fixture
def manager(home: Path) -> subprocess.Popen[bytes]:
    """A manager in another process, with two daemons (one of them stubborn) and the folder's locks."""
    return subprocess.Popen(
        [sys.executable, "-c", MANAGER, str(home)], cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)}
    )


def test_killing_the_manager_leaves_no_process(manager: subprocess.Popen[bytes], home: Path) -> None:
    daemons = [process(pid) for name in ("one", "two") for pid in pids(home / name)]
    everything = below(manager.pid) | set(daemons)
    assert len(everything) >= 6, "two keepers, two children, two grandchildren"
    manager.kill()
    manager.wait()
    assert survivors(everything, seconds=15) == set()


def test_killing_a_keeper_stops_its_program(manager: subprocess.Popen[bytes], home: Path) -> None:
    child, grandchild = pids(home / "one")
    keeper = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
    one = process(child)
    os.kill(keeper, signal.SIGKILL)
    assert survivors([one], seconds=5) == set()
    os.kill(grandchild, signal.SIGKILL)  # a daemon of its own, and nobody is left to end it
    manager.terminate()
    manager.wait()
