"""The broker of the tests is the embedded one: its folders and its crew come from the tests of `yhteiso.local`."""

import pytest

from tests.local.conftest import crew, places
from yhteiso.celery import app

__all__ = ["crew", "places"]


@pytest.fixture
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker at an address where nobody answers."""
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
