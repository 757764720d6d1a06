"""Everything between an empty database and a web server that can start, in one process. Safe to run again."""

from argparse import ArgumentParser
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Tables, translations, static files, reference data and, in demonstration mode, its invented people."""

    help = "Migrate, compile translations, collect static files and, with DEMO=1, load the demonstration."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--accounts FILE`: where to write the demonstration accounts (an empty file without DEMO)."""
        parser.add_argument("--accounts", type=Path, help="write the demonstration accounts to this file")

    def handle(self, *args: Any, accounts: Path | None = None, **options: Any) -> None:
        """Runs the parts in the order in which they need each other."""
        call_command("migrate", interactive=False, verbosity=1)
        call_command("compile_translations")
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("load_reference")
        # Facts from before there were deadlines get theirs; in a database that is up to date there is nothing to do.
        with suppress(SystemExit):
            call_command("sweep", repair=True)
        shown = StringIO()
        if settings.DEMO:
            call_command("seed_demo")
            call_command("demo_accounts", stdout=shown)
        if accounts:
            accounts.write_text(shown.getvalue(), encoding="utf-8")
