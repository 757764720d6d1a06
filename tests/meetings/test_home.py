"""The front page: a professional's day, and the way to everybody else's own page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from meetings.actions import meeting as meetings
from meetings.views.home import greeting
from networks.models import Role
from tests.meetings.steps import a_case, approved, held, opened, promise, proposed, today
from tests.personas import World, at
from yhteiso.audit.models import LogEntry, Verb

pytestmark = pytest.mark.django_db


def page(world: World, user, url: str = "/") -> str:
    answer = world.client(user).get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "persona, target",
    [
        ("coordinator", "/board/"), ("unit_head", "/unit/commitments/"), ("leader", None), ("officer", None),
        ("administrator", "/admin/"),
    ],
)  # fmt: skip
def test_every_other_role_is_led_to_its_own_page(world: World, persona: str, target: str | None) -> None:
    answer = world.client(getattr(world, persona)).get("/")
    assert answer.status_code == 302
    assert answer["Location"] != "/"
    if target:
        assert answer["Location"] == target


def test_nobody_is_sent_to_sign_in(world: World) -> None:
    answer = world.client().get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


def test_an_account_without_a_role_is_told_whom_to_ask(world: World) -> None:
    html = page(world, world.person("Nora Rooliton", None, world.day_care))
    assert "Sinulla ei ole vielä roolia" in html
    assert "08 000 1234" in html


def test_a_family_role_has_no_page_of_a_professional(world: World) -> None:
    a_case(world)
    html = page(world, world.person("Jenna Suvilehto", Role.FAMILY))
    assert "Sinulla ei ole vielä roolia" in html
    assert "Aatu" not in html


def test_an_invitation_waits_and_is_answered_on_the_front_page(world: World) -> None:
    case = a_case(world)
    meeting = proposed(world, case)
    html = page(world, world.professional)
    assert "1 asia odottaa vastaustasi" in html
    assert "Sopiiko aika sinulle? Aatu, 4 v" in html
    seat = meeting.participants.get(membership__user=world.professional)
    client = world.client(world.professional)
    answer = client.post("/", {f"a{seat.pk}-answer": "yes"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/"
    assert "1 vastaus on tallessa." in answer.content.decode()
    assert "Mikään ei odota vastaustasi." in answer.content.decode()
    seat.refresh_from_db()
    assert (seat.answer, seat.answered_by) == ("yes", world.professional)


def test_overdue_promises_come_first_and_only_my_own(world: World) -> None:
    case = a_case(world)
    logbook = opened(world, held(world, case))
    promise(logbook, world.professional, "Myöhempi lupaus", days=20)
    promise(logbook, world.member, "Sarin oma lupaus", days=1)
    late = promise(logbook, world.professional, "Myöhässä oleva", days=2)
    approved(world, logbook)
    late.due_on = today() - timedelta(days=4)
    late.save(update_fields=["due_on"])
    html = page(world, world.professional)
    assert html.index("Myöhässä oleva") < html.index("Myöhempi lupaus")
    assert "yli sovitun" in html
    assert "Kaikki lupaukset (2)" in html
    assert "Sarin oma lupaus" not in html


def test_what_is_still_being_written_is_no_promise_yet(world: World) -> None:
    logbook = opened(world, held(world, a_case(world)))
    promise(logbook, world.professional, "Vasta kirjoitettu")
    assert "Vasta kirjoitettu" not in page(world, world.professional)


def test_my_situations_have_their_clock_and_my_concern_its_state(world: World) -> None:
    a_case(world)
    world.concern(now=timezone.now() - timedelta(days=1), child_name="", child_age=None, place="", family_asked="not_yet")
    html = page(world, world.professional)
    assert "/14</b>" in html
    assert "Odottaa koordinaattoria" in html
    assert "Konsultaatio ilman nimeä" in html


@pytest.mark.parametrize("persona", ["colleague", "left"])
def test_whoever_is_not_in_the_network_sees_nothing_of_it(world: World, persona: str) -> None:
    proposed(world, a_case(world))
    html = page(world, getattr(world, persona))
    assert "Aatu" not in html
    assert "Et ole vielä mukana missään verkostossa" in html
    assert "Ei tulevia tapaamisia" in html


def test_a_protected_child_has_no_name_or_place_on_a_list(world: World) -> None:
    case = a_case(world)
    proposed(world, case)
    case.protected = True
    case.save()
    html = page(world, world.professional)
    assert "Aatu" not in html
    assert "pieni huone" not in html
    assert "Lapsi ilman nimeä" in html


def test_the_look_is_logged_with_every_case_that_it_showed(world: World) -> None:
    first, second = a_case(world), a_case(world, child="Onni", age=2)
    page(world, world.professional)
    entry = LogEntry.objects.filter(verb=Verb.LIST, page="home").latest("at")
    assert set(entry.case_ids) == {first.pk, second.pk}


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow(world: World, count: int, django_assert_num_queries) -> None:
    for n in range(count):
        case = a_case(world, child=f"Lapsi{n}")
        logbook = opened(world, held(world, case))
        promise(logbook, world.professional, f"Lupaus {n}")
        approved(world, logbook)
        proposed(world, case)
    client = world.client(world.professional)
    client.get("/")
    with django_assert_num_queries(QUERIES):
        html = client.get("/").content.decode()
    assert html.count("Sopiiko aika sinulle?") == count


QUERIES = 24


def test_answers_of_a_meeting_that_was_moved_are_not_asked(world: World) -> None:
    case = a_case(world)
    meeting = proposed(world, case)
    meetings.move_meeting(
        meeting=meeting, starts_at=meeting.starts_at + timedelta(hours=1), minutes=60, place="Neuvola", reason="illness",
        by=world.coordinator, now=timezone.now(),
    )  # fmt: skip
    html = page(world, world.professional)
    assert "1 asia odottaa vastaustasi" in html
    assert "Neuvola" in html


def test_two_answers_are_sent_at_once_and_a_broken_one_loses_neither(world: World) -> None:
    first, second = (proposed(world, a_case(world, child=name)) for name in ("Aatu", "Onni"))
    mine = [meeting.participants.get(membership__user=world.professional) for meeting in (first, second)]
    names = [f"a{seat.pk}-answer" for seat in mine]
    client = world.client(world.professional)
    broken = client.post("/", {names[0]: "yes", names[1]: "ehkä"})
    assert broken.status_code == 422
    assert re.search(rf'name="{names[0]}" value="yes"[^>]* checked', broken.content.decode())
    assert client.post("/", {names[0]: "yes", names[1]: "no"}).status_code == 302
    for seat, said in zip(mine, ("yes", "no"), strict=True):
        seat.refresh_from_db()
        assert (seat.answer, seat.answered_by) == (said, world.professional)


def test_nobody_elses_seat_is_answered_from_the_front_page(world: World) -> None:
    meeting = proposed(world, a_case(world))
    seat = meeting.participants.get(membership__user=world.member)
    world.client(world.professional).post("/", {f"a{seat.pk}-answer": "no"})
    seat.refresh_from_db()
    assert seat.answer == "none"


def test_more_situations_than_fit_have_a_way_to_all_of_them(world: World) -> None:
    for n in range(6):
        a_case(world, child=f"Lapsi{n}")
    html = page(world, world.professional)
    assert "Kaikki tilanteet (6)" in html
    assert 'href="/cases/"' in html


@pytest.mark.parametrize(
    "clock, words", [("00:10", "Hei,"), ("04:59", "Hei,"), ("05:00", "Huomenta,"), ("12:00", "Päivää,")]
)
def test_the_greeting_follows_the_clock(world: World, clock: str, words: str) -> None:
    assert greeting(world.professional, at(f"2026-06-09 {clock}")).startswith(words)
