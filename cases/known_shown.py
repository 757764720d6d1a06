"""What the call's page shows of "Onko jo tuttu?": before anything was asked, and after."""

from datetime import date
from typing import Any

from cases.actions.known import Known
from cases.forms_known import KnownForm
from cases.models import Call


def unasked(call: Call, today: date) -> dict[str, Any]:
    """Before anything was asked. With a script the page asks by itself where the call has enough to ask by."""
    ready = bool(call.child_born_on and (call.child_name or call.child_family_name))
    return answer(KnownForm(today=today), None) | {"known_at_once": ready}


def answer(form: KnownForm, found: Known | None) -> dict[str, Any]:
    """What was found, or None where nothing was asked: what is still missing."""
    nobody = found is not None and not (found.here or found.elsewhere)
    return {"known_form": form, "known": found, "known_nobody": nobody, "known_at_once": False}
