"""Seal what is final in the two logs, as the worker does every ten seconds."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from yhteiso.audit.seal import checkpoint, seal


class Command(BaseCommand):
    """For a machine whose worker is down, and after a restore."""

    help = "Seal the rows of the use log and the disclosure log that are final, and tell the head of the chain."

    def handle(self, *args: Any, **options: Any) -> None:
        """Goes on until nothing is left that could be sealed."""
        done = 0
        while True:
            with transaction.atomic():
                made = seal(now=timezone.now())
            done += made
            if not made:
                break
        with transaction.atomic():
            checkpoint(now=timezone.now())
        self.stdout.write(f"{done} rows sealed.")
