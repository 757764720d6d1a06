"""The drill's mail server: takes, refuses or is away, and tells the drill of each mail at the moments that matter."""

import re
import socketserver
import threading
from collections import Counter
from collections.abc import Callable

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)
# Told before a mail is taken and after it was stored, with the sender's port and the Message-ID ("" before).
Watcher = Callable[[str, int, str], None]


class Mailbox(socketserver.ThreadingTCPServer):
    """Counts what it has taken by Message-ID. `mood`: take, refuse (451) or away (hangs up)."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mood = "take"
        self.taken: Counter[str] = Counter()
        self.watcher = watcher
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """A sender that was killed in the middle is what this server is for."""


class _Talk(socketserver.StreamRequestHandler):
    server: Mailbox

    def say(self, line: str) -> None:
        self.wfile.write(line.encode("ascii") + b"\r\n")

    def handle(self) -> None:
        if self.server.mood == "away":
            return
        self.say("220 drill")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.take()
            elif verb == b"RCPT":
                self.server.watcher("before", self.client_address[1], "")
                self.say("451 later" if self.server.mood == "refuse" else "250 ok")
            else:
                self.say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def take(self) -> None:
        self.say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return  # the sender is gone: nothing was accepted
            lines.append(line)
        found = MESSAGE_ID.search(b"".join(lines))
        name = found[1].decode("ascii") if found else "<none>"
        with self.server.lock:
            self.server.taken[name] += 1
        self.server.watcher("after", self.client_address[1], name)
        self.say("250 taken")
