"""Small counts stay hidden from a reader who knows the rules and sees everything that is published of the month."""

from collections.abc import Iterator
from itertools import islice, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import suppression
from metrics.figures import BUCKETS, LeadTime, Share, rank
from metrics.models import Hidden
from metrics.suppression import ALL, COMPLEMENT, KEPT, LATE, MEDIAN, P90, SMALL, Cell

SMALL_COUNTS = set(range(5))
DAYS = (3, 7, 11, 14, 20)  # one day of each bucket


def month(buckets: tuple[int, ...]) -> LeadTime:
    """A lead time whose families all met on one day of their bucket."""
    days = [day for day, count in zip(DAYS, buckets, strict=True) for _ in range(count)]
    quantile = [days[rank(len(days), share) - 1] if days else None for share in (0.5, 0.9)]
    return LeadTime(buckets, *quantile)


def published(buckets: tuple[int, ...]) -> tuple[Cell, ...]:
    """Everything that a month tells of these families: the promise and the lead time together."""
    share = Share(kept=sum(buckets[:-1]), total=sum(buckets))
    return (*suppression.share(share), *suppression.lead_time(month(buckets)))


def by_part(cells: list[Cell]) -> dict[str, Cell]:
    return {cell.part: cell for cell in cells}


def test_the_words_are_those_of_the_model() -> None:
    assert (SMALL, COMPLEMENT) == (Hidden.SMALL, Hidden.COMPLEMENT)


# -- counts beside each other ------------------------------------------------------------------------------------------


def test_each_count_under_five_is_hidden_and_the_total_with_it() -> None:
    cells = by_part(suppression.beside({"network": 24, "advice": 5, "guided": 4, "waiting": 0}))
    assert cells["network"] == Cell("network", count=24)
    assert cells["advice"] == Cell("advice", count=5)
    assert cells["guided"] == Cell("guided", hidden=SMALL)
    assert cells["waiting"] == Cell("waiting", hidden=SMALL)
    assert cells[ALL] == Cell(ALL, hidden=COMPLEMENT)


def test_the_total_is_shown_when_nothing_is_hidden() -> None:
    assert by_part(suppression.beside({"network": 24, "advice": 5}))[ALL] == Cell(ALL, count=29)


def test_no_count_beside_another_can_be_narrowed() -> None:
    """Every table of three counts from 0 to 7: a hidden count could be each of 0-4, for the reader who knows them all."""
    tables: dict[tuple[Cell, ...], list[tuple[int, ...]]] = {}
    for counts in product(range(8), repeat=3):
        cells = tuple(suppression.beside(dict(zip("abc", counts, strict=True))))
        tables.setdefault(cells, []).append(counts)
    for cells, possible in tables.items():
        for i, cell in enumerate(cells[:3]):
            if cell.hidden:
                assert {counts[i] for counts in possible} == SMALL_COUNTS


# -- a share -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "total", "shown"),
    [
        (24, 29, (29, 24, 5)),
        (5, 10, (10, 5, 5)),
        (25, 29, (29, COMPLEMENT, SMALL)),  # four were late: only "at least" is said
        (29, 29, (29, COMPLEMENT, SMALL)),  # everybody was met in time: that tells of everybody
        (0, 29, (29, SMALL, COMPLEMENT)),
        (4, 29, (29, SMALL, COMPLEMENT)),
        (5, 9, (COMPLEMENT, COMPLEMENT, COMPLEMENT)),
        (3, 5, (COMPLEMENT, COMPLEMENT, COMPLEMENT)),
        (4, 4, (SMALL, SMALL, SMALL)),
        (0, 0, (SMALL, SMALL, SMALL)),
    ],
)
def test_a_share(kept: int, total: int, shown: tuple[int | str, ...]) -> None:
    cells = by_part(suppression.share(Share(kept, total), prefix="ecec:"))
    assert tuple(cells[f"ecec:{part}"].hidden or cells[f"ecec:{part}"].count for part in (ALL, KEPT, LATE)) == shown


def test_no_share_can_be_narrowed() -> None:
    """Every share up to thirty: whatever is published, a side of 0-4 could still be each of 0, 1, 2, 3 and 4."""
    seen: dict[tuple[Cell, ...], list[Share]] = {}
    for total in range(31):
        for kept in range(total + 1):
            seen.setdefault(tuple(suppression.share(Share(kept, total))), []).append(Share(kept, total))
    for cells, possible in seen.items():
        for side in (KEPT, LATE):
            if by_part(list(cells))[side].hidden:
                assert {getattr(row, side) for row in possible} >= (
                    SMALL_COUNTS if any(getattr(row, side) < 5 for row in possible) else set()
                )
                assert len({getattr(row, side) for row in possible}) >= 5


# -- lead time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buckets", "shown"),
    [
        ((5, 7, 6, 6, 5), {"0-5": 5, "6-9": 7, "10-12": 6, "13-14": 6, "15-": 5, MEDIAN: 11, P90: 20}),
        ((2, 7, 6, 6, 5), {"0-9": 9, "10-12": 6, "13-14": 6, "15-": 5, MEDIAN: 11, P90: 20}),
        ((5, 7, 6, 2, 5), {"0-5": 5, "6-9": 7, "10-14": 8, "15-": 5, MEDIAN: COMPLEMENT, P90: 20}),
        ((1, 1, 1, 9, 5), {"0-14": 12, "15-": 5, MEDIAN: COMPLEMENT, P90: 20}),
        ((5, 7, 6, 6, 4), {"0-5": 5, "6-9": 7, "10-12": 6, "13-": 10, MEDIAN: 11, P90: COMPLEMENT}),
        ((6, 6, 6, 2, 0), {"0-5": 6, "6-9": 6, "10-": 8, MEDIAN: 7, P90: COMPLEMENT}),
        ((1, 1, 1, 1, 20), {"0-14": SMALL, "15-": COMPLEMENT, MEDIAN: COMPLEMENT, P90: COMPLEMENT}),
        ((2, 2, 2, 2, 1), {"0-": COMPLEMENT, MEDIAN: COMPLEMENT, P90: COMPLEMENT}),
        ((0, 0, 0, 0, 0), {"0-": SMALL, MEDIAN: SMALL, P90: SMALL}),
    ],
)
def test_lead_time(buckets: tuple[int, ...], shown: dict[str, int | str]) -> None:
    cells = suppression.lead_time(month(buckets))
    assert {c.part: c.hidden or (c.value if c.count is None else c.count) for c in cells} == shown


def test_nobody_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="nobody"):
        suppression.place([], 0.5)


def test_a_hidden_cell_carries_no_number() -> None:
    for buckets in product((0, 3, 5, 9), repeat=5):
        for cell in published(buckets):
            assert not cell.hidden or (cell.count, cell.total, cell.value) == (None, None, None)


MOVES = sorted(product(range(-5, 6), repeat=3), key=lambda moves: sum(abs(move) for move in moves))
LAST = len(BUCKETS) - 1


def others(buckets: tuple[int, ...], i: int, value: int) -> Iterator[tuple[int, ...]]:
    """Months with as many families in which bucket i has this value, those most alike first."""
    rest = [j for j in range(len(buckets)) if j != i]
    for moves in MOVES:
        for j in rest:
            other = list(buckets)
            other[i], other[j] = value, buckets[j] + buckets[i] - value - sum(moves)
            for k, move in zip([k for k in rest if k != j], moves, strict=True):
                other[k] += move
            if min(other) >= 0:
                yield tuple(other)


def must_be_safe(i: int, buckets: tuple[int, ...]) -> bool:
    """A bucket under five; none of them is ever shown by itself."""
    alone = by_part(suppression.lead_time(month(buckets))).get(suppression.span(i, i))
    assert alone is None or alone.count != buckets[i] or buckets[i] >= 5
    return buckets[i] < 5


def test_no_small_bucket_of_a_small_month_can_be_narrowed() -> None:
    """Every month of up to twenty families, sorted by what it publishes: for a reader who knows the rules.

    A count of those who waited over 14 days that is hidden could be each of 0-4. A bucket that was merged could have at
    least five values: that somebody met on the median day is what a median tells, so it need not be 0.
    """
    told: dict[tuple[Cell, ...], list[tuple[int, ...]]] = {}
    for buckets in product(range(21), repeat=5):
        if sum(buckets) <= 20:
            told.setdefault(published(buckets), []).append(buckets)
    for cells, possible in told.items():
        if by_part(list(cells[:3]))[KEPT].hidden == SMALL:
            assert {sum(buckets[:-1]) for buckets in possible} == SMALL_COUNTS
        for i in range(len(BUCKETS)):
            values = {buckets[i] for buckets in possible}
            if any(must_be_safe(i, buckets) for buckets in possible[:50]):
                assert len(values) >= 5, (possible[0], BUCKETS[i])
                assert i != LAST or values >= SMALL_COUNTS, possible[0]


counts = st.integers(0, 5) | st.integers(4, 15)


@settings(max_examples=60, deadline=None)
@given(st.tuples(counts, counts, counts, counts, counts).filter(lambda buckets: sum(buckets) > 20))
def test_no_small_bucket_of_a_larger_month_can_be_narrowed(buckets: tuple[int, ...]) -> None:
    """The same, by looking for other months that publish exactly this."""
    told = published(buckets)
    for i in range(len(BUCKETS)):
        if must_be_safe(i, buckets):
            wanted = SMALL_COUNTS if i == LAST else range(buckets[i] + 9)
            could_be = (v for v in wanted if any(published(other) == told for other in others(buckets, i, v)))
            assert len(list(islice(could_be, 5))) == 5, (buckets, BUCKETS[i])


@settings(max_examples=300, deadline=None)
@given(st.tuples(*[st.integers(0, 60)] * 5))
def test_what_is_published_is_true(buckets: tuple[int, ...]) -> None:
    """Visible buckets add up to the families, each has five, and together they cover every day once."""
    cells = [c for c in suppression.lead_time(month(buckets)) if c.count is not None]
    if cells:
        assert sum(c.count or 0 for c in cells) == sum(buckets)
        assert all((c.count or 0) >= 5 for c in cells)
        assert cells[0].part.startswith("0-")
        assert cells[-1].part.endswith("-")
    else:
        assert sum(buckets) < 10 or sum(buckets[:-1]) < 5
