"""Celery's entries of the log: no ids in, one call each, a count out. Every one may run twice at once or die half-way."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yhteiso.audit.months import ensure_months
from yhteiso.audit.oddities import look_again
from yhteiso.audit.seal import checkpoint, note_walk, own_heads, seal, walk
from yhteiso.hats.wear import wearing
from yhteiso.jobs.runs import job

logger = logging.getLogger(__name__)

MOST_BATCHES = 40  # within one run; what is left waits for the next, ten seconds later


@shared_task
@job("log-months", every=timedelta(hours=6), label=_("Months of the logs"))
def ensure_partitions() -> int:
    """Four times a day: the months ahead. A run that was missed harms nothing, since there are 24 of them."""
    with wearing("jobs"):
        return ensure_months(now=timezone.now())


@shared_task
@job("seal-log", every=timedelta(seconds=10), label=_("Sealing of the log"))
def seal_log() -> int:
    """Every ten seconds: seal what is final, batch by batch, and tell the head outside once an hour."""
    done = 0
    for _batch in range(MOST_BATCHES):
        with wearing("jobs"):
            made = seal(now=timezone.now())
        done += made
        if not made:
            break
    with wearing("jobs"):
        checkpoint(now=timezone.now())
    return done


@shared_task
@job("verify-log", every=timedelta(hours=24), label=_("Chain of the log"))
def verify_log() -> int:
    """Every night: walk the chain and keep the outcome for the data protection officer."""
    with wearing("jobs"):
        found = walk(own_heads())
    if found.broken:
        logger.error("the log is broken: %s at %s", found.broken.kind, found.broken.seq)
    with wearing("jobs"):
        note_walk(found, now=timezone.now())
    return found.links


@shared_task
@job("oddities", every=timedelta(hours=1), label=_("Unusual openings"))
def find_oddities() -> int:
    """Every hour: look at yesterday and today again. A row and a rule make one oddity, however often this runs."""
    with wearing("jobs"):
        return look_again(now=timezone.now())
