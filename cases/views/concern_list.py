"""A professional's own concerns, each with where it stands now."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.access import UserRequest, for_hats, log
from cases.models import Concern, Outcome
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date, short_date

SHOWN = 50


@for_hats("member")
@require_safe
def own(request: UserRequest) -> HttpResponse:
    """Where is everything that I have sent? What waits comes first, then the newest."""
    rows = list(Concern.objects.visible_to(request.user).order_by("-sent_at", "-pk")[: SHOWN + 1])
    log(request, Verb.LIST, reason="own concerns")
    rows = sorted(rows, key=lambda row: row.answered_at is not None or row.withdrawn_at is not None)
    return render(
        request, "cases/concern_list.html", {"rows": [line(row) for row in rows[:SHOWN]], "more": len(rows) > SHOWN}
    )


def line(row: Concern) -> dict[str, Any]:
    """One concern in a list: when it was sent, of whom, and how it stands."""
    if row.withdrawn_at:
        state = (_("Taken back"), "grey", "check")
    elif row.outcome:
        state = (str(row.get_outcome_display()), "green" if row.outcome == Outcome.MET else "grey", "check")
    elif row.answered_at is None:
        state = (_("Waits for the coordinator"), "yellow", "clock")
    elif row.case_id:
        state = (_("The network is gathered"), "green", "check")
    else:
        state = (_("Answered"), "grey", "check")
    # Once there is a situation, its family may be protected: from then on the number stands for the child.
    name = row.ref if row.case_id else row.child_name or _("Consultation without a name")
    return {
        "url": reverse("concern", args=[row.ref]), "name": name,
        "sent_on": short_date(helsinki_date(row.sent_at)), "state": state, "number": row.ref,
    }  # fmt: skip
