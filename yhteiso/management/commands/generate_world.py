"""Makes a world of invented families of any size, for measurements. The same seed and day make the same world."""

import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from cases.models import Case
from yhteiso.demo import generate
from yhteiso.lib.dates import helsinki_date
from yhteiso.start import database_is_demo


class Command(BaseCommand):
    help = "Fill an empty database with invented families, by COPY as the owner of the tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cases", type=int, required=True, help="how many situations")
        parser.add_argument("--seed", type=int, required=True)
        parser.add_argument("--on", type=date.fromisoformat, help="the world's today (default: today)")
        parser.add_argument("--add", action="store_true", help="also where there are situations already")
        parser.add_argument("--without-mark", action="store_true", help="also where there is no demonstration mark")

    def handle(self, *args: Any, **options: Any) -> None:
        self._check(options)
        began = time.monotonic()

        def tell(done: int, counts: dict[str, int]) -> None:
            if done % max(2000, options["cases"] // 20 // 2000 * 2000) == 0:
                rows = sum(counts.values())
                self.stdout.write(f"  {done:,} situations, {rows:,} rows, {time.monotonic() - began:.0f} s")

        with transaction.atomic():  # all or nothing: the walls stand aside meanwhile
            made = generate.load(
                cases=options["cases"], seed=options["seed"], on=options["on"] or helsinki_date(timezone.now()), tell=tell
            )
        if not connection.in_atomic_block:
            with connection.cursor() as cursor:  # so that reads find rows that everybody may see, as after a quiet night
                cursor.execute("VACUUM")
        for table, count in made.counts.items():
            self.stdout.write(f"{table}: {count:,}")
        for label, email in made.people.items():
            self.stdout.write(f"{label}: {email}")
        self.stdout.write(f"Done in {time.monotonic() - began:.0f} s.")

    def _check(self, options: dict[str, Any]) -> None:
        if options["cases"] < 1:
            raise CommandError("--cases must be at least 1.")
        if not (database_is_demo() or options["without_mark"]):
            raise CommandError("This database has no demonstration mark. --without-mark makes the world all the same.")
        if Case.objects.exists() and not options["add"]:
            raise CommandError("There are situations in this database. --add puts the world beside them.")
