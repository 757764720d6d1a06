"""Identity codes: never readable where they lie, opened by the right hat with a mark in the log, given new keys.

Invented codes only: the individual numbers 900–999 are given to nobody.
"""

import base64
import logging
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from cases.access import NotAllowed
from cases.actions import identity as actions
from cases.actions.case import close
from cases.models import Case, Person, PersonIdentity
from cases.models.identity import masked
from tests.personas import World, at
from yhteiso.audit.models import LogEntry
from yhteiso.hats.roles import HATS, WEB
from yhteiso.hats.wear import wearing
from yhteiso.lib.cipher import Keyring, Unreadable, key_number, keyring

CODE, OTHER, THIRD = "150318A901T", "010119A900C", "070709A905N"
NOW = at("2026-06-08 09:00")


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def case(world: World) -> Case:
    return world.case()


@pytest.fixture
def child(case: Case) -> Person:
    return case.persons.get(kind="child")


def url(case: Case, person: Person, more: str = "") -> str:
    return reverse(f"person-identity{more}", kwargs={"ref": case.ref, "pk": person.pk})


def write(world: World, case: Case, person: Person, number: str = CODE) -> PersonIdentity:
    return actions.write_identity(case=case, person=person, number=number, by=world.coordinator, now=NOW)


# --- The cipher ------------------------------------------------------------------------------------------------------


def test_the_same_value_is_never_stored_twice_alike() -> None:
    ring = keyring()
    one, two = (ring.seal(CODE, place="t:1:c") for _ in range(2))
    assert one != two
    assert ring.open(one, place="t:1:c") == ring.open(two, place="t:1:c") == CODE
    assert CODE not in one
    assert ring.blind(CODE, kind="hetu") == ring.blind(CODE, kind="hetu") != ring.blind(CODE, kind="other")


@pytest.mark.parametrize("change", [lambda s: s[:-5] + ("A" if s[-5] != "A" else "B") + s[-4:], lambda s: "9" + s[1:],
                                    lambda s: "x.y", lambda s: "", lambda s: "1.AAAA"])  # fmt: skip
def test_a_changed_value_does_not_open(change) -> None:
    stored = keyring().seal(CODE, place="t:1:c")
    with pytest.raises(Unreadable) as refusal:
        keyring().open(change(stored), place="t:1:c")
    assert CODE not in str(refusal.value)


def test_the_highest_key_encrypts_and_each_opens() -> None:
    old, new = os.urandom(32), os.urandom(32)
    before = Keyring({1: old}, b"b" * 32).seal(CODE, place="p")
    both = Keyring({1: old, 2: new}, b"b" * 32)
    after = both.seal(CODE, place="p")
    assert (key_number(before), key_number(after)) == (1, 2)
    assert both.open(before, place="p") == both.open(after, place="p") == CODE
    with pytest.raises(Unreadable):
        Keyring({2: new}, b"b" * 32).open(before, place="p")
    assert str(old) not in repr(both)


# --- Where it lies ---------------------------------------------------------------------------------------------------


def everything_stored() -> str:
    """Every row of every table as text, as a dump would have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found += [row for (row,) in cursor.fetchall()]
    assert len(found) > 100
    return "\n".join(found)


def test_a_stored_code_is_nowhere_in_the_database(world: World, case: Case, child: Person, caplog) -> None:
    browser = world.client(world.coordinator)
    with caplog.at_level(logging.DEBUG):
        assert browser.post(url(case, child), {"number": CODE}).status_code == 302
        assert CODE in browser.post(url(case, child, "-reading")).content.decode()
        browser.get(url(case, child))
    text = everything_stored()
    assert "Aatu" in text, "the scan sees what lies open"
    for form in (CODE, CODE.lower(), CODE.encode().hex(), base64.b64encode(CODE.encode()).decode()):
        assert form not in text
    assert CODE not in caplog.text


def test_a_value_copied_to_another_row_does_not_open(world: World, case: Case, child: Person) -> None:
    write(world, case, child)
    mother = case.persons.get(kind="guardian")
    write(world, case, mother, OTHER)
    stolen = PersonIdentity.objects.get(pk=child.pk).number
    PersonIdentity.objects.filter(pk=mother.pk).update(number=stolen)
    with pytest.raises(Unreadable):
        PersonIdentity.objects.get(pk=mother.pk).open()
    page = world.client(world.coordinator).get(url(case, mother))
    assert page.status_code == 200
    assert "Tunnusta ei voi nyt lukea" in page.content.decode()


def test_equal_codes_are_found_by_the_index_and_may_be_several(world: World, case: Case, child: Person) -> None:
    second = world.case(child="Oiva")
    write(world, case, child)
    write(world, second, second.persons.get(kind="child"), CODE.lower())
    assert PersonIdentity.objects.with_number(f" {CODE.lower()} ").count() == 2
    assert PersonIdentity.objects.with_number(OTHER).count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with wearing("area", world.coordinator.pk):
            plan = PersonIdentity.objects.with_number(CODE).explain()
    assert "identity_by_blind" in plan


def test_the_database_refuses_half_a_row(world: World, case: Case, child: Person) -> None:
    row = write(world, case, child)
    for broken in ({"without": True}, {"number": ""}, {"blind": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PersonIdentity.objects.filter(pk=row.pk).update(**broken)


def test_a_row_points_at_a_person_of_its_own_situation(world: World, case: Case, child: Person) -> None:
    other = world.case(child="Oiva")
    with pytest.raises(NotAllowed, match="toiseen tilanteeseen"):
        write(world, other, child)
    row = write(world, case, child)
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonIdentity.objects.filter(pk=row.pk).update(case=other)


def test_only_the_coordinator_s_hat_reads_it(world: World, case: Case, child: Person) -> None:
    write(world, case, child)
    for user, count in ((world.coordinator, 1), (world.second_coordinator, 1), (world.other_coordinator, 0)):
        with wearing("area", user.pk):
            assert PersonIdentity.objects.count() == count, user
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT grantee, string_agg(privilege_type, ' ') FROM information_schema.role_table_grants"
            " WHERE table_name = 'cases_personidentity' AND grantee LIKE 'hat_%' GROUP BY 1"
        )
        assert [hat for hat, _verbs in cursor.fetchall()] == ["hat_area"]
    assert len(HATS) == 10


# --- The page --------------------------------------------------------------------------------------------------------


def test_it_is_masked_until_pressed_and_the_press_is_logged(world: World, case: Case, child: Person) -> None:
    write(world, case, child)
    browser = world.client(world.coordinator)
    page = browser.get(url(case, child)).content.decode()
    assert "150318A****" in page
    assert CODE not in page
    assert not LogEntry.objects.filter(reason="hetu").exists()
    answer = browser.post(url(case, child, "-reading"))
    assert CODE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert CODE not in answer.content.decode().partition("</title>")[0]
    row = LogEntry.objects.get(reason="hetu")
    assert (row.actor_id, row.case_id, row.verb, row.page) == (
        world.coordinator.pk, case.pk, "view", "person-identity-reading",
    )  # fmt: skip
    assert browser.get(url(case, child, "-reading")).status_code == 405, "a link can't show it"


@pytest.mark.parametrize("persona", ["member", "professional", "other_coordinator", "left", "officer", "administrator"])
def test_nobody_else_comes_to_it(world: World, case: Case, child: Person, persona: str) -> None:
    write(world, case, child)
    browser = world.client(getattr(world, persona))
    for ask in (browser.get(url(case, child)), browser.post(url(case, child, "-reading"))):
        assert ask.status_code in (403, 404)
        assert "150318" not in ask.content.decode()
    assert browser.post(url(case, child, "-removal")).status_code in (403, 404)
    assert PersonIdentity.objects.filter(pk=child.pk).exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [({"number": "150318A901X"}, "Tarkista jokainen merkki"), ({"number": "puhelin 040"}, "Tarkista jokainen merkki"),
     ({"number": CODE, "without": "on"}, "Molempia ei voi valita"), ({}, "tai valitse, ettei sitä ole"),
     ({"number": "1" * 5000}, "150318"[:0])],
)  # fmt: skip
def test_a_wrong_code_is_told_and_kept_in_its_field(world: World, case: Case, child: Person, sent, said) -> None:
    answer = world.client(world.coordinator).post(url(case, child), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert sent.get("number", "") in answer.content.decode()
    assert not PersonIdentity.objects.exists()


def test_added_corrected_none_and_removed(world: World, case: Case, child: Person) -> None:
    browser = world.client(world.coordinator)
    browser.post(url(case, child), {"number": f" {CODE.lower()}\n"})
    assert PersonIdentity.objects.get(pk=child.pk).open() == CODE
    browser.post(url(case, child), {"number": OTHER})
    assert PersonIdentity.objects.get(pk=child.pk).open() == OTHER
    browser.post(url(case, child), {"without": "on"})
    row = PersonIdentity.objects.get(pk=child.pk)
    assert (row.without, row.number, row.blind) == (True, "", None)
    assert "Henkilötunnusta ei ole" in browser.get(url(case, child)).content.decode()
    assert browser.post(url(case, child, "-reading")).status_code == 302
    for _ in range(2):
        assert browser.post(url(case, child, "-removal")).status_code == 302
    assert not PersonIdentity.objects.exists()
    assert list(case.events.filter(kind__startswith="identity").order_by("pk").values_list("kind", "detail")) == [
        ("identity_written", {}), ("identity_written", {}), ("identity_written", {}), ("identity_removed", {}),
    ]  # fmt: skip


def test_an_own_case_s_form_can_t_carry_another_s_person(world: World, case: Case, child: Person) -> None:
    other = world.case(child="Oiva")
    browser = world.client(world.coordinator)
    assert browser.post(url(other, child), {"number": CODE}).status_code == 404
    assert not PersonIdentity.objects.exists()


def test_a_closed_situation_takes_no_code_but_lets_one_go(world: World, case: Case, child: Person) -> None:
    write(world, case, child)
    close(case=case, reason="declined", by=world.coordinator, now=NOW)
    browser = world.client(world.coordinator)
    assert browser.post(url(case, child), {"number": OTHER}).status_code == 422
    assert PersonIdentity.objects.get(pk=child.pk).open() == CODE
    browser.post(url(case, child, "-removal"))
    assert not PersonIdentity.objects.exists()


def test_the_same_code_in_another_situation_is_told_and_logged(world: World, case: Case, child: Person) -> None:
    second = world.case(child="Oiva")
    write(world, second, second.persons.get(kind="child"))
    answer = world.client(world.coordinator).post(url(case, child), {"number": CODE}, follow=True)
    assert "myös 1 toisessa alueesi tilanteessa" in answer.content.decode()
    row = LogEntry.objects.get(verb="search", reason="hetu")
    assert row.case_ids == [second.pk]


def test_another_area_s_equal_code_is_not_told(world: World, case: Case, child: Person) -> None:
    second = world.case(child="Oiva")
    write(world, second, second.persons.get(kind="child"))
    Case.objects.filter(pk=second.pk).update(area=world.other_area)
    answer = world.client(world.coordinator).post(url(case, child), {"number": CODE}, follow=True)
    assert "toisessa" not in answer.content.decode()
    assert not LogEntry.objects.filter(reason="hetu").exists()


def test_a_key_that_is_gone_is_said_and_logged(world: World, case: Case, child: Person, settings) -> None:
    write(world, case, child)
    settings.FIELD_KEYS = f"7:{new_key()}"
    browser = world.client(world.coordinator)
    for answer in (browser.get(url(case, child)), browser.post(url(case, child, "-reading"))):
        assert answer.status_code == 200
        assert "Tunnusta ei voi nyt lukea" in answer.content.decode()
    assert LogEntry.objects.filter(verb="fail", reason="hetu key", case_id=case.pk).count() == 2
    browser.post(url(case, child), {"number": CODE})
    assert "150318A****" in browser.get(url(case, child)).content.decode(), "written again, it is well"


def test_the_mask_keeps_the_day_only() -> None:
    assert masked("131052-308T") == "131052-****"


# --- Rotation --------------------------------------------------------------------------------------------------------


def many(case: Case, count: int) -> list[int]:
    """So many relatives, each with a code; written straight, since only their number matters here."""
    people = Person.objects.bulk_create([Person(case=case, kind="close", name="Sukulainen") for _ in range(count)], 5000)
    rows = []
    for person in people:
        row = PersonIdentity(person=person, case=case, written_at=NOW, written_by_id=case.coordinator_id)
        row.seal(THIRD)
        rows.append(row)
    PersonIdentity.objects.bulk_create(rows, 5000)
    return [person.pk for person in people]


def rotate() -> str:
    told = StringIO()
    call_command("rotate_keys", stdout=told)
    return told.getvalue()


@pytest.mark.parametrize("count", [1000, pytest.param(100_000, marks=[pytest.mark.deep, pytest.mark.timeout(600)])])
def test_every_code_gets_the_newest_key_and_the_old_one_may_go(world: World, case: Case, settings, count: int) -> None:
    first, second = f"1:{new_key()}", f"2:{new_key()}"
    settings.FIELD_KEYS = first
    keys = many(case, count)
    settings.FIELD_KEYS = f"{first},{second}"
    began = time.monotonic()
    told = rotate()
    taken = time.monotonic() - began
    sys.stderr.write(f"\n{count} codes rotated in {taken:.1f} s\n")
    assert f"Before: key 1: {count}." in told
    assert f"Given the key 2: {count}." in told
    assert f"Now: key 2: {count}." in told
    assert "may be taken out of FIELD_KEYS: 1." in told
    assert "Given the key 2: 0." in rotate(), "run again, it has nothing to do"
    settings.FIELD_KEYS = second
    sample = PersonIdentity.objects.filter(pk__in=keys[:: max(1, count // 500)])
    assert {row.open() for row in sample} == {THIRD}
    settings.FIELD_KEYS = first
    with pytest.raises(Unreadable):
        sample[0].open()


def test_what_can_t_be_opened_stays_and_is_counted(world: World, case: Case, settings) -> None:
    lost, kept, new = (f"{n}:{new_key()}" for n in (1, 2, 3))
    settings.FIELD_KEYS = lost
    many(case, 3)
    before = list(PersonIdentity.objects.order_by("pk").values_list("number", flat=True))
    settings.FIELD_KEYS = kept
    many(case, 4)
    settings.FIELD_KEYS = f"{kept},{new}"
    with pytest.raises(CommandError, match="3 can't be read"):
        rotate()
    assert actions.count_by_key() == {1: 3, 3: 4}
    assert list(PersonIdentity.objects.order_by("pk").values_list("number", flat=True))[:3] == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_two_rotations_at_once_do_each_code_once(settings) -> None:
    case = World().case()
    settings.FIELD_KEYS = f"1:{new_key()}"
    many(case, 2500)
    settings.FIELD_KEYS += f",2:{new_key()}"

    def run(_: int) -> actions.Rotation:
        try:
            return actions.rotate_keys()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(run, range(2)))
    assert sum(one.rotated for one in done) == 2500
    assert actions.count_by_key() == {2: 2500}


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_the_web_s_login_can_t_rotate() -> None:
    """It would see no row, and say that no old key is needed any more."""
    own = connection.settings_dict | {}
    try:
        connection.close()
        connection.settings_dict |= {"USER": WEB, "PASSWORD": os.environ["TEST_WEB_PASSWORD"]}
        with pytest.raises(CommandError, match="Run this as yhteiso_owner"):
            rotate()
    finally:
        connection.close()
        connection.settings_dict |= own
