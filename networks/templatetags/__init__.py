"""Tags that need to know who there is."""
