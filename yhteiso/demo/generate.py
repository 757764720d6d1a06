"""Making a whole world, from the first area to the last promise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from cases.models import ConsentWording
from meetings.models import LogbookTemplate
from yhteiso import reference
from yhteiso.demo.bulk import Bulk
from yhteiso.demo.world import COLUMNS, Maker
from yhteiso.demo.world_cases import CaseMaker

CHUNK = 2000


@dataclass
class World:
    """What was made: how many rows, and whom the measurements ask for (e-mail by what they are)."""

    counts: dict[str, int] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)


def load(
    *, cases: int, seed: int, on: date, tell: Callable[[int, dict[str, int]], None] = lambda done, counts: None
) -> World:
    """Make the world, in the caller's transaction. `tell` hears of every so many situations."""
    reference.load()
    bulk = Bulk(COLUMNS)
    walled = bulk.walled()
    bulk.begin()
    maker = Maker(bulk, cases, seed, on)
    places = maker.places()
    template = LogbookTemplate.objects.filter(language="fi").order_by("pk")[0]
    themes = list(template.themes.order_by("position").values_list("pk", flat=True)[:2])
    wording = ConsentWording.objects.order_by("-version").values_list("pk", flat=True)[0]
    each = CaseMaker(maker, template.pk, themes, wording)
    for number in range(cases):
        big = number < maker.big
        place = places[0] if big else places[1 + (number - maker.big) % (len(places) - 1)]
        each.make(number, place, open_now=big or number % 2 == 0)
        if (number + 1) % CHUNK == 0:
            bulk.flush()
            tell(number + 1, bulk.counts)
    bulk.flush()
    bulk.end(walled)
    return World(bulk.counts, maker.people)
