"""Changes of a network that are about several children of one family, all or none."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from cases.actions.sibling import chosen
from cases.models import Case, Membership
from meetings.actions.meeting import add_member
from networks.models import User


@transaction.atomic
def add_in_all(
    *, case: Case, also: Collection[str] = (), user: User, must_attend: bool, masked: bool = False,
    index_only: bool = False, by: User, now: datetime,
) -> Membership:  # fmt: skip
    """Take a professional into the network here and in the chosen siblings' situations (refs). Each child's consent is asked
    for each. Raises NotAllowed as `meetings.actions.meeting.add_member` does.
    """
    member = add_member(case=case, user=user, must_attend=must_attend, masked=masked, index_only=index_only, by=by, now=now)
    for other in chosen(case, also):
        add_member(case=other, user=user, must_attend=must_attend, masked=masked, index_only=index_only, by=by, now=now)
    return member
