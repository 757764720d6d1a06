"""The drill's programs: real processes under a supervisor, which starts again whatever was killed, as systemd would."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from yhteiso.local import application
from yhteiso.local.instance import Addresses, Instance
from yhteiso.local.places import CHECKOUT
from yhteiso.local.processes import Crew, Program, Running

# What each says in its log when it has begun to work.
AT_WORK = {"worker": "ready.", "beat": "beat: Starting", "clock": "the clock is at work", "relay": "the relay is at work"}


@dataclass
class Member:
    """One program that is kept running: its start of now, and where its log stood then."""

    running: Running
    log_from: int
    since: float

    def pid(self) -> int | None:
        """The program itself, below its keeper."""
        return next(iter(children(self.running.keeper.pid)), None)


class Band:
    """The application's programs by name. Its supervisor runs in a thread until `stop`."""

    def __init__(self, instance: Instance, addresses: Addresses, port: int, extra: Mapping[str, str]) -> None:
        found = application.programs(instance, addresses, port)
        found["relay"] = _relay(found["clock"])
        self.port = port
        self.programs = {
            name: replace(
                program, name=name, log=instance.logs / f"{name}.log", environment={**program.environment, **extra}
            )
            for name, program in found.items()
        }
        self.crew = Crew(held=[instance.locks.servers.fileno()])
        self.members: dict[str, Member] = {}
        self.lock = threading.RLock()
        self.restarts = 0
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._supervise, daemon=True)

    def start(self) -> None:
        """All of them, and the supervisor."""
        for name in self.programs:
            self._begin(name)
        self._keeper.start()

    def stop(self) -> None:
        """The supervisor first, then the programs in order."""
        self._ended.set()
        self._keeper.join()
        self.crew.stop_all()

    def add(self, name: str, like: str) -> None:
        """One more of a kind, kept running under a name of its own (a second beat)."""
        program = self.programs[like]
        command = [f"{word}-{name}" if "schedule" in str(word) and "/" in str(word) else word for word in program.command]
        with self.lock:
            self.programs[name] = replace(program, name=name, command=command, log=program.log.with_name(f"{name}.log"))
            self._begin(name)

    def drop(self, name: str) -> int | None:
        """Kill one for good: nobody starts it again."""
        with self.lock:
            member = self.members.pop(name)
            pid = member.pid()
            if pid:
                os.kill(pid, signal.SIGKILL)
            member.running.keeper.wait()
            self.crew.running.remove(member.running)
        return pid

    def pid(self, name: str) -> int | None:
        """The program itself; None while it is being started again."""
        with self.lock:
            member = self.members[name]
            return member.pid() if member.running.alive() else None

    def at_work(self, name: str) -> bool:
        """Whether it has come up after its last start."""
        with self.lock:
            member = self.members[name]
            if not member.running.alive():
                return False
            if name == "web":
                return application.healthy(self.port) and len(children(member.pid() or 0)) >= 2
            log = member.running.program.log
            with log.open("rb") as file:
                file.seek(member.log_from)
                said = AT_WORK[name.partition("-")[0]].encode() in file.read()
            return said and (name != "worker" or len(children(member.pid() or 0)) >= 2)

    def await_work(self, name: str, seconds: float = 60) -> bool:
        """Waits until it is at work."""
        return wait(lambda: self.at_work(name), seconds)

    def pids(self) -> set[int]:
        """Every process of every program."""
        with self.lock:
            tops = [member.pid() for member in self.members.values()]
        return {pid for top in tops if top for pid in (top, *below(top))}

    def _begin(self, name: str) -> None:
        program = self.programs[name]
        start = program.log.stat().st_size if program.log.exists() else 0
        self.members[name] = Member(self.crew.start(program), start, time.monotonic())

    def _supervise(self) -> None:
        while not self._ended.wait(0.1):
            with self.lock:
                for name, member in list(self.members.items()):
                    # Whatever does not even come up is not started many times a second.
                    if not member.running.alive() and time.monotonic() - member.since > 1:
                        self.crew.running.remove(member.running)
                        self.restarts += 1
                        self._begin(name)


def _relay(clock: Program) -> Program:
    return replace(clock, command=[sys.executable, "manage.py", "relay"], cwd=CHECKOUT)


def wait(what: Callable[[], bool], seconds: float) -> bool:
    """Asks again and again; whether it came true in time."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def parents() -> dict[int, int]:
    """Every process of the machine and its parent, from /proc; the dead ones that wait for their parent are left out."""
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


def children(pid: int) -> list[int]:
    """The living children of a process, the oldest number first; none of process 0, which stands for one that is away."""
    return [] if not pid else sorted(child for child, parent in parents().items() if parent == pid)


def below(pid: int) -> set[int]:
    """Everything below a process."""
    known, found, level = parents(), set[int](), {pid}
    while level:
        level = {child for child, parent in known.items() if parent in level} - found
        found |= level
    return found


def holder(local: int, remote: int, among: set[int]) -> int | None:
    """Which of these processes holds the TCP connection between two ports of this machine, from its own side."""
    inode = _inode(local, remote)
    for pid in among if inode else ():
        with suppress(OSError):
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                if str(handle.readlink()) == f"socket:[{inode}]":
                    return pid
    return None


def _inode(local: int, remote: int) -> str:
    wanted = (f"{local:04X}", f"{remote:04X}")
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if (words[1].rpartition(":")[2], words[2].rpartition(":")[2]) == wanted:
            return words[9]
    return ""
