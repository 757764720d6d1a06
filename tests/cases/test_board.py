"""The board: whose time is running out, and nothing forgotten."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.actions import clock, intake
from cases.models import Case, Status
from meetings.actions import meeting as meetings
from meetings.views.board import holiday_notes
from networks.models import Role, RoleMembership
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.lib.dates import add_working_days, at_helsinki, helsinki_date

BOARD = reverse("board")


def days_ago(n: int) -> str:
    return f"{helsinki_date(timezone.now()) - timedelta(days=n)} 09:12"


def opened(world: World, *, days: int, child: str, age: int = 4, **fields: Any) -> Case:
    case = world.case(call=days_ago(days), child=child, age=age)
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
    assert "0/3 vastannut" in body  # the child is not asked
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
    clock.escalate(case_id=case.pk, now=timezone.now())
    body = world.client(world.coordinator).get(BOARD).content.decode()
    assert "Kerrottu" in body
    assert "päivä 14" in body
    assert "Ei vielä nähty" in body
    clock.mark_seen(case=case, by=world.coordinator, now=timezone.now())
    assert "Ei vielä nähty" not in world.client(world.coordinator).get(BOARD).content.decode()


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
        case = opened(world, days=20 + n, child=f"Lapsi{n}")
        clock.escalate(case_id=case.pk, now=timezone.now())
        world.concern(now=timezone.now())
        intake.begin_call(
            by=world.coordinator, area=world.area, concern=world.concern(now=timezone.now()), now=timezone.now()
        )
    client = world.client(world.coordinator)
    with django_assert_num_queries(17):
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
