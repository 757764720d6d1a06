"""Onko jo tuttu? What a coordinator is told of a child whom somebody else knows, and what nobody is."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.actions.identity import write_identity
from cases.actions.known import Known, asked, look
from cases.actions.network import add_member
from cases.actions.protection import name_member, protect
from cases.models import Call, Case, ChildKey, Membership, Person, PersonContact, Recusal, Task
from meetings.actions.closing import close
from networks.models import User
from tests.personas import World
from yhteiso.audit.models import LogEntry, Oddity
from yhteiso.audit.oddities import look_again
from yhteiso.hats.roles import WEB_HATS
from yhteiso.hats.wear import wearing
from yhteiso.lib.ids import born_of_hetu, uuid7

pytestmark = pytest.mark.django_db
BORN = date(2020, 2, 3)
CODE = "030220A926K"


def case_of(world: World, *, child: str = "Vilja", family: str = "Määttä", by: User | None = None, **fields: Any) -> Case:
    """An open situation of a child born on 3.2.2020, opened through the call as anywhere."""
    by, now = by or world.coordinator, timezone.now()
    area = world.area if by in (world.coordinator, world.second_coordinator) else world.other_area
    call = intake.begin_call(by=by, area=area, now=now)
    values = {"child_name": child, "child_family_name": family, "child_born_on": BORN, "consent": "oral", "route": "network"}
    call = intake.save_call(call=call, version=call.version, now=now, **values | fields)
    case = intake.finish_call(call=call, by=by, now=now).case
    assert case is not None
    return Case.objects.get(pk=case.pk)


def known(user: User, given: str = "Vilja", family: str = "Määttä", born: date | None = BORN, number: str = "") -> Known:
    with wearing("area", user.pk):
        what = asked(given=given, family=family, born_on=born, number=number)
        return look(what=what, request_id=uuid7(), by=user, now=timezone.now())


@pytest.fixture
def call(world: World) -> Call:
    return intake.begin_call(by=world.second_coordinator, area=world.area, now=timezone.now())


def post(world: World, call: Call, *, user: User | None = None, htmx: bool = True, **fields: str) -> Any:
    typed = {"child_name": "Vilja", "child_family_name": "Määttä", "child_born": "3.2.2020", "version": "0"} | fields
    headers = {"HX-Request": "true"} if htmx else {}
    client = world.client(user or world.second_coordinator)
    return client.post(reverse("call-known", args=[call.ref]), typed, headers=headers)


# -- what is found


@pytest.mark.parametrize(
    ("given", "family", "found"),
    [
        ("Vilja", "Määttä", True), ("vilja", "Maatta", True), ("Wilja", "Matta", True), ("Vilja", "", True),
        ("", "Määttä", True), ("Aino Vilja", "Määttä-Kuusi", True), ("Vilja", "Määttänen", False),
        ("Vilma", "Määttä", False), ("V.", "", False), ("", "", False),
    ],
)  # fmt: skip
def test_a_child_is_found_as_the_pairs_of_names_say(world: World, given: str, family: str, found: bool) -> None:
    case = case_of(world)
    assert [row.case_id for row in known(world.second_coordinator, given, family).here] == ([case.pk] if found else [])


def test_the_birth_date_decides_beside_the_name(world: World) -> None:
    case_of(world)
    assert known(world.coordinator, born=BORN + timedelta(days=1)).here == []
    assert known(world.coordinator, born=None).here == []


def test_an_identity_code_finds_the_child_whatever_the_name(world: World) -> None:
    case = case_of(world, child="Aatu", child_born_on=None)
    child = case.persons.get(kind="child")
    assert known(world.coordinator, "", "", None, CODE).here == []
    write_identity(case=case, person=child, number=CODE, by=world.coordinator, now=timezone.now())
    assert [row.ref for row in known(world.coordinator, "Joku", "Muu", None, f" {CODE.lower()}").here] == [case.ref]
    assert known(world.coordinator, "Joku", "Muu", None, "131052-308T").here == []


def test_a_code_tells_the_birth_date_too(world: World) -> None:
    case = case_of(world)
    assert [row.ref for row in known(world.coordinator, born=None, number=CODE).here] == [case.ref]
    assert born_of_hetu("131052-308T") == date(1952, 10, 13)
    assert born_of_hetu("010594Y9032") == date(1994, 5, 1)
    with pytest.raises(ValueError, match="Not an identity code"):
        born_of_hetu("310294A9007")


def test_a_closed_situation_of_the_own_area_is_told_with_its_end(world: World) -> None:
    case = case_of(world)
    close(case=case, by=world.coordinator, reason="moved_away", now=timezone.now())
    (row,) = known(world.coordinator).here
    assert (row.ref, row.closed_at is None) == (case.ref, False)


def test_another_guardians_child_of_the_same_day_is_somebody_else(world: World) -> None:
    case = case_of(world)
    PersonContact.objects.filter(person__in=case.persons.all()).update(born_on=BORN)
    Person.objects.create(case=case, kind="guardian", name="Hilla", family_name="Aalto")
    assert known(world.coordinator, "Hilla", "Aalto").here == []


# -- what is not told


def test_another_area_tells_its_name_once_and_nothing_else(world: World) -> None:
    for _n in range(2):
        case_of(world, by=world.other_coordinator)
    told = known(world.coordinator)
    assert (told.here, [area.name for area in told.elsewhere]) == ([], ["Haapaniemi"])


def test_what_has_ended_in_another_area_is_not_told(world: World) -> None:
    case = case_of(world, by=world.other_coordinator)
    close(case=case, by=world.other_coordinator, reason="moved_away", now=timezone.now())
    assert known(world.coordinator) == Known([], [])


@pytest.mark.parametrize("asker", ["second_coordinator", "other_coordinator", "coordinator"])
def test_of_a_protected_family_nobody_is_told_but_its_people_hear_of_it(world: World, asker: str) -> None:
    case, user = case_of(world), getattr(world, asker)
    now = timezone.now()
    add_member(case=case, user=world.member, must_attend=False, by=world.coordinator, now=now)
    protect(case=case, reason="Turvakielto.", by_hand=[], by=world.coordinator, now=now)
    seat = Membership.objects.get(case=case, user=world.member)
    name_member(case=case, membership=seat, named=True, reason="Hoitaa.", by=world.coordinator, now=now)
    before = set(LogEntry.objects.values_list("pk", flat=True))
    for _n in range(2):  # asked again the same day: one task
        assert known(user) == Known([], [])
    told = Task.objects.filter(kind="protected_look", case=case).values_list("to_id", flat=True)
    assert sorted(told) == sorted({world.coordinator.pk, world.member.pk} - {user.pk})
    rows = LogEntry.objects.exclude(pk__in=before).filter(case_id=case.pk)
    assert {(row.actor_id, row.verb, row.page) for row in rows} == {(user.pk, "search", "call-known")}


def test_a_disqualified_coordinator_gets_nothing_of_that_situation(world: World) -> None:
    here, there = case_of(world), case_of(world, by=world.other_coordinator)
    for case in (here, there):
        Recusal.objects.create(
            case=case, user=world.second_coordinator, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
        )
    assert known(world.second_coordinator) == Known([], [])
    assert len(known(world.coordinator).here) == len(known(world.coordinator).elsewhere) == 1


# -- who may ask


@pytest.mark.parametrize("hat", sorted(set(WEB_HATS) - {"area"} | {"jobs"}))
def test_no_other_hat_may_ask_or_read_or_write_a_key(world: World, hat: str) -> None:
    case_of(world)
    for statement in (
        "SELECT sec.already_known('{vilja}', '{}', '2020-02-03', NULL, '', NULL, now())",
        "SELECT sec.known_by_age('{vilja}', '{}', 6, true, '2026-02-03', '', NULL, now())",
        "SELECT sec.index_child(1, '{}', '{}')", "SELECT * FROM cases_childkey",
    ):  # fmt: skip
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.coordinator.pk):
            connection.cursor().execute(statement)


def test_the_area_hat_asks_by_the_function_only(world: World) -> None:
    case_of(world)
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("area", world.coordinator.pk):
        list(ChildKey.objects.all())
    for user in (world.member, world.unit_head, world.officer):  # the hat without the role
        assert known(user) == Known([], [])
    with transaction.atomic(), connection.cursor() as cursor:  # without the hat
        cursor.execute("SELECT count(*) FROM sec.already_known('{vilja}', '{}', '2020-02-03', NULL, '', NULL, now())")
        assert cursor.fetchone()[0] == 0


def test_only_who_sees_the_situation_writes_its_keys(world: World) -> None:
    child = case_of(world).persons.get(kind="child")
    with wearing("area", world.other_coordinator.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.index_child(%s, '{x}', '{y}')", [child.pk])
        assert cursor.fetchone()[0] is False
    assert ChildKey.objects.get(pk=child.pk).given == ["vilja"]


# -- on the call's page


def test_the_hint_leads_to_the_situation_of_the_own_area(world: World, call: Call) -> None:
    case = case_of(world)
    answer = post(world, call)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert reverse("case", args=[case.ref]) in body
    assert "<h1" not in body
    row = LogEntry.objects.filter(page="call-known", verb="search").get()
    assert (row.case_ids, row.reason, len(row.term_hash)) == ([case.pk], "known", 64)
    assert not re.search("vilja|määttä|2020", str(LogEntry.objects.filter(pk=row.pk).values()).casefold())


def test_another_areas_hint_says_the_area_and_its_number_only(world: World, call: Call) -> None:
    case = case_of(world, by=world.other_coordinator, caller_name="Mira SALAINEN", strengths="Uinti SALAINEN")
    with_one = post(world, call).content.decode()
    assert "Haapaniemen" in with_one
    assert "08 000 9999" in with_one
    for secret in (case.ref, "SALAINEN", "Teija", f"{timezone.now():%-m/%Y}"):
        assert secret not in with_one
    case_of(world, by=world.other_coordinator)
    assert post(world, call).content.decode() == with_one


def test_a_protected_child_answers_as_nobody(world: World, call: Call) -> None:
    nobody = post(world, call).content.decode()
    protect(case=case_of(world), reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    assert post(world, call).content.decode() == nobody


def test_the_same_questions_whether_found_or_not(world: World, call: Call) -> None:
    client, url = world.client(world.second_coordinator), reverse("call-known", args=[call.ref])
    client.get(reverse("call", args=[call.ref]))

    def statements(name: str) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.post(url, {"child_name": name, "child_born": "3.2.2020"}, headers={"HX-Request": "true"})
        return [re.sub(r"'[^']*'|\d+", "?", row["sql"])[:60] for row in seen]

    case_of(world)
    case_of(world, child="Lumi", by=world.other_coordinator)
    protect(case=case_of(world, child="Helmi"), reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    nobody = statements("Oiva")
    assert statements("Vilja") == statements("Lumi") == statements("Helmi") == nobody


def test_too_little_asks_nothing_and_a_wrong_code_is_said(world: World, call: Call) -> None:
    for fields in (
        {"child_born": ""},
        {"child_name": "", "child_born": "6"},
        {"child_name": "", "child_family_name": ""},
        {"child_born": "31.2.2020"},
    ):
        body = post(world, call, **fields).content.decode()
        assert "syntymäaika" in body
    wrong = post(world, call, child_born="", hetu="030220A9262")
    assert wrong.status_code == 422
    assert "henkilötunnus" in wrong.content.decode()
    assert not LogEntry.objects.filter(page="call-known", verb="search").exists()


def test_without_a_script_the_whole_page_comes_back_as_typed(world: World, call: Call) -> None:
    case = case_of(world)
    answer = post(world, call, htmx=False, everyday="On vetäytynyt.", hetu=CODE)
    body = answer.content.decode()
    assert case.ref in body
    assert "On vetäytynyt." in body
    assert 'value="Vilja"' in body
    assert Call.objects.get(pk=call.pk).version == 0  # a question saves nothing, the code least of all
    assert CODE not in str(list(Call.objects.filter(pk=call.pk).values()))


def test_the_page_asks_by_itself_once_it_knows_enough(world: World, call: Call) -> None:
    client, url = world.client(world.second_coordinator), reverse("call", args=[call.ref])
    assert "load, change" not in client.get(url).content.decode()
    intake.save_call(call=call, version=0, now=timezone.now(), child_name="Vilja", child_born_on=BORN)
    assert "load, change" in client.get(url).content.decode()
    assert not LogEntry.objects.filter(page="call-known").exists()


def test_it_is_asked_in_a_call_of_ones_own_area_that_goes_on(world: World, call: Call) -> None:
    assert post(world, call, user=world.other_coordinator).status_code == 404
    for user in (world.professional, world.unit_head, world.leader, world.officer, world.administrator):
        assert post(world, call, user=user).status_code == 404
    intake.save_call(call=call, version=0, now=timezone.now(), route="advice")
    intake.finish_call(call=Call.objects.get(pk=call.pk), by=world.second_coordinator, now=timezone.now())
    late = post(world, call)  # the page was left while it still asked
    assert (late.status_code, late.content) == (204, b"")
    assert post(world, call, user=world.other_coordinator).status_code == 404
    assert not LogEntry.objects.filter(page="call-known", verb="search").exists()


def test_any_text_is_answered(world: World, call: Call) -> None:
    for text in ("\x00", "'; DROP TABLE x; --", "{a,b}", "å" * 61, "\U0001f600", "٣.٢.٢٠٢٠", "ß" * 60):
        assert post(world, call, child_name=text, child_family_name=text, hetu=text[:40]).status_code in (200, 422)
        assert post(world, call, child_name=text, child_family_name=text).status_code in (200, 422)


# -- the professional's form never reacts


def test_the_professionals_form_does_not_react_to_who_the_child_is(world: World) -> None:
    case_of(world)
    protect(case=case_of(world, child="Helmi"), reason="Turvakielto.", by_hand=[], by=world.coordinator, now=timezone.now())
    client, url = world.client(world.professional), reverse("concern-new")
    seen = []
    for n, name in enumerate(("Oiva", "Vilja", "Helmi")):
        typed = {
            "family_asked": "yes", "child_name": name, "child_age": "6", "place": "Päiväkoti", "strengths": "Leikkii.",
            "everyday": "Aamut.", "agreed": "Puhuin äidin kanssa.", "reachable": "040 000 0101",
            "form_key": f"00000000-0000-4000-8000-00000000000{n}",
        }  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(url, typed, follow=True)
        statements = [re.sub(r"'[^']*'|\d+", "?", row["sql"])[:80] for row in queries]
        body = re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}|nonce-\S+|token\S* value=\S+", "", answer.content.decode())
        body = re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"', "", body).replace(name, "")
        body = body[body.index("<main") :]  # above it the receipts in the inbox are counted
        seen.append((answer.status_code, body, statements))
    assert seen[0][0] == 200
    assert seen[0] == seen[1] == seen[2]


# -- looking too often


def test_more_than_twenty_children_an_hour_are_odd(world: World) -> None:
    now = timezone.now().replace(hour=12, minute=0) - timedelta(days=1)
    world.coordinator.unit  # noqa: B018
    for user, names in ((world.coordinator, 21), (world.second_coordinator, 20)):
        for n in range(names):
            for again in range(2):  # the same child again is the same look
                moment = now + timedelta(minutes=n, seconds=again)
                _logged(user, f"{n:064}", moment)
    with wearing("jobs"):
        look_again(now=now + timedelta(hours=2))
        look_again(now=now + timedelta(hours=2))
    rows = Oddity.objects.filter(rule="known")
    assert [LogEntry.objects.get(pk=row.entry_id).actor_id for row in rows] == [world.coordinator.pk]
    body = world.client(world.officer).get(reverse("oddities")).content.decode()
    assert "yli 20 lasta tunnin sisällä" in body


def _logged(user: User, mark: str, now: Any) -> None:
    LogEntry.objects.bulk_create(
        [
            LogEntry(
                at=now, actor_id=user.pk, actor_name=user.name, hat="area", verb="search", page="call-known", term_hash=mark
            )
        ]
    )


# -- the keys are there


def test_every_child_has_keys_from_the_first_second(world: World) -> None:
    case = case_of(world, child="Anna-Liisa", family="Åkerström")
    row = ChildKey.objects.get(case=case)
    assert (row.given, row.family) == (["ana", "analisa", "lisa"], ["akerstrom", "okerstrom"])
    assert not Person.objects.filter(kind="child").exclude(pk__in=ChildKey.objects.values("pk")).exists()
