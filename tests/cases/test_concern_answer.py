"""What the writer of a concern is told: a receipt at once, and one of three answers when the fact happens."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.actions.answer import answer_callers
from cases.actions.case import close
from cases.actions.joining import propose_join
from cases.actions.network import end_membership
from cases.actions.protection import protect
from cases.models import Case, CaseJoin, Concern, Message, Recusal
from meetings.actions import meeting as meetings
from meetings.actions.joining import accept_join
from networks.models import Agency, Sector, Unit, User
from tests.cases.test_concern_page import NEW, YESTERDAY, filled
from tests.meetings.steps import held, proposed
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date, latest_meeting_day, short_date
from yhteiso.outbox.models import Outgoing

WORDS = {"met": "Verkosto tapasi", "declined": "Perhe ei halunnut verkostoa", "other": "Löytyi toinen tapa auttaa"}
SECRET = "SALAINEN-TEKSTI"


def finished(world: World, route: str) -> Concern:
    now = at(YESTERDAY)
    concern = world.concern(now=now)
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    where = {"guided_to": "shl35"} if route == "guided" else {}
    call = intake.save_call(call=call, version=call.version, now=now, route=route, everyday=SECRET, **where)
    intake.finish_call(call=call, by=world.coordinator, now=now)
    return Concern.objects.get(pk=concern.pk)


def test_the_receipt_is_there_at_once_and_names_nobody_outside(world: World) -> None:
    client = world.client(world.professional)
    answer = client.post(NEW, filled())
    concern = Concern.objects.get()
    body = client.get(answer.url).content.decode()
    for part in (
        concern.ref,
        world.coordinator.name,
        world.area.phone,
        short_date(latest_meeting_day(helsinki_date(timezone.now()))),
    ):
        assert part in body
    told = Message.objects.get(to=world.professional)
    assert (told.kind, told.what, told.case_id) == ("answer", "receipt", None)
    assert "Yhteydenottosi on koordinaattorilla" in client.get(reverse("messages")).content.decode()
    assert set(Outgoing.objects.filter(about=str(told.pk)).values_list("text", flat=True)) == {"notice"}


@pytest.mark.parametrize("route", ["advice", "guided", "consultation"])
def test_help_without_a_network_is_another_way(world: World, route: str) -> None:
    concern = finished(world, route)
    assert (concern.outcome, concern.outcome_at) == ("other", concern.answered_at)
    shown(world, concern, "other")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("declined", "declined"), ("other_help", "other"), ("moved_away", "other")],
)
def test_a_closed_situation_answers_by_its_reason(world: World, reason: str, outcome: str) -> None:
    case = world.case(call=YESTERDAY)
    concern = Concern.objects.get(case=case)
    assert concern.outcome == ""
    told = {"told_by": "äiti", "told_on": helsinki_date(timezone.now())} if reason == "family_stopped" else {}
    close(case=case, by=world.coordinator, reason=reason, now=timezone.now(), **told)
    concern.refresh_from_db()
    assert concern.outcome == outcome
    shown(world, concern, outcome)


def test_the_first_meeting_answers_once_and_its_closing_does_not(world: World) -> None:
    case = world.case(call=f"{helsinki_date(timezone.now()) - timedelta(days=9)} 12:46")
    with wearing("area", world.coordinator.pk):
        held(world, case, days_ago=5)
    concern, met = Concern.objects.get(case=case), Case.objects.get(pk=case.pk).first_met_at
    assert (concern.outcome, concern.outcome_at) == ("met", met)
    with wearing("area", world.coordinator.pk):
        close(case=Case.objects.get(pk=case.pk), by=world.coordinator, reason="declined", now=timezone.now())
        assert answer_callers(case=case, now=timezone.now()) == 0
    concern.refresh_from_db()
    assert concern.outcome == "met"
    assert Message.objects.filter(kind="answer", to=world.professional).count() == 1
    with pytest.raises(Exception, match="never changed"), transaction.atomic():
        Concern.objects.filter(pk=concern.pk).update(outcome="other")


def test_a_disqualified_writer_is_told_nothing(world: World) -> None:
    case = world.case(call=YESTERDAY)
    concern = Concern.objects.get(case=case)
    Recusal.objects.create(
        case=case, user=world.professional, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    concern.refresh_from_db()
    assert concern.outcome == "other"
    assert not Message.objects.filter(kind="answer", to=world.professional).exclude(what="receipt").exists()
    client, url = world.client(world.professional), reverse("concern", args=[concern.ref])
    assert client.get(url).status_code == 404
    Concern.objects.filter(pk=concern.pk).update(answered_at=timezone.now() - timedelta(days=31))
    assert client.get(url).status_code == 404


# -- joined with another: answered by the one that goes on


def joined(world: World, stays: Case, closes: Case) -> None:
    with wearing("area", world.coordinator.pk):
        ref = propose_join(case=stays, other=closes.ref, stays=True, by=world.coordinator, now=timezone.now())
    join = CaseJoin.objects.get(ref=ref)
    with wearing("area", world.second_coordinator.pk):
        accept_join(join=join, by=world.second_coordinator, now=timezone.now())


def outcome(case: Case) -> str:
    return Concern.objects.get(case=case).outcome


def met_today(world: World, case: Case) -> None:
    row, now = proposed(world, case), timezone.now()
    with wearing("area", world.coordinator.pk):
        meetings.hold(meeting=row, began_at=now, present=set(), by=world.coordinator, now=now)


def test_the_concern_of_a_joined_situation_waits_for_the_one_that_goes_on(world: World) -> None:
    closes, stays = world.case(call=YESTERDAY), world.case(call=YESTERDAY, concern=False)
    joined(world, stays, closes)
    assert Case.objects.get(pk=closes.pk).close_reason == "joined"
    assert outcome(closes) == ""
    assert not Message.objects.filter(kind="answer").exclude(what="receipt").exists()
    with wearing("area", world.coordinator.pk):
        assert answer_callers(case=closes, now=timezone.now()) == answer_callers(case=stays, now=timezone.now()) == 0
    met_today(world, Case.objects.get(pk=stays.pk))
    assert outcome(closes) == "met"
    assert Message.objects.get(kind="answer", what="met").to_id == world.professional.pk


@pytest.mark.parametrize(("reason", "answer"), [("declined", "declined"), ("moved_away", "other")])
def test_or_for_its_ending_through_every_joining(world: World, reason: str, answer: str) -> None:
    first, second, last = (world.case(call=YESTERDAY, concern=n == 0) for n in range(3))
    joined(world, second, first)
    joined(world, last, second)
    assert outcome(first) == ""
    close(case=last, by=world.coordinator, reason=reason, now=timezone.now())
    assert outcome(first) == answer


def test_a_meeting_before_the_concern_is_no_answer_to_it(world: World) -> None:
    stays = world.case(call=f"{helsinki_date(timezone.now()) - timedelta(days=9)} 12:46", concern=False)
    with wearing("area", world.coordinator.pk):
        held(world, stays, days_ago=5)
    closes = world.case(call=YESTERDAY)
    joined(world, stays, closes)
    assert outcome(closes) == ""
    met_today(world, Case.objects.get(pk=stays.pk))
    assert outcome(closes) == "met"


def shown(world: World, concern: Concern, outcome: str) -> None:
    """On the receipt, in the messages and on the front page; still there when the text no longer is."""
    client, url = world.client(world.professional), reverse("concern", args=[concern.ref])
    assert WORDS[outcome] in client.get(url).content.decode()
    assert url in client.get(reverse("messages")).content.decode()
    Concern.objects.filter(pk=concern.pk).update(answered_at=timezone.now() - timedelta(days=31))
    body = client.get(url).content.decode()
    assert WORDS[outcome] in body
    for secret in ("Aatu", SECRET, concern.everyday or "Aamut ovat vaikeita."):
        assert secret not in body
    messages = client.get(reverse("messages")).content.decode()
    assert url in messages
    assert "Aatu" not in messages.split("Vastaus huoleesi")[1].split("</li>")[0]


def test_a_caller_without_an_account_needs_nothing(world: World) -> None:
    now = timezone.now()
    call = intake.begin_call(by=world.coordinator, area=world.area, now=now)
    call = intake.save_call(call=call, version=call.version, now=now, route="advice")
    intake.finish_call(call=call, by=world.coordinator, now=now)
    assert not Message.objects.filter(kind="answer").exists()


def test_nobody_makes_up_an_answer(world: World) -> None:
    """The database reads which of the three it is from the facts, and only for whoever may see them."""
    case = world.case(call=YESTERDAY)
    concern = Concern.objects.get(case=case)
    for hat, who in (("member", world.professional), ("area", world.coordinator), ("member", world.colleague)):
        with wearing(hat, who.pk), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM sec.answer_caller(%s, NULL)", [case.pk])
            assert cursor.fetchall() == []
            cursor.execute("SELECT * FROM sec.answer_caller(NULL, %s)", [concern.pk])
            assert cursor.fetchall() == []
    Case.objects.filter(pk=case.pk).update(first_met_at=timezone.now())
    with wearing("area", world.other_coordinator.pk), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM sec.answer_caller(%s, NULL)", [case.pk])
        assert cursor.fetchall() == []
    assert Concern.objects.get(pk=concern.pk).outcome == ""


# -- adult services


@pytest.fixture
def doctor(world: World) -> User:
    agency = Agency.objects.create(
        name="Psykiatria", legal_name="Hyvinvointialue", controller="Hyvinvointialue", sector=Sector.ADULT_SERVICES
    )
    unit = Unit.objects.create(agency=agency, area=world.area, name="Aikuispsykiatrian poliklinikka")
    return world.person("Salla Rinne", "professional", unit)


def adult(**fields: Any) -> dict[str, Any]:
    data = {name: value for name, value in filled().items() if name not in ("child_age", "place")}
    return data | {"children_home": "kaksi, 3 v ja 6 v"} | fields


def test_a_worker_of_adult_services_is_asked_of_children_at_home(world: World, doctor: User) -> None:
    client = world.client(doctor)
    body = client.get(NEW).content.decode()
    assert "Onko kotona lapsia?" in body
    assert 'name="child_age"' not in body
    assert "Onko kotona lapsia?" not in world.client(world.professional).get(NEW).content.decode()
    answer = client.post(NEW, adult(children_home=""))
    assert answer.status_code == 422
    assert "montako lasta" in answer.content.decode()
    assert client.post(NEW, adult(child_name="")).status_code == 302
    concern = Concern.objects.get()
    assert (concern.children_home, concern.caller_masked, concern.child_age) == ("kaksi, 3 v ja 6 v", True, None)


@pytest.mark.parametrize("named", [False, True])
def test_the_mask_goes_along_to_the_network_unless_they_want_to_be_named(world: World, doctor: User, named: bool) -> None:
    now = timezone.now()
    world.client(doctor).post(NEW, adult(**({"named": "on"} if named else {})))
    concern = Concern.objects.get()
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    assert call.caller_masked is not named
    call = intake.save_call(call=call, version=call.version, now=now, route="network", consent="oral")
    case = intake.finish_call(call=call, by=world.coordinator, now=now).case
    assert case is not None
    assert case.memberships.get(user=doctor).masked is not named
    assert ("Aikuispsykiatrian" in case.caller_label) is named
    assert ("Terveyspalvelut" in case.caller_label) is not named
    assert (
        "Aikuispsykiatrian"
        in world.client(world.coordinator).get(reverse("call", args=[call.ref]), follow=True).content.decode()
    )


def test_an_anonymous_consultation_keeps_nothing_of_the_children_at_home(world: World, doctor: User) -> None:
    assert world.client(doctor).post(NEW, adult(family_asked="not_yet")).status_code == 302
    assert Concern.objects.get().children_home == ""


def test_who_has_left_the_network_reads_no_name_of_a_protected_family(world: World) -> None:
    """The own text is the writer's, but not once the family is protected: also where the situation is out of sight."""
    case, now = world.case(call=YESTERDAY), timezone.now()
    concern = Concern.objects.get(case=case)
    client = world.client(world.professional)
    seat = case.memberships.get(user=world.professional)
    end_membership(case=case, membership=seat, reason="moved", by=world.coordinator, now=now)
    assert "Aatu" in client.get(reverse("concern", args=[concern.ref])).content.decode()
    protect(case=case, reason="Turvakielto.", by_hand=[], by=world.coordinator, now=now)
    for url in (reverse("concern", args=[concern.ref]), reverse("concern-list"), reverse("home")):
        page = client.get(url).content.decode()
        assert "Aatu" not in page, url
        assert "Aamut ovat vaikeita" not in page, url
