"""Keeps one child: starts it, passes a stop on to it, and leaves nothing of it behind.

Run by path, standard library only: `python -I -S keeper.py '<order as JSON>'`; one keeper for each program that the
manager starts. The manager holds the other end of the *lifeline* pipe: when it dies, however it dies, the pipe closes
and the keeper stops its child and whatever the child has started (it is their reaper: an orphan of its subtree becomes
its own child). The child in turn gets a parent-death signal, in case the keeper itself is killed.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ASK = signal.SIGTERM  # stop in your own way, within the given time
HURRY = signal.SIGUSR1  # stop now
CHANGED = {ASK, HURRY, signal.SIGCHLD, signal.SIGINT, signal.SIGQUIT}


def main(order: dict[str, Any]) -> int:
    """Runs the order's command until it ends or has to stop; returns its exit code as a shell would."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wakeup_read, wakeup_write = os.pipe()
    os.set_blocking(wakeup_write, False)
    signal.set_wakeup_fd(wakeup_write)
    stops: list[int] = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (ASK, HURRY):
        signal.signal(number, lambda number, _: stops.append(number))
    # A Ctrl-C at the terminal reaches a child in the foreground by itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = _start(order)
    status = _watch(order, child, wakeup_read, stops)
    _clear()
    return status


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def _start(order: dict[str, Any]) -> int:
    keeper = os.getpid()
    # Held by the keeper alone: a program must not keep the manager's locks or lifeline.
    for descriptor in [order["lifeline"], *order["held"]]:
        os.set_inheritable(descriptor, False)
    # A stop that comes between fork and exec waits until the child has its own signal handling.
    signal.pthread_sigmask(signal.SIG_BLOCK, CHANGED)
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, CHANGED)
        return child
    try:
        _become(order, keeper)
    except OSError as error:
        print(f"{order['command'][0]}: {error}", file=sys.stderr, flush=True)
    os._exit(127)


def _become(order: dict[str, Any], keeper: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in CHANGED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, CHANGED)
    if not order["foreground"]:
        os.setpgid(0, 0)
    if order["account"]:
        uid, gid = order["account"]
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which clears it. The parent may have gone in between: then nobody would tell us.
    _prctl(PR_SET_PDEATHSIG, order["stop_signal"])
    if os.getppid() != keeper:
        os._exit(127)
    if order["cwd"]:
        os.chdir(order["cwd"])
    os.execvp(order["command"][0], order["command"])  # noqa: S606  becomes the program


def _watch(order: dict[str, Any], child: int, wakeup: int, stops: list[int]) -> int:
    """Waits for the child; tells it to stop when the manager asks or is gone, and kills it when the time is over."""
    waiting = [order["lifeline"], wakeup]
    deadline: float | None = None
    while (status := _reap(child)) is None:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        readable, _, _ = select.select(waiting, [], [], left)
        if wakeup in readable:
            os.read(wakeup, 512)
        if order["lifeline"] in readable:
            waiting.remove(order["lifeline"])
            stops.append(ASK)
        if HURRY in stops or (deadline is not None and time.monotonic() >= deadline):
            os.kill(child, signal.SIGKILL)
            stops.clear()
            deadline = time.monotonic() + 1
        elif stops and deadline is None:
            os.kill(child, order["stop_signal"])
            deadline = time.monotonic() + order["stop_seconds"]
    return status


def _reap(child: int) -> int | None:
    """Collects every child that has ended; the exit code of ours when it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code


def _clear() -> None:
    """Ends whatever the child has left behind: orphans of the whole subtree come to us, generation after generation."""
    limit = time.monotonic() + 1
    asked: set[int] = set()
    while children := _children():
        late = time.monotonic() >= limit
        for pid in children if late else children - asked:
            os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        asked |= children
        select.select([], [], [], 0.02)
        _reap(0)


def _children() -> set[int]:
    """Living and ended children of this process, from /proc."""
    mine = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The second field is a name in brackets that may hold anything; the parent is the second field after it.
        if int(stat.rpartition(")")[2].split()[1]) == os.getpid():
            mine.add(int(entry.name))
    return mine


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
