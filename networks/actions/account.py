"""The state of an account: suspended for now, closed for good, and the end of a role. One administrator may do these."""

from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from networks.access import NotAllowed
from networks.actions.database import answer, open_duties
from networks.actions.notice import tell, watchers
from networks.models import RoleMembership, User


@transaction.atomic
def suspend(*, person: User, by: User, reason: str, now: datetime) -> None:
    """Shut an account for now: at the next request every channel is gone, and no old session comes back.

    Raises NotAllowed for oneself, for the last administrator, and for an account that is not in use.
    """
    _ask(answer("SELECT sec.suspend_account(%s, %s)", person.pk, reason))
    _tell(person, "account_suspended", by, now)


@transaction.atomic
def close(*, person: User, by: User, reason: str, now: datetime) -> None:
    """End an account for good, its roles and open proposals too.

    Raises NotAllowed for oneself, for the last administrator, for a closed account, and while the person leads an open
    situation or has open promises: those are handed over first.
    """
    if blocker := duties_text(open_duties(person.pk)):
        raise NotAllowed(blocker, "duties")
    try:
        with transaction.atomic():
            code = answer("SELECT sec.close_account(%s, %s)", person.pk, reason)
    except DatabaseError as error:  # a situation was handed to the person at this very moment
        raise NotAllowed(_("Something changed while you were reading. Open the page again."), "changed") from error
    _ask(code)
    _tell(person, "account_closed", by, now)


@transaction.atomic
def end_role(*, membership: RoleMembership, by: User, reason: str, now: datetime) -> None:
    """End a role at once. Raises NotAllowed for a role that has ended and for the last administrator's."""
    _ask(answer("SELECT sec.end_role(%s, %s)", membership.pk, reason))
    area_id = membership.area_id or (membership.unit.area_id if membership.unit else None)
    params = {"who": membership.user.name, "role": membership.role, "place": str(membership.area or membership.unit or "")}
    told = (watchers(area_id, now) | {membership.user_id}) - {by.pk}
    tell(to=told, kind="role_ended", params=params | {"by": by.name}, now=now)


def state_blocker(*, person: User, by: User, last: bool) -> str:
    """Why this administrator may not suspend or close this account: a sentence for the button; '' when they may."""
    if person.closed_at:
        return _refusals()["closed"]
    if person.pk == by.pk:
        return _refusals()["own"]
    return _refusals()["last"] if last else ""


def is_last_administrator(person: User) -> bool:
    """Whether nobody else would be left to keep the accounts."""
    found: bool = answer("SELECT sec.last_administrator(%s)", person.pk)
    return found


def duties_text(count: int) -> str:
    """Why an account with open duties stays open; '' when there are none."""
    if not count:
        return ""
    return ngettext(
        "The person still has %(count)s open situation or promise. It must be handed over to somebody else first.",
        "The person still has %(count)s open situations and promises. They must be handed over to somebody else first.",
        count,
    ) % {"count": count}


def _ask(code: str) -> None:
    if code:
        raise NotAllowed(_refusals().get(code, _refusals()["reach"]), code)


def _tell(person: User, kind: str, by: User, now: datetime) -> None:
    area_id = person.unit.area_id if person.unit else None
    params = {"who": person.name, "by": by.name}
    tell(to=watchers(area_id, now) - {person.pk, by.pk}, kind=kind, params=params, now=now)


def _refusals() -> dict[str, str]:
    return {
        "reach": _("Only an administrator may do this."),
        "gone": _("There is no such account."),
        "own": _("You can't suspend or close your own account. Another administrator does it."),
        "last": _("This is the last administrator. Give the role to somebody else first."),
        "closed": _("The account has already been closed for good."),
        "suspended": _("The account is already suspended."),
        "ended": _("The role has already ended."),
        "duties": _("The person still has open situations or promises. They must be handed over first."),
    }
