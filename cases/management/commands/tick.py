"""Tell what is due now: the same action as the clock's and Celery's, by hand or from a timer of the system."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cases.actions.tick import tick


class Command(BaseCommand):
    help = "Tells every deadline's step that is due. Any number may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--now", metavar="ISO", help="a moment with its time zone instead of now")

    def handle(self, *args: Any, **options: Any) -> None:
        told = tick(now=_moment(options["now"]))
        self.stdout.write(f"{told} told")


def _moment(text: str | None) -> datetime:
    if not text:
        return timezone.now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--now: no moment in ISO 8601: {text}") from error
    if moment.utcoffset() is None:
        raise CommandError("--now needs its time zone, for example 2026-06-10T08:00:00+03:00")
    return moment
