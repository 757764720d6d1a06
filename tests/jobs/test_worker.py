"""A real worker with the jobs' own login, a real broker: what kills its worker stops, and the canary goes through."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from tests.local.test_valkey import _valkey
from yhteiso.hats.roles import JOBS
from yhteiso.jobs.models import MOST_TRIES, DeadLetter, Delivery, JobRun
from yhteiso.jobs.task import Application
from yhteiso.local.places import CHECKOUT, Places
from yhteiso.local.processes import Crew, Program, Running

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def wait(what: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)


def jobs_url() -> str:
    known = connection.settings_dict
    where = f"?host={quote(known['HOST'], safe='/')}" if known["HOST"].startswith("/") else ""
    host = "" if where else f"{known['HOST']}:{known['PORT']}"
    return f"postgresql://{JOBS}:{quote(os.environ['TEST_JOBS_PASSWORD'])}@{host}/{known['NAME']}{where}"


@pytest.fixture
def broker(places: Places, crew: Crew, tmp_path: Path) -> Iterator[Application]:
    one = _valkey(places, places.base / "jobs-broker")
    one.start(crew)
    one.wait(crew)
    app = Application("sender", broker=one.url, set_as_current=False)
    yield app
    app.close()


def start(crew: Crew, url: str, log: Path, *arguments: str) -> Running:
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": jobs_url(), "REDIS_URL": url, "SECRET_KEY": "k" * 60, "HTTPS": "1",
        "DEMO": "0", "DEBUG": "0", "DJANGO_SETTINGS_MODULE": "yhteiso.settings", "PYTHONPATH": str(CHECKOUT),
    }  # fmt: skip
    return crew.start(
        Program(
            name=arguments[0],
            command=[sys.executable, "-m", "celery", "-A", "tests.jobs.bad_tasks", *arguments],
            environment=environment,
            log=log,
            cwd=CHECKOUT,
            stop_signal=signal.SIGTERM,
            stop_seconds=10,
        )
    )


def test_what_always_goes_wrong_is_begun_five_times_and_then_kept_for_people(
    broker: Application,
    crew: Crew,
    tmp_path: Path,
) -> None:
    log = tmp_path / "worker.log"
    log.touch()
    start(crew, str(broker.conf.broker_url), log, "worker", "--concurrency", "1", "--pool", "prefork", "--without-mingle")
    for name, pk in (("tests.kill", 41), ("tests.fail", 42), ("tests.fine", 43), ("yhteiso.jobs.tasks.canary", None)):
        broker.send_task(name, [] if pk is None else [pk])
    wait(lambda: DeadLetter.objects.count() == 2 and JobRun.objects.filter(pk="canary", runs=1).exists())
    rows = {row.name: row for row in DeadLetter.objects.all()}
    assert {name: (row.args, row.tries, row.failure) for name, row in rows.items()} == {
        "tests.kill": ([41], MOST_TRIES, "killed"), "tests.fail": ([42], MOST_TRIES, "LookupError"),
    }  # fmt: skip
    wait(lambda: not Delivery.objects.exists())
    # The worker still works, and neither comes again.
    broker.send_task("tests.fine", [44])
    broker.send_task("yhteiso.jobs.tasks.canary", [])
    wait(lambda: JobRun.objects.get(pk="canary").runs == 2)
    assert DeadLetter.objects.count() == 2
    assert not Delivery.objects.exists()
    told = log.read_text()
    assert "LookupError" in told
    assert "SALAINEN" not in told


def test_beat_writes_that_it_lives_while_nobody_works(broker: Application, crew: Crew, tmp_path: Path) -> None:
    log = tmp_path / "beat.log"
    log.touch()
    start(crew, str(broker.conf.broker_url), log, "beat", "--schedule", str(tmp_path / "schedule"), "--pidfile=")
    wait(lambda: JobRun.objects.filter(pk="beat", last_ok_at__isnull=False).exists())
    assert not JobRun.objects.filter(pk="canary").exists()
