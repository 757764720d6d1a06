"""One transaction and one hat around each request: nothing half-done stays, nothing of a hat survives."""

import io
import logging

import pytest
from django.db import connection
from django.test import Client

from cases.models import Concern
from networks.models import Role, RoleMembership, User
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.logs import NoContent


@pytest.fixture(autouse=True)
def breaking_views(settings) -> None:
    settings.ROOT_URLCONF = "tests.hats.urls"


def calm(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def bare() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), coalesce(current_setting('app.uid', true), '')")
        return cursor.fetchone()


@pytest.mark.parametrize(
    ("persona", "hat"),
    [("professional", "member"), ("coordinator", "area"), ("unit_head", "unit"), ("leader", "report"),
     ("officer", "officer"), ("administrator", "admin")],
)  # fmt: skip
def test_each_person_wears_their_hat_and_takes_it_off(world: World, persona: str, hat: str) -> None:
    user: User = getattr(world, persona)
    assert world.client(user).get("/role-now/").content.decode() == f"hat_{hat} {user.pk}"
    assert bare() == ("none", "")


def test_nobody_wears_the_public_hat(world: World) -> None:
    assert world.client().get("/role-now/").content.decode() == "hat_public "


def test_a_person_without_a_role_in_force_is_the_public(world: World) -> None:
    world.professional.roles.update(ends_on="2021-01-01")
    assert world.client(world.professional).get("/role-now/").content.decode() == f"hat_public {world.professional.pk}"


def test_the_role_chosen_for_the_session_is_worn(world: World) -> None:
    extra = RoleMembership.objects.create(
        user=world.coordinator, role=Role.LEADERSHIP, area=world.area, starts_on="2020-01-01"
    )
    client = world.client(world.coordinator)
    assert client.post("/role/", {"role": extra.pk}).status_code == 302
    assert client.get("/role-now/").content.decode().startswith("hat_report")


def test_another_s_role_can_t_be_chosen(world: World) -> None:
    client = world.client(world.professional)
    assert client.post("/role/", {"role": world.coordinator.roles.get().pk}).status_code == 404
    assert client.get("/role-now/").content.decode().startswith("hat_member")


@pytest.mark.parametrize("path", ["/half-done/", "/half-done-500/"])
def test_an_error_leaves_no_half_done_row_and_no_hat(world: World, path: str) -> None:
    response = calm(world.client(world.professional)).get(path)
    assert response.status_code >= 500
    assert not Concern.objects.exists()
    assert bare() == ("none", "")
    entry = LogEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.hat) == ("fail", world.professional.pk, "member")


def test_a_refusal_keeps_what_it_wrote(world: World) -> None:
    assert world.client(world.professional).get("/refused/").status_code == 403
    assert Concern.objects.count() == 1


def test_a_deferred_answer_is_rendered_under_the_hat(world: World) -> None:
    world.case()
    assert world.client(world.professional).get("/deferred/").content.decode() == "[Aatu]"
    assert world.client(world.colleague).get("/deferred/").content.decode() == ""


def test_a_broken_statement_takes_the_hat_with_it(world: World) -> None:
    assert calm(world.client(world.professional)).get("/broken-sql/").status_code == 500
    assert bare() == ("none", "")


def test_an_error_s_words_stay_out_of_the_log(world: World) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(NoContent())
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        calm(world.client(world.professional)).get("/half-done/")
    finally:
        logger.removeHandler(handler)
    assert "RuntimeError" in written.getvalue()
    assert "half_done" in written.getvalue()
    assert "SALAISUUS" not in written.getvalue()
