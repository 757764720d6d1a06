"""`make check`: every check that needs no running application, all of them even when one fails."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yhteiso.local.application import environment
from yhteiso.local.console import say
from yhteiso.local.instance import Addresses, Instance
from yhteiso.local.places import CHECKOUT
from yhteiso.local.processes import Program


@dataclass(frozen=True)
class Check:
    """One command with the environment that it needs."""

    name: str
    command: list[str]
    environment: Mapping[str, str]


def checks(addresses: Addresses) -> list[Check]:
    """All checks, the quick ones first."""
    owner = environment(addresses, addresses.owner)
    # As in production: strict settings, the web server's own login, and a host that is not this machine.
    production = environment(
        addresses,
        addresses.web,
        {"DEBUG": "0", "DEMO": "0", "HTTPS": "1", "ALLOWED_HOSTS": "yhteiso.example", "EMAIL_HOST": "mail.yhteiso.example",
         "BASE_URL": "https://yhteiso.example"},
    )  # fmt: skip
    programs = Path(sys.executable).parent
    return [
        Check("ruff", [sys.executable, "-m", "ruff", "check", "."], owner),
        Check("ruff format", [sys.executable, "-m", "ruff", "format", "--check", "."], owner),
        Check("raw SQL", [sys.executable, "-m", "yhteiso.local.raw_sql"], owner),
        Check("djhtml", [sys.executable, "-m", "djhtml", "--check", "templates"], owner),
        Check("import contracts", [str(programs / "lint-imports")], owner),
        Check("migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"], owner),
        Check("deployment", [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], production),
        Check("translations", [sys.executable, "manage.py", "check_translations"], owner),
        Check("mypy", [sys.executable, "-m", "mypy", "."], owner),
    ]


def run(instance: Instance, addresses: Addresses) -> int:
    """Runs every check, shows what the failing ones say, and returns how many failed."""
    failed = []
    for check in checks(addresses):
        print(f"  {check.name} … ", end="", flush=True)
        began = time.monotonic()
        log = instance.logs / "check.log"
        code = instance.crew.run(Program(check.name, check.command, check.environment, log, CHECKOUT))
        say(f"{'ok' if code == 0 else 'FAILED'}, {time.monotonic() - began:.1f} s")
        if code != 0:
            failed.append(check.name)
            say("\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-60:]))
    say(f"\nmake check: {'all is well' if not failed else 'failed: ' + ', '.join(failed)}")
    return len(failed)
