"""An application of Celery with tasks that go wrong, for a real worker of the tests."""

import os
import signal

from yhteiso.celery import app
from yhteiso.jobs import task

task.FIRST_PAUSE = task.FIRST_PAUSE / 50  # pauses of a fifth of a second, and doubled, instead of ten


@app.task(name="tests.kill")
def kill(pk: int) -> int:
    """Ends the process that works on it, as an out-of-memory killer does."""
    os.kill(os.getpid(), signal.SIGKILL)
    return pk


@app.task(name="tests.fail")
def fail(pk: int) -> int:
    raise LookupError("SALAINEN")


@app.task(name="tests.fine")
def fine(pk: int) -> int:
    return pk
