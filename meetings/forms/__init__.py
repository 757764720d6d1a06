"""Forms of meetings, the logbook and the commitments: shape and validation, no writes."""
