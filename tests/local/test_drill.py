"""The fault drill in its short form: six processes killed, PostgreSQL's first one among them. `make drill` kills 200."""

import pytest

from yhteiso.local import drill
from yhteiso.local.places import Places

pytestmark = [pytest.mark.races, pytest.mark.timeout(600)]


def test_nobody_is_forgotten_and_nobody_told_twice(places: Places, capfd: pytest.CaptureFixture[str]) -> None:
    assert drill.run(places, kills=6, seed=4, minutes=6), capfd.readouterr().out
    told = capfd.readouterr().out
    assert "PostgreSQL 1" in told
    assert "The books balance." in told
