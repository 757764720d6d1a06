"""manage.py read_bounces: what mail servers sent back. From a Maildir, or one mail on standard input (a pipe alias)."""

import mailbox
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from yhteiso.outbox.returns import take_bounce

LONGEST = 5_000_000  # bytes of one mail: ours are a few hundred


class Command(BaseCommand):
    help = "Read delivery reports and mark the messages failed that did not arrive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--maildir", help="the folder with new/ and cur/; without it one mail is read from standard input"
        )

    def handle(self, *args: Any, maildir: str | None, **options: Any) -> None:
        counts: Counter[str] = Counter(failed=0, ignored=0, unknown=0)
        for raw in _maildir(maildir) if maildir else [sys.stdin.buffer.read(LONGEST)]:
            counts[take_bounce(raw, now=timezone.now())] += 1
        self.stdout.write(", ".join(f"{n} {word}" for word, n in counts.items()))


def _maildir(path: str) -> Iterator[bytes]:
    """The mails not yet read, each marked as read once it has been carried out."""
    box = mailbox.Maildir(path, factory=None, create=False)
    for key in sorted(box.keys()):
        mail = box.get_message(key)
        if "S" in mail.get_flags():
            continue
        yield box.get_bytes(key)[:LONGEST]
        mail.set_subdir("cur")
        mail.add_flag("S")
        box[key] = mail
