"""A child of whom only a name and an age were told: found by a weaker likeness, and never opened twice in silence."""

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.actions.known import Known, asked, look
from cases.actions.protection import protect
from cases.models import Call, Case, Recusal, Task
from meetings.actions.closing import close
from networks.models import User
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.ids import uuid7

pytestmark = pytest.mark.django_db


def years_ago(years: int) -> date:
    return helsinki_date(timezone.now()).replace(day=1) - timedelta(days=round(365.25 * years) + 40)


def case_of(world: World, *, by: User | None = None, **fields: Any) -> Case:
    by, now = by or world.coordinator, timezone.now()
    area = world.area if by in (world.coordinator, world.second_coordinator) else world.other_area
    values = {"child_name": "Vilja", "child_age": 6, "consent": "oral", "route": "network"} | fields
    call = intake.save_call(call=intake.begin_call(by=by, area=area, now=now), version=0, now=now, **values)
    case = intake.finish_call(call=call, by=by, now=now).case
    assert case is not None
    return case


def known(user: User, given: str = "Vilja", family: str = "", age: int | None = 6, born: date | None = None) -> Known:
    with wearing("area", user.pk):
        what = asked(given=given, family=family, age=age, born_on=born)
        return look(what=what, request_id=uuid7(), by=user, now=timezone.now())


def found(user: User, **what: Any) -> list[str]:
    return [row.ref for row in known(user, **what).here]


@pytest.mark.parametrize(("age", "finds"), [(4, False), (5, True), (6, True), (7, True), (8, False), (None, False)])
def test_an_open_situation_without_a_birth_date_is_found_by_first_name_and_age(
    world: World, age: int | None, finds: bool
) -> None:
    case = case_of(world)
    assert found(world.second_coordinator, age=age) == ([case.ref] if finds else [])
    assert found(world.second_coordinator, given="Vilma", age=age) == []


@pytest.mark.parametrize(("age", "finds"), [(4, False), (5, True), (6, True), (7, True), (8, False)])
def test_a_birth_date_that_fits_the_age_is_found(world: World, age: int, finds: bool) -> None:
    case = case_of(world, child_born_on=years_ago(6), child_age=None, child_family_name="Määttä")
    assert found(world.coordinator, age=age) == ([case.ref] if finds else [])
    assert found(world.coordinator, family="Maatta", age=age) == ([case.ref] if finds else [])
    assert found(world.coordinator, family="Virtanen", age=age) == []


def test_a_birth_date_finds_an_open_situation_of_which_only_the_age_is_known(world: World) -> None:
    case = case_of(world)
    assert found(world.coordinator, born=years_ago(6), age=None) == [case.ref]
    assert found(world.coordinator, born=years_ago(9), age=None) == []


def test_a_first_name_and_an_age_tell_nothing_of_another_area(world: World) -> None:
    case_of(world, by=world.other_coordinator)
    case_of(world, by=world.other_coordinator, child_born_on=years_ago(6), child_age=None, child_family_name="Määttä")
    assert known(world.coordinator) == Known([], [])
    assert known(world.coordinator, family="Virtanen") == Known([], [])
    assert [area.name for area in known(world.coordinator, family="Määttä").elsewhere] == ["Haapaniemi"]


def test_a_closed_situation_without_a_birth_date_is_not_told(world: World) -> None:
    close(case=case_of(world), by=world.coordinator, reason="moved_away", now=timezone.now())
    assert known(world.coordinator) == Known([], [])


def test_a_protected_family_and_a_disqualified_asker_get_nothing(world: World) -> None:
    guarded, kin = case_of(world), case_of(world, child_name="Helmi")
    protect(case=guarded, reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    Recusal.objects.create(
        case=kin, user=world.second_coordinator, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    assert known(world.second_coordinator) == known(world.second_coordinator, given="Helmi") == Known([], [])
    assert list(Task.objects.filter(kind="protected_look").values_list("to_id", flat=True)) == [world.coordinator.pk]
    assert LogEntry.objects.filter(case_id=guarded.pk, page="call-known", verb="search").count() == 1
    for stranger in (world.member, world.unit_head, world.officer):
        assert known(stranger, given="Helmi") == Known([], [])


@pytest.fixture
def call(world: World) -> Call:
    return intake.begin_call(by=world.second_coordinator, area=world.area, now=timezone.now())


def typed(**fields: str) -> dict[str, str]:
    return {
        "child_name": "Vilja", "child_born": "6 v", "everyday": "On vetäytynyt.", "consent": "oral", "consent_by": "isä 9.6.",
        "route": "network", "version": "0", "then": "finish",
    } | fields  # fmt: skip


def test_the_hint_tells_the_child_of_the_own_area(world: World, call: Call) -> None:
    case = case_of(world, child_born_on=date(2020, 2, 3), child_age=None)
    client, url = world.client(world.second_coordinator), reverse("call-known", args=[call.ref])
    body = client.post(url, {"child_name": "Vilja", "child_born": "6"}, headers={"HX-Request": "true"}).content.decode()
    assert case.ref in body
    assert "Vilja, s. 3.2.2020" in body
    row = LogEntry.objects.filter(page="call-known", verb="search").get()
    assert (row.case_ids, row.reason, len(row.term_hash)) == ([case.pk], "known", 64)
    assert not re.search("vilja|2020", str(LogEntry.objects.filter(pk=row.pk).values()).casefold())


def test_the_page_stops_once_before_a_second_situation(world: World, call: Call) -> None:
    case = case_of(world)
    client, url = world.client(world.second_coordinator), reverse("call", args=[call.ref])
    stopped = client.post(url, typed())
    body = html.unescape(stopped.content.decode())
    assert stopped.status_code == 422
    assert "Onko kyse samasta lapsesta?" in body
    assert reverse("case", args=[case.ref]) in body
    assert "On vetäytynyt." in body
    assert Case.objects.count() == 1
    seen = re.search(r'name="known_looked" value="([^"]*)"', body)
    assert seen
    on = client.post(url, typed(version="1", known_looked=seen[1]))
    assert on.status_code == 302
    assert Case.objects.count() == 2


def test_what_was_seen_for_another_child_does_not_count(world: World, call: Call) -> None:
    case_of(world)
    other = case_of(world, child_name="Aatu")
    client, url = world.client(world.second_coordinator), reverse("call", args=[call.ref])
    assert client.post(url, typed(known_looked=other.ref)).status_code == 422
    assert Case.objects.count() == 2


@pytest.mark.parametrize("elsewhere", [True, False])
def test_nothing_stops_for_another_area_or_a_protected_family(world: World, call: Call, elsewhere: bool) -> None:
    case = case_of(world, by=world.other_coordinator if elsewhere else world.coordinator)
    if not elsewhere:
        protect(case=case, reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    client = world.client(world.second_coordinator)
    assert client.post(reverse("call", args=[call.ref]), typed()).status_code == 302


def test_the_same_questions_whether_found_or_not(world: World, call: Call) -> None:
    client, url = world.client(world.second_coordinator), reverse("call-known", args=[call.ref])
    client.get(reverse("call", args=[call.ref]))

    def statements(name: str) -> list[str]:
        with CaptureQueriesContext(connection) as seen:
            client.post(url, {"child_name": name, "child_born": "6"}, headers={"HX-Request": "true"})
        return [re.sub(r"'[^']*'|\d+", "?", row["sql"])[:60] for row in seen]

    case_of(world)
    case_of(world, child_name="Lumi", by=world.other_coordinator)
    protect(
        case=case_of(world, child_name="Helmi"), reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now()
    )
    assert statements("Vilja") == statements("Lumi") == statements("Helmi") == statements("Oiva")


def test_a_yes_by_word_has_its_giver_and_its_day(world: World, call: Call) -> None:
    client, url = world.client(world.second_coordinator), reverse("call", args=[call.ref])
    answer = client.post(url, typed(consent_by=""))
    body = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert 'id="id_consent_by_error"' in body
    assert "Kirjoita, kuka suostui ja milloin." in body
    assert Call.objects.get(pk=call.pk).everyday == "On vetäytynyt."
    assert not Case.objects.exists()
    assert client.post(url, typed(consent_by="", consent="waiting", version="1")).status_code == 302


def test_the_keyboard_begins_at_the_first_empty_field(world: World, call: Call) -> None:
    client, url = world.client(world.second_coordinator), reverse("call", args=[call.ref])
    assert re.findall(r'name="(\w+)"[^>]*autofocus', client.get(url).content.decode()) == ["caller_name"]
    intake.save_call(call=call, version=0, now=timezone.now(), caller_name="Mira", caller_unit="Neuvola", child_name="Vilja")
    body = client.get(url).content.decode()
    assert re.findall(r'name="(\w+)"[^>]*autofocus', body) == ["child_born"]
    assert 'href="#tuttu"' in body
