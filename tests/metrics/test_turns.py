"""The turn-taking index against examples worked out by hand, and what a page tells of it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.models import Case, Membership
from cases.turns import Turns, turns
from meetings.turns import told, turns_of
from tests.meetings.steps import a_case
from tests.personas import World, at

T0 = at("2026-06-05 12:46")


def test_nothing_but_waiting() -> None:
    assert turns(t0_at=T0, first_met_at=None, until=at("2026-06-11 08:00")) == Turns(6, 0, 0, 0, 0, met=False)
    # The day's number, not 24 hours: called before midnight, met right after it.
    assert turns(t0_at=at("2026-06-05 23:50"), first_met_at=at("2026-06-06 00:10"), until=at("2026-07-01 08:00")).waited == 1


def test_turns_are_counted_between_the_call_and_the_first_meeting() -> None:
    before, between, met, after = (
        at("2026-06-05 12:00"),
        at("2026-06-08 09:00"),
        at("2026-06-15 14:30"),
        at("2026-06-16 09:00"),
    )
    row = turns(
        t0_at=T0, first_met_at=met, leads=[between, after], seats=[before, between, between], moved=[T0, met],
        declined=[between], until=at("2026-08-01 08:00"),
    )  # fmt: skip
    assert row == Turns(waited=10, leads=1, seats=2, moved=1, declined=1, met=True)
    assert row.index == 5


def test_what_has_not_happened_yet_is_not_counted() -> None:
    met, until = at("2026-06-15 14:30"), at("2026-06-10 08:00")
    row = turns(t0_at=T0, first_met_at=met, leads=[at("2026-06-12 09:00")], until=until)
    assert row == Turns(waited=5, leads=0, seats=0, moved=0, declined=0, met=False)


@given(st.lists(st.integers(-20, 40), max_size=8), st.integers(0, 40))
def test_more_time_never_takes_a_turn_away(days: list[int], later: int) -> None:
    moments = [T0 + timedelta(days=n) for n in days]
    early = turns(t0_at=T0, first_met_at=None, leads=moments, until=T0 + timedelta(days=5))
    late = turns(t0_at=T0, first_met_at=None, leads=moments, until=T0 + timedelta(days=5 + later))
    assert 0 <= early.index <= late.index <= len(moments)
    assert late.waited == 5 + later


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Turns(6, 1, 0, 0, 0, met=False), "Perhe on odottanut 6 päivää. Vastuu on vaihtunut kerran."),
        (Turns(1, 0, 0, 2, 0, met=True), "Perhe odotti verkostoaan 1 päivän. Tapaamista siirrettiin 2 kertaa."),
        (Turns(0, 0, 0, 0, 0, met=False), "Puhelu tuli tänään. Ihmiset eivät ole vaihtuneet matkan varrella."),
    ],
)
def test_it_is_told_in_words(row: Turns, words: str) -> None:
    from django.utils.translation import override

    with override("fi"):
        assert told(row) == words


def test_the_coordinator_reads_it_and_nobody_else(world: World) -> None:
    case: Case = a_case(world, days_ago=4)
    now = timezone.now()
    Membership.objects.filter(case=case, user=world.left).update(ended_at=now - timedelta(hours=1), end_reason="unit")
    assert turns_of(case, [], now).seats == 1
    page = reverse("case", args=[case.ref])
    assert "Perhe on odottanut 4 päivää." in world.client(world.coordinator).get(page).content.decode()
    assert "Perhe on odottanut" not in world.client(world.member).get(page).content.decode()
