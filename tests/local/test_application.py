"""The port, the look at what has changed, health, and starting again what has ended."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.local.test_processes import program
from yhteiso.local import application
from yhteiso.local.console import Trouble
from yhteiso.local.processes import Crew


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Trouble, match=f"Port {port} is taken.*make run PORT={port + 1}"):
            application.check_port(str(port))
    assert application.check_port(str(port)) == port


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "http", "8000 "])
def test_no_port_at_all(text: str) -> None:
    with pytest.raises(Trouble, match="PORT must be a number"):
        application.check_port(text)


def test_a_change_in_the_checkout_is_seen(tmp_path: Path) -> None:
    for name in ("requirements.txt", "manage.py"):
        (tmp_path / name).touch()
    (tmp_path / "cases" / "migrations").mkdir(parents=True)
    seen = [application._fingerprint(tmp_path)]
    (tmp_path / "cases" / "migrations" / "0001.py").write_text("a")
    seen.append(application._fingerprint(tmp_path))
    (tmp_path / "cases" / "migrations" / "0001.py").write_text("ab")
    seen.append(application._fingerprint(tmp_path))
    (tmp_path / "requirements.txt").write_text("Django")
    seen.append(application._fingerprint(tmp_path))
    assert len(set(seen)) == 4
    (tmp_path / "cases" / "__pycache__").mkdir()
    (tmp_path / "cases" / "__pycache__" / "x.pyc").touch()
    assert application._fingerprint(tmp_path) == seen[-1]


class _Health(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/health/live/" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a small web server."""
    with HTTPServer(("127.0.0.1", 0), _Health) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made.server_port
        made.shutdown()
        thread.join()


def test_health(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert application.healthy(server)
    monkeypatch.setattr(_Health, "status", 503)
    assert not application.healthy(server)


def test_nobody_there_is_not_healthy() -> None:
    assert not application.healthy(1)


def test_what_ends_by_itself_is_started_again_but_not_for_ever(
    crew: Crew, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "RESTARTS", 1)
    crew.start(program(home, "import time; time.sleep(600)"))
    crew.start(program(home, "print('it fell over'); raise SystemExit(1)", name="The worker"))
    with pytest.raises(Trouble, match="The worker has stopped by itself"):
        application.watch(crew)
    assert "Starting it again" in capsys.readouterr().out
    assert [one.program.name for one in crew.running] == ["Program", "The worker"]
