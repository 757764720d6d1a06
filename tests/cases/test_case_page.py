"""The page of a situation, the list, the start of the two weeks and the closing."""

import html
import uuid
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.actions import clock
from cases.actions.network import add_person
from cases.actions.tick import tick
from cases.models import Case, CaseEvent, Escalation, StartCorrection, Status
from meetings import happenings
from meetings.actions import meeting as meetings
from meetings.models import Commitment, Meeting
from networks.models import User
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.lib.dates import HELSINKI, add_working_days, at_helsinki, helsinki_date

LIST = reverse("case-list")


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


# -- who sees what


def test_coordinator_sees_what_was_told_and_members_do_not(world: World, case: Case) -> None:
    body = page(world, world.coordinator, case).content.decode()
    assert "SALAINEN-TEKSTI" in body
    assert "Jenna Suvilehto, äiti" in body
    for user in (world.member, world.professional):
        answer = page(world, user, case)
        assert answer.status_code == 200
        assert "Aatu" in answer.content.decode()
        assert "SALAINEN-TEKSTI" not in answer.content.decode()
        assert "Jenna Suvilehto, äiti" not in answer.content.decode()
        assert reverse("case-network", args=[case.ref]) not in answer.content.decode()
        assert reverse("case-closure", args=[case.ref]) not in answer.content.decode()


def test_nobody_else_learns_that_the_case_exists(world: World, case: Case) -> None:
    unknown = world.client(world.colleague).get("/cases/0000-0000-00/").content
    for user in (
        world.left, world.colleague, world.other_coordinator, world.leader, world.unit_head, world.officer,
        world.administrator,
    ):  # fmt: skip
        for name in ("case", "case-start", "case-closure", "case-network"):
            answer = page(world, user, case, name)
            assert answer.status_code == 404
            assert "Aatu" not in answer.content.decode()
    assert len(page(world, world.colleague, case).content) == len(unknown)


def test_a_look_is_logged_and_so_is_a_refusal(world: World, case: Case) -> None:
    page(world, world.member, case)
    page(world, world.colleague, case)
    page(world, world.member, case, "case-closure")
    rows = LogEntry.objects.order_by("at").values_list("actor_id", "verb", "page")
    assert list(rows) == [
        (world.member.pk, "view", "case"), (world.colleague.pk, "deny", "case"),
        (world.member.pk, "deny", "case-closure"),
    ]  # fmt: skip


def test_why_line_fits_the_viewer(world: World, case: Case) -> None:
    assert "tämän tilanteen vastuuhenkilö" in page(world, world.coordinator, case).content.decode()
    assert "tämän tilanteen vastuuhenkilö" not in page(world, world.second_coordinator, case).content.decode()
    assert "Otit yhteyttä" in page(world, world.professional, case).content.decode()
    assert "Olet ollut tämän perheen verkostossa" in page(world, world.member, case).content.decode()


def test_title_names_nobody(world: World, case: Case) -> None:
    body = page(world, world.coordinator, case).content.decode()
    assert "<title>Tilanne – Yhteiso</title>" in body


# -- what is next


def test_next_steps_along_the_way(world: World, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(status=Status.NEW)
    assert "Kokoa verkosto" in page(world, world.coordinator, case).content.decode()
    Case.objects.filter(pk=case.pk).update(status=Status.GATHERING)
    assert "Ehdota aikaa" in page(world, world.coordinator, case).content.decode()
    row = proposed(world, case)
    assert "Odottaa vastauksia" in page(world, world.coordinator, case).content.decode()
    assert "Vastaa: sopiiko sinulle" in page(world, world.member, case).content.decode()
    for seat in row.participants.exclude(membership__person__kind="child").select_related("case"):
        meetings.answer(participant=seat, answer="yes", by=world.coordinator, now=timezone.now())
    assert "Katso ja vahvista" in page(world, world.coordinator, case).content.decode()
    assert "Vastaa: sopiiko sinulle" not in page(world, world.member, case).content.decode()
    meetings.confirm(meeting=row, by=world.coordinator, now=timezone.now())
    assert "Avaa lokikirja" in page(world, world.coordinator, case).content.decode()


def test_late_case_shows_the_ladder_until_it_is_seen(world: World) -> None:
    late = world.case(call=days_ago(25))
    tick(now=timezone.now())
    client, target = world.client(world.coordinator), reverse("escalation-seen", args=[late.ref])
    assert "Merkitse nähdyksi" in client.get(reverse("case", args=[late.ref])).content.decode()
    assert "Merkitse nähdyksi" not in page(world, world.member, late).content.decode()
    assert client.get(target).status_code == 405
    assert world.client(world.member).post(target).status_code == 404
    assert client.post(target).status_code == 302
    assert set(Escalation.objects.values_list("seen_by", flat=True)) == {world.coordinator.pk}
    assert "Merkitse nähdyksi" not in client.get(reverse("case", args=[late.ref])).content.decode()


def test_only_agreed_promises_are_shown(world: World, case: Case) -> None:
    row = proposed(world, case)
    seat = case.memberships.get(user=world.member)
    common = {
        "case": case, "meeting": row, "membership": seat, "owner": world.member, "unit": world.guidance,
        "due_on": helsinki_date(timezone.now()) - timedelta(days=2), "written_at": timezone.now(),
        "written_by": world.member,
    }  # fmt: skip
    Commitment.objects.create(what="Luonnos kesken", form_key=uuid.uuid4(), **common)
    Commitment.objects.create(what="Soitan äidille", form_key=uuid.uuid4(), agreed_at=timezone.now(), **common)
    body = page(world, world.member, case).content.decode()
    assert "Soitan äidille" in body
    assert "2\u00a0pv yli sovitun" in body
    assert "Luonnos kesken" not in body


def test_every_kind_of_event_has_its_sentence(world: World, case: Case) -> None:
    kinds = {
        "call": {}, "opened": {}, "start_corrected": {}, "start_correction_proposed": {}, "member_added": {"member": 7},
        "person_added": {"kind": "guardian"}, "consent": {"consent": "oral"}, "member_ended": {},
        "meeting_proposed": {"starts_at": "2026-06-16T14:30:00+03:00"}, "logbook_approved": {},
        "meeting_confirmed": {"starts_at": "2026-06-16T14:30:00+03:00"}, "meeting_moved": {"reason": "illness"},
        "meeting_held": {"began_at": "2026-06-16T14:30:00+03:00"}, "commitment_resolved": {"status": "kept"},
        "closed": {"reason": "declined"},
    }  # fmt: skip
    texts = [happenings.sentence(CaseEvent(kind=kind, detail=detail), {7: "X"}) for kind, detail in kinds.items()]
    assert len(set(texts)) == len(kinds)
    assert "Jotain kirjattiin." not in texts
    assert happenings.sentence(CaseEvent(kind="unheard-of", detail={}), {}) == "Jotain kirjattiin."
    assert set(case.events.values_list("kind", flat=True)) <= set(kinds)


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow(world: World, case: Case, django_assert_num_queries: Any, rows: int) -> None:
    for n in range(rows):
        add_person(case=case, kind="guardian", name=f"Huoltaja{n}", by=world.coordinator, now=timezone.now())
        user = world.person(f"Uusi Työntekijä{n}", "professional", world.day_care)
        meetings.add_member(case=case, user=user, must_attend=False, by=world.coordinator, now=timezone.now())
    proposed(world, case)
    world.member.refresh_from_db()
    client = world.client(world.coordinator)
    with django_assert_num_queries(52):
        client.get(reverse("case", args=[case.ref]))
    client = world.client(world.member)
    with django_assert_num_queries(20):
        client.get(reverse("case", args=[case.ref]))


# -- the list


def refs_on(client: Client, query: str = "") -> tuple[list[str], str]:
    """The references on one page of the list, in order, and the address of the next page."""
    body = client.get(f"{LIST}{query}").content.decode()
    rows = [part.split("/")[0] for part in body.split('<a href="/cases/')[1:]]
    following = body.split('rel="next"')[0].rsplit('href="', 1)[-1].split('"')[0] if 'rel="next"' in body else ""
    return rows, following.replace("&amp;", "&")


def test_list_shows_each_case_once_over_its_pages(world: World) -> None:
    made = {world.case(call=days_ago(n % 9), child=f"Lapsi{n}").ref for n in range(30)}
    client = world.client(world.coordinator)
    first, following = refs_on(client)
    assert len(first) == 25
    second, end = refs_on(client, following)
    assert len(second) == 5
    assert set(first + second) == made
    assert end == ""
    left = {case.ref: case.plan_by_on for case in Case.objects.all()}
    days = [left[ref] for ref in first + second]
    assert days == sorted(days)


def test_those_that_have_met_come_after_those_that_wait(world: World) -> None:
    waits, met = world.case(call=days_ago(2)), world.case(call=days_ago(13))
    now = timezone.now()
    Case.objects.filter(pk=met.pk).update(status=Status.FOLLOW_UP, first_met_at=now - timedelta(days=1))
    assert refs_on(world.client(world.coordinator))[0] == [waits.ref, met.ref]
    assert refs_on(world.client(world.coordinator), f"?after={waits.ref}")[0] == [met.ref]


def test_closed_ones_are_listed_latest_first(world: World) -> None:
    old, new = world.case(call=days_ago(9)), world.case(call=days_ago(8))
    for row, hours in ((old, 5), (new, 1)):
        Case.objects.filter(pk=row.pk).update(
            status=Status.CLOSED, closed_at=timezone.now() - timedelta(hours=hours), closed_by=world.coordinator,
            close_reason="declined",
        )  # fmt: skip
    client = world.client(world.coordinator)
    assert refs_on(client, "?stage=closed")[0] == [new.ref, old.ref]
    assert refs_on(client, f"?stage=closed&after={new.ref}")[0] == [old.ref]
    assert refs_on(client)[0] == []


def test_a_professional_lists_own_networks_only(world: World, case: Case) -> None:
    assert refs_on(world.client(world.member))[0] == [case.ref]
    for user in (world.left, world.colleague, world.other_coordinator):
        body = world.client(user).get(LIST).content.decode()
        assert "Aatu" not in body
        assert case.ref not in body
    assert world.client(world.leader).get(LIST).status_code == 404


def test_a_foreign_or_broken_place_in_the_list_tells_nothing(world: World, case: Case) -> None:
    client = world.client(world.other_coordinator)
    for query in (f"?after={case.ref}", "?after=%00", "?after=" + "x" * 5000, "?stage=%00"):
        answer = client.get(f"{LIST}{query}")
        assert answer.status_code == 200
        assert "Aatu" not in answer.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_of_the_list_do_not_grow(world: World, django_assert_num_queries: Any, rows: int) -> None:
    for n in range(rows):
        world.case(call=days_ago(n + 1), child=f"Lapsi{n}")
    client = world.client(world.coordinator)
    with django_assert_num_queries(14):
        client.get(LIST)


# -- when the two weeks began


def moved(moment: datetime, **delta: int) -> dict[str, str]:
    local = (moment + timedelta(**delta)).astimezone(HELSINKI)
    return {"day": f"{local:%d.%m.%Y}", "at": f"{local:%H.%M}", "reason": "Soitto tuli jo edellisenä iltana."}


def test_an_earlier_start_is_in_force_at_once(world: World, case: Case) -> None:
    target = reverse("case-start", args=[case.ref])
    assert world.client(world.coordinator).post(target, moved(case.t0_at, days=-1)).status_code == 302
    after = Case.objects.get(pk=case.pk)
    assert after.t0_at == case.t0_at - timedelta(days=1)
    assert after.day14_on == case.day14_on - timedelta(days=1)


def test_a_later_start_waits_for_another_coordinator(world: World, case: Case) -> None:
    client, target = world.client(world.coordinator), reverse("case-start", args=[case.ref])
    client.post(target, moved(case.t0_at, days=1))
    row = StartCorrection.objects.get()
    accept = reverse("case-start-accept", args=[case.ref, row.pk])
    assert Case.objects.get(pk=case.pk).t0_at == case.t0_at
    body = client.get(target).content.decode()
    assert "disabled" in body
    assert clock.acceptance_blocker(row, case, world.coordinator) in html.unescape(body)
    client.post(accept)
    assert Case.objects.get(pk=case.pk).t0_at == case.t0_at
    assert world.client(world.member).post(accept).status_code == 403
    assert world.client(world.other_coordinator).post(accept).status_code == 404
    second = world.client(world.second_coordinator)
    assert "Myöhempää alkua on ehdotettu" in second.get(reverse("case", args=[case.ref])).content.decode()
    second.post(accept)
    assert Case.objects.get(pk=case.pk).t0_at == case.t0_at + timedelta(days=1)
    other = world.case(call=days_ago(2))
    assert second.post(reverse("case-start-accept", args=[other.ref, row.pk])).status_code == 404


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"day": "1.1.2999"}, "tulevaisuudessa"), ({"day": "31.2.2026"}, "Tällaista päivää ei ole"),
        ({"day": "1.1.0001"}, "yli vuosi"), ({"at": "25.00"}, "Kirjoita kellonaika näin"), ({"at": ""}, "kellonaika"),
        ({"reason": ""}, "miksi aika korjataan"), ({"reason": "x" * 50_000}, "300"), ({"reason": "\u202ex"}, "Rivillä"),
    ],
)  # fmt: skip
def test_a_bad_start_is_told_beside_the_field(world: World, case: Case, fields: dict[str, str], message: str) -> None:
    data = moved(case.t0_at, days=-1) | fields
    answer = world.client(world.coordinator).post(reverse("case-start", args=[case.ref]), data)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not StartCorrection.objects.exists()


def test_a_start_later_today_than_now_and_the_same_start_are_refused(world: World, case: Case) -> None:
    client, target = world.client(world.coordinator), reverse("case-start", args=[case.ref])
    assert client.post(target, moved(timezone.now(), minutes=2)).status_code == 422
    assert client.post(target, moved(case.t0_at)).status_code == 422
    assert not StartCorrection.objects.exists()


def test_a_time_that_the_clocks_skip_is_told(world: World, case: Case) -> None:
    now = timezone.now().astimezone(HELSINKI).date()
    year = now.year if now > (datetime(now.year, 3, 31).date()) else now.year - 1
    sunday = max(datetime(year, 3, n).date() for n in range(25, 32) if datetime(year, 3, n).weekday() == 6)
    data = {"day": f"{sunday:%d.%m.%Y}", "at": "3.30", "reason": "x"}
    answer = world.client(world.coordinator).post(reverse("case-start", args=[case.ref]), data)
    assert answer.status_code == 422
    assert 'id="id_at_error"' in answer.content.decode()


def test_after_the_outcome_a_correction_changes_nothing(world: World) -> None:
    late = world.case(call=days_ago(20))
    with_outcome = clock.lock(late)
    clock.write_outcome(with_outcome, began_at=None, now=timezone.now())
    client, target = world.client(world.coordinator), reverse("case-start", args=[late.ref])
    assert "Tulos on kirjattu" in client.get(target).content.decode()
    client.post(target, moved(late.t0_at, days=-1))
    assert Case.objects.get(pk=late.pk).t0_at == late.t0_at
    assert "Tuloksen vieressä" in client.get(target).content.decode()
    assert "ei toteutunut" in client.get(reverse("case", args=[late.ref])).content.decode()


def test_a_place_of_another_list_is_no_error(world: World, case: Case) -> None:
    for query in (f"?stage=closed&after={case.ref}", "?stage=follow_up&after=junk", "?after=0000-0000-00"):
        assert world.client(world.coordinator).get(f"{LIST}{query}").status_code == 200


def test_month_of_the_persona_case_is_juhannus(world: World) -> None:
    body = page(world, world.coordinator, world.case()).content.decode()
    assert "juhannusaatto" in body
    assert "to\u00a018.6." in body
