"""Messages that must leave: rows written with the fact, a relay that sends them, and what comes back. Knows no app."""
