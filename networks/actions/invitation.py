"""Inviting a person, and making the account from an invitation that a second person has accepted."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from networks.actions.database import answer
from networks.actions.power import propose_invitation
from networks.models import AccountInvitation, User

INVITATION_DAYS = 7


class InvitationGone(Exception):
    """The invitation has expired or been used. Carries a sentence for the user."""

    waiting = False


class InvitationWaiting(InvitationGone):
    """The invitation is real, but nobody has accepted it beside the one who made it."""

    waiting = True


@transaction.atomic
def invite(*, invitation: AccountInvitation, by: User, now: datetime) -> str:
    """Store an invitation and propose it; returns its token, which is shown once and kept only as a hash.

    The link opens nothing before another person has accepted the proposal; its seven days begin then.
    """
    token = secrets.token_urlsafe(24)
    invitation.email = invitation.email.lower()
    invitation.token_hash = AccountInvitation.hash_of(token)
    invitation.invited_by, invitation.invited_at = by, now
    invitation.expires_at = now + timedelta(days=INVITATION_DAYS)
    invitation.save(force_insert=True)
    propose_invitation(invitation=invitation, by=by, now=now)
    return token


def find_invitation(*, token: str, now: datetime) -> AccountInvitation:
    """The invitation of a link. Raises InvitationGone when it is expired, used or never was (the same sentence), and
    InvitationWaiting while a second person has not accepted it.
    """
    row = AccountInvitation.objects.filter(token_hash=AccountInvitation.hash_of(token), accepted_at=None).first()
    if row and not answer("SELECT sec.invitation_accepted(%s)", row.pk):
        if row.expires_at + timedelta(days=INVITATION_DAYS) > now:  # as long as its proposal may be answered
            raise InvitationWaiting(_("A second person has not accepted this invitation yet. Try the link again later."))
        row = None
    if row is None or row.expires_at <= now:
        raise InvitationGone(_("This invitation has expired or has already been used."))
    return row


@transaction.atomic
def accept_invitation(*, token: str, password: str | None, now: datetime) -> User:
    """Make the account with the role that was accepted; without a password it is signed in by its organisation only.

    Two clicks make one account. Raises InvitationGone or InvitationWaiting as `find_invitation` does.
    """
    row = find_invitation(token=token, now=now)
    row = AccountInvitation.objects.select_for_update().get(pk=row.pk)
    if row.accepted_at or User.objects.filter(email=row.email).exists():
        raise InvitationGone(_("This invitation has expired or has already been used."))
    try:
        with transaction.atomic():
            user = User.objects.create_user(row.email, row.name, password, title=row.title, unit_id=row.unit_id)
    except IntegrityError as error:  # another invitation of the same address was accepted at this moment
        raise InvitationGone(_("This invitation has expired or has already been used.")) from error
    if not answer("SELECT sec.take_invited_role(%s, %s)", row.pk, user.pk):
        raise InvitationGone(_("This invitation has expired or has already been used."))
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    return user
