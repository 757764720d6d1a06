"""One broken item of a periodic job stops nobody else, and the failure is seen."""

import pytest

from cases.models import Case, Escalation
from cases.tasks import escalate_late
from tests.personas import World
from yhteiso.hats.alone import each_alone


def test_the_others_are_done_and_the_failure_is_raised(db: None) -> None:
    done: list[int] = []

    def deed(item: int) -> int:
        if item == 2:
            raise RuntimeError("rikki")
        done.append(item)
        return 10

    with pytest.raises(ExceptionGroup, match="1 items failed") as failed:
        each_alone([1, 2, 3], deed, job="koe")
    assert done == [1, 3]
    assert isinstance(failed.value.exceptions[0], RuntimeError)
    assert each_alone([1, 3], deed, job="koe") == 20


def test_a_family_is_told_of_though_another_s_row_is_broken(world: World) -> None:
    """T0 at a time so far away that no day can be counted from it: the other family is still told of."""
    broken = world.case(call="2025-06-05 12:46")
    well = world.case(call="2025-06-06 12:46", child="Otso")
    Case.objects.filter(pk=broken.pk).update(t0_at="9999-12-31 20:00+00:00")
    with pytest.raises(ExceptionGroup):
        escalate_late()
    assert Escalation.objects.filter(case=well).count() == 3
