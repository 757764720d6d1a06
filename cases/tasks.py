"""Celery's entries: ids in, one action call each, a count out."""

import logging

from celery import shared_task
from django.utils import timezone

from cases.actions.clock import escalate, ids_to_escalate
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date

logger = logging.getLogger(__name__)


@shared_task
def escalate_late() -> int:
    """Every minute: tell of the meetings that are late. May run twice at once or die half-way: each case is its own
    short transaction, and a step's unique row is the proof that it was written.
    """
    now = timezone.now()
    with wearing("jobs"):
        ids = ids_to_escalate(on=helsinki_date(now))
    written = 0
    for case_id in ids:
        with wearing("jobs"):
            written += escalate(case_id=case_id, now=now)
    logger.info("escalation: %s cases looked at, %s steps written", len(ids), written)
    return written
