"""What ties rows of one request together, and how a search term is told without being told."""

from uuid import UUID

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from yhteiso.lib.ids import uuid7


def request_key(request: HttpRequest) -> UUID:
    """One key for everything that this request writes to the logs, made at the first row."""
    found: UUID | None = getattr(request, "log_key", None)
    if found is None:
        found = uuid7()
        request.log_key = found  # type: ignore[attr-defined]
    return found


def term_hash(term: str) -> str:
    """A search term as the log may keep it: the same term gives the same mark, and nobody reads the term from it."""
    return salted_hmac("yhteiso.audit.term", " ".join(term.casefold().split()), algorithm="sha256").hexdigest()
