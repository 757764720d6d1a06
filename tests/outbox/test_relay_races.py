"""Relays at once, and a relay that is killed with the server's answer on its way: real threads, a real process."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from tests.outbox.rows import NOW, answering, message
from tests.outbox.servers import mailer, post
from yhteiso.hats.roles import JOBS
from yhteiso.outbox import relay
from yhteiso.outbox.actions import put
from yhteiso.outbox.channels import message_id
from yhteiso.outbox.models import Attempt, Outgoing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

TOP = Path(__file__).parents[2]
RELAY = """
import django; django.setup()
from django.core.management import call_command
from tests.outbox.rows import answering
with answering(): call_command("relay", "--every", "0.2")
"""


def test_four_relays_over_the_same_messages_send_each_once() -> None:
    put([message(f"k{n}") for n in range(60)])
    gate = threading.Barrier(4)
    done: list[int] = []

    def work() -> None:
        try:
            gate.wait(10)
            done.append(relay.drain(clock=lambda: NOW))
        finally:
            connection.close()

    with answering():
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sum(done) == 60
    assert len({m.message()["Message-ID"] for m in mail.outbox}) == len(mail.outbox) == 60
    assert set(Outgoing.objects.values_list("state", "attempts")) == {("sent", 1)}
    assert Attempt.objects.count() == 60


def start(port: int) -> subprocess.Popen[bytes]:
    """A relay as it runs for real: its own process, the jobs' own login, strict settings."""
    found = connection.settings_dict
    where = (
        f"postgresql://{JOBS}:{os.environ['TEST_JOBS_PASSWORD']}@/{found['NAME']}?host={found['HOST']}&port={found['PORT']}"
    )
    strict = {
        "DATABASE_URL": where.removesuffix("&port="), "DEBUG": "0", "DEMO": "0", "HTTPS": "1", "SECRET_KEY": "k" * 60,
        "BASE_URL": "https://yhteiso.example", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(port), "PYTHONPATH": str(TOP),
    }  # fmt: skip
    env = {name: value for name, value in os.environ.items() if not name.startswith("EMAIL_")} | strict
    return subprocess.Popen([sys.executable, "-c", RELAY], env=env, cwd=TOP, stderr=subprocess.PIPE)


def test_a_relay_killed_before_its_mark_makes_one_duplicate_with_the_same_id(settings) -> None:
    row = message(now=timezone.now())
    put([row])
    with post() as server:
        server.hold.clear()
        process = start(server.port)
        assert server.arrived.acquire(timeout=60), "the mail is with the server, its answer is not"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
        server.hold.set()
        settings.MAILERS = mailer(server.port)
        with answering():
            assert relay.drain(clock=timezone.now) == 0, "the lease of the dead one holds"
            later = timezone.now() + relay.LEASE + timedelta(seconds=1)
            assert relay.drain(clock=lambda: later) == 1
            assert relay.drain(clock=lambda: later + timedelta(days=2)) == 0
    assert [m["Message-ID"] for m in server.mails] == [message_id(row.id)] * 2
    assert Outgoing.objects.get().state == "sent"
    assert list(Attempt.objects.order_by("n").values_list("n", "outcome")) == [(1, "lost"), (2, "sent")]


def test_a_relay_told_to_stop_finishes_the_present_message_and_takes_no_other() -> None:
    put([message(f"k{n}", now=timezone.now()) for n in range(3)])
    with post() as server:
        server.hold.clear()
        process = start(server.port)
        assert server.arrived.acquire(timeout=60)
        process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):  # it stays with the message that it holds
            process.wait(timeout=0.5)
        server.hold.set()
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0, told
    assert len(server.mails) == 1
    assert sorted(Outgoing.objects.values_list("state", flat=True)) == ["ready", "ready", "sent"]
    assert b"the relay has ended" in told
    for word in (b"koulu.invalid", b"Korpela", b"Yhteisossa"):
        assert word not in told
