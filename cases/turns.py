"""The turn-taking index (vuoroluku): how long a family waited for its network, and how often for somebody else's turn.

One pure function: moments in, numbers out. It is told of a situation, and of an area as a median; never of a person or
a unit, since a turn is nobody's fault.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from yhteiso.lib.dates import helsinki_date


@dataclass(frozen=True, slots=True)
class Turns:
    """`waited` in calendar days; the rest are how many times. `met`: whether the waiting is over."""

    waited: int
    leads: int
    seats: int
    moved: int
    declined: int
    met: bool

    @property
    def index(self) -> int:
        """How many times it was somebody else's turn."""
        return self.leads + self.seats + self.moved + self.declined


def turns(
    *, t0_at: datetime, first_met_at: datetime | None, leads: Iterable[datetime] = (), seats: Iterable[datetime] = (),
    moved: Iterable[datetime] = (), declined: Iterable[datetime] = (), until: datetime,
) -> Turns:  # fmt: skip
    """The turn-taking index, version 1: the hand-overs between the call (T0) and the first meeting, or `until` before it.

    `leads`: moments at which somebody else began to answer for the situation (a hand-over that was accepted, a lead who was
    disqualified). `seats`: a professional's seat in the network ended because the person left the unit, or passed to another
    seat. `moved`: a meeting got another time. `declined`: a professional said that the agreed time does not suit, of
    meetings that were not moved for it. What happens after the first meeting is not counted, nor what the family itself
    does. Waiting days: calendar days in Finland from T0's day to the day of the first meeting. Unit: times, and days.
    Source: the rows of the network, the meetings and the answers of one situation.
    """
    end = until if first_met_at is None else min(first_met_at, until)

    def within(moments: Iterable[datetime]) -> int:
        return sum(t0_at <= moment < end for moment in moments)

    waited = max(0, (helsinki_date(end) - helsinki_date(t0_at)).days)
    met = first_met_at is not None and first_met_at <= until
    return Turns(waited, within(leads), within(seats), within(moved), within(declined), met)
