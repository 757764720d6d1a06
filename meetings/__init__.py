"""Network meetings: the time, invitations, attendance, the logbook and the commitments made there."""
