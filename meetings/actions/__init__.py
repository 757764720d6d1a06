"""Every write to a meeting, its logbook and its commitments. One keyword-only function a use case."""
