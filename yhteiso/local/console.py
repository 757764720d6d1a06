"""What the person at the terminal reads: short progress lines, and one sentence when something stops us."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Trouble(Exception):
    """Something a person has to know or do. Its text is shown instead of a traceback."""


def say(text: str = "") -> None:
    """One line, at once (output may go to a pipe)."""
    print(text, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Shows what happens now, and afterwards how many seconds it took."""
    print(f"  {text} … ", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        say("stopped")
        raise
    say(f"{time.monotonic() - began:.1f} s")


def tail(path: Path, lines: int = 25) -> str:
    """The last lines of a log file, indented for a message; empty when there is none."""
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in text)
