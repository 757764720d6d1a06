"""What this app tells of its own health: whether the sweeper finds the same difference again and again."""

from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cases.actions.sweep import ALARM
from cases.models import Difference
from yhteiso.jobs.health import reports


@reports("sweep", label=_("Facts and reminders compared"))
def sweep() -> dict[str, Any]:
    """Failing while a difference is found in two runs one after another: counts only."""
    lasting = Difference.objects.filter(runs__gte=ALARM).aggregate(n=Sum("found"))["n"] or 0
    text = ngettext("%(n)d difference", "%(n)d differences", lasting) % {"n": lasting}
    return {"status": "failing" if lasting else "ok", "counts": {"differences": lasting}, "text": text}
