"""Freezes months by hand: what the hourly job does, for those who can't wait for it."""

from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cases.access import NotAllowed
from metrics.actions import close_month
from metrics.tasks import close_months
from networks.models import Area
from yhteiso.hats.wear import wearing


class Command(BaseCommand):
    help = "Freeze every month that is due, or one month of one area. A frozen month is never computed again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--area", help="the area's name")
        parser.add_argument("--month", help="such as 2026-05")

    def handle(self, *args: Any, area: str | None, month: str | None, **options: Any) -> None:
        if not area and not month:
            self.stdout.write(f"{close_months()} months frozen.")
            return
        if not (area and month):
            raise CommandError("Give both --area and --month, or neither.")
        with wearing("jobs"):
            place = Area.objects.filter(name=area).first()
            if place is None:
                raise CommandError("There is no such area.")
            try:
                frozen = close_month(area=place, month=_month(month), now=timezone.now())
            except NotAllowed as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{frozen.month:%Y-%m} was frozen at {frozen.frozen_at:%Y-%m-%d %H:%M} UTC.")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError as error:
        raise CommandError("Write the month like this: 2026-05") from error
