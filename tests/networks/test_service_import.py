"""The directory from a file and to a file: the trial run, what is brought in, hostile files, and the way back."""

import csv
import io
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from networks.access import NotAllowed
from networks.actions import service_import as actions
from networks.models import Service, ServiceEvent, ServiceImport
from networks.service_file import COLUMNS, as_csv, decode, safe
from networks.service_import import BAD, CHANGED, NEW, SAME, trial
from tests.networks.directory import add, ngo
from tests.personas import World, at
from yhteiso.hats.wear import wearing

NOW = at("2026-06-10 09:00")
TODAY = date(2026, 6, 10)
HEAD = "organization_name,name,phone,minimum_age,maximum_age,service_area,taxonomy_term"


def file_of(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows])


def good(n: int) -> str:
    return f"Perheiden talo ry,Kerho {n:02},08 000 {2000 + n},7,12,Kuusiranta,Kaverit ja leikki"


def send(client: Client, content: bytes | str, name: str = "palvelut-kevät.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(reverse("service-import"), {"file": SimpleUploadedFile(name, data, "text/csv")})


def tried(client: Client, content: bytes | str) -> tuple[ServiceImport, str]:
    answer = send(client, content)
    assert answer.status_code == 302, answer.content.decode()
    return ServiceImport.objects.get(), client.get(answer["Location"]).content.decode()


def press(client: Client, file: ServiceImport, page: str) -> Any:
    digest = page.split('name="digest" value="')[1].split('"')[0]
    return client.post(reverse("service-entry", args=[file.pk]), {"digest": digest})


BROKEN = [
    ("Perheiden talo ry,Ryhmä A,08 000 1,0,6,Kuuusiranta,", "alue ”Kuuusiranta” ei ole olemassa. Tarkoititko Kuusiranta?"),
    ("Perheiden talo ry,Ryhmä B,08 000 2000,12,3,Kuusiranta,", "Alaikäraja on suurempi kuin yläikäraja."),
    ("Perheiden talo ry,Ryhmä C,,0,6,Kuusiranta,", "Puhelinnumero puuttuu."),
    ("Perheiden tallo ry,Ryhmä D,08 000 2000,0,6,,", "järjestäjä ”Perheiden tallo ry” ei ole olemassa. Tarkoititko Perheiden talo ry?"),
    ("Perheiden talo ry,,08 000 2000,0,6,,", "Palvelun nimi puuttuu."),
    ("Perheiden talo ry,Kerho 01,08 000 2000,0,6,,", "Sama palvelu on jo rivillä 2."),
    ("Perheiden talo ry,Ryhmä E,08 000 2000,nolla,6,,", "Kirjoita luku numeroina"),
    ('Perheiden talo ry,"=HYPERLINK(""http://paha.example"")",08 000 2000,0,6,,', "Solu alkaa kuin kaava."),
    ("Perheiden talo ry,Ryhmä F,soita meille,0,6,,mielialla", "tarve ”mielialla” ei ole olemassa. Tarkoititko Mieliala?"),
    ("Perheiden talo ry,Ryhmä G,08 000 2000,0,6,,,ylimääräinen", "Rivillä on liikaa soluja."),
]  # fmt: skip


def test_ten_broken_rows_ten_clear_errors_and_nothing_half_written(world: World) -> None:
    ngo()
    client = world.client(world.coordinator)
    content = file_of(*(good(n) for n in range(1, 40)), *(row for row, _error in BROKEN))
    file, page = tried(client, content)
    assert Service.objects.count() == 0
    assert ServiceEvent.objects.count() == 0
    assert "Mitään ei ole vielä tallennettu." in page
    assert "10 riviä korjattava" in page
    assert "Tuo 39 riviä" in page
    for n, (_row, error) in enumerate(BROKEN, 41):
        line = re.split(f"Rivi {n}[,:]", page)[1].split("</li>")[0]
        assert error in line, (n, line)
    answer = press(client, file, page)
    assert answer.status_code == 302
    assert Service.objects.count() == 39
    assert not Service.objects.filter(name__startswith="Ryhmä").exists()
    assert not ServiceImport.objects.exists()
    assert "Tuotu: 39 uutta, 0 muuttunutta." in client.get(answer["Location"]).content.decode()
    row = Service.objects.get(name="Kerho 07")
    assert (row.area, row.needs, row.level, list(row.areas.all())) == (world.area, ["friends"], "ngo", [world.area])
    assert (row.confirmed_by, row.events.get().kind) == (world.coordinator, "imported")


def test_a_write_that_fails_half_way_leaves_nothing(world: World) -> None:
    """The database refuses the second row, as if somebody had added the same service at that moment: the first goes too."""
    ngo()
    text = file_of(good(1), good(2))
    with wearing("area", world.coordinator.pk):
        file = actions.keep(area=world.area, by=world.coordinator, name="x", text=text, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.twin() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name = 'Kerho 02' THEN"
            " RAISE EXCEPTION 'service_once_in_area' USING ERRCODE = 'unique_violation'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER twin BEFORE INSERT ON networks_service FOR EACH ROW EXECUTE FUNCTION pg_temp.twin()"
        )
    digest = trial(text=text, area=world.area, on=TODAY).digest
    with wearing("area", world.coordinator.pk), pytest.raises(NotAllowed, match="muuttunut"):
        actions.bring_in(file=file, by=world.coordinator, digest=digest, now=NOW)
    assert Service.objects.count() == 0
    assert ServiceEvent.objects.count() == 0
    assert ServiceImport.objects.count() == 1


def test_what_was_shown_is_what_is_brought_in(world: World) -> None:
    """The directory changes between the trial run and the press: nothing is written, the new trial run is shown."""
    ngo()
    client = world.client(world.coordinator)
    file, page = tried(client, file_of(good(1), good(2)))
    add(world, timezone.now(), name="Kerho 01", phone="08 000 9999")
    answer = press(client, file, page)
    assert answer.status_code == 422
    assert "Luettelo on muuttunut koeajon jälkeen" in answer.content.decode()
    assert Service.objects.count() == 1
    assert Service.objects.get().phone == "08 000 9999"
    assert press(client, file, answer.content.decode()).status_code == 302
    assert Service.objects.get(name="Kerho 01").phone == "08 000 2001"
    assert Service.objects.count() == 2
    assert client.get(reverse("service-trial", args=[file.pk])).status_code == 404


def test_brought_in_twice_changes_nothing_and_an_update_is_shown(world: World) -> None:
    ngo()
    client = world.client(world.coordinator)
    file, page = tried(client, file_of(good(1), good(2)))
    press(client, file, page)
    file, page = tried(client, file_of(good(1), good(2)))
    assert "2 ennallaan" in page
    assert 'name="digest"' not in page
    assert client.post(reverse("service-entry", args=[file.pk]), {"digest": "x"}).status_code == 422
    file, page = tried(client, file_of(good(1), good(2).replace("08 000 2002", "08 000 7777")))
    assert "1 muuttuisi" in page
    assert "Tuo 1 rivi<" in page
    assert "<b>Kerho 02</b>" in page
    assert "puhelin" in page
    press(client, file, page)
    row = Service.objects.get(name="Kerho 02")
    assert row.phone == "08 000 7777"
    assert row.events.values_list("changed", flat=True)[0] == ["phone"]


def test_export_and_back_is_nothing(world: World) -> None:
    add(world, NOW, name='-Plus; "lainaus"', sentence="+358 soi, =ei kaava|", name_sv="Pappagrupp", hours="to klo 17")
    add(world, NOW - timedelta(days=300), name="Vanha", unit=world.guidance, agency=world.guidance.agency, areas=[],
        sector="family_services", level="demanding", consultation=True, consultation_when="ti", referral=True, needs=[],
        capacity="queue", capacity_note="jonossa 4", email="a@esimerkki.invalid", url="https://esimerkki.invalid/x")  # fmt: skip
    rows = Service.objects.with_places()
    text = as_csv(rows)
    found = trial(text=decode(text.encode()), area=world.area, on=TODAY)
    assert [(one.kind, one.problems) for one in found.outcomes] == [(SAME, []), (SAME, [])]
    client = world.client(world.professional)
    answer = client.get(reverse("service-csv"))
    assert answer.content.decode() == text
    assert answer["Content-Disposition"] == 'attachment; filename="palvelut.csv"'
    data = json.loads(client.get(reverse("service-json")).content)
    assert data["hsds_version"] == "3.1"
    assert {one["name"] for one in data["services"]} >= {"Vanha"}
    old = next(one for one in data["services"] if one["name"] == "Vanha")
    assert old["organization"] == {"name": "Perhepalvelut"}
    assert old["phones"] == [{"number": "040 000 0133"}]


def test_no_cell_of_an_export_runs(world: World) -> None:
    for cell in ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|x", "\t=1", "\r=1"):
        assert safe(cell).startswith("'")
    for cell in ("+358 40 000 0101", "-5", "Perhe", "08 000 1234", ""):
        assert safe(cell) == cell
    add(world, NOW, name="=cmd|' /C calc'!A0")  # by hand somebody may call a service anything
    table = list(csv.reader(io.StringIO(as_csv(Service.objects.with_places())), delimiter=";"))
    assert table[1][COLUMNS.index("name")] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Tiedosto on tyhjä"),
        (b"organization_name,name\n", "ei rivejä"),
        (b"nimi,puhelin\nA,1\n", "Puuttuu: organization_name, name"),
        (b"organization_name,name\nA,B\x00C\n", "Tämä ei ole CSV-tiedosto"),
        (b"PK\x03\x04organization_name", "Tämä ei ole CSV-tiedosto"),
        ("organization_name,name\nÄ,B\n".encode("utf-16"), "Tämä ei ole CSV-tiedosto"),
        (b"organization_name,name\n\x81\x8d,B\n", "kirjaimia ei voi lukea"),
        (b"organization_name,name,name\nA,B,C\n", "Sama sarake on kahdesti: name"),
        (b"organization_name,name\n" + b"A,B\n" * 501, "yli 500"),
        (b"organization_name,name\nA," + b"x" * 200_000, "ei ole ehj"),
        (b"organization_name,name\n" + b"A,B\n" * 200_000, "liian iso"),
    ],
)
def test_hostile_and_broken_files_are_refused_with_a_reason(world: World, content: bytes, sentence: str) -> None:
    answer = send(world.client(world.coordinator), content)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ServiceImport.objects.exists()


def test_a_file_of_megabytes_is_not_read_at_all(world: World) -> None:
    assert send(world.client(world.coordinator), b"a" * (3 * 1024 * 1024)).status_code == 400


def test_hostile_cells_are_rows_to_be_mended_and_never_markup(world: World) -> None:
    ngo()
    client = world.client(world.coordinator)
    rows = [
        "Perheiden talo ry,<script>alert(1)</script>,08 000 2000,0,6,,",
        "<img src=x>,X,08 000 2000,0,6,,",
        "Perheiden talo ry,A\x07B,08 000 2000,0,6,,",
        "Perheiden talo ry,\u202eB,08 000 2000,0,6,,",
        f"Perheiden talo ry,{'x' * 121},08 000 2000,0,6,,",
        "Perheiden talo ry,Y,08 000 2000,99999999999999999999,6,,",
        "Perheiden talo ry,Z,08 000 2000,²,6,,",
        "٣,W,08 000 2000,0,6,,",
    ]
    file, page = tried(client, file_of(*rows))
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "7 riviä korjattava" in page
    errors = client.get(reverse("service-errors", args=[file.pk]))
    table = list(csv.reader(io.StringIO(errors.content.decode("utf-8-sig")), delimiter=";"))
    assert table[0][:3] == ["row", "errors", "organization_name"]
    assert [row[0] for row in table[1:]] == [
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
    ]
    assert all(row[1] for row in table[1:])


def test_what_excel_saves_is_read(world: World) -> None:
    ngo("Äijät ry")
    head = HEAD.replace(",", ";") + ";Oma sarake"
    text = f"{head}\r\nÄijät ry;Hyvä, ryhmä;08 000 2000;0;6;Kuusiranta | Haapaniemi;mood|Uni ja aamut;x\r\n;;;;;;;\r\n"
    for data in (text.encode("cp1252"), text.encode(), text.encode("utf-8-sig")):
        found = trial(text=decode(data), area=world.area, on=TODAY)
        assert [one.kind for one in found.outcomes] == [NEW]
        assert list(found.unknown) == ["oma sarake"]
        details = found.outcomes[0].details
        assert details["name"] == "Hyvä, ryhmä"
        assert details["needs"] == ["mood", "sleep"]
        assert details["areas"] == [world.area, world.other_area] or set(details["areas"]) == {world.area, world.other_area}


def one(world: World, head: str, row: str) -> Any:
    return trial(text=f"{head}\n{row}", area=world.area, on=TODAY).outcomes[0]


def test_columns_that_are_not_there_keep_what_the_entry_has(world: World) -> None:
    row = add(world, NOW, name_sv="Pappagrupp")
    found = one(world, "organization_name,name,email", "Perheiden talo ry,ISÄRYHMÄ,isat@esimerkki.invalid")
    assert (found.kind, found.service, found.changed) == (CHANGED, row, ["name", "email"])
    assert found.details["name_sv"] == "Pappagrupp"
    assert found.details["phone"] == "040 000 0133"
    found = one(world, "organization_name,name,alternate_name_sv", "Perheiden talo ry,Isäryhmä,")
    assert found.changed == ["name_sv"]  # an empty cell empties


def test_days_and_states_of_a_file(world: World) -> None:
    row = add(world, NOW)
    head = "organization_name,name,"
    same = "Perheiden talo ry,Isäryhmä,"
    assert one(world, f"{head}assured_date", f"{same}2026-06-11").problems == [("assured_date", "Päivä on tulevaisuudessa.")]
    assert one(world, f"{head}assured_date", f"{same}eilen").kind == BAD
    assert one(world, f"{head}assured_date", f"{same}1.1.2026").kind == SAME  # an older confirmation undoes nothing
    older = one(world, f"{head}capacity_status,capacity_description,capacity_updated", f"{same}full,täynnä,2026-06-01")
    assert older.kind == SAME  # what was told here later stays
    newer = one(world, f"{head}capacity_status", f"{same}full")
    assert newer.changed == ["capacity"]
    assert one(world, f"{head}status", f"{same}inactive").changed == ["active"]
    assert one(world, f"{head}status", f"{same}poissa").kind == BAD
    assert one(world, f"{head}status,phone", "Perheiden talo ry,Uusi,inactive,08 000 2000").kind == BAD
    with wearing("area", world.coordinator.pk):
        text = f"{head}status\n{same}defunct"
        file = actions.keep(area=world.area, by=world.coordinator, name="x", text=text, now=NOW)
        digest = trial(text=text, area=world.area, on=TODAY).digest
        assert actions.bring_in(file=file, by=world.coordinator, digest=digest, now=NOW) == (0, 1)
    row.refresh_from_db()
    assert not row.active


def test_a_trial_asks_as_many_questions_for_many_rows_as_for_one(world: World) -> None:
    ngo()
    counts = []
    for n in (1, 30):
        text = file_of(*(good(k) for k in range(n)))
        with CaptureQueriesContext(connection) as queries:
            trial(text=text, area=world.area, on=TODAY)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_only_who_keeps_the_directory_and_only_one_s_own_file(world: World) -> None:
    ngo()
    file, _page = tried(world.client(world.coordinator), file_of(good(1)))
    urls = [reverse(name, args=[file.pk]) for name in ("service-trial", "service-errors")]
    for user in (world.second_coordinator, world.administrator, world.other_coordinator, world.professional, world.officer):
        client = world.client(user)
        assert [client.get(url).status_code for url in urls] == [404, 404], user.name
        assert client.post(reverse("service-entry", args=[file.pk]), {"digest": "x"}).status_code == 404
        with wearing(user.hat, user.pk):
            assert user.hat not in ("area", "admin") or not ServiceImport.objects.exists()
    for user in (world.professional, world.leader, world.officer, world.unit_head):
        assert send(world.client(user), file_of(good(2))).status_code == 404
    assert ServiceImport.objects.count() == 1
    assert not Service.objects.exists()


def test_the_administrator_chooses_the_area_and_a_coordinator_may_not(world: World) -> None:
    ngo()
    area = {"area": world.other_area.pk}
    data = {"file": SimpleUploadedFile("a.csv", file_of(good(1).replace("Kuusiranta", "")).encode())}
    url = f"{reverse('service-import')}?area={area['area']}"
    assert world.client(world.administrator).post(url, data).status_code == 302
    assert ServiceImport.objects.get().area == world.other_area
    data["file"].seek(0)
    world.client(world.coordinator).post(url, data)
    assert set(ServiceImport.objects.values_list("area", flat=True)) == {world.other_area.pk, world.area.pk}


def test_old_files_go(world: World) -> None:
    ngo()
    with wearing("area", world.coordinator.pk):
        actions.keep(area=world.area, by=world.coordinator, name="x", text="x", now=NOW)
    with wearing("jobs"):
        assert actions.forget_old(now=NOW + timedelta(days=6)) == 0
        assert actions.forget_old(now=NOW + timedelta(days=8)) == 1
