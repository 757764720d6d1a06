"""A form of our own is known by Sec-Fetch-Site where its origin is hidden; a form of another site is refused."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.personas import World

OURS = "http://testserver"


def send(world: World, *, token: bool = True, **headers: str) -> int:
    """A plain form of the role page as a browser sends it; 404 = let through to the view, 403 = refused as forged."""
    client = Client(enforce_csrf_checks=True)
    client.cookies = world.client(world.professional).cookies
    page = client.get(reverse("home")).content.decode()
    found = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    data = {"role": "0"} | ({"csrfmiddlewaretoken": found} if token else {})
    return client.post(reverse("role"), data, headers=headers).status_code


def test_a_form_of_our_own_passes_with_a_hidden_origin(world: World) -> None:
    assert send(world, origin="null", **{"sec-fetch-site": "same-origin"}) == 404


def test_a_form_with_our_own_origin_passes(world: World) -> None:
    assert send(world, origin=OURS) == 404
    assert send(world) == 404  # a client without Origin: the token decides, as in Django


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "Same-Origin", "same-origin, cross-site", ""])
def test_every_other_word_is_refused(world: World, site: str) -> None:
    assert send(world, origin="null", **{"sec-fetch-site": site}) == 403


def test_a_hidden_origin_without_the_header_is_refused(world: World) -> None:
    assert send(world, origin="null") == 403


@pytest.mark.parametrize("origin", ["https://paha.example", "http://testserver.paha.example", "https://testserver", "NULL"])
def test_another_origin_is_refused_whatever_the_header_says(world: World, origin: str) -> None:
    assert send(world, origin=origin, **{"sec-fetch-site": "same-origin"}) == 403


def test_the_token_is_asked_all_the_same(world: World) -> None:
    assert send(world, token=False, origin="null", **{"sec-fetch-site": "same-origin"}) == 403


def test_a_foreign_host_name_is_a_bad_request(world: World) -> None:
    answer = Client().post(
        reverse("role"), headers={"origin": "null", "sec-fetch-site": "same-origin", "host": "paha.example"}
    )
    assert answer.status_code == 400
