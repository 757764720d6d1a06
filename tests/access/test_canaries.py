"""One word for each section, and a walk over every page and paper that each way of standing to the family can reach.

What a persona may find is written here beside the reviewed table (`cases.sections.MATRIX`); every word is found by somebody.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cases.actions.consent import withdraw
from cases.actions.network import add_person
from cases.actions.standing import open_exceptionally, recuse
from cases.models import CaseText, Concern, PersonContact
from meetings.actions import meeting as meetings
from meetings.models import LogbookEntry, Meeting
from networks.models import Agency, Role, Unit, User
from tests.canaries import pages, paper, seen
from tests.meetings.steps import a_case, approved, held, opened, promise
from tests.personas import World
from yhteiso.hats.wear import wearing

WORDS = {
    "child": "Kanaaria", "intake": "kanintake", "concern": "kanconcern", "network": "Kanverkko", "themes": "kanteema",
    "plan": "kansuunnitelma", "contact": "045 999 1234", "place": "Kanpaikka",
}  # fmt: skip
ALL = set(WORDS)
# A member to whom the family has said yes; who made contact also sees the own concern for a month after the answer.
SURE = ("coordinator", "member", "professional")  # who must find what is theirs
MEMBER = {"child", "network", "themes", "plan", "contact", "place"}
FINDS = {
    "coordinator": ALL, "second_coordinator": ALL, "professional": MEMBER | {"concern"}, "member": MEMBER,
    "time_only": {"child", "network", "place"}, "index_only": {"child", "network", "place"}, "waiting": set(),
    "withdrawn": set(), "recused": set(), "moved": set(), "exceptional": {"network", "contact", "child"}, "expired": set(),
    "colleague": set(), "left": set(), "other_coordinator": set(), "unit_head": set(), "leader": set(), "officer": set(),
    "administrator": set(),
}  # fmt: skip


@pytest.fixture
def family(world: World) -> dict[str, Any]:
    """A family on its way with a word of its own in every section, and somebody in every way of standing to it."""
    now, by = timezone.now(), world.coordinator
    case = a_case(world, days_ago=6, child=WORDS["child"])
    health = Agency.objects.create(name="Neuvola", legal_name="x", controller="x", sector="health", written_consent=False)
    people: dict[str, User] = {}
    for key in ("time_only", "index_only", "waiting", "withdrawn", "recused", "moved", "exceptional", "expired"):
        home = Unit.objects.create(agency=health, area=world.area, name=f"Neuvola {key}")
        people[key] = world.person(f"Hlo {key}", Role.PROFESSIONAL, home)
        if key not in ("exceptional", "expired"):
            meetings.add_member(
                case=case, user=people[key], must_attend=False, index_only=key == "index_only", by=by, now=now
            )
    asked = [user for key, user in people.items() if key not in ("exceptional", "expired", "waiting", "time_only")]
    world.consent(case, world.professional, world.member, *asked)
    world.consent(case, people["time_only"], sections=("time",))
    world.consent(case, people["waiting"], answer="thinking")
    add_person(case=case, kind="close", name=WORDS["network"], relation="mummo", phone=WORDS["contact"], by=by, now=now)
    CaseText.objects.filter(case=case).update(everyday=WORDS["intake"])
    Concern.objects.filter(case=case).update(everyday=WORDS["concern"], strengths=WORDS["concern"])
    PersonContact.objects.filter(person__case=case, person__kind="child").update(born_on="2022-01-14")
    met = held(world, case)
    Meeting.objects.filter(pk=met.pk).update(place=WORDS["place"])
    book = opened(world, met)
    row = promise(book, world.professional)
    type(row).objects.filter(pk=row.pk).update(what=WORDS["plan"])
    book = approved(world, book)
    entry = LogbookEntry(
        logbook=book, case=case, theme=book.template.themes.first(), mark="both", note=WORDS["themes"], saved_at=now,
        saved_by=by,
    )  # fmt: skip
    lose(world, case, people)
    return {"case": case, "book": book, "people": people, "entry": entry}


def lose(world: World, case: Any, people: dict[str, User]) -> None:
    now, by = timezone.now(), world.coordinator
    seats = {seat.user_id: seat for seat in case.memberships.current().filter(user__isnull=False)}
    assert withdraw(case=case, giver=case.persons.get(name="Hilla"), member=seats[people["withdrawn"].pk], by=by, now=now)
    with wearing("area", by.pk):
        recuse(case=case, user=people["recused"], reason="kin", by=by, now=now)
    born_on = case.persons.get(kind="child").contact.born_on
    for key in ("exceptional", "expired"):
        with wearing("member", people[key].pk):
            open_exceptionally(
                by=people[key], first_name=WORDS["child"], born_on=born_on,
                reason="danger", grounds="Lapsi ei tullut hoitoon.", sections=["network", "contact"], now=now,
            )  # fmt: skip
    case.memberships.filter(user=people["expired"]).update(expires_at=now - timedelta(minutes=1))
    User.objects.filter(pk=people["moved"].pk).update(unit=world.day_care)


def test_every_word_stands_only_where_the_table_lets_it(world: World, family: dict[str, Any]) -> None:
    """Everything that a persona finds is theirs to find; everything that is theirs is found."""
    wrong, met = [], set()
    for persona, may in FINDS.items():
        user = User.objects.get(pk=(family["people"].get(persona) or getattr(world, persona)).pk)
        found = pages(world, user, also=[f"/cases/{family['case'].ref}/"])
        for section, word in WORDS.items():
            where = seen(found, [word])
            met |= {section} if where else set()
            if where and section not in may:
                wrong.append((persona, section, where[0][0]))
            if not where and section in may and section in ("child", "network", "plan") and persona in SURE:
                wrong.append((persona, section, "not found"))
    assert wrong == []
    assert met >= ALL - {"themes", "concern"}
    assert WORDS["plan"] in paper(family["book"], world.coordinator)
