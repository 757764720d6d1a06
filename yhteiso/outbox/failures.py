"""How a try can go wrong: a short code, and whether another try makes sense. Never the words of a server or a person."""


class Undelivered(Exception):
    """The message did not leave. `code` is short, ASCII and without content."""

    def __init__(self, code: str) -> None:
        super().__init__(code[:40])
        self.code = code[:40]


class Temporary(Undelivered):
    """May go better later."""


class Permanent(Undelivered):
    """The address refuses, or there is no way out: no later try would help."""
