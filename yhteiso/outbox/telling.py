"""Telling the applications that a message failed. Whether they could be told changes nothing of the failure itself.

What a hook wrote stands or falls as a whole, in a savepoint of its own: the message stays failed, is never sent again for
it, and is told once more later, for as long as it takes.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from yhteiso.hats.wear import wearing
from yhteiso.outbox import registry
from yhteiso.outbox.models import Outgoing

logger = logging.getLogger(__name__)

PAUSE = timedelta(minutes=5)


def tell(row: Outgoing, now: datetime) -> bool:
    """Call the hooks for a failed message that the caller's transaction holds; False when one of them raised.

    Under the jobs' hat. Raises only when the database itself is gone: then the caller's transaction is lost too.
    """
    mine = Outgoing.objects.filter(pk=row.pk)
    try:
        with transaction.atomic():
            registry.tell_failure(row, now)
            connection.check_constraints()  # what would be found at the commit would take the mark with it
    except Exception as error:  # its words may be a person's: only the kind of error is told
        if transaction.get_rollback():
            raise
        logger.error("message %s: its failure could not be told: %s", row.pk, type(error).__name__)
        mine.update(available_at=now + PAUSE)
        return False
    mine.update(told_at=now)
    return True


def tell_waiting(*, clock: Callable[[], datetime], stop: Callable[[], bool] = lambda: False) -> int:
    """Tell what could not be told before, each in a transaction of its own. Returns how many were told now."""
    with wearing("jobs"):
        waiting = list(Outgoing.objects.untold(clock()).order_by("available_at", "id").values_list("pk", flat=True))
    told = 0
    for pk in waiting:
        if stop():
            break
        now = clock()
        with wearing("jobs"):
            row = Outgoing.objects.untold(now).filter(pk=pk).select_for_update(skip_locked=True, no_key=True).first()
            told += row is not None and tell(row, now)
    return told
