"""A unit says yes: the person joins the network, and the meeting that is being agreed on."""

from datetime import datetime

from django.db import transaction

from cases.actions.unit_invitation import answering, check_open, may_not_come, needs_word, settle, told_lead
from cases.models import InvitationState, UnitInvitation
from meetings.actions.meeting import add_member
from networks.models import User


@transaction.atomic
def accept(*, invitation: UnitInvitation, can_decide: bool, by: User, now: datetime) -> UnitInvitation:
    """The asked person comes, and says whether they may decide for the unit. Pressed twice it is one membership.

    Membership alone opens nothing: what the new member sees follows from the family's consents. Raises NotAllowed for
    anybody else, after a cancelling or another answer, and where the person can't join (disqualified, no longer there).
    """
    with answering(invitation=invitation, by=by) as (row, lead):
        if row.state == InvitationState.ACCEPTED:
            return row
        check_open(row)
        row.can_decide = can_decide
        settle(row, InvitationState.ACCEPTED, by, now, ["can_decide"])
        if may_not_come(row.case, row.user):  # the page answers the same; what to do is the lead's to say
            needs_word(row, lead, now)
            return row
        add_member(
            case=row.case, user=row.user, must_attend=row.must_attend, masked=row.masked, index_only=row.index_only,
            by=lead, now=now,
        )  # fmt: skip
        told_lead(row, lead, now)
    return row
