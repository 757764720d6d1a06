"""A simulated year is clean, and whatever is changed in its ledger is found. The calendar of its model is right by itself."""

from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from cases.models import Case, Deadline, Escalation, EscalationTo, Message
from tests.personas import at
from yhteiso.demo import simulate_model as model
from yhteiso.demo.simulate import Result, simulate
from yhteiso.outbox.models import Outgoing

YEAR = 2031  # ahead of the database's own clock


@pytest.fixture(scope="module")
def small(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Result:
    """Eight families, of whom some come in the nights when the clocks change."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        result = simulate(families=8, seed=3, year=YEAR)
        transaction.set_rollback(True)
    return result


def test_a_few_families_go_through_a_year_and_nothing_stays(small: Result, db: None) -> None:
    assert {name: rows for name, rows in small.differences.items() if rows} == {}
    assert small.counts["steps told"] > 40
    assert small.counts["mails"] > 40
    assert small.counts["situations"] >= 6
    assert [table.objects.exists() for table in (Case, Escalation, Deadline)] == [False] * 3


def found(small: Result, actual: list[model.Telling]) -> set[str]:
    return {name for name, rows in model.compare(small.expected, actual).items() if rows}


def test_a_changed_ledger_is_found(small: Result, db: None) -> None:
    """What the comparison is for: each way in which a clock can be wrong."""
    rows = list(small.actual)
    one = rows[7]

    def instead(**changed: object) -> list[model.Telling]:
        values = {name: getattr(one, name) for name in ("kind", "case", "about", "step", "at", "to")} | changed
        return [*rows[:7], model.Telling(**values), *rows[8:]]  # type: ignore[arg-type]

    assert found(small, rows) == set()
    assert found(small, rows[:7] + rows[8:]) == {"forgotten"}
    assert found(small, [*rows, one]) == {"told twice"}
    assert found(small, instead(at=one.at - timedelta(seconds=1))) == {"told too early"}
    assert found(small, instead(at=one.at + timedelta(seconds=1))) == {"told too late"}
    assert found(small, instead(to=frozenset())) == {"told to nobody"}
    assert found(small, instead(to=one.to | {-1})) == {"the wrong people told"}
    assert found(small, instead(to=frozenset({-1}))) == {"not everybody told", "the wrong people told"}
    assert found(small, instead(step=99)) == {"forgotten", "told for nothing"}


def forget() -> None:
    EscalationTo.objects.filter(escalation=Escalation.objects.order_by("pk")[4]).delete()
    Escalation.objects.order_by("pk")[4].delete()


def earlier() -> None:
    row = Escalation.objects.order_by("pk")[4]
    Escalation.objects.filter(pk=row.pk).update(raised_at=row.raised_at - timedelta(days=1))


def again() -> None:
    row = Escalation.objects.order_by("pk")[4]
    Escalation.objects.create(
        case=row.case,
        area=row.area,
        kind=row.kind,
        about=row.about,
        step=row.step + 70,
        due_at=row.due_at,
        raised_at=row.raised_at,
    )


def unsaid() -> None:
    Message.objects.filter(pk=Message.objects.order_by("pk")[3].pk).delete()


def unsent() -> None:
    Outgoing.objects.filter(pk=Outgoing.objects.order_by("pk")[3].pk).update(state="ready", sent_at=None)


@pytest.mark.deep
@pytest.mark.parametrize(
    "meddle, name",
    [
        (forget, "forgotten"), (earlier, "told too early"), (again, "told for nothing"), (unsaid, "told without a message"),
        (unsent, "never left"),
    ],
)  # fmt: skip
def test_a_row_changed_in_the_database_is_found(db: None, meddle: Callable[[], None], name: str) -> None:
    result = simulate(families=8, seed=3, year=YEAR, meddle=meddle)
    assert result.differences[name]
    assert not result.clean


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_hundred_families(db: None, seed: int) -> None:
    result = simulate(families=300, seed=seed, year=YEAR)
    assert {name: rows for name, rows in result.differences.items() if rows} == {}


def test_the_command_says_by_its_exit_and_keeps_nothing(db: None) -> None:
    told = StringIO()
    with override_settings(DEBUG=True):
        call_command("simulate_year", families=1, seed=1, year=YEAR, stdout=told)
    assert "Clean in" in told.getvalue()
    assert not Case.objects.exists()


def test_it_never_runs_where_real_families_are(db: None) -> None:
    with override_settings(DEBUG=False, DEMO=False), pytest.raises(CommandError, match="never where real families"):
        call_command("simulate_year", families=1, seed=1)
    with override_settings(DEBUG=True), pytest.raises(CommandError, match="not begun"):
        call_command("simulate_year", families=1, seed=1, year=2020)


@pytest.mark.parametrize(
    "day, kind, expected",
    [
        # By hand, from the calendar on the wall: a Friday, the eve of a long weekend, the nights of the clocks, a leap day.
        ("2026-06-05 12:46", "meeting", {5: "2026-06-10", 9: "2026-06-12", 12: "2026-06-17", 14: "2026-06-22"}),
        ("2026-03-28 23:30", "meeting", {5: "2026-04-02", 9: "2026-04-02", 12: "2026-04-09", 14: "2026-04-13"}),
        ("2028-02-29 10:00", "meeting", {5: "2028-03-03", 9: "2028-03-09", 12: "2028-03-10", 14: "2028-03-15"}),
        ("2026-10-25 03:30", "gathered", {1: "2026-10-29", 2: "2026-10-30"}),
        ("2026-06-18 15:00", "concern", {1: "2026-06-22", 2: "2026-06-24", 3: "2026-06-25"}),
    ],
)  # fmt: skip
def test_the_model_plans_as_the_calendar_on_the_wall(day: str, kind: str, expected: dict[int, str]) -> None:
    book = model.Model([], {})
    book.begin(kind, area=model.Area(1), case=None, fact=at(day))
    steps = book.threads[kind, None, ""].steps
    assert {n: step.due for n, step in steps.items()} == {n: at(f"{text} 08:00") for n, text in expected.items()}
    assert not model.is_open(date(2026, 6, 19)), "juhannus eve"
