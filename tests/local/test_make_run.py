"""`make run` whole, in a copy of this checkout: it comes up, tells each process its own login only, leaves nothing."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.local.processes_seen import Process, below, survivors, wait_for
from yhteiso.local import application, valkey
from yhteiso.local.instance import run_home
from yhteiso.local.locks import holder
from yhteiso.local.places import CHECKOUT, Places, find_places

pytestmark = pytest.mark.deep

OF_THIS_RUN = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEMO", "ARGS", "PORT"}
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".local", "node_modules", "__pycache__", "tests", "docs", ".*_cache")


@dataclass
class Copy:
    """A copy of the checkout with this one's packages, and a port for its web server."""

    checkout: Path
    places: Places
    port: int
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def make(self, *words: str) -> subprocess.Popen[str]:
        """Starts `make` there, with the output in the file `said`."""
        environment = {name: value for name, value in os.environ.items() if name not in OF_THIS_RUN}
        with (self.checkout / "said").open("w") as said:
            made = subprocess.Popen(
                ["make", *words, f"PORT={self.port}"],
                cwd=self.checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self.started.append(made)
        return made

    def said(self) -> str:
        """What the last `make` has said so far."""
        return (self.checkout / "said").read_text()

    def up(self) -> tuple[subprocess.Popen[str], float]:
        """Starts the application and waits; the seconds that it says it took."""
        made = self.make("run")
        assert wait_for(lambda: "ready after" in self.said() or made.poll() is not None, seconds=100), self.said()
        found = re.search(r"ready after ([\d.]+) s", self.said())
        assert found, self.said()
        return made, float(found[1])


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The copy, removed with its data at the end."""
    checkout = tmp_path_factory.mktemp("whole") / "a copy ä"
    shutil.copytree(CHECKOUT, checkout, ignore=LEFT_OUT)
    (checkout / ".venv").symlink_to(CHECKOUT / ".venv")
    made = Copy(checkout=checkout, places=find_places(checkout), port=valkey.free_port())
    yield made
    for one in made.started:
        one.terminate()
        one.wait()
    shutil.rmtree(made.places.base)


def _named(processes: set[Process], word: str) -> list[int]:
    return [pid for pid, _ in processes if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]


@pytest.mark.timeout(240)
def test_make_run_from_nothing_to_a_killed_manager(copy: Copy) -> None:
    """First start, a look inside, an orderly stop, a quick second start, and `kill -9`."""
    made, _ = copy.up()
    everything = below(made.pid)
    assert f"http://127.0.0.1:{copy.port}/" in copy.said()
    assert application.healthy(copy.port)
    facts = holder(run_home(copy.places))
    _each_knows_its_own_login_only(everything, facts["addresses"])

    second = copy.make("run")
    assert second.wait(timeout=30) != 0
    assert f"already runs in this checkout (process {facts['pid']})" in copy.said()

    os.kill(facts["pid"], signal.SIGINT)
    assert made.wait(timeout=60) == 0
    assert survivors(everything, seconds=0) == set()

    made, seconds = copy.up()
    assert seconds < 8
    everything = below(made.pid)
    assert copy.make("manage", "ARGS=check").wait(timeout=60) == 0, copy.said()
    assert application.healthy(copy.port), "a command by hand does not disturb what runs"
    os.kill(holder(run_home(copy.places))["pid"], signal.SIGKILL)
    made.wait()
    assert survivors(everything, seconds=30) == set()


def _each_knows_its_own_login_only(everything: set[Process], addresses: dict[str, str]) -> None:
    owner = addresses["owner"].split("@")[0]
    for word, login in (("granian", "yhteiso_web"), ("worker", "yhteiso_jobs"), ("beat", "yhteiso_jobs")):
        found = _named(everything, word)
        assert found, word
        for pid in found:
            environment = Path(f"/proc/{pid}/environ").read_text()
            assert f"DATABASE_URL=postgresql://{login}:" in environment
            assert owner.split(":")[-1] not in environment


def test_a_taken_port_stops_before_anything_is_started(copy: Copy) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        copy.port = taken.getsockname()[1]
        assert copy.make("run").wait(timeout=30) != 0
    assert f"Port {copy.port} is taken" in copy.said()
    assert "make run PORT=" in copy.said()
    assert "Starting" not in copy.said()
