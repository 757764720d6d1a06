"""Pages of meetings, the logbook and the commitments; and those of a case, which show them."""
