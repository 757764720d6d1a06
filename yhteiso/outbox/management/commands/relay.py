"""manage.py relay: sends what waits, again and again. Any number may run, beside the worker or without one."""

import logging
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from yhteiso.outbox import relay, returns
from yhteiso.start import verify_process

logger = logging.getLogger(__name__)

NAP = 0.2  # seconds: how soon an idle relay notices that it should stop


class Command(BaseCommand):
    help = "Send the messages that wait. Stops after the present one on SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between rounds (5)")

    def handle(self, *args: Any, once: bool, every: float, **options: Any) -> None:
        self.ended = False
        if once:
            self.stdout.write(f"{self.round()} carried")
            return
        verify_process(keys=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        logger.info("the relay is at work")
        while not self.ended:
            try:
                self.round()
            except DatabaseError as error:  # it may be starting again: what waits is safe in it
                logger.warning("the database is away: %s", type(error).__name__)
                connection.close()
            self.rest(every)
        logger.info("the relay has ended")

    def round(self) -> int:
        returns.take_reports(now=timezone.now())
        return relay.drain(clock=timezone.now, stop=lambda: self.ended)

    def rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            time.sleep(NAP)

    def end(self, *args: Any) -> None:
        self.ended = True
