"""A year in minutes: does the clock forget a family, tell one twice, or too early? The exit status says so."""

import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from cases.models import Case
from yhteiso.demo import simulate
from yhteiso.start import database_is_demo, login_facts

SHOWN = 20


class Command(BaseCommand):
    help = "Drive the real actions through a virtual year and compare with a model. Nothing stays in the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--families", type=int, required=True)
        parser.add_argument("--seed", type=int, required=True)
        ahead = timezone.now().year + 1
        parser.add_argument("--year", type=int, default=ahead, help=f"a year that has not begun yet ({ahead})")
        parser.add_argument("--keep", action="store_true", help="keep what was made, in a demonstration's database")

    def handle(self, *args: Any, families: int, seed: int, year: int, keep: bool, **options: Any) -> None:
        self._check(keep, year)
        self.began = time.monotonic()
        with transaction.atomic():
            result = simulate.simulate(families=families, seed=seed, year=year, tell=self._progress)
            transaction.set_rollback(not keep)
        self._table(result)
        if not result.clean:
            raise SystemExit(1)

    def _check(self, keep: bool, year: int) -> None:
        if not (settings.DEBUG or settings.DEMO):
            raise CommandError("A year is simulated with DEBUG=1 or DEMO=1 only, never where real families are served.")
        if year <= timezone.now().year:  # seats and consents are looked at by the database's own clock too
            raise CommandError("--year must be one that has not begun yet.")
        name, _superuser, _bypass, owner = login_facts()
        if not owner:
            raise CommandError(f"The login {name} can't put on every hat. Run this as yhteiso_owner.")
        if Case.objects.exists():
            raise CommandError("There are situations in this database. Use an empty one.")
        if keep and not database_is_demo():
            raise CommandError("--keep is for a demonstration's database.")

    def _progress(self, year: simulate.Year, now: datetime) -> None:
        self.stdout.write(
            f"  {now:%Y-%m-%d}: {year.arrived} situations, {year.told} steps told, {time.monotonic() - self.began:.0f} s"
        )
        self.stdout.flush()

    def _table(self, result: simulate.Result) -> None:
        for name, n in result.counts.items():
            self.stdout.write(f"{name}: {n}")
        for name, rows in result.differences.items():
            self.stdout.write(f"{name}: {len(rows)}")
            for row in rows[:SHOWN]:
                self.stdout.write(f"    {row}")
        self.stdout.write(f"{'Clean' if result.clean else 'NOT CLEAN'} in {time.monotonic() - self.began:.0f} s.")
