"""The board: whose time is running out, and nothing forgotten."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cases.actions import clock, intake
from cases.actions.tick import tick
from cases.models import Call, Case, Status
from meetings.actions import meeting as meetings
from meetings.views.board import holiday_notes
from networks.models import Role, RoleMembership
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import add_working_days, at_clock, at_helsinki, helsinki_date, short_date

BOARD = reverse("board")


def days_ago(n: int) -> str:
    return f"{helsinki_date(timezone.now()) - timedelta(days=n)} 09:12"


def opened(world: World, *, days: int, child: str, age: int = 4, **fields: Any) -> Case:
    case = world.case(call=days_ago(days), child=child, age=age)
    with transaction.atomic():  # the lead and the coordinator go together
        if "coordinator" in fields:
            case.memberships.filter(pk=case.lead_id).update(user=fields["coordinator"])
        Case.objects.filter(pk=case.pk).update(**fields)
    return Case.objects.get(pk=case.pk)


def names_in_order(body: str, *names: str) -> bool:
    columns = body[body.index('<div class="y-board">') :]
    places = [columns.index(name) for name in names]
    return places == sorted(places)


def test_those_with_the_fewest_days_left_come_first(world: World) -> None:
    opened(world, days=2, child="Vilja")
    opened(world, days=20, child="Hilma")
    opened(world, days=12, child="Onni")
    body = world.client(world.coordinator).get(BOARD).content.decode()
    assert names_in_order(body, "Hilma", "Onni", "Vilja")
    assert "<b>1</b>myöhässä" in body
    assert "<b>1</b>enintään 3 pv jäljellä" in body
    late = body[body.index('class="y-board__late"') : body.index('<form class="y-filter"')]
    assert "Hilma" in late
    assert "Vilja" not in late


def test_another_areas_families_are_not_there(world: World) -> None:
    opened(world, days=2, child="Vilja")
    body = world.client(world.other_coordinator).get(BOARD).content.decode()
    assert "Vilja" not in body
    assert "Ei tilanteita tässä vaiheessa" in body
    assert "Haapaniemen" in body


def test_board_is_the_coordinators_only(world: World) -> None:
    opened(world, days=2, child="Vilja")
    for user in (world.professional, world.member, world.leader, world.unit_head, world.officer, world.administrator):
        answer = world.client(user).get(BOARD)
        assert answer.status_code == 404
        assert "Vilja" not in answer.content.decode()


def test_a_look_at_the_board_is_logged_with_every_case_on_it(world: World) -> None:
    shown = {opened(world, days=n, child=f"Lapsi{n}").pk for n in (2, 3)}
    world.client(world.coordinator).get(BOARD)
    assert set(LogEntry.objects.get(page="board", verb="list").case_ids) == shown


def test_filters(world: World) -> None:
    opened(world, days=2, child="Vilja", age=6)
    opened(world, days=20, child="Hilma", age=11, coordinator=world.second_coordinator)
    client = world.client(world.coordinator)

    def shown(query: str) -> set[str]:
        body = client.get(f"{BOARD}{query}").content.decode()
        return {name for name in ("Vilja", "Hilma") if name in body}

    assert shown("") == {"Vilja", "Hilma"}
    assert shown("?whose=mine") == {"Vilja"}
    assert shown("?age=7-12") == {"Hilma"}
    assert shown("?only=late") == {"Hilma"}
    assert shown("?only=late&age=3-6") == set()
    assert shown("?only=hae&whose=%00&age=9999") == {"Vilja", "Hilma"}


def test_answers_and_consent_are_counted(world: World) -> None:
    case = opened(world, days=2, child="Vilja", consent="waiting")
    starts_at = at_helsinki(add_working_days(helsinki_date(timezone.now()), 3), timezone.now().time().replace(hour=12))
    meetings.propose(
        case=case, starts_at=starts_at, minutes=75, place="Perhekeskus", by=world.coordinator, now=timezone.now()
    )
    body = world.client(world.coordinator).get(f"{BOARD}?only=answers").content.decode()
    assert "<b>1</b>odottaa vastauksia" in body
    assert "<b>1</b>odottaa suostumusta" in body
    assert "0/4 vastannut" in body  # the child is not asked
    assert "Odottaa 2. huoltajaa" in body


def test_a_protected_childs_name_and_unit_are_not_on_the_board(world: World) -> None:
    case = opened(world, days=2, child="Vilja", protected=True)
    assert case.caller_label
    body = world.client(world.coordinator).get(BOARD).content.decode()
    assert "Vilja" not in body
    assert case.caller_label not in body
    assert "Turvakielto" in body


def test_late_ones_show_when_somebody_was_told(world: World) -> None:
    case = opened(world, days=25, child="Hilma")
    tick(now=timezone.now())
    body = world.client(world.coordinator).get(BOARD).content.decode()
    last = case.escalations.get(kind="meeting", step=14)
    assert "Kerrottu" in body
    assert f"päivä {(helsinki_date(last.due_at) - helsinki_date(case.t0_at)).days}" in body  # the real day, a working one
    assert "kukaan ei ole vielä kuitannut" in body
    clock.mark_seen(case=case, by=world.coordinator, now=timezone.now())
    assert "kuitannut" not in world.client(world.coordinator).get(BOARD).content.decode()


def test_concerns_and_unfinished_calls_wait_on_the_board(world: World) -> None:
    now = timezone.now()
    concern = world.concern(now=now, child_name="Touko")
    client = world.client(world.coordinator)
    assert f'value="{concern.ref}"' in client.get(BOARD).content.decode()
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    body = client.get(BOARD).content.decode()
    assert f'value="{concern.ref}"' not in body
    assert reverse("call", args=[call.ref]) in body
    assert "Touko" not in world.client(world.other_coordinator).get(BOARD).content.decode()


@pytest.mark.parametrize(("asked", "words"), [("not_yet", "Nimetön konsultaatio"), ("thinking", "Perhe miettii vielä")])
def test_no_network_is_promised_before_the_family_wants_one(world: World, asked: str, words: str) -> None:
    now, client = timezone.now(), world.client(world.coordinator)
    concern = world.concern(now=now, family_asked=asked, reachable="040 000 0101, iltapäivisin")
    call = reverse("call-start")
    for body in (
        client.get(BOARD).content.decode(), client.post(call, {"concern": concern.ref}, follow=True).content.decode()
    ):  # fmt: skip
        assert words in body
        assert "y-clock" not in body
        assert "verkosto koolle viimeistään" not in body
        assert short_date(helsinki_date(now)) in body
        assert '<a class="y-nowrap" href="tel:0400000101">040 000 0101</a>, iltapäivisin' in body
    assert words in client.get(BOARD).content.decode()  # the call has begun, nothing is promised yet either


def test_an_empty_call_is_deleted_and_a_written_one_is_not(world: World) -> None:
    now, client = timezone.now(), world.client(world.coordinator)
    call = intake.begin_call(by=world.coordinator, area=world.area, now=now)
    discard = reverse("call-discard", args=[call.ref])
    body = client.get(BOARD).content.decode()
    assert f"Puhelu, aloitettu {at_clock(call.began_at)}" in body
    assert f'action="{discard}"' in body
    for user in (world.other_coordinator, world.member, world.leader, world.officer):
        assert world.client(user).post(discard).status_code == 404
    assert client.get(discard).status_code == 405
    assert Call.objects.filter(pk=call.pk).exists()
    intake.save_call(call=call, version=0, now=now, strengths="Leikkii hyvin.")
    assert f'action="{discard}"' not in client.get(BOARD).content.decode()
    assert "on jo kirjoitettu" in client.post(discard, follow=True).content.decode()
    answering = intake.begin_call(by=world.coordinator, area=world.area, concern=world.concern(now=now), now=now)
    client.post(reverse("call-discard", args=[answering.ref]))
    assert Call.objects.count() == 2
    empty = intake.begin_call(by=world.coordinator, area=world.area, now=now)
    assert (
        "Tyhjä puhelu on poistettu" in client.post(reverse("call-discard", args=[empty.ref]), follow=True).content.decode()
    )
    assert not Call.objects.filter(pk=empty.pk).exists()


def test_the_database_deletes_no_call_but_an_empty_one(world: World) -> None:
    now = timezone.now()
    written = intake.begin_call(by=world.coordinator, area=world.area, now=now)
    intake.save_call(call=written, version=0, now=now, strengths="Leikkii hyvin.")
    elsewhere = intake.begin_call(by=world.other_coordinator, area=world.other_area, now=now)
    empty = intake.begin_call(by=world.coordinator, area=world.area, now=now)
    with wearing("area", world.coordinator.pk):
        Call.objects.all().delete()
    assert set(Call.objects.values_list("pk", flat=True)) == {written.pk, elsewhere.pk}
    assert empty.pk not in {written.pk, elsewhere.pk}


def test_a_later_start_waits_on_the_board_until_somebody_says_no(world: World) -> None:
    case = opened(world, days=3, child="Vilja")
    now = timezone.now()
    row = clock.correct_start(case=case, new_at=case.t0_at + timedelta(days=1), reason="x", by=world.coordinator, now=now)
    words, link = "Puhelun ajan korjaus odottaa toista ihmistä", reverse("case-start", args=[case.ref])
    for user in (world.coordinator, world.second_coordinator):
        body = world.client(user).get(f"{BOARD}?whose=mine").content.decode()
        assert words in body
        assert link in body
    assert case.pk in LogEntry.objects.filter(page="board", verb="list").last().case_ids
    assert words not in world.client(world.other_coordinator).get(BOARD).content.decode()
    clock.decline_correction(correction=row, by=world.second_coordinator, now=now)
    assert words not in world.client(world.coordinator).get(BOARD).content.decode()


def test_board_says_once_how_days_are_counted(world: World) -> None:
    opened(world, days=2, child="Vilja")
    opened(world, days=3, child="Hilma")
    body = world.client(world.coordinator).get(BOARD).content.decode()
    assert body.count("Päivät lasketaan viimeiseen arkipäivään ennen kahden viikon täyttymistä.") == 1


def test_two_areas_stand_in_the_heading(world: World) -> None:
    RoleMembership.objects.create(
        user=world.coordinator, role=Role.COORDINATOR, area=world.other_area, starts_on=date(2020, 1, 1)
    )
    assert "Kuusirannan ja Haapaniemen tilanteet" in world.client(world.coordinator).get(BOARD).content.decode()


def test_closed_ones_are_not_on_the_board(world: World) -> None:
    opened(
        world, days=2, child="Vilja", status=Status.CLOSED, closed_at=timezone.now(), closed_by=world.coordinator,
        close_reason="declined",
    )  # fmt: skip
    assert "Vilja" not in world.client(world.coordinator).get(BOARD).content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow(world: World, django_assert_num_queries: Any, rows: int) -> None:
    for n in range(rows):
        opened(world, days=20 + n, child=f"Lapsi{n}")
        tick(now=timezone.now())
        world.concern(now=timezone.now())
        intake.begin_call(
            by=world.coordinator, area=world.area, concern=world.concern(now=timezone.now()), now=timezone.now()
        )
        for opens in (False, True):
            wish = world.help_request(now=timezone.now())
            if opens:
                intake.begin_call(by=world.coordinator, area=world.area, request=wish, now=timezone.now())
    client = world.client(world.coordinator)
    with django_assert_num_queries(26):
        client.get(BOARD)


# -- holidays, computed


def test_juhannus_shortens_the_time_and_a_weekend_does_not() -> None:
    notes = holiday_notes([date(2026, 6, 5), date(2026, 6, 6), date(2026, 6, 8)])
    assert len(notes) == 1
    assert notes[0]["bold"].startswith("Juhannusaatto")
    assert "to\u00a018.6." in notes[0]["text"]
    assert "pe\u00a05.6., la\u00a06.6." in notes[0]["text"]
    assert holiday_notes([date(2026, 5, 2), date(2026, 8, 8)]) == []


def test_each_holiday_has_its_own_note() -> None:
    notes = holiday_notes([date(2026, 12, 10), date(2026, 12, 11), date(2026, 12, 18)])
    assert [note["bold"].split()[0] for note in notes] == ["Jouluaatto", "Uudenvuodenpäivä"]
