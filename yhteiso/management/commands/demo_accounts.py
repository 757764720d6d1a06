"""Prints the demonstration's accounts, for the start of `make run`."""

from typing import Any

from django.core.management.base import BaseCommand

from networks.context import demo_accounts


class Command(BaseCommand):
    help = "List the accounts that the demonstration's sign-in page opens with one click."

    def handle(self, *args: Any, **options: Any) -> None:
        for row in demo_accounts():
            self.stdout.write(f"  {row['name']:<20} {row['label']:<28} {row['what']}")
