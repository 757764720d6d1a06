"""The deeds that ask for a fresh proof: each by somebody who may do it and signed in an hour ago, and again just now."""

from typing import Any

import pytest
from django.urls import reverse

from tests.test_access_matrix import Scene
from yhteiso.audit.models import LogEntry, Verb

# Address, method and who may do it.
SENSITIVE = [
    ("exceptional-new", "get", "colleague"), ("exceptional-new", "post", "colleague"),
    ("person-identity-reading", "post", "coordinator"), ("log-report-print", "get", "officer"),
    ("power-acceptance", "post", "second_administrator"), ("staff-role", "post", "administrator"),
    ("staff-email", "post", "administrator"), ("staff-second-factor", "post", "administrator"),
    ("staff-suspension", "post", "administrator"), ("staff-resumption", "post", "administrator"),
    ("staff-closure", "post", "administrator"), ("staff-role-end", "post", "administrator"),
]  # fmt: skip
SECRETS = ("0594Y9032", "SALAINEN-SUKUNIMI")


def asks(answer: Any) -> bool:
    return "account/confirm_form.html" in [template.name for template in answer.templates]


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


@pytest.mark.parametrize(("name", "method", "persona"), SENSITIVE, ids=[f"{m}-{n}" for n, m, _p in SENSITIVE])
def test_what_is_most_sensitive_asks_for_a_fresh_proof(scene: Scene, name: str, method: str, persona: str) -> None:
    user = getattr(scene.world, persona)
    late, fresh = scene.world.client(user, fresh=False), scene.world.client(user)
    before = list(LogEntry.objects.values_list("pk", flat=True))
    answer = getattr(late, method)(scene.url(name))
    if method == "get":
        assert answer.url.startswith(reverse("account_confirm"))
    else:
        assert answer.status_code == 403
        assert asks(answer)
    assert not any(word in answer.content.decode() for word in SECRETS)
    assert not LogEntry.objects.exclude(verb=Verb.DENY).exclude(pk__in=before).exists()  # nothing was looked at or done
    again = getattr(fresh, method)(scene.url(name))
    assert again.status_code in (200, 302, 422)
    assert not asks(again)
