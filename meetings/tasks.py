"""Celery's entries: ids in, one action call each, a count out."""

import logging

from celery import shared_task
from django.utils import timezone

from meetings.actions.outcome import ids_without_outcome, write_missed
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date

logger = logging.getLogger(__name__)


@shared_task
def write_missed_outcomes() -> int:
    """Every minute: write down the two weeks that have passed unmet. May run twice at once."""
    now = timezone.now()
    with wearing("jobs"):
        ids = ids_without_outcome(on=helsinki_date(now))
    written = 0
    for case_id in ids:
        with wearing("jobs"):
            written += write_missed(case_id=case_id, now=now)
    logger.info("outcomes: %s cases past day 14, %s written", len(ids), written)
    return written
