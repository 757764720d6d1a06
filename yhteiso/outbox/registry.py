"""Who is asked before a message leaves, and who is told when it can't. Applications register in their AppConfig.ready().

A resolver knows its kind's people and rules; this package knows neither. It is asked right before each try, so that a
consent taken back or a seat left after the row was written still holds the message.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yhteiso.outbox.models import Outgoing


@dataclass(frozen=True, slots=True)
class Letter:
    """Where to send, in which language, and what the text needs (`texts.py`). Lives only while the message is sent.

    `path`: where its link leads, when not to the inbox or the number.
    """

    address: str
    language: str
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    def __repr__(self) -> str:
        return "Letter(…)"  # an address never stands in a log


@dataclass(frozen=True, slots=True)
class Drop:
    """The message is no longer to be sent; the reason is a short code ("left", "no-consent")."""

    reason: str


Resolver = Callable[[Outgoing, datetime], Letter | Drop]
FailureHook = Callable[[Outgoing, datetime], None]

RESOLVERS: dict[str, Resolver] = {}
FAILURE_HOOKS: list[FailureHook] = []


class Unresolved(Exception):
    """No application answers for this kind."""


def resolves(kind: str) -> Callable[[Resolver], Resolver]:
    """Decorator: this function answers for rows of the kind. It runs under the jobs' hat and writes nothing.

    Raises ValueError when another function already answers for it.
    """

    def register(resolver: Resolver) -> Resolver:
        if RESOLVERS.setdefault(kind, resolver) is not resolver:
            raise ValueError(f"two resolvers for {kind}")
        return resolver

    return register


def on_failure(hook: FailureHook) -> FailureHook:
    """Decorator: called in the transaction that marks a row failed, under the jobs' hat.

    What it raises undoes what the hooks wrote, not the mark; then every hook is called again later (`telling`).
    """
    if hook not in FAILURE_HOOKS:
        FAILURE_HOOKS.append(hook)
    return hook


def resolve(row: Outgoing, now: datetime) -> Letter | Drop:
    """Ask the kind's resolver. Raises Unresolved when there is none, and whatever the resolver raises."""
    if (resolver := RESOLVERS.get(row.kind)) is None:
        raise Unresolved(row.kind)
    return resolver(row, now)


def tell_failure(row: Outgoing, now: datetime) -> None:
    """Call every hook, in the order of registration."""
    for hook in FAILURE_HOOKS:
        hook(row, now)
