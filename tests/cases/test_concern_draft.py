"""The draft of a concern: kept as it is typed, back for its writer alone, gone when sent or old."""

import base64
import json
import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cases.actions import draft as drafts
from cases.models import Concern, ConcernDraft
from cases.tasks import delete_old_drafts
from networks.models import Role
from tests.cases.test_concern_page import NEW, filled
from tests.personas import World
from yhteiso.hats.wear import wearing

DRAFT, REMOVAL = reverse("concern-draft"), reverse("concern-draft-removal")
SECRET = "Kesken jäänyt lause Toukosta"


def kept(world: World, **fields: Any) -> ConcernDraft:
    answer = world.client(world.professional).post(DRAFT, filled(everyday=SECRET, **fields))
    assert answer.status_code == 200, answer.content
    return ConcernDraft.objects.get()


def test_half_a_form_comes_back_in_another_browser_and_the_page_says_so(world: World) -> None:
    answer = world.client(world.professional).post(
        DRAFT, {"form_key": str(uuid.uuid4()), "everyday": SECRET, "child_age": "nelj", "version": "0"}
    )
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    body = world.client(world.professional).get(NEW).content.decode()
    assert SECRET in body
    assert 'value="nelj"' in body
    assert "Luonnoksesi on avattu" in body
    assert "Sinulla on luonnos kesken" in world.client(world.professional).get("/").content.decode()


def test_what_lies_in_the_database_is_not_readable(world: World) -> None:
    row = kept(world)
    with connection.cursor() as cursor:
        cursor.execute("SELECT d::text FROM cases_concerndraft d")
        assert "Touko" not in cursor.fetchone()[0]
    assert row.open()["everyday"] == SECRET


def test_the_button_keeps_it_without_a_script(world: World) -> None:
    client = world.client(world.professional)
    answer = client.post(NEW, {"form_key": str(uuid.uuid4()), "everyday": SECRET, "then": "draft"}, follow=True)
    assert answer.redirect_chain == [(NEW, 302)]
    assert SECRET in answer.content.decode()
    assert not Concern.objects.exists()


def test_a_form_that_could_not_be_sent_is_a_draft_too(world: World) -> None:
    client = world.client(world.professional)
    answer = client.post(NEW, filled(everyday=SECRET, child_age="neljä"))
    assert answer.status_code == 422
    assert 'name="version" value="1"' in answer.content.decode()
    assert SECRET in world.client(world.professional).get(NEW).content.decode()


def test_sending_deletes_it_and_a_late_save_brings_nothing_back(world: World) -> None:
    client, data = world.client(world.professional), filled()
    client.post(DRAFT, data)
    client.post(NEW, data | {"version": "1"})
    assert Concern.objects.count() == 1
    assert client.post(DRAFT, data | {"version": "1"}).status_code == 409
    assert client.post(NEW, data | {"then": "draft"}, follow=True).status_code == 200
    assert not ConcernDraft.objects.exists()


def test_another_window_is_not_overwritten(world: World) -> None:
    client, data = world.client(world.professional), filled(everyday=SECRET)
    client.post(DRAFT, data)
    other = filled(everyday="Toinen ikkuna") | {"version": "0"}
    assert client.post(DRAFT, other).status_code == 409
    assert client.post(DRAFT, data | {"version": "0", "everyday": "Vanha ikkuna"}).status_code == 409
    answer = client.post(NEW, other | {"then": "draft"})
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "Toinen ikkuna" in body
    assert ConcernDraft.objects.get().open()["everyday"] == SECRET
    fresh = ConcernDraft.objects.get()
    again = other | {"version": str(fresh.version), "form_key": str(fresh.form_key)}
    assert client.post(DRAFT, again).status_code == 200
    assert ConcernDraft.objects.get().open()["everyday"] == "Toinen ikkuna"


def test_the_same_content_again_is_not_a_new_version(world: World) -> None:
    client, data = world.client(world.professional), filled(everyday=SECRET)
    for _n in range(2):
        assert client.post(DRAFT, data).json()["version"] == 1


def test_it_is_deleted_by_its_writer_as_often_as_they_press(world: World) -> None:
    kept(world)
    for _n in range(2):
        assert world.client(world.professional).post(REMOVAL).status_code == 302
    assert not ConcernDraft.objects.exists()
    assert SECRET not in world.client(world.professional).get(NEW).content.decode()


def test_one_person_has_one_draft_a_unit_and_takes_none_along(world: World) -> None:
    kept(world)
    world.professional.unit = world.guidance
    world.professional.save(update_fields=["unit"])
    assert SECRET not in world.client(world.professional).get(NEW).content.decode()
    assert world.client(world.professional).post(DRAFT, filled(everyday="Uusi")).status_code == 200
    assert ConcernDraft.objects.count() == 2


@pytest.mark.parametrize("asked", ["not_yet", "thinking"])
def test_without_a_yes_it_keeps_nothing_that_names_a_child(world: World, asked: str) -> None:
    row = kept(world, family_asked=asked)
    assert row.open().keys().isdisjoint({"child_name", "child_age", "place"})


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"form_key": "x"}, 422), ({"everyday": "x" * 30_000}, 422), ({"everyday": "a\x00b\ud83d"}, 200), ({"version": "x"}, 200),
        ({"version": "9" * 400}, 200),
    ],
)  # fmt: skip
def test_no_input_breaks_it(world: World, fields: dict[str, str], status: int) -> None:
    data = json.loads(json.dumps(filled(**fields)), strict=False)
    answer = world.client(world.professional).post(
        DRAFT, {k: v.encode("utf-8", "replace").decode() for k, v in data.items()}
    )
    assert answer.status_code == status


def test_a_unit_without_an_area_keeps_no_less(world: World) -> None:
    world.professional.unit = None
    world.professional.save(update_fields=["unit"])
    assert world.client(world.professional).post(DRAFT, filled()).status_code == 422


def test_nobody_else_reads_it(world: World) -> None:
    kept(world)
    world.person("Kaksois Rooli", Role.PROFESSIONAL, world.day_care)
    for user in (world.colleague, world.coordinator, world.responsible, world.officer, world.unit_head, world.administrator):
        for url in (NEW, "/", reverse("messages")):
            assert "Kesken jäänyt" not in world.client(user).get(url).content.decode()
        assert world.client(user).post(REMOVAL).status_code in (302, 404)
    assert ConcernDraft.objects.get().open()["everyday"] == SECRET


@pytest.mark.parametrize(
    ("hat", "who"),
    [
        ("member", "colleague"), ("area", "coordinator"), ("area", "responsible"), ("area", "professional"),
        ("unit", "unit_head"), ("officer", "officer"), ("admin", "administrator"), ("report", "leader"), ("public", "colleague"),
        ("jobs", "officer"),
    ],
)  # fmt: skip
def test_the_database_shows_it_to_no_other_hat(world: World, hat: str, who: str) -> None:
    kept(world)
    seen: list[Any] = []
    with wearing(hat, getattr(world, who).pk), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute("SELECT id FROM cases_concerndraft")
                seen = cursor.fetchall()
        except ProgrammingError:
            seen = []
    assert seen == []
    with wearing("member", world.professional.pk):
        assert ConcernDraft.objects.count() == 1


def test_after_thirty_days_it_is_gone_and_a_day_before_it_is_there(world: World) -> None:
    row, now = kept(world), timezone.now()
    delete_old_drafts()
    ConcernDraft.objects.update(saved_at=now - timedelta(days=29, hours=23))
    delete_old_drafts()
    assert ConcernDraft.objects.exists()
    ConcernDraft.objects.update(saved_at=now - timedelta(days=30, hours=1))
    assert drafts.current(world.professional, now) is None
    # whoever writes anew before the sweep comes is not stopped by it
    fresh = drafts.save_draft(by=world.professional, form_key=uuid.uuid4(), version=0, values={"everyday": "Uusi"}, now=now)
    assert fresh is not None
    assert fresh.pk != row.pk
    ConcernDraft.objects.update(saved_at=now - timedelta(days=30, hours=1))
    assert delete_old_drafts() == 1
    assert not ConcernDraft.objects.exists()


def test_the_jobs_can_delete_no_fresh_one(world: World) -> None:
    kept(world)
    with wearing("jobs"):
        assert ConcernDraft.objects.all().delete()[0] == 0
    assert ConcernDraft.objects.exists()


def test_a_lost_key_is_told_and_the_form_works(world: World) -> None:
    kept(world)
    ConcernDraft.objects.update(sealed="99.AAAA")
    client = world.client(world.professional)
    assert "ei voi enää avata" in client.get(NEW).content.decode()
    row = ConcernDraft.objects.get()
    again = filled(everyday="Uusi", form_key=str(row.form_key)) | {"version": str(row.version)}
    assert client.post(DRAFT, again).status_code == 200
    assert ConcernDraft.objects.get().open()["everyday"] == "Uusi"


def test_a_new_key_is_given_to_drafts_too(world: World) -> None:
    kept(world)
    with override_settings(FIELD_KEYS=f"{settings.FIELD_KEYS},7:{NEW_KEY}"):
        told = StringIO()
        call_command("rotate_keys", stdout=told)
        assert "Drafts given the key 7: 1." in told.getvalue()
        row = ConcernDraft.objects.get()
        assert (row.sealed[:2], row.open()["everyday"]) == ("7.", SECRET)


NEW_KEY = base64.b64encode(bytes(range(32))).decode()


def test_saving_and_sending_ask_a_known_number_of_questions(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, data = world.client(world.professional), filled()
    client.get(NEW)
    with django_assert_num_queries(SAVE):
        client.post(DRAFT, data)
    with django_assert_num_queries(SEND):
        assert client.post(NEW, data | {"version": "1"}).status_code == 302


SAVE, SEND = 16, 30
