"""Walk the chain of the two logs and say whether anything was changed, removed, moved or put in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from yhteiso.audit.seal import note_walk, own_heads, read_heads, walk


class Command(BaseCommand):
    """Exit code 1 at the first break, which is told by its kind and place."""

    help = "Verify the sealed logs, also against checkpoints that were kept outside this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--checkpoints FILE`: the lines that LOG_CHECKPOINTS or the process log collected."""
        parser.add_argument("--checkpoints", type=Path, help="a file with checkpoint lines from outside")

    def handle(self, *args: Any, checkpoints: Path | None = None, **options: Any) -> None:
        """Raises CommandError when the log is not what was sealed, or when the file holds no checkpoint."""
        heads = own_heads()
        if checkpoints:
            try:
                outside = read_heads(checkpoints.read_text(encoding="ascii", errors="replace").splitlines())
            except OSError as error:
                raise CommandError(f"The checkpoints can't be read: {error.strerror}.") from error
            if not outside:
                raise CommandError(f"There is no checkpoint in {checkpoints}.")
            heads += outside
        found = walk(heads)
        with transaction.atomic():
            note_walk(found, now=timezone.now())
        if found.broken:
            raise CommandError(f"BROKEN ({found.broken.kind}) at link {found.broken.seq}: {found.broken.what}.")
        self.stdout.write(f"Whole: {found.links} links, {len(heads)} checkpoints, {found.waiting} rows wait for the sealer.")
        self.stdout.write(f"Head: {found.head}")
