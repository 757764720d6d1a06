"""The data protection officer's first page."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from yhteiso.audit.forms import LogForm
from yhteiso.audit.models import Checkpoint, DisclosureEntry, Oddity, Rule, Verb
from yhteiso.audit.views.door import note, officers
from yhteiso.audit.views.log import today
from yhteiso.audit.views.oddities import counts, shown
from yhteiso.lib.dates import at_clock, helsinki_date, short_date

NEWEST = 4


@require_safe
@officers
def start(request: HttpRequest) -> HttpResponse:
    """Who looked, and was there a reason? What waits for a decision, and whether the log is whole."""
    now = timezone.now()
    note(request, Verb.LIST)
    waiting = list(Oddity.objects.filter(decision="").order_by("-entry_at", "-pk")[:NEWEST])
    context = {
        "today": short_date(today()),
        "form": LogForm(today=today()),
        "counts": counts() | {
            "unrelated": Oddity.objects.filter(decision="", rule=Rule.NO_RELATION).count(),
            "disclosures": DisclosureEntry.objects.filter(at__gte=now - timedelta(days=30)).count(),
        },
        "waiting": shown(waiting),
        "walk": _told(Checkpoint.objects.exclude(kind=Checkpoint.Kind.HEAD).order_by("-at").first()),
        "head": _told(Checkpoint.objects.filter(kind=Checkpoint.Kind.HEAD).order_by("-at").first()),
    }  # fmt: skip
    return render(request, "audit/start.html", context)


def _told(row: Checkpoint | None) -> dict[str, Any] | None:
    if row is None:
        return None
    when = f"{short_date(helsinki_date(row.at))} {at_clock(row.at)}"
    return {"when": when, "broken": row.kind == Checkpoint.Kind.BROKEN, "count": row.count}
