"""SMS: one interface, `send`, and what stands behind it: the console, a file of JSON lines, or a gateway over HTTPS."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from django.conf import settings

from yhteiso.outbox.failures import Permanent, Temporary

TIMEOUT = (3, 8)  # seconds to connect, and for each part of the answer: well below the relay's lease
# What a gateway answers when the number itself is wrong. Anything else may be our own fault or theirs, and is tried again.
NO_SUCH_NUMBER = {400, 404, 410, 422}
LONGEST_ANSWER = 10_000


def send(*, number: str, body: str, key: str) -> str:
    """Send one SMS and return the gateway's own reference. The key is the same at each try, so that it sends once.

    Raises Temporary or Permanent with a short code.
    """
    return BACKENDS[settings.SMS["backend"]](number, body, key)


def _none(number: str, body: str, key: str) -> str:
    raise Permanent("no-sms-gateway")


def _console(number: str, body: str, key: str) -> str:
    sys.stdout.write(f"SMS {key}\n  {number}\n  {body}\n")
    return ""


def _file(number: str, body: str, key: str) -> str:
    line = json.dumps({"id": key, "to": number, "text": body}, ensure_ascii=False)
    try:
        with Path(settings.SMS["file"]).open("a", encoding="utf-8") as file:
            file.write(line + "\n")  # one write: several relays may share the file
    except OSError as error:
        raise Temporary(type(error).__name__) from None
    return ""


def _http(number: str, body: str, key: str) -> str:
    sms, names = settings.SMS, settings.SMS["fields"]
    content = {names["to"]: number, names["text"]: body, names["id"]: key}
    if sms["sender"]:
        content[names["sender"]] = sms["sender"]
    headers = {"Idempotency-Key": key} | ({"Authorization": f"Bearer {sms['token']}"} if sms["token"] else {})
    try:
        with requests.Session() as session:
            session.trust_env = False  # no netrc: it would put its own words in place of the token
            answer = session.post(sms["url"], json=content, headers=headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise Temporary(type(error).__name__) from None
    if answer.ok and not answer.is_redirect:
        return _reference(answer, names["ref"])
    raise (Permanent if answer.status_code in NO_SUCH_NUMBER else Temporary)(f"http-{answer.status_code}")


def _reference(answer: requests.Response, name: str) -> str:
    """What the gateway calls the message, if it says so in JSON. It has been sent: nothing here may fail."""
    try:
        told: Any = json.loads(answer.content[:LONGEST_ANSWER])
        found = told.get(name, "")
    except (ValueError, AttributeError):
        return ""
    return str(found)[:80] if isinstance(found, str | int) else ""


BACKENDS: dict[str, Callable[[str, str, str], str]] = {"none": _none, "console": _console, "file": _file, "http": _http}
