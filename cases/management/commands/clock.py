"""manage.py clock: the clock's own process. It tells what is due and sends what waits without any broker."""

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from cases.actions.tick import tick
from yhteiso.jobs import runs
from yhteiso.outbox import relay, returns
from yhteiso.start import verify_process

logger = logging.getLogger(__name__)

TICK, RELAY = timedelta(seconds=30), timedelta(seconds=10)
NAP = 0.2  # seconds: how soon an idle clock notices that it should stop
LONGEST_PAUSE = 10.0  # seconds between two looks for a database that is away


@dataclass
class Round:
    """One thing that the clock does again and again, recorded under the same name as Celery's job."""

    name: str
    every: timedelta
    do: Callable[[], int]
    next: float = 0.0  # of the monotonic clock


class Command(BaseCommand):
    help = "Tell what is due each 30 seconds and send what waits each 10, until SIGTERM. Any number may run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--alive", type=Path, metavar="FILE", help="touched after each good round, for a health check")
        parser.add_argument("--every", type=float, default=TICK.total_seconds(), help="seconds between two ticks (30)")
        parser.add_argument("--once", action="store_true", help="one round of each, then end")

    def handle(self, *args: Any, once: bool, every: float, alive: Path | None, **options: Any) -> None:
        self.ended, self.pause, self.alive = False, 0.0, alive
        self.ticking = Round("tick", timedelta(seconds=every), lambda: tick(now=timezone.now()))
        rounds = [self.ticking, Round("drain-outbox", RELAY, self.send)]
        if once:
            for one in rounds:
                self.stdout.write(f"{one.name}: {runs.run(one.name, one.do, every=one.every)}")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        self.verify()
        logger.info("the clock is at work")
        while not self.ended:
            for one in rounds:
                self.turn(one)
            self.rest(NAP)
        logger.info("the clock has ended")

    def verify(self) -> None:
        """The checks of every process; a database that is not there yet is waited for. A refusal ends the process."""
        while not self.ended:
            try:
                verify_process(keys=False)
                return
            except ImproperlyConfigured as error:
                raise CommandError(f"Refused to start: {error}") from error
            except (DatabaseError, InterfaceError) as error:
                self.away(error)

    def turn(self, one: Round) -> None:
        """Do it when its time has come. Nothing that goes wrong in it ends the clock."""
        if self.ended or time.monotonic() < one.next:
            return
        one.next = time.monotonic() + one.every.total_seconds()
        try:
            runs.run(one.name, one.do, every=one.every)
        except (DatabaseError, InterfaceError) as error:
            one.next = 0.0  # again as soon as the database is back
            self.away(error)
        except Exception as error:  # its words may be a row's: only what kind it was
            logger.warning("%s failed: %s", one.name, runs.failure_name(error))
        else:
            self.pause = 0.0
            if self.alive:
                self.alive.touch()

    def send(self) -> int:
        """Carries messages until none is left or the tick's time has come: a slow mail server keeps nobody waiting."""
        returns.take_reports(now=timezone.now())
        return relay.drain(clock=timezone.now, stop=lambda: self.ended or time.monotonic() >= self.ticking.next > 0)

    def away(self, error: Exception) -> None:
        """The database is away: what is due stands in it safely. Looks again after a while that grows."""
        self.pause = min(2 * self.pause or 1.0, LONGEST_PAUSE)
        logger.warning("the database is away: %s", type(error).__name__)
        connection.close()
        self.rest(self.pause)

    def rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            time.sleep(min(NAP, seconds))

    def end(self, *args: Any) -> None:
        self.ended = True
