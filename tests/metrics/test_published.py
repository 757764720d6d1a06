"""What published figures are read as. A hidden figure gives a bound, never a number of its own."""

from collections.abc import Iterable

import pytest
from django.utils import translation

from metrics import published, suppression
from metrics.figures import LeadTime, Share
from metrics.models import PublishedFigure
from metrics.suppression import Cell


def figures(cells: Iterable[Cell]) -> dict[str, PublishedFigure]:
    return {
        cell.part: PublishedFigure(part=cell.part, count=cell.count, total=cell.total, value=cell.value, hidden=cell.hidden)
        for cell in cells
    }


def share(kept: int, total: int) -> published.Portion:
    return published.portion(figures(suppression.share(Share(kept, total))))


@pytest.mark.parametrize(
    ("kept", "total", "text"),
    [(24, 29, "83\u00a0%"), (33, 40, "83\u00a0%"), (5, 10, "50\u00a0%"), (25, 29, "≥\u00a086\u00a0%"),
     (29, 29, "≥\u00a086\u00a0%"), (4, 29, "≤\u00a014\u00a0%"), (0, 29, "≤\u00a014\u00a0%"),
     (4, 9, "alle 10"), (2, 3, "alle 5")],
)  # fmt: skip
def test_a_share_in_one_word(kept: int, total: int, text: str) -> None:
    assert share(kept, total).text == text


def test_a_bound_is_the_same_whatever_is_hidden() -> None:
    assert len({share(kept, 29) for kept in range(25, 30)}) == 1
    assert len({share(kept, 29) for kept in range(5)}) == 1
    assert (share(27, 29).at_least, share(2, 29).at_most, share(24, 29).exact) == (True, True, True)
    assert share(27, 29).kept is None


def test_a_share_that_was_never_published_is_hidden() -> None:
    assert published.portion({}).text == "alle 10"


@pytest.mark.parametrize(
    ("number", "text"),
    [(10, "10:stä"), (11, "11:stä"), (12, "12:sta"), (13, "13:sta"), (16, "16:sta"), (18, "18:sta"), (19, "19:stä"),
     (20, "20:stä"), (21, "21:stä"), (28, "28:sta"), (29, "29:stä"), (100, "100:sta"), (120, "120:stä"), (1000, "1000:sta")],
)  # fmt: skip
def test_of_so_many_has_its_finnish_ending(number: int, text: str) -> None:
    assert published.of_many(number) == text


def test_of_so_many_in_another_language() -> None:
    with translation.override("en"):
        assert published.of_many(29) == "29"


def test_buckets_come_in_order_with_their_words() -> None:
    spread = published.spread(figures(suppression.lead_time(LeadTime((6, 8, 9, 1, 5), 9, 16))))
    assert [(bucket.label, bucket.count, bucket.over, bucket.ends_promise) for bucket in spread.buckets] == [
        ("0–5", 6, False, False), ("6–9", 8, False, False), ("10–14", 10, False, True), ("yli 14", 5, True, False),
    ]  # fmt: skip
    assert (spread.n, spread.p90, spread.half_in) == (29, 16, "10–14")
    assert (spread.has_median, spread.median) == (False, None)


def test_a_month_too_small_has_no_buckets() -> None:
    spread = published.spread(figures(suppression.lead_time(LeadTime((1, 1, 1, 1, 1), 11, None))))
    assert (spread.buckets, spread.n, spread.has_median, spread.has_p90) == ([], None, False, False)


def test_all_promises_are_those_of_the_sectors_that_are_shown() -> None:
    cells = [
        *suppression.share(Share(31, 38), "ecec:"), *suppression.share(Share(27, 28), "health:"),
        *suppression.share(Share(12, 17), "ngo:"), *suppression.share(Share(3, 3), "youth:"),
    ]  # fmt: skip
    lines = published.sectors(figures(cells))
    assert len(lines) == 9
    assert [line.portion.text for line in lines[:3]] == ["82\u00a0%", "≥\u00a085\u00a0%", "71\u00a0%"]
    drawn = published.gathered(lines)
    assert [line.label.count(" · ") for line in drawn] == [0, 0, 0, 4, 0]  # five share a line
    assert [line.portion.text for line in drawn[3:]] == ["alle 10", "alle 5"]
    exact = published.promises_in_all([lines[0], lines[2], lines[-1]])
    assert (exact.kept, exact.total, exact.text) == (43, 55, "78\u00a0%")
    bound = published.promises_in_all(lines)  # 31 + at least 24 + 12 of 83
    assert (bound.kept, bound.total, bound.text) == (None, 83, "≥\u00a080\u00a0%")
    assert published.promises_in_all(lines[3:]).total is None
    few = published.sectors(figures(suppression.share(Share(1, 20), "ecec:")))
    assert published.promises_in_all(few).low == 0
