"""What the cross-cutting parts ask of the people: who looks at /health/, and whom a silent clock is told to."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from networks import limits, sessions
from networks.actions.notice import in_role, tell
from networks.models import Role, User
from networks.signin import has_second_factor
from yhteiso.jobs.health import ADDRESSEES, VIEWERS, Viewer, reports
from yhteiso.jobs.models import Silence
from yhteiso.jobs.silence import listens
from yhteiso.lib.dates import at_clock, helsinki_date, short_date

TOLD = (Role.ADMINISTRATOR, Role.RESPONSIBLE)


def viewer(request: HttpRequest) -> Viewer | None:
    """The signed-in person whose whole sign-in is proved and whose session is not locked."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or sessions.is_locked(request) or not has_second_factor(request):
        return None
    user.chosen_role = request.session.get("role")
    return Viewer(id=user.pk, name=user.name, hat=user.hat)


def addressees(now: datetime) -> Iterable[tuple[str, list[str]]]:
    """The roles that an alarm goes to, and their people by name; somebody under protection by initials."""
    for role, label in (
        (Role.ADMINISTRATOR, _("Administrators")),
        (Role.RESPONSIBLE, _("Responsible persons of the areas")),
    ):
        people = User.people.filter(pk__in=in_role(role, on=helsinki_date(now))).order_by("sort_key")
        rows = people.values_list("name", "protected_identity")
        yield label, [User(name=name).initials if protected else name for name, protected in rows]


def tell_of_silence(silence: Silence, now: datetime) -> None:
    """Tell the administrators and the areas' responsible persons that the clock is silent: once each."""
    day = helsinki_date(silence.began_at)
    params = {"since": f"{short_date(day, 'fi')} {at_clock(silence.began_at, 'fi')}"}
    tell(to=in_role(*TOLD, on=helsinki_date(now)), kind="clock_silent", params=params, now=now)


@reports("help_requests", label=gettext_lazy("The public request for help"))
def help_requests() -> dict[str, Any]:
    """Failing while an area gets so many requests in an hour that some are turned away: a count only."""
    refused = limits.turned_away(timezone.now())
    text = ngettext("%(n)d turned away in this hour", "%(n)d turned away in this hour", refused) % {"n": refused}
    return {"status": "failing" if refused else "ok", "counts": {"turned_away": refused}, "text": text}


def register() -> None:
    """Called when the application is ready."""
    VIEWERS.append(viewer)
    ADDRESSEES.append(addressees)
    listens(tell_of_silence)
