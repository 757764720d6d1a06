"""The logbook as a page: everything typed is saved or kept, what two wrote is told, and only the invited read it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from meetings.actions import meeting as meetings
from meetings.models import Commitment, EntryVersion, Logbook, LogbookEntry
from tests.meetings.steps import a_case, approved, fi, membership, opened, promise, proposed, today
from tests.meetings.table import JSON, SECRET, Table
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(world: World) -> Table:
    return Table(world)


# -- saving


def test_a_plain_post_of_the_whole_form_saves_everything(table: Table) -> None:
    fields = table.fields(table.kaisa)
    key = fields["row"][0]
    fields |= table.mark(0, mark="strength", note="Mummo keittää puuroa", said_by="Aatu") | table.mark(2, mark="both")
    fields |= {"frame-child_heard": "present", "frame-child_words": "Haluan piirtää", "frame-ends_here": "on"}
    fields |= {
        f"r{key}-what": "Teen kuvakortit", f"r{key}-due_on": fi(today() + timedelta(days=9)), f"r{key}-kind": "promise",
        f"r{key}-membership": str(membership(table.meeting.case, table.world.professional).pk),
    }  # fmt: skip
    answer = table.kaisa.post(table.url, fields, follow=True)
    assert answer.redirect_chain == [(table.url, 302)]
    assert "Tallessa klo" in answer.content.decode()
    first = LogbookEntry.objects.get(theme=table.themes[0])
    assert (first.mark, first.note, first.said_by) == ("strength", "Mummo keittää puuroa", "Aatu")
    assert LogbookEntry.objects.count() == 2
    table.logbook.refresh_from_db()
    assert (table.logbook.child_heard, table.logbook.ends_here) == ("present", True)
    row = Commitment.objects.get()
    assert (row.what, row.owner, row.unit) == ("Teen kuvakortit", table.world.professional, table.world.day_care)


def test_the_same_form_twice_changes_nothing(table: Table) -> None:
    fields = table.fields(table.kaisa)
    key = fields["row"][0]
    fields |= table.mark(0, mark="strength", note="Yksi teksti", said_by="")
    fields |= {
        f"r{key}-what": "Yksi rivi", f"r{key}-due_on": fi(today() + timedelta(days=3)), f"r{key}-kind": "promise",
        f"r{key}-membership": str(membership(table.meeting.case, table.world.member).pk),
    }  # fmt: skip
    for _ in range(2):
        assert table.kaisa.post(table.url, fields).status_code == 302
    assert EntryVersion.objects.count() == 1
    assert Commitment.objects.count() == 1


def test_autosave_goes_on_from_its_own_answer(table: Table) -> None:
    fields = table.fields(table.kaisa)
    for text in ("Ensin", "Ensin ja lisää", "Ensin ja lisää vielä"):
        fields |= table.mark(0, mark="strength", note=text)
        answer = table.kaisa.post(table.url, fields, headers=JSON)
        assert answer.status_code == 200
        assert set(answer.json()) == {"version", "saved", "saved_at"}
        fields["version"] = answer.json()["version"]
    assert LogbookEntry.objects.get().note == "Ensin ja lisää vielä"
    assert list(EntryVersion.objects.values_list("version", flat=True)) == [1, 2, 3]


def test_words_before_a_mark_are_saved_and_told_as_unmarked(table: Table) -> None:
    fields = table.fields(table.kaisa) | table.mark(0, mark="", note="Sanottiin ennen merkintää")
    assert table.kaisa.post(table.url, fields, headers=JSON).status_code == 200
    entry = LogbookEntry.objects.get()
    assert (entry.mark, entry.note) == ("", "Sanottiin ennen merkintää")
    assert "Sanottiin ennen merkintää" in table.read(table.sari)
    html = table.kaisa.get(f"{table.url}approval/").content.decode()
    assert "Sanottiin ennen merkintää" in html
    assert "Ei merkitty" in html
    assert table.themes[0].title in html[html.index("Vielä merkitsemättä") :]


def test_the_childs_name_is_in_the_heading_and_not_in_the_title(table: Table) -> None:
    html = table.read(table.kaisa)
    assert "<h1>Lokikirja: Aatu</h1>" in html
    assert "Aatu" not in html[html.index("<title>") : html.index("</title>")]


def test_one_theme_is_saved_by_itself(table: Table) -> None:
    url = f"{table.url}themes/{table.themes[1].pk}/"
    answer = table.kaisa.post(url, table.mark(1, mark="vulnerability", note=SECRET), headers=JSON)
    assert answer.status_code == 200
    assert answer.json()["saved_at"]
    again = table.mark(1, mark="both", note=SECRET) | {"version": answer.json()["version"]}
    assert table.kaisa.post(url, again, headers=JSON).status_code == 200
    assert LogbookEntry.objects.get().version == 2
    assert table.kaisa.post(f"{table.url}themes/999999/", {}, headers=JSON).status_code == 404


def test_a_new_row_is_one_row_although_it_is_sent_twice(table: Table) -> None:
    key = uuid.uuid4().hex
    row = {
        "row": key, f"r{key}-what": "Varaan rauhallisen paikan", f"r{key}-due_on": fi(today() + timedelta(days=5)),
        f"r{key}-kind": "promise", f"r{key}-membership": str(membership(table.meeting.case, table.world.member).pk),
    }  # fmt: skip
    for _ in range(2):
        answer = table.kaisa.post(f"{table.url}rows/", row)
        assert (answer.status_code, answer["Location"]) == (302, f"{table.url}#suunnitelma")
    assert Commitment.objects.count() == 1


def test_a_row_is_taken_away_and_the_rest_is_kept(table: Table) -> None:
    gone = promise(table.logbook, table.world.professional, "Kadonnut rivi")
    stays = promise(table.logbook, table.world.member, "Jää")
    fields = table.fields(table.kaisa) | table.mark(0, mark="strength", note="Kirjoitin samalla")
    answer = table.kaisa.post(f"{table.url}rows/{gone.ref}/removal/", fields)
    assert answer.status_code == 302
    assert list(Commitment.objects.all()) == [stays]
    assert LogbookEntry.objects.get().note == "Kirjoitin samalla"
    assert "Kadonnut rivi" not in table.read(table.kaisa)


def test_a_row_that_somebody_else_removed_does_not_come_back(table: Table) -> None:
    gone = promise(table.logbook, table.world.professional, "Poistettu toisaalla")
    fields = table.fields(table.kaisa) | table.mark(0, mark="strength", note="Muuta")
    table.sari.post(f"{table.url}rows/{gone.ref}/removal/", table.fields(table.sari))
    assert table.kaisa.post(table.url, fields).status_code == 302
    assert not Commitment.objects.exists()


# -- what cannot be saved is kept on the page


@pytest.mark.parametrize(
    "values, told",
    [
        ({"mark": "strength", "note": "x" * 50_000}, "500"),
        ({"mark": "strength", "note": "Teksti\x00"}, "Rivillä 1"),
        ({"mark": "strength", "note": "Teksti\u202eabc"}, "Rivillä 1"),
        ({"mark": "hyvä", "note": "Teksti"}, "hyvä"),
        ({"mark": "strength", "note": "Teksti", "said_by": "Joku muu"}, "Joku muu"),
    ],
)
def test_a_theme_that_cannot_be_saved_is_told_and_kept(table: Table, values: dict[str, str], told: str) -> None:
    fields = table.fields(table.kaisa) | table.mark(0, **values) | table.mark(1, mark="both", note="Tämä tallentuu")
    answer = table.kaisa.post(table.url, fields)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert told in html
    assert values["note"].split("\x00")[0][:400] in html
    assert LogbookEntry.objects.get().note == "Tämä tallentuu"
    assert table.kaisa.post(table.url, fields, headers=JSON).status_code == 422


@pytest.mark.parametrize(
    "values, told",
    [
        ({"due_on": "31.2.2027"}, "Tällaista päivää ei ole"),
        ({"due_on": ""}, "Kirjoita, mihin mennessä"),
        ({"due_on": "1.1.2020"}, "tapaamisen jälkeen"),
        ({"due_on": "1.1.9999"}, "Tarkista vuosi"),
        ({"membership": ""}, "Valitse, kuka tekee"),
        ({"membership": "999999"}, "999999"),
        ({"what": "x" * 50_000}, "300"),
        ({"what": ""}, "Kirjoita, mitä tehdään"),
        ({"kind": "uhkaus"}, "uhkaus"),
    ],
)
def test_a_row_that_cannot_be_saved_is_told_and_kept(table: Table, values: dict[str, str], told: str) -> None:
    key = uuid.uuid4().hex
    row = {"what": "Säilyvä teksti", "due_on": fi(today() + timedelta(days=5)), "kind": "promise",
           "membership": str(membership(table.meeting.case, table.world.member).pk)} | values  # fmt: skip
    answer = table.kaisa.post(table.url, {"row": key} | {f"r{key}-{name}": value for name, value in row.items()})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert told in html
    assert row["what"][:200] in html
    assert not Commitment.objects.exists()


def test_a_promise_of_the_family_is_refused_with_the_way_out(table: Table) -> None:
    child = table.meeting.case.memberships.get(person__kind="child")
    key = uuid.uuid4().hex
    row = {
        "row": key, f"r{key}-what": "Piirrän aamun", f"r{key}-due_on": fi(today() + timedelta(days=5)),
        f"r{key}-kind": "promise", f"r{key}-membership": str(child.pk),
    }  # fmt: skip
    answer = table.kaisa.post(table.url, row)
    assert answer.status_code == 422
    assert "Piirrän aamun" in answer.content.decode()
    assert table.kaisa.post(table.url, row | {f"r{key}-kind": "child_goal"}).status_code == 302
    assert Commitment.objects.get().kind == "child_goal"


def test_a_member_of_another_network_can_not_be_given_a_deed(table: Table) -> None:
    other = a_case(table.world, child="Onni")
    key = uuid.uuid4().hex
    row = {
        "row": key, f"r{key}-what": "Väärä", f"r{key}-due_on": fi(today() + timedelta(days=5)), f"r{key}-kind": "promise",
        f"r{key}-membership": str(membership(other, table.world.member).pk),
    }  # fmt: skip
    assert table.kaisa.post(table.url, row).status_code == 422
    assert not Commitment.objects.exists()


# -- opening, and who reads


def test_a_look_opens_no_logbook_and_two_clicks_open_one(world: World) -> None:
    meeting = proposed(world, a_case(world))
    base = f"/cases/{meeting.case.ref}/meetings/{meeting.ref}/"
    client = world.client(world.professional)
    assert client.get(f"{base}logbook/")["Location"] == base
    assert not Logbook.objects.exists()
    for _ in range(2):
        assert client.post(f"{base}logbook/opening/")["Location"] == f"{base}logbook/"
    assert Logbook.objects.count() == 1


def invited_later(table: Table) -> Any:
    """A colleague who joined after the meeting: in the network, not invited to it."""
    meetings.add_member(
        case=table.meeting.case, user=table.world.colleague, must_attend=False, by=table.world.coordinator,
        now=timezone.now(),
    )  # fmt: skip
    return table.world.client(table.world.colleague)


@pytest.mark.parametrize("tail", ["", "rows/", "frame/", "approval/", "opening/"])
def test_a_member_who_was_not_invited_neither_reads_nor_writes(table: Table, tail: str) -> None:
    table.kaisa.post(table.url, table.fields(table.kaisa) | table.mark(0, mark="both", note=SECRET))
    client = invited_later(table)
    for answer in (client.post(table.url + tail, table.mark(1, mark="both", note="Luvaton")), client.get(table.url)):
        assert answer.status_code == 404
        assert SECRET not in answer.content.decode()
    assert LogbookEntry.objects.count() == 1
    denied = LogEntry.objects.filter(verb=Verb.DENY, actor_id=table.world.colleague.pk, reason="not invited")
    assert denied.count() == 2
    assert SECRET not in client.get(table.url.removesuffix("logbook/")).content.decode()


def test_the_previous_logbook_is_shown_only_to_those_who_were_there(table: Table) -> None:
    table.kaisa.post(table.url, table.fields(table.kaisa) | table.mark(0, mark="vulnerability", note=SECRET))
    promise(table.logbook, table.world.professional, "Lupaus viime kerralta")
    approved(table.world, table.logbook)
    client = invited_later(table)
    follow_up = proposed(table.world, table.meeting.case)
    opened(table.world, follow_up)
    url = f"/cases/{follow_up.case.ref}/meetings/{follow_up.ref}/logbook/"
    there = table.kaisa.get(url).content.decode()
    assert "Lupaus viime kerralta" in there
    assert there.count("haavoittuvuus") == 1
    later = client.get(url).content.decode()
    assert "Lupaus viime kerralta" in later
    assert "y-theme__prev" not in later
    assert table.url not in later


@pytest.mark.parametrize("persona", ["colleague", "left", "other_coordinator", "leader", "officer", "unit_head"])
def test_nobody_else_finds_the_logbook(table: Table, persona: str) -> None:
    table.kaisa.post(table.url, table.fields(table.kaisa) | table.mark(0, mark="both", note=SECRET))
    client = table.world.client(getattr(table.world, persona))
    for answer in (client.get(table.url), client.post(table.url, {})):
        assert answer.status_code == 404
        assert SECRET not in answer.content.decode()


def test_the_coordinator_reads_and_writes(table: Table) -> None:
    client = table.world.client(table.world.coordinator)
    client.post(table.url, table.fields(client) | table.mark(0, mark="both", note="Koordinaattorin"))
    assert LogbookEntry.objects.get().saved_by == table.world.coordinator


def test_a_lost_session_leads_back_to_the_page(table: Table) -> None:
    table.kaisa.post(table.url, table.fields(table.kaisa) | table.mark(0, mark="both", note="Tallessa"), headers=JSON)
    stranger = table.world.client()
    answer = stranger.post(f"{table.url}rows/", {})
    assert answer.status_code == 302
    assert f"next={table.url}rows/" in answer["Location"]
    back = table.kaisa.get(f"{table.url}rows/", follow=True)
    assert back.redirect_chain == [(table.url, 302)]
    assert "Tallessa" in back.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow(table: Table, count: int, django_assert_num_queries) -> None:
    for n in range(count):
        promise(table.logbook, table.world.professional, f"Rivi {n}")
        table.kaisa.post(table.url, table.fields(table.kaisa) | table.mark(n, mark="both", note=f"Teksti {n}"))
    table.kaisa.get(table.url)
    with django_assert_num_queries(QUERIES):
        assert table.kaisa.get(table.url).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_reading_the_approved_one_does_not_grow_either(table: Table, count: int, django_assert_num_queries) -> None:
    for n in range(count):
        promise(table.logbook, table.world.professional, f"Rivi {n}")
        table.kaisa.post(table.url, table.fields(table.kaisa) | table.mark(n, mark="both", note=f"Teksti {n}"))
    table.logbook.refresh_from_db()
    approved(table.world, table.logbook)
    table.kaisa.get(table.url)
    with django_assert_num_queries(READ_QUERIES):
        assert table.kaisa.get(table.url).status_code == 200


QUERIES = 24
READ_QUERIES = 23
