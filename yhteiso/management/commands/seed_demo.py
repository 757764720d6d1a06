"""Loads the demonstration: invented people, families on their way, and a year of frozen months."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from yhteiso import reference
from yhteiso.demo import (
    clock,
    contacts,
    families,
    gathering,
    guests,
    history,
    known,
    people,
    requests,
    services,
    siblings,
    standing,
)
from yhteiso.start import database_is_demo


class Command(BaseCommand):
    help = "Load the demonstration data once. Runs only in a database that was marked as a demonstration."

    def handle(self, *args: Any, **options: Any) -> None:
        if not database_is_demo():
            raise CommandError("This database was not made for a demonstration. Nothing was loaded.")
        with transaction.atomic():  # all or nothing, so that a broken start leaves nothing half-made
            self.load()

    def load(self) -> None:
        reference.load()
        cast = people.load()
        if families.loaded(cast):
            self.stdout.write("The demonstration data is already there.")
            return
        now = timezone.now()
        history.load(cast, now=now)
        families.load(cast, now=now)
        standing.load(cast, now=now)
        siblings.load(cast, now=now)
        contacts.load(cast, now=now)
        services.load(cast, now=now)
        requests.load(cast, now=now)
        known.load(cast, now=now)
        gathering.load(cast, now=now)
        guests.load(cast, now=now)
        clock.load(now=now)
        history.freeze(cast, now=now)
        self.stdout.write("The demonstration data is loaded.")
