"""The disclosure log: a register of its own, beside the use log, that only the officer reads."""

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from tests.audit.rows import handing_over
from tests.personas import World
from yhteiso.audit.models import Basis, DisclosureEntry, LogEntry
from yhteiso.hats.roles import WEB_HATS
from yhteiso.hats.wear import wearing


def page(world: World, query: str = "") -> str:
    response = world.client(world.officer).get(f"/disclosures/{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def test_the_officer_reads_from_whom_to_whom_what_and_on_what_ground(world: World) -> None:
    case = world.case()
    handing_over(now=timezone.now(), case_id=case.pk, to_person="Papinkaari", consent_ids=[4, 4, 2])
    text = page(world)
    for words in ("Perhepalvelut", "Seurakunta", "Papinkaari", "suunnitelma ja lupaukset", "suostumus", "2 suostumusta",
                  "asiakirja 7K2M-41SX-Q9", case.ref):  # fmt: skip
        assert words in text
    assert "Aatu" not in text
    assert LogEntry.objects.filter(page="disclosures", verb="list").count() == 1


def test_one_situation_by_its_reference(world: World) -> None:
    case = world.case()
    handing_over(now=timezone.now(), case_id=case.pk, to_agency="Oma taho")
    handing_over(now=timezone.now(), case_id=case.pk + 1, to_agency="Muu taho")
    text = page(world, f"?ref={case.ref}")
    assert ("Oma taho" in text, "Muu taho" in text) == (True, False)
    assert "Tällaisia rivejä ei ole" in page(world, "?ref=0000-0000-00")


def test_a_hundred_rows_and_then_the_rest(world: World) -> None:
    for n in range(130):
        handing_over(n, now=timezone.now())
    first = page(world)
    assert first.count("<tr") == 101
    key = first.split("after=")[1].split('"')[0]
    assert page(world, f"?after={key}").count("<tr") == 31
    assert world.client(world.officer).get("/disclosures/?after=x").status_code == 404


def test_nobody_else_reads_it_and_nobody_writes_in_another_s_name(world: World) -> None:
    handing_over(now=timezone.now())
    for hat in set(WEB_HATS) - {"officer"}:
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.officer.pk):
            DisclosureEntry.objects.exists()
    with wearing("area", world.coordinator.pk):
        handing_over(now=timezone.now(), by_id=world.coordinator.pk)
    with pytest.raises(ProgrammingError, match="row-level security"), wearing("area", world.coordinator.pk):
        handing_over(now=timezone.now(), by_id=world.member.pk)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        DisclosureEntry.objects.update(to_agency="x")


def test_consent_as_the_ground_names_the_consent_and_a_section_is_a_known_one(db: None) -> None:
    with pytest.raises(ValueError, match="names the consent"):
        handing_over(now=timezone.now(), consent_ids=[])
    with pytest.raises(ValueError, match="no such section: gossip"):
        handing_over(now=timezone.now(), sections=["gossip"])
    handing_over(now=timezone.now(), basis=Basis.EMERGENCY, consent_ids=[], sections=["plan", "time", "plan"])
    assert DisclosureEntry.objects.get().sections == ["time", "plan"]
