"""The area's rules: when one holds, what it suggests, and that nothing else decides. Pure: no database."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.models import Area, Need, Season, Service, SuggestionRule, band_of
from networks.models.suggestion import BANDS
from networks.suggestions import SHOWN_OF_RULE, Situation, conditions, holds, in_season, suggest, suggested

ON = date(2026, 6, 10)
VILJA = Situation(age=6, on=ON, needs=frozenset({"daily_life", "sleep"}), one_adult=True, children=3, caller_sector="health")


def rule(number: int = 1, **fields: Any) -> SuggestionRule:
    values: dict[str, Any] = {"suggest_need": "daily_life", "sentence": "Arki on raskasta.", "decided_on": ON}
    return SuggestionRule(area=Area(pk=1), number=number, **(values | fields))


def service(pk: int, **fields: Any) -> Service:
    values: dict[str, Any] = {"needs": ["daily_life"], "confirmed_until": date(2026, 12, 1), "sort_key": f"palvelu {pk}"}
    return Service(pk=pk, name=f"Palvelu {pk}", **(values | fields))


@pytest.mark.parametrize(
    ("conditions", "other"),
    [
        ({"age_from": 0, "age_to": 6}, {"age": 7}), ({"age_from": 6, "age_to": 6}, {"age": 5}),
        ({"age_from": 0, "age_to": 6}, {"age": None}), ({"needs": ["sleep", "money"]}, {"needs": frozenset({"friends"})}),
        ({"needs": ["sleep"]}, {"needs": frozenset()}), ({"one_adult": True}, {"one_adult": False}),
        ({"children_from": 3}, {"children": 2}), ({"caller_sector": "health"}, {"caller_sector": "ecec"}),
        ({"caller_sector": "health"}, {"caller_sector": ""}), ({"season": "summer"}, {"on": date(2026, 8, 16)}),
    ],
)  # fmt: skip
def test_every_condition_can_stop_a_rule(conditions: dict[str, Any], other: dict[str, Any]) -> None:
    assert holds(rule(**conditions), VILJA)
    assert not holds(rule(**conditions), replace(VILJA, **other))
    assert not holds(rule(**conditions, active=False), VILJA)


def test_a_rule_without_conditions_always_holds() -> None:
    assert holds(rule(), Situation(age=None, on=ON))
    assert conditions(rule())


@pytest.mark.parametrize(
    ("season", "inside", "outside"),
    [
        (Season.SUMMER, ["06-01", "08-15"], ["05-31", "08-16"]), (Season.TERM, ["08-16", "05-31", "12-24"], ["06-01", "08-15"]),
        (Season.CHRISTMAS, ["12-20", "12-31", "01-01", "01-07"], ["12-19", "01-08", "07-01"]), ("", ["02-28"], []),
    ],
)  # fmt: skip
def test_a_season_is_the_days_in_its_name(season: str, inside: list[str], outside: list[str]) -> None:
    assert all(in_season(season, date.fromisoformat(f"2026-{day}")) for day in inside)
    assert not any(in_season(season, date.fromisoformat(f"2026-{day}")) for day in outside)


def test_a_service_stands_once_with_all_of_its_rules_in_the_order_of_numbers() -> None:
    one, two = service(1), service(2, needs=["sleep"])
    found = suggest([rule(7, service=two, suggest_need=""), rule(2), rule(4, suggest_need="sleep")], [one, two], VILJA)
    assert [(row.service.pk, [r.number for r in row.rules]) for row in found] == [(1, [2]), (2, [4, 7])]


def test_of_one_rule_the_confirmed_and_the_free_come_first_and_no_more_than_three() -> None:
    rows = [
        service(1, confirmed_until=None), service(2, capacity="full"), service(3, capacity="free"), service(4),
        service(5, age_from=13, age_to=17), service(6, needs=["money"]),
    ]  # fmt: skip
    found = [row.service.pk for row in suggest([rule()], rows, VILJA)]
    assert found == [3, 4, 2]
    assert len(found) == SHOWN_OF_RULE
    assert [row.service.pk for row in suggest([rule()], rows, VILJA, without=[3, 4])] == [2, 1]


def test_need_and_level_are_both_asked() -> None:
    rows = [service(1, level="ngo"), service(2, level="basic"), service(3, level="ngo", needs=["money"])]
    assert [row.service.pk for row in suggest([rule(suggest_level="ngo")], rows, VILJA)] == [1]
    assert [row.service.pk for row in suggest([rule(suggest_need="", suggest_level="ngo")], rows, VILJA)] == [1, 3]


def test_the_reason_tells_every_condition_in_words() -> None:
    full = {
        "age_to": 6,
        "needs": ["sleep"],
        "one_adult": True,
        "children_from": 3,
        "caller_sector": "health",
        "season": "summer",
    }
    told = conditions(rule(**full))
    assert told.startswith("0–6 v, uni ja aamut, yksi aikuinen, vähintään 3 lasta, yhteyttä otti: ")
    assert told.endswith("kesäloma (1.6.–15.8.)")
    assert suggested(rule(service=service(9), suggest_need="")) == "Palvelu 9"


needs = st.frozensets(st.sampled_from(Need.values), max_size=4)
situations = st.builds(
    Situation, age=st.none() | st.integers(0, 17), on=st.dates(date(2026, 1, 1), date(2027, 12, 31)), needs=needs,
    one_adult=st.booleans(), children=st.integers(1, 9), caller_sector=st.sampled_from(["", "health", "ecec"]),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(situations, needs)
def test_more_needs_never_take_a_suggestion_away(situation: Situation, more: frozenset[str]) -> None:
    rules = [rule(n, suggest_need=need, needs=[need]) for n, need in enumerate(Need.values, 1)]
    services = [service(n, needs=[need]) for n, need in enumerate(Need.values, 1)]
    before = {row.service.pk for row in suggest(rules, services, situation)}
    after = {row.service.pk for row in suggest(rules, services, replace(situation, needs=situation.needs | more))}
    assert before <= after
    assert len(before) == len(situation.needs)


def test_every_age_has_one_band() -> None:
    assert [band_of(age) for age in (0, 5, 6, 7, 12, 13, 15, 16, 17, 29)] == [
        "under_school", "under_school", "preschool", "primary", "primary", "secondary", "secondary", "youth", "youth", "youth",
    ]  # fmt: skip
    assert all(low[1] + 1 == high[0] for low, high in pairwise(BANDS.values()))
