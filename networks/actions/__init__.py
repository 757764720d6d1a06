"""Writes to who there is: invitations, proposed powers, the state of an account, notices. One module a noun."""

from networks.actions.invitation import InvitationGone, InvitationWaiting, accept_invitation, find_invitation, invite

__all__ = ["InvitationGone", "InvitationWaiting", "accept_invitation", "find_invitation", "invite"]
