"""Measures what row security and the log cost, in a world of generate_world. Goals: pages >= 0.90, lists <= 1.5."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.test import override_settings

from cases.models import Case
from networks.models import User
from yhteiso.demo import measure

PLAIN_STATIC = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


class Command(BaseCommand):
    help = "The same page and the same list with row security and log and without, in turns; medians. Run as the owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, required=True, help="the seed that generate_world was given")
        parser.add_argument("--rounds", type=int, default=11)
        parser.add_argument("--explain", action="store_true", help="also show how PostgreSQL finds each list")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{Case.objects.count():,} situations")
        with override_settings(STORAGES=PLAIN_STATIC, SECURE_SSL_REDIRECT=False):
            for label in ("coordinator", "member", "heavy"):
                self._measure(label, options)

    def _measure(self, label: str, options: dict[str, Any]) -> None:
        user = User.objects.select_related("unit__agency").filter(email__startswith=f"{label}.{options['seed']}.").first()
        if user is None:
            raise CommandError(f"There is no {label} of the seed {options['seed']}: run generate_world first.")
        self.stdout.write(f"{label}:")
        for name, taken in measure.functions(user).items():
            self.stdout.write(f"  {name}: {taken:.2f} ms")
        for ratio in measure.lists(user, rounds=options["rounds"]):
            self.stdout.write(f"  {ratio.what}: {ratio.walled:.2f} / {ratio.plain:.2f} ms = {ratio.value:.2f}")
        for ratio in measure.pages(user, rounds=options["rounds"]):
            self.stdout.write(
                f"  {ratio.what}: {ratio.walled:.1f} / {ratio.plain:.1f} ms, {1 / ratio.value:.2f} of the throughput without"
            )
        if options["explain"]:
            self.stdout.write(measure.explain(user))
