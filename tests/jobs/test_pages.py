"""The stuck tasks and the cause of a silence: who may, what is kept, and what can't be done twice."""

from uuid import uuid4

import pytest
from django.utils import timezone

from tests.personas import World
from yhteiso.jobs.models import DeadLetter, Silence

EVERYBODY_ELSE = ("coordinator", "professional", "unit_head", "leader", "responsible")


@pytest.fixture
def letter(world: World) -> DeadLetter:
    now = timezone.now()
    return DeadLetter.objects.create(
        name="yhteiso.audit.tasks.verify_log", args=[], tries=5, first_at=now, last_at=now, failure="killed"
    )


@pytest.fixture
def silence(world: World) -> Silence:
    now = timezone.now()
    return Silence.objects.create(began_at=now, noticed_at=now, ended_at=now, noticed_by="web")


@pytest.mark.parametrize("who", ["administrator", "officer"])
def test_a_stuck_task_is_handled_once(world: World, letter: DeadLetter, who: str) -> None:
    person = getattr(world, who)
    client, url = world.client(person), f"/dead-letters/{letter.pk}/handling/"
    assert "Lokin ketju" in client.get("/dead-letters/").content.decode()
    answer = client.post(url, {f"{letter.pk}-note": "Levy tyhjennettiin."})
    assert answer.status_code == 302
    letter.refresh_from_db()
    assert (letter.note, letter.handled_by_id, letter.handled_by_name) == ("Levy tyhjennettiin.", person.pk, person.name)
    page = client.post(url, {f"{letter.pk}-note": "Toinen sana."})
    assert page.status_code == 422
    letter.refresh_from_db()
    assert letter.note == "Levy tyhjennettiin."
    assert "Levy tyhjennettiin." in client.get("/dead-letters/").content.decode()


@pytest.mark.parametrize("note", ["", "   ", "x" * 301])
def test_what_does_not_fit_is_kept_and_refused(world: World, letter: DeadLetter, note: str) -> None:
    answer = world.client(world.administrator).post(f"/dead-letters/{letter.pk}/handling/", {f"{letter.pk}-note": note})
    assert answer.status_code == 422
    assert note.strip() in answer.content.decode()
    assert DeadLetter.objects.open().count() == 1


def test_without_a_queue_a_task_stays_where_it_is(world: World, letter: DeadLetter, no_queue: None) -> None:
    answer = world.client(world.administrator).post(f"/dead-letters/{letter.pk}/rerun/")
    assert answer.status_code == 422
    assert "Jono ei vastaa" in answer.content.decode()
    assert DeadLetter.objects.open().count() == 1


def test_a_task_that_is_gone_is_not_sent(world: World, letter: DeadLetter) -> None:
    DeadLetter.objects.update(name="no.such.task")
    answer = world.client(world.administrator).post(f"/dead-letters/{letter.pk}/rerun/")
    assert answer.status_code == 422
    assert "ei enää ole" in answer.content.decode()
    assert DeadLetter.objects.open().count() == 1


@pytest.mark.parametrize("who", EVERYBODY_ELSE)
def test_nobody_else_knows_of_them(world: World, letter: DeadLetter, silence: Silence, who: str) -> None:
    client = world.client(getattr(world, who))
    assert client.get("/dead-letters/").status_code == 404
    assert client.post(f"/dead-letters/{letter.pk}/handling/", {f"{letter.pk}-note": "x"}).status_code == 404
    assert client.post(f"/dead-letters/{letter.pk}/rerun/").status_code == 404
    assert client.post(f"/health/silences/{silence.pk}/cause/", {"cause": "x"}).status_code == 404
    assert DeadLetter.objects.open().count() == 1
    assert Silence.objects.get().cause == ""


def test_the_cause_of_a_silence_is_the_administrator_s_to_write(world: World, silence: Silence) -> None:
    client, url = world.client(world.administrator), f"/health/silences/{silence.pk}/cause/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"cause": ""}).status_code == 422
    kept = client.post(url, {"cause": "y" * 301})
    assert kept.status_code == 422
    assert "y" * 301 in kept.content.decode()
    assert client.post(url, {"cause": "Levy oli täynnä."}).status_code == 302
    silence.refresh_from_db()
    assert (silence.cause, silence.cause_by_id) == ("Levy oli täynnä.", world.administrator.pk)
    assert world.client(world.officer).post(url, {"cause": "x"}).status_code == 404
    assert client.get("/health/silences/999999/cause/").status_code == 404
    assert client.post(f"/dead-letters/{uuid4()}/rerun/").status_code == 404


def test_an_empty_list_says_so(world: World) -> None:
    assert "Mikään ei ole jumissa" in world.client(world.officer).get("/dead-letters/").content.decode()
