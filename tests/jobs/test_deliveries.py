"""How often a task was begun: five tries, then a dead letter; and what the broker lost."""

from datetime import timedelta

import pytest

from tests.personas import at
from yhteiso.hats.wear import wearing
from yhteiso.jobs import deliveries
from yhteiso.jobs.models import MOST_TRIES, DeadLetter, Delivery

NOW = at("2026-06-10 09:00")


def begin(task_id: str = "t", name: str = "draw", args: tuple[int, ...] = (7,), minutes: int = 0) -> bool:
    return deliveries.begin(task_id=task_id, name=name, args=args, now=NOW + timedelta(minutes=minutes))


def test_a_task_that_never_ends_is_begun_five_times(db: None) -> None:
    assert [begin(minutes=n) for n in range(MOST_TRIES)] == [True] * MOST_TRIES
    assert not DeadLetter.objects.exists()
    assert begin(minutes=9) is False
    row = DeadLetter.objects.get()
    assert (row.name, row.args, row.tries, row.failure) == ("draw", [7], MOST_TRIES, "killed")
    assert (row.first_at, row.last_at) == (NOW, NOW + timedelta(minutes=9))
    assert not Delivery.objects.exists()


def test_one_that_ends_leaves_nothing(db: None) -> None:
    assert begin()
    deliveries.done(task_id="t")
    assert not Delivery.objects.exists()
    assert begin()
    assert Delivery.objects.get().tries == 1


def test_the_fifth_failure_is_the_last(db: None) -> None:
    for n in range(MOST_TRIES):
        assert begin(minutes=n)
        assert deliveries.failed(task_id="t", failure="LookupError") == n + 1
    assert (DeadLetter.objects.get().failure, Delivery.objects.count()) == ("LookupError", 0)


def test_the_same_work_has_one_open_row(db: None) -> None:
    """A job of the timetable that kills its worker is begun anew by the next message: its row grows instead."""
    for task_id, args in (("a", ()), ("b", ()), ("c", (1,))):
        while begin(task_id, "seal", args):
            pass
    rows = DeadLetter.objects.filter(name="seal").order_by("tries")
    assert [(row.args, row.tries) for row in rows] == [([1], MOST_TRIES), ([], 2 * MOST_TRIES)]
    rows.filter(args=[]).update(handled_at=NOW, handled_by_id=1)
    while begin("d", "seal", ()):
        pass
    assert DeadLetter.objects.filter(name="seal", args=[]).count() == 2


def test_what_the_broker_lost_is_found(db: None) -> None:
    begin("lost")
    begin("periodic", "seal", ())
    begin("young", args=(8,), minutes=40)
    with wearing("jobs"):
        found = deliveries.bury_lost(now=NOW + timedelta(minutes=46), periodic=["seal"])
    assert found == 1
    assert DeadLetter.objects.get().failure == "lost"
    assert list(Delivery.objects.values_list("task_id", flat=True)) == ["young"]


def test_a_killed_child_and_a_raising_one_are_counted_together(db: None) -> None:
    begin()
    begin(minutes=1)
    assert deliveries.failed(task_id="t", failure="KeyError") == 2


@pytest.mark.parametrize("hat", ["admin", "officer", "area", "public"])
def test_nobody_of_the_web_reads_deliveries(db: None, hat: str) -> None:
    from django.db import ProgrammingError, transaction

    begin()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), wearing(hat):
        Delivery.objects.get()
