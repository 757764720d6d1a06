"""What the call's page shows of "Onko jo tuttu?": before anything was asked, and after."""

from datetime import date, datetime
from typing import Any

from cases.access import UserRequest, log
from cases.actions.known import Known, look
from cases.forms_known import KnownForm
from cases.models import Call, Case
from yhteiso.audit.keys import request_key
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

LOOKED = "known_looked"  # the situations that this page has shown, as the page sends them back


def unasked(call: Call, today: date) -> dict[str, Any]:
    """Before anything was asked. With a script the page asks by itself where the call has enough to ask by."""
    by_day = call.child_born_on and (call.child_name or call.child_family_name)
    ready = bool(by_day or (call.child_age is not None and call.child_name))
    return answered(KnownForm(today=today), None) | {"known_at_once": ready}


def asks(request: UserRequest, form: KnownForm, now: datetime) -> Known | None:
    """Look, and log the look. None where too little was typed to look by."""
    form.is_valid()
    what = form.asked
    if not what.is_enough:
        return None
    found = look(what=what, request_id=request_key(request), by=request.user, now=now)
    log(request, Verb.SEARCH, cases=[Case(pk=row.case_id) for row in found.here], reason="known", mark=what.mark)
    return found


def unlooked(request: UserRequest, now: datetime) -> dict[str, Any] | None:
    """Before a network is opened: what to show where the own area has an open situation that this page has not shown."""
    form = KnownForm(request.POST, today=helsinki_date(now))
    found = asks(request, form, now)
    seen = set(" ".join(request.POST.getlist(LOOKED)).split())
    if found is None or all(row.closed_at or row.ref in seen for row in found.here):
        return None
    return answered(form, found) | {"known_asks": True}


def answered(form: KnownForm, found: Known | None) -> dict[str, Any]:
    """What was found, or None where nothing was asked: what is still missing."""
    nobody = found is not None and not (found.here or found.elsewhere)
    return {"known_form": form, "known": found, "known_nobody": nobody, "known_at_once": False}
