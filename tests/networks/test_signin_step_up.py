"""Step-up: what is most sensitive asks again who one is, and nothing that was typed is lost."""

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from networks.models import User
from tests.personas import PASSWORD, World

pytestmark = pytest.mark.urls("tests.networks.urls_step_up")
SECRET = "JBSWY3DPEHPK3PXP"
TYPED = "KANARIA-perhe kertoi itkusta"


def code() -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


@pytest.fixture
def person(world: World) -> User:
    user = world.professional
    user.set_password(PASSWORD)
    user.save()
    TOTP.activate(user, SECRET)
    return user


@pytest.fixture
def late(world: World, person: User) -> Client:
    """An hour after the sign-in."""
    return world.client(person, fresh=False)


def test_a_fresh_sign_in_goes_through(world: World, person: User) -> None:
    assert world.client(person).get("/sensitive/").content.decode() == "TEHTY hat_member []"


def test_a_page_leads_to_the_confirmation_and_back(late: Client) -> None:
    answer = late.get("/sensitive/?page=2")
    assert answer.url == f"{reverse('account_confirm')}?next=%2Fsensitive%2F%3Fpage%3D2"
    page = late.get(answer.url).content.decode()
    assert 'value="/sensitive/?page=2"' in page
    done = late.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": "/sensitive/?page=2"})
    assert done.url == "/sensitive/?page=2"
    assert "TEHTY" in late.get(done.url).content.decode()


def test_the_confirmation_leads_to_no_other_site(late: Client) -> None:
    page = late.get(reverse("account_confirm"), {"next": "https://paha.example/"}).content.decode()
    assert "paha.example" not in page.replace('name="next" value="/account/confirmation', "")[page.index("<main") :]
    done = late.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": "https://paha.example/"})
    assert done.url == reverse("home")


def test_a_form_that_comes_late_is_kept_in_the_page_and_not_on_the_server(late: Client) -> None:
    answer = late.post("/sensitive/", {"text": TYPED, "choice": ["a", "b"]})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "TEHTY" not in page
    assert f'name="text" value="{TYPED}"' in page
    assert page.count('name="choice"') == 2
    assert all(TYPED not in str(row.get_decoded()) for row in Session.objects.all())


@pytest.mark.parametrize("proof", [{"step_up_password": PASSWORD}, {"step_up_code": "code"}])
def test_with_the_proof_the_form_is_done_with_its_own_fields_only(late: Client, proof: dict[str, str]) -> None:
    proof = {key: code() if value == "code" else value for key, value in proof.items()}
    answer = late.post("/sensitive/", {"text": TYPED, "choice": ["a", "b"]} | proof)
    assert answer.content.decode() == f"TEHTY hat_member [('choice', 'a', 'b'), ('text', '{TYPED}')]"
    assert "TEHTY" in late.get("/sensitive/").content.decode()


@pytest.mark.parametrize(
    "proof",
    [{"step_up_password": "väärä"}, {"step_up_code": "000000"}, {"step_up_credential": "{}"}, {"step_up_credential": "x"},
     {"step_up_credential": '{"id": 1}'}, {"step_up_one_click": "1"}],
)  # fmt: skip
def test_a_wrong_proof_does_nothing_and_keeps_the_text(late: Client, settings, proof: dict[str, str]) -> None:
    settings.DEMO = True  # even there, a person with a password has no door of one click
    answer = late.post("/sensitive/", {"text": TYPED} | proof)
    page = answer.content.decode()
    assert answer.status_code in (403, 404)
    assert "TEHTY" not in page
    assert answer.status_code == 404 or f'value="{TYPED}"' in page
    assert 'type="hidden" name="step_up_password"' not in page
    assert "väärä" not in page
    assert late.get("/sensitive/").status_code == 302


def test_guessing_at_the_form_is_slowed_down(late: Client) -> None:
    for _n in range(5):
        late.post("/sensitive/", {"text": TYPED, "step_up_password": "väärä"})
    answer = late.post("/sensitive/", {"text": TYPED, "step_up_password": PASSWORD})
    assert answer.status_code == 403
    assert "TEHTY" not in answer.content.decode()
    assert late.get(reverse("home")).status_code == 200  # the session itself stays


def test_htmx_gets_the_whole_page(late: Client) -> None:
    answer = late.post("/sensitive/", {"text": TYPED}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "body")
    leaving = late.get("/sensitive/", headers={"HX-Request": "true"})
    assert leaving["HX-Redirect"] == reverse("account_confirm")


def test_one_click_is_the_demonstration_s_alone(world: World, settings) -> None:
    client = world.client(world.member, fresh=False)
    settings.DEMO = False
    assert client.post(reverse("account_confirm")).status_code == 404
    assert client.post("/sensitive/", {"step_up_one_click": "1"}).status_code == 403
    settings.DEMO = True
    elsewhere = world.client(world.member, fresh=False)
    elsewhere.defaults["REMOTE_ADDR"] = "10.0.0.9"
    assert elsewhere.post(reverse("account_confirm")).status_code == 404
    assert elsewhere.post("/sensitive/", {"step_up_one_click": "1"}).status_code == 403
    assert "TEHTY" in client.post("/sensitive/", {"text": TYPED, "step_up_one_click": "1"}).content.decode()


def test_a_page_confirmed_by_one_click_goes_on(world: World, settings) -> None:
    settings.DEMO = True
    client = world.client(world.member, fresh=False)
    assert client.post(reverse("account_confirm"), {"next": "/sensitive/"}).url == "/sensitive/"
    assert "TEHTY" in client.get("/sensitive/").content.decode()
