"""Real folders, locks and servers for the tests of `yhteiso.local`: each in a place of its own, gone afterwards."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from yhteiso.local import instance
from yhteiso.local.places import Places, find_places
from yhteiso.local.processes import Crew


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """The places of an invented checkout. Root's lie outside of it."""
    os.environ.setdefault("YHTEISO_RUN_ID", "tests")
    found = find_places(tmp_path_factory.mktemp("checkout"))
    yield found
    shutil.rmtree(found.base)


@pytest.fixture(scope="session")
def servers(places: Places) -> Iterator[instance.Instance]:
    """A throw-away PostgreSQL and Valkey, running."""
    one = instance.open_throwaway(places)
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture
def crew() -> Iterator[Crew]:
    """A crew whose programs are stopped at the end of the test."""
    made = Crew()
    yield made
    made.stop_all()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A private folder."""
    tmp_path.chmod(0o700)
    return tmp_path
