"""The network's page: who comes in, what a guardian has said, who leaves."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.actions.case import close
from cases.actions.network import add_person
from cases.models import Case, Membership, Person, PersonContact
from meetings.actions import meeting as meetings
from networks.models import Role
from tests.personas import World
from yhteiso.lib.dates import add_working_days, at_helsinki, helsinki_date


@pytest.fixture
def case(world: World) -> Case:
    return world.case(call=f"{helsinki_date(timezone.now()) - timedelta(days=2)} 09:12")


PERSON = "case-network-person"


def url(case: Case, name: str = "case-network", *args: Any) -> str:
    return reverse(name, args=[case.ref, *args])


def member(user: Any, **fields: str) -> dict[str, str]:
    return {"member-user": str(user.pk)} | fields


def person(**fields: str) -> dict[str, str]:
    return {
        "person-kind": "guardian", "person-name": "Jenna", "person-family_name": "Suvilehto",
        "person-relation": "äiti", "person-phone": "040 000 0199",
    } | fields  # fmt: skip


def guardian(world: World, case: Case) -> Person:
    seat = add_person(
        case=case, kind="guardian", name="Jenna", phone="040 000 0199", by=world.coordinator, now=timezone.now()
    )
    assert seat.person
    return seat.person


def test_network_is_the_areas_coordinators_to_change(world: World, case: Case) -> None:
    for user, status in (
        (world.member, 403), (world.professional, 403), (world.left, 404), (world.colleague, 404),
        (world.other_coordinator, 404), (world.leader, 404), (world.officer, 404),
    ):  # fmt: skip
        client = world.client(user)
        for answer in (
            client.get(url(case)), client.post(url(case), member(world.colleague)), client.get(url(case, PERSON)),
            client.post(url(case, PERSON), person()),
        ):  # fmt: skip
            assert answer.status_code == status
            assert "Aatu" not in answer.content.decode()
    assert not case.memberships.filter(user=world.colleague).exists()
    assert not case.persons.filter(name="Jenna").exists()


def test_add_a_professional_once(world: World, case: Case) -> None:
    client = world.client(world.coordinator)
    body = client.get(url(case)).content.decode()
    assert "Tuula Kivipolku" in body
    assert world.other_leader.name not in body  # no professional's role
    data = member(world.colleague, **{"member-must_attend": "on", "member-masked": "on"})
    assert client.post(url(case), data).status_code == 302
    client.post(url(case), data)
    seat = case.memberships.get(user=world.colleague)
    assert (seat.must_attend, seat.masked) == (True, True)
    answer = world.client(world.colleague).get(reverse("case", args=[case.ref]))
    assert answer.status_code == 200
    assert (
        "Tuula Kivipolku"
        not in world.client(world.member).get(answer.request["PATH_INFO"]).content.decode().split("y-people")[-1]
    )
    assert "Tuula Kivipolku" in client.get(url(case)).content.decode()


def test_whoever_is_added_gets_the_coming_meetings_invitation(world: World, case: Case) -> None:
    now = timezone.now()
    day = add_working_days(helsinki_date(now), 3)
    row = meetings.propose(
        case=case, starts_at=at_helsinki(day, now.time().replace(hour=12)), minutes=75, place="", by=world.coordinator,
        now=now,
    )  # fmt: skip
    world.client(world.coordinator).post(url(case), member(world.colleague))
    world.client(world.coordinator).post(url(case, PERSON), person())
    assert row.participants.filter(membership__user=world.colleague).count() == 1
    assert row.participants.filter(membership__person__name="Jenna").count() == 1


@pytest.mark.parametrize("value", ["", "0", "999999999", "x", "1\x00", "9" * 5000])
def test_an_unknown_professional_is_told_beside_the_field(world: World, case: Case, value: str) -> None:
    answer = world.client(world.coordinator).post(url(case), {"member-user": value})
    assert answer.status_code == 422
    assert "Valitse ammattilainen" in answer.content.decode()


def test_people_of_another_county_or_without_the_role_can_not_be_added(world: World, case: Case) -> None:
    gone = world.person("Poistunut Henkilö", Role.PROFESSIONAL, world.day_care)
    gone.roles.update(ends_on=helsinki_date(timezone.now()) - timedelta(days=1))
    for user in (gone, world.leader, world.administrator):
        assert world.client(world.coordinator).post(url(case), member(user)).status_code == 422
    assert case.memberships.filter(user__in=[gone, world.leader, world.administrator]).count() == 0


def test_add_a_guardian_once_and_the_phone_stays_with_the_coordinators(world: World, case: Case) -> None:
    client = world.client(world.coordinator)
    day = f"{helsinki_date(timezone.now()):%d.%m.%Y}"
    data = person(**{"person-consent": "oral", "person-consent_on": day})
    assert client.post(url(case, PERSON), data).status_code == 302
    client.post(url(case, PERSON), data)
    row = Person.objects.get(case=case, kind="guardian", name="Jenna")
    assert (row.consent, row.consent_on) == ("oral", helsinki_date(timezone.now()))
    assert PersonContact.objects.get(person=row).phone == "040 000 0199"
    assert "040 000 0199" in client.get(url(case)).content.decode()
    body = world.client(world.member).get(reverse("case", args=[case.ref])).content.decode()
    assert "Jenna Suvilehto" in body
    assert "040 000 0199" not in body


def test_a_close_person_gives_no_consent(world: World, case: Case) -> None:
    data = person(**{"person-kind": "close", "person-consent": "oral"})
    world.client(world.coordinator).post(url(case, PERSON), data)
    assert Person.objects.get(case=case, kind="close").consent == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", ""), ("kind", "child"), ("name", ""), ("name", "a\x00"), ("name", "\u202eabc"),
        ("relation", "x" * 50_000), ("consent_on", "31.2.2026"), ("consent_on", "1.1.2999"), ("consent_on", "1.1.0001"),
    ],
)  # fmt: skip
def test_bad_input_is_told_and_the_text_stays(world: World, case: Case, field: str, value: str) -> None:
    answer = world.client(world.coordinator).post(url(case, PERSON), person(**{f"person-{field}": value}))
    assert answer.status_code == 422
    assert "Suvilehto" in answer.content.decode()
    assert "govuk-error-message" in answer.content.decode()
    assert case.persons.count() == 2  # the child and the mother


def test_a_guardians_consent_is_recorded(world: World, case: Case) -> None:
    mother = guardian(world, case)
    client, prefix = world.client(world.coordinator), f"consent-{mother.pk}"
    day = f"{helsinki_date(timezone.now()):%d.%m.%Y}"
    target = url(case, "person-consent", mother.pk)
    assert client.get(target).status_code == 405
    assert client.post(target, {f"{prefix}-consent": "oral", f"{prefix}-consent_on": "huomenna"}).status_code == 422
    assert client.post(target, {f"{prefix}-consent": "oral", f"{prefix}-consent_on": day}).status_code == 302
    mother.refresh_from_db()
    assert mother.consent == "oral"
    child = case.persons.get(kind="child")
    assert client.post(url(case, "person-consent", child.pk), {}).status_code == 404
    assert world.client(world.member).post(target, {}).status_code == 403


def test_a_membership_ends_with_a_reason_and_the_page_closes_at_once(world: World, case: Case) -> None:
    seat = case.memberships.get(user=world.member)
    client, target = world.client(world.coordinator), url(case, "network-end", seat.pk)
    assert "Sari Hietaniitty" in client.get(target).content.decode()
    assert client.post(target, {"reason": "  "}).status_code == 422
    assert world.client(world.member).get(reverse("case", args=[case.ref])).status_code == 200
    assert client.post(target, {"reason": "siirtyi"}).status_code == 302
    answer = world.client(world.member).get(reverse("case", args=[case.ref]))
    assert answer.status_code == 404
    assert "Aatu" not in answer.content.decode()
    assert client.get(target).status_code == 404


def test_the_coordinator_and_the_child_stay(world: World, case: Case) -> None:
    client = world.client(world.coordinator)
    for seat in (case.memberships.get(user=world.coordinator), case.memberships.get(person__kind="child")):
        target = url(case, "network-end", seat.pk)
        assert target not in client.get(url(case)).content.decode()
        assert client.post(target, {"reason": "x"}).url == url(case)
        assert Membership.objects.get(pk=seat.pk).ended_at is None


def test_another_cases_membership_is_not_reached(world: World, case: Case) -> None:
    other = world.case(call="2026-06-05 12:46", child="Hilma")
    seat = other.memberships.get(user=world.member)
    answer = world.client(world.coordinator).post(url(case, "network-end", seat.pk), {"reason": "x"})
    assert answer.status_code == 404
    assert Membership.objects.get(pk=seat.pk).ended_at is None


def test_nothing_is_added_to_a_closed_case(world: World, case: Case) -> None:
    close(case=case, by=world.coordinator, reason="declined", now=timezone.now())
    client = world.client(world.coordinator)
    assert "Lisää verkostoon" not in client.get(url(case)).content.decode()
    answer = client.post(url(case), member(world.colleague))
    assert answer.status_code == 422
    assert "päättynyt" in answer.content.decode() or "päätetty" in answer.content.decode()


def test_a_closed_case_shows_who_was_in_and_takes_nobody(world: World, case: Case) -> None:
    mother = guardian(world, case)
    close(case=case, by=world.coordinator, reason="declined", now=timezone.now())
    client = world.client(world.coordinator)
    body = client.get(url(case)).content.decode()
    assert "Verkostossa oli mukana" in body
    assert "Sari Hietaniitty" in body
    assert "Jenna" in body
    assert "Antti Lumme" not in body  # who had left before it was closed
    assert f'method="post" action="{url(case)}"' not in body
    assert url(case, "person-consent", mother.pk) not in body
    assert url(case, PERSON) not in body
    body = client.get(url(case, PERSON)).content.decode()
    assert "person-name" not in body
    assert "Tilanne on päättynyt" in body or "tilanne on päätetty" in body.lower()
    assert client.post(url(case, PERSON), person(**{"person-name": "Uusi"})).status_code == 422
    assert not case.persons.filter(name="Uusi").exists()
    assert "Sari Hietaniitty" in client.get(reverse("case", args=[case.ref])).content.decode()


def test_a_meeting_needs_a_guardian_unless_the_box_is_emptied(world: World, case: Case) -> None:
    client = world.client(world.coordinator)
    form = client.get(url(case, PERSON)).context["form"]
    assert (form["kind"].value(), form["must_attend"].value()) == ("guardian", True)
    form = client.get(f"{url(case, PERSON)}?kind=close").context["form"]
    assert (form["kind"].value(), form["must_attend"].value()) == ("close", False)
    assert client.get(f"{url(case, PERSON)}?kind=%00child").context["form"]["kind"].value() == "guardian"
    client.post(url(case, PERSON), person(**{"person-must_attend": "on"}))
    assert case.memberships.get(person__name="Jenna").must_attend


def test_one_guardians_answers_are_told_of_one_guardian(world: World, case: Case) -> None:
    guardian(world, case)
    client = world.client(world.coordinator)
    for target in (url(case), url(case, PERSON)):
        body = client.get(target).content.decode()
        for words in ("Suostui suullisesti", "Vielä kesken", "Ei tiedä"):
            assert words in body
        assert "Toinen huoltaja puuttuu" not in body


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow(world: World, case: Case, django_assert_num_queries: Any, rows: int) -> None:
    now = timezone.now()
    for n in range(rows):
        add_person(case=case, kind="guardian", name=f"Huoltaja{n}", phone="1", by=world.coordinator, now=now)
        user = world.person(f"Uusi Työntekijä{n}", Role.PROFESSIONAL, world.guidance)
        meetings.add_member(case=case, user=user, must_attend=False, by=world.coordinator, now=now)
        world.person(f"Toinen Työntekijä{n}", Role.PROFESSIONAL, world.day_care)
    client = world.client(world.coordinator)
    with django_assert_num_queries(30):
        client.get(url(case))
