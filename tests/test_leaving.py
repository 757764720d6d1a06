"""Whoever leaves loses every channel at the next request: each way to leave, over every address of the matrix."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.actions.consent import withdraw
from cases.actions.network import end_membership
from cases.actions.standing import open_exceptionally
from cases.models import Case, Concern, Membership, PersonContact
from cases.sections import EXCEPTIONAL
from meetings.actions import meeting as meetings
from meetings.actions.standing import recuse
from meetings.models import Commitment, Meeting
from networks.models import User
from tests.personas import World, at
from tests.test_access_matrix import Scene, rows
from yhteiso.hats.wear import wearing

LISTS = ("home", "case-list", "meeting-list", "commitment-list", "task-list", "messages", "messages-week")
NAMES = ("Aatu", "SALAINEN", "Suvilehto")


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


def addresses_of_the_case(scene: Scene) -> list[tuple[str, str]]:
    """Every address of this situation that the matrix has for a member, with its method."""
    found = []
    for row in rows():
        if row["member"] in ("login", "factor"):
            continue
        address = scene.url(row["url"])
        if scene.case.ref in address:
            found.append((row["method"], address))
    assert len(found) > 30
    return found


def membership_ended(scene: Scene) -> None:
    end_membership(case=scene.case, membership=scene.member, reason="x", by=scene.world.coordinator, now=timezone.now())


def unit_changed(scene: Scene) -> None:
    User.objects.filter(pk=scene.world.member.pk).update(unit=scene.world.day_care)


def role_ended(scene: Scene) -> None:
    scene.world.member.roles.update(ends_on=date(2021, 1, 1))


def disabled(scene: Scene) -> None:
    User.objects.filter(pk=scene.world.member.pk).update(is_active=False)


def disqualified(scene: Scene) -> None:
    by = scene.world.coordinator
    with wearing("area", by.pk):
        recuse(case=scene.case, user=scene.world.member, reason="kin", by=by, now=timezone.now())


def asked(client: Client, method: str, address: str) -> Any:
    """The answer after redirects: the address of a form sends a GET on to its page before it asks who it is."""
    return getattr(client, method.lower())(address, follow=True)


@pytest.mark.parametrize("leave", [membership_ended, unit_changed, role_ended, disabled, disqualified])
def test_every_address_is_gone_at_the_next_request(scene: Scene, leave: Callable[[Scene], None]) -> None:
    client = scene.world.client(scene.world.member)
    client.raise_request_exception = False
    assert client.get(reverse("case", args=[scene.case.ref])).status_code == 200
    assert "Aatu" in client.get(reverse("home")).content.decode()
    leave(scene)
    for method, address in addresses_of_the_case(scene):
        response = asked(client, method, address)
        if leave is disabled:
            assert "/account/login/" in response.redirect_chain[-1][0], (method, address)
        else:
            assert response.status_code in (404, 405), (method, address, response.status_code)
        assert not any(name in response.content.decode(errors="replace") for name in NAMES), (method, address)
    for name in LISTS:
        body = client.get(reverse(name), follow=True).content.decode()
        assert not any(word in body for word in NAMES), name
    with wearing("member", scene.world.member.pk):
        for model in (Case, Meeting, Commitment, Concern, Membership):
            assert not model.objects.exists(), model


def test_a_withdrawn_consent_closes_every_section_at_the_next_request(scene: Scene) -> None:
    """The member still knows to be a member; of the family and of the others nothing is left to read."""
    client = scene.world.client(scene.world.member)
    client.raise_request_exception = False
    before = client.get(reverse("case", args=[scene.case.ref])).content.decode()
    assert "SALAINEN-LUPAUS" in before
    assert "Kaisa Koivupuro" in before
    Commitment.objects.update(owner=scene.world.professional)  # own promises stay one's own
    mother = scene.case.persons.get(name="Hilla")
    withdraw(case=scene.case, giver=mother, member=scene.member, by=scene.world.coordinator, now=timezone.now())
    for method, address in addresses_of_the_case(scene):
        body = asked(client, method, address).content.decode(errors="replace")
        assert not any(word in body for word in ("SALAINEN", "Hilla")), (method, address)
    assert client.get(reverse("logbook-pdf", args=[scene.case.ref, scene.meeting.ref])).status_code in (403, 404)
    with wearing("member", scene.world.member.pk):
        assert not Meeting.objects.exists()
        assert not PersonContact.objects.exists()


def test_an_expired_exceptional_access_closes_every_address(scene: Scene) -> None:
    world, colleague = scene.world, scene.world.colleague
    PersonContact.objects.filter(person__case=scene.case, person__kind="child").update(born_on=date(2022, 1, 14))
    with wearing("member", colleague.pk):
        row = open_exceptionally(
            by=colleague, first_name="Aatu", born_on=date(2022, 1, 14), reason="danger", grounds="x" * 20,
            sections=EXCEPTIONAL["all"], now=timezone.now(),
        )  # fmt: skip
    client = world.client(colleague)
    client.raise_request_exception = False
    assert client.get(reverse("case", args=[scene.case.ref])).status_code == 200
    Membership.objects.filter(pk=row.membership_id).update(expires_at=timezone.now() - timedelta(hours=1))
    for method, address in addresses_of_the_case(scene):
        assert asked(client, method, address).status_code in (404, 405), (method, address)
    for name in LISTS:
        assert "Aatu" not in client.get(reverse(name), follow=True).content.decode(), name


# -- G24: tries at the same moment


def tries_after_commit(world: World, case: Case, meeting: Meeting, wanted: int) -> tuple[int, int]:
    """Eight browsers ask without pause while the membership is ended. Returns how many requests began after COMMIT, and
    how many of those were served anything of the situation."""
    gone, counted, served, lock = threading.Event(), [0], [0], threading.Lock()
    args = [case.ref]
    pages = [
        reverse("case", args=args), reverse("meeting", args=[*args, meeting.ref]), reverse("case-list"),
        reverse("logbook", args=[*args, meeting.ref]), reverse("home"), reverse("meeting-list"),
    ]  # fmt: skip
    seen_before = threading.Semaphore(0)

    def ask(n: int) -> None:
        client = world.client(world.member)
        client.raise_request_exception = False
        turn = n
        try:
            while counted[0] < wanted:
                turn += 1
                after = gone.is_set()
                response = client.get(pages[turn % len(pages)])
                shown = response.status_code == 200 and "Aatu" in response.content.decode()
                if not after:
                    if shown:
                        seen_before.release()
                    continue
                with lock:
                    counted[0] += 1
                    served[0] += shown
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for _n in range(8):
        assert seen_before.acquire(timeout=60)
    seat = case.memberships.get(user=world.member)
    with wearing("area", world.coordinator.pk):
        end_membership(case=case, membership=seat, reason="x", by=world.coordinator, now=timezone.now())
    gone.set()
    for thread in threads:
        thread.join(timeout=300)
    return counted[0], served[0]


def _g24(wanted: int) -> None:
    world = World()
    case = world.case()
    meeting = meetings.propose(
        case=case, starts_at=at("2099-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=timezone.now()
    )
    counted, served = tries_after_commit(world, case, meeting, wanted)
    assert counted >= wanted
    assert served == 0


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_hundred_tries_at_once_after_commit_see_nothing() -> None:
    _g24(100)


@pytest.mark.deep
@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_thousand_tries_at_once_after_commit_see_nothing() -> None:
    _g24(1000)
