"""The turn-taking index of a situation, read from its rows and told in words to its coordinator."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.models import Case, MemberRole
from cases.turns import Turns, turns
from meetings.models import Answer, Meeting, MeetingStatus, Participant

LEAD_ENDS = ("handed_over", "recused")
SEAT_ENDS = ("unit", "replaced", "recused")


def turns_of(case: Case, meetings: Iterable[Meeting], now: datetime) -> Turns:
    """The index as it stands now; of a closed situation as it stood when it closed. Two questions."""
    gone = case.memberships.filter(user__isnull=False, ended_at__isnull=False).exclude(role=MemberRole.EXCEPTIONAL)
    ends = list(gone.values_list("role", "end_reason", "ended_at"))
    declined = Participant.objects.filter(case=case, answer=Answer.NO, membership__user__isnull=False)
    declined = declined.exclude(meeting__status=MeetingStatus.MOVED)
    return turns(
        t0_at=case.t0_at, first_met_at=case.first_met_at, until=case.closed_at or now,
        leads=[at for role, why, at in ends if role == MemberRole.COORDINATOR and why in LEAD_ENDS and at],
        seats=[at for role, why, at in ends if role != MemberRole.COORDINATOR and why in SEAT_ENDS and at],
        moved=[row.proposed_at for row in meetings if row.moved_from_id],
        declined=[at for at in declined.values_list("answered_at", flat=True) if at],
    )  # fmt: skip


def told(row: Turns) -> str:
    """The index in words: how long the family has waited, and whose turns it has waited for."""
    return " ".join([_waited(row), *_counted(row)])


def _waited(row: Turns) -> str:
    if not row.waited:
        return str(_("The network met on the day of the call.") if row.met else _("The call came today."))
    if row.met:
        text = ngettext(
            "The family waited for its network for %(n)d day.",
            "The family waited for its network for %(n)d days.",
            row.waited,
        )
    else:
        text = ngettext("The family has waited for %(n)d day.", "The family has waited for %(n)d days.", row.waited)
    return text % {"n": row.waited}


def _counted(row: Turns) -> list[str]:
    if not row.index:
        return [str(_("The people have not changed along the way."))]
    found = []
    if row.leads:
        found.append(
            ngettext("The lead has changed once.", "The lead has changed %(n)d times.", row.leads) % {"n": row.leads}
        )
    if row.seats:
        text = ngettext("A member has changed or left once.", "Members have changed or left %(n)d times.", row.seats)
        found.append(text % {"n": row.seats})
    if row.moved:
        text = ngettext("A meeting was moved once.", "A meeting was moved %(n)d times.", row.moved)
        found.append(text % {"n": row.moved})
    if row.declined:
        text = ngettext(
            "The time did not suit one professional.", "The time did not suit %(n)d professionals.", row.declined
        )
        found.append(text % {"n": row.declined})
    return found
