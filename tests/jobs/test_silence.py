"""The clock's silences: noticed after two minutes by whoever goes on, told once, ended by the clock itself."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection

from networks.models import Notice
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.jobs import runs, silence
from yhteiso.jobs.models import Silence

NOW = at("2026-06-10 09:38")
LONG_AGO = NOW - timedelta(hours=1)


def tick(now: datetime, *, fails: bool = False) -> None:
    def work() -> int:
        if fails:
            raise LookupError
        return 0

    try:
        runs.run("tick", work, every=timedelta(seconds=30), clock=lambda: now)
    except LookupError:
        assert fails


def look(now: datetime, *, started: datetime = LONG_AGO) -> Silence | None:
    with wearing("jobs"):
        return silence.watch(now=now, by=Silence.WORKER, started=started)


def after(**delta: float) -> datetime:
    return NOW + timedelta(**delta)


def test_two_minutes_are_no_silence_and_a_moment_more_is_one(db: None) -> None:
    tick(NOW)
    assert look(after(minutes=2)) is None
    row = look(after(minutes=2, seconds=1))
    assert row is not None
    assert (row.began_at, row.noticed_at, row.ended_at, row.noticed_by) == (NOW, after(minutes=2, seconds=1), None, "worker")
    assert look(after(minutes=9)) == row
    assert Silence.objects.count() == 1


def test_the_clock_itself_ends_it(db: None) -> None:
    tick(NOW)
    look(after(minutes=3))
    tick(after(minutes=4, seconds=12))
    assert Silence.objects.get().ended_at == after(minutes=4, seconds=12)
    tick(after(minutes=5))
    assert Silence.objects.count() == 1


def test_a_silence_that_nobody_saw_is_written_by_the_clock_that_comes_back(db: None) -> None:
    """Everything was down for a night: no one could notice."""
    tick(NOW)
    tick(after(hours=8))
    row = Silence.objects.get()
    assert (row.began_at, row.ended_at, row.noticed_by) == (NOW, after(hours=8), "clock")


def test_a_clock_that_always_fails_is_silent_too(db: None) -> None:
    tick(NOW)
    for seconds in range(30, 150, 30):
        tick(after(seconds=seconds), fails=True)
        assert not Silence.objects.exists()
    tick(after(seconds=150), fails=True)
    assert Silence.objects.get().began_at == NOW


def test_a_clock_that_never_ran_is_given_two_minutes_from_the_start_of_who_asks(db: None) -> None:
    assert look(after(minutes=2), started=NOW) is None
    row = look(after(minutes=2, seconds=1), started=NOW)
    assert row is not None
    assert row.began_at == NOW
    assert look(after(minutes=1), started=after(seconds=0)) is None, "a process that has just begun knows no better"


def test_any_job_that_goes_on_looks(db: None) -> None:
    tick(NOW)
    runs.run("canary", lambda: 1, clock=lambda: after(minutes=3))
    assert Silence.objects.get().noticed_by == "worker"


def test_administrators_and_responsible_persons_are_told_once(world: World) -> None:
    told = {world.administrator.pk, world.responsible.pk, world.other_responsible.pk}
    tick(NOW)
    for minutes in (3, 4, 5):
        look(after(minutes=minutes))
    rows = Notice.objects.filter(kind="clock_silent")
    assert sorted(rows.values_list("to_id", flat=True)) == sorted(told)
    page = world.client(world.administrator).get("/messages/").content.decode()
    assert "Muistutuskello vaikeni ke 10.6. klo 9.38" in page.replace("\u00a0", " ")
    assert 'href="/health/"' in page


def test_a_listener_that_breaks_undoes_neither_the_silence_nor_the_clock(db: None, caplog) -> None:
    @silence.listens
    def broken(row: Silence, now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    try:
        tick(NOW)
        tick(after(minutes=30))
    finally:
        silence.LISTENERS.remove(broken)
    assert Silence.objects.get().ended_at == after(minutes=30)
    assert silence.last_ok() == after(minutes=30)
    assert "could not be told" in caplog.text


@pytest.fixture
def many(transactional_db: None) -> World:
    return World()


@pytest.mark.races
def test_four_who_notice_at_once_write_and_tell_once(many: World) -> None:
    tick(NOW)
    start, found = threading.Barrier(4), []

    def notice() -> None:
        try:
            start.wait()
            found.append(look(after(minutes=3)))
        finally:
            connection.close()

    threads = [threading.Thread(target=notice) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row.pk for row in found if row}) == 1
    assert len(found) == 4
    assert Notice.objects.filter(kind="clock_silent", to=many.administrator).count() == 1
