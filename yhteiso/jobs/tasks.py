"""Celery's entries of the jobs themselves: a canary through the queue, and deliveries that the broker lost."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yhteiso.hats.wear import wearing
from yhteiso.jobs import deliveries
from yhteiso.jobs.runs import job


@shared_task
@job("canary", every=timedelta(seconds=30), label=_("Way through the queue"))
def canary() -> int:
    """Every 30 seconds: its run is the proof that a message goes through the queue to a worker that works."""
    return 1


@shared_task
@job("lost-tasks", every=timedelta(minutes=10), label=_("Search for lost tasks"))
def bury_lost() -> int:
    """Every ten minutes: tasks that were begun, did not end and never came again become dead letters."""
    from yhteiso.celery import app

    periodic = [task.name for task in app.tasks.values() if hasattr(task.run, "job_name")]
    with wearing("jobs"):
        return deliveries.bury_lost(now=timezone.now(), periodic=periodic)
