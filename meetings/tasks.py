"""Celery's entries: ids in, one action call each, a count out."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.actions import reminders
from meetings.actions.outcome import ids_without_outcome, write_missed
from yhteiso.hats.alone import each_alone
from yhteiso.hats.wear import wearing
from yhteiso.jobs.runs import job
from yhteiso.lib.dates import helsinki_date


@shared_task
@job("missed-outcomes", every=timedelta(minutes=1), label=_("Two weeks that passed unmet"))
def write_missed_outcomes() -> int:
    """Every minute: write down the two weeks that have passed unmet. May run twice at once."""
    now = timezone.now()
    with wearing("jobs"):
        ids = ids_without_outcome(on=helsinki_date(now))
    return each_alone(ids, lambda case_id: write_missed(case_id=case_id, now=now), job="outcomes")


@shared_task
@job("reminders", every=timedelta(minutes=1), label=_("Reminders of meetings"))
def remind() -> int:
    """Every minute: write the reminders of meetings whose moment has come. May run twice at once."""
    now = timezone.now()
    with wearing("jobs"):
        ids = reminders.ids_to_remind(now=now)
    return each_alone(ids, lambda meeting_id: reminders.remind(meeting_id=meeting_id, now=now), job="reminders")
