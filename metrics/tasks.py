"""Celery's entries: ids in, one action call each, a count out."""

import logging

from celery import shared_task
from django.utils import timezone

from metrics.actions import close_month, months_to_close
from networks.models import Area
from yhteiso.hats.wear import wearing

logger = logging.getLogger(__name__)


@shared_task
def close_months() -> int:
    """Every hour: freeze the months that are due. May run twice at once or die half-way: each month is its own short
    transaction, and its unique row is the proof that it was frozen.
    """
    now = timezone.now()
    with wearing("jobs"):
        due = months_to_close(now=now)
        areas = {area.pk: area for area in Area.objects.all()}
    for area_id, month in due:
        with wearing("jobs"):
            close_month(area=areas[area_id], month=month, now=now)
    logger.info("months: %s frozen", len(due))
    return len(due)
