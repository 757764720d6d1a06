"""List the texts of our pages that have no translation, with file and line; exit 1 when there are any."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from yhteiso.lib import translations
from yhteiso.lib.translations import TranslationError, Use

APPS = ("yhteiso", "networks", "cases", "meetings", "metrics")


class Command(BaseCommand):
    help = "Checks that every text of templates and Python is in the language's .po file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", default="fi")
        parser.add_argument("--unused", action="store_true", help="list also entries that nothing asks for")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.LOCALE_PATHS[0]) / options["language"] / "LC_MESSAGES" / "django.po"
        try:
            entries = translations.read(path)
        except TranslationError as error:
            raise CommandError(str(error)) from error
        known = {entry.key.lookup: entry for entry in entries if entry.done}
        uses = list(_uses(Path(settings.BASE_DIR)))
        missing = [use for use in uses if not _covers(known.get(use.key.lookup), use)]
        for use in missing:
            self.stdout.write(f"{use.path.relative_to(settings.BASE_DIR)}:{use.line}: {use.key.text!r}")
        if options["unused"]:
            asked = {use.key.lookup for use in uses}
            for key in sorted(set(known) - asked - {""}):
                self.stdout.write(f"unused: {key!r}")
        if missing:
            raise CommandError(f"{len({use.key.lookup for use in missing})} texts have no translation")
        self.stdout.write(f"{len({use.key.lookup for use in uses})} texts, all translated")


def _covers(entry: translations.Entry | None, use: Use) -> bool:
    return entry is not None and (not use.key.plural or entry.key.plural == use.key.plural)


def _uses(base: Path) -> Iterator[Use]:
    for path in sorted(p for p in (base / "templates").rglob("*") if p.suffix in (".html", ".txt")):
        yield from translations.in_template(path)
    for app in APPS:
        for path in sorted((base / app).rglob("*.py")):
            yield from translations.in_python(path)
