"""What wheels don't carry: Pango for PDF files, and a Chromium for the browser tests."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from yhteiso.local import system_packages
from yhteiso.local.console import say, step

# Shared library → the Debian package that has it.
PANGO = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def ensure_pango() -> bool:
    """Whether PDF files can be made; installs Pango when we may, else says how. Never stops the start."""
    missing = [package for library, package in PANGO.items() if not _loads(library)]
    if not missing:
        return True
    problem = ""
    if system_packages.can_install():
        with step("Installing Pango with apt (for PDF files)"):
            problem = system_packages.install(missing)
        if all(_loads(library) for library in PANGO):
            return True
    say("  Pango is missing, so no PDF files can be made; everything else works. To have them:")
    say(f"    {system_packages.command_for(missing)}")
    if problem:
        say(f"  (apt said: {problem})")
    return False


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def ensure_chromium(local: Path) -> str:
    """The path of a Chromium that starts, or "" with a message.

    The system's own, else Playwright's, else one installed with apt. The answer is remembered in `local`.
    """
    note = local / "chromium.txt"
    if note.exists() and _starts(remembered := note.read_text(encoding="utf-8").strip()):
        return remembered
    found = _of_system() or _of_playwright(install=False)
    if not found:
        with step("Getting a Chromium for the browser tests (Playwright's own)"):
            found = _of_playwright(install=True)
    if not found and system_packages.can_install():
        with step("Installing Chromium with apt"):
            problem = system_packages.install(["chromium"])
        found = _of_system()
        if problem:
            say(f"  apt said: {problem}")
    if found:
        note.write_text(f"{found}\n", encoding="utf-8")
    else:
        say("  No Chromium was found and none could be installed: the browser tests will fail. To have one:")
        say(f"    {system_packages.command_for(['chromium'])}")
    return found


def _of_system() -> str:
    return _first_that_starts(path for name in BROWSERS if (path := shutil.which(name)))


def _of_playwright(*, install: bool) -> str:
    if install:
        _playwright("install", "chromium")
        if _downloaded() and not _first_that_starts(_downloaded()) and system_packages.can_install():
            # Its own Chromium has come, but a new machine lacks the libraries that it needs.
            _playwright("install-deps", "chromium")
    return _first_that_starts(_downloaded())


def _playwright(*arguments: str) -> None:
    """Runs Playwright's own command; what came of it is looked at afterwards."""
    # A closed network answers late or never; the wait has an end.
    environment = {**os.environ, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "15000"}
    command = [sys.executable, "-m", "playwright", *arguments]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=300, check=False)


def _downloaded() -> list[str]:
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return sorted((str(path) for path in cache.glob("chromium-*/chrome-linux*/chrome")), reverse=True)


def _first_that_starts(programs: Iterable[str]) -> str:
    return next((program for program in programs if _starts(program)), "")


def _starts(program: str) -> bool:
    """Whether it really runs: a name on PATH may be a stub, and a downloaded browser may miss its libraries."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "Chrom" in answer.stdout
