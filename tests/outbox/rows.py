"""Messages for the tests: one row, and how a test answers for its kind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tests.personas import at
from yhteiso.outbox import registry
from yhteiso.outbox.actions import outgoing
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter

NOW = at("2026-06-10 09:00")
KIND = "test-kind"
ADDRESS = "aino.korpela@koulu.invalid"


def message(key: str = "k1", **changes: Any) -> Outgoing:
    given = {"channel": "email", "text": "notice", "kind": KIND, "to_user_id": 7, "case_id": 41, "now": NOW}
    return outgoing(key=key, **(given | changes))


def letter(row: Outgoing, now: datetime) -> Letter:
    return Letter(ADDRESS, "fi")


@contextmanager
def answering(resolver: Callable[[Outgoing, datetime], Letter | Drop] = letter, kind: str = KIND) -> Iterator[None]:
    """For the length of a block this function answers for the kind."""
    registry.RESOLVERS[kind] = resolver
    try:
        yield
    finally:
        del registry.RESOLVERS[kind]


@contextmanager
def told() -> Iterator[list[tuple[Any, datetime]]]:
    """The failures that a hook is told of."""
    heard: list[tuple[Any, datetime]] = []

    def hook(row: Outgoing, now: datetime) -> None:
        heard.append((row.pk, now))

    registry.on_failure(hook)
    try:
        yield heard
    finally:
        registry.FAILURE_HOOKS.remove(hook)
