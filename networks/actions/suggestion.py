"""Writing an area's rules and its usual set: by the people of the area, each with the day on which it was decided."""

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from networks.access import NotAllowed
from networks.models import Area, Service, SuggestionRule, Unit, User, UsualSet

RULE_FIELDS = (
    "age_from", "age_to", "needs", "one_adult", "children_from", "caller_sector", "season", "service", "suggest_need",
    "suggest_level", "sentence", "active", "decided_on",
)  # fmt: skip


def may_set(user: User, area: Area) -> bool:
    """Whether the person, in the hat worn now, writes this area's rules: its coordinators and who answers for it."""
    return user.hat == "area" and area.pk in user.area_ids


@transaction.atomic
def add_rule(*, area: Area, by: User, now: datetime, **fields: Any) -> SuggestionRule:
    """Add a rule with the next number of the area. Raises NotAllowed for another area's people."""
    _check(by, area)
    with connection.cursor() as cursor:  # two at once get two numbers; the hat may not lock the area's own row
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('rules'), %s::int)", [area.pk])
    newest = SuggestionRule.objects.filter(area=area).aggregate(newest=Max("number"))["newest"] or 0
    return SuggestionRule.objects.create(
        area=area, number=newest + 1, changed_at=now, changed_by=by, **{name: fields[name] for name in RULE_FIELDS}
    )


@transaction.atomic
def change_rule(*, rule: SuggestionRule, by: User, now: datetime, **fields: Any) -> SuggestionRule:
    """Change a rule or take it out of use; its number stays. Raises NotAllowed for another area's people."""
    _check(by, rule.area)
    row = SuggestionRule.objects.select_for_update(of=("self",), no_key=True).get(pk=rule.pk)
    for name in RULE_FIELDS:
        setattr(row, name, fields[name])
    row.changed_at, row.changed_by = now, by
    row.save(update_fields=[*RULE_FIELDS, "changed_at", "changed_by"])
    return row


@transaction.atomic
def add_usual(
    *, area: Area, band: str, label: str, service: Service | None, unit: Unit | None, decided_on: date, by: User,
    now: datetime,
) -> UsualSet:  # fmt: skip
    """Add a line to the usual set of an age band. The same service or unit again is the same line."""
    _check(by, area)
    row, _made = UsualSet.objects.get_or_create(
        area=area, band=band, service=service, unit=unit,
        defaults={"label": label, "decided_on": decided_on, "changed_at": now, "changed_by": by},
    )  # fmt: skip
    return row


@transaction.atomic
def remove_usual(*, row: UsualSet, by: User) -> None:
    """Take a line out of the usual set."""
    _check(by, row.area)
    row.delete()


def _check(by: User, area: Area) -> None:
    if not may_set(by, area):
        raise NotAllowed(_("Only the area's own coordinators and its responsible person write its rules."), "reach")
