"""Every pair of states, from the same dicts that the actions use; and the database behind them."""

import itertools

import pytest
from django.db import IntegrityError, transaction

from cases.access import NotAllowed
from cases.actions.case import close, move
from cases.models import TRANSITIONS, Case, Concern, Membership, Status
from meetings.models import MEETING_TRANSITIONS, Meeting, MeetingStatus
from tests.personas import World, at


@pytest.mark.parametrize(("start", "end"), itertools.product(Status.values, repeat=2))
def test_a_case_moves_only_along_its_transitions(start: str, end: str) -> None:
    case = Case(status=start)
    if start == end:
        move(case, end, save=False)
        assert case.status == start
    elif end in TRANSITIONS[start]:
        move(case, end, save=False)
        assert case.status == end
    else:
        with pytest.raises(NotAllowed):
            move(case, end, save=False)
        assert case.status == start


@pytest.mark.parametrize(("start", "end"), itertools.product(MeetingStatus.values, repeat=2))
def test_a_meeting_moves_only_along_its_transitions(start: str, end: str) -> None:
    blocked = Meeting(status=start).blocker(end) is not None
    assert blocked == (end not in MEETING_TRANSITIONS[start])


def test_every_state_is_in_the_dict() -> None:
    assert set(TRANSITIONS) == set(Status.values)
    assert set(MEETING_TRANSITIONS) == set(MeetingStatus.values)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"status": "closed"}, "case_closed_by_somebody_for_a_reason"),
        ({"close_reason": "declined"}, "case_closed_by_somebody_for_a_reason"),
        ({"status": "follow_up"}, "case_followed_up_has_met"),
        ({"plan_by_on": "2026-06-30"}, "case_planned_before_day14"),
    ],
)
def test_the_database_refuses_a_case_in_a_wrong_state(world: World, fields: dict[str, str], constraint: str) -> None:
    case = world.case()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(**fields)


def test_the_database_refuses_a_person_in_a_concern_that_nobody_asked_about(world: World) -> None:
    row = world.concern(now=at("2026-06-05 12:46"), family_asked="not_yet", child_name="Aatu", child_age=4)
    assert (row.child_name, row.child_age, row.place) == ("", None, "")
    with pytest.raises(IntegrityError, match="concern_without_a_yes_has_no_person"), transaction.atomic():
        Concern.objects.filter(pk=row.pk).update(child_name="Aatu")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"end_reason": "x"}, "member_end_has_a_reason"),
        ({"ended_at": "2026-06-08 09:00+03:00"}, "member_end_has_a_reason"),
        ({"user": None}, "member_is_user_or_person"),
    ],
)
def test_the_database_refuses_a_half_ended_membership(world: World, fields: dict[str, object], constraint: str) -> None:
    case = world.case()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Membership.objects.filter(case=case, user=world.member).update(**fields)


def test_closing_ends_every_membership_and_nothing_is_added_after(world: World) -> None:
    from meetings.actions.meeting import add_member

    case = world.case()
    close(case=case, by=world.coordinator, reason="declined", now=at("2026-06-08 09:00"))
    assert not case.memberships.filter(ended_at=None).exists()
    with pytest.raises(NotAllowed):
        add_member(case=case, user=world.colleague, must_attend=False, by=world.coordinator, now=at("2026-06-08 09:00"))
    with pytest.raises(NotAllowed):
        close(case=case, by=world.coordinator, reason="declined", now=at("2026-06-08 09:00"))
