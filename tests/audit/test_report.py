"""The report for a family: everybody who saw something of one situation in one period, and the step that leaves names out."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases.models import Case
from tests.audit.rows import row
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb

pytestmark = pytest.mark.django_db


def ask(world: World, path: str, status: int = 200, **query: object) -> str:
    response = world.client(world.officer).get(f"/log/report/{path}", query)
    assert response.status_code == status
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.fixture
def case(world: World) -> Case:
    found = world.case()
    now = timezone.now()
    fields = {"case_id": found.pk, "actor_unit": "Perheohjaus", "actor_agency": "Perhepalvelut"}
    for n in range(3):
        row(
            n, now=now, actor_id=world.coordinator.pk, actor_name="Riikka Tuulenpää", hat="area", why="coordinator", **fields
        )
    row(now=now, actor_id=world.member.pk, actor_name="Sari Hietaniitty", sections=["plan"], **fields)
    row(now=now, actor_id=world.member.pk, actor_name="Sari Hietaniitty", verb=Verb.LIST, **fields | {
        "case_id": None, "case_ids": [found.pk, 99]})  # fmt: skip
    row(now=now, actor_id=world.left.pk, actor_name="Torjuttu Henkilö", verb=Verb.DENY, **fields)
    row(now=now - timedelta(days=90), actor_id=world.left.pk, actor_name="Antti Lumme", **fields)
    row(now=now, actor_id=world.colleague.pk, actor_name="Muun Tilanteen", **fields | {"case_id": found.pk + 1})
    return found


def test_each_person_once_with_what_they_did(world: World, case: Case) -> None:
    since = timezone.localdate() - timedelta(days=30)
    page = ask(world, "", ref=case.ref, why="request", since=since.isoformat())
    assert "Riikka Tuulenpää" in page
    assert "3 avausta" in page
    assert "1 avaus · 1 luettelo" in page
    for absent in ("Antti Lumme", "Torjuttu Henkilö", "Muun Tilanteen", "Aatu"):
        assert absent not in page
    assert "Antti Lumme" in ask(world, "", ref=case.ref, why="request")
    entries = LogEntry.objects.filter(page="log-report", verb="search", reason="request", case_id=case.pk)
    assert entries.count() == 2


def test_a_name_that_is_left_out_is_nowhere_on_the_paper(world: World, case: Case) -> None:
    page = ask(world, "print/", ref=case.ref, why="request", hide=world.member.pk)
    assert "Sari Hietaniitty" not in page
    assert "Nimi jätetty pois" in page
    assert "Riikka Tuulenpää" in page
    assert "alueen koordinaattori" in page
    assert f"Tilanne {case.ref}" in page
    assert "Aatu" not in page
    assert LogEntry.objects.filter(page="log-report-print", verb="print", case_id=case.pk).count() == 1


def test_whoever_the_network_knows_by_a_mask_is_never_named(world: World, case: Case) -> None:
    case.memberships.filter(user=world.member).update(masked=True)
    page = ask(world, "print/", ref=case.ref, why="request")
    assert "Sari Hietaniitty" not in page
    assert "Terveyspalvelut" in page
    assert "jää aina pois" in ask(world, "", ref=case.ref, why="request")


def test_what_is_missing_is_asked_for(world: World, case: Case) -> None:
    assert "Tunnus näyttää tältä" in ask(world, "", 422, ref="x", why="request")
    ask(world, "", 422, ref=case.ref)  # without a reason
    ask(world, "print/", 302, ref=case.ref)
    ask(world, "print/", 302, ref="0000-0000-00", why="request")
    assert "Tällaista tilannetta ei ole" in ask(world, "", ref="0000-0000-00", why="request")
    assert "Kukaan ei ole katsonut" in ask(
        world, "", ref=case.ref, why="request", since="1.1.2001", until="2.1.2001"
    )  # fmt: skip


@pytest.mark.parametrize("hide", ["x", "1" * 400, "-1", "\x00"])
def test_an_invented_key_hides_nobody(world: World, case: Case, hide: str) -> None:
    assert "Sari Hietaniitty" in ask(world, "print/", ref=case.ref, why="request", hide=hide)
