"""Loads the county, its municipalities and the first logbook template."""

from typing import Any

from django.core.management.base import BaseCommand

from yhteiso import reference


class Command(BaseCommand):
    help = "Load the reference data that every installation begins with. May run again at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        reference.load()
        self.stdout.write("Reference data is in place.")
