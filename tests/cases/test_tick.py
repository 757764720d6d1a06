"""The tick: what is due is told, once each, to the right people, whatever stands in its way."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from cases.actions import deadline
from cases.actions.tick import tick
from cases.addressees import addressees
from cases.models import Case, Deadline, DeadlineState, Escalation, EscalationTo, Message
from networks.models import User
from tests.personas import World, at
from yhteiso.outbox.models import Outgoing


def told(case: Case, step: int) -> set[tuple[str, str]]:
    """Names and roles of one step of the two weeks."""
    rows = EscalationTo.objects.filter(escalation__case=case, escalation__kind="meeting", escalation__step=step)
    return {(row.to.name, row.role) for row in rows.select_related("to")}


def test_the_ladder_climbs_from_the_lead_to_whoever_answers_for_the_area(world: World) -> None:
    case, responsible = world.case(), world.responsible
    tick(now=at("2026-06-22 08:00"))
    assert told(case, 5) == {("Kaisa Koivupuro", "caller"), ("Riikka Tuulenpää", "coordinator")}
    assert told(case, 9) == {("Riikka Tuulenpää", "coordinator")}
    assert told(case, 14) == {("Riikka Tuulenpää", "coordinator"), (responsible.name, "responsible")}


def test_each_step_leaves_one_message_and_one_mail_for_each(world: World) -> None:
    case = world.case()
    for _again in range(2):
        tick(now=at("2026-06-12 08:00"))
    rows = Message.objects.filter(case=case, what="meeting")
    assert sorted(rows.values_list("to__name", "step")) == [
        ("Kaisa Koivupuro", 5), ("Riikka Tuulenpää", 5), ("Riikka Tuulenpää", 9),
    ]  # fmt: skip
    mails = Outgoing.objects.filter(case_id=case.pk, about__in=[str(row.pk) for row in rows])
    assert {row.text for row in mails} == {"notice"}
    assert sorted(mails.values_list("channel", flat=True)) == ["email"] * 3


def test_the_last_step_comes_back_each_working_day_until_somebody_takes_it(world: World) -> None:
    case, responsible = world.case(), world.responsible
    for moment in ("2026-06-22 08:00", "2026-06-23 08:00", "2026-06-24 08:00"):
        tick(now=at(moment))
    steps = Escalation.objects.filter(case=case, kind="meeting", step__gte=14).order_by("step")
    assert [row.step for row in steps] == [14, 15, 16]
    last = steps.last()
    assert last is not None
    assert set(last.told.values_list("to__name", flat=True)) == {responsible.name}
    Escalation.objects.filter(pk=last.pk).update(taken_at=at("2026-06-24 09:00"), taken_by=responsible)
    tick(now=at("2026-06-25 08:00"))
    assert not Escalation.objects.filter(case=case, kind="meeting", step=17).exists()
    for day in range(26, 31):
        tick(now=at(f"2026-06-{day} 08:00"))
    tick(now=at("2026-07-01 08:00"))  # a working week later the family still waits
    assert Escalation.objects.filter(case=case, kind="meeting", step__gt=17).exists()


def test_nobody_to_tell_is_told_itself(world: World) -> None:
    case = world.case()
    User.objects.filter(pk__in=[world.coordinator.pk, world.second_coordinator.pk, world.professional.pk]).update(
        is_active=False
    )
    tick(now=at("2026-06-12 08:00"))
    row = Escalation.objects.get(case=case, kind="meeting", step=9)
    assert row.nobody
    assert [one.to.name for one in row.told.select_related("to")] == [world.officer.name]
    assert Message.objects.filter(case=case, nobody=True, to=world.officer).exists()


def test_a_disqualified_person_is_told_nothing(world: World) -> None:
    case, responsible = world.case(), world.responsible
    case.recusals.create(user=responsible, reason="kin", marked_by=world.coordinator, marked_at=at("2026-06-06 09:00"))
    tick(now=at("2026-06-22 08:00"))
    assert responsible.name not in {name for name, _role in told(case, 14)}
    assert not Message.objects.filter(to=responsible, case=case).exists()


@pytest.mark.parametrize("accepted", [True, None], ids=["substitute", "nobody has said yes"])
def test_an_absent_lead_makes_no_silence(world: World, accepted: bool | None) -> None:
    from networks.models import Absence

    case = world.case()
    Absence.objects.create(
        user=world.coordinator, from_on=date(2026, 6, 8), until_on=date(2026, 6, 30), substitute=world.second_coordinator,
        made_at=at("2026-06-05 09:00"), made_by=world.coordinator, accepted=accepted,
        answered_at=at("2026-06-05 10:00") if accepted else None,
    )  # fmt: skip
    responsible = world.responsible
    tick(now=at("2026-06-12 08:00"))
    rows = EscalationTo.objects.filter(escalation__case=case, escalation__kind="meeting", escalation__step=9)
    found = {(row.to.name, row.instead_of and row.instead_of.name) for row in rows.select_related("to", "instead_of")}
    if accepted:
        assert found == {(world.second_coordinator.name, world.coordinator.name)}
    else:
        assert found == {(world.coordinator.name, None), (responsible.name, world.coordinator.name)}


def test_a_broken_step_stops_nobody_else(world: World) -> None:
    """A kind that nobody knows any more: the others are told, and the failure is seen."""
    case = world.case()
    Deadline.objects.filter(case=case, kind="meeting", step=5).update(kind="unknown")
    other = world.case(child="Otso")
    with pytest.raises(ExceptionGroup):
        tick(now=at("2026-06-12 08:00"))
    assert {row.step for row in Escalation.objects.filter(case=other, kind="meeting")} == {5, 9}
    assert {row.step for row in Escalation.objects.filter(case=case, kind="meeting")} == {9}


def test_a_corrected_start_moves_only_what_has_not_been_told(world: World) -> None:
    from cases.actions.clock import correct_start

    case = world.case()  # Friday 5.6.
    tick(now=at("2026-06-10 08:00"))
    correct_start(
        case=case, new_at=at("2026-06-03 09:00"), reason="Soitto tuli jo keskiviikkona.", by=world.coordinator,
        now=at("2026-06-10 09:00"),
    )  # fmt: skip
    rows = {row.step: row for row in case.deadlines.filter(kind="meeting")}
    assert rows[5].state == DeadlineState.TOLD
    assert rows[5].due_at == at("2026-06-10 08:00")
    assert rows[9].due_at == at("2026-06-12 08:00")
    assert rows[14].due_at == at("2026-06-18 08:00")
    assert case.events.filter(kind="clock_replanned").exists()


def test_a_concern_that_nobody_answers_climbs_too(world: World) -> None:
    concern, responsible = world.concern(now=at("2026-06-05 12:46")), world.responsible
    tick(now=at("2026-06-11 08:00"))
    rows = Message.objects.filter(what="concern", about=str(concern.pk))
    assert {row.to.name for row in rows.select_related("to")} == {
        world.coordinator.name, world.second_coordinator.name, responsible.name,
    }  # fmt: skip


def test_what_was_done_meanwhile_is_told_to_nobody(world: World) -> None:
    """The deed is looked at once more at the moment of telling, whatever the row says."""
    case = world.case()
    Case.objects.filter(pk=case.pk).update(first_met_at=at("2026-06-09 09:00"), status="follow_up")
    tick(now=at("2026-06-22 08:00"))
    assert not Escalation.objects.filter(case=case, kind="meeting").exists()
    assert not case.deadlines.filter(kind="meeting", state__in=("open", "told")).exists()


def test_the_questions_do_not_grow_with_the_steps(world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for n in (1, 3):
        for k in range(n):
            world.case(child=f"Lapsi{n}{k}", call="2026-06-05 12:46")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            tick(now=at("2026-06-10 08:00"))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_planning_anew_is_nothing_when_nothing_has_changed(world: World) -> None:
    case = world.case()
    assert deadline.replan(case.deadlines.all(), now=timezone.now() + timedelta(days=1)) == 0


def test_whoever_has_left_the_network_is_told_no_promise_of_it(world: World) -> None:
    """The promise stays open, so whoever answers for the area is told instead, and that there is nobody."""
    from cases.actions.network import end_membership

    case, responsible = world.case(), world.responsible
    seat = case.memberships.get(user=world.member, ended_at=None)
    deadline.begin(
        "promise", case=case, area_id=case.area_id, fact_at=at("2026-06-05 13:00"), last_on=date(2026, 6, 16), about="7",
        person_id=world.member.pk, unit_id=world.guidance.pk, now=at("2026-06-05 13:00"),
    )  # fmt: skip
    row = Deadline.objects.get(case=case, kind="promise", step=1)
    who = addressees([(row, ["owner"])], at("2026-06-12 08:00"))[row.pk]
    assert ([one.user_id for one in who.told], who.nobody) == ([world.member.pk], False)
    end_membership(case=case, membership=seat, reason="muutti", by=world.coordinator, now=at("2026-06-11 09:00"))
    who = addressees([(row, ["owner"])], at("2026-06-12 08:00"))[row.pk]
    assert ([one.user_id for one in who.told], who.nobody) == ([responsible.pk], True)
