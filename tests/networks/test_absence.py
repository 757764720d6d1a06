"""Being away, asking for a substitute and standing in: the actions, and the answers that the clock asks for."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.access import NotAllowed
from networks.actions import absence as actions
from networks.models import Absence, Agency, Notice, Role, RoleMembership, Sector, Unit, User
from networks.notices import address, sentence
from networks.stand_in import absent, away, stand_ins
from tests.personas import World, at
from yhteiso.hats.wear import wearing

NOW = at("2026-06-10 09:00")
TODAY = date(2026, 6, 10)


def announce(world: World, person: User | None = None, other: User | None = None, **values: Any) -> Absence:
    """Kaisa is away for a week and asks Tuula, unless something else is said; done in her hat."""
    person = person or world.professional
    given_ = {"from_on": TODAY, "until_on": TODAY + timedelta(days=6), "by": person, "now": NOW} | values
    by: User = given_["by"]
    with wearing(by.hat, by.pk):
        return actions.announce(person=person, substitute=other, **given_)


def answer(row: Absence, by: User, accepts: bool = True) -> Absence:
    with wearing(by.hat, by.pk):
        return actions.answer(absence=row, by=by, accepts=accepts, now=NOW)


def refused(deed: Callable[[], object]) -> str:
    with pytest.raises(NotAllowed) as refusal, transaction.atomic():
        deed()
    return refusal.value.code


def told(to: User) -> list[str]:
    with override("en"):
        return [sentence(row) for row in Notice.objects.filter(to=to).order_by("at", "id")]


def test_a_substitute_is_asked_says_yes_and_stands_in_from_then_on(world: World) -> None:
    row = announce(world, other=world.colleague)
    asks = "Kaisa Koivupuro asks you to stand in: 10\u00a0June–16\u00a0June\u00a02026. Answer yes or no."
    assert told(world.colleague) == [asks]
    assert address(Notice.objects.get(to=world.colleague)) == "/absences/"
    kaisa = world.professional.pk
    assert away([kaisa, world.member.pk], TODAY) == {kaisa: None}
    answer(row, world.colleague)
    assert stand_ins([kaisa, world.member.pk], TODAY) == {kaisa: world.colleague.pk}
    assert absent([kaisa, world.member.pk], TODAY) == {kaisa}
    assert absent([kaisa], TODAY - timedelta(days=1)) == absent([kaisa], TODAY + timedelta(days=7)) == set()
    assert told(world.professional)[0].startswith("Tuula Kivipolku stands in for Kaisa Koivupuro")
    answer(row, world.colleague)  # a second click tells nobody anything
    assert len(told(world.professional)) == 1
    answer(row, world.colleague, accepts=False)
    assert away([kaisa], TODAY) == {kaisa: None}
    assert "Choose somebody else" in told(world.professional)[1]


def test_an_absence_ends_and_the_substitute_is_told(world: World) -> None:
    row = announce(world, other=world.colleague)
    answer(row, world.colleague)
    with wearing("member", world.professional.pk):
        actions.end(absence=row, by=world.professional, now=NOW)
    assert absent([world.professional.pk], TODAY) == set()
    assert told(world.colleague)[-1].startswith("You do not have to stand in for Kaisa Koivupuro")
    assert refused(lambda: answer(row, world.colleague)) == "ended"
    with wearing("member", world.professional.pk):
        assert refused(lambda: actions.end(absence=row, by=world.professional, now=NOW)) == "ended"
    assert announce(world).pk  # the same days are free again


def test_another_substitute_is_asked_anew(world: World) -> None:
    row = announce(world, other=world.colleague)
    answer(row, world.colleague)
    third = world.person("Veera Uusi", Role.PROFESSIONAL, world.day_care)
    with wearing("member", world.professional.pk):
        actions.change_substitute(absence=row, by=world.professional, substitute=third, now=NOW)
        assert (
            refused(lambda: actions.change_substitute(absence=row, by=world.professional, substitute=third, now=NOW))
            == "same"
        )
    assert stand_ins([world.professional.pk], TODAY) == {}
    assert told(world.colleague)[-1].startswith("You do not have to stand in")
    assert told(third)[0].startswith("Kaisa Koivupuro asks you")
    assert refused(lambda: answer(row, world.colleague)) == "gone"  # who is not asked any more sees it no more
    assert refused(lambda: answer(row, world.professional)) == "another's"
    with wearing("member", third.pk):
        assert refused(lambda: actions.change_substitute(absence=row, by=third, substitute=None, now=NOW)) == "reach"
        assert refused(lambda: actions.end(absence=row, by=third, now=NOW)) == "reach"


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(-1, 3, "days"), (3, 2, "days"), (0, 732, "days"), (6, 8, "overlap"), (-3, -1, "days")],
)
def test_days_that_are_refused(world: World, first: int, last: int, code: str) -> None:
    announce(world)
    days = {"from_on": TODAY + timedelta(days=first), "until_on": TODAY + timedelta(days=last)}
    assert refused(lambda: announce(world, **days)) == code
    assert Absence.objects.count() == 1


def test_absences_that_touch_do_not_overlap(world: World) -> None:
    announce(world)
    announce(world, from_on=TODAY + timedelta(days=7), until_on=TODAY + timedelta(days=7))
    announce(world, person=world.colleague)
    assert absent([world.professional.pk], TODAY + timedelta(days=7)) == {world.professional.pk}


def test_who_can_stand_in(world: World) -> None:
    other_unit = Unit.objects.create(agency=world.day_care.agency, area=world.area, name="Päiväkoti Hippula")
    elsewhere = Unit.objects.create(agency=world.day_care.agency, area=world.other_area, name="Päiväkoti Kaukana")
    near = world.person("Elsa Lähellä", Role.PROFESSIONAL, other_unit)
    far = world.person("Elli Kaukana", Role.PROFESSIONAL, elsewhere)
    second = world.second_administrator
    gone = world.person("Poissa Oleva", Role.PROFESSIONAL, world.day_care)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()
    past = world.person("Entinen Työkaveri", Role.PROFESSIONAL, world.day_care)
    RoleMembership.objects.filter(user=past).update(ends_on=date(2026, 1, 1))

    def names(person: User) -> set[str]:
        with wearing(person.hat, person.pk):
            return {row.name for row in actions.colleagues(person, TODAY)}

    assert names(world.professional) == {world.colleague.name, near.name, world.unit_head.name}
    assert far.name not in names(world.professional)
    assert world.leader.name not in names(world.professional)
    assert names(world.coordinator) == {world.second_coordinator.name}
    assert world.responsible.name in names(world.coordinator)
    assert names(world.administrator) == {second.name}
    assert names(world.officer) == set()
    assert names(world.leader) == set()
    assert refused(lambda: announce(world, other=far)) == "colleague"
    assert refused(lambda: announce(world, other=gone)) == "inactive"
    assert refused(lambda: announce(world, other=world.professional)) == "own"
    assert refused(lambda: announce(world, other=past)) == "colleague"


def test_somebody_who_is_away_does_not_stand_in(world: World) -> None:
    announce(world, person=world.colleague, from_on=TODAY + timedelta(days=6), until_on=TODAY + timedelta(days=9))
    assert refused(lambda: announce(world, other=world.colleague)) == "away"
    row = announce(world, other=world.colleague, until_on=TODAY + timedelta(days=5))
    answer(row, world.colleague)
    late = announce(world, person=world.unit_head, other=world.professional, from_on=TODAY + timedelta(days=20),
                    until_on=TODAY + timedelta(days=21))  # fmt: skip
    announce(world, from_on=TODAY + timedelta(days=21), until_on=TODAY + timedelta(days=22))
    assert refused(lambda: answer(late, world.professional)) == "away"
    answer(late, world.professional, accepts=False)


def test_somebody_who_is_ill_is_announced_by_who_answers_for_them(world: World) -> None:
    ill = world.professional
    assert refused(lambda: announce(world, by=world.colleague)) == "reach"
    assert refused(lambda: announce(world, by=world.coordinator)) == "reach"
    assert refused(lambda: announce(world, by=world.other_responsible)) == "reach"
    row = announce(world, by=world.responsible, other=world.colleague)
    assert told(ill)[0].startswith("Liisa Valkamaa told that you are away")
    answer(row, world.colleague)
    assert told(world.responsible)[0].startswith("Tuula Kivipolku stands in")
    with wearing("area", world.responsible.pk):
        actions.end(absence=row, by=world.responsible, now=NOW)
    row = announce(world, by=world.administrator)
    with wearing("member", ill.pk):
        actions.end(absence=row, by=ill, now=NOW)  # back sooner than was thought
    User.objects.filter(pk=ill.pk).update(is_active=False)
    ill.refresh_from_db()
    assert refused(lambda: announce(world, by=world.administrator)) == "inactive"


def test_a_protected_name_is_initials_in_what_is_told(world: World) -> None:
    User.objects.filter(pk=world.professional.pk).update(protected_identity=True)
    announce(world, person=User.objects.get(pk=world.professional.pk), other=world.colleague)
    assert "Koivupuro" not in told(world.colleague)[0]
    assert told(world.colleague)[0].startswith("KK, ammattilainen asks")


# -- the wall


COUNTED = [("professional", 1), ("colleague", 1), ("coordinator", 1), ("responsible", 1), ("administrator", 1),
           ("other_coordinator", 0), ("other_responsible", 0), ("member", 0), ("officer", 0), ("leader", 0),
           ("unit_head", 0)]  # fmt: skip


def test_who_sees_that_somebody_is_away(world: World) -> None:
    announce(world, other=world.colleague)
    for name, count in COUNTED:
        user = getattr(world, name)
        with wearing(user.hat, user.pk):
            assert Absence.objects.count() == count, name
    with wearing("jobs"):
        assert Absence.objects.count() == 1
    for hat in ("public", "family", "guest"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), wearing(hat, world.member.pk):
            Absence.objects.count()


def changed(by: User, row: Absence, **values: Any) -> int:
    try:
        with transaction.atomic(), wearing(by.hat, by.pk):
            done = Absence.objects.filter(pk=row.pk).update(**values)
            transaction.set_rollback(True)
            return done
    except DatabaseError:
        return -1


def test_the_database_lets_nobody_say_yes_for_another_or_end_another_s_absence(world: World) -> None:
    row = announce(world, other=world.colleague)
    yes = {"accepted": True, "answered_at": NOW}
    for by in (world.professional, world.responsible, world.administrator):
        assert changed(by, row, **yes) == -1
        assert changed(by, row, ended_at=NOW) == 1
        assert changed(by, row, substitute=None) == 1
        assert changed(by, row, substitute=world.unit_head, **yes) == -1
    assert changed(world.colleague, row, **yes) == 1
    for values in ({"ended_at": NOW}, {"substitute": world.unit_head}, {"substitute": None}):
        assert changed(world.colleague, row, **values) == -1
    for by in (world.coordinator, world.member, world.officer, world.other_responsible):
        assert changed(by, row, ended_at=NOW) == 0
    for values in ({"user": world.member}, {"until_on": date(2027, 1, 1)}, {"made_by": world.member}):
        assert changed(world.professional, row, **values) == -1
    assert changed(world.professional, row, substitute=world.officer) == -1
    Absence.objects.filter(pk=row.pk).update(ended_at=NOW)
    assert changed(world.professional, row, ended_at=None) == -1


def test_the_database_keeps_the_days_in_order_and_one_absence_a_day(world: World) -> None:
    def add(**values: Any) -> None:
        row = {"user": world.member, "from_on": TODAY, "until_on": TODAY, "made_at": NOW, "made_by": world.member} | values
        with transaction.atomic():
            Absence.objects.create(**row)

    add()
    add(ended_at=NOW)
    add(user=world.left)
    for values in ({}, {"user": world.colleague, "until_on": TODAY - timedelta(days=1)},
                   {"user": world.colleague, "substitute": world.colleague},
                   {"user": world.colleague, "accepted": True, "answered_at": NOW},
                   {"user": world.colleague, "substitute": world.professional, "accepted": True}):  # fmt: skip
        with pytest.raises(DatabaseError):
            add(**values)


def test_the_answer_is_the_same_in_every_hat_that_asks_and_takes_one_query(
    world: World, django_assert_num_queries: Any
) -> None:
    for person in (world.professional, world.member):
        announce(world, person=person)
    ids = [world.professional.pk, world.member.pk, world.left.pk]
    for hat, user in (("area", world.other_coordinator), ("member", world.left), ("jobs", None)):
        with wearing(hat, user.pk if user else None):
            assert absent(ids, TODAY) == {world.professional.pk, world.member.pk}
            for asked in (ids[:1], ids):
                with django_assert_num_queries(1):
                    stand_ins(asked, TODAY)
    with django_assert_num_queries(0):
        assert absent([], TODAY) == set()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), wearing("public"):
        absent(ids, TODAY)


# -- the chain, asked against a walk by hand


@st.composite
def teams(draw: st.DrawFn) -> list[tuple[bool, bool, bool, bool | None, int | None]]:
    """Six people: account in use, colleague still, away, the answer of whom they asked, and whom."""
    rows = []
    for me in range(6):
        other = draw(st.none() | st.integers(0, 5).filter(lambda n, me=me: n != me))
        accepted = draw(st.sampled_from([True, True, True, False, None])) if other is not None else None
        rows.append((draw(st.integers(0, 5)) > 0, draw(st.integers(0, 5)) > 0, draw(st.booleans()), accepted, other))
    return rows


def walk(team: list[Any], person: int) -> int | None:
    """By hand: three steps at most along those who said yes, to the first who is here, in use and a colleague."""
    seen, at_ = {person}, person
    for _ in range(3):
        _active, _colleague, _away, accepted, other = team[at_]
        if other is None or accepted is not True or other in seen or not (team[other][0] and team[other][1]):
            return None
        if not team[other][2]:
            return other
        seen.add(other)
        at_ = other
    return None


@given(teams())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stand_in_is_here_in_use_and_found_in_three_steps(world: World, team: list[Any]) -> None:
    with transaction.atomic():
        agency = Agency.objects.create(name="A", legal_name="A", controller="A", sector=Sector.OTHER)
        unit = Unit.objects.create(agency=agency, area=world.area, name="U")
        people = [User(email=f"p{n}@x.invalid", name=f"P{n}", sort_key="p", unit=unit) for n in range(6)]
        User.objects.bulk_create(people)
        RoleMembership.objects.bulk_create(
            RoleMembership(user=user, role=Role.PROFESSIONAL, starts_on=date(2020, 1, 1)) for user in people
        )
        for user, (_active, _colleague, is_away, accepted, other) in zip(people, team, strict=True):
            if is_away:
                Absence.objects.create(
                    user=user, from_on=TODAY, until_on=TODAY, made_at=NOW, made_by=user,
                    substitute=None if other is None else people[other],
                    accepted=accepted, answered_at=None if accepted is None else NOW,
                )  # fmt: skip
        for user, (active, colleague, *_rest) in zip(people, team, strict=True):
            User.objects.filter(pk=user.pk).update(is_active=active)
            if not colleague:
                RoleMembership.objects.filter(user=user).update(ends_on=TODAY - timedelta(days=1))
        ids = [user.pk for user in people]
        expected = {ids[n]: walk(team, n) for n in range(6) if team[n][2] and (team[n][1])}
        got = {pk: (None if other is None else ids.index(other)) for pk, other in away(ids, TODAY).items()}
        assert set(got) == {ids[n] for n in range(6) if team[n][2]}
        assert {pk: got[pk] for pk in expected} == expected
        for other in got.values():
            assert other is None or (team[other][0] and team[other][1] and not team[other][2])
        transaction.set_rollback(True)
