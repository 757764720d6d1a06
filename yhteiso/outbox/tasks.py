"""Celery's entry of the relay: nothing in, a count out."""

import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yhteiso.jobs.runs import job
from yhteiso.outbox import relay, returns

LONGEST = 200  # seconds, below the soft limit of a task: what is left waits for the next round


@shared_task
@job("drain-outbox", every=timedelta(seconds=10), label=_("Sending of messages"))
def drain() -> int:
    """Every ten seconds, and when the bell rings: carry out what came back, then send what waits."""
    end = time.monotonic() + LONGEST
    returns.take_reports(now=timezone.now())
    return relay.drain(clock=timezone.now, stop=lambda: time.monotonic() > end)
