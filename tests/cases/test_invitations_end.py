"""What ends an invitation besides its answer, who is told, and what the asked person never learns."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import standing
from cases.actions import unit_invitation as actions
from cases.actions.case import close
from cases.actions.sweep import sweep
from cases.actions.tick import tick
from cases.actions.unit_invitation import Asked
from cases.kinds import INVITATION
from cases.models import Case, Deadline, InvitationState, Message, Recusal, Task, UnitInvitation
from meetings.actions import meeting as meetings
from networks.models import Role, User
from tests.cases.test_unit_invitations import Ground, messages
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.outbox.models import Outgoing

S = InvitationState


@pytest.fixture
def ground(world: World) -> Ground:
    return Ground(world)


def mark(ground: Ground, user: User, now: Any = None) -> None:
    lead = ground.world.coordinator
    with wearing("area", lead.pk):
        standing.recuse(case=ground.case, user=user, reason="kin", by=lead, now=now or timezone.now())


def recused(ground: Ground, user: User) -> None:
    """Marked once, when they were still asked or in."""
    lead = ground.world.coordinator
    Recusal.objects.create(case=ground.case, user=user, reason="kin", marked_by=lead, marked_at=timezone.now())


def seat(ground: Ground, user: User) -> None:
    with wearing("area", ground.world.coordinator.pk):
        meetings.add_member(
            case=ground.case, user=user, must_attend=False, masked=True, by=ground.world.coordinator, now=timezone.now()
        )


# -- nothing is told of a colleague


def choose(ground: Ground, colleague: User) -> tuple[UnitInvitation, int, str]:
    row, client = ground.ask(), ground.world.client(ground.hanna)
    url = reverse("unit-invitation-substitute", args=[row.ref])
    answer = client.post(url, {"substitute-user": colleague.pk}, follow=True)
    page = answer.content.decode()
    shown = " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main") : page.index("</main>")]).split())
    shown = shown.replace(row.ref, "")  # each invitation's own number
    return row, answer.status_code, re.sub(r"\d+[.:]\d+", "", shown)


@pytest.mark.parametrize("known", ["recused", "seated"])
def test_a_colleague_s_disqualification_or_seat_is_not_told_to_the_asked(ground: Ground, known: str) -> None:
    veera, lead = ground.world.person("Veera Sorsa", Role.PROFESSIONAL, ground.clinic), ground.world.coordinator
    (seat if known == "seated" else recused)(ground, ground.tatu)
    row, status, page = choose(ground, ground.tatu)
    row.refresh_from_db()
    assert (status, row.state, row.substitute_id) == (200, S.SUBSTITUTED, ground.tatu.pk)
    assert not UnitInvitation.objects.filter(instead_of=row).exists()
    assert not Deadline.objects.filter(kind=INVITATION, about=str(row.pk), state="open").exists()
    assert messages(lead) == ["unit_needs_word"]
    network = ground.world.client(lead).get(reverse("case-network", args=[ground.case.ref])).content.decode()
    # Where the unit is in by now, nothing waits for the lead; where it is not, they say who is asked next.
    assert ("Ehdotettu sijainen ei voi tulla" in network) == (known == "recused")
    assert choose(ground, veera)[1:] == (status, page)  # and of somebody of whom there is nothing to tell


def test_a_second_press_of_a_choice_that_waits_for_the_lead_is_the_same(ground: Ground) -> None:
    recused(ground, ground.tatu)
    row = ground.ask()
    with wearing("member", ground.hanna.pk):
        for _twice in range(2):
            actions.pass_on(invitation=row, substitute=ground.tatu, by=ground.hanna, now=timezone.now())
    assert messages(ground.world.coordinator).count("unit_needs_word") == 1
    assert messages(ground.tatu) == []


def test_the_lead_is_told_at_once_whom_they_can_t_ask(ground: Ground) -> None:
    recused(ground, ground.tatu)
    row, lead = ground.ask(), ground.world.coordinator
    with wearing("area", lead.pk), pytest.raises(NotAllowed, match=r"disqualified|esteellinen"):
        actions.pass_on(invitation=row, substitute=ground.tatu, by=lead, now=timezone.now())
    row.refresh_from_db()
    assert row.state == S.SENT


# -- a disqualification


def test_a_disqualification_takes_the_invitation_back_and_nobody_acts_by_it(ground: Ground) -> None:
    row = ground.ask()
    mark(ground, ground.hanna)  # asked, and in no seat
    row.refresh_from_db()
    assert (row.state, row.cancelled_by_id) == (S.CANCELLED, ground.world.coordinator.pk)
    assert messages(ground.hanna) == ["unit_invited", "unit_cancelled"]
    assert not Deadline.objects.filter(kind=INVITATION, state="open").exists()
    with wearing("member", ground.hanna.pk), pytest.raises(NotAllowed):
        actions.pass_on(invitation=row, substitute=ground.tatu, by=ground.hanna, now=timezone.now())
    assert not UnitInvitation.objects.filter(user=ground.tatu).exists()


def test_a_disqualified_asker_has_no_lead(ground: Ground) -> None:
    row = ground.ask()
    recused(ground, ground.hanna)
    with wearing("member", ground.hanna.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.invitation_lead(%s)", [row.pk])
        assert cursor.fetchone()[0] is None


def test_the_asked_can_be_chosen_on_the_page_and_others_can_not(ground: Ground) -> None:
    ground.ask()
    client = ground.world.client(ground.world.coordinator)
    page = client.get(reverse("case-recusal", args=[ground.case.ref])).content.decode()
    assert "Hanna Kortesluoma" in page
    assert "Tatu Lehtimäki" not in page
    with pytest.raises(NotAllowed):
        mark(ground, ground.tatu)


# -- what the asked person reads


def test_the_asked_read_no_key_of_the_situation(ground: Ground) -> None:
    row = ground.ask(now=at("2026-06-10 09:31"))
    tick(now=at("2026-06-11 08:05"))
    tick(now=at("2026-06-12 08:05"))
    for hat, user in (("member", ground.hanna), ("unit", ground.head)):
        with wearing(hat, user.pk):
            assert set(Message.objects.values_list("about", "case_id")) == {(str(row.pk), None)}
    with wearing("member", ground.hanna.pk):
        assert not Deadline.objects.exists()
    lead = Message.objects.get(to=ground.world.coordinator, what=INVITATION)
    assert lead.case_id == ground.case.pk


# -- whoever was asked is told that it is over


@pytest.mark.parametrize("family_first", [False, True])
def test_a_closing_is_told_to_those_whose_invitation_had_left(ground: Ground, family_first: bool) -> None:
    ground.ask(how=Asked(family_first=family_first))
    with wearing("area", ground.world.coordinator.pk):
        close(case=ground.case, by=ground.world.coordinator, reason="declined", now=timezone.now())
    assert messages(ground.hanna) == ([] if family_first else ["unit_invited", "unit_cancelled"])


def test_whoever_is_taken_in_at_once_is_told(ground: Ground) -> None:
    ground.ask()
    seat(ground, ground.hanna)
    assert messages(ground.hanna) == ["unit_invited", "unit_cancelled"]


# -- people and situations that move


def test_whoever_goes_to_another_unit_is_asked_no_more_and_the_lead_asks_another(ground: Ground) -> None:
    row = ground.ask(now=at("2026-06-10 09:31"))
    User.objects.filter(pk=ground.hanna.pk).update(unit=ground.world.day_care)
    row.refresh_from_db()
    assert row.state == S.CANCELLED
    task = Task.objects.get(kind="seat_vacant", about=f"invitation-{row.pk}")
    assert (task.to_id, task.unit_id, task.case_id) == (ground.world.coordinator.pk, ground.clinic.pk, ground.case.pk)
    tick(now=at("2026-06-11 08:05"))
    assert not Message.objects.filter(to=ground.hanna, what=INVITATION).exists()
    assert ground.ask(ground.tatu).state == S.SENT


def test_a_step_is_not_told_to_somebody_of_another_unit(ground: Ground) -> None:
    row = ground.ask(now=at("2026-06-10 09:31"))
    Deadline.objects.filter(about=str(row.pk)).update(unit_id=ground.world.day_care.pk)  # as if the trigger had been away
    tick(now=at("2026-06-11 08:05"))
    assert not Message.objects.filter(to=ground.hanna, what=INVITATION).exists()


def test_the_invitation_moves_with_the_area(ground: Ground) -> None:
    row, other = ground.ask(), ground.world.other_coordinator
    lead = ground.world.coordinator
    with wearing("area", lead.pk):
        standing.recuse(
            case=ground.case,
            user=lead,
            reason="kin",
            by=lead,
            now=timezone.now(),
            successor=other,
            area=ground.world.other_area,
        )
    row.refresh_from_db()
    assert row.area_id == Case.objects.get(pk=ground.case.pk).area_id == ground.world.other_area.pk


# -- the sweeper


def test_an_invitation_s_message_without_its_mail_is_noticed(ground: Ground) -> None:
    now = timezone.now()
    ground.ask(now=now - timedelta(minutes=30))
    assert "unsent" not in sweep(repair=False, now=now).found
    Outgoing.objects.filter(kind="message").delete()
    assert sweep(repair=False, now=now).found["unsent"] == 1
