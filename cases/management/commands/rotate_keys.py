"""Gives every encrypted code the newest key, and tells which keys are still needed. Runs as the owner of the tables."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.actions.draft import reseal_drafts
from cases.actions.identity import count_by_key, rotate_keys
from yhteiso.lib.cipher import keyring
from yhteiso.start import login_facts


class Command(BaseCommand):
    help = "Encrypt every identity code and draft with the highest key of FIELD_KEYS. May run again, and twice at once."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            newest = keyring().newest
        except ValueError as error:
            raise CommandError(str(error)) from error
        name, _superuser, _bypass, owner = login_facts()
        if not owner:
            raise CommandError(f"The login {name} does not see every row. Run this as yhteiso_owner.")
        self._tell("Before:", count_by_key())
        done = rotate_keys(tell=lambda count: self.stdout.write(f"  {count} …") if count % 10_000 == 0 else None)
        drafts = reseal_drafts()
        counts = count_by_key()
        self.stdout.write(f"Given the key {newest}: {done.rotated}.")
        if drafts:
            self.stdout.write(f"Drafts given the key {newest}: {drafts}.")
        self._tell("Now:", counts)
        spare = sorted(set(keyring().keys) - set(counts) - {newest})
        if spare:
            self.stdout.write(f"No longer needed and may be taken out of FIELD_KEYS: {', '.join(map(str, spare))}.")
        if done.unreadable:
            raise CommandError(f"{done.unreadable} can't be read with the keys that there are. They stay as they were.")

    def _tell(self, when: str, counts: dict[int, int]) -> None:
        told = ", ".join(f"key {key}: {count}" for key, count in sorted(counts.items())) or "no codes"
        self.stdout.write(f"{when} {told}.")
