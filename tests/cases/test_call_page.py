"""The call on one page: saved as it is typed, never overwritten silently, ended once by its route."""

import html
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.forms import read_born
from cases.models import Call, Case, Concern
from networks.models import Role, RoleMembership
from tests.personas import World, at
from yhteiso.lib.dates import helsinki_date, latest_meeting_day, short_date

START = reverse("call-start")


def typed(call: Call, **fields: Any) -> dict[str, Any]:
    return {
        "caller_name": "Mira Kangasvuokko", "caller_unit": "Kuusirannan neuvola", "child_name": "Vilja",
        "child_born": "3.2.2020", "strengths": "Iltasatu luetaan.", "everyday": "On vetäytynyt.", "consent": "oral",
        "consent_by": "isä", "route": "network", "version": str(call.version),
    } | fields  # fmt: skip


@pytest.fixture
def call(world: World) -> Call:
    return intake.begin_call(by=world.coordinator, area=world.area, now=timezone.now())


def test_begin_is_a_press_of_the_coordinator(world: World) -> None:
    client = world.client(world.coordinator)
    assert client.get(START).status_code == 405
    for user in (world.professional, world.leader, world.unit_head, world.administrator):
        assert world.client(user).post(START).status_code == 404
    answer = client.post(START)
    assert answer.url == reverse("call", args=[Call.objects.get().ref])


def test_a_double_press_begins_one_call(world: World) -> None:
    client = world.client(world.coordinator)
    assert client.post(START).url == client.post(START).url
    assert Call.objects.count() == 1


def test_a_new_call_after_the_first_is_written_on_is_another(world: World, call: Call) -> None:
    intake.save_call(call=call, version=0, now=timezone.now(), child_name="Vilja")
    world.client(world.coordinator).post(START)
    assert Call.objects.count() == 2


def test_area_is_chosen_by_whoever_coordinates_several(world: World) -> None:
    RoleMembership.objects.create(
        user=world.coordinator, role=Role.COORDINATOR, area=world.other_area, starts_on=date(2020, 1, 1)
    )
    client = world.client(world.coordinator)
    assert "Uusi puhelu tälle alueelle" in client.get(reverse("board")).content.decode()
    client.post(START, {"area": world.other_area.pk})
    assert Call.objects.get().area == world.other_area
    Call.objects.all().delete()
    client.post(START)
    assert Call.objects.get().area == world.area


def test_a_foreign_area_can_not_be_chosen(world: World) -> None:
    world.client(world.coordinator).post(START, {"area": world.other_area.pk})
    assert Call.objects.get().area == world.area


def test_concern_is_opened_in_the_same_screen_once(world: World) -> None:
    concern = world.concern(now=timezone.now() - timedelta(days=2), everyday="Aamut ovat HANKALIA")
    client = world.client(world.coordinator)
    answer = client.post(START, {"concern": concern.ref})
    assert client.post(START, {"concern": concern.ref}).url == answer.url
    body = client.get(answer.url).content.decode()
    sent_on = helsinki_date(concern.sent_at)
    assert "Aamut ovat HANKALIA" in body
    assert "perhe toivoo yhteistä apua" in body
    assert short_date(latest_meeting_day(sent_on)) in body
    assert short_date(sent_on) in body


def test_another_areas_call_and_concern_are_not_there(world: World, call: Call) -> None:
    intake.save_call(call=call, version=0, now=timezone.now(), child_name="Vilja", everyday="SALAISUUS")
    concern = world.concern(now=timezone.now())
    client = world.client(world.other_coordinator)
    for ref in (concern.ref, "\x00", "0000-0000-00", "x" * 50_000):
        assert client.post(START, {"concern": ref}).status_code == 404
    for answer in (
        client.get(reverse("call", args=[call.ref])),
        client.post(reverse("call", args=[call.ref]), typed(call)),
        client.post(reverse("call-draft", args=[call.ref]), typed(call)),
        world.client(world.professional).get(reverse("call", args=[call.ref])),
    ):
        assert answer.status_code == 404
        assert "SALAISUUS" not in answer.content.decode()
    call.refresh_from_db()
    assert call.child_name == "Vilja"
    assert call.version == 1


# -- saving as it is typed


def test_draft_keeps_and_counts_versions(world: World, call: Call) -> None:
    client, url = world.client(world.coordinator), reverse("call-draft", args=[call.ref])
    answer = client.post(url, typed(call))
    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    call.refresh_from_db()
    assert (call.child_name, call.child_born_on, call.child_age) == ("Vilja", date(2020, 2, 3), None)
    assert client.post(url, typed(call)).json()["version"] == 1  # the same content is no new version


def test_draft_of_another_window_is_not_overwritten(world: World, call: Call) -> None:
    intake.save_call(call=call, version=0, now=timezone.now(), everyday="Toisen ikkunan teksti")
    answer = world.client(world.coordinator).post(reverse("call-draft", args=[call.ref]), typed(call, version="0"))
    assert answer.status_code == 409
    assert answer.json()["current"]["everyday"] == "Toisen ikkunan teksti"
    call.refresh_from_db()
    assert call.everyday == "Toisen ikkunan teksti"
    assert call.child_name == ""


def test_draft_keeps_what_is_valid(world: World, call: Call) -> None:
    client, url = world.client(world.coordinator), reverse("call-draft", args=[call.ref])
    assert client.post(url, typed(call, child_born="3.2.")).status_code == 200  # still being typed
    answer = client.post(url, typed(call, everyday="paha\x00", around="mummo", version="1"))
    assert answer.status_code == 422
    assert answer.json()["version"] == 2
    call.refresh_from_db()
    assert (call.everyday, call.around, call.strengths) == ("On vetäytynyt.", "mummo", "Iltasatu luetaan.")
    assert client.post(url, typed(call, version="")).status_code == 422
    assert client.post(url, typed(call, strengths="x" * 50_000, version="2")).status_code == 422


def test_page_saved_against_an_old_version_shows_both_texts(world: World, call: Call) -> None:
    intake.save_call(call=call, version=0, now=timezone.now(), everyday="Toisen ikkunan teksti", protected=True)
    client, url = world.client(world.coordinator), reverse("call", args=[call.ref])
    answer = client.post(url, typed(call, version="0", then="later"))
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "Toisen ikkunan teksti" in body
    assert "On vetäytynyt." in body
    assert 'name="version" value="1"' in body
    assert client.post(url, typed(call, version="1", then="later")).status_code == 302
    call.refresh_from_db()
    assert call.everyday == "On vetäytynyt."


def test_save_for_later_waits_on_the_board(world: World, call: Call) -> None:
    client = world.client(world.coordinator)
    answer = client.post(reverse("call", args=[call.ref]), typed(call, then="later", route="", consent=""))
    assert answer.url == reverse("board")
    body = client.get(answer.url).content.decode()
    assert "Vilja" in body
    assert reverse("call", args=[call.ref]) in body
    assert not Case.objects.exists()


# -- the end of a call


def test_a_network_opens_a_case_once(world: World, call: Call) -> None:
    client, url = world.client(world.coordinator), reverse("call", args=[call.ref])
    first = client.post(url, typed(call, then="finish"))
    second = client.post(url, typed(call, then="finish"))
    case = Case.objects.get()
    assert first.url == second.url == reverse("case", args=[case.ref])
    assert case.t0_at == call.began_at
    assert client.get(url).url == first.url
    late = client.post(reverse("call-draft", args=[call.ref]), typed(call, version="1", around="myöhässä"))
    assert late.status_code == 409


def test_the_two_weeks_begin_from_the_concern(world: World) -> None:
    sent = timezone.now() - timedelta(days=3)
    concern = world.concern(now=sent)
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=timezone.now())
    world.client(world.coordinator).post(reverse("call", args=[call.ref]), typed(call, then="finish"))
    assert Case.objects.get().t0_at == sent
    assert Concern.objects.get().answered_by == world.coordinator


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"route": ""}, "route"),
        ({"child_name": ""}, "child_name"),
        ({"consent": "unaware"}, "consent"),
        ({"consent": ""}, "consent"),
    ],
)
def test_what_the_route_lacks_is_told_beside_the_field_and_nothing_is_lost(
    world: World, call: Call, fields: dict[str, str], field: str
) -> None:
    answer = world.client(world.coordinator).post(reverse("call", args=[call.ref]), typed(call, then="finish", **fields))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in body
    assert intake.call_blocker(Call.objects.get()) in html.unescape(body)
    assert "On vetäytynyt." in body
    assert 'name="version" value="1"' in body
    assert Call.objects.get().everyday == "On vetäytynyt."  # saved, though not finished
    assert not Case.objects.exists()


def test_a_consultation_keeps_nobodys_name(world: World, call: Call) -> None:
    client = world.client(world.coordinator)
    answer = client.post(reverse("call", args=[call.ref]), typed(call, then="finish", route="consultation"))
    assert answer.url == reverse("board")
    call.refresh_from_db()
    assert (call.child_name, call.caller_name, call.child_born_on, call.guardians) == ("", "", None, "")
    assert "Vilja" not in client.get(reverse("board")).content.decode()


@pytest.mark.parametrize("route", ["advice", "guided"])
def test_other_routes_end_on_the_board(world: World, call: Call, route: str) -> None:
    client, url = world.client(world.coordinator), reverse("call", args=[call.ref])
    assert client.post(url, typed(call, then="finish", route=route, guided_to="lsl25")).url == reverse("board")
    assert client.get(url).url == reverse("board")
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("child_born", "31.2.2020"), ("child_born", "ylihuomenna"), ("child_born", "1.1.1900"), ("child_born", "99"),
        ("everyday", "a\x00"), ("everyday", "\u202eabc"), ("strengths", "x" * 50_000), ("route", "jail"),
        ("consent", "yes"), ("version", "-1"), ("version", "x"),
    ],
)  # fmt: skip
def test_hostile_input_opens_nothing(world: World, call: Call, field: str, value: str) -> None:
    answer = world.client(world.coordinator).post(
        reverse("call", args=[call.ref]), typed(call, then="finish", **{field: value})
    )
    assert answer.status_code == 422
    assert "Kuusirannan neuvola" in answer.content.decode()
    assert not Case.objects.exists()
    call.refresh_from_db()
    assert call.version == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("6", 6), ("6 v", 6), ("0", 0), ("20", 20), ("3.2.2020", date(2020, 2, 3)),
        (" 3. 2. 2020", date(2020, 2, 3)),
    ],
)  # fmt: skip
def test_birth_date_or_age(text: str, value: date | int | None) -> None:
    assert read_born(text, date(2026, 6, 10)) == value


@pytest.mark.parametrize(
    "text", ["21", "-1", "3.2", "30.2.2020", "11.6.2026", "1.1.2000", "kuusi", "\u0663", "6\x00", "0.0.0000"]
)
def test_what_is_neither(text: str) -> None:
    with pytest.raises(ValidationError):
        read_born(text, date(2026, 6, 10))


def test_queries_of_the_call_page(world: World, call: Call, django_assert_num_queries: Any) -> None:
    client = world.client(world.coordinator)
    with django_assert_num_queries(15):
        client.get(reverse("call", args=[call.ref]))


def test_call_shows_when_it_began(world: World) -> None:
    call = intake.begin_call(by=world.coordinator, area=world.area, now=at("2026-06-05 12:46"))
    body = world.client(world.coordinator).get(reverse("call", args=[call.ref])).content.decode()
    assert "12.46" in body
    assert short_date(date(2026, 6, 18)) in body


@pytest.mark.parametrize(
    ("text", "words"),
    [("31.2.2020", "Tällaista päivää ei ole"), ("99", "Kirjoita ikä väliltä 0–20"), ("x", "näin: 3.2.2020")],
)
def test_a_birth_date_that_can_not_be_says_why(world: World, call: Call, text: str, words: str) -> None:
    answer = world.client(world.coordinator).post(
        reverse("call", args=[call.ref]), typed(call, then="finish", child_born=text)
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
