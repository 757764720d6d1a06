"""What the system has: a browser that really starts, libraries that really load, and the right command where not."""

import os
from pathlib import Path

import pytest

from yhteiso.local import libraries, system_packages


def program(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH, nothing of Playwright's, and no right to install."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", f"{tmp_path}/browsers")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return tmp_path


def test_a_stub_is_not_a_browser(bare: Path) -> None:
    program(bare / "bin" / "chromium", "echo 'Command requires the chromium snap' >&2; exit 1")
    right = program(bare / "bin" / "google-chrome", "echo 'Google Chrome 150.0'")
    assert libraries.ensure_chromium(bare) == right
    assert (bare / "chromium.txt").read_text().strip() == right


def test_a_browser_that_has_gone_is_looked_for_again(bare: Path) -> None:
    (bare / "chromium.txt").write_text("/no/such/chromium\n")
    right = program(bare / "browsers" / "chromium-1255" / "chrome-linux64" / "chrome", "echo 'Chromium 150.0'")
    assert libraries.ensure_chromium(bare) == right


def test_a_downloaded_browser_without_its_libraries_is_none(bare: Path) -> None:
    program(bare / "browsers" / "chromium-1255" / "chrome-linux64" / "chrome", "echo 'libnss3.so: not found' >&2; exit 127")
    assert libraries._of_playwright(install=False) == ""


def test_libraries_are_loaded_to_see_them() -> None:
    assert libraries._loads("libc.so.6")
    assert not libraries._loads("libnowhere.so.1")


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("apt-get", "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
        ("dnf", "sudo dnf install pango harfbuzz"),
        ("pacman", "sudo pacman -S pango harfbuzz"),
        ("", "install with your system's package manager: libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0"),
    ],
)
def test_the_command_of_this_system_is_told(bare: Path, tool: str, expected: str) -> None:
    if tool:
        program(bare / "bin" / tool, "exit 0")
    assert system_packages.command_for(list(libraries.PANGO.values())) == expected


def test_without_pango_the_start_goes_on_and_says_how(
    bare: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libraries, "PANGO", {"libnowhere.so.1": "libpango-1.0-0"})
    program(bare / "bin" / "apt-get", "exit 1")
    assert not libraries.ensure_pango()
    assert "sudo apt-get install libpango-1.0-0" in capsys.readouterr().out


def test_root_installs_after_a_look_at_new_lists(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{bare}/bin:/usr/bin:/bin")
    calls = bare / "calls"
    program(bare / "bin" / "apt-get", f'echo "$1" >> {calls}; [ "$1" = update ] || [ "$(grep -c install {calls})" = 2 ]')
    assert system_packages.can_install()
    assert system_packages.install(["chromium"]) == ""
    assert calls.read_text().split() == ["install", "update", "install"]


def test_what_apt_said_is_passed_on(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(bare / "bin" / "apt-get", "echo 'E: Unable to locate package chromium'; exit 100")
    assert "Unable to locate package chromium" in system_packages.install(["chromium"])
