"""Celery's entries: ids in, one action call each, a count out."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.actions.clock import escalate, ids_to_escalate
from cases.actions.watch import tell_of_ending_consents, tell_of_leaderless_cases, tell_of_vacant_seats
from yhteiso.hats.alone import each_alone
from yhteiso.hats.wear import wearing
from yhteiso.jobs.runs import job
from yhteiso.lib.dates import helsinki_date


@shared_task
@job("late-meetings", every=timedelta(minutes=1), label=_("Reminders of late meetings"))
def escalate_late() -> int:
    """Every minute: tell of the meetings that are late. May run twice at once or die half-way: each case is its own
    short transaction, and a step's unique row is the proof that it was written.
    """
    now = timezone.now()
    with wearing("jobs"):
        ids = ids_to_escalate(on=helsinki_date(now))
    return each_alone(ids, lambda case_id: escalate(case_id=case_id, now=now), job="escalation")


@shared_task
@job("daily-tasks", every=timedelta(hours=24), label=_("Tasks of the day"))
def open_daily_tasks() -> int:
    """Every day: tell of consents that end soon and of seats and leads that stand empty.

    A task is opened once, however often this runs.
    """
    now = timezone.now()
    with wearing("jobs"):
        ending = tell_of_ending_consents(now=now)
    with wearing("jobs"):
        vacant = tell_of_vacant_seats(now=now)
    with wearing("jobs"):
        return ending + vacant + tell_of_leaderless_cases(now=now)
