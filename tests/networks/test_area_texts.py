"""The safety panel's texts: who may write them, where they are read, and what nobody can take away from the panel."""

import html
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from networks.access import NotAllowed
from networks.actions import area_texts as actions
from networks.models import AreaTexts, User
from networks.models.area_texts import WRITTEN
from tests.personas import World
from yhteiso.hats.wear import wearing

CONCERN = reverse("concern-new")


def page(world: World) -> str:
    return reverse("area-texts", args=[world.area.pk])


def texts(**fields: str) -> dict[str, str]:
    return dict.fromkeys(WRITTEN, "") | fields


def form(newest: int = 0, **fields: str) -> dict[str, str]:
    return {"newest": str(newest)} | fields


def change(world: World, newest: int = 0, **fields: str) -> AreaTexts:
    return actions.change_texts(
        area=world.area, newest=newest, texts=texts(**fields), by=world.administrator, now=timezone.now()
    )


def read(client: Any, address: str) -> str:
    return html.unescape(client.get(address).content.decode())


def test_who_answers_for_the_area_and_an_administrator_write(world: World) -> None:
    for newest, user in enumerate((world.responsible, world.administrator)):
        last = AreaTexts.objects.first()
        answer = world.client(user).post(page(world), form(last.pk if last else 0, heading_fi=f"Otsikko {newest}"))
        assert answer.url == page(world)
    assert AreaTexts.objects.count() == 2
    assert AreaTexts.objects.first().made_by == world.administrator


def test_others_find_nothing_there(world: World) -> None:
    change(world, text_fi="Vain tälle alueelle")
    people = (world.coordinator, world.other_responsible, world.professional, world.leader, world.officer, world.unit_head)
    for user in people:
        client = world.client(user)
        for answer in (client.get(page(world)), client.post(page(world), form(heading_fi="x"))):
            assert answer.status_code == 404
    assert AreaTexts.objects.count() == 1
    for user in people:
        with pytest.raises(NotAllowed):
            actions.change_texts(area=world.area, newest=0, texts=texts(), by=user, now=timezone.now())


def test_the_panel_of_the_own_area_says_it_in_the_reader_s_language(world: World) -> None:
    change(
        world, heading_fi="Onko lapsella hätä?", text_sv="Ring genast.", link_fi="https://www.esimerkki.fi/ilmoitus",
        emergency_phone="08 000 0199", notice_phone="08 000 0198",
    )  # fmt: skip
    client = world.client(world.professional)
    body = read(client, CONCERN)
    for said in ("Onko lapsella hätä?", "Tämä ei ole lastensuojeluilmoitus.", 'href="tel:080000199"', 'href="tel:112"',
                 'href="tel:080000198"', "https://www.esimerkki.fi/ilmoitus", "kukaan päivystä tätä lomaketta"):  # fmt: skip
        assert said in body
    client.cookies["django_language"] = "sv"
    assert "Ring genast." in read(client, CONCERN)
    other = read(world.client(world.person("Outi Vieras", "professional", world.other_unit)), CONCERN)
    assert "Onko lapsella hätä?" not in other
    assert "08 000 0112" in other


def test_the_public_reads_the_words_and_not_who_wrote_them(world: World, client: Any) -> None:
    change(world, heading_fi="Onko lapsella hätä?")
    assert "Onko lapsella hätä?" in read(client, reverse("help"))
    assert "Onko lapsella hätä?" in read(client, "/account/no-such-page/")
    for hat in ("public", "member", "family"):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic(), wearing(hat, world.member.pk):
            AreaTexts.objects.values_list("made_by_id").first()


def test_no_hat_writes_past_the_page(world: World) -> None:
    row = change(world, heading_fi="Onko lapsella hätä?")
    hats: list[tuple[str, User]] = [("area", world.coordinator), ("area", world.other_responsible), ("member", world.member)]
    for hat, user in hats:
        with (
            pytest.raises(Exception, match=r"row-level security|permission denied"),
            transaction.atomic(),
            wearing(hat, user.pk),
        ):
            AreaTexts.objects.create(area=world.area, made_at=timezone.now(), made_by=user)
    for sql in ("UPDATE networks_areatexts SET heading_fi = 'x'", "DELETE FROM networks_areatexts"):
        with pytest.raises(Exception, match=r"append|never changed|refused"), transaction.atomic(), connection.cursor() as c:
            c.execute(sql)
    row.refresh_from_db()
    assert row.heading_fi == "Onko lapsella hätä?"


def test_a_preview_saves_nothing(world: World) -> None:
    body = world.client(world.responsible).post(page(world), form(heading_fi="Koeotsikko", preview="1"))
    assert body.status_code == 200
    assert body.content.decode().count("Koeotsikko") >= 2  # the field and the panel
    assert not AreaTexts.objects.exists()


def test_two_who_write_at_once_see_each_other(world: World) -> None:
    first = change(world, heading_fi="Ensimmäinen")
    client = world.client(world.responsible)
    answer = client.post(page(world), form(0, heading_fi="Toinen"))
    body = html.unescape(answer.content.decode())
    assert answer.status_code == 409
    assert 'value="Toinen"' in body
    assert "Ensimmäinen" in body
    assert f'name="newest" value="{first.pk}"' in body
    assert client.post(page(world), form(first.pk, heading_fi="Toinen")).status_code == 302
    history = read(client, page(world))
    for said in ("Elina Saarikko", "Liisa Valkamaa", "Otsikko, suomeksi"):
        assert said in history


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("link_fi", "http://esimerkki.fi"), ("link_fi", "javascript:alert(1)"), ("link_sv", "esimerkki.fi"),
        ("emergency_phone", "soita"), ("notice_phone", "08;1"), ("heading_fi", "x" * 81), ("text_en", "\x00"),
        ("newest", "x"), ("newest", ""),
    ],
)  # fmt: skip
def test_what_can_not_be_says_why_and_keeps_the_rest(world: World, name: str, value: str) -> None:
    answer = world.client(world.responsible).post(page(world), form(heading_sv="Rubriken") | {name: value})
    assert answer.status_code == 422
    assert "Rubriken" in answer.content.decode()
    assert not AreaTexts.objects.exists()


def test_the_same_again_is_no_version(world: World) -> None:
    first = change(world, heading_fi="Otsikko")
    with pytest.raises(NotAllowed):
        change(world, first.pk, heading_fi="Otsikko")
    assert world.client(world.responsible).post(page(world), form(first.pk, heading_fi="Otsikko")).status_code == 422


def test_queries_of_the_page(world: World, django_assert_num_queries: Any) -> None:
    client = world.client(world.responsible)
    with django_assert_num_queries(12):
        client.get(page(world))
