"""The one next step, from plain facts."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from meetings.next_step import Facts, next_step
from yhteiso.lib.dates import HELSINKI

NOW = datetime(2026, 6, 10, 9, 12, tzinfo=HELSINKI)
AHEAD, BEHIND = NOW + timedelta(days=6), NOW - timedelta(hours=2)


def facts(**fields: Any) -> Facts:
    return Facts(**({"status": "scheduling", "hat": "area", "now": NOW, "plan_by": date(2026, 6, 18)} | fields))


@pytest.mark.parametrize(
    ("fields", "to", "title"),
    [
        ({"status": "new"}, "network", "Kokoa verkosto"),
        ({"status": "gathering"}, "meeting-new", "Ehdota aikaa"),
        ({"coming_at": AHEAD, "invited": 6, "answered": 4}, "meeting", "Odottaa vastauksia"),
        ({"coming_at": AHEAD, "invited": 6, "answered": 6}, "meeting", "Vahvista ti\u00a016.6. klo\u00a09.12"),
        ({"coming_at": AHEAD, "invited": 6, "answered": 6, "refuses": ("Sari",)}, "meeting", "Siirrä tapaaminen"),
        ({"coming_at": AHEAD, "confirmed": True, "status": "agreed"}, "logbook", "Verkosto on koolla"),
        ({"coming_at": BEHIND, "confirmed": True, "status": "agreed"}, "meeting", "Merkitse tapaaminen pidetyksi"),
        ({"coming_at": BEHIND}, "meeting", "Merkitse tapaaminen pidetyksi"),
        ({"status": "follow_up", "met": True, "unfinished": True}, "logbook", "Viimeistele lokikirja"),
        ({"status": "follow_up", "met": True}, "meeting-new", "Sovi seurantatapaaminen"),
        ({"status": "follow_up", "met": True, "overdue_promises": 2}, "commitments", "Kysy, miten"),
        ({"status": "follow_up", "met": True, "ends_here": True}, "closure", "Kysy perheeltä"),
        ({"status": "follow_up", "met": True, "ends_here": True, "open_promises": 1}, "commitments", "Seuraa lupauksia"),
        ({"status": "follow_up", "met": True, "coming_at": AHEAD, "confirmed": True}, "logbook", "Verkosto on koolla"),
        ({"hat": "member", "coming_at": AHEAD, "own_answer": "none"}, "meeting", "Vastaa: sopiiko"),
        ({"hat": "member", "own_overdue": 1}, "commitments", "Kerro, miten"),
    ],
)
def test_step(fields: dict[str, Any], to: str, title: str) -> None:
    step = next_step(facts(**fields))
    assert step is not None
    assert step.to == to
    assert step.title.startswith(title)
    assert step.reason
    assert step.button


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "closed", "coming_at": AHEAD, "overdue_promises": 3}, {"hat": "member"},
        {"hat": "member", "coming_at": AHEAD, "own_answer": "yes"},
        {"hat": "member", "coming_at": AHEAD, "own_answer": None},
        {"hat": "member", "coming_at": BEHIND, "own_answer": "none"},
        {"hat": "member", "status": "new"},
    ],
)  # fmt: skip
def test_nothing_to_do(fields: dict[str, Any]) -> None:
    assert next_step(facts(**fields)) is None


def test_a_passed_day_is_told_plainly() -> None:
    step = next_step(facts(status="gathering", plan_by=date(2026, 6, 5)))
    assert step is not None
    assert "on mennyt" in step.reason
    assert "pe\u00a05.6." in step.reason


def test_waiting_answers_are_counted() -> None:
    step = next_step(facts(coming_at=AHEAD, invited=8, answered=6))
    assert step is not None
    assert step.reason.startswith("6/8 on vastannut, 2 ei vielä.")
