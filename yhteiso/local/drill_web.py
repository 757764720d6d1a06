"""The drill's people at their browsers: signed in by the demonstration's one click, sending real forms over HTTP."""

import http.client
import re
import socket
import uuid
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

TIMEOUT = 20.0


@dataclass
class Sent:
    """One form with its key, and what the server answered to each time that it was sent (0: nothing)."""

    key: str
    answers: list[int] = field(default_factory=list)


class Person:
    """One browser. Raises OSError or HTTPException where the server is away."""

    def __init__(self, port: int, account: int) -> None:
        self.port, self.account = port, account
        self.cookies: dict[str, str] = {}

    def sign_in(self) -> None:
        """The page first, for its token; then the one click."""
        self.ask("GET", "/account/login/")
        status, _ = self.ask("POST", "/demo/", {"account": str(self.account)})
        if status != 302:
            raise OSError(f"the demonstration's sign-in answered {status}")

    def headers(self) -> dict[str, str]:
        """What a browser sends with a form of ours."""
        return {
            "Host": f"127.0.0.1:{self.port}",
            "Origin": f"http://127.0.0.1:{self.port}",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }

    def body(self, fields: dict[str, str]) -> str:
        """A form with its token."""
        return urlencode({"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields})

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """The status and where it leads. Keeps the cookies."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            headers = self.headers()
            if fields is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            link.request(method, path, self.body(fields) if fields is not None else None, headers)
            answer = link.getresponse()
            answer.read()
            for line in answer.headers.get_all("Set-Cookie") or []:
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            return answer.status, answer.headers.get("Location", "")
        finally:
            link.close()

    def half(self, path: str, fields: dict[str, str]) -> socket.socket:
        """A form of which only the first half has left: the server waits for the rest."""
        body = self.body(fields).encode()
        head = {**self.headers(), "Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        link = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        link.sendall(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body[: len(body) // 2])
        return link


def concern(key: str) -> dict[str, str]:
    """A professional's worry about an invented child."""
    return {
        "form_key": key, "family_asked": "yes", "child_name": "Touko", "child_age": "4", "place": "Päiväkoti Pikkukäpy",
        "strengths": "Leikkii.", "everyday": "Aamut ovat vaikeita.", "agreed": "Äiti, ma", "reachable": "040 000 0101",
    }  # fmt: skip


def send_concern(person: Person, sent: Sent) -> None:
    """Send it, again with the same key if it was sent before, and note the answer."""
    try:
        status, _ = person.ask("POST", "/concerns/new/", concern(sent.key))
    except (OSError, http.client.HTTPException):
        status = 0
    sent.answers.append(status)


def empty_call(person: Person) -> bool:
    """Begin a call and take it back: a deadline that ends by its deed. Whether both were answered."""
    try:
        status, where = person.ask("POST", "/calls/", {})
        found = re.search(r"/calls/[^/]+/", where)
        if status != 302 or found is None:
            return False
        return person.ask("POST", f"{found[0]}discard/", {})[0] == 302
    except (OSError, http.client.HTTPException):
        return False


def new_key() -> str:
    """A form's own key, as the page brings it."""
    return str(uuid.uuid4())
