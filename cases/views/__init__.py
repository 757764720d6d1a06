"""Pages of a way's beginning and end. Pages that also show meetings and promises live in `meetings.views`."""
