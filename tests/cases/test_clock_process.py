"""`manage.py clock`: a process of its own, with the jobs' login and without any broker. Real processes, committed rows."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.utils import timezone

from cases.models import Case, Deadline, Escalation, EscalationTo
from tests.jobs.test_worker import jobs_url
from tests.personas import World
from yhteiso.jobs.models import JobRun
from yhteiso.local.places import CHECKOUT
from yhteiso.outbox.models import Outgoing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


def wait(what: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts clocks; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"], "DATABASE_URL": jobs_url(), "SECRET_KEY": "k" * 60, "HTTPS": "1", "DEMO": "0",
            "DEBUG": "0", "BASE_URL": "https://yhteiso.example", "DJANGO_SETTINGS_MODULE": "yhteiso.settings",
            "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody answers there
        }  # fmt: skip
        with (tmp_path / "clock.log").open("ab") as log:
            command = [sys.executable, "manage.py", "clock", "--every", "1", "--alive", str(tmp_path / "alive")]
            started.append(subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
            one.wait()


def due(world: World, child: str) -> Case:
    """A situation whose fifth day has just come."""
    case = world.case(call=(timezone.now() - timedelta(days=1)).strftime("%Y-%m-%d %H:%M"), child=child)
    Deadline.objects.filter(case=case).exclude(kind="meeting", step=5).delete()
    Deadline.objects.filter(case=case).update(due_at=timezone.now(), state="open", ended_at=None)
    return case


def test_it_tells_without_a_broker_survives_its_database_and_ends_when_asked(
    world: World, clock: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    first = due(world, "Aatu")
    two = [clock(), clock()]
    wait(lambda: Escalation.objects.filter(case=first).exists())
    wait(lambda: not Outgoing.objects.ready().exists())
    wait(lambda: JobRun.objects.filter(pk__in=["tick", "drain-outbox"], last_ok_at__isnull=False).count() == 2)
    assert (tmp_path / "alive").exists()

    with psycopg.connect(jobs_url(), autocommit=True) as link:  # the server drops both of them in the middle
        link.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
        )
    second = due(world, "Otso")
    wait(lambda: Escalation.objects.filter(case=second).exists())
    for case in (first, second):  # two clocks, one step
        assert Escalation.objects.filter(case=case).count() == 1
        assert EscalationTo.objects.filter(case=case).count() == 2

    for one in two:
        one.send_signal(signal.SIGTERM)
    assert [one.wait(timeout=15) for one in two] == [0, 0]
    told = (tmp_path / "clock.log").read_text()
    assert told.count("the clock has ended") == 2
    assert re.search("the database is away: |a batch failed", told), told  # between two rounds, or in the middle of one
    assert "Aatu" not in told
    assert "terminating connection" not in told


def test_it_refuses_another_login_than_the_jobs(db: None) -> None:
    from django.core.management import CommandError, call_command

    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(CommandError, match="Refused to start"):
            call_command("clock")
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
