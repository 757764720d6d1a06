"""`docs/settings.md` lists every variable that is read anywhere."""

import re
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
LISTED = set(re.findall(r"`([A-Z][A-Z_]+)(?:=[^`]*)?`", (TOP / "docs" / "settings.md").read_text(encoding="utf-8")))
READ = re.compile(
    r"""(?:environment\.(?:text|flag|words)\(|_given\(environment, |environ(?:\.get)?[\[(])f?["']([A-Z_]+)["']"""
)
# Set by make, Python or pytest themselves.
NOT_OURS = {"MAKELEVEL", "PATH", "PYTEST_XDIST_WORKER", "COVERAGE_PROCESS_START"}


@pytest.mark.parametrize("folder", ["yhteiso", "networks", "cases", "meetings", "metrics", "tests"])
def test_every_variable_that_the_code_reads_is_listed(folder: str) -> None:
    for path in (TOP / folder).rglob("*.py"):
        found = set(READ.findall(path.read_text(encoding="utf-8"))) - NOT_OURS
        assert found <= LISTED, f"{path}: {found - LISTED}"


def test_the_settings_are_seen_by_this_test() -> None:
    settings = set(READ.findall((TOP / "yhteiso" / "settings.py").read_text(encoding="utf-8")))
    assert {"SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "DATABASE_URL"} <= settings


def test_every_variable_of_the_compose_file_is_listed() -> None:
    text = yaml.safe_dump(yaml.safe_load((TOP / "docker-compose.yml").read_text(encoding="utf-8")))
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= LISTED
