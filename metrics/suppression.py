"""What may be published of a month's counts (domain 6.6, statistics). Pure: counts in, cells out.

Counts 0-4 are hidden, a zero included: that nobody is late tells of everybody. What a hidden count could be computed
from is hidden or merged too. The rules are chosen so that they hold also against a reader who knows them and sees
everything that is published of the month: each count called "under 5" could still be any of 0, 1, 2, 3 and 4, and each
small bucket that was merged could still have at least five values.

- Counts that stand beside each other (contacts by route) are hidden one by one; their total is shown only when none of
  them is hidden, and tells nothing otherwise.
- A share (kept of all) needs at least ten in all, like a median. When fewer than five are on one side, the total is
  shown and the two sides are not: a reader learns that at least so many per cent kept it, and no more. So a good month
  can be told as good, and 100 % is never printed, because it would tell of every family that it was met in time.
- The days of lead time are merged with their neighbours until each bucket has five families. When fewer than five took
  over 14 days, they are merged with the bucket before them, since the total less the others would give them away.
- A median or a 90th percentile is shown only from ten families on. In a merged bucket it tells how the families lie
  there on its two sides, so it is shown only when there is room for that: five families up to it, four beyond it.
- How many of the late had a recorded reason is a share of the late, and is shown by the same rule; but only where the
  late themselves are shown. The reasons stand beside each other and their sum is known then, so they are shown only when
  each hidden one could still be anything from 0 to 4; otherwise none is.

Not covered here: chains of inequalities over many months between contacts (by the month of T0) and families (by the
month of day 14), which count partly the same people a month apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.figures import BUCKETS, LeadTime, Share, rank

THRESHOLD = 5
SHARE_FROM = 2 * THRESHOLD
SMALL, COMPLEMENT = "small", "complement"
ALL, KEPT, LATE = "all", "kept", "late"
MEDIAN, P90 = "median", "p90"
REASON, WHY = "reason:", "why:"  # before the parts of the share of the late with a reason, and before each reason


@dataclass(frozen=True, slots=True)
class Cell:
    """One published figure. A hidden one carries no number."""

    part: str
    count: int | None = None
    total: int | None = None
    value: int | None = None
    hidden: str = ""


def beside(parts: Mapping[str, int]) -> list[Cell]:
    """Counts beside each other, and their total."""
    cells = [Cell(part, hidden=SMALL) if n < THRESHOLD else Cell(part, count=n) for part, n in parts.items()]
    if any(cell.hidden for cell in cells):
        return [*cells, Cell(ALL, hidden=COMPLEMENT)]
    return [*cells, Cell(ALL, count=sum(parts.values()))]


def share(kept: Share, prefix: str = "") -> list[Cell]:
    """Three cells: all, those who kept it, those who did not. `prefix` stands before the name of each part."""
    names = [prefix + part for part in (ALL, KEPT, LATE)]
    if kept.total < SHARE_FROM:
        hidden = SMALL if kept.total < THRESHOLD else COMPLEMENT
        return [Cell(name, hidden=hidden) for name in names]
    everybody = Cell(names[0], count=kept.total)
    if min(kept.kept, kept.late) >= THRESHOLD:
        return [everybody, Cell(names[1], kept.kept, kept.total), Cell(names[2], kept.late, kept.total)]
    hidden_as = (SMALL, COMPLEMENT) if kept.kept < THRESHOLD else (COMPLEMENT, SMALL)
    return [everybody, *(Cell(name, hidden=hidden) for name, hidden in zip(names[1:], hidden_as, strict=True))]


def delays(two_weeks: Share, known: Share, reasons: Mapping[str, int]) -> list[Cell]:
    """How many of the late had a recorded reason, and which. `reasons`: every reason there is, zeros included."""
    hidden = [Cell(f"{WHY}{reason}", hidden=COMPLEMENT) for reason in reasons]
    if two_weeks.total < SHARE_FROM or min(two_weeks.kept, two_weeks.late) < THRESHOLD:
        return [*(Cell(f"{REASON}{part}", hidden=COMPLEMENT) for part in (ALL, KEPT, LATE)), *hidden]
    cells = share(known, prefix=REASON)
    if any(cell.hidden for cell in cells):
        return [*cells, *hidden]
    small = [n for n in reasons.values() if n < THRESHOLD]
    most = THRESHOLD - 1
    if small and not most <= sum(small) <= most * (len(small) - 1):
        return [*cells, *hidden]
    return [*cells, *(cell for cell in beside({f"{WHY}{reason}": n for reason, n in reasons.items()}) if cell.part != ALL)]


def lead_time(figure: LeadTime) -> list[Cell]:
    """The buckets as they may be shown, and the two quantiles. A bucket's part is its days, such as "6-9" or "15-"."""
    n, late = sum(figure.buckets), figure.buckets[-1]
    if n < SHARE_FROM:
        hidden = SMALL if n < THRESHOLD else COMPLEMENT
        return [Cell(part, hidden=hidden) for part in ("0-", MEDIAN, P90)]
    if n - late < THRESHOLD:
        return [
            Cell(span(0, 3), hidden=SMALL),
            Cell(span(4, 4), hidden=COMPLEMENT),
            Cell(MEDIAN, hidden=COMPLEMENT),
            Cell(P90, hidden=COMPLEMENT),
        ]
    groups = _merged(figure.buckets)
    cells = [Cell(span(first, last), count=count, total=n) for first, last, count in groups]
    return [*cells, _quantile(MEDIAN, figure.median, 0.5, groups), _quantile(P90, figure.p90, 0.9, groups)]


def span(first: int, last: int) -> str:
    """The days of buckets first to last, as the name of a part."""
    end = BUCKETS[last][1]
    return f"{BUCKETS[first][0]}-{'' if end is None else end}"


Group = tuple[int, int, int]  # the first and the last bucket in it, and its count


def _merged(buckets: tuple[int, ...]) -> list[Group]:
    """Buckets merged from the left until each has THRESHOLD; what is left over at the end joins the one before."""
    last = len(buckets) - 1
    if buckets[last] >= THRESHOLD:
        return [*_fill([(i, i, buckets[i]) for i in range(last)]), (last, last, buckets[last])]
    tail = (last - 1, last, buckets[last - 1] + buckets[last])
    return _fill([*((i, i, buckets[i]) for i in range(last - 1)), tail])


def _fill(groups: list[Group]) -> list[Group]:
    done: list[Group] = []
    for first, last, count in groups:
        if done and done[-1][2] < THRESHOLD:
            start, _, before = done.pop()
            done.append((start, last, before + count))
        else:
            done.append((first, last, count))
    if len(done) > 1 and done[-1][2] < THRESHOLD:
        _, last, count = done.pop()
        start, _, before = done.pop()
        done.append((start, last, before + count))
    return done


def _quantile(part: str, value: int | None, share: float, groups: list[Group]) -> Cell:
    """The quantile, where its bucket leaves room for it. Without a value it lies among those who had not met yet."""
    n = sum(count for _, _, count in groups)
    i, nth = place([count for _, _, count in groups], share)
    first, last, count = groups[i]
    if first == last or THRESHOLD <= nth <= count - THRESHOLD + 1:
        return Cell(part, total=n, value=value)
    return Cell(part, hidden=COMPLEMENT)


def place(counts: list[int], share: float) -> tuple[int, int]:
    """In which of the counts, in order, the quantile falls, and which one of that count it is. Counts are not empty."""
    nth = rank(sum(counts), share)
    for i, count in enumerate(counts):
        if nth <= count:
            return i, nth
        nth -= count
    raise ValueError("a quantile of nobody")
