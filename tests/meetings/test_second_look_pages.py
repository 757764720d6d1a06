"""What a second look found on the pages of a family: a yes taken back in the middle, hidden calls, prints, lists."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from cases.access import NotAllowed, can
from cases.actions import intake
from cases.actions.consent import withdraw
from cases.actions.standing import open_exceptionally
from cases.models import Call, Case, Concern, PersonContact, Status
from cases.sections import EXCEPTIONAL
from meetings.actions import logbook as logbooks
from meetings.actions import protection
from meetings.models import Logbook, LogbookEntry
from meetings.views import case_list
from meetings.views.logbook import hold_still
from meetings.views.paper import paper_of
from networks.models import User
from tests.meetings.steps import a_case, approved, membership
from tests.meetings.table import Table
from tests.personas import World
from yhteiso.hats.wear import wearing

pytestmark = pytest.mark.django_db


def take_back(world: World, case: Case, user: User) -> None:
    """The mother takes back every yes to this person's unit."""
    mother = case.persons.get(kind="guardian", name="Hilla")
    withdraw(case=case, giver=mother, member=membership(case, user), by=world.coordinator, now=timezone.now())


# -- a yes that is taken back while a save waits for the lock


def test_a_yes_taken_back_in_the_middle_is_a_refusal_in_every_write(world: World) -> None:
    table = Table(world)
    take_back(world, table.meeting.case, world.professional)
    by, now, theme = world.professional, timezone.now(), table.themes[0]
    deeds: list[Any] = [
        lambda book: logbooks.save_entry(
            logbook=book, theme=theme, version=0, mark="strength", note="Myöhässä", said_by="", carry_to_plan=False, by=by,
            now=now,
        ),
        lambda book: logbooks.save_frame(
            logbook=book, version=0, child_heard="present", child_words="Myöhässä", next_on=None, ends_here=True
        ),
        lambda book: logbooks.approve(logbook=book, by=by, now=now),
    ]  # fmt: skip
    for deed in deeds:
        with wearing("member", by.pk), pytest.raises(NotAllowed):
            deed(table.logbook)
    assert not LogbookEntry.objects.filter(note="Myöhässä").exists()
    assert Logbook.objects.get(pk=table.logbook.pk).child_words == ""
    assert Logbook.objects.get(pk=table.logbook.pk).approved_at is None


def test_what_is_open_is_asked_again_behind_the_lock(world: World) -> None:
    table = Table(world)
    with wearing("member", world.professional.pk):
        case = Case.objects.get(pk=table.meeting.case_id)
        assert can(world.professional, "write_logbook", case)
        hold_still(world.professional, case)
    take_back(world, Case.objects.get(pk=case.pk), world.professional)
    with wearing("member", world.professional.pk), pytest.raises(Http404):
        hold_still(world.professional, case)  # the same object: it still remembers what was open


# -- a concern whose call is a protected family's


def test_a_concern_in_protected_hands_is_refused_not_an_error(world: World) -> None:
    now = timezone.now()
    concern = world.concern(now=now)
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    intake.save_call(call=call, version=call.version, now=now, protected=True, everyday="SALAINEN-TEKSTI")
    row = Concern(pk=concern.pk)
    with wearing("area", world.second_coordinator.pk), pytest.raises(NotAllowed):
        intake.begin_call(by=world.second_coordinator, area=world.area, concern=row, now=now)
    answer = world.client(world.second_coordinator).post("/calls/", {"concern": concern.ref}, follow=True)
    assert "SALAINEN-TEKSTI" not in answer.content.decode()
    assert (answer.status_code, [url for url, _status in answer.redirect_chain]) in [(200, ["/board/"]), (404, [])]
    assert Call.objects.get(concern=concern).taken_by_id == world.coordinator.pk
    again = world.client(world.coordinator).post("/calls/", {"concern": concern.ref})
    assert call.ref in again.url


# -- the print of a protected family


@pytest.mark.parametrize("reader", ["professional", "coordinator"])
def test_a_print_hides_what_the_page_of_a_protected_family_hides(world: World, reader: str) -> None:
    table, user, hat = Table(world), getattr(world, reader), "area" if reader == "coordinator" else "member"
    book, now = approved(world, table.logbook), timezone.now()
    with wearing(hat, user.pk):
        before = paper_of(table.meeting, book, user, now)
    assert "Aatu" in before.heading_names
    assert any("Aatu" in voice.who for voice in before.child_voices)
    with wearing("area", world.coordinator.pk):
        protection.protect(case=table.meeting.case, reason="Kerrottu", by_hand=[], by=world.coordinator, now=now)
    meeting = type(table.meeting).objects.get(pk=table.meeting.pk)
    with wearing(hat, user.pk):
        copy = paper_of(meeting, book, user, now)
    assert copy.heading_names == (meeting.case.child_called,)
    assert "Aatu" not in repr((copy.heading_names, copy.child_voices))
    if reader == "professional":  # not named: the family is told by kind, as on the page
        assert not {"Aatu", "Aatu Suvilehto", "Hilla", "Hilla Suvilehto"} & {row.name for row in copy.family}


# -- let in for a day, beside an own seat that the family has closed


def test_a_day_beside_a_closed_seat_shows_only_what_was_opened(world: World) -> None:
    case = a_case(world)
    PersonContact.objects.filter(person__case=case, person__kind="child").update(born_on=date(2022, 1, 14))
    PersonContact.objects.filter(person__case=case, person__kind="guardian").update(phone="040 SALAINEN")
    take_back(world, case, world.member)
    with wearing("member", world.member.pk):
        open_exceptionally(
            by=world.member, now=timezone.now(), first_name="Aatu", born_on=date(2022, 1, 14), reason="danger",
            grounds="Lapsi ei tullut hoitoon, eikä kumpikaan huoltaja vastaa.", sections=EXCEPTIONAL["contact"],
        )  # fmt: skip
    answer = world.client(world.member).get(f"/cases/{case.ref}/")
    assert answer.status_code == 200
    assert "meetings/opened.html" in [row.name for row in answer.templates]
    shown = answer.content.decode()
    assert "040 SALAINEN" in shown
    for part in ("suunnitelma", "tapaamiset", "teemat"):
        assert f'id="{part}"' not in shown


# -- the list of situations


def listed(world: World, user: User, query: str = "") -> list[str]:
    page = world.client(user).get(f"/cases/{query}").content.decode()
    return list(dict.fromkeys(re.findall(r'href="/cases/([^/"?]+)/"', page)))


def test_a_limit_of_the_list_does_not_tell_a_veiled_stage(world: World) -> None:
    told, veiled = a_case(world), a_case(world, child="Helmi")
    Case.objects.update(status=Status.GATHERING)
    take_back(world, veiled, world.professional)
    assert listed(world, world.professional, "?stage=gathering") == [told.ref]
    for stage in Status.values:
        assert veiled.ref not in listed(world, world.professional, f"?stage={stage}")
        assert veiled.ref not in listed(world, world.professional, f"?stage={stage}&after={veiled.ref}")
    assert set(listed(world, world.professional)) == {told.ref, veiled.ref}
    assert set(listed(world, world.second_coordinator, "?stage=gathering")) == {told.ref, veiled.ref}


def test_the_place_in_the_list_does_not_tell_how_a_veiled_situation_stands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [a_case(world, child=name) for name in ("Aatu", "Helmi", "Onni", "Vilja")]
    for days, row in zip((9, 1, 5, 0), cases, strict=True):  # the veiled ones are the most urgent of all
        Case.objects.filter(pk=row.pk).update(plan_by_on=date(2026, 6, 1) + timedelta(days=days))
    for row in (cases[1], cases[3]):
        take_back(world, row, world.professional)
    in_order = [cases[n].ref for n in (2, 0, 1, 3)]
    assert listed(world, world.professional) == in_order
    Case.objects.filter(pk=cases[1].pk).update(first_met_at=timezone.now())
    assert listed(world, world.professional) == in_order
    assert listed(world, world.second_coordinator) == [cases[n].ref for n in (3, 2, 0, 1)]
    monkeypatch.setattr(case_list, "PAGE", 1)  # and page after page it is the same order
    pages, after = [], ""
    for _page in cases:
        pages += listed(world, world.professional, after)
        after = f"?after={pages[-1]}"
    assert pages == in_order
