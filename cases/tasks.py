"""Celery's entries: ids in, one action call each, a count out."""

from celery import shared_task
from django.utils import timezone

from cases.actions import digest
from cases.actions import tick as ticking
from cases.actions.watch import tell_of_ending_consents, tell_of_leaderless_cases, tell_of_vacant_seats
from yhteiso.hats.wear import wearing


@shared_task
def tick() -> int:
    """Every half minute: tell what is due. One of the bells of the clock; `manage.py clock` rings it without a broker."""
    return ticking.tick(now=timezone.now())


@shared_task
def send_digests() -> int:
    """Every hour: on the week's first working day from 8.00 on, tell each who wants it of their week. Once a week each."""
    return digest.send_digests(now=timezone.now())


@shared_task
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
