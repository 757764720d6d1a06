"""Compare facts with effects by hand: what should have been written, told or sent, and was not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from cases.actions.sweep import sweep


class Command(BaseCommand):
    help = "Counts the differences between facts and what follows from them. Exits with 1 while any is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="write missing deadlines and end those that are done")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        done = sweep(repair=repair, now=timezone.now())
        for name, found in sorted(done.found.items()):
            self.stdout.write(f"{name}: {found} found, {done.mended.get(name, 0)} mended")
        self.stdout.write(f"{sum(done.found.values())} differences, {done.left} left")
        if done.left:
            raise SystemExit(1)
