"""Two at one logbook, and its approval: nothing is overwritten unseen, nothing is changed afterwards."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from meetings.actions import logbook as logbooks
from meetings.models import LogbookEntry
from tests.meetings.steps import approved, fi, promise, today
from tests.meetings.table import JSON, Table, form_of
from tests.personas import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(world: World) -> Table:
    return Table(world)


def seen(html: str) -> str:
    return re.search(r'name="seen" value="([^"]+)"', html)[1]  # type: ignore[index]


# -- two writers


def test_two_may_write_different_themes_at_once(table: Table) -> None:
    mine, theirs = table.fields(table.kaisa), table.fields(table.sari)
    assert table.kaisa.post(table.url, mine | table.mark(0, mark="strength", note="Kaisan")).status_code == 302
    assert table.sari.post(table.url, theirs | table.mark(1, mark="both", note="Sarin")).status_code == 302
    assert sorted(LogbookEntry.objects.values_list("note", flat=True)) == ["Kaisan", "Sarin"]


def test_two_in_one_theme_see_both_texts_and_nothing_is_lost(table: Table) -> None:
    mine, theirs = table.fields(table.kaisa), table.fields(table.sari)
    table.sari.post(table.url, theirs | table.mark(0, mark="both", note="Sarin teksti"))
    mine |= table.mark(0, mark="strength", note="Kaisan teksti") | table.mark(1, mark="both", note="Toinen kohta")
    assert table.kaisa.post(table.url, mine, headers=JSON).status_code == 409
    answer = table.kaisa.post(table.url, mine)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Sarin teksti" in html
    assert "Kaisan teksti" in html
    assert "Sari Hietaniitty" in html
    assert LogbookEntry.objects.get(theme=table.themes[0]).note == "Sarin teksti"
    assert LogbookEntry.objects.get(theme=table.themes[1]).note == "Toinen kohta"
    assert not re.search(r'-keep" value="[a-z]+" checked', html)
    assert "<span data-save-text>Kaikki ei ole vielä tallessa.</span>" in html
    undecided = table.kaisa.post(table.url, form_of(html) | {f"t{table.themes[0].pk}-asked": "1"})
    assert undecided.status_code == 409
    html = undecided.content.decode()
    assert "Sarin teksti" in html
    assert "Kaisan teksti" in html
    assert LogbookEntry.objects.get(theme=table.themes[0]).note == "Sarin teksti"
    merged = form_of(html) | table.mark(0, mark="both", note="Sarin ja Kaisan teksti", keep="mine")
    assert table.kaisa.post(table.url, merged).status_code == 302
    entry = LogbookEntry.objects.get(theme=table.themes[0])
    assert (entry.note, entry.version) == ("Sarin ja Kaisan teksti", 2)
    assert list(entry.versions.values_list("note", flat=True)) == ["Sarin teksti", "Sarin ja Kaisan teksti"]


def test_the_others_text_may_stay(table: Table) -> None:
    mine = table.fields(table.kaisa) | table.mark(0, mark="strength", note="Kaisan teksti")
    table.sari.post(table.url, table.fields(table.sari) | table.mark(0, mark="both", note="Sarin teksti"))
    html = table.kaisa.post(table.url, mine).content.decode()
    chosen = form_of(html) | table.mark(0, keep="theirs")
    assert table.kaisa.post(table.url, chosen).status_code == 302
    assert LogbookEntry.objects.get().note == "Sarin teksti"


def test_the_childs_voice_is_not_overwritten_unseen(table: Table) -> None:
    mine = table.fields(table.kaisa) | {"frame-child_heard": "present", "frame-child_words": "Kaisan kuulema"}
    table.sari.post(f"{table.url}frame/", {"frame-child_heard": "before", "frame-child_words": "Sarin kuulema"})
    answer = table.kaisa.post(table.url, mine)
    assert answer.status_code == 409
    assert "Sarin kuulema" in answer.content.decode()
    assert "Kaisan kuulema" in answer.content.decode()
    undecided = table.kaisa.post(table.url, form_of(answer.content.decode()) | {"frame-asked": "1"})
    assert undecided.status_code == 409
    chosen = form_of(undecided.content.decode()) | {"frame-asked": "1", "frame-keep": "mine"}
    assert table.kaisa.post(table.url, chosen).status_code == 302
    table.logbook.refresh_from_db()
    assert table.logbook.child_words == "Kaisan kuulema"


def test_a_row_changed_by_both_is_told(table: Table) -> None:
    row = promise(table.logbook, table.world.professional, "Alku")
    name = f"r{row.form_key.hex}-what"
    mine, theirs = table.fields(table.kaisa), table.fields(table.sari)
    assert table.sari.post(table.url, theirs | {name: "Sarin muutos"}).status_code == 302
    answer = table.kaisa.post(table.url, mine | {name: "Kaisan muutos"})
    assert answer.status_code == 409
    assert "Sarin muutos" in answer.content.decode()
    assert "Kaisan muutos" in answer.content.decode()
    asked = {name.replace("-what", "-asked"): "1"}
    undecided = table.kaisa.post(table.url, form_of(answer.content.decode()) | asked)
    assert undecided.status_code == 409
    chosen = form_of(undecided.content.decode()) | asked | {name.replace("-what", "-keep"): "mine"}
    assert table.kaisa.post(table.url, chosen).status_code == 302
    row.refresh_from_db()
    assert row.what == "Kaisan muutos"


@pytest.mark.parametrize("token", ["", "roskaa", "t1:9999999999999:zz", "\x00", "t" * 50_000])
def test_a_broken_version_never_overwrites(table: Table, token: str) -> None:
    logbooks.save_entry(
        logbook=table.logbook, theme=table.themes[0], version=0, mark="both", note="Ensimmäinen", said_by="",
        carry_to_plan=False, by=table.world.member, now=timezone.now(),
    )  # fmt: skip
    answer = table.kaisa.post(table.url, table.mark(0, mark="strength", note="Toinen") | {"version": token})
    assert answer.status_code == 409
    assert LogbookEntry.objects.get().note == "Ensimmäinen"


# -- approving


def test_the_approval_is_closed_until_the_child_is_heard(table: Table) -> None:
    html = table.read(table.kaisa)
    assert "disabled aria-describedby" in html
    fields = table.fields(table.kaisa) | table.mark(0, mark="strength", note="Kirjoitettu ennen")
    answer = table.kaisa.post(table.url, fields | {"then": "approval"}, follow=True)
    assert answer.redirect_chain == [(f"{table.url}approval/", 302)]
    html = answer.content.decode()
    assert "Kirjoitettu ennen" in html
    assert "miten lasta kuultiin" in html
    assert "disabled aria-describedby" in html
    assert table.kaisa.post(f"{table.url}approval/", {"seen": seen(html)}).status_code == 422
    table.logbook.refresh_from_db()
    assert table.logbook.approved_at is None


def test_the_approval_saves_makes_promises_and_closes(table: Table) -> None:
    row = promise(table.logbook, table.world.professional)
    fields = table.fields(table.kaisa) | table.mark(0, mark="strength", note="Viimeinen lause")
    fields |= {"frame-child_heard": "not_asked", "frame-child_words": "Nukkui päiväunia", "frame-ends_here": "on"}
    aloud = table.kaisa.post(table.url, fields | {"then": "approval"}, follow=True).content.decode()
    for text in (
        "Viimeinen lause",
        "Nukkui päiväunia",
        "Teen kuvakortit",
        "Tapaamiset päättyvät tähän.",
        "Sari Hietaniitty",
    ):
        assert text in aloud
    table.logbook.refresh_from_db()
    assert table.logbook.approved_at is None
    for _ in range(2):  # a double click
        answer = table.kaisa.post(f"{table.url}approval/", {"seen": seen(aloud)})
        assert (answer.status_code, answer["Location"]) == (302, table.url)
    assert table.kaisa.get(f"{table.url}approval/")["Location"] == table.url
    table.logbook.refresh_from_db()
    row.refresh_from_db()
    assert table.logbook.approved_by == table.world.professional
    assert row.agreed_at
    html = table.read(table.sari)
    assert "Viimeinen lause" in html
    assert "<textarea" not in html
    assert "logbook.pdf" in html
    assert table.meeting.case.events.filter(kind="logbook_approved").count() == 1


def test_what_changed_after_the_reading_is_read_again(table: Table) -> None:
    fields = table.fields(table.kaisa) | {"frame-child_heard": "present", "frame-next_on": fi(today() + timedelta(days=20))}
    aloud = table.kaisa.post(table.url, fields | {"then": "approval"}, follow=True).content.decode()
    table.sari.post(table.url, table.fields(table.sari) | table.mark(0, mark="both", note="Sarin lisäys"))
    answer = table.kaisa.post(f"{table.url}approval/", {"seen": seen(aloud)})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Sarin lisäys" in html
    table.logbook.refresh_from_db()
    assert table.logbook.approved_at is None
    assert table.kaisa.post(f"{table.url}approval/", {"seen": seen(html)}).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_reading_aloud_asks_the_same_number_of_queries(table: Table, count: int, django_assert_num_queries) -> None:
    for n in range(count):
        promise(table.logbook, table.world.professional, f"Rivi {n}")
        table.kaisa.post(table.url, table.fields(table.kaisa) | table.mark(n, mark="both", note=f"Teksti {n}"))
    table.kaisa.get(f"{table.url}approval/")
    with django_assert_num_queries(APPROVAL_QUERIES):
        table.kaisa.get(f"{table.url}approval/")


APPROVAL_QUERIES = 25


def test_after_the_approval_a_late_text_is_refused_and_kept(table: Table) -> None:
    fields = table.fields(table.kaisa)
    approved(table.world, table.logbook)
    answer = table.kaisa.post(table.url, fields | table.mark(0, mark="strength", note="Myöhästynyt lause"))
    assert answer.status_code == 422
    assert "Myöhästynyt lause" in answer.content.decode()
    assert not LogbookEntry.objects.exists()


def test_a_twelve_year_old_must_be_given_the_chance(world: World) -> None:
    table = Table(world, age=12, child="Iida")
    assert "12 vuotta täyttäneelle" in table.read(table.kaisa)
    young = Table(world, age=11, child="Eevi")
    assert "12 vuotta täyttäneelle" not in young.read(young.kaisa)
