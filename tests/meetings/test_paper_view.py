"""The logbook's PDF: who gets it, what its file tells, and what happens where PDF files can't be made."""

import io
import sys

import pikepdf
import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from meetings.actions import logbook as logbooks
from meetings.actions import meeting as meetings
from meetings.models import Logbook
from meetings.views.paper import paper_of
from tests.meetings.steps import a_case, approved, held, opened, promise, proposed
from tests.meetings.test_paper import text_of
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb
from yhteiso.lib import pdf

pytestmark = pytest.mark.django_db


def written(world: World) -> Logbook:
    logbook = opened(world, held(world, a_case(world)))
    themes = logbook.template.themes.all()
    for theme, mark, note in zip(
        themes, ("vulnerability", "strength", "not_discussed"), ("Aamut ovat raskaita", "Leikki sujuu", ""), strict=False
    ):
        logbooks.save_entry(
            logbook=logbook, theme=theme, version=0, mark=mark, note=note, said_by="Jenna, äiti", carry_to_plan=False,
            by=world.professional, now=timezone.now(),
        )  # fmt: skip
    promise(logbook, world.professional, "Teen kuvakortit")
    return logbook


def url_of(logbook: Logbook) -> str:
    return f"/cases/{logbook.case.ref}/meetings/{logbook.meeting.ref}/logbook.pdf"


def test_the_file_names_nobody_and_the_copy_is_logged(world: World) -> None:
    logbook = approved(world, written(world))
    answer = world.client(world.professional).get(url_of(logbook))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="lokikirja-{logbook.meeting.ref}.pdf"'
    with pikepdf.open(io.BytesIO(answer.content)) as file:
        assert len(file.pages) >= 1
        for name, value in (file.docinfo or {}).items():
            assert "Aatu" not in str(value), name
        assert str(file.docinfo["/Title"]) == f"Lokikirja {logbook.meeting.ref}"
    entry = LogEntry.objects.get(verb=Verb.PRINT)
    assert (entry.actor_id, entry.case_id, entry.page) == (world.professional.pk, logbook.case_id, "logbook-pdf")


def test_the_copy_carries_what_the_logbook_has_strengths_first(world: World) -> None:
    logbook = approved(world, written(world))
    copy = paper_of(logbook.meeting, logbook, world.professional, timezone.now())
    assert [entry.words for entry in copy.entries] == ["Leikki sujuu", "Aamut ovat raskaita"]
    assert copy.recipient == "Kaisa Koivupuro, Päiväkoti Pikkukäpy"
    assert copy.draft is False
    assert [row.what for row in copy.plan] == ["Teen kuvakortit"]
    assert copy.child_voices[0].words == "Haluan piirtää."
    assert copy.next_line == "Tapaamiset päättyvät tähän."


def test_what_is_not_approved_says_that_it_is_a_draft(world: World) -> None:
    logbook = written(world)
    copy = paper_of(logbook.meeting, logbook, world.professional, timezone.now())
    assert copy.draft is True
    assert world.client(world.professional).get(url_of(logbook)).status_code == 200


def test_a_protected_address_leaves_places_and_units_out(world: World) -> None:
    logbook = written(world)
    logbook.case.protected = True
    logbook.case.save(update_fields=["protected"])
    logbook.meeting.case = logbook.case
    copy = paper_of(logbook.meeting, logbook, world.professional, timezone.now())
    printed = " ".join([copy.meeting_line, copy.recipient, copy.network_line, *(who for _row, who in copy.plan_rows)])
    assert "Pikkukäpy" not in printed
    assert "Perheohjaus" not in printed


def test_a_member_who_was_not_invited_gets_no_copy(world: World) -> None:
    logbook = written(world)
    meetings.add_member(case=logbook.case, user=world.colleague, must_attend=False, by=world.coordinator, now=timezone.now())
    assert world.client(world.colleague).get(url_of(logbook)).status_code == 404


@pytest.mark.parametrize("persona", ["colleague", "left", "other_coordinator", "leader", "officer", "unit_head"])
def test_nobody_else_gets_a_copy(world: World, persona: str) -> None:
    answer = world.client(getattr(world, persona)).get(url_of(written(world)))
    assert answer.status_code == 404
    assert b"%PDF" not in answer.content


def test_without_a_logbook_there_is_no_paper(world: World) -> None:
    meeting = proposed(world, a_case(world))
    url = f"/cases/{meeting.case.ref}/meetings/{meeting.ref}/logbook.pdf"
    assert world.client(world.professional).get(url).status_code == 404


def test_a_server_without_pdf_tells_so_plainly(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    logbook = written(world)
    monkeypatch.setitem(sys.modules, "weasyprint", None)  # what a missing system library looks like
    pdf._writer.cache_clear()
    answer = world.client(world.professional).get(url_of(logbook))
    pdf._writer.cache_clear()
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "PDF-tiedostoa ei voitu tehdä" in html
    assert "Pango" not in html


def test_the_copy_tells_who_approved_and_who_were_there(world: World) -> None:
    logbook = approved(world, written(world))
    copy = paper_of(logbook.meeting, logbook, world.professional, timezone.now())
    assert copy.approval.endswith("Kaisa Koivupuro")
    html = render_to_string("meetings/logbook_pdf.html", {"paper": copy})
    for text in ("Luettu ääneen ja hyväksytty", "Verkostosta paikalla", "Lapsen oma ääni"):
        assert text in html
    with pikepdf.open(io.BytesIO(world.client(world.professional).get(url_of(logbook)).content)) as file:
        assert "Seuraava tapaaminen" in text_of(file.pages[-1])  # the filing box never stands alone


def test_words_without_a_mark_are_on_the_copy(world: World) -> None:
    logbook = opened(world, held(world, a_case(world)))
    logbooks.save_entry(
        logbook=logbook, theme=logbook.template.themes.all()[0], version=0, mark="", note="Ilman merkintää",
        said_by="", carry_to_plan=False, by=world.professional, now=timezone.now(),
    )  # fmt: skip
    copy = paper_of(logbook.meeting, logbook, world.professional, timezone.now())
    assert [(entry.mark.text, entry.words) for entry in copy.entries][-1] == ("Ei merkitty", "Ilman merkintää")
