"""Measures the tick among many open steps. Goals: 1,000 due of a million told in under 1 s; scan at most 3 x the barest."""

import os
import time
from argparse import ArgumentParser
from operator import truediv
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from cases.models import Case, Deadline
from yhteiso.demo import measure_clock
from yhteiso.start import database_is_demo


class Command(BaseCommand):
    help = "Fill a throw-away database with open steps, run the tick over the due ones in turns with bare scans, roll back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--deadlines", type=int, default=1_000_000)
        parser.add_argument("--due", type=int, default=1_000)
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--keep", action="store_true", help="leave the steps there (the next run finds them again)")

    def handle(self, *args: Any, **options: Any) -> None:
        if Case.objects.exists() or not database_is_demo():
            raise CommandError("Only in a database that is marked for demonstration and has no situations.")
        now = timezone.now()
        began = time.monotonic()
        with transaction.atomic():
            Deadline.objects.all().delete()
            measure_clock.fill(deadlines=options["deadlines"], due=options["due"], now=now)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) cases_deadline")  # as after a quiet night: the map of visible pages is there
        self.stdout.write(f"{options['deadlines']:,} open steps in {time.monotonic() - began:.0f} s, {options['due']:,} due")
        try:
            self.tell(measure_clock.measure(now=now, rounds=options["rounds"], tell=self.stdout.write))
        finally:
            if not options["keep"]:
                with connection.cursor() as cursor:
                    cursor.execute("TRUNCATE cases_deadline, cases_escalation, cases_escalationto")

    def tell(self, found: measure_clock.Clocked) -> None:
        ticks = f"{median(found.ticks):.3f} s (from {min(found.ticks):.3f} to {max(found.ticks):.3f})"
        self.stdout.write(
            f"tick: {found.told:,} told, {found.messages:,} messages, {found.mails:,} mails: {ticks}, goal 1 s"
        )
        for name, values, plan in (
            ("keys of a batch", found.scan, found.plan), ("the same, index only", found.only, found.bare),
            ("whole rows with their locks", found.claim, found.claimed),
        ):  # fmt: skip
            self.stdout.write(f"{name}: {median(values):.2f} ms ({plan})")
        ratio, locked = (median(map(truediv, side, found.only)) for side in (found.scan, found.claim))
        self.stdout.write(f"medians of the ratios: keys {ratio:.2f}, goal 3; with rows and locks {locked:.2f}")
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        self.stdout.write(f"load of the machine: {load} on {os.cpu_count()} processors")
