"""Reads without a row: none. Every page that shows something of a family has written who saw it, in the same transaction."""

import pytest

from tests.test_access_matrix import PERSONAS, Scene, rows
from yhteiso.audit.models import SECTIONS, LogEntry, Verb

CONTENT = ("Aatu", "SALAINEN", "Suvilehto")
SEEN = (Verb.VIEW, Verb.LIST, Verb.SEARCH, Verb.PRINT, Verb.EXPORT, Verb.CHANGE)
# Pages of a case that show none of its sections: only who has looked, or only the question of a form.
WITHOUT_SECTIONS = {"case-readers", "hand-over"}


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


def test_no_page_shows_a_family_without_a_row(scene: Scene) -> None:
    shown = 0
    for row in rows():
        if row["method"] != "GET" or row["url"].startswith(("account_", "mfa_")):  # of one's own account
            continue
        for persona in PERSONAS:
            if row[persona] != "200" or persona in ("anonymous", "no_factor", "nobody"):
                continue
            before = set(LogEntry.objects.values_list("pk", flat=True))
            response = scene.ask(persona, "GET", row["url"])
            assert response.status_code == 200  # type: ignore[attr-defined]
            body = response.content.decode(errors="replace")  # type: ignore[attr-defined]
            pdf = body.startswith("%PDF")
            if not pdf and not any(word in body for word in CONTENT):
                continue
            shown += 1
            entries = [e for e in LogEntry.objects.exclude(pk__in=before) if e.verb in SEEN]
            where = f"{persona} {row['url']}"
            assert entries, where
            assert {e.actor_id for e in entries} == {(scene.people.get(persona) or getattr(scene.world, persona)).pk}, where
            if scene.case.ref in scene.url(row["url"]) or scene.case.ref in body:
                named = [e for e in entries if e.case_id == scene.case.pk or scene.case.pk in e.case_ids]
                assert named, where
                of_case = [e for e in named if e.case_id and e.page not in WITHOUT_SECTIONS]
                assert all(e.sections for e in of_case), where
                assert all(set(e.sections) <= set(SECTIONS) for e in named), where
                assert all(e.why for e in named), where
    assert shown > 20
