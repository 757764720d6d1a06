"""Every write to a family's way. One keyword-only function a use case, each atomic, each with an actor and a time."""
