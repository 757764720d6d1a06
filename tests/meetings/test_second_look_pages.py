"""What a second look found on the pages of a family: a yes taken back in the middle, hidden calls, prints, lists."""

from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from cases.access import NotAllowed, can
from cases.actions import intake
from cases.actions.consent import withdraw
from cases.models import Call, Case, Concern
from meetings.actions import logbook as logbooks
from meetings.models import Logbook, LogbookEntry
from meetings.views.logbook import hold_still
from networks.models import User
from tests.meetings.steps import membership
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
    with wearing("area", world.second_coordinator.pk), pytest.raises(NotAllowed):
        row = Concern(pk=concern.pk)
        intake.begin_call(by=world.second_coordinator, area=world.area, concern=row, now=now)
    answer = world.client(world.second_coordinator).post("/calls/", {"concern": concern.ref}, follow=True)
    assert "SALAINEN-TEKSTI" not in answer.content.decode()
    assert (answer.status_code, [url for url, _status in answer.redirect_chain]) in [(200, ["/board/"]), (404, [])]
    assert Call.objects.get(concern=concern).taken_by_id == world.coordinator.pk
    again = world.client(world.coordinator).post("/calls/", {"concern": concern.ref})
    assert call.ref in again.url
