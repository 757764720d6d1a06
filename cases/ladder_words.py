"""Steps of a ladder in words: who is told in which role, and by which day a state's own deed is done."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cases.deadlines import KINDS
from yhteiso.lib.dates import helsinki_date, short_date, working_day_until

ROLES = {
    "owner": pgettext_lazy("told", "whoever it belongs to"),
    "invited": pgettext_lazy("told", "who was asked to come"),
    "owner_head": pgettext_lazy("told", "head of the unit"),
    "caller": pgettext_lazy("told", "who made contact"),
    "coordinator": pgettext_lazy("told", "coordinator"),
    "coordinators": pgettext_lazy("told", "all coordinators of the area"),
    "substitute": pgettext_lazy("told", "substitute of the area"),
    "unit_heads": pgettext_lazy("told", "heads of the units"),
    "responsible": pgettext_lazy("told", "who answers for the area"),
    "named": pgettext_lazy("told", "the person named for the area"),
    "officers": pgettext_lazy("told", "data protection officer"),
    "fallback": pgettext_lazy("told", "whoever was found"),
}
# What stands when the deed of a kind has been done; the rest of the sentence is its last day.
DONE = {
    "concern": gettext_lazy("Contact answered"),
    "help_request": gettext_lazy("Request for help answered"),
    "call": gettext_lazy("Call finished"),
    "family_asked": gettext_lazy("Family asked"),
    "consent": gettext_lazy("Consent asked"),
    "gathered": gettext_lazy("Network gathered"),
    "meeting": gettext_lazy("Network together"),
    "invitation": gettext_lazy("Invitation answered"),
    "review": gettext_lazy("Exceptional access reviewed"),
    "logbook": gettext_lazy("Logbook finished"),
    "promise": gettext_lazy("Promise told of"),
}


def roles_text(roles: Iterable[str]) -> str:
    """Roles as a list: "koordinaattori ja yksiköiden johtajat"."""
    *first, last = [str(ROLES.get(role, role)) for role in roles] or [""]
    text = _("%(names)s and %(last)s") % {"names": ", ".join(first), "last": last} if first else last
    return text[:1].upper() + text[1:]


def last_day(late_at: datetime, today: date) -> date:
    """The day to plan by: the last working day on which it is kept, or the last day itself once that has passed."""
    last_on = helsinki_date(late_at - timedelta(microseconds=1))
    working = working_day_until(last_on)
    return working if today <= working else last_on


def by_when(kind: str, late_at: datetime, now: datetime) -> str:
    """The state's own latest day: "Verkosto koolla viimeistään ma 15.6."; once it has passed, which day it was."""
    today = helsinki_date(now)
    said = {"done": DONE.get(kind) or KINDS[kind].label, "day": short_date(last_day(late_at, today))}
    return (_("%(done)s: the last day was %(day)s") if now >= late_at else _("%(done)s by %(day)s")) % said
