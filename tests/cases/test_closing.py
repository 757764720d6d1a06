"""Closing a situation, saying no to a later start, and what the path says of it in words."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import clock
from cases.actions.case import close
from cases.models import Case, StartCorrection, Status
from meetings.actions import meeting as meetings
from meetings.actions.commitment import resolve
from meetings.models import Commitment, Meeting
from networks.models import User
from tests.meetings.steps import approved, held, opened, promise
from tests.personas import World
from yhteiso.lib.dates import HELSINKI, add_working_days, at_helsinki, helsinki_date, short_date


def days_ago(n: int, clock_time: str = "09:12") -> str:
    return f"{helsinki_date(timezone.now()) - timedelta(days=n)} {clock_time}"


@pytest.fixture
def case(world: World) -> Case:
    return world.case(call=days_ago(3))


def page(world: World, user: User, case: Case, name: str = "case") -> Any:
    return world.client(user).get(reverse(name, args=[case.ref]))


def proposed(world: World, case: Case, days: int = 3) -> Meeting:
    day = add_working_days(helsinki_date(timezone.now()), days)
    return meetings.propose(
        case=case, starts_at=at_helsinki(day, time(14, 30)), minutes=75, place="Perhekeskus", by=world.coordinator,
        now=timezone.now(),
    )  # fmt: skip


def moved(moment: datetime, **delta: int) -> dict[str, str]:
    local = (moment + timedelta(**delta)).astimezone(HELSINKI)
    return {"day": f"{local:%d.%m.%Y}", "at": f"{local:%H.%M}", "reason": "Soitto tuli jo edellisenä iltana."}


# -- closing


def test_closing_ends_the_networks_view(world: World, case: Case) -> None:
    client, target = world.client(world.coordinator), reverse("case-closure", args=[case.ref])
    assert "Sari Hietaniitty" in client.get(target).content.decode()
    assert client.post(target, {}).status_code == 422
    assert client.post(target, {"reason": "because"}).status_code == 422
    assert world.client(world.member).post(target, {"reason": "declined"}).status_code == 403
    assert client.post(target, {"reason": "declined"}).status_code == 302
    assert Case.objects.get(pk=case.pk).status == Status.CLOSED
    assert page(world, world.member, case).status_code == 404
    body = page(world, world.coordinator, case).content.decode()
    assert "Päättynyt" in body
    assert "ilman tapaamista" in body
    assert "Tapaamista ei pidetty" in body
    assert "Tapaaminen<span class" not in body  # no stage is told to be done that was not
    assert reverse("case-closure", args=[case.ref]) not in body
    assert client.post(target, {"reason": "declined"}).url == reverse("case", args=[case.ref])
    assert case.events.filter(kind="closed").count() == 1


def test_open_promises_keep_a_situation_open(world: World, case: Case) -> None:
    meeting = held(world, case)
    promise(opened(world, meeting), world.professional, "SALAINEN-LUPAUS")
    client, target = world.client(world.coordinator), reverse("case-closure", args=[case.ref])
    assert " disabled" not in client.get(target).content.decode()  # what is still being written is no promise yet
    approved(world, meeting.logbook)
    words = "1 lupaus on vielä auki"
    body = client.get(target).content.decode()
    assert words in body
    assert "SALAINEN-LUPAUS" in body
    assert 'disabled aria-describedby="este"' in body
    answer = client.post(target, {"reason": "everyday_works"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Case.objects.get(pk=case.pk).closed_at is None
    assert page(world, world.member, case).status_code == 200
    row = Commitment.objects.get(case=case)
    resolve(commitment=row, status="kept", remark="", by=world.professional, now=timezone.now())
    assert client.post(target, {"reason": "everyday_works"}).status_code == 302
    assert Case.objects.get(pk=case.pk).closed_at


@pytest.mark.parametrize("status", ["proposed", "confirmed"])
def test_closing_cancels_the_meeting_that_was_being_agreed_on(world: World, case: Case, status: str) -> None:
    """A family may say no at any time: an agreed day keeps nobody in."""
    row, client, target = proposed(world, case), world.client(world.coordinator), reverse("case-closure", args=[case.ref])
    Meeting.objects.filter(pk=row.pk).update(status=status)
    assert client.post(target, {"reason": "declined"}).status_code == 302
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert Case.objects.get(pk=case.pk).closed_at
    assert case.events.filter(kind="meeting_cancelled").count() == 1
    assert client.get(reverse("meeting", args=[case.ref, row.ref])).status_code == 200


def test_who_stays_is_not_told_to_leave(world: World, case: Case) -> None:
    meetings.add_member(
        case=case, user=world.second_coordinator, must_attend=False, by=world.coordinator, now=timezone.now()
    )
    body = page(world, world.coordinator, case, "case-closure").content.decode()
    leaving = body[body.index("eivät enää") :] if "eivät enää" in body else body[body.index('id="paattyy"') :]
    assert "Sari Hietaniitty" in leaving
    assert "Riikka Tuulenpää" not in leaving.split("<footer")[0]
    assert "Noora Lehtovaara" not in leaving.split("<footer")[0]


def test_after_the_closing_the_coordinator_sees_who_was_in(world: World, case: Case) -> None:
    close(case=case, by=world.coordinator, reason="declined", now=timezone.now())
    body = page(world, world.coordinator, case).content.decode()
    assert "Verkostossa oli mukana" in body
    assert "Sari Hietaniitty" in body
    assert "Antti Lumme" not in body
    start = reverse("case-start", args=[case.ref])
    body = page(world, world.coordinator, case, "case-start").content.decode()
    assert f'action="{start}"' not in body
    answer = world.client(world.coordinator).post(start, moved(case.t0_at, days=-1))
    assert answer.status_code == 422
    assert "Sen alkua ei enää korjata" in answer.content.decode()
    assert not StartCorrection.objects.exists()


# -- saying no to a later start


def later(case: Case, by: User) -> StartCorrection:
    return clock.correct_start(case=case, new_at=case.t0_at + timedelta(days=1), reason="x", by=by, now=timezone.now())


def test_a_later_start_is_declined_or_withdrawn_and_then_not_agreed_to(world: World, case: Case) -> None:
    first, second = world.client(world.coordinator), world.client(world.second_coordinator)
    target = reverse("case-start", args=[case.ref])
    for client, button, words in ((first, "Peru ehdotus", "Peruttu"), (second, "Älä hyväksy", "Ei hyväksytty")):
        row = later(case, world.coordinator)
        decline = reverse("case-start-decline", args=[case.ref, row.pk])
        assert client.get(decline).status_code == 405
        assert button in client.get(target).content.decode()
        assert world.client(world.member).post(decline).status_code == 403
        assert world.client(world.other_coordinator).post(decline).status_code == 404
        assert StartCorrection.objects.pending().get() == row
        client.post(decline)
        client.post(decline)
        row.refresh_from_db()
        assert row.declined_at
        assert not StartCorrection.objects.pending().exists()
        assert words in first.get(target).content.decode()
        assert "Myöhempää alkua on ehdotettu" not in page(world, world.second_coordinator, case).content.decode()
        second.post(reverse("case-start-accept", args=[case.ref, row.pk]))
        assert Case.objects.get(pk=case.pk).t0_at == case.t0_at
    assert case.events.filter(kind="start_correction_declined").count() == 2
    assert "Ehdotettua puhelun aikaa ei otettu käyttöön" in page(world, world.coordinator, case).content.decode()


def test_what_is_in_force_is_not_declined(world: World, case: Case) -> None:
    now = timezone.now()
    row = later(case, world.coordinator)
    clock.accept_correction(correction=row, by=world.second_coordinator, now=now)
    with pytest.raises(NotAllowed):
        clock.decline_correction(correction=row, by=world.coordinator, now=now)
    answer = world.client(world.coordinator).post(reverse("case-start-decline", args=[case.ref, row.pk]), follow=True)
    assert "ei enää odota ketään" in answer.content.decode()
    for fields in ({"declined_at": now, "declined_by": world.coordinator}, {"accepted_at": None, "declined_at": now}):
        with (
            pytest.raises(IntegrityError, match=r"correction_(accepted|later)"),
            transaction.atomic(),
        ):
            StartCorrection.objects.filter(pk=row.pk).update(**fields)


# -- the path in words


def test_caption_says_what_lies_beyond_the_two_weeks(world: World) -> None:
    late = world.case(call=days_ago(16))
    row = proposed(world, late)
    Meeting.objects.filter(pk=row.pk).update(status="confirmed", confirmed_at=timezone.now())
    body = page(world, world.coordinator, late).content.decode()
    assert "Tänään on päivä 16." in body
    assert f"Tapaaminen on sovittu {short_date(helsinki_date(row.starts_at))}" in body


def test_caption_tells_a_message_from_a_call(world: World, case: Case) -> None:
    called = world.case(call=days_ago(3), child="Vilja", concern=False)
    for user in (world.coordinator, world.member):
        assert "Yhteydenotto tuli" in page(world, user, case).content.decode()
        assert "Puhelu tuli" in page(world, user, called).content.decode()
    clock.correct_start(
        case=case, new_at=case.t0_at - timedelta(days=1), reason="x", by=world.coordinator, now=timezone.now()
    )
    assert "Puhelu tuli" in page(world, world.member, case).content.decode()
