"""An organisation's own sign-in, against a real OpenID provider on this machine."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oidc_provider_mock import User as Subject
from oidc_provider_mock import run_server_in_thread

from networks import actions
from networks.models import AccountInvitation, OrganisationIdentity, Role, User
from networks.signin import SECOND_FACTOR
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb
from yhteiso.environment import organisations

ACR = "https://refeds.org/profile/mfa"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    people = [
        Subject(sub="kaisa-1", claims={"amr": ["pwd", "otp"], "email": "sari.hietaniitty@esimerkki.invalid"}),
        Subject(sub="kaisa-acr", claims={"acr": ACR}),
        Subject(
            sub="kaisa-pwd", claims={"amr": ["pwd"], "email": "kaisa.koivupuro@esimerkki.invalid", "email_verified": True}
        ),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def configured(provider: str, settings, world: World) -> World:
    settings.SIGN_IN_ORGANISATIONS = [
        {"key": "oulu", "name": "Oulun kaupunki", "agency": "Oulun varhaiskasvatus", "issuer": provider,
         "client_id": "yhteiso", "client_secret": "salainen", "acr": [ACR], "amr": ["otp", "mfa"]},
        {"key": "pohde", "name": "Pohde", "agency": "Perhepalvelut", "issuer": provider.replace("localhost", "127.0.0.1"),
         "client_id": "yhteiso", "client_secret": "salainen"},
    ]  # fmt: skip
    return world


def bind(user: User, issuer: str, subject: str) -> None:
    OrganisationIdentity.objects.create(user=user, issuer=issuer, subject=subject, bound_at=timezone.now())


def leave(client: Client, where: str = "", key: str = "oulu") -> str:
    """Go to the organisation; returns its address."""
    answer = client.get(where or reverse("account_organisation", args=[key]))
    assert answer.status_code == 302
    return answer.url


def sign_in_there(address: str, subject: str) -> str:
    """What the person does at the organisation; returns the way back."""
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def come_in(client: Client, subject: str, where: str = "") -> Any:
    return client.get(sign_in_there(leave(client, where), subject))


def denial() -> LogEntry:
    return LogEntry.objects.get(verb=Verb.DENY, page="account_organisation_back")


def refused(answer: Any, code: str) -> None:
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Kirjautuminen ei onnistunut" in page
    for word in ("Kaisa", "kaisa", "Koivupuro", "salainen", "unknown", "state=", "code="):
        assert word not in page, word
    row = denial()
    assert (row.reason, row.actor_id, row.actor_name) == (f"sign-in: {code}", None, "")


def test_the_way_there_carries_state_nonce_and_a_challenge(configured: World) -> None:
    asked = parse_qs(urlsplit(leave(Client())).query)
    assert asked["scope"] == ["openid"]  # no e-mail, no name is even asked for
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"]
    assert asked["nonce"]


@pytest.mark.parametrize("subject", ["kaisa-1", "kaisa-acr"])
def test_a_bound_identity_with_two_factors_opens_the_front_page(configured: World, provider: str, subject: str) -> None:
    bind(configured.professional, provider, subject)
    client = Client()
    assert come_in(client, subject).url == reverse("home")
    assert client.get(reverse("home")).status_code == 200
    assert client.session[SECOND_FACTOR]


def test_without_proof_of_two_factors_our_own_is_asked(configured: World, provider: str) -> None:
    bind(configured.professional, provider, "kaisa-pwd")
    client = Client()
    come_in(client, "kaisa-pwd")
    assert client.get(reverse("home")).url == reverse("mfa_activate_totp")


def test_an_e_mail_opens_nothing(configured: World, provider: str) -> None:
    """The provider says that this is Kaisa's verified address, and there is such an account. It is not a key."""
    client = Client()
    refused(come_in(client, "kaisa-pwd"), "unknown")
    assert client.get(reverse("home")).url.startswith(reverse("account_login"))
    assert not OrganisationIdentity.objects.exists()


def test_an_unknown_a_disabled_and_a_moved_person_get_the_same_page(configured: World, provider: str) -> None:
    pages = [come_in(Client(), "kaisa-1").content]
    bind(configured.professional, provider, "kaisa-1")
    User.objects.filter(pk=configured.professional.pk).update(is_active=False)
    pages.append(come_in(Client(), "kaisa-1").content)
    User.objects.filter(pk=configured.professional.pk).update(is_active=True, unit=configured.guidance)
    pages.append(come_in(Client(), "kaisa-1").content)
    tokenless = {page.split(b"csrfmiddlewaretoken")[0].split(b"hx-headers")[0] for page in pages}
    assert len(tokenless) == 1
    reasons = LogEntry.objects.filter(verb=Verb.DENY).order_by("id").values_list("reason", flat=True)
    assert list(reasons) == ["sign-in: unknown", "sign-in: disabled", "sign-in: agency"]


def test_another_organisation_s_subject_is_another_person(configured: World, provider: str) -> None:
    """The same subject of another issuer is nobody here."""
    bind(configured.professional, "https://toinen.example", "kaisa-1")
    refused(come_in(Client(), "kaisa-1"), "unknown")


def test_the_same_state_works_once(configured: World, provider: str) -> None:
    bind(configured.professional, provider, "kaisa-1")
    client = Client()
    back = sign_in_there(leave(client), "kaisa-1")
    assert client.get(back).url == reverse("home")
    client.post(reverse("account_logout"))
    refused(client.get(back), "state")


def test_another_browser_s_answer_is_refused(configured: World, provider: str) -> None:
    """An attacker's own way back, given to somebody else: nobody is signed in with it."""
    bind(configured.professional, provider, "kaisa-1")
    back = sign_in_there(leave(Client()), "kaisa-1")
    victim = Client()
    refused(victim.get(back), "state")
    leave(victim)
    answer = victim.get(back)
    assert answer.status_code == 403
    assert LogEntry.objects.filter(reason="sign-in: token").count() == 1


class Document(BaseHTTPRequestHandler):
    """A server that stands where the provider should, with the true one's document changed."""

    document: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(self.document).encode())

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def false_provider(configured: World, provider: str, settings) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Document)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    Document.document = requests.get(f"{provider}/.well-known/openid-configuration", timeout=5).json()
    settings.SIGN_IN_ORGANISATIONS = [settings.SIGN_IN_ORGANISATIONS[0] | {"issuer": address}]
    yield address
    server.shutdown()
    server.server_close()


def test_a_document_that_names_another_issuer(false_provider: str) -> None:
    refused(Client().get(reverse("account_organisation", args=["oulu"])), "issuer")


def test_a_token_of_another_issuer(false_provider: str, configured: World) -> None:
    """The document says the right name, but the tokens come from somebody else, with a subject that we know."""
    Document.document["issuer"] = false_provider
    bind(configured.professional, false_provider, "kaisa-1")
    client = Client()
    refused(come_in(client, "kaisa-1"), "token")
    assert client.get(reverse("home")).url.startswith(reverse("account_login"))


def test_a_provider_that_does_not_answer(configured: World, settings) -> None:
    settings.SIGN_IN_ORGANISATIONS = [settings.SIGN_IN_ORGANISATIONS[0] | {"issuer": "http://localhost:9"}]
    refused(Client().get(reverse("account_organisation", args=["oulu"])), "provider")


def test_a_denial_at_the_organisation(configured: World) -> None:
    client = Client()
    leave(client)
    refused(client.get(reverse("account_organisation_back", args=["oulu"]), {"error": "access_denied"}), "token")


@pytest.mark.parametrize("query", [{}, {"state": "x"}, {"code": "x"}, {"code": "x" * 9000, "state": "'"}])
def test_nonsense_on_the_way_back(configured: World, query: dict[str, str]) -> None:
    client = Client()
    leave(client)
    assert client.get(reverse("account_organisation_back", args=["oulu"]), query).status_code == 403
    assert client.get(reverse("account_organisation_back", args=["muu"]), query).status_code == 404


def test_it_leads_to_no_other_site(configured: World, provider: str) -> None:
    bind(configured.professional, provider, "kaisa-1")
    start = reverse("account_organisation", args=["oulu"])
    assert come_in(Client(), "kaisa-1", f"{start}?next=https://paha.example/").url == reverse("home")
    assert come_in(Client(), "kaisa-1", f"{start}?next={reverse('case-list')}").url == reverse("case-list")


# -- invitations ------------------------------------------------------------------------------------------------------


def invited(world: World, unit: Any) -> str:
    row = AccountInvitation(email="uusi@esimerkki.invalid", name="Uusi Ihminen", role=Role.PROFESSIONAL, unit=unit)
    token = actions.invite(invitation=row, by=world.administrator, now=timezone.now())
    row.proposals.update(accepted_by=world.second_administrator, accepted_at=timezone.now())
    return token


def test_an_invitation_is_accepted_with_the_organisation_s_identity(configured: World, provider: str) -> None:
    token = invited(configured, configured.day_care)
    where = reverse("invitation-organisation", args=[token, "oulu"])
    assert where in Client().get(reverse("invitation", args=[token])).content.decode()
    client = Client()
    assert come_in(client, "kaisa-1", where).url == reverse("home")
    user = User.objects.get(email="uusi@esimerkki.invalid")
    assert not user.has_usable_password()
    assert [(row.issuer, row.subject) for row in user.organisation_identities.all()] == [(provider, "kaisa-1")]
    assert client.get(reverse("home")).status_code == 200
    assert come_in(Client(), "kaisa-1").url == reverse("home")


def test_an_invitation_to_another_agency_can_not_be_taken(configured: World) -> None:
    token = invited(configured, configured.guidance)
    assert Client().get(reverse("invitation-organisation", args=[token, "oulu"])).status_code == 404
    assert "Oulun kaupunki" not in Client().get(reverse("invitation", args=[token])).content.decode()


def test_an_identity_that_is_bound_already_takes_no_invitation(configured: World, provider: str) -> None:
    bind(configured.professional, provider, "kaisa-1")
    token = invited(configured, configured.day_care)
    refused(come_in(Client(), "kaisa-1", reverse("invitation-organisation", args=[token, "oulu"])), "bound")
    assert not User.objects.filter(email="uusi@esimerkki.invalid").exists()
    assert AccountInvitation.objects.get().accepted_at is None


def test_an_invitation_that_is_used_meanwhile(configured: World) -> None:
    token = invited(configured, configured.day_care)
    client = Client()
    back = sign_in_there(leave(client, reverse("invitation-organisation", args=[token, "oulu"])), "kaisa-1")
    actions.accept_invitation(token=token, password=None, now=timezone.now())
    refused(client.get(back), "invitation")
    again = Client().get(reverse("invitation-organisation", args=[token, "oulu"]))
    assert again.url == reverse("invitation", args=[token])


# -- confirming -------------------------------------------------------------------------------------------------------


def test_the_organisation_confirms_who_one_is(configured: World, provider: str) -> None:
    bind(configured.professional, provider, "kaisa-1")
    client = configured.client(configured.professional)
    client.post(reverse("account_lock"))
    assert "Vahvista: Oulun kaupunki, työpaikan tunnus" in client.get(reverse("account_lock")).content.decode()
    address = leave(client, reverse("account_organisation", args=["oulu"]) + f"?next={reverse('case-list')}")
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    assert client.get(sign_in_there(address, "kaisa-1")).url == reverse("case-list")
    assert client.get(reverse("case-list")).status_code == 200


def test_somebody_else_does_not_open_the_lock(configured: World, provider: str) -> None:
    bind(configured.professional, provider, "kaisa-1")
    bind(configured.colleague, provider, "kaisa-acr")
    client = configured.client(configured.professional)
    client.post(reverse("account_lock"))
    refused(come_in(client, "kaisa-acr"), "another person")
    assert client.get(reverse("home")).url.startswith(reverse("account_lock"))


# -- the setting ------------------------------------------------------------------------------------------------------

GOOD = '{"key":"a","name":"A","agency":"A","issuer":"https://a.example","client_id":"x","client_secret":"y"}'


def test_the_sign_in_page_shows_the_organisations(configured: World, settings) -> None:
    page = Client().get(reverse("account_login")).content.decode()
    assert "Kirjaudu työpaikan tunnuksella" in page
    assert "Oulun kaupunki" in page
    settings.SIGN_IN_ORGANISATIONS = []
    assert "työpaikan" not in Client().get(reverse("account_login")).content.decode()


def test_a_secret_may_stand_in_a_file(tmp_path) -> None:
    path = tmp_path / "secret"
    path.write_text("hiljaa\n")
    rows = organisations("[" + GOOD.replace('"client_secret":"y"', f'"client_secret_file":"{path}"') + "]")
    assert rows[0]["client_secret"] == "hiljaa"
    assert organisations("[]") == []


@pytest.mark.parametrize(
    "value",
    ["", "{", "{}x", "[1]", "[{}]", f"[{GOOD},{GOOD}]", f"[{GOOD.replace('https', 'http')}]",
     f"[{GOOD.replace('"y"', '""')}]", f"[{GOOD[:-1]},\"email\":1}}]"],
)  # fmt: skip
def test_a_doubtful_setting_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SIGN_IN_ORGANISATIONS"):
        organisations(value)
