"""Locks on a folder's servers: one manager at a time, and none before the last one's programs have ended."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from yhteiso.local.console import Trouble, step

STOPPING_SECONDS = 40.0


@dataclass(frozen=True)
class Locks:
    """`manager` is ours alone. `servers` is inherited by every keeper, so it stays taken until the last one ends."""

    manager: TextIOWrapper
    servers: TextIOWrapper

    def note(self, facts: dict[str, Any]) -> None:
        """Leaves word for other commands: what runs here, and how to reach it."""
        self.manager.seek(0)
        self.manager.truncate()
        json.dump({"pid": os.getpid(), **facts}, self.manager)
        self.manager.flush()

    def release(self) -> None:
        """Lets the next command in."""
        self.manager.close()
        self.servers.close()


def take(folder: Path, *, wait: bool = True) -> Locks | None:
    """Takes both locks; None when another manager is at work here.

    Waits for one that is stopping, and for the programs of one that was killed, or returns None for them too.
    """
    manager = _open(folder / "manager.lock")
    if not _locked(manager):
        if not wait or not holder(folder).get("stopping"):
            manager.close()
            return None
        with step("Waiting for the last start to stop"):
            _wait(manager)
    servers = _open(folder / "servers.lock")
    if not _locked(servers):
        if not wait:
            manager.close()
            servers.close()
            return None
        with step("Waiting for the programs of an interrupted start to end"):
            _wait(servers)
    locks = Locks(manager=manager, servers=servers)
    locks.note({})
    return locks


@contextmanager
def short(folder: Path) -> Iterator[None]:
    """Holds a folder for the moment of a look and a change; whoever comes second waits."""
    with _open(folder / "look.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def holder(folder: Path) -> dict[str, Any]:
    """What the manager that is at work here has noted; empty while it has not noted anything."""
    try:
        facts = json.loads((folder / "manager.lock").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _wait(file: TextIOWrapper) -> None:
    deadline = time.monotonic() + STOPPING_SECONDS
    while not _locked(file):
        if time.monotonic() > deadline:
            raise Trouble(f"They have not ended in {STOPPING_SECONDS:.0f} s. `fuser {file.name}` shows them.")
        time.sleep(0.1)


def _open(path: Path) -> TextIOWrapper:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    return os.fdopen(descriptor, "r+", encoding="utf-8")


def _locked(file: TextIOWrapper) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
