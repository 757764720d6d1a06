"""Which services the area's own rules suggest for a situation, and why. Pure: rules and services in, reasons out.

Nothing is weighed, counted up or learnt: a rule holds or it doesn't, and what it suggests stands beside its number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from networks.models import Capacity, Level, Need, Season, Sector, Service, SuggestionRule

SHOWN_OF_RULE = 3  # a rule for a need may fit a dozen services: the first ones, the rest are in the directory


@dataclass(frozen=True, slots=True)
class Situation:
    """What rules may ask, and nothing else. `age` is empty where the child's age is not known."""

    age: int | None
    on: date
    needs: frozenset[str] = frozenset()
    one_adult: bool = False
    children: int = 1
    caller_sector: str = ""


@dataclass(slots=True)
class Suggestion:
    """A service with every rule that suggests it."""

    service: Service
    rules: list[SuggestionRule] = field(default_factory=list)


def holds(rule: SuggestionRule, situation: Situation) -> bool:
    """Whether all conditions of the rule hold. A child without a known age fits rules without an age only."""
    if not rule.active:
        return False
    any_age = (rule.age_from, rule.age_to) == (0, 17)
    if not any_age and (situation.age is None or not rule.age_from <= situation.age <= rule.age_to):
        return False
    return (
        (not rule.needs or bool(situation.needs & set(rule.needs)))
        and (not rule.one_adult or situation.one_adult)
        and situation.children >= rule.children_from
        and rule.caller_sector in ("", situation.caller_sector)
        and in_season(rule.season, situation.on)
    )


def in_season(season: str, on: date) -> bool:
    """Whether the day lies in the season; the days stand in the season's name."""
    day = (on.month, on.day)
    if season == Season.SUMMER:
        return (6, 1) <= day <= (8, 15)
    if season == Season.TERM:
        return not (6, 1) <= day <= (8, 15)
    return season != Season.CHRISTMAS or day >= (12, 20) or day <= (1, 7)


def suggests(rule: SuggestionRule, service: Service) -> bool:
    """Whether this service is what the rule suggests."""
    if rule.service_id:
        return service.pk == rule.service_id
    return (not rule.suggest_need or rule.suggest_need in service.needs) and rule.suggest_level in ("", service.level)


def suggest(
    rules: Iterable[SuggestionRule], services: Sequence[Service], situation: Situation, *, without: Iterable[int] = ()
) -> list[Suggestion]:
    """The services that rules suggest, in the order of the rules' numbers; each service once, with all of its rules.

    `services`: the active ones of the area; those not for the child's age are passed over, and so are `without` (ids).
    Of one rule the confirmed ones come before the stale, those with room before the full, then by name.
    """
    passed = set(without)
    fitting = [row for row in services if row.pk not in passed and _for_age(row, situation.age)]
    fitting.sort(key=lambda row: (row.is_stale(situation.on), row.capacity == Capacity.FULL, row.sort_key, row.pk))
    found: dict[int, Suggestion] = {}
    for rule in sorted(rules, key=lambda row: row.number):
        if holds(rule, situation):
            for service in [row for row in fitting if suggests(rule, row)][:SHOWN_OF_RULE]:
                found.setdefault(service.pk, Suggestion(service)).rules.append(rule)
    return list(found.values())


def _for_age(service: Service, age: int | None) -> bool:
    return age is None or service.age_from <= age <= service.age_to


def conditions(rule: SuggestionRule) -> str:
    """The rule's conditions in words: "7–12 v, yksi aikuinen"."""
    parts = []
    if (rule.age_from, rule.age_to) != (0, 17):
        ages = {"low": rule.age_from, "high": rule.age_to}
        parts.append(_("age %(low)d") % ages if rule.age_from == rule.age_to else _("age %(low)d–%(high)d") % ages)
    parts += [_lower(Need(need).label) for need in rule.needs]
    if rule.one_adult:
        parts.append(_("one adult"))
    if rule.children_from > 1:
        parts.append(
            ngettext("at least %(n)d child", "at least %(n)d children", rule.children_from) % {"n": rule.children_from}
        )
    if rule.caller_sector:
        parts.append(_("contact from: %(sector)s") % {"sector": _lower(Sector(rule.caller_sector).label)})
    if rule.season:
        parts.append(_lower(Season(rule.season).label))
    return ", ".join(parts) or _("always")


def suggested(rule: SuggestionRule) -> str:
    """What the rule suggests, in words."""
    if rule.service_id and rule.service:
        return rule.service.name
    parts = [Need(rule.suggest_need).label] if rule.suggest_need else []
    parts += [Level(rule.suggest_level).label] if rule.suggest_level else []
    return _("Services: %(what)s") % {"what": ", ".join(_lower(part) for part in parts)}


def _lower(label: object) -> str:
    text = str(label)
    return text[:1].lower() + text[1:]
