"""Whether work goes through the queue, as an exit status: for a container's health check or a supervisor."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from yhteiso.jobs.beat import NAME as BEAT
from yhteiso.jobs.health import CANARY, DEAF_AFTER
from yhteiso.jobs.models import JobRun


class Command(BaseCommand):
    help = "Exit 0 while the canary comes through the queue, 1 when none has for 90 seconds."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--beat", action="store_true", help="ask after the timetable's process instead")

    def handle(self, *args: Any, beat: bool = False, **options: Any) -> None:
        name = BEAT if beat else CANARY
        last = JobRun.objects.filter(pk=name).values_list("last_ok_at", flat=True).first()
        silent = timezone.now() - last if last else None
        if silent is None or silent > DEAF_AFTER:
            raise CommandError(f"{name}: " + (f"silent for {int(silent.total_seconds())} s" if silent else "has never run"))
        self.stdout.write(f"{name}: {int(silent.total_seconds())} s ago")
