"""Writes to who there is: inviting a person, accepting an invitation, choosing the role to work in."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from networks.models import AccountInvitation, RoleMembership, User
from yhteiso.lib.dates import helsinki_date

INVITATION_DAYS = 7


class InvitationGone(Exception):
    """The invitation has expired or been used. Carries a sentence for the user."""


@transaction.atomic
def invite(*, invitation: AccountInvitation, by: User, now: datetime) -> str:
    """Store an invitation and return its token, which is shown once and kept only as a hash."""
    token = secrets.token_urlsafe(24)
    invitation.email = invitation.email.lower()
    invitation.token_hash = AccountInvitation.hash_of(token)
    invitation.invited_by, invitation.invited_at = by, now
    invitation.expires_at = now + timedelta(days=INVITATION_DAYS)
    invitation.save()
    return token


def find_invitation(*, token: str, now: datetime) -> AccountInvitation:
    """The invitation of a link. Raises InvitationGone when it is expired, used or never was: the same sentence."""
    row = AccountInvitation.objects.usable(now).filter(token_hash=AccountInvitation.hash_of(token)).first()
    if row is None:
        raise InvitationGone(_("This invitation has expired or has already been used."))
    return row


@transaction.atomic
def accept_invitation(*, token: str, password: str | None, now: datetime) -> User:
    """Make the account with its role; without a password it is signed in by its organisation only. Two clicks make one."""
    row = find_invitation(token=token, now=now)
    row = AccountInvitation.objects.select_for_update().get(pk=row.pk)
    if row.accepted_at or User.objects.filter(email=row.email).exists():
        raise InvitationGone(_("This invitation has expired or has already been used."))
    try:
        with transaction.atomic():
            user = User.objects.create_user(row.email, row.name, password, title=row.title, unit_id=row.unit_id)
    except IntegrityError as error:  # another invitation of the same address was accepted at this moment
        raise InvitationGone(_("This invitation has expired or has already been used.")) from error
    RoleMembership.objects.create(
        user=user, role=row.role, area_id=row.area_id, unit_id=row.unit_id, starts_on=helsinki_date(now)
    )
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    return user
