"""The doorbell: tells the workers that something waits. Losing it costs one round of the relay, never a message."""

import logging

from celery import current_app
from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

TASK = "yhteiso.outbox.tasks.drain"

_silent = False


def ring() -> None:
    """Ring once when the transaction commits. Never fails and never keeps a request waiting for a broker that is down."""
    if not settings.CELERY_BROKER_URL or any(deed is _ring for _, deed, *_ in connection.run_on_commit):
        return
    transaction.on_commit(_ring)


def _ring() -> None:
    global _silent
    try:
        current_app.send_task(TASK, retry=False, ignore_result=True)
    except Exception as error:
        if not _silent:  # once, not at every request while the broker is down
            logger.warning("the bell is silent (%s): messages wait for the relay's own round", type(error).__name__)
        _silent = True
    else:
        _silent = False
