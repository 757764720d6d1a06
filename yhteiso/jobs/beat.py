"""Celery's timetable, which writes down that it lives: so that a silent beat and a deaf worker can be told apart."""

import logging
import time
from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler
from django.db import connection
from django.utils import timezone

logger = logging.getLogger(__name__)

NAME = "beat"
EVERY = timedelta(seconds=30)
SHORTEST_LIFE = timedelta(minutes=5)  # of a message in the queue


class Timetable(PersistentScheduler):
    """Sends as Celery's own does, and records every 30 seconds whether its messages go out.

    It also looks after the clock: it notices when the worker hears nothing. Nothing here stops it from sending.
    """

    noted = 0.0
    unsent = ""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        pause: float = super().tick(*args, **kwargs)
        if time.monotonic() - self.noted >= EVERY.total_seconds():
            self.noted = time.monotonic()
            self.note()
        return min(pause, EVERY.total_seconds() / 2)

    def apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        # Nothing piles up while the workers are away; wide enough for machines whose clocks differ.
        entry.options.setdefault("expires", max(entry.schedule.run_every, SHORTEST_LIFE).total_seconds())
        try:
            sent = super().apply_async(entry, *args, **kwargs)
        except Exception as error:
            self.unsent = type(error).__name__
            raise
        self.unsent = ""
        return sent

    def note(self) -> None:
        """Write this process's own row. Without a database it goes on sending."""
        from yhteiso.jobs import runs
        from yhteiso.jobs.models import Silence

        now = timezone.now()
        try:
            runs.note_start(NAME, every=EVERY, now=now)
            runs.note_finish(NAME, started=now, now=now, failure=self.unsent, by=Silence.BEAT)
        except Exception as error:
            logger.warning("beat could not write that it lives: %s", type(error).__name__)
            connection.close()
