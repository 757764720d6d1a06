"""Where the marks of a chart stand: values in, positions out. No words, no HTML, no database.

x is in per cent of the width, so that a chart stretches; y is in pixels from the top, so that its text does not shrink.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# The line: a plot of twelve months between these, from TOP (100 %) down to BOTTOM (the axis' lowest value).
LEFT, RIGHT, TOP, BOTTOM = 8.0, 88.3, 20.0, 220.0
BAR_BASE, BAR_TOP, BAR_UNIT = 180.0, 40.0, 20.0


@dataclass(frozen=True, slots=True)
class Span:
    """A value between two bounds, in per cent; the same bound twice is an exact value."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Tick:
    value: int
    y: float

    @property
    def label_y(self) -> float:
        return self.y + 4


@dataclass(frozen=True, slots=True)
class Mark:
    """One month on the line. `kind`: dot (exact), range (only bounds are known; y to y2), hidden, or none."""

    x: float
    kind: str
    y: float = 0
    y2: float = 0
    radius: float = 3.5

    @property
    def height(self) -> float:
        return round(self.y2 - self.y, 1)

    @property
    def label_y(self) -> float:
        """The base of a text beside the mark."""
        return self.y + 5


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line between two exact months; `gap` when something between them is not shown."""

    x1: float
    y1: float
    x2: float
    y2: float
    gap: bool


@dataclass(frozen=True, slots=True)
class LineChart:
    ticks: list[Tick]
    goal: float
    marks: list[Mark]
    strokes: list[Stroke]

    @property
    def goal_label_y(self) -> float:
        return self.goal - 7

    @property
    def hidden_label_y(self) -> float:
        """Where a month without a value says why: low in the plot, clear of the line."""
        return 165


def line(values: Sequence[Span | str], goal: int) -> LineChart:
    """The marks of months in order. A value is a Span, or a word for a month without one ("hidden", "none").

    The axis begins at 50 when nothing lies below it, else at 0.
    """
    spans = [value for value in values if isinstance(value, Span)]
    floor = 50 if all(value.low >= 50 for value in spans) else 0
    last = len(values) - 1
    marks = [_mark(_x(i, len(values)), value, floor, i == last) for i, value in enumerate(values)]
    return LineChart(
        ticks=[Tick(value, _y(value, floor)) for value in range(floor, 101, 10 if floor else 20)],
        goal=_y(goal, floor),
        marks=marks,
        strokes=_strokes(marks),
    )


def _x(i: int, n: int) -> float:
    """Months spread over the plot, the last one at its right edge."""
    return RIGHT if n == 1 else round(LEFT + i * (RIGHT - LEFT) / (n - 1), 2)


def _y(value: int, floor: int) -> float:
    return round(BOTTOM - (value - floor) * (BOTTOM - TOP) / (100 - floor), 1)


def _mark(x: float, value: Span | str, floor: int, last: bool) -> Mark:
    if not isinstance(value, Span):
        return Mark(x, value)
    if value.low == value.high:
        return Mark(x, "dot", y=_y(value.low, floor), radius=6 if last else 3.5)
    return Mark(x, "range", y=_y(value.high, floor), y2=_y(value.low, floor))


def _strokes(marks: Sequence[Mark]) -> list[Stroke]:
    dots = [(i, mark) for i, mark in enumerate(marks) if mark.kind == "dot"]
    return [Stroke(a.x, a.y, b.x, b.y, gap=j - i > 1) for (i, a), (j, b) in pairwise(dots)]


@dataclass(frozen=True, slots=True)
class Bar:
    """A standing bar: its left edge, width and middle in per cent; top and height in pixels."""

    x: float
    width: float
    middle: float
    y: float
    height: float
    text_y: float


def bars(counts: Sequence[int]) -> list[Bar]:
    """Standing bars on one base, twenty pixels a family, smaller units when the tallest would not fit."""
    if not counts:
        return []
    step = 100 / len(counts)
    unit = min(BAR_UNIT, (BAR_BASE - BAR_TOP) / max(*counts, 1))
    return [_bar(i, count, step, unit) for i, count in enumerate(counts)]


def _bar(i: int, count: int, step: float, unit: float) -> Bar:
    height = round(count * unit, 1)
    return Bar(
        x=round(i * step + step * 0.1, 2), width=round(step * 0.8, 2), middle=round(i * step + step / 2, 2),
        y=BAR_BASE - height, height=height, text_y=round(BAR_BASE - height - 8, 1),
    )  # fmt: skip


def edge_after(i: int, n: int) -> float:
    """Where the space between bar i and the next lies, in per cent."""
    return round((i + 1) * 100 / n, 2)


def widths(counts: Sequence[int | None]) -> list[float]:
    """Lying bars in per cent of the longest. A hidden one has no width."""
    longest = max((count for count in counts if count), default=1)
    return [round(100 * (count or 0) / longest, 1) for count in counts]
