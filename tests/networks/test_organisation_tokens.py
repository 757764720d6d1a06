"""Tokens of a false or broken provider: each one wrong in one thing, beside one that is right and opens the door."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import RSAKey

from networks.models import OrganisationIdentity
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb

KEY, STRANGER = (RSAKey.generate_key(2048, {"kid": "one"}) for _n in range(2))


class Provider(BaseHTTPRequestHandler):
    """Its document, its keys, and whatever token the test has laid ready."""

    address: ClassVar[str] = ""
    token: ClassVar[str] = ""

    def do_GET(self) -> None:
        if self.path == "/keys":
            self.answer({"keys": [KEY.as_dict(private=False)]})
        else:
            self.answer({
                "issuer": self.address, "authorization_endpoint": f"{self.address}/in", "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys", "id_token_signing_alg_values_supported": ["RS256"],
            })  # fmt: skip

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"token_type": "Bearer", "access_token": "x", "id_token": self.token})

    def answer(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def provider(world: World, settings) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Provider.address = f"http://127.0.0.1:{server.server_port}"
    settings.SIGN_IN_ORGANISATIONS = [
        {"key": "oulu", "name": "Oulun kaupunki", "agency": "Oulun varhaiskasvatus", "issuer": Provider.address,
         "client_id": "yhteiso", "client_secret": "salainen", "amr": ["mfa"]},
    ]  # fmt: skip
    OrganisationIdentity.objects.create(
        user=world.professional, issuer=Provider.address, subject="kaisa", bound_at=timezone.now()
    )
    yield Provider.address
    server.shutdown()
    server.server_close()


Change = Callable[[dict[str, Any]], Any]


def come_in(client: Client, make: Callable[[dict[str, Any]], str]) -> Any:
    """The way there and back; `make` gets the claims of a good token and gives the token that the provider hands out."""
    there = client.get(reverse("account_organisation", args=["oulu"])).url
    asked = {key: values[0] for key, values in parse_qs(urlsplit(there).query).items()}
    now = int(time.time())
    claims = {
        "iss": Provider.address, "aud": "yhteiso", "sub": "kaisa", "nonce": asked["nonce"], "iat": now, "exp": now + 300,
        "amr": ["mfa"],
    }  # fmt: skip
    Provider.token = make(claims)
    return client.get(reverse("account_organisation_back", args=["oulu"]), {"code": "x", "state": asked["state"]})


def signed(claims: dict[str, Any], *, key: Any = KEY, alg: str = "RS256", **header: str) -> str:
    return jwt.encode({"alg": alg, "kid": "one", **header}, claims, key, algorithms=[alg])


def unsigned(claims: dict[str, Any]) -> str:
    head, body, _signature = signed(claims).split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    assert head != none
    return f"{none}.{body}."


def public_key_as_secret(claims: dict[str, Any]) -> str:
    """Everybody knows the public key: a token that takes it for a shared secret is anybody's."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').decode().rstrip("=")
    text = f"{head}.{signed(claims).split('.')[1]}"
    mark = hmac.digest(KEY.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"


def other_body(claims: dict[str, Any]) -> str:
    """The signature of one token under the claims of another."""
    one, two = signed(claims | {"sub": "joku"}).split("."), signed(claims).split(".")
    return f"{one[0]}.{two[1]}.{one[2]}"


WRONG: dict[str, Callable[[dict[str, Any]], str]] = {
    "signed by a stranger": lambda c: signed(c, key=STRANGER),
    "a stranger's key in the token's head": lambda c: signed(c, key=STRANGER, jku="http://127.0.0.1:9/keys"),
    "not signed": unsigned,
    "signed with the public key as a secret": public_key_as_secret,
    "another body": other_body,
    "over": lambda c: signed(c | {"iat": c["iat"] - 7200, "exp": c["exp"] - 3600}),
    "not yet": lambda c: signed(c | {"nbf": c["iat"] + 3600}),
    "without an end": lambda c: signed({k: v for k, v in c.items() if k != "exp"}),
    "for another service": lambda c: signed(c | {"aud": "toinen"}),
    "for nobody": lambda c: signed({k: v for k, v in c.items() if k != "aud"}),
    "of another issuer": lambda c: signed(c | {"iss": "https://toinen.example"}),
    "of another sign-in": lambda c: signed(c | {"nonce": "toinen"}),
    "of no sign-in": lambda c: signed({k: v for k, v in c.items() if k != "nonce"}),
    "without a person": lambda c: signed({k: v for k, v in c.items() if k != "sub"}),
    "no token at all": lambda c: "x.y.z",
}


def test_a_token_that_is_as_it_should_be_opens_the_door(provider: str) -> None:
    client = Client()
    assert come_in(client, signed).url == reverse("home")
    assert client.get(reverse("home")).status_code == 200


@pytest.mark.parametrize("what", WRONG)
def test_a_token_that_is_not_as_it_should_be_opens_nothing(provider: str, what: str) -> None:
    client = Client()
    answer = come_in(client, WRONG[what])
    assert answer.status_code == 403
    assert client.get(reverse("home")).url.startswith(reverse("account_login"))
    assert LogEntry.objects.get(verb=Verb.DENY).reason == "sign-in: token"


def test_the_tokens_stay_on_the_server_and_are_not_kept(provider: str) -> None:
    client, kept = Client(), []
    come_in(client, lambda claims: kept.append(signed(claims)) or kept[0])
    seen = json.dumps(dict(client.session.items()), default=str) + client.get(reverse("home")).content.decode()
    assert kept[0] not in seen
    assert kept[0].split(".")[2] not in seen
    assert kept[0] not in str(client.cookies)
