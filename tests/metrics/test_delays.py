"""Reasons for delays beside the two-week figure: counted once a family, hidden by the same rules, never a frozen month's."""

from datetime import date, timedelta
from itertools import product

import pytest
from django.urls import reverse

from cases.models import Case, Pause
from metrics import figures, suppression
from metrics.actions import close_month, months_to_close
from metrics.figures import Family, Share
from metrics.models import FrozenMonth, Metric, PublishedFigure
from metrics.suppression import SMALL, Cell
from tests.metrics.rows import family
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date

MAY = date(2026, 5, 1)
IN_TIME = at("2026-06-03 06:00")


def pause(world: World, case: Case, reason: str = "family_later", first: int = 2, last: int | None = None) -> Pause:
    day = helsinki_date(case.t0_at)
    return Pause.objects.create(
        case=case, reason=reason, from_on=day + timedelta(days=first),
        until_on=None if last is None else day + timedelta(days=last), recorded_at=case.t0_at + timedelta(days=1),
        recorded_by=world.coordinator,
    )  # fmt: skip


def cells(frozen: FrozenMonth) -> dict[str, int | str | None]:
    return {row.part: row.hidden or row.count for row in frozen.published.filter(metric=Metric.DELAYS)}


def raw(frozen: FrozenMonth) -> dict[str, tuple[int, int | None]]:
    return {row.part: (row.count, row.total) for row in frozen.raw.filter(metric=Metric.DELAYS)}


def test_a_family_is_counted_once_by_its_first_reason() -> None:
    rows = [
        Family(at("2026-05-04 09:00"), date(2026, 5, 18), None, False, "school_holiday"),
        Family(at("2026-05-04 09:00"), date(2026, 5, 18), None, False, ""),
        Family(at("2026-05-04 09:00"), date(2026, 5, 18), at("2026-05-10 09:00"), True, "school_holiday"),  # kept: not late
        Family(at("2026-05-25 09:00"), date(2026, 6, 8), None, False, "no_consent"),  # of June
    ]
    assert figures.delays(rows, MAY) == (Share(kept=1, total=2), {"school_holiday": 1})


def test_a_month_tells_how_many_of_the_late_had_a_reason(world: World) -> None:
    """14 late and 6 in time; of the late 8 have a reason: 5 + 3."""
    late = [family(world, "2026-05-04 09:00", None) for _n in range(14)]
    for _n in range(6):
        family(world, "2026-05-04 09:00", 3)
    for case in late[:5]:
        pause(world, case)
        pause(world, case, "called_off", first=5)  # a later one beside it
    for case in late[5:8]:
        pause(world, case, "school_holiday", first=-3, last=0)
    pause(world, late[8], first=-9, last=-1)  # over before the two weeks began
    pause(world, late[9], first=15)  # begun after them
    Pause.objects.filter(pk=pause(world, late[10]).pk).update(recorded_at=at("2026-06-03 06:00"))  # too late for the month
    protected = family(world, "2026-05-04 09:00", None)
    pause(world, protected)
    Case.objects.filter(pk=protected.pk).update(protected=True)
    with wearing("jobs"):
        frozen = close_month(area=world.area, month=MAY, now=IN_TIME)
    assert raw(frozen)[""] == (8, 14)
    assert raw(frozen)["family_later"] == (5, 14)
    assert raw(frozen)["school_holiday"] == (3, 14)
    found = cells(frozen)
    assert (found["reason:all"], found["reason:kept"], found["reason:late"]) == (14, 8, 6)
    assert {part: value for part, value in found.items() if part.startswith("why:")} == dict.fromkeys(
        (f"why:{name}" for name in ("family_later", "school_holiday", "guardian_not_reached", "no_consent",
                                    "child_protection", "called_off")), "complement",
    )  # fmt: skip
    html = world.client(world.leader).get(reverse("month", args=[2026, 5])).content.decode()
    assert "14 perheestä 8 odotti kirjatusta syystä" in html


def test_nothing_is_told_of_few(world: World) -> None:
    for n in range(9):
        pause(world, family(world, "2026-05-04 09:00", None if n else 3))
    frozen = close_month(area=world.area, month=MAY, now=IN_TIME)
    assert set(cells(frozen).values()) == {"complement"}
    assert raw(frozen)[""] == (8, 8)
    html = world.client(world.leader).get(reverse("month", args=[2026, 5])).content.decode()
    assert "ei näytetä: heitä on liian vähän" in html


def test_a_month_of_an_earlier_version_stays_and_is_not_counted_again(world: World) -> None:
    family(world, "2026-05-04 09:00", 3)
    frozen = FrozenMonth.objects.create(area=world.area, month=MAY, definition_version=1, frozen_at=IN_TIME)
    for part in ("all", "kept", "late"):
        PublishedFigure.objects.create(frozen=frozen, metric=Metric.TWO_WEEKS, part=part, hidden="small")
    assert (world.area.pk, MAY) not in months_to_close(now=IN_TIME)
    html = world.client(world.leader).get(reverse("month", args=[2026, 5])).content.decode()
    assert "kirjatusta syystä" not in html
    assert "versio" in html


# -- what may be shown -------------------------------------------------------------------------------------------------


def test_a_hidden_reason_could_be_any_of_0_to_4() -> None:
    """Every table of three reasons from 0 to 7 and of late ones without: the reader knows the rules and all that is shown."""
    tables: dict[tuple[Cell, ...], list[tuple[int, ...]]] = {}
    for a, b, c, without in product(range(8), range(8), range(8), (0, 3, 5, 9)):
        late = a + b + c + without
        shown = suppression.delays(Share(20, 20 + late), Share(a + b + c, late), {"a": a, "b": b, "c": c})
        tables.setdefault(tuple(shown), []).append((a, b, c))
    for shown, counts in tables.items():
        for i, name in enumerate("abc"):
            cell = next(one for one in shown if one.part == f"why:{name}")
            if cell.hidden == SMALL:
                assert {row[i] for row in counts} == set(range(5)), shown
            elif not cell.hidden:
                assert {row[i] for row in counts} == {cell.count}


@pytest.mark.parametrize("two_weeks", [Share(3, 30), Share(28, 30), Share(4, 9)], ids=str)
def test_where_the_late_are_hidden_nothing_of_them_is_told(two_weeks: Share) -> None:
    late = two_weeks.late
    shown = suppression.delays(two_weeks, Share(late // 2, late), {"a": late // 2, "b": 0})
    assert all(cell.hidden and cell.count is None and cell.total is None for cell in shown)
