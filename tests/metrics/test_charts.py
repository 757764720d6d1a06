"""Positions of marks. Nothing here knows what they mean."""

import pytest

from metrics import charts
from metrics.charts import Span


def test_twelve_months_stand_from_left_to_right() -> None:
    chart = charts.line([Span(70 + i, 70 + i) for i in range(12)], goal=90)
    assert chart.marks[0].x == 8
    assert chart.marks[-1].x == 88.3
    assert [mark.radius for mark in chart.marks] == [3.5] * 11 + [6]
    assert chart.marks[0].y == 140  # 70 % on an axis from 50 (220 px) to 100 (20 px)
    assert chart.goal == 60
    assert len(chart.strokes) == 11
    assert not any(stroke.gap for stroke in chart.strokes)


def test_the_axis_begins_at_zero_when_something_is_low() -> None:
    assert [tick.value for tick in charts.line([Span(60, 60)], 90).ticks] == [50, 60, 70, 80, 90, 100]
    low = charts.line([Span(49, 49), Span(100, 100)], 90)
    assert [tick.value for tick in low.ticks] == [0, 20, 40, 60, 80, 100]
    assert [mark.y for mark in low.marks] == [122, 20]


def test_the_line_has_a_gap_where_nothing_is_shown() -> None:
    chart = charts.line([Span(60, 60), "hidden", Span(80, 80), "none", "hidden"], 90)
    assert [(stroke.x1, stroke.x2, stroke.gap) for stroke in chart.strokes] == [(8, 48.15, True)]
    assert [mark.kind for mark in chart.marks] == ["dot", "hidden", "dot", "none", "hidden"]


def test_bounds_are_a_box_and_no_point_of_the_line() -> None:
    chart = charts.line([Span(80, 80), Span(86, 100), Span(90, 90)], 90)
    box = chart.marks[1]
    assert (box.kind, box.y, box.y2, box.height) == ("range", 20, 76, 56)
    assert [stroke.gap for stroke in chart.strokes] == [True]


def test_one_month_stands_at_the_right() -> None:
    chart = charts.line([Span(75, 75)], 90)
    assert chart.marks[0].x == 88.3
    assert chart.strokes == []


def test_nothing_known_gives_an_empty_plot() -> None:
    assert charts.line(["hidden"], 90).strokes == []


def test_bars_stand_on_one_base_and_fit() -> None:
    bars = charts.bars([5, 7, 6, 6, 5])
    assert [bar.height for bar in bars] == [100, 140, 120, 120, 100]
    assert {bar.y + bar.height for bar in bars} == {180}
    assert [(bar.x, bar.width, bar.middle) for bar in bars][1] == (22, 16, 30)
    tall = charts.bars([70, 7])
    assert [bar.height for bar in tall] == [140, 14]
    assert charts.bars([]) == []


@pytest.mark.parametrize(("i", "n", "edge"), [(3, 5, 80), (0, 2, 50), (2, 3, 100)])
def test_the_edge_after_a_bar(i: int, n: int, edge: float) -> None:
    assert charts.edge_after(i, n) == edge


def test_lying_bars_are_measured_against_the_longest() -> None:
    assert charts.widths([24, None, 6]) == [100, 0, 25]
    assert charts.widths([None, None]) == [0, 0]
