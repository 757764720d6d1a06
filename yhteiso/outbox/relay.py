"""The relay: claims a message, asks whether it may still go, sends it, marks it. Any number may run at once (decision 0012).

Claim and mark are short transactions; the sending lies outside both. A relay that is killed between the two leaves a lease
that runs out, and another sends the message again with the same Message-ID: never lost, at most one duplicate for one kill.
A relay that only slept too long finds another's token on the row, and marks nothing.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import InterfaceError, OperationalError

from yhteiso.hats.wear import wearing
from yhteiso.outbox import channels, registry, telling
from yhteiso.outbox.failures import Permanent, Temporary, Undelivered
from yhteiso.outbox.models import Attempt, Outgoing, State
from yhteiso.outbox.registry import Drop

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
TRIES = 48
LADDER = (0, 1, 5, 15, 30)  # minutes to wait after the first tries; from then on an hour
LOST, GIVEN_UP = "lost", "given-up"


def backoff(tries: int) -> timedelta:
    """How long to wait after so many failed tries (1 or more): 0, 1, 5, 15, 30 minutes, then an hour each."""
    return timedelta(minutes=LADDER[tries - 1] if tries <= len(LADDER) else 60)


def claim(*, now: datetime, limit: int = 1, lease: timedelta = LEASE) -> list[Outgoing]:
    """Take the messages that have waited longest, for the length of the lease. What another relay holds is passed by.

    A lease that ran out is taken over, and its try noted as lost. A message whose last try was lost comes with a number
    past TRIES: it is given up, not sent.
    """
    with wearing("jobs"):
        rows = list(Outgoing.objects.due(now).select_for_update(skip_locked=True, no_key=True)[:limit])
        lost = [Attempt(outgoing=row, n=row.attempts, at=now, outcome=LOST) for row in rows if row.claim_token]
        Attempt.objects.bulk_create(lost, ignore_conflicts=True)
        for row in rows:
            row.claim_token, row.claimed_until = uuid4(), now + lease
            row.attempts = min(row.attempts + 1, TRIES + 1)
        Outgoing.objects.bulk_update(rows, ["claim_token", "claimed_until", "attempts"])
    return rows


def carry(row: Outgoing, *, clock: Callable[[], datetime]) -> str:
    """Bring one claimed message as far as it gets, and return how the try ended ("stale" when it was another's by then).

    A failure hook that raises undoes no mark: the message has failed, and is told again later (`telling`).
    """
    if row.attempts > TRIES:
        return _fail(row, Permanent(GIVEN_UP), clock())
    try:
        answer = _ask(row, clock())
        reference = "" if isinstance(answer, Drop) else channels.send(row, answer)
    except Undelivered as failure:
        return _fail(row, failure, clock())
    except Exception as error:  # its words may be a person's: only the kind of error is told
        logger.warning("message %s was not sent: %s", row.pk, type(error).__name__)
        return _fail(row, Temporary("broken"), clock())
    now = clock()
    if isinstance(answer, Drop):
        return _mark(row, now, "dropped", state=State.DROPPED, dropped_at=now, drop_reason=answer.reason[:40])
    return _mark(row, now, "sent", state=State.SENT, sent_at=now, provider_ref=reference, last_error="")


def _ask(row: Outgoing, now: datetime) -> registry.Letter | Drop:
    try:
        with wearing("jobs"):
            return registry.resolve(row, now)
    except Exception as error:
        logger.warning("message %s: its resolver failed: %s", row.pk, type(error).__name__)
        raise Temporary("resolver") from None


def _fail(row: Outgoing, failure: Undelivered, now: datetime) -> str:
    """Once more later, or never again: after the last try, or at once when no try would help."""
    if isinstance(failure, Permanent) or row.attempts >= TRIES:
        return _mark(row, now, failure.code, state=State.FAILED, failed_at=now, last_error=failure.code)
    return _mark(row, now, failure.code, available_at=now + backoff(row.attempts), last_error=failure.code)


def _mark(row: Outgoing, now: datetime, outcome: str, **values: Any) -> str:
    """The fencing: only whoever holds the row's token may mark it."""
    with wearing("jobs"):
        held = Outgoing.objects.ready().filter(pk=row.pk, claim_token=row.claim_token)
        if not held.update(claim_token=None, claimed_until=None, **values):
            logger.warning("message %s: a relay came too late and marks nothing", row.pk)
            return "stale"
        attempt = Attempt(outgoing=row, n=row.attempts, at=now, outcome=outcome)
        Attempt.objects.bulk_create([attempt], ignore_conflicts=True)  # number 49 may have been lost once already
        for name, value in values.items():
            setattr(row, name, value)
        if row.state == State.FAILED:
            telling.tell(row, now)
    return outcome


def drain(*, clock: Callable[[], datetime], stop: Callable[[], bool] = lambda: False) -> int:
    """Carry what is due, one by one, until nothing is left or `stop` says so. Returns how many were carried.

    First of all, failures that could not be told are told again. One bad message stops no other; a database that is gone
    ends the round by its exception.
    """
    telling.tell_waiting(clock=clock, stop=stop)
    done = 0
    while not stop() and (rows := claim(now=clock())):
        for row in rows:
            try:
                carry(row, clock=clock)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                logger.exception("message %s: it could not be marked", row.pk)
            done += 1
    return done
