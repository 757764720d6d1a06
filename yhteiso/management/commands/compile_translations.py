"""Compile locale/*/LC_MESSAGES/*.po to .mo (part of set-up; no GNU gettext needed)."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from yhteiso.lib.translations import TranslationError, compile_file


class Command(BaseCommand):
    help = "Compiles the translations; writes only what changed."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        files = sorted(po for folder in settings.LOCALE_PATHS for po in Path(folder).glob("*/LC_MESSAGES/*.po"))
        try:
            written = [po for po in files if compile_file(po)]
        except TranslationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(files)} translation files, {len(written)} compiled")
