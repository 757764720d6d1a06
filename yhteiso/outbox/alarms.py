"""What the outbox tells of its own health: how many messages wait, since when, and how many did not arrive."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yhteiso.jobs.health import reports

LATE_AFTER = timedelta(minutes=10)


@reports("outbox", label=_("Messages that wait"))
def outbox() -> dict[str, Any]:
    """Late when the oldest message that could leave has waited for ten minutes; a day's failures are a number only."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT waiting, since, failed FROM sec.outbox_state(%s)", [now])
        waiting, since, failed = cursor.fetchone()
    late = since is not None and now - since > LATE_AFTER
    text = gettext("%(waiting)d wait, %(failed)d did not arrive within a day") % {"waiting": waiting, "failed": failed}
    return {"status": "late" if late else "ok", "counts": {"waiting": waiting, "failed_in_a_day": failed}, "text": text}
