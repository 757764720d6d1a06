"""Celery's entries: ids in, one action call each, a count out."""

from datetime import date, timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from metrics.actions import close_month, months_to_close
from networks.models import Area
from yhteiso.hats.alone import each_alone
from yhteiso.hats.wear import wearing
from yhteiso.jobs.runs import job


@shared_task
@job("close-month", every=timedelta(hours=1), label=_("Figures of the month"))
def close_months() -> int:
    """Every hour: freeze the months that are due. May run twice at once or die half-way: each month is its own short
    transaction, and its unique row is the proof that it was frozen.
    """
    now = timezone.now()
    with wearing("jobs"):
        due = months_to_close(now=now)
        areas = {area.pk: area for area in Area.objects.all()}

    def close(item: tuple[int, date]) -> int:
        close_month(area=areas[item[0]], month=item[1], now=now)
        return 1

    return each_alone(due, close, job="months")
