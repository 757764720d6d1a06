"""The embedded Valkey: the broker of Celery, on a free loopback port, with a password and an append-only file."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from yhteiso.local.passwords import write_private
from yhteiso.local.places import Account, private_folder
from yhteiso.local.processes import Crew, Program, Running

# The password stands in the file, not on the command line, where every user of the machine could read it.
CONFIGURATION = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir ./
appendonly {appendonly}
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
databases 4
tcp-backlog 128
"""


@dataclass(frozen=True)
class Valkey:
    """One server: its folder, the user that runs it, its port and password."""

    program: Path
    home: Path
    account: Account | None
    password: str
    port: int
    log: Path
    throwaway: bool

    @property
    def url(self) -> str:
        """What Celery and redis-py both understand."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self, crew: Crew) -> Running:
        """Writes the configuration and starts the server; `wait` tells when it answers."""
        folder = private_folder(self.home / "valkey", owner=self.account)
        configuration = self.home / "valkey" / "valkey.conf"
        text = CONFIGURATION.format(port=self.port, password=self.password, appendonly="no" if self.throwaway else "yes")
        write_private(configuration, text)
        if self.account:
            os.chown(configuration, self.account.uid, self.account.gid)
        return crew.start(
            Program(
                name="Valkey",
                command=[self.program, configuration],
                environment={"PATH": os.defpath, "LC_ALL": "C", "YHTEISO_RUN_ID": os.environ.get("YHTEISO_RUN_ID", "")},
                log=self.log,
                cwd=folder,
                account=self.account,
            )
        )

    def wait(self, crew: Crew) -> None:
        """Waits until the server answers (it reads its append-only file first)."""
        crew.wait_until(self._answers, what="Valkey", seconds=60)

    def _answers(self) -> bool:
        return answers(self.url)


def answers(url: str) -> bool:
    """Whether a server at this address takes our password and answers."""
    try:
        # Whoever waits asks again by himself.
        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=once) as client:
            return bool(client.ping())
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
        return False


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
