"""The inbox: words of the moment with and without access, what is new, pages, taking a step on, what will be told soon."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cases import messages_told
from cases.access import NotAllowed
from cases.actions.message import may_take, take
from cases.actions.network import end_membership
from cases.actions.tick import tick
from cases.deadlines import KINDS
from cases.models import Case, Deadline, Escalation, EscalationTo, Message, MessageKind
from meetings.models import Commitment
from networks.actions.notice import tell as notify
from networks.models import Notice, User
from tests.meetings.steps import a_case, approved, held, opened, promise
from tests.personas import World, at
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing

SECRETS = ("Aatu", "Suvilehto", "SALAINEN")


@pytest.fixture
def case(world: World) -> Case:
    """Called on 5.6.2026, never met: every step of the two weeks is told by 22.6."""
    return world.case()


def text(client: Any, url: str = "/messages/") -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    page = answer.content.decode().split("<main")[1].split("</main")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


def write(to: User, case: Case | None = None, *, n: int = 1, what: str = "meeting", **fields: Any) -> list[Message]:
    """Messages of a step, newest last."""
    now = timezone.now()
    values: dict[str, Any] = {
        "kind": "escalation", "step": 5, "case": case, "late_at": now - timedelta(days=2), "area": case.area if case else None,
        "coordinator": case.coordinator if case else None,
    } | fields  # fmt: skip
    rows = [
        Message(key=f"test:{uuid.uuid4()}", to=to, what=what, at=now - timedelta(minutes=n - i), **values) for i in range(n)
    ]
    return Message.objects.bulk_create(rows)


def told(case: Case, world: World) -> Message:
    """The last step of the two weeks, as it was told to the lead."""
    tick(now=at("2026-06-22 08:00"))
    return Message.objects.filter(case=case, what="meeting", to=world.coordinator).order_by("-step")[0]


def test_whoever_may_open_is_told_of_whom_and_led_there(world: World, case: Case) -> None:
    told(case, world)
    page = world.client(world.coordinator).get("/messages/").content.decode()
    assert "Aatu, 4 v" in page
    assert f'href="{reverse("case", args=[case.ref])}"' in page
    assert "Verkosto ei ole kokoontunut kahdessa viikossa" in page
    assert "3 pv myöhässä" in page.replace("\xa0", " ")  # 19.6. was the last day, it was told on the 22nd


@pytest.mark.parametrize("persona", ["other_coordinator", "unit_head", "leader", "officer", "administrator", "left"])
def test_without_access_only_kind_days_and_whom_to_call(world: World, case: Case, persona: str) -> None:
    user = getattr(world, persona)
    write(user, case)
    page = text(world.client(user))
    assert "Verkosto ei ole kokoontunut" in page
    assert "2 pv myöhässä" in page
    assert "koordinaattori Riikka Tuulenpää, 08 000 1234" in page
    assert case.ref not in page
    assert not [word for word in SECRETS if word in page]


def test_a_protected_lead_is_told_by_initials_and_none_by_the_number(world: World, case: Case) -> None:
    User.objects.filter(pk=world.coordinator.pk).update(protected_identity=True)
    write(world.unit_head, case)
    page = text(world.client(world.unit_head))
    assert "koordinaattori RT, 08 000 1234" in page
    assert "Tuulenpää" not in page
    write(world.officer, case, coordinator=None)
    assert "koordinoiva numero 08 000 1234" in text(world.client(world.officer))


def test_access_is_asked_when_it_is_read(world: World, case: Case) -> None:
    """The same message of somebody who has left the network since says no name any more."""
    write(world.member, case)
    client = world.client(world.member)
    assert "Aatu, 4 v" in text(client)
    end_membership(
        case=case, membership=case.memberships.get(user=world.member), reason="x", by=world.coordinator, now=timezone.now()
    )
    after = text(client)
    assert "Aatu" not in after
    assert case.ref not in after
    assert "koordinaattori Riikka Tuulenpää" in after


def test_before_the_consent_a_member_reads_the_reference_only(world: World) -> None:
    case = world.case()
    case.consents.all().delete()
    case.persons.update(consent="unaware")
    write(world.member, case)
    page = text(world.client(world.member))
    assert "Aatu" not in page
    assert case.ref in page


def test_a_head_is_told_what_the_own_unit_owes_without_its_text(world: World) -> None:
    case = a_case(world, days_ago=12)
    row = promised(world, case)
    head = world.unit_head
    write(head, case, what="promise", kind="promise", unit=row.unit, step=3)
    page = text(world.client(head))
    assert "Yksiköltäsi odotetaan: tietoa siitä, miten lupauksen kävi." in page
    assert not [word for word in SECRETS if word in page]
    write(head, case, what="meeting", unit=world.guidance)  # somebody else's unit: nothing is said of it
    assert text(world.client(head)).count("Yksiköltäsi odotetaan") == 1


def promised(world: World, case: Case) -> Commitment:
    """A promise of Kaisa's in an approved logbook: its deadline runs."""
    logbook = opened(world, held(world, case))
    row = promise(logbook, world.professional, what="SALAINEN-LUPAUS")
    approved(world, logbook)
    return row


def test_heads_are_told_of_the_units_that_owe_and_of_no_other(world: World) -> None:
    """Day 12: the head of a unit that has not answered owes an answer; the head of the lead's own unit owes nothing."""
    from meetings.actions import meeting as meetings

    case = world.case()
    lead_head = world.person("Johtaja Oma", "unit_head", world.guidance, unit=world.guidance)
    now = at("2026-06-08 09:00")
    meetings.propose(case=case, starts_at=at("2026-06-17 14:30"), minutes=60, place="", by=world.coordinator, now=now)
    seat = case.memberships.get(user=world.member)  # of the lead's own unit, which would owe too
    end_membership(case=case, membership=seat, reason="x", by=world.coordinator, now=now)
    tick(now=at("2026-06-17 08:00"))
    told = dict(Message.objects.filter(case=case, step=12).values_list("to__name", "unit__name"))
    assert told[world.unit_head.name] == "Päiväkoti Pikkukäpy"
    assert told[lead_head.name] is None
    assert told[world.coordinator.name] is None


def test_nobody_and_a_stand_in_are_said(world: World, case: Case) -> None:
    write(world.officer, case, nobody=True)
    assert "Vuorossa ei ollut ketään" in text(world.client(world.officer))
    write(world.second_coordinator, case, instead_of=world.coordinator)
    assert "Kerrottiin sinulle, koska Riikka Tuulenpää on poissa" in text(world.client(world.second_coordinator))


def test_every_kind_of_deadline_and_of_message_has_words() -> None:
    assert {what for group, what in messages_told.WORDS if group == messages_told.STEP} >= set(KINDS)
    for kind in MessageKind.values:
        assert str(messages_told.words_of(Message(kind=kind, what="unheard of")).title)
    for (_group, _what), words in messages_told.WORDS.items():
        assert str(words.title)
        assert str(words.deed)


# -- new, seen, pages


def test_what_is_shown_is_seen_and_called_new_that_once(world: World, case: Case) -> None:
    write(world.coordinator, case)
    notify(to=[world.coordinator.pk], kind="power_yours", params={"what": "email", "by": "Elina"}, now=timezone.now())
    client = world.client(world.coordinator)
    assert "Viestit, uusia 2" in client.get("/tasks/").content.decode()
    assert client.head("/messages/").status_code == 200
    assert Message.objects.unseen().count() == 1  # only a page that was shown is seen
    first = client.get("/messages/").content.decode()
    assert first.count("</svg>uusi</strong>") == 2
    assert "uusi kirjautumisosoite" in first
    assert not Message.objects.unseen().exists()
    assert not Notice.objects.filter(seen_at=None).exists()
    again = client.get("/messages/").content.decode()
    assert "</svg>uusi</strong>" not in again
    assert "Viestit, uusia" not in again


def test_the_ladder_knows_that_it_was_seen(world: World, case: Case) -> None:
    told(case, world)
    world.client(world.coordinator).get("/messages/")
    rows = EscalationTo.objects.filter(escalation__case=case, to=world.coordinator)
    assert rows
    assert all(row.seen_at for row in rows)
    assert not EscalationTo.objects.filter(escalation__case=case, to=world.professional, seen_at__isnull=False).exists()


def test_the_count_is_one_s_own(world: World, case: Case) -> None:
    write(world.coordinator, case, n=3)
    assert "uusia" not in world.client(world.second_coordinator).get("/tasks/").content.decode()
    with wearing("area", world.second_coordinator.pk):
        assert not Message.objects.exists()


def test_everything_is_marked_at_once(world: World, case: Case) -> None:
    write(world.coordinator, case, n=2)
    write(world.second_coordinator, case)
    notify(to=[world.coordinator.pk], kind="power_yours", params={}, now=timezone.now())
    assert world.client(world.coordinator).post("/messages/seen/")["Location"] == "/messages/"
    assert list(Message.objects.unseen().values_list("to", flat=True)) == [world.second_coordinator.pk]
    assert not Notice.objects.filter(seen_at=None).exists()


def test_older_ones_come_page_by_page_without_gaps(world: World, case: Case) -> None:
    seen = timezone.now()
    rows = write(world.coordinator, case, n=40, seen_at=seen)
    notices = [Notice(to=world.coordinator, kind="power_yours", params={}, at=row.at, seen_at=seen) for row in rows[:20]]
    Notice.objects.bulk_create(notices)
    write(world.coordinator, case, n=2, coordinator=None)
    client, url, shown = world.client(world.coordinator), "/messages/", []
    while url:
        page = client.get(url)
        shown += [line.pk for line in page.context["old"]]
        url = f"/messages/?after={page.context['more']}" if page.context["more"] else ""
    assert len(shown) == 60
    assert set(shown) == {row.pk for row in (*rows, *notices)}
    assert client.get("/messages/?after=nothing").status_code == 200
    assert client.get(f"/messages/?after={uuid.uuid4()}").status_code == 200


def test_new_ones_come_first_and_the_rest_next_time(world: World, case: Case) -> None:
    write(world.coordinator, case, n=60)
    client = world.client(world.coordinator)
    first = client.get("/messages/")
    assert (len(first.context["new"]), first.context["more_new"]) == (50, True)
    assert len(client.get("/messages/").context["new"]) == 10


def test_an_empty_inbox_says_so_and_notices_lead_here(world: World) -> None:
    client = world.client(world.member)
    assert "Ei viestejä" in text(client)
    assert client.get("/notices/")["Location"] == "/messages/"


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("persona", "queries"), [("coordinator", 47), ("member", 30), ("officer", 28)])
def test_the_questions_do_not_grow(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, rows: int, persona: str, queries: int
) -> None:
    user = getattr(world, persona)
    for n in range(rows):
        write(user, world.case(child=f"Lapsi{n}"))
    notify(to=[user.pk], kind="power_yours", params={}, now=timezone.now())
    client = world.client(user)
    with django_assert_num_queries(queries):
        assert client.get("/messages/").status_code == 200


def test_a_look_at_the_list_is_logged_with_the_situations_that_it_showed(world: World, case: Case) -> None:
    write(world.coordinator, case)
    write(world.other_coordinator, case)
    for user, seen in ((world.coordinator, [case.pk]), (world.other_coordinator, [])):
        world.client(user).get("/messages/")
        assert LogEntry.objects.filter(actor_id=user.pk, page="messages").latest("at").case_ids == seen


# -- taking it on


def test_taking_lets_the_repeated_step_rest(world: World, case: Case) -> None:
    row = told(case, world)
    client = world.client(world.coordinator)
    page = client.get("/messages/").content.decode()
    url = reverse("message-taking", args=[row.pk])
    assert page.count(url) == 1
    for _again in range(2):
        assert client.post(url, follow=True).status_code == 200
    step = Escalation.objects.get(case=case, kind="meeting", step=row.step)
    assert step.taken_by == world.coordinator
    after = text(client)
    assert "Otit tämän hoitaaksesi" in after
    assert "Otan tämän hoitaakseni" not in after
    tick(now=at("2026-06-23 08:00"))
    assert not Escalation.objects.filter(case=case, kind="meeting", step__gt=14).exists()


def test_whoever_comes_second_is_told_who_has_taken_it(world: World, case: Case) -> None:
    responsible = world.responsible
    told(case, world)
    mine, theirs = (Message.objects.get(case=case, what="meeting", step=14, to=u) for u in (world.coordinator, responsible))
    world.client(responsible).post(reverse("message-taking", args=[theirs.pk]))
    client = world.client(world.coordinator)
    assert f"{responsible.name} otti tämän hoitaakseen" in text(client)
    answer = client.post(reverse("message-taking", args=[mine.pk]), follow=True)
    assert "Joku muu on jo ottanut tämän hoitaakseen" in answer.content.decode()
    assert Escalation.objects.get(case=case, kind="meeting", step=14).taken_by == responsible


def test_a_step_told_again_after_its_rest_asks_again(world: World, case: Case) -> None:
    told(case, world)
    Escalation.objects.filter(case=case, kind="meeting", step=14).update(
        taken_at=at("2026-06-22 09:00"), taken_by=world.coordinator
    )
    for day in ("2026-06-23", "2026-06-24", "2026-06-25", "2026-06-26", "2026-06-29", "2026-06-30"):
        tick(now=at(f"{day} 08:00"))
    last = Message.objects.filter(case=case, what="meeting", to=world.coordinator).order_by("-step")[0]
    assert last.step is not None
    assert last.step > 14
    page = world.client(world.coordinator).get("/messages/").content.decode()
    assert reverse("message-taking", args=[last.pk]) in page


def test_others_messages_are_not_there_and_early_steps_can_not_be_taken(world: World, case: Case) -> None:
    row = told(case, world)
    url = reverse("message-taking", args=[row.pk])
    for user in (world.second_coordinator, world.other_coordinator, world.member, world.unit_head, world.officer):
        assert world.client(user).post(url).status_code == 404
    assert not Escalation.objects.filter(case=case, taken_by__isnull=False).exists()
    early = Message.objects.get(case=case, what="meeting", to=world.coordinator, step=5)
    assert not may_take(early)
    answer = world.client(world.coordinator).post(reverse("message-taking", args=[early.pk]))
    assert answer.status_code == 403
    assert "Tätä ei voi ottaa" in answer.content.decode()
    with wearing("area", world.second_coordinator.pk), pytest.raises(NotAllowed):
        take(message=row, by=world.second_coordinator, now=timezone.now())


def test_what_is_done_is_told_as_done_and_can_not_be_taken(world: World, case: Case) -> None:
    from cases.actions import deadline

    row = told(case, world)
    deadline.end("meeting", case=case, now=timezone.now())
    page = world.client(world.coordinator).get("/messages/").content.decode()
    assert "tehty</strong>" in page
    assert reverse("message-taking", args=[row.pk]) not in page


# -- what will be told soon


def due(row: Deadline, days: int = 1) -> None:
    """Let this step be due so many days from now."""
    Deadline.objects.filter(pk=row.pk).update(due_at=timezone.now() + timedelta(days=days))


def test_a_professional_sees_the_ladder_of_the_own_promise(world: World) -> None:
    case = a_case(world, days_ago=12)
    row = promised(world, case)
    steps = Deadline.objects.filter(kind="promise", about=str(row.pk)).order_by("step")
    due(steps[0])
    client = world.client(world.professional)
    page = text(client)
    assert "Lupauksen päivä lähestyy: Aatu, 4 v" in page
    assert "Sinulle ja yksikön esihenkilölle" in page
    assert "Koordinaattorille" in page
    assert "Riikka Tuulenpää" in page
    assert "1 asiasta kerrotaan pian eteenpäin" in text(client, "/")
    assert "kerrotaan pian eteenpäin" not in text(world.client(world.colleague))


def test_the_lead_sees_the_next_step_of_the_own_situations_only(world: World) -> None:
    case = a_case(world, days_ago=1)
    due(Deadline.objects.get(case=case, kind="meeting", step=5))
    page = text(world.client(world.coordinator))
    assert "Verkosto ei ole vielä kokoontunut: Aatu, 4 v" in page
    assert "Sinulle ja yhteydenoton tehneelle" in page
    assert "Kaisa Koivupuro" in page
    assert "kerrotaan pian eteenpäin" not in text(world.client(world.second_coordinator))
    assert "kerrotaan pian eteenpäin" in text(world.client(world.coordinator), "/board/")


def test_somebody_who_left_sees_the_own_step_without_the_child(world: World) -> None:
    case = a_case(world, days_ago=12)
    row = promised(world, case)
    due(Deadline.objects.get(kind="promise", about=str(row.pk), step=1))
    seat = case.memberships.get(user=world.professional)
    end_membership(case=case, membership=seat, reason="x", by=world.coordinator, now=timezone.now())
    page = text(world.client(world.professional))
    assert "Lupauksen päivä lähestyy" in page
    assert "Aatu" not in page
    assert case.ref not in page
    assert "Riikka" not in page.split("Saapuneet")[0]


def test_the_writer_of_a_contact_need_do_nothing(world: World) -> None:
    concern = world.concern(now=timezone.now())
    due(Deadline.objects.filter(kind="concern", about=str(concern.pk)).order_by("step")[0])
    assert "Koordinaattorit vastaavat siihen" in text(world.client(world.professional))


def test_the_heading_names_the_day(world: World) -> None:
    from cases.ahead import heading

    friday = at("2026-06-12 12:00")
    assert heading([Deadline(due_at=at("2026-06-13 08:00"))], friday) == "Huomenna tästä kerrotaan eteenpäin"
    assert "ma" in heading([Deadline(due_at=at("2026-06-15 08:00"))], friday)
    both = [Deadline(due_at=at("2026-06-13 08:00")), Deadline(due_at=at("2026-06-15 08:00"))]
    assert heading(both, friday) == heading([Deadline(due_at=friday)], friday) == "Tästä kerrotaan pian eteenpäin"
