"""Two people for power, at the level of actions: who may propose, who may answer, what follows and who is told."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from networks import actions
from networks.access import NotAllowed
from networks.actions import account, power
from networks.models import AccountEvent, AccountInvitation, Notice, PowerProposal, Role, RoleMembership, Unit, User
from networks.notices import SENTENCES, sentence
from tests.networks.powers import accept, as_administrator, old, propose_role
from tests.personas import PASSWORD, World
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date


def has_role(person: User, role: str) -> bool:
    return any(row.role == role for row in User.objects.get(pk=person.pk).current_roles)


def told(person: User) -> list[str]:
    return list(Notice.objects.filter(to=person).values_list("kind", flat=True))


def test_a_role_is_in_force_only_after_another_person_accepts(world: World) -> None:
    row = propose_role(world)
    assert not has_role(world.member, Role.COORDINATOR)
    accept(row, world.second_administrator, "admin")
    given = RoleMembership.objects.get(user=world.member, role=Role.COORDINATOR)
    assert (given.area, given.unit, given.starts_on) == (world.area, None, helsinki_date(timezone.now()))
    row.refresh_from_db()
    assert (row.state, row.accepted_by) == ("accepted", world.second_administrator)
    event = AccountEvent.objects.get(person=world.member)
    assert (event.kind, event.by, event.reason) == ("role_given", world.second_administrator, "sijaisuus")


def test_the_area_s_responsible_person_accepts_what_concerns_the_area(world: World) -> None:
    row = propose_role(world)
    assert (row.concerns, row.administrators_only) == (world.area, False)
    accept(row, world.responsible, "area")
    assert has_role(world.member, Role.COORDINATOR)


def test_a_waiting_power_is_told_where_one_looks_for_it(world: World) -> None:
    tasks, card = reverse("task-list"), reverse("staff-account", args=[world.member.pk])
    assert reverse("power-list") not in page_body(world, world.responsible, tasks)
    propose_role(world)
    assert "1 ehdotettu valtuus odottaa" in page_body(world, world.responsible, tasks)
    assert "ehdotettu valtuus" not in page_body(world, world.coordinator, tasks)
    assert "alueen vastuuhenkilö voi hyväksyä tämän" in page_body(world, world.administrator, card)


def page_body(world: World, user: User, url: str) -> str:
    return world.client(user).get(url).content.decode().split("<main")[1]


def test_the_person_the_coordinators_and_the_officer_are_told(world: World) -> None:
    row = propose_role(world)
    assert told(world.member) == []
    accept(row, world.second_administrator, "admin")
    assert told(world.member) == ["power_yours"]
    for watcher in (world.coordinator, world.second_coordinator, world.officer):
        assert told(watcher) == ["power_given"], watcher
    assert told(world.administrator) == ["power_accepted"]
    for stranger in (world.other_coordinator, world.professional, world.leader):
        assert told(stranger) == []
    text = sentence(Notice.objects.get(to=world.officer))
    for word in ("Sari Hietaniitty", "Koordinaattori", "Kuusiranta", "Elina Saarikko", "Mikko Saarela"):
        assert word in text


def test_those_who_may_accept_are_told_that_it_waits(world: World) -> None:
    second, responsible, elsewhere = world.second_administrator, world.responsible, world.other_responsible
    propose_role(world)
    assert told(second) == told(responsible) == ["power_waiting"]
    assert told(elsewhere) == told(world.administrator) == told(world.coordinator) == []


def test_nobody_accepts_their_own_proposal(world: World) -> None:
    row = propose_role(world)
    with pytest.raises(NotAllowed, match=r"Ehdotit tätä itse\. Toisen ihmisen on hyväksyttävä se\."):
        accept(row, world.administrator, "admin")
    assert not has_role(world.member, Role.COORDINATOR)


def test_nobody_proposes_for_oneself_nor_accepts_what_is_about_them(world: World) -> None:
    with pytest.raises(NotAllowed, match="itselleen"):
        propose_role(world, world.administrator)
    row = propose_role(world, world.second_administrator)
    with pytest.raises(NotAllowed, match="koskee sinua"):
        accept(row, world.second_administrator, "admin")
    assert not has_role(world.second_administrator, Role.COORDINATOR)


def test_who_has_two_roles_is_still_one_person(world: World) -> None:
    """An administrator who is responsible for the area too can't propose in one hat and accept in the other."""
    RoleMembership.objects.create(user=world.administrator, role=Role.RESPONSIBLE, area=world.area, starts_on="2020-01-01")
    world.administrator.chosen_role = world.administrator.roles.get(role=Role.ADMINISTRATOR).pk
    row = propose_role(world)
    other = User.objects.get(pk=world.administrator.pk)
    other.chosen_role = other.roles.get(role=Role.RESPONSIBLE).pk
    with pytest.raises(NotAllowed, match="itse"):
        accept(row, other, "area")


@pytest.mark.parametrize("persona", ["coordinator", "other_responsible", "member", "officer", "leader"])
def test_nobody_else_accepts(world: World, persona: str) -> None:
    user = getattr(world, persona)
    row = propose_role(world, world.colleague)
    with pytest.raises(NotAllowed), transaction.atomic():
        power.accept(proposal=row, by=user, now=timezone.now())
    assert not has_role(world.colleague, Role.COORDINATOR)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OFFICER])
def test_power_beyond_an_area_is_accepted_by_administrators_only(world: World, role: str) -> None:
    row = propose_role(world, role=role, area=None)
    assert row.administrators_only
    with pytest.raises(NotAllowed):
        accept(row, world.responsible, "area")
    accept(row, world.second_administrator, "admin")
    assert has_role(world.member, role)


def test_who_has_power_elsewhere_is_not_the_area_s_business(world: World) -> None:
    RoleMembership.objects.create(user=world.member, role=Role.COORDINATOR, area=world.other_area, starts_on="2020-01-01")
    with as_administrator(world):
        row = power.propose_second_factor(
            person=world.member, by=world.administrator, reason="puhelin katosi", now=timezone.now()
        )
    assert row.concerns == world.area
    assert row.administrators_only


def test_leadership_of_an_area_and_a_unit_head_need_two_as_well(world: World) -> None:
    first = propose_role(world, role=Role.LEADERSHIP)
    second = propose_role(world, world.colleague, Role.UNIT_HEAD, area=None, unit=world.day_care)
    assert (first.concerns, second.concerns) == (world.area, world.area)
    for row in (first, second):
        accept(row, world.responsible, "area")
    assert has_role(world.member, Role.LEADERSHIP)
    assert User.objects.get(pk=world.colleague.pk).roles.get(role=Role.UNIT_HEAD).unit == world.day_care


def test_after_fourteen_days_it_has_lapsed_and_may_be_proposed_again(world: World) -> None:
    row = old(propose_role(world))
    with pytest.raises(NotAllowed, match="14 päivässä"):
        accept(row, world.second_administrator, "admin")
    again = propose_role(world)
    row.refresh_from_db()
    assert row.state == "lapsed"
    accept(again, world.second_administrator, "admin")
    assert has_role(world.member, Role.COORDINATOR)


def test_the_same_thing_is_proposed_once_at_a_time(world: World) -> None:
    propose_role(world)
    with pytest.raises(NotAllowed, match="jo ehdotettu"):
        propose_role(world)
    with pytest.raises(NotAllowed, match="jo ehdotettu"):
        propose_role(world, by=world.second_administrator)
    propose_role(world, role=Role.LEADERSHIP)
    assert PowerProposal.objects.unanswered().count() == 2


def test_what_the_person_has_already_is_not_proposed(world: World) -> None:
    with pytest.raises(NotAllowed, match="jo tämä rooli"):
        propose_role(world, world.coordinator)
    with pytest.raises(NotAllowed, match="Valitse rooli"):
        propose_role(world, role="emperor")


@pytest.mark.parametrize("persona", ["coordinator", "responsible", "officer", "professional"])
def test_only_an_administrator_proposes(world: World, persona: str) -> None:
    with pytest.raises(NotAllowed, match="Vain pääkäyttäjä"), transaction.atomic():
        power.propose_role(
            person=world.member, role=Role.LEADERSHIP, area=world.area, unit=None, by=getattr(world, persona), reason="x",
            now=timezone.now(),
        )  # fmt: skip


def test_a_declined_proposal_changes_nothing_and_its_proposer_is_told_why(world: World) -> None:
    row = propose_role(world)
    with wearing("area", world.responsible.pk):
        power.decline(proposal=row, by=world.responsible, reason="ei tarvita", now=timezone.now())
    row.refresh_from_db()
    assert (row.state, row.decline_reason) == ("declined", "ei tarvita")
    assert told(world.administrator) == ["power_declined"]
    for deed in (lambda: accept(row, world.second_administrator, "admin"), lambda: withdraw(world, row)):
        with pytest.raises(NotAllowed, match="hylätty"):
            deed()
    assert not has_role(world.member, Role.COORDINATOR)


def withdraw(world: World, row: PowerProposal, by: User | None = None) -> None:
    user = by or world.administrator
    with wearing("admin", user.pk):
        power.withdraw(proposal=row, by=user, now=timezone.now())


def test_a_withdrawn_proposal_is_gone_and_only_its_maker_withdraws_it(world: World) -> None:
    row = propose_role(world)
    with pytest.raises(NotAllowed, match="Vain ehdottaja"):
        withdraw(world, row, world.second_administrator)
    withdraw(world, row)
    with pytest.raises(NotAllowed, match="peruttu"):
        accept(row, world.second_administrator, "admin")
    with pytest.raises(NotAllowed, match="peruttu"), wearing("admin", world.second_administrator.pk):
        power.decline(proposal=row, by=world.second_administrator, reason="x", now=timezone.now())
    propose_role(world)


def test_nobody_declines_their_own(world: World) -> None:
    row = propose_role(world)
    with pytest.raises(NotAllowed, match="itse"), as_administrator(world):
        power.decline(proposal=row, by=world.administrator, reason="x", now=timezone.now())


def test_a_proposer_who_has_lost_the_role_gives_no_power(world: World) -> None:
    row = propose_role(world)
    world.administrator.roles.update(ends_on="2021-01-01")
    with pytest.raises(NotAllowed, match="ei ole enää pääkäyttäjä"):
        accept(row, world.second_administrator, "admin")
    assert not has_role(world.member, Role.COORDINATOR)


def email(world: World, address: str = "Sari.Uusi@esimerkki.invalid", person: User | None = None) -> PowerProposal:
    with as_administrator(world):
        return power.propose_email(
            person=person or world.member, email=address, by=world.administrator, reason="nimi vaihtui", now=timezone.now()
        )


def test_a_new_address_works_and_the_old_one_does_not(world: World, rf: Any) -> None:
    User.objects.filter(pk=world.member.pk).update(password=_hash())
    EmailAddress.objects.create(user_id=world.member.pk, email=world.member.email, primary=True, verified=True)
    row = email(world)
    assert User.objects.get(pk=world.member.pk).email == world.member.email
    accept(row, world.responsible, "area")
    request = rf.post("/account/login/")
    assert authenticate(request, email="sari.uusi@esimerkki.invalid", password=PASSWORD) == world.member
    assert authenticate(request, email=world.member.email, password=PASSWORD) is None
    assert told(world.member) == ["power_yours"]


def _hash() -> str:
    user = User()
    user.set_password(PASSWORD)
    return user.password


def test_an_address_in_use_is_refused_when_proposed_and_when_accepted(world: World) -> None:
    with pytest.raises(NotAllowed, match="jo käytössä"):
        email(world, world.colleague.email.upper())
    row = email(world)
    User.objects.filter(pk=world.colleague.pk).update(email=row.email)
    with pytest.raises(NotAllowed, match="jo käytössä"):
        accept(row, world.second_administrator, "admin")
    assert User.objects.get(pk=world.member.pk).email == world.member.email
    row.refresh_from_db()
    assert row.state == "open"


def test_a_reset_removes_every_authenticator_and_ends_every_session(world: World) -> None:
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user_id=world.member.pk, type=kind, data={})
    kept = Authenticator.objects.create(user_id=world.colleague.pk, type=Authenticator.Type.TOTP, data={})
    client = world.client(world.member)
    with as_administrator(world):
        row = power.propose_second_factor(
            person=world.member, by=world.administrator, reason="puhelin katosi", now=timezone.now()
        )
    assert Authenticator.objects.filter(user_id=world.member.pk).count() == 2
    assert client.get("/messages/").status_code == 200
    accept(row, world.responsible, "area")
    assert list(Authenticator.objects.all()) == [kept]
    assert client.get("/messages/").status_code == 302


def invited(world: World, **fields: Any) -> tuple[str, PowerProposal]:
    values = {"email": "Uusi@esimerkki.invalid", "name": "Uusi Ihminen", "role": Role.PROFESSIONAL, "unit": world.day_care}
    row = AccountInvitation(**(values | fields))
    with as_administrator(world):
        token = actions.invite(invitation=row, by=world.administrator, now=timezone.now())
    return token, row.proposals.get()


def test_an_invitation_opens_only_after_a_second_person(world: World) -> None:
    token, row = invited(world)
    now = timezone.now()
    with pytest.raises(actions.InvitationWaiting, match="Toinen ihminen ei ole vielä"):
        actions.accept_invitation(token=token, password=PASSWORD, now=now)
    assert not User.objects.filter(email="uusi@esimerkki.invalid").exists()
    accept(row, world.responsible, "area")
    user = actions.accept_invitation(token=token, password=PASSWORD, now=now)
    assert [given.role for given in user.current_roles] == [Role.PROFESSIONAL]
    with pytest.raises(actions.InvitationGone):
        actions.accept_invitation(token=token, password=PASSWORD, now=now)


def test_the_seven_days_of_a_link_begin_with_the_acceptance(world: World) -> None:
    token, row = invited(world)
    AccountInvitation.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    accept(row, world.second_administrator, "admin")
    assert actions.find_invitation(token=token, now=timezone.now() + timedelta(days=6))
    with pytest.raises(actions.InvitationGone):
        actions.find_invitation(token=token, now=timezone.now() + timedelta(days=8))


def test_a_declined_invitation_opens_nothing(world: World) -> None:
    token, row = invited(world)
    with wearing("area", world.responsible.pk):
        power.decline(proposal=row, by=world.responsible, reason="ei meillä töissä", now=timezone.now())
    with pytest.raises(actions.InvitationGone):
        actions.accept_invitation(token=token, password=PASSWORD, now=timezone.now())
    assert not User.objects.filter(email="uusi@esimerkki.invalid").exists()


def test_an_invitation_that_nobody_accepted_is_gone_with_its_proposal(world: World) -> None:
    token, _ = invited(world)
    later = timezone.now() + timedelta(days=13)
    with pytest.raises(actions.InvitationWaiting):
        actions.find_invitation(token=token, now=later)
    with pytest.raises(actions.InvitationGone, match="vanhentunut"):
        actions.find_invitation(token=token, now=later + timedelta(days=2))


def test_an_address_that_has_an_account_meanwhile_gets_no_second_one(world: World) -> None:
    token, row = invited(world)
    accept(row, world.second_administrator, "admin")
    User.objects.filter(pk=world.colleague.pk).update(email="uusi@esimerkki.invalid")
    with pytest.raises(actions.InvitationGone):
        actions.accept_invitation(token=token, password=PASSWORD, now=timezone.now())
    assert [given.role for given in User.objects.get(pk=world.colleague.pk).current_roles] == [Role.PROFESSIONAL]


def test_the_role_is_the_one_that_was_accepted(world: World) -> None:
    """The invitation's row may be tampered with after the acceptance; the account gets what two people saw."""
    token, row = invited(world)
    accept(row, world.second_administrator, "admin")
    AccountInvitation.objects.update(role=Role.COORDINATOR, area=world.area)
    user = actions.accept_invitation(token=token, password=PASSWORD, now=timezone.now())
    assert [given.role for given in user.current_roles] == [Role.PROFESSIONAL]


def test_an_invitation_s_proposal_copies_its_words_from_the_invitation(world: World) -> None:
    _, row = invited(world, role=Role.COORDINATOR, area=world.area)
    assert (row.name, row.email, row.role, row.area) == ("Uusi Ihminen", "uusi@esimerkki.invalid", "coordinator", world.area)
    assert row.concerns == world.area


@pytest.mark.parametrize(
    "change",
    [
        lambda w: {"accepted_by": w.administrator, "accepted_at": timezone.now()},
        lambda w: {"accepted_by": w.member, "accepted_at": timezone.now()},
        lambda w: {"accepted_at": timezone.now()},
        lambda w: {"accepted_by": w.second_administrator},
        lambda w: {"accepted_by": w.second_administrator, "accepted_at": timezone.now() + timedelta(days=15)},
        lambda w: {"declined_by": w.administrator, "declined_at": timezone.now(), "decline_reason": "x"},
        lambda w: {"declined_by": w.member, "declined_at": timezone.now(), "decline_reason": "x"},
        lambda w: {"declined_by": w.second_administrator, "declined_at": timezone.now()},
        lambda w: {"accepted_by": w.second_administrator, "accepted_at": timezone.now(), "withdrawn_at": timezone.now()},
        lambda w: {"lapsed_at": timezone.now(), "withdrawn_at": timezone.now()},
        lambda w: {"target": w.administrator},
        lambda w: {"target": None},
        lambda w: {"email": "x@esimerkki.invalid"},
        lambda w: {"role": ""},
        lambda w: {"reason": ""},
    ],
)
def test_the_table_refuses_what_must_never_be_even_to_the_owner(world: World, change: Any) -> None:
    row = propose_role(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        PowerProposal.objects.filter(pk=row.pk).update(**change(world))


def test_an_answered_proposal_is_never_changed(world: World) -> None:
    row = propose_role(world)
    withdraw(world, row)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        PowerProposal.objects.filter(pk=row.pk).update(withdrawn_at=None)


def test_an_area_of_the_unit_or_of_the_home_unit_is_the_one_in_question(world: World) -> None:
    homeless = world.person("Ilman Yksikkoa", None)
    assert propose_role(world, homeless, Role.PROFESSIONAL, area=None).administrators_only
    away = Unit.objects.create(agency=world.day_care.agency, name="Koko kaupunki")
    assert propose_role(world, world.colleague, Role.UNIT_HEAD, area=None, unit=away).concerns == world.area


def test_every_notice_has_a_sentence_and_an_older_one_is_never_lost(world: World) -> None:
    for kind in [*SENTENCES, "from-another-version"]:
        text = sentence(Notice(kind=kind, params={}))
        assert text
        assert "%(" not in text


def test_a_suspended_account_comes_back_by_two_people(world: World) -> None:
    with as_administrator(world):
        account.suspend(person=world.member, by=world.administrator, reason="hukkui kone", now=timezone.now())
    gone = User.objects.get(pk=world.member.pk)
    with as_administrator(world):
        row = power.propose_resumption(person=gone, by=world.administrator, reason="kone löytyi", now=timezone.now())
    with pytest.raises(NotAllowed, match="itse"):
        accept(row, world.administrator, "admin")
    assert not User.objects.get(pk=world.member.pk).is_active
    accept(row, world.second_administrator, "admin")
    assert User.objects.get(pk=world.member.pk).is_active
    with pytest.raises(NotAllowed, match="Tili on käytössä"), as_administrator(world):
        power.propose_resumption(person=world.member, by=world.administrator, reason="x", now=timezone.now())
