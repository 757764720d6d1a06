"""What the first minutes of a call cost in a large world: the hint whether a child is known, and the saving of a concern.

Whole requests through the middleware and the hat, as the web login, one after the other. Two clocks: one on the wall, which
people feel, and the processors' time of our process and PostgreSQL's, which tells the same beside other work.
"""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from statistics import quantiles

from django.test import Client
from django.urls import reverse

from networks.models import User
from yhteiso.demo.measure import browser, busy
from yhteiso.demo.world import FIRST, LAST

# How a name is misspelt in a hurry: the keys must still be the same.
MISSPELT = (("ää", "a"), ("ö", "o"), ("ii", "i"), ("tt", "t"), ("v", "w"), ("k", "c"), ("ä", "a"), ("aa", "a"))


@dataclass
class Taken:
    """The requests of one kind, in milliseconds of both clocks, and how many of the answers named somebody."""

    what: str
    goal: int
    wall: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    hits: int = 0

    def line(self) -> str:
        wall, work = (quantiles(values, n=100) for values in (self.wall, self.work))
        return (
            f"{self.what}: p50 {wall[49]:.0f} ms, p95 {wall[94]:.0f} ms on the wall (goal {self.goal}); of processors' time"
            f" p50 {work[49]:.0f} ms, p95 {work[94]:.0f} ms; {len(self.wall)} requests, {self.hits} with a hint"
        )


def timed(taken: Taken, ask: Callable[[], bool]) -> None:
    """Run one request and keep what it took. `ask` tells whether it found somebody."""
    began, work = time.perf_counter(), busy()
    taken.hits += ask()
    taken.wall.append((time.perf_counter() - began) * 1000)
    taken.work.append((busy() - work) / 1_000_000)


def hints(user: User, *, rounds: int, on: date, seed: int) -> Taken:
    """The hint of call mode: a name as it might be misspelt, and any birth date of the last fifteen years."""
    client, chance = browser(user), random.Random(seed)  # noqa: S311  invented people, no secret
    url = client.post(reverse("call-start")).headers["Location"] + "known/"
    client.get(url.removesuffix("known/"))
    taken = Taken("hint whether a child is known", 150)
    for number in range(rounds + 10):
        born = on - timedelta(days=chance.randrange(200, 5500))
        typed = {
            "child_name": _misspelt(chance, FIRST), "child_family_name": _misspelt(chance, LAST),
            "child_born": f"{born.day}.{born.month}.{born.year}", "hetu": "",
        }  # fmt: skip
        timed(taken, partial(_hint, client, url, typed))
        if number == 9:  # what is warmed up is not counted
            taken = Taken(taken.what, taken.goal)
    return taken


def _misspelt(chance: random.Random, names: list[str]) -> str:
    name = chance.choice(names).lower()
    wrong, right = chance.choice(MISSPELT)
    return name.replace(wrong, right) if chance.random() < 0.5 else name


def _hint(client: Client, url: str, typed: dict[str, str]) -> bool:
    answer = client.post(url, typed, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.status_code
    body = answer.content.decode()
    return "y-note--now" in body or "tel:" in body


def concerns(user: User, *, rounds: int) -> Taken:
    """The saving of a professional's concern, from the press to the redirect. The rows stay there."""
    client, url = browser(user), reverse("concern-new")
    client.get(url)
    taken = Taken("saving of a concern", 200)
    for number in range(rounds + 10):
        typed = {
            "family_asked": "yes", "child_name": "Touko", "child_age": "6", "place": "Päiväkoti", "strengths": "Leikkii.",
            "everyday": "Aamut ovat vaikeita.", "agreed": "", "reachable": "040 000 0101", "form_key": str(uuid.uuid4()),
        }  # fmt: skip
        timed(taken, partial(_concern, client, url, typed))
        if number == 9:
            taken = Taken(taken.what, taken.goal)
    return taken


def _concern(client: Client, url: str, typed: dict[str, str]) -> bool:
    answer = client.post(url, typed)
    assert answer.status_code == 302, answer.status_code
    return False
