"""Celery's entries: ids in, one action call each, a count out."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.actions import digest, directory, ladder
from cases.actions import sweep as sweeping
from cases.actions import tick as ticking
from cases.actions.draft import sweep_drafts
from cases.actions.membership import end_seats, tell_of_quiet_seats
from cases.actions.watch import tell_of_ending_consents, tell_of_leaderless_cases, tell_of_vacant_seats
from networks.actions.service_import import forget_old
from yhteiso.hats.wear import wearing
from yhteiso.jobs.runs import job


@shared_task
@job("tick", every=timedelta(seconds=30))
def tick() -> int:
    """Every half minute: tell what is due. One of the bells of the clock; `manage.py clock` rings it without a broker."""
    return ticking.tick(now=timezone.now())


@shared_task
@job("digests", every=timedelta(hours=1), label=_("Monday's summaries"))
def send_digests() -> int:
    """Every hour: on the week's first working day from 8.00 on, tell each who wants it of their week. Once a week each."""
    return digest.send_digests(now=timezone.now())


@shared_task
@job("sweep", every=timedelta(minutes=10), label=_("Facts and reminders compared"))
def sweep() -> int:
    """Every ten minutes: compare facts with effects and mend what is missing. Returns how many differences there were."""
    now = timezone.now()
    done = sweeping.sweep(repair=True, now=now)
    sweeping.record(done, now=now)
    return sum(done.found.values())


@shared_task
@job("daily-tasks", every=timedelta(hours=24), label=_("Tasks of the day"))
def open_daily_tasks() -> int:
    """Every day: tell of consents that end soon, of seats and leads that stand empty, end the seats whose time has come, and
    ask about stale services.

    A task is opened once, and a seat ends once, however often this runs.
    """
    now = timezone.now()
    with wearing("jobs"):
        ending = tell_of_ending_consents(now=now)
    with wearing("jobs"):
        vacant = tell_of_vacant_seats(now=now)
    with wearing("jobs"):
        quiet = tell_of_quiet_seats(now=now)
    with wearing("jobs"):
        leaderless = tell_of_leaderless_cases(now=now)
    ended = end_seats(now=now)
    with wearing("jobs"):
        forget_old(now=now)
        return ending + vacant + quiet + leaderless + ended + directory.ask(now=now)


@shared_task
@job("changed-ladders", every=timedelta(minutes=15), label=_("Changed ladders"))
def replan_changed() -> int:
    """Every quarter of an hour: plan anew by the ladders that have come into force since, and by the area's own where a
    situation has moved. Twice, or at once, is once.
    """
    now = timezone.now()
    return ladder.replan_changed(now=now) + ladder.replan_moved(now=now)


@shared_task
@job("old-drafts", every=timedelta(hours=6), label=_("Old drafts"))
def delete_old_drafts() -> int:
    """Four times a day: delete drafts and kept texts that have lain for 30 days. Twice, or at once, is once."""
    with wearing("jobs"):
        return sweep_drafts(now=timezone.now())
