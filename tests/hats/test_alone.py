"""One broken item of a periodic job stops nobody else, and the failure is seen."""

import pytest

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
