"""What a notice says. Other applications add their own kinds: `SENTENCES["kind"] = lazy text with %(name)s`."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from networks.models import Notice, Role
from yhteiso.lib.dates import period

SENTENCES: dict[str, str | Promise] = {
    "power_waiting": _("%(by)s proposed: %(what)s, %(who)s. It waits for your answer."),
    "power_yours": _(
        "Your account was changed: %(what)s. Proposed by %(by)s, accepted by %(accepter)s. If you did not expect this, "
        "call the coordinating number at once."
    ),
    "power_given": _("%(what)s: %(who)s. Proposed by %(by)s, accepted by %(accepter)s."),
    "power_accepted": _("Your proposal was accepted: %(what)s, %(who)s. Accepted by %(accepter)s."),
    "power_declined": _("Your proposal was declined: %(what)s, %(who)s. Declined by %(by)s."),
    "account_suspended": _("The account of %(who)s was suspended by %(by)s."),
    "account_closed": _("The account of %(who)s was closed for good by %(by)s."),
    "clock_silent": _("The reminder clock fell silent %(since)s. The page State of the service tells more."),
    "role_ended": _("A role ended: %(role)s, %(who)s. Ended by %(by)s."),
    "absence_asked": _("%(who)s asks you to stand in: %(days)s. Answer yes or no."),
    "absence_for_you": _("%(by)s told that you are away: %(days)s."),
    "absence_accepted": _("%(by)s stands in for %(who)s: %(days)s."),
    "absence_declined": _("%(by)s can't stand in for %(who)s: %(days)s. Choose somebody else."),
    "absence_not_needed": _("You do not have to stand in for %(who)s: %(days)s."),
}
UNKNOWN = _("Something was changed. If you do not know what, call the coordinating number.")
WHAT = {
    "role": _("new role: %(role)s"),
    "invitation": _("new account: %(role)s"),
    "email": _("new sign-in address"),
    "second_factor": _("second step of sign-in removed"),
    "resume": _("account back in use"),
}


class _Words(dict[str, Any]):
    """The parameters of a sentence. One that an older notice does not have is left empty: a page is never lost for it."""

    def __missing__(self, key: str) -> str:
        return ""


def role_text(role: str, place: str) -> str:
    """«Coordinator, Kuusiranta»: a role and its place; an unknown role as it is."""
    label = str(Role(role).label) if role in Role.values else role
    return f"{label}, {place}" if place else label


def days_text(first: str, last: str) -> str:
    """Days kept as in JSON, as people write them: «29.6.–24.7.»; the year when it is not one and the same."""
    return period(date.fromisoformat(first), date.fromisoformat(last))


def sentence(notice: Notice) -> str:
    """The notice in the reader's language."""
    words = _Words(notice.params)
    words["role"] = role_text(str(words["role"]), str(words["place"]))
    words["what"] = str(WHAT.get(str(words["what"]), "")) % words
    words["days"] = days_text(*words["days"]) if words["days"] else ""
    text = str(SENTENCES.get(notice.kind, UNKNOWN)) % words
    return text[:1].upper() + text[1:]


def address(notice: Notice) -> str:
    """Where the notice leads, or ''."""
    if notice.kind == "clock_silent":
        return reverse("health")
    if notice.kind in ("power_waiting", "power_accepted", "power_declined") and notice.params.get("ref"):
        return reverse("power", args=[notice.params["ref"]])
    if notice.kind.startswith("absence_"):
        return reverse("absences")
    return ""


def title_of(count: int) -> str:
    """The words of the count in the frame, for who hears the page."""
    return _now("Messages") if not count else _now("Messages, %(count)s new") % {"count": count}
