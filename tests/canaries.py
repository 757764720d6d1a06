"""Looking for words that must not be there: every page that somebody can reach by links, and every paper."""

import re
from collections.abc import Iterable

from django.template.loader import render_to_string

from meetings.models import Logbook
from meetings.views.paper import paper_of
from networks.models import User
from tests.personas import World

DOORS = ("/", "/board/", "/cases/", "/cases/?stage=closed", "/cases/?stage=gathering", "/meetings/", "/commitments/",
         "/unit/commitments/", "/board/?only=late", "/board/?whose=mine", "/log/", "/concerns/new/", "/messages/", "/messages/week/")  # fmt: skip
LINK = re.compile(r'(?:href|action)="(/[^"#]*)')
LEFT_ALONE = ("/account/", "/admin/", "/static/", "/i18n/", "/media/")
MOST_PAGES = 250


# Whom a rule may propose and an entry of the directory may name: every unit there is, whatever families they work with.
UNITS_OF_AN_AREA = re.compile(r"/areas/\d+/(rules|usual)/.*|/services/new/.*")


def pages(world: World, user: User, *, also: Iterable[str] = ()) -> dict[str, str]:
    """Every page that this person reaches from the doors by links, the addresses of forms included: address → HTML."""
    client, found, waiting = world.client(user), {}, [*also, *DOORS]
    while waiting and len(found) < MOST_PAGES:
        url = waiting.pop(0).replace("&amp;", "&")
        if url in found or url.startswith(LEFT_ALONE) or url.endswith(".pdf") or UNITS_OF_AN_AREA.fullmatch(url):
            continue
        answer = client.get(url)
        found[url] = answer.content.decode() if answer["Content-Type"].startswith("text/html") else ""
        if answer.status_code == 200:
            waiting += LINK.findall(found[url])
        elif answer.status_code == 302:
            waiting.append(answer.url)
    assert len(found) < MOST_PAGES, "the walk did not end"
    return found


def paper(logbook: Logbook, reader: User) -> str:
    """The text of the copy that this person may print."""
    case = logbook.case
    case.viewer = reader
    logbook.meeting.case = case
    return render_to_string(
        "meetings/logbook_pdf.html", {"paper": paper_of(logbook.meeting, logbook, reader, logbook.opened_at)}
    )


def seen(found: dict[str, str], words: Iterable[str]) -> list[tuple[str, str]]:
    """Where one of these words stands."""
    return [(url, word) for url, text in found.items() for word in words if word.lower() in text.lower()]
