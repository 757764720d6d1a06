"""Signing in with an organisation's own identity (OpenID Connect, code flow with PKCE, by Authlib).

The key of a person is issuer and subject; an e-mail is neither read nor kept. Each organisation is bound to one agency:
its identities belong to that agency's people only. An identity makes no account; an invitation does, and it binds the two.
Which organisations there are is set by the installation (docs/settings.md), not by anybody's click.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from joserfc.errors import JoseError

from networks import actions
from networks.models import AccountInvitation, OrganisationIdentity, User

TIMEOUT = 5  # seconds for each question to the organisation's server
CLOCKS_APART = 60  # seconds that two servers' clocks may differ


class Refused(Exception):
    """The sign-in is refused. `code` goes to the log, never to the page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Organisation:
    """One organisation's sign-in. `acr` and `amr` are the words by which it tells that it asked two factors."""

    key: str
    name: str
    agency: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    acr: frozenset[str] = frozenset()
    amr: frozenset[str] = frozenset()

    def proves_two_factors(self, claims: dict[str, Any]) -> bool:
        """Whether the claims say so in the agreed words. Nothing agreed: never, and our own second step is asked."""
        amr = claims.get("amr")
        said = set(amr) if isinstance(amr, list) else set()
        return claims.get("acr") in self.acr or bool(said & self.amr)


def organisations() -> list[Organisation]:
    """Those whose people can sign in with their own identity."""
    return [
        Organisation(**row | {"acr": frozenset(row.get("acr", ())), "amr": frozenset(row.get("amr", ()))})
        for row in settings.SIGN_IN_ORGANISATIONS
    ]


def find(key: str) -> Organisation | None:
    return next((row for row in organisations() if row.key == key), None)


def of_invitation(invitation: AccountInvitation) -> list[Organisation]:
    """With which organisation the invited person may come: that of the unit's agency."""
    agency = invitation.unit.agency.name if invitation.unit else ""
    return [row for row in organisations() if row.agency == agency]


def of_user(user: User) -> list[Organisation]:
    """The organisations to whose identity this account is bound."""
    bound = set(user.organisation_identities.values_list("issuer", flat=True)) if settings.SIGN_IN_ORGANISATIONS else set()
    return [row for row in organisations() if row.issuer in bound]


@cache
def _client(row: Organisation) -> Any:
    return OAuth().register(
        row.key, client_id=row.client_id, client_secret=row.client_secret,
        server_metadata_url=f"{row.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid", "code_challenge_method": "S256", "default_timeout": TIMEOUT},
    )  # fmt: skip


def leave_for(request: HttpRequest, row: Organisation, *, anew: bool) -> HttpResponse:
    """Lead to the organisation's own sign-in. `anew`: it must ask again even if it knows the person already.

    Raises Refused when its server does not answer or is not who it should be.
    """
    back = request.build_absolute_uri(reverse("account_organisation_back", args=[row.key]))
    extra = {"prompt": "login", "max_age": "0"} if anew else {}
    try:
        _check_issuer(row)
        response: HttpResponse = _client(row).authorize_redirect(request, back, **extra)
    except (AuthlibBaseError, requests.RequestException, ValueError, RuntimeError) as error:
        raise Refused("provider") from error
    return response


def claims_of(request: HttpRequest, row: Organisation) -> dict[str, Any]:
    """The checked claims with which the person comes back: signature, issuer, audience, nonce and times.

    The state is used up by the first try. Raises Refused for a replayed or foreign state and for any claim that fails.
    """
    expected = {
        "iss": {"essential": True, "values": [row.issuer]},
        "aud": {"essential": True, "value": row.client_id},
        "sub": {"essential": True}, "exp": {"essential": True}, "iat": {"essential": True},
    }  # fmt: skip
    try:
        _check_issuer(row)
        token = _client(row).authorize_access_token(request, claims_options=expected, leeway=CLOCKS_APART)
    except (AuthlibBaseError, JoseError, requests.RequestException, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise Refused("token") from error
    claims = dict(token.get("userinfo") or {})
    if not claims.get("sub") or claims.get("iss") != row.issuer:
        raise Refused("token")
    return claims


def _check_issuer(row: Organisation) -> None:
    if _client(row).load_server_metadata().get("issuer") != row.issuer:
        raise Refused("issuer")


def person_of(row: Organisation, claims: dict[str, Any]) -> User:
    """The person to whom this identity is bound. Raises Refused: unknown, disabled, or of another agency by now."""
    people = User.objects.select_related("unit__agency", "unit__area")
    user = people.filter(
        organisation_identities__issuer=row.issuer, organisation_identities__subject=claims["sub"]
    ).first()  # fmt: skip
    if user is None:
        raise Refused("unknown")
    if not user.is_active:
        raise Refused("disabled")
    if user.unit is None or user.unit.agency.name != row.agency:
        raise Refused("agency")
    return user


def confirmed(row: Organisation, claims: dict[str, Any], user: User) -> None:
    """Whether the organisation has asked this same person again just now. Raises Refused."""
    if person_of(row, claims).pk != user.pk:
        raise Refused("another person")
    if time.time() - int(claims.get("auth_time", 0)) > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        raise Refused("old")


def accept_invitation(*, row: Organisation, claims: dict[str, Any], token: str, now: datetime) -> User:
    """Make the invited account without a password and bind it to this identity, both or neither.

    Raises InvitationGone, and Refused when the invitation is another agency's or the identity already somebody's.
    """
    if row not in of_invitation(actions.find_invitation(token=token, now=now)):
        raise Refused("agency")
    try:
        with transaction.atomic():
            user = actions.accept_invitation(token=token, password=None, now=now)
            OrganisationIdentity.objects.create(user=user, issuer=row.issuer, subject=claims["sub"], bound_at=now)
    except IntegrityError as error:
        raise Refused("bound") from error
    return user
