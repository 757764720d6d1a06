"""Each job's last run: start and finish in transactions of their own, whatever becomes of the work."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from tests.hats.test_logins import login
from tests.personas import at
from yhteiso.hats.roles import JOBS, WEB, WEB_HATS
from yhteiso.hats.wear import wearing
from yhteiso.jobs import runs
from yhteiso.jobs.models import JobRun

MINUTE = timedelta(minutes=1)
NOW = at("2026-06-10 09:00")


def ticking(*moments: datetime) -> Callable[[], datetime]:
    return iter(moments).__next__


def test_a_good_run_is_recorded(db: None) -> None:
    assert runs.run("x", lambda: 7, every=MINUTE, clock=ticking(NOW, NOW + timedelta(seconds=3))) == 7
    row = JobRun.objects.get()
    assert (row.last_started_at, row.last_finished_at, row.last_ok_at) == (NOW, *2 * [NOW + timedelta(seconds=3)])
    assert (row.took_ms, row.last_count, row.failures_in_row, row.last_failure, row.runs) == (3000, 7, 0, "", 1)
    assert row.every == MINUTE


def test_a_failure_goes_on_and_only_its_class_is_kept(db: None) -> None:
    def broken() -> int:
        raise LookupError("SALAINEN")

    runs.run("x", lambda: 1, clock=ticking(NOW, NOW))
    for n in (1, 2):
        with pytest.raises(LookupError, match="SALAINEN"):
            runs.run("x", broken, clock=ticking(NOW + n * MINUTE, NOW + n * MINUTE))
    row = JobRun.objects.get()
    assert (row.failures_in_row, row.last_failure, row.runs) == (2, "LookupError", 3)
    assert (row.last_ok_at, row.last_finished_at, row.last_count) == (NOW, NOW + 2 * MINUTE, 1)
    runs.run("x", lambda: 0, clock=ticking(NOW + 3 * MINUTE, NOW + 3 * MINUTE))
    row.refresh_from_db()
    assert (row.failures_in_row, row.last_failure, row.last_ok_at) == (0, "", NOW + 3 * MINUTE)


def test_failures_of_several_items_are_told_by_their_classes(db: None) -> None:
    def broken() -> int:
        raise ExceptionGroup("x", [LookupError("a"), LookupError("b"), KeyError("c")])

    with pytest.raises(ExceptionGroup):
        runs.run("x", broken)
    assert JobRun.objects.get().last_failure == "ExceptionGroup: KeyError, LookupError"


def test_two_at_once_never_move_a_row_back(db: None) -> None:
    """The slow one began first and ends last; each write is one statement, in the order in which they come."""
    runs.note_start("x", every=None, now=NOW)
    runs.note_start("x", every=None, now=NOW + MINUTE)
    runs.note_finish("x", started=NOW + MINUTE, now=NOW + 2 * MINUTE, count=5)
    runs.note_finish("x", started=NOW, now=NOW + MINUTE, count=6)
    row = JobRun.objects.get()
    assert (row.last_started_at, row.last_ok_at, row.runs) == (NOW + MINUTE, NOW + 2 * MINUTE, 2)


def test_what_a_job_did_is_rolled_back_with_it_and_its_record_is_not(db: None) -> None:
    def broken() -> int:
        with wearing("jobs"):
            JobRun.objects.create(pk="done by the job", last_started_at=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        runs.run("x", broken)
    assert list(JobRun.objects.values_list("pk", flat=True)) == ["x"]


def test_a_failure_of_the_record_does_not_hide_the_job_s_own(db: None, caplog) -> None:
    def broken() -> int:
        raise LookupError

    never = ticking(NOW)  # the second question fails: nothing can be written
    with pytest.raises(LookupError):
        runs.run("x", broken, clock=never)
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize("hat", WEB_HATS)
def test_every_hat_may_read_and_only_the_jobs_may_write(db: None, hat: str) -> None:
    runs.run("x", lambda: 1)
    with wearing(hat):
        assert JobRun.objects.get().last_count == 1
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), wearing(hat):
        JobRun.objects.update(last_ok_at=timezone.now())


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_the_real_logins_may_what_their_processes_do() -> None:
    runs.run("x", lambda: 1)
    with login(WEB) as web:
        assert web.execute("SELECT last_count FROM jobs_jobrun").fetchall() == [(1,)]
        assert web.execute("SELECT count(*) FROM jobs_deadletter WHERE handled_at IS NULL").fetchone() == (0,)
        for refused in ("UPDATE jobs_jobrun SET runs = 0", "SELECT args FROM jobs_deadletter", "SELECT * FROM jobs_delivery",
                        "UPDATE jobs_silence SET cause = 'x'", "DELETE FROM jobs_silence"):  # fmt: skip
            with pytest.raises(Exception, match="permission denied"):
                web.execute(refused)
    with login(JOBS) as jobs:
        assert jobs.execute("SELECT count(*) FROM jobs_jobrun").fetchone() == (1,)
        with pytest.raises(Exception, match="permission denied"):
            jobs.execute("UPDATE jobs_jobrun SET runs = 0")  # without the hat
