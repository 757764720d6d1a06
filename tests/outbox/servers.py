"""Servers for the tests on this machine: a mail server and a gateway that answer as told, and remember what they got."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Post(socketserver.ThreadingTCPServer):
    """A mail server. `answers` maps a command to its answer; `hold` keeps the answer to a whole mail back."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.answers = answers or {}
        self.mails: list[Message] = []
        self.hold, self.arrived = threading.Event(), threading.Semaphore(0)
        self.hold.set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Talk(socketserver.StreamRequestHandler):
    server: Post

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.say("220 test")
        try:
            while line := self.rfile.readline():
                verb = line[:4].decode().upper().strip()
                if verb == "DATA":
                    self.data()
                else:
                    self.say(self.server.answers.get(verb, "250 ok"))
                if verb == "QUIT":
                    return
        except ConnectionError:
            return

    def data(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if "DATA" not in self.server.answers:
            self.server.mails.append(message_from_bytes(b"".join(lines)))
        self.server.arrived.release()
        self.server.hold.wait(30)
        self.say(self.server.answers.get("DATA", "250 taken"))


@contextmanager
def post(answers: dict[str, str] | None = None) -> Iterator[Post]:
    with Post(answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.hold.set()
        server.shutdown()


def mailer(port: int) -> dict[str, Any]:
    options = {"host": "127.0.0.1", "port": port, "timeout": 5}
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


class Gateway(ThreadingHTTPServer):
    """An SMS gateway that answers with one status and body."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.status, self.body, self.calls = status, body, list[tuple[str, dict[str, str], Any]]()


class Call(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append((self.path, dict(self.headers), content))
        self.send_response(self.server.status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def gateway(status: int = 200, body: bytes = b'{"id": "g-17"}') -> Iterator[tuple[Gateway, str]]:
    with Gateway(status, body) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server, f"http://127.0.0.1:{server.server_address[1]}/send"
        server.shutdown()
