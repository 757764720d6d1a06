"""An account is suspended at once by one administrator, closed for good, and its roles end; never one's own."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from networks.access import NotAllowed
from networks.actions import account
from networks.models import AccountEvent, Notice, PowerProposal, Role, RoleMembership, User
from tests.networks.powers import as_administrator, propose_role
from tests.personas import World
from yhteiso.hats.wear import wearing


def suspend(world: World, person: User, by: User | None = None) -> None:
    user = by or world.administrator
    with wearing("admin", user.pk):
        account.suspend(person=person, by=user, reason="epäily", now=timezone.now())


def close(world: World, person: User, by: User | None = None) -> None:
    user = by or world.administrator
    with wearing("admin", user.pk):
        account.close(person=person, by=user, reason="eläkkeelle", now=timezone.now())


def end_role(world: World, row: RoleMembership, by: User | None = None) -> None:
    user = by or world.administrator
    with wearing("admin", user.pk):
        account.end_role(membership=row, by=user, reason="siirtyi", now=timezone.now())


@pytest.fixture
def duties(db: None) -> Iterator[Any]:
    """A function that says how many open duties everybody has, as the applications of families will."""

    def say(count: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION sec.open_duties(user_id bigint) RETURNS int LANGUAGE sql STABLE SECURITY DEFINER"
                f" SET search_path = pg_catalog, public, pg_temp AS $$ SELECT {count} $$"
            )

    yield say
    say(0)


def test_a_suspended_account_is_out_at_the_next_request_on_every_device(world: World) -> None:
    case = world.case()
    phone, laptop = world.client(world.member), world.client(world.member)
    address = reverse("case", args=[case.ref])
    assert phone.get(address).status_code == laptop.get(address).status_code == 200
    suspend(world, world.member)
    for client in (phone, laptop):
        answer = client.get(address)
        assert answer.status_code == 302
        assert "/account/login/" in answer.url
        assert client.post(reverse("keepalive")).status_code == 302


def test_an_old_session_is_dead_and_deleted_even_when_the_account_comes_back(world: World) -> None:
    client = world.client(world.member)
    key = client.cookies["sessionid"].value if "sessionid" in client.cookies else next(iter(client.cookies.values())).value
    assert client.get(reverse("home")).status_code == 200
    suspend(world, world.member)
    User.objects.filter(pk=world.member.pk).update(is_active=True)
    assert client.get(reverse("home")).status_code == 302
    assert not Session.objects.filter(session_key=key).exists()
    assert world.client(User.objects.get(pk=world.member.pk)).get(reverse("home")).status_code == 200


def test_a_suspended_person_keeps_roles_and_can_t_sign_in(world: World) -> None:
    suspend(world, world.coordinator)
    person = User.objects.get(pk=world.coordinator.pk)
    assert (person.state, person.roles.count(), person.current_roles) == ("suspended", 1, [])
    assert person.closed_at is None
    with wearing("area", person.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.my_areas()")
        assert cursor.fetchone() == ([],)


def test_it_is_written_down_with_its_reason_and_told(world: World) -> None:
    suspend(world, world.member)
    event = AccountEvent.objects.get()
    assert (event.person, event.kind, event.by, event.reason) == (world.member, "suspended", world.administrator, "epäily")
    kinds = set(Notice.objects.filter(to__in=[world.officer, world.coordinator]).values_list("to", "kind"))
    assert kinds == {(world.officer.pk, "account_suspended"), (world.coordinator.pk, "account_suspended")}
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        AccountEvent.objects.update(reason="muu")


def test_nobody_suspends_or_closes_oneself(world: World) -> None:
    assert world.second_administrator
    for deed in (suspend, close):
        with pytest.raises(NotAllowed, match="omaa tiliäsi"):
            deed(world, world.administrator)
    assert User.objects.get(pk=world.administrator.pk).is_active


def test_the_last_administrator_stays(world: World) -> None:
    """Elina has been suspended meanwhile, so the one who tries it is the other's only colleague."""
    second = world.second_administrator
    suspend(world, world.administrator, by=second)
    for deed in (suspend, close):
        with pytest.raises(NotAllowed):
            deed(world, second)
    with pytest.raises(NotAllowed, match="viimeinen pääkäyttäjä"):
        end_role(world, second.roles.get(), by=second)
    assert User.objects.get(pk=second.pk).hat == "admin"


def test_a_suspended_administrator_does_nothing_more(world: World) -> None:
    suspend(world, world.administrator, by=world.second_administrator)
    with pytest.raises(NotAllowed, match="Vain pääkäyttäjä"):
        suspend(world, world.member)
    assert User.objects.get(pk=world.member.pk).is_active


@pytest.mark.parametrize("persona", ["coordinator", "responsible", "officer", "member"])
def test_only_an_administrator_does_these(world: World, persona: str) -> None:
    user = getattr(world, persona)
    for deed in (suspend, close):
        with pytest.raises(NotAllowed, match="Vain pääkäyttäjä"):
            deed(world, world.colleague, by=user)
    with pytest.raises(NotAllowed, match="Vain pääkäyttäjä"):
        end_role(world, world.colleague.roles.get(), by=user)
    assert User.objects.get(pk=world.colleague.pk).state == "active"


def test_a_closed_account_is_not_active_has_no_role_and_no_open_proposal(world: World) -> None:
    row = propose_role(world)
    close(world, world.member)
    person = User.objects.get(pk=world.member.pk)
    assert (person.state, person.is_active, person.closed_by) == ("closed", False, world.administrator)
    assert person.current_roles == []
    row.refresh_from_db()
    assert row.state == "lapsed"
    assert AccountEvent.objects.get().kind == "closed"
    assert Notice.objects.filter(to=world.officer, kind="account_closed").count() == 1


def test_closed_is_for_good_even_for_the_owner(world: World) -> None:
    close(world, world.member)
    rows = User.objects.filter(pk=world.member.pk)
    for change in ({"closed_at": None, "closed_by": None}, {"closed_at": timezone.now()}, {"is_active": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError, match="no role"), transaction.atomic():
        RoleMembership.objects.create(user=world.member, role=Role.PROFESSIONAL, starts_on="2026-01-01")
    for deed in (suspend, close):
        with pytest.raises(NotAllowed, match="jo suljettu pysyvästi"):
            deed(world, rows.get())
    with pytest.raises(NotAllowed, match="suljettu pysyvästi"):
        propose_role(world, rows.get())
    with pytest.raises(IntegrityError, match="closed account"), transaction.atomic():
        PowerProposal.objects.create(
            kind="second_factor", target=world.member, reason="x", proposed_by=world.administrator,
            proposed_at=timezone.now(), expires_at=timezone.now(),
        )  # fmt: skip


def test_a_suspended_account_can_be_closed(world: World) -> None:
    suspend(world, world.member)
    with pytest.raises(NotAllowed, match="jo suljettu toistaiseksi"):
        suspend(world, world.member)
    close(world, world.member)
    assert User.objects.get(pk=world.member.pk).state == "closed"


def test_closed_by_nobody_or_by_oneself_is_refused_by_the_table(world: World) -> None:
    rows, now = User.objects.filter(pk=world.member.pk), timezone.now()
    for change in (
        {"closed_at": now, "is_active": False},
        {"closed_at": now, "closed_by": world.administrator},
        {"closed_at": now, "closed_by": world.member, "is_active": False},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)


def test_open_duties_keep_an_account_open_but_not_in_use(world: World, duties: Any) -> None:
    duties(2)
    with pytest.raises(NotAllowed, match="vielä 2 avointa tilannetta tai lupausta"):
        close(world, world.coordinator)
    with pytest.raises(IntegrityError, match="handed over first"), transaction.atomic():
        User.objects.filter(pk=world.coordinator.pk).update(
            closed_at=timezone.now(), closed_by=world.administrator, is_active=False
        )
    with as_administrator(world), connection.cursor() as cursor:
        cursor.execute("SELECT sec.close_account(%s, 'x')", [world.coordinator.pk])
        assert cursor.fetchone() == ("duties",)
    page = world.client(world.administrator).get(reverse("staff-closure", args=[world.coordinator.pk])).content.decode()
    assert "vielä 2 avointa tilannetta tai lupausta" in page
    suspend(world, world.coordinator)
    assert not User.objects.get(pk=world.coordinator.pk).is_active
    duties(0)
    close(world, world.coordinator)


def test_a_role_ends_at_once_and_once(world: World) -> None:
    case = world.case()
    client = world.client(world.coordinator)
    assert client.get(reverse("case", args=[case.ref])).status_code == 200
    row = world.coordinator.roles.get()
    end_role(world, row)
    assert client.get(reverse("case", args=[case.ref])).status_code == 404
    with pytest.raises(NotAllowed, match="jo päättynyt"):
        end_role(world, row)
    assert Notice.objects.filter(to=world.coordinator, kind="role_ended").count() == 1
    assert AccountEvent.objects.get().kind == "role_ended"


def test_a_role_given_today_ends_today(world: World) -> None:
    row = RoleMembership.objects.create(
        user=world.member, role=Role.COORDINATOR, area=world.area, starts_on=timezone.localdate()
    )
    end_role(world, row)
    assert [given.role for given in User.objects.get(pk=world.member.pk).current_roles] == [Role.PROFESSIONAL]
