"""Rows of the two logs, as many as a test needs, written as the owner."""

from datetime import datetime, timedelta
from typing import Any

from yhteiso.audit.models import Basis, LogEntry, Verb, disclose, record
from yhteiso.lib.ids import uuid7

PAGES = ("case", "board", "meeting", "logbook")


def row(n: int = 0, *, now: datetime, **fields: Any) -> None:
    """One reading of one case."""
    record(
        **{
            "verb": Verb.VIEW, "page": "case", "actor_id": 1, "actor_name": f"Katsoja {n}", "actor_agency": "Päivähoito",
            "actor_unit": "Pikkukäpy", "hat": "member", "case_id": 7000 + n, "sections": ["time"], "why": "member",
            "now": now - timedelta(seconds=n), "request_id": uuid7(),
        } | fields
    )  # fmt: skip


def handing_over(n: int = 0, *, now: datetime, **fields: Any) -> None:
    """One row of the disclosure log."""
    disclose(
        **{
            "case_id": 7000 + n, "basis": Basis.CONSENT, "sections": ["plan"], "from_agency": "Perhepalvelut",
            "to_agency": "Seurakunta", "consent_ids": [n + 1], "by_id": 1, "by_name": "Riikka", "hat": "area",
            "now": now - timedelta(seconds=n), "document_ref": "7K2M-41SX-Q9",
        } | fields
    )  # fmt: skip


def many(count: int, *, now: datetime) -> None:
    """So many rows of the use log in one statement."""
    LogEntry.objects.bulk_create(
        [
            LogEntry(
                id=uuid7(), at=now - timedelta(milliseconds=count - n), actor_id=n % 97, actor_name=f"Katsoja {n % 97}",
                actor_agency="Päivähoito", actor_unit="Pikkukäpy", hat="member", verb="view", case_id=n % 1013,
                page=PAGES[n % 4], sections=["time", "plan"][: n % 3], why="member", request_id=uuid7(),
            )
            for n in range(count)
        ],
        batch_size=2000,
    )  # fmt: skip
