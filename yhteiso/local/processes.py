"""The process manager: starts programs under keepers, watches them, and stops them in order.

Every program gets a keeper (keeper.py) in a session of its own, so that a Ctrl-C at the terminal reaches only us and we
decide the order, and so that nothing survives us. Short commands (initdb, migrations) go the same way.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yhteiso.local import keeper
from yhteiso.local.console import Trouble, say, tail
from yhteiso.local.places import Account

KEEPER = Path(keeper.__file__)
HURRY = keeper.HURRY


@dataclass(frozen=True)
class Program:
    """One program to start: what, with which environment and nothing else, as whom, and how it likes to be stopped."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    log: Path
    cwd: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0


@dataclass
class Running:
    """A started program, seen through its keeper."""

    program: Program
    keeper: subprocess.Popen[bytes]

    def alive(self) -> bool:
        """Whether the program (its keeper) still runs."""
        return self.keeper.poll() is None

    def failure(self) -> Trouble:
        """The message for a program that ended by itself."""
        name, log = self.program.name, self.program.log
        return Trouble(f"{name} has stopped by itself (exit code {self.keeper.poll()}). The end of {log}:\n{tail(log)}")


@dataclass
class Crew:
    """All programs of one command. `held` are file descriptors (locks) that live as long as any of the programs."""

    held: Sequence[int] = ()
    running: list[Running] = field(default_factory=list)
    hurried: bool = False

    def __post_init__(self) -> None:
        self._lifeline, self._our_end = os.pipe()

    def start(self, program: Program) -> Running:
        """Starts a program in the background."""
        program.log.parent.mkdir(mode=0o700, exist_ok=True)
        with program.log.open("ab") as log:
            kept = self._keep(program, stdin=subprocess.DEVNULL, output=log.fileno(), foreground=False)
        started = Running(program=program, keeper=kept)
        self.running.append(started)
        return started

    def run(self, program: Program) -> int:
        """Runs a short program to its end, with the output in a new log, and returns its exit code."""
        program.log.unlink(missing_ok=True)
        one = self.start(program)
        try:
            return one.keeper.wait()
        except BaseException:
            self._stop(one)
            raise
        finally:
            self.running.remove(one)

    def complete(self, program: Program, *, complaint: str) -> None:
        """Like `run`, and raises Trouble with the end of the log when the program fails."""
        if self.run(program) != 0:
            raise Trouble(f"{complaint} The end of {program.log}:\n{tail(program.log)}")

    def foreground(self, program: Program) -> int:
        """Runs a program on the terminal (a shell, the tests) and returns its exit code.

        A Ctrl-C reaches it from the terminal, so we ignore ours until it has ended; a request to stop us is passed on.
        """
        kept = self._keep(program, stdin=None, output=None, foreground=True)
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: kept.terminate())
        try:
            return kept.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def wait_until(self, ready: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Asks again and again until it is ready. Raises Trouble when a program ends meanwhile or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            for one in self.running:
                if not one.alive():
                    raise one.failure()
            if time.monotonic() > deadline:
                logs = "\n".join(f"    {one.program.log}" for one in self.running)
                raise Trouble(f"{what} is not ready after {seconds:.0f} s. The logs may tell why:\n{logs}")
            time.sleep(0.05)

    def stop_all(self) -> None:
        """Stops every program, the last started first; a second Ctrl-C makes it quick. Says what had to be killed."""
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._hurry) for number in signals}
        try:
            while self.running:
                self._stop(self.running[-1])
                self.running.pop()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hurry(self, *_: object) -> None:
        self.hurried = True
        for one in self.running:
            one.keeper.send_signal(HURRY)

    def _stop(self, one: Running) -> None:
        one.keeper.send_signal(HURRY if self.hurried else signal.SIGTERM)
        began = time.monotonic()
        one.keeper.wait()
        if not self.hurried and time.monotonic() - began >= one.program.stop_seconds:
            say(f"  {one.program.name} did not stop in {one.program.stop_seconds:.0f} s and was killed")

    def _keep(self, program: Program, *, stdin: int | None, output: int | None, foreground: bool) -> subprocess.Popen[bytes]:
        order = {
            "command": [str(word) for word in program.command],
            "cwd": str(program.cwd),
            "account": [program.account.uid, program.account.gid] if program.account else None,
            "stop_signal": int(program.stop_signal),
            "stop_seconds": program.stop_seconds,
            "foreground": foreground,
            "lifeline": self._lifeline,
            "held": list(self.held),
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), json.dumps(order)],
            stdin=stdin,
            stdout=output,
            stderr=output,
            env=dict(program.environment),
            pass_fds=[self._lifeline, *self.held],
            start_new_session=not foreground,
        )
