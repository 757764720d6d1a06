"""Measures the hint of call mode and the saving of a concern. Goals at a million persons: p95 150 ms and 200 ms."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from networks.models import User
from yhteiso.demo import measure_intake
from yhteiso.hats.roles import WEB
from yhteiso.lib.dates import helsinki_date
from yhteiso.management.commands.measure_access import PLAIN_STATIC
from yhteiso.start import database_is_demo


class Command(BaseCommand):
    help = "Whole requests in a world of generate_world, as the web login. Writes calls, concerns and log rows there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, required=True, help="the seed that generate_world was given")
        parser.add_argument("--rounds", type=int, default=300)

    def handle(self, *args: Any, **options: Any) -> None:
        if not database_is_demo():
            raise CommandError("Only in a database that is marked for demonstration.")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT session_user, (SELECT reltuples FROM pg_class WHERE oid = 'cases_person'::regclass),"
                " (SELECT reltuples FROM pg_class WHERE oid = 'cases_childkey'::regclass)"
            )
            login, persons, children = cursor.fetchone()
        if login != WEB:
            self.stderr.write(f"As {login}: set DATABASE_URL to {WEB} for what people feel.")
        self.stdout.write(f"about {persons:,.0f} persons, {children:,.0f} of them children")
        seed, rounds = options["seed"], options["rounds"]
        with override_settings(STORAGES=PLAIN_STATIC, SECURE_SSL_REDIRECT=False):
            on = helsinki_date(timezone.now())
            hint = measure_intake.hints(self._user("coordinator", seed), rounds=rounds, on=on, seed=seed)
            self.stdout.write(hint.line())
            self.stdout.write(measure_intake.concerns(self._user("member", seed), rounds=rounds).line())
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        self.stdout.write(f"load of the machine: {load} on {os.cpu_count()} processors")

    def _user(self, label: str, seed: int) -> User:
        user = User.objects.filter(email__startswith=f"{label}.{seed}.").first()
        if user is None:
            raise CommandError(f"There is no {label} of the seed {seed}: run generate_world first.")
        return user
