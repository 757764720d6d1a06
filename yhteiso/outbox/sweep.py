"""The sweeper's questions: does anything wait that should have left? Asked under the jobs' hat; numbers and times only."""

from datetime import datetime, timedelta

from django.db.models import Count

from yhteiso.outbox.models import Outgoing

LONG_CLAIMED = timedelta(minutes=10)


def oldest_ready(now: datetime) -> datetime | None:
    """Since when the longest waiting message could have left; None when nothing is due."""
    due = Outgoing.objects.ready().filter(available_at__lte=now).order_by("available_at", "id")
    return due.values_list("available_at", flat=True).first()


def stuck(now: datetime) -> int:
    """How many messages a relay took and never brought back, long after its lease."""
    return Outgoing.objects.ready().filter(claimed_until__lt=now - LONG_CLAIMED).count()


def counts() -> dict[str, int]:
    """How many messages there are in each state that has any."""
    return dict(Outgoing.objects.values_list("state").annotate(n=Count("id")).order_by("state"))
