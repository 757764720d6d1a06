"""What a giver said, its paper, its end: each promise and each refusal of `cases.actions.consent`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from cases.access import NotAllowed
from cases.actions import consent, network
from cases.actions.consent import Word
from cases.models import Case, ConsentWording, Membership, Person, Task
from networks.models import Agency, Sector, Unit
from tests.personas import World
from yhteiso.lib.dates import helsinki_date

NOW = timezone.now()
TODAY = helsinki_date(NOW)


class Table:
    """A situation with a mother, a day care centre that hears an oral yes, and a club that needs a paper."""

    def __init__(self, world: World) -> None:
        self.world, self.lead = world, world.coordinator
        self.case: Case = world.case(consent=False)
        self.mother = self.guardian("Hilla")
        agency = Agency.objects.create(name="Seura", legal_name="x", controller="x", sector=Sector.NGO, written_consent=True)
        world.club = world.person(
            "Pekka Kerho", "professional", Unit.objects.create(agency=agency, area=world.area, name="K")
        )
        self.oral = self.case.memberships.get(user=world.professional)
        self.club: Membership = network.add_member(case=self.case, user=world.club, must_attend=False, by=self.lead, now=NOW)

    def guardian(self, name: str) -> Person:
        seat = network.add_person(case=self.case, kind="guardian", name=name, by=self.lead, now=NOW)
        assert seat.person is not None
        return seat.person

    def say(
        self, answer: str = "yes", *, seat: Membership | None = None, parts: Any = ("plan",), **fields: Any
    ) -> list[Any]:
        words = [Word(seat or self.oral, part, answer) for part in parts]
        values = {"giver": self.mother, "way": "phone", "valid_until": None, "by": self.lead, "now": NOW, "words": words}
        return consent.record_words(case=fields.pop("case", self.case), **(values | fields))

    def standing(self, **where: Any) -> list[tuple[Any, ...]]:
        return list(self.case.consents.standing().filter(**where).values_list("section", "answer").order_by("section"))

    def open_tasks(self, kind: str) -> list[Task]:
        return list(self.case.tasks.open().filter(kind=kind))

    def kinds(self) -> list[str]:
        return list(self.case.events.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def table(world: World) -> Iterator[Table]:
    with translation.override("en"):
        yield Table(world)


def test_a_word_keeps_who_asked_how_and_what_was_read_aloud(table: Table) -> None:
    (row,) = table.say(way="meeting")
    row.refresh_from_db()
    assert (row.case, row.giver, row.unit_id, row.membership) == (table.case, table.mother, table.oral.unit_id, None)
    assert (row.section, row.answer, row.way, row.asked_by, row.asked_at) == ("plan", "yes", "meeting", table.lead, NOW)
    assert row.wording == ConsentWording.objects.order_by("-version").first()
    assert row.valid_until == TODAY + timedelta(days=365)
    assert (row.confirmed_at, row.ended_at, row.withdrawn) == (None, None, False)
    assert table.kinds()[-1] == "consent"
    assert table.open_tasks("consent_paper") == []


@pytest.mark.parametrize("way", ["paper", "online"])
def test_in_writing_a_yes_is_confirmed_at_once_and_a_no_is_not(table: Table, way: str) -> None:
    yes, no = table.say(way=way)[0], table.say("no", parts=["themes"], way=way)[0]
    assert (yes.confirmed_at, yes.confirmed_by) == (NOW, table.lead)
    assert (no.confirmed_at, no.confirmed_by, no.valid_until) == (None, None, None)


@pytest.mark.parametrize("days", [0, 1, 365])
def test_a_yes_holds_until_the_day_given(table: Table, days: int) -> None:
    assert table.say(valid_until=TODAY + timedelta(days=days))[0].valid_until == TODAY + timedelta(days=days)


@pytest.mark.parametrize("days, why", [(-1, "ended already"), (366, "twelve months")])
def test_a_day_that_can_not_be_is_refused(table: Table, days: int, why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        table.say(valid_until=TODAY + timedelta(days=days))
    assert table.standing() == []


def test_without_a_wording_nothing_is_recorded(table: Table) -> None:
    ConsentWording.objects.all().delete()
    with pytest.raises(NotAllowed, match="wording"):
        table.say()


def test_a_new_word_ends_the_earlier_one_which_stays(table: Table) -> None:
    first, second = table.say()[0], table.say()[0]
    first.refresh_from_db()
    assert (first.ended_at, first.ended_by, first.withdrawn) == (NOW, table.lead, False)
    assert table.standing() == [("plan", "yes")]
    assert second.pk != first.pk


def test_the_same_no_again_is_nothing_new(table: Table) -> None:
    table.say("no")
    events = len(table.kinds())
    assert table.say("no") == []
    assert len(table.kinds()) == events
    assert len(table.say("thinking")) == 1


@pytest.mark.parametrize("answer", ["no", "thinking"])
def test_a_no_after_a_yes_is_a_withdrawal_and_the_lead_calls_the_unit(table: Table, answer: str) -> None:
    row = table.say()[0]
    table.say(answer)
    row.refresh_from_db()
    assert row.withdrawn
    assert table.kinds()[-1] == "consent_withdrawn"
    (task,) = table.open_tasks("consent_withdrawn")
    assert (task.to_id, task.unit_id, task.due_at) == (
        table.case.coordinator_id,
        table.oral.unit_id,
        NOW + timedelta(days=1),
    )


def test_a_no_without_a_yes_is_no_withdrawal(table: Table) -> None:
    table.say("no")
    assert table.kinds()[-1] == "consent"
    assert table.open_tasks("consent_withdrawn") == []


def test_a_club_hears_it_for_one_person_and_waits_for_the_paper(table: Table) -> None:
    rows = table.say(seat=table.club, parts=("time", "plan", "themes"))
    assert {(row.membership, row.unit_id) for row in rows} == {(table.club, None)}
    (task,) = table.open_tasks("consent_paper")
    assert (task.to_id, task.due_at) == (table.case.coordinator_id, NOW + timedelta(days=7))
    table.say()  # another unit's yes, which the paper does not confirm
    assert consent.confirm_paper(case=table.case, giver=table.mother, member=table.club, by=table.lead, now=NOW) == 3
    confirmed = table.case.consents.filter(confirmed_at=NOW, confirmed_by=table.lead)
    assert set(confirmed.values_list("pk", flat=True)) == {row.pk for row in rows}
    assert table.open_tasks("consent_paper") == []
    assert table.kinds()[-1] == "consent_confirmed"
    events = len(table.kinds())
    assert consent.confirm_paper(case=table.case, giver=table.mother, member=table.club, by=table.lead, now=NOW) == 0
    assert len(table.kinds()) == events


def test_times_alone_and_a_no_wait_for_no_paper(table: Table) -> None:
    table.say(seat=table.club, parts=["time"])
    table.say("no", seat=table.club, parts=["plan"])
    table.say(seat=table.club, parts=["themes"], way="paper")
    assert table.open_tasks("consent_paper") == []
    assert consent.confirm_paper(case=table.case, giver=table.mother, member=table.club, by=table.lead, now=NOW) == 1


def test_a_withdrawal_takes_back_every_yes_to_this_unit_and_no_other(table: Table) -> None:
    table.say(parts=("time", "plan"))
    table.say("no", parts=["contact"])
    table.say(seat=table.club)
    father = table.guardian("Mikko")
    table.say(giver=father)
    take = {"case": table.case, "giver": table.mother, "member": table.oral, "by": table.lead, "now": NOW}
    assert consent.withdraw(**take) == 2
    mine = {"giver": table.mother, "unit_id": table.oral.unit_id}
    assert table.standing(**mine) == [("contact", "no"), ("plan", "no"), ("time", "no")]
    assert table.standing(giver=father) == [("plan", "yes")]
    assert table.standing(membership=table.club) == [("plan", "yes")]
    assert consent.withdraw(**take) == 0


def test_another_s_general_yes_is_not_theirs_to_take_back(table: Table) -> None:
    Person.objects.filter(pk=table.guardian("Mikko").pk).update(consent="oral")
    assert consent.withdraw(case=table.case, giver=table.mother, member=table.oral, by=table.lead, now=NOW) == 0
    assert table.standing() == []


def test_a_general_yes_is_taken_back_for_this_unit_with_the_rest(table: Table) -> None:
    Person.objects.filter(pk=table.mother.pk).update(consent="oral")
    mother = Person.objects.get(pk=table.mother.pk)
    assert consent.withdraw(case=table.case, giver=mother, member=table.oral, by=table.lead, now=NOW) == 1
    assert table.standing() == [("time", "no")]
    assert table.kinds()[-1] == "consent_withdrawn"
    assert len(table.open_tasks("consent_withdrawn")) == 1
    assert consent.withdraw(case=table.case, giver=mother, member=table.oral, by=table.lead, now=NOW) == 0


def test_only_who_decides_gives_a_word(table: Table) -> None:
    child = table.case.persons.get(kind="child")
    close = network.add_person(case=table.case, kind="close", name="Mummo", by=table.lead, now=NOW).person
    foreign = table.world.case(child="Otso", concern=False, consent=False).persons.get(kind="child")
    gone = table.guardian("Entinen")
    table.case.memberships.filter(person=gone).update(ended_at=NOW, end_reason="x")
    for giver in (child, close, foreign, gone):
        with pytest.raises(NotAllowed, match="does not decide"):
            table.say(giver=giver)
    assess(table, "capable")
    assert len(table.say(giver=child)) == 1
    assert len(table.say()) == 1  # a guardian's word is kept also then


def assess(table: Table, finding: str, **fields: Any) -> Any:
    values = {"finding": finding, "grounds": "x", "assessed_on": TODAY, "by": table.lead, "now": NOW}
    return consent.assess_capacity(case=table.case, **(values | fields))


def test_the_latest_assessment_holds(table: Table) -> None:
    assert not consent.child_decides(table.case)
    row = assess(table, "capable")
    assert (row.grounds, row.assessed_by, row.assessed_on, row.written_at) == ("x", table.lead, TODAY, NOW)
    assert consent.child_decides(table.case)
    assert (table.kinds()[-1], table.case.events.first().detail) == ("capacity", {"finding": "capable"})
    assess(table, "not_capable", assessed_on=TODAY - timedelta(days=1))
    assert not consent.child_decides(table.case)
    with pytest.raises(NotAllowed, match="future"):
        assess(table, "capable", assessed_on=TODAY + timedelta(days=1))


def test_a_word_is_for_somebody_in_this_network(table: Table) -> None:
    other = table.world.case(child="Otso", concern=False, consent=False)
    foreign = other.memberships.get(user=table.world.member)
    lead = table.case.lead
    day = Membership.objects.create(
        case=table.case,
        user=table.world.colleague,
        role="exceptional",
        expires_at=NOW,
        started_at=NOW,
        started_by=table.lead,
    )
    for seat in (foreign, lead, day):
        with pytest.raises(NotAllowed, match="in the network"):
            table.say(seat=seat)


def test_an_exception_needs_somebody_else_who_decides_and_ends(table: Table) -> None:
    make = {"case": table.case, "guardian": table.mother, "reason": "syy", "by": table.lead, "now": NOW}
    with pytest.raises(NotAllowed, match="Somebody must decide"):
        consent.except_guardian(**make)
    father = table.guardian("Mikko")
    row = consent.except_guardian(**make)
    assert (row.guardian, row.reason, row.made_by, row.made_at) == (table.mother, "syy", table.lead, NOW)
    assert table.kinds()[-1] == "consent_exception"
    assert consent.except_guardian(**make).pk == row.pk
    with pytest.raises(NotAllowed, match="Somebody must decide"):
        consent.except_guardian(**(make | {"guardian": father}))
    assert consent.end_exception(exception=row, by=table.lead, now=NOW).ended_at == NOW
    assert table.kinds()[-1] == "consent_exception_ended"
    events = len(table.kinds())
    ended = consent.end_exception(exception=row, by=table.world.second_coordinator, now=NOW + timedelta(hours=1))
    assert (ended.ended_at, ended.ended_by, len(table.kinds())) == (NOW, table.lead, events)
    assert consent.except_guardian(**(make | {"guardian": father})).pk != row.pk


def test_the_case_s_word_follows_from_what_the_guardians_said(table: Table) -> None:
    table.guardian("Mikko")
    table.say()
    assert Case.objects.get(pk=table.case.pk).consent == "waiting"
    consent.except_guardian(
        case=table.case, guardian=table.case.persons.get(name="Mikko"), reason="x", by=table.lead, now=NOW
    )
    assert Case.objects.get(pk=table.case.pk).consent == "oral"


def test_a_child_who_decides_hides_a_section_from_a_guardian_for_as_long_as_they_want(table: Table) -> None:
    hide = {"case": table.case, "section": "themes", "reason": "syy", "by": table.lead, "now": NOW}
    with pytest.raises(NotAllowed, match="Only a child"):
        consent.hide_from(guardian=table.mother, **hide)
    assess(table, "capable")
    with pytest.raises(NotAllowed, match="Only a child"):
        consent.hide_from(guardian=table.case.persons.get(kind="child"), **hide)
    row = consent.hide_from(guardian=table.mother, **hide)
    assert (row.guardian, row.section, row.reason, row.written_by, row.written_at) == (
        table.mother, "themes", "syy", table.lead, NOW,
    )  # fmt: skip
    assert table.kinds()[-1] == "hidden"
    assert consent.hide_from(guardian=table.mother, **hide).pk == row.pk
    assert consent.end_hiding(hiding=row, by=table.lead, now=NOW).ended_by == table.lead
    assert table.kinds()[-1] == "hiding_ended"
    events = len(table.kinds())
    assert consent.end_hiding(hiding=row, by=table.world.second_coordinator, now=NOW).ended_by == table.lead
    assert len(table.kinds()) == events
    assert consent.hide_from(guardian=table.mother, **hide).pk != row.pk


def test_who_needs_a_paper(table: Table) -> None:
    family = table.case.memberships.get(person=table.mother)
    assert [consent.needs_paper(seat) for seat in (table.oral, table.club, family)] == [False, True, True]


def test_nothing_is_said_in_a_closed_situation(table: Table) -> None:
    from cases.actions.case import close

    close(case=table.case, by=table.lead, reason="other_help", now=NOW)
    deeds = (
        table.say, lambda: assess(table, "capable"),
        lambda: consent.confirm_paper(case=table.case, giver=table.mother, member=table.club, by=table.lead, now=NOW),
        lambda: consent.except_guardian(case=table.case, guardian=table.mother, reason="x", by=table.lead, now=NOW),
    )  # fmt: skip
    for deed in deeds:
        with pytest.raises(NotAllowed, match="closed"):
            deed()


def test_taking_back_from_two_organisations_in_one_answer_asks_to_call_both(table: Table) -> None:
    table.say()
    table.say(seat=table.club, way="paper")
    words = [consent.Word(seat, "plan", "no") for seat in (table.oral, table.club)]
    consent.record_words(
        case=table.case, giver=table.mother, words=words, way="phone", valid_until=None, by=table.lead, now=NOW
    )
    assert {task.unit_id for task in table.open_tasks("consent_withdrawn")} == {table.oral.unit_id, None}


def test_a_paper_that_came_once_and_is_needed_again_is_asked_for_again(table: Table) -> None:
    table.say(seat=table.club)
    consent.confirm_paper(case=table.case, giver=table.mother, member=table.club, by=table.lead, now=NOW)
    table.say("no", seat=table.club)
    assert table.open_tasks("consent_paper") == []
    table.say(seat=table.club)
    table.say(seat=table.club, parts=["themes"])
    assert len(table.open_tasks("consent_paper")) == 1
