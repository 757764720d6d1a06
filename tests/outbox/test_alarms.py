"""What the outbox tells of its own health, to a login that may read no message."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.outbox.actions import outgoing, put
from yhteiso.outbox.alarms import outbox


@pytest.mark.parametrize(("waits", "status"), [(timedelta(minutes=1), "ok"), (timedelta(minutes=11), "late")])
def test_it_is_late_when_something_has_waited_for_ten_minutes(world: World, waits: timedelta, status: str) -> None:
    then = timezone.now() - waits
    put([outgoing(key="a", channel="email", text="notice", kind="message", to_user_id=1, now=then)])
    later = timezone.now() + timedelta(hours=5)
    put([outgoing(key="b", channel="email", text="notice", kind="message", to_user_id=1, now=then, available_at=later)])
    with wearing("public"):
        told = outbox()
    assert (told["status"], told["counts"]) == (status, {"waiting": 1, "failed_in_a_day": 0})
    assert told["text"] == "1 odottaa, 0 jäi vuorokauden aikana perille saamatta"
