"""The family asked first: what an anonymous consultation keeps, refuses and asks for, and how a yes goes on from it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import concern as concerns
from cases.actions import draft as drafts
from cases.actions import intake
from cases.actions.sweep import sweep
from cases.actions.tick import tick
from cases.models import Concern, ConcernDraft, Deadline, FamilyTalk, Message, Task
from cases.naming import naming
from tests.cases.test_concern_page import NEW, filled
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date


def today() -> str:
    day = helsinki_date(timezone.now())
    return f"{day.day}.{day.month}.{day.year}"


def consult(world: World, asked: str = "not_yet", **fields: Any) -> Concern:
    answer = world.client(world.professional).post(NEW, filled(family_asked=asked, agreed="Puhuin ti.", **fields))
    assert answer.status_code == 302, answer.content.decode()
    return Concern.objects.order_by("-pk").first()


def say(world: World, concern: Concern, answer: str, **fields: Any) -> Any:
    data = {"talked_by": "self", "talked_on": today(), "said": answer} | fields
    return world.client(world.professional).post(reverse("concern-talk", args=[concern.ref]), data)


@pytest.mark.parametrize("asked", ["not_yet", "thinking"])
def test_only_a_yes_brings_a_name(world: World, asked: str) -> None:
    concern = consult(world, asked)
    assert (concern.child_name, concern.child_age, concern.place, concern.children_home) == ("", None, "", "")
    with pytest.raises(IntegrityError), transaction.atomic():
        Concern.objects.filter(pk=concern.pk).update(child_name="Touko")


@pytest.mark.parametrize("asked", ["yes", "thinking"])
def test_who_talked_when_and_what_they_said_is_asked_for(world: World, asked: str) -> None:
    answer = world.client(world.professional).post(NEW, filled(family_asked=asked, agreed=""))
    assert answer.status_code == 422
    assert "Kirjoita, kuka puhui perheen kanssa" in answer.content.decode()
    assert not Concern.objects.exists()


# -- the guard of texts


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Hänen tunnuksensa on 131052-308T.", "henkilötunnus"), ("131052A308t", "henkilötunnus"),
        ("soita 040 000 0101", "puhelinnumero"), ("+358 40 0000101", "puhelinnumero"), ("08-000 1234", "puhelinnumero"),
        ("aiti(at)esimerkki.fi", "sähköpostiosoite"), ("aiti@esimerkki.fi", "sähköpostiosoite"),
        ("syntynyt 3.2.2020", "päivämäärä"), ("s. 03.02.20", "päivämäärä"), ("2020-02-03", "päivämäärä"),
        ("Toukon aamut ovat vaikeita", "nimi"), ("touko itkee", "nimi"), ("Puhuin Toukollekin", "nimi"),
    ],
)  # fmt: skip
def test_a_text_that_names_somebody_is_refused_beside_its_field(world: World, text: str, sentence: str) -> None:
    answer = world.client(world.professional).post(NEW, filled(family_asked="not_yet", everyday=text))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in body.split('id="id_everyday_error"')[1].split("</p>")[0]
    assert text in body
    assert 'value="Touko"' in body
    assert not Concern.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "Puhuin tiistaina 9.6. klo 8.30-9.30.", "Aamut ovat vaikeita 3-4 kertaa viikossa.", "toukokuussa alkoi",
        "10-12-vuotiaiden ryhmässä", "vuosina 2024-2025", "klo 12.30–13.00, 20 min",
    ],
)  # fmt: skip
def test_an_ordinary_text_is_not_refused(text: str) -> None:
    assert naming(text, ["Touko"]) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pekka", "Pekan"), ("Aatu", "Aadulla"), ("Matti", "Matin"), ("Antti", "Antinkin"), ("Markus", "Markuksen"),
        ("Joel", "Joelin"), ("Virtanen", "Virtasen"), ("Väinö", "Väinölle"), ("Sanna-Maria", "Mariaa"), ("Eero", "EERO"),
    ],
)  # fmt: skip
def test_a_name_is_known_in_its_finnish_forms(name: str, text: str) -> None:
    assert naming(f"ja {text} sanoi", [name])
    assert naming(f"ja {text}xyz sanoi", [name]) is None


def test_an_identity_code_is_refused_with_a_yes_too(world: World) -> None:
    answer = world.client(world.professional).post(NEW, filled(everyday="131052-308T"))
    assert answer.status_code == 422
    assert world.client(world.professional).post(NEW, filled(everyday="Toukon aamut, 3.2.2020")).status_code == 302


# -- the two days


def test_the_task_and_the_reminder_end_by_the_talk_and_not_by_the_answer(world: World) -> None:
    concern, now = consult(world), timezone.now()
    task = Task.objects.get(kind="ask_family")
    assert (task.to, task.about, task.due_at - concern.sent_at) == (world.professional, concern.ref, timedelta(days=2))
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    call = intake.save_call(call=call, version=call.version, now=now, route="advice")
    intake.finish_call(call=call, by=world.coordinator, now=now)
    ahead = Deadline.objects.open().filter(kind="family_asked", about=str(concern.pk))
    assert ahead.exists()
    tick(now=now + timedelta(days=5))
    assert Message.objects.filter(what="family_asked", to=world.professional).exists()

    page = world.client(world.professional).get(reverse("task-list")).content.decode()
    assert reverse("concern-talk", args=[concern.ref]) in page
    done = reverse("task-done", args=[task.pk])
    assert done not in page
    assert "päättää tehtävän" in world.client(world.professional).post(done, follow=True).content.decode()
    assert Task.objects.open().exists()

    assert say(world, concern, "thinking").status_code == 302
    assert not ahead.exists()
    assert not Task.objects.open().exists()
    assert not sweep(repair=False, now=now + timedelta(days=1)).found.get("family_asked")


def test_the_reminder_is_on_the_front_page_the_receipt_and_the_messages(world: World) -> None:
    concern = consult(world)
    link = reverse("concern-talk", args=[concern.ref])
    tick(now=timezone.now() + timedelta(days=4))
    for url in ("/", reverse("concern", args=[concern.ref]), reverse("messages"), reverse("task-list")):
        assert link in world.client(world.professional).get(url).content.decode(), url
    say(world, concern, "no")
    for url in ("/", reverse("messages"), reverse("task-list")):
        assert link not in world.client(world.professional).get(url).content.decode(), url


def test_the_sweep_writes_a_lost_reminder_again_and_ends_a_stale_one(world: World) -> None:
    concern, now = consult(world), timezone.now()
    rows = Deadline.objects.filter(kind="family_asked", about=str(concern.pk))
    rows.delete()
    sweep(repair=True, now=now)
    assert rows.open().exists()
    FamilyTalk.objects.create(
        concern=concern, talked_by="self", talked_on=helsinki_date(now), said="no", at=now, by=world.professional
    )
    sweep(repair=True, now=now)
    assert not rows.open().exists()


def test_a_family_that_thinks_has_been_asked(world: World) -> None:
    consult(world, "thinking")
    assert not Task.objects.exists()
    assert not Deadline.objects.filter(kind="family_asked").exists()


# -- what the family said


def test_a_yes_opens_the_kept_text_and_the_new_message_takes_the_place_of_the_old(world: World) -> None:
    concern, client = consult(world, everyday="Aamut ovat raskaita."), world.client(world.professional)
    assert set(ConcernDraft.objects.get(kept=True).open()) == {"strengths", "everyday", "reachable"}
    answer = say(world, concern, "yes")
    assert answer.url == NEW
    body = client.get(NEW).content.decode()
    assert "Aamut ovat raskaita." in body
    assert "Touko" not in body
    assert "checked" in body.split('value="yes"')[1].split(">")[0]
    row = ConcernDraft.objects.get()
    sent = client.post(NEW, filled(form_key=str(row.form_key)) | {"version": "1"})
    assert sent.status_code == 302
    concern.refresh_from_db()
    assert (concern.withdrawn_at is not None, concern.everyday, concern.strengths) == (True, "", "")
    assert Concern.objects.waiting().get().child_name == "Touko"
    assert not ConcernDraft.objects.exists()
    assert not Deadline.objects.open().filter(about=str(concern.pk)).exists()


@pytest.mark.parametrize("said", ["no", "thinking"])
def test_without_a_yes_nothing_opens(world: World, said: str) -> None:
    concern = consult(world)
    assert say(world, concern, said).url == reverse("concern", args=[concern.ref])
    answer = world.client(world.professional).post(reverse("concern-continuation", args=[concern.ref]), follow=True)
    assert "Kirjaa ensin" in answer.content.decode()
    assert ConcernDraft.objects.get().kept


def test_another_unfinished_draft_is_not_lost(world: World) -> None:
    concern, client = consult(world), world.client(world.professional)
    client.post(reverse("concern-draft"), filled(everyday="Toinen lapsi"))
    answer = client.post(
        reverse("concern-talk", args=[concern.ref]), {"talked_by": "self", "talked_on": today(), "said": "yes"}, follow=True
    )
    assert "toinen luonnos kesken" in answer.content.decode()
    assert reverse("concern-continuation", args=[concern.ref]) in answer.content.decode()
    assert ConcernDraft.objects.unsent().get().open()["everyday"] == "Toinen lapsi"
    client.post(reverse("concern-draft-removal"))
    assert client.post(reverse("concern-continuation", args=[concern.ref])).url == NEW


def test_a_text_that_is_gone_is_said_to_be_gone(world: World) -> None:
    concern = consult(world)
    ConcernDraft.objects.all().delete()
    answer = world.client(world.professional).post(
        reverse("concern-talk", args=[concern.ref]), {"talked_by": "self", "talked_on": today(), "said": "yes"}, follow=True
    )
    assert "Kirjoita uusi yhteydenotto" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"said": ""}, "Valitse, mitä perhe sanoi"), ({"talked_by": "äiti"}, "äiti"), ({"talked_on": "x"}, "10.6.2026"),
        ({"talked_on": "1.1.2199"}, "tulevaisuudessa"), ({"talked_on": "1.1.2020"}, "yli vuosi"),
    ],
)  # fmt: skip
def test_a_bad_talk_is_told_beside_the_field(world: World, fields: dict[str, str], message: str) -> None:
    concern = consult(world)
    answer = say(world, concern, "no", **fields)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not FamilyTalk.objects.exists()


def test_the_same_press_twice_is_one_talk_and_another_answer_another(world: World) -> None:
    concern = consult(world)
    for said in ("thinking", "thinking", "yes"):
        say(world, concern, said)
    assert FamilyTalk.objects.count() == 2


def test_a_talk_is_its_writers_alone(world: World) -> None:
    concern, now = consult(world), timezone.now()
    url = reverse("concern-talk", args=[concern.ref])
    for user in (world.colleague, world.member, world.coordinator, world.officer, world.leader):
        client = world.client(user)
        assert client.get(url).status_code == client.post(url, {}).status_code == 404
        for name in ("concern-continuation", "concern-withdrawal"):
            assert client.post(reverse(name, args=[concern.ref])).status_code == 404
    with pytest.raises(NotAllowed):
        concerns.record_talk(
            concern=concern, by=world.colleague, talked_by="self", talked_on=helsinki_date(now), said="no", now=now
        )
    for hat, who, seen in (
        ("member", world.colleague, 0),
        ("area", world.other_coordinator, 0),
        ("area", world.coordinator, 1),
    ):
        FamilyTalk.objects.get_or_create(
            concern=concern, defaults={"talked_by": "self", "talked_on": helsinki_date(now), "said": "no", "at": now,
                                       "by": world.professional},
        )  # fmt: skip
        with wearing(hat, who.pk):
            assert FamilyTalk.objects.count() == seen


def test_an_identified_concern_needs_no_talk(world: World) -> None:
    concern = world.concern(now=timezone.now())
    assert say(world, concern, "no").url == reverse("concern", args=[concern.ref])
    assert not FamilyTalk.objects.exists()


# -- taking back


def test_a_concern_is_taken_back_while_nobody_has_opened_it(world: World) -> None:
    concern, now = consult(world), timezone.now()
    url = reverse("concern-withdrawal", args=[concern.ref])
    for _n in range(2):
        body = world.client(world.professional).post(url, follow=True).content.decode()
        assert "Olet perunut" in body
    concern.refresh_from_db()
    assert (concern.everyday, concern.strengths, concern.reachable) == ("", "", "")
    assert not ConcernDraft.objects.exists()
    assert not Task.objects.open().exists()
    assert not Deadline.objects.open().filter(about=str(concern.pk)).exists()
    assert not Concern.objects.waiting().exists()
    with pytest.raises(NotAllowed, match="perunut"):
        intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)


def test_what_a_coordinator_has_opened_is_not_taken_back(world: World) -> None:
    concern = consult(world)
    intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=timezone.now())
    answer = world.client(world.professional).post(reverse("concern-withdrawal", args=[concern.ref]), follow=True)
    assert "jo avannut" in answer.content.decode()
    concern.refresh_from_db()
    assert concern.withdrawn_at is None


def test_a_network_ends_the_reminder(world: World) -> None:
    concern, now = consult(world), timezone.now()
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    call = intake.save_call(call=call, version=call.version, now=now, route="network", child_name="Touko", consent="oral")
    intake.finish_call(call=call, by=world.coordinator, now=now)
    assert not Deadline.objects.open().filter(kind="family_asked").exists()
    assert not Task.objects.open().filter(kind="ask_family").exists()


def test_a_professional_writes_no_end_of_a_concern(world: World) -> None:
    now = timezone.now()
    with wearing("member", world.professional.pk):
        for fields in (
            {"withdrawn_at": now},
            {"outcome": "met", "outcome_at": now},
            {"answered_at": now, "answered_by": world.professional},
        ):
            with pytest.raises(Exception, match="row-level security"), transaction.atomic():
                Concern.objects.create(
                    area=world.area, logged_by=world.professional, unit=world.day_care, sent_at=now, form_key=uuid.uuid4(),
                    family_asked="yes", reachable="", strengths="", everyday="", **fields,
                )  # fmt: skip
        with pytest.raises(Exception, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE cases_concern SET outcome = 'met', outcome_at = now()")


def test_the_kept_text_is_swept_with_the_drafts(world: World) -> None:
    consult(world)
    ConcernDraft.objects.update(saved_at=timezone.now() - timedelta(days=31))
    with wearing("jobs"):
        assert drafts.sweep_drafts(now=timezone.now()) == 1


def test_the_second_day_is_told_once(world: World) -> None:
    world.concern(now=at("2026-06-01 09:00"), family_asked="not_yet")
    tick(now=at("2026-06-03 08:05"))
    tick(now=at("2026-06-03 08:06"))
    assert Message.objects.filter(what="family_asked", to=world.professional).count() == 1
