"""What runs on this machine, read from /proc. A process is its number and its start: numbers are given out again."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

Process = tuple[int, str]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name: state, parent, …; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def process(pid: int) -> Process:
    """This process, to be recognised later."""
    return pid, _stat(pid)[19]


def alive(one: Process) -> bool:
    """Whether this very process still runs (an ended one that nobody has collected does not)."""
    stat = _stat(one[0])
    return bool(stat) and stat[19] == one[1] and stat[0] not in "ZX"


def below(pid: int) -> set[Process]:
    """Every living descendant of a process."""
    parents = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    found: set[int] = set()
    new = {pid}
    while new:
        new = {child for child, stat in parents.items() if stat and int(stat[1]) in new} - found
        found |= new
    return {(child, parents[child][19]) for child in found if parents[child][0] not in "ZX"}


def survivors(processes: Iterable[Process], *, seconds: float) -> set[Process]:
    """Those that still run when the time is over; returns at once when there are none."""
    watched = set(processes)
    wait_for(lambda: not any(alive(one) for one in watched), seconds=seconds)
    return {one for one in watched if alive(one)}


def wait_for(true: Callable[[], bool], *, seconds: float) -> bool:
    """Asks until it is true or the time is over; says which."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
