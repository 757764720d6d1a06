"""Celery's settings, its timetable and its tasks: each name is known, each job is recorded, only ids go through the queue."""

import inspect
import uuid
from datetime import timedelta

import pytest
from celery.app.defaults import NAMESPACES, flatten
from celery.beat import SchedulingError
from django.conf import settings

from yhteiso.celery import app
from yhteiso.jobs.beat import Timetable
from yhteiso.jobs.runs import JOBS
from yhteiso.jobs.task import CountedTask, NotAnId

TASKS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
BY_PROCESSES = {"beat", "tick"}  # recorded without an entry of their own here, or by a command


def test_celery_knows_every_setting() -> None:
    known = {name.upper() for name, _option in flatten(NAMESPACES)}
    ours = {name.removeprefix("CELERY_") for name in dir(settings) if name.startswith("CELERY_")}
    assert ours - known == set()
    assert "VISIBILITY_TIMEOUT" not in known, "told in Celery's guide, read nowhere"


def test_a_killed_worker_gives_its_task_back_before_anybody_waits_long() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_cancel_long_running_tasks_on_connection_loss
    assert app.conf.worker_soft_shutdown_timeout == 30
    assert app.conf.worker_prefetch_multiplier == 1
    visible = app.conf.broker_transport_options["visibility_timeout"]
    assert visible == app.conf.result_backend_transport_options["visibility_timeout"] == 900
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < visible
    assert app.conf.accept_content == ["json"]
    assert app.conf.timezone == "UTC"


def test_the_timetable_and_the_record_of_jobs_agree() -> None:
    listed = {name: entry["schedule"] for name, entry in settings.CELERY_BEAT_SCHEDULE.items()}
    recorded = {name: job.every for name, job in JOBS.items() if job.every}
    assert {name: recorded.get(name) for name in listed} == listed
    assert recorded.keys() - listed.keys() <= BY_PROCESSES
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert TASKS[entry["task"]].run.job_name == name
        assert isinstance(entry["schedule"], timedelta), "an interval: a wall clock skips or doubles an hour"


def test_every_task_is_counted_and_takes_ids_only() -> None:
    assert TASKS
    for name, task in TASKS.items():
        assert isinstance(task, CountedTask), name
        for parameter in inspect.signature(task.run).parameters.values():
            assert parameter.annotation in (int, uuid.UUID), f"{name}({parameter.name}): ids only"
            assert parameter.kind is not inspect.Parameter.KEYWORD_ONLY, f"{name}({parameter.name}): by position"


@pytest.mark.parametrize(
    "word", ["Aatu", "7K2M-41SX-Q9", True, 1.5, None, ["x"], {"child": 1}, "0189F7A1-0000-7000-8000-00000000ABCD"]
)
def test_nothing_but_an_id_goes_into_the_queue(word: object) -> None:
    """Refused before a connection is opened: there is no broker here, and a number gets as far as looking for one."""
    with pytest.raises(NotAnId) as refusal:
        app.send_task("x", [word])
    assert "Aatu" not in str(refusal.value)
    with pytest.raises(NotAnId):
        app.send_task("x", [], {"pk": 1})


def test_an_id_is_let_through() -> None:
    from kombu.exceptions import OperationalError

    for value in (7, str(uuid.uuid4()), uuid.uuid4()):
        with pytest.raises(OperationalError), app.connection_for_write("redis://127.0.0.1:1/0") as nobody:
            app.send_task("x", [value], connection=nobody, retry=False)


def test_a_message_of_the_timetable_does_not_outlive_its_use(no_queue: None, tmp_path) -> None:
    timetable = Timetable(app, schedule_filename=str(tmp_path / "schedule"), lazy=True)
    timetable.setup_schedule()
    for seconds, life in ((10, 300), (3600, 3600)):
        entry = timetable.Entry(
            name="x", task="no.such.task", schedule=timedelta(seconds=seconds), options={"retry": False}, app=app
        )
        with pytest.raises(SchedulingError):
            timetable.apply_async(entry)
        assert entry.options["expires"] == life
        assert timetable.unsent == "SchedulingError"
    timetable.close()
