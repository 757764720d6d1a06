"""The doorbell: tells the workers that something waits. Losing it costs one round of the relay, never a message."""

import logging
import time

from celery import current_app
from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

TASK = "yhteiso.outbox.tasks.drain"
# A connection of its own, so that neither a broker that is away nor one that hangs keeps a request waiting.
QUICK = {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 1}
PAUSE = 10  # seconds without another try after a bell that did not ring: the relay's own rounds are as frequent

_silent_until = 0.0
_told = False


def ring() -> None:
    """Ring once when the transaction commits. Never fails the request."""
    if not settings.CELERY_BROKER_URL or any(deed is _ring for _, deed, *_ in connection.run_on_commit):
        return
    transaction.on_commit(_ring)


def _ring() -> None:
    global _silent_until, _told
    if time.monotonic() < _silent_until:
        return
    try:
        with current_app.connection(settings.CELERY_BROKER_URL, transport_options=QUICK) as broker:
            current_app.send_task(TASK, connection=broker, retry=False, ignore_result=True)
    except Exception as error:
        if not _told:  # once, not at every request while the broker is down
            logger.warning("the bell is silent (%s): messages wait for the relay's own round", type(error).__name__)
        _silent_until, _told = time.monotonic() + PAUSE, True
    else:
        _told = False
