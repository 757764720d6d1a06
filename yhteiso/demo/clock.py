"""The demonstration's clock: what would have been told by now, told at its own moment."""

from datetime import datetime

from cases.actions.tick import tick
from cases.models import Deadline
from yhteiso.outbox.models import Outgoing, State


def load(*, now: datetime) -> None:
    """Run the clock from the first moment that is due up to now. What would have left by then counts as sent."""
    while (moment := Deadline.objects.due(now).values_list("due_at", flat=True).first()) is not None:
        tick(now=moment)
    left = Outgoing.objects.ready().filter(available_at__lt=now)
    for row in left:
        row.state, row.sent_at, row.attempts = State.SENT, row.available_at, 1
    Outgoing.objects.bulk_update(left, ["state", "sent_at", "attempts"])
