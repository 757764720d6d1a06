"""One manager for a folder, and none before the last one's programs have ended."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.local.processes_seen import process, survivors, wait_for
from tests.local.test_processes import HERE, MANAGER, pids
from yhteiso.local import locks


def test_the_second_manager_is_told_who_the_first_is(home: Path) -> None:
    first = locks.take(home)
    assert first is not None
    first.note({"port": 8000})
    assert locks.take(home) is None
    assert locks.holder(home) == {"pid": os.getpid(), "port": 8000}
    first.release()
    second = locks.take(home)
    assert second is not None
    assert "port" not in locks.holder(home), "the note of the first is gone"
    second.release()


def test_a_manager_that_is_stopping_is_waited_for(home: Path) -> None:
    first = locks.take(home)
    assert first is not None
    first.note({"stopping": True})
    assert locks.take(home, wait=False) is None
    threading.Timer(0.3, first.release).start()
    second = locks.take(home)
    assert second is not None
    second.release()


def test_notes_are_for_us_alone(home: Path) -> None:
    taken = locks.take(home)
    assert taken is not None
    assert (home / "manager.lock").stat().st_mode & 0o777 == 0o600
    taken.release()


def test_a_new_manager_waits_for_the_programs_of_a_killed_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = subprocess.Popen([sys.executable, "-c", MANAGER, str(home)], cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)})
    daemons = [process(pid) for name in ("one", "two") for pid in pids(home / name)]
    assert locks.take(home) is None
    old.kill()
    old.wait()
    assert wait_for(lambda: locks.take(home, wait=False) is None, seconds=1), "one of them takes a second to end"
    new = locks.take(home)
    assert new is not None
    assert "interrupted start" in capsys.readouterr().out
    assert survivors(daemons, seconds=0.1) == set()
    new.release()
