"""A held meeting with its logbook open, two browsers at it, and what a browser would send of its page."""

import re
from typing import Any

from django.test import Client

from meetings.models import Logbook, Meeting, Theme
from tests.meetings.steps import a_case, held, opened
from tests.personas import World

JSON = {"Accept": "application/json"}
SECRET = "Nukahtaa jo aamupalalle"


class Table:
    """A held meeting with its logbook open, and two browsers at it."""

    def __init__(self, world: World, **case: Any) -> None:
        self.world = world
        self.meeting: Meeting = held(world, a_case(world, **case))
        self.logbook: Logbook = opened(world, self.meeting)
        self.themes: list[Theme] = list(self.logbook.template.themes.all())
        self.url = f"/cases/{self.meeting.case.ref}/meetings/{self.meeting.ref}/logbook/"
        self.kaisa = world.client(world.professional)
        self.sari = world.client(world.member)

    def read(self, client: Client) -> str:
        answer = client.get(self.url)
        assert answer.status_code == 200
        return answer.content.decode()

    def fields(self, client: Client) -> dict[str, Any]:
        """What a browser would send of the page as it is."""
        return form_of(self.read(client))

    def mark(self, theme: int, **values: str) -> dict[str, str]:
        return {f"t{self.themes[theme].pk}-{name}": value for name, value in values.items()}


def form_of(html: str) -> dict[str, Any]:
    """The fields of the page's form: hidden ones, texts, choices, rows."""
    html = html[html.index('<form id="loki"') : html.index("</form>", html.index('<form id="loki"'))]
    found: dict[str, Any] = {"row": re.findall(r'name="row" value="([0-9a-f]{32})"', html)}
    found["version"] = re.search(r'name="version" value="([^"]*)"', html)[1]  # type: ignore[index]
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\s*(.*?)</textarea>', html, re.S):
        found[name] = text.strip()
    for name, value in re.findall(r'<input type="(?:radio|checkbox)" name="([^"]+)" value="([^"]*)"[^>]* checked', html):
        found[name] = value
    for name, body in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', html, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    for name, value in re.findall(r'<input type="text" name="([^"]+)" value="([^"]*)"', html):
        found[name] = value
    return found
