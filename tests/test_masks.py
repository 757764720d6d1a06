"""A masked member, a protected colleague and a protected family: their words are on no page and no paper of the others."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.actions.network import add_person
from cases.models import Call, Calling, Case, Person
from meetings.actions import meeting as meetings
from meetings.actions.protection import protect
from meetings.models import Logbook, Meeting
from networks.models import Agency, Role, Sector, Unit, User
from tests.canaries import pages, paper, seen
from tests.meetings.steps import a_case, approved, held, opened, promise, proposed
from tests.personas import World
from yhteiso.hats.wear import wearing

CANARIES = ("kanaaria", "peitelä")
EVERYBODY = ("coordinator", "second_coordinator", "other_coordinator", "professional", "member", "colleague", "left",
             "unit_head", "leader", "other_leader", "officer", "administrator")  # fmt: skip
COORDINATORS = ("coordinator", "second_coordinator")


@pytest.fixture
def hidden(world: World) -> User:
    """Somebody of an adult service, every part of whose identity is a canary."""
    agency = Agency.objects.create(
        name="Kanaaria-virasto", legal_name="Kanaaria oy", controller="Kanaaria oy", sector=Sector.ADULT_SERVICES,
        written_consent=False,
    )  # fmt: skip
    unit = Unit.objects.create(agency=agency, area=world.area, name="Kanaaria-yksikkö")
    user = world.person("Kanaaria Peitelä", Role.PROFESSIONAL, unit)
    User.objects.filter(pk=user.pk).update(title="kanaarianimike", email="k@kanaaria.invalid", phone="kanaaria 1")
    return User.objects.select_related("unit__agency", "unit__area").get(pk=user.pk)


def walked(world: World, hidden: User, **how: Any) -> tuple[Case, Logbook, Meeting]:
    """A family that has met, with a promise, a written theme and a coming meeting of the hidden person's."""
    case = a_case(world, days_ago=6)
    seat = meetings.add_member(case=case, user=hidden, must_attend=True, by=world.coordinator, now=timezone.now(), **how)
    world.consent(case)
    met = held(world, case)
    book = opened(world, met)
    with wearing("member", hidden.pk):
        promise(book, hidden)
    promise(book, world.professional)
    book = approved(world, book)
    coming = proposed_anywhere(world, case, hidden)
    seats = coming.participants.select_related("case", "meeting")
    meetings.answer(participant=seats.get(membership=seat), answer="no", by=hidden, now=timezone.now())
    return case, book, coming


def proposed_anywhere(world: World, case: Case, taker: User) -> Meeting:
    if not meetings.place_by_phone(case):
        return proposed(world, case, taker=taker)
    return meetings.propose(
        case=case, starts_at=timezone.now().replace(hour=10) + (proposed_day() - timezone.now()), minutes=60, place="",
        note_taker=taker, by=world.coordinator, now=timezone.now(),
    )  # fmt: skip


def proposed_day() -> Any:
    from datetime import time

    from tests.meetings.steps import working_day
    from yhteiso.lib.dates import at_helsinki

    return at_helsinki(working_day(3), time(14, 30))


def addresses(case: Case, *meetings_of: Meeting) -> list[str]:
    own = [
        reverse(name, args=[case.ref]) for name in ("case", "case-network", "case-closure", "case-protection", "case-start")
    ]
    for row in meetings_of:
        own += [
            reverse(name, args=[case.ref, row.ref]) for name in ("meeting", "logbook", "logbook-approval", "meeting-move")
        ]
    return own


def test_a_masked_member_is_on_no_page_and_no_paper_of_anybody_else(world: World, hidden: User) -> None:
    case, book, coming = walked(world, hidden, masked=True)
    also = addresses(case, book.meeting, coming)
    for name in EVERYBODY:
        if name in COORDINATORS:  # they must know whom to call
            continue
        # the administrator's reference data and the officer's log are about accounts, not about families
        assert seen(pages(world, getattr(world, name), also=also), CANARIES) == [], name
    shown = pages(world, world.professional, also=also)
    assert any("Terveyspalvelut" in text for text in shown.values())
    for reader in (world.professional, world.member, world.coordinator, hidden):
        text = paper(Logbook.objects.get(pk=book.pk), User.objects.get(pk=reader.pk))
        assert "Teen kuvakortit" in text
        assert not [word for word in CANARIES if word in text.lower()], reader


def test_the_coordinator_and_the_masked_person_see_who_it_is(world: World, hidden: User) -> None:
    case, _book, coming = walked(world, hidden, masked=True)
    for user in (world.coordinator, world.second_coordinator, hidden):
        page = world.client(user).get(reverse("meeting", args=[case.ref, coming.ref])).content.decode()
        assert "Kanaaria Peitelä" in page


def test_a_masked_members_words_are_told_under_the_mask_in_what_is_stored(world: World, hidden: User) -> None:
    """Who said something is chosen from a list, and the chosen words are stored for everybody."""
    case, _book, coming = walked(world, hidden, masked=True)
    fresh = opened(world, coming, by=world.coordinator)
    page = world.client(world.coordinator).get(reverse("logbook", args=[case.ref, coming.ref])).content.decode()
    said = page.split('name="t')[1:]
    assert fresh
    assert any("Terveyspalvelut" in part for part in said)
    assert 'value="Kanaaria Peitelä"' not in page
    events = [str(row.detail) for row in case.events.all()]
    assert not [text for text in events if "anaaria" in text]


def test_a_colleague_with_a_protected_identity_is_initials_and_a_title(world: World, hidden: User) -> None:
    User.objects.filter(pk=hidden.pk).update(protected_identity=True, title="perheohjaaja")
    hidden.protected_identity = True
    case = a_case(world, days_ago=6)
    meetings.add_member(case=case, user=hidden, must_attend=True, by=world.coordinator, now=timezone.now())
    world.consent(case)
    coming = proposed_anywhere(world, case, hidden)
    book = opened(world, coming)
    also = addresses(case, coming)
    for name in EVERYBODY:
        if name not in COORDINATORS:
            assert seen(pages(world, getattr(world, name), also=also), CANARIES) == [], name
    page = world.client(world.professional).get(reverse("case", args=[case.ref])).content.decode()
    assert ">KP<" in page
    assert "perheohjaaja" in page
    for reader in (world.professional, world.coordinator):
        assert not [word for word in CANARIES if word in paper(book, reader).lower()]


# -- a protected family


PLACE, NAMES = "Kanaaria-paikka", ("Kanaaria", "Peitelä", "Pikkukäpy", "Hietaniitty")


@pytest.fixture
def family(world: World, hidden: User) -> tuple[Case, Logbook, Meeting]:
    """A family that was protected after it had met in a place, with another guardian from whom it is kept safe."""
    case = a_case(world, days_ago=6)
    meetings.add_member(case=case, user=hidden, must_attend=True, by=world.coordinator, now=timezone.now())
    add_person(
        case=case, kind="guardian", name="Toivoton", family_name="Varjola", relation="isä", phone="040 666", must_attend=True,
        by=world.coordinator, now=timezone.now(),
    )  # fmt: skip
    Person.objects.filter(case=case, name="Toivoton").update(consent="oral")
    Call.objects.filter(case=case).update(around=PLACE)
    world.consent(case)
    met = held(world, case)
    Meeting.objects.filter(pk=met.pk).update(place=PLACE)
    book = opened(world, met)
    promise(book, world.professional)
    book = approved(world, book)
    coming = meetings.propose(
        case=case, starts_at=proposed_day(), minutes=60, place=PLACE, by=world.coordinator, now=timezone.now()
    )
    away = Person.objects.get(case=case, name="Toivoton")
    protect(case=case, reason="SALAINEN SYY", by_hand=[away.pk], by=world.coordinator, now=timezone.now())
    return Case.objects.get(pk=case.pk), Logbook.objects.get(pk=book.pk), Meeting.objects.get(pk=coming.pk)


def test_a_protected_familys_place_unit_and_people_are_nowhere(world: World, family: Any) -> None:
    """Acceptance 3 of domain.md 10, for every page, paper and event, and for everybody."""
    case, book, coming = family
    also = addresses(case, book.meeting, coming)
    words = (PLACE, "Varjola", "Toivoton", "SALAINEN SYY", "Aatu", "Kanaaria", "Peitelä", "Hietaniitty")
    # Whom one can ask to stand in: the people of one's own unit, whatever families they work with.
    workmates = ("/absences/", "Hietaniitty")
    for name in EVERYBODY:
        if name in ("coordinator", "member"):
            continue
        found = seen(pages(world, getattr(world, name), also=also), words)
        assert [row for row in found if row != workmates or name != "left"] == [], name
    assert PLACE not in str([row.detail for row in case.events.all()])
    shown = world.client(world.professional).get(reverse("case", args=[case.ref])).content.decode()
    assert "Lapsi ilman nimeä" in shown
    assert "nimi ja yksikkö peitetty" in shown


def test_not_even_the_lead_sees_a_place_or_a_unit_on_the_page_looked_at_together(world: World, family: Any) -> None:
    case, book, coming = family
    shown = pages(world, world.coordinator, also=addresses(case, book.meeting, coming))
    assert [url for url, _word in seen(shown, (PLACE,))] == []
    page = shown[reverse("case", args=[case.ref])]
    assert not [word for word in (*NAMES, "Varjola", "Toivoton", "Aatu") if word in page]
    assert "Kolme asiaa" in page
    assert "Tell" not in page
    network = shown[reverse("case-network", args=[case.ref])]
    assert "Kanaaria Peitelä" in network
    assert "040 666" in network


def test_paper_of_a_protected_family_has_no_place_unit_or_other_guardian(world: World, family: Any) -> None:
    _case, book, _coming = family
    for reader in (world.coordinator, world.professional):
        text = paper(book, User.objects.select_related("unit").get(pk=reader.pk))
        assert "Teen kuvakortit" in text
        assert not [
            word for word in (PLACE, "Pikkukäpy", "Perheohjaus", "Kuusiranta", "Varjola", "Toivoton") if word in text
        ]


def test_other_coordinators_do_not_know_that_it_exists(world: World, family: Any) -> None:
    case, book, coming = family
    Case.objects.filter(pk=case.pk).update(first_met_at=None, status="scheduling")
    also = addresses(case, book.meeting, coming)
    for user in (world.second_coordinator, world.other_coordinator):
        found = pages(world, user, also=also)
        others = {url: text for url, text in found.items() if case.ref not in url}
        assert seen(others, (case.ref,)) == []
        assert all("<h1" in text and "Lapsi ilman" not in text for text in others.values() if text)
        with wearing("area", user.pk):
            assert not Case.objects.filter(pk=case.pk).exists()
            assert not Call.objects.filter(case_id=case.pk).exists()
            assert not Meeting.objects.filter(case_id=case.pk).exists()
            assert not case.escalations.exists()
            assert not case.tasks.exists()
            assert not case.precautions.exists()
    page = world.client(world.coordinator).get("/board/").content.decode()
    assert case.ref in page
    assert "Lapsi ilman nimeä" in page


def test_a_named_member_sees_who_is_in_and_no_place(world: World, family: Any) -> None:
    from cases.actions.protection import name_member

    case, _book, coming = family
    seat = case.memberships.get(user=world.professional, ended_at=None)
    url = reverse("meeting", args=[case.ref, coming.ref])
    assert "Hietaniitty" not in world.client(world.professional).get(url).content.decode()
    name_member(case=case, membership=seat, named=True, reason="Tarvitsee", by=world.coordinator, now=timezone.now())
    page = world.client(world.professional).get(url).content.decode()
    assert "Hietaniitty" in page
    assert PLACE not in page
    assert "Perheohjaus Kuusiranta" not in page
    assert Calling(case, world.professional).named
    # what the other guardian has not said yes to is not the question here
    away = case.memberships.filter(person__name="Toivoton")
    away.update(ended_at=timezone.now(), ended_by=world.coordinator, end_reason="x")
    with wearing("member", world.professional.pk):
        assert case.persons.filter(contact__isnull=False).exists()
    name_member(case=case, membership=seat, named=False, reason="Ei enää", by=world.coordinator, now=timezone.now())
    assert "Hietaniitty" not in world.client(world.professional).get(url).content.decode()
    with wearing("member", world.professional.pk):
        assert not case.persons.filter(contact__isnull=False).exists()
