"""The ladder to be seen: on the situation's page, on the board, and in the area's settings."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from cases.actions.pause import record_pause
from cases.actions.tick import tick
from cases.deadlines import KINDS
from cases.ladder_shown import ladders
from cases.models import Case, LadderChange
from networks.models import Absence, User
from tests.personas import World, at
from yhteiso.lib.dates import helsinki_date


@pytest.fixture
def started(world: World) -> Case:
    """A situation whose call was ten days ago and which nobody has gathered."""
    start = timezone.localtime(timezone.now() - timedelta(days=10)).replace(hour=9, minute=0)
    return world.case(call=f"{start:%Y-%m-%d %H:%M}")


def page(world: World, who: User, name: str, *args: object) -> str:
    response = world.client(who).get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def ladders_in(html: str) -> str:
    return " ".join("".join(re.findall(r'<ol class="y-ladder">.*?</ol>', html, re.S)).split())


def test_the_coordinator_sees_what_was_told_and_who_is_told_next(world: World, started: Case) -> None:
    responsible = world.responsible
    tick(now=timezone.now())
    html = ladders_in(page(world, world.coordinator, "case", started.ref))
    assert "Kaisa Koivupuro" in html
    assert "kukaan ei ole vielä nähnyt" in html
    assert responsible.name in html
    assert 'aria-current="step"' in html


def test_a_member_sees_only_the_own_steps(world: World, started: Case) -> None:
    responsible = world.responsible
    tick(now=timezone.now())
    html = page(world, world.member, "case", started.ref)
    assert "y-ladder" not in html
    assert responsible.name not in html
    from cases.actions.deadline import begin

    begin("promise", case=started, area_id=started.area_id, fact_at=timezone.now(), now=timezone.now(), about="x",
          last_on=helsinki_date(timezone.now()) + timedelta(days=9), person_id=world.member.pk)  # fmt: skip
    assert "Sinä" in ladders_in(page(world, world.member, "case", started.ref))
    assert "y-ladder" not in page(world, world.professional, "case", started.ref)


def test_an_absent_lead_is_shown_with_the_stand_in(world: World, started: Case) -> None:
    today = helsinki_date(timezone.now())
    Absence.objects.create(
        user=world.coordinator, from_on=today, until_on=today + timedelta(days=30), substitute=world.second_coordinator,
        made_at=timezone.now(), made_by=world.coordinator, accepted=True, answered_at=timezone.now(),
    )  # fmt: skip
    html = ladders_in(page(world, world.second_coordinator, "case", started.ref))
    assert f"{world.second_coordinator.name} (sijaistaa: {world.coordinator.name})" in html


def test_nobody_to_tell_is_said_before_it_happens(world: World, started: Case) -> None:
    with override("fi"):
        assert all("ei ole ketään" not in rung.text for one in ladders(started, timezone.now()) for rung in one.rungs)
    gone = [world.professional.pk, world.coordinator.pk, world.second_coordinator.pk]
    User.objects.filter(pk__in=gone).update(is_active=False)
    with override("fi"):
        meeting = next(one for one in ladders(started, timezone.now()) if one.title == str(KINDS["meeting"].label))
    assert all("ei ole ketään" in rung.text for rung in meeting.rungs)
    assert all(world.officer.name in rung.title for rung in meeting.rungs)


def test_the_page_asks_as_many_questions_for_many_steps(world: World, started: Case) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from cases.actions.deadline import begin

    def asked() -> int:
        client = world.client(world.coordinator)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse("case", args=[started.ref])).status_code == 200
        return len(queries)

    def promise(about: str) -> None:
        begin("promise", case=started, area_id=started.area_id, fact_at=timezone.now() - timedelta(days=9), about=about,
              last_on=helsinki_date(timezone.now()) - timedelta(days=1), person_id=world.member.pk,
              unit_id=world.guidance.pk, now=timezone.now())  # fmt: skip

    tick(now=timezone.now())
    promise("a")
    before = asked()
    for about in "bcdef":
        promise(about)
    assert asked() == before


def test_the_board_tells_the_next_day_and_every_row_its_clock(world: World, started: Case) -> None:
    html = page(world, world.coordinator, "board")
    assert "viimeinen päivä oli" in html or "viimeistään" in html
    assert re.search(r"10/14", html)


@pytest.mark.parametrize("name", ["case-pauses", "case-consents", "case-network", "case-recusal", "case-hand-over",
                                  "case-closure", "case-protection", "case-start", "case-readers"])  # fmt: skip
def test_every_page_of_a_situation_shows_its_day(world: World, started: Case, name: str) -> None:
    html = page(world, world.coordinator, name, started.ref)
    assert re.search(r'class="y-clock[^"]*">.*?<b>10/14</b>', html, re.S)


def test_whoever_may_not_know_the_child_sees_no_clock(world: World, started: Case) -> None:
    bare = world.case(call=f"{timezone.localtime(started.t0_at):%Y-%m-%d %H:%M}", child="Otso", consent=False)
    world.consent(bare, answer="thinking")
    html = page(world, world.member, "case", bare.ref)
    assert "/14" not in html


# -- the area's settings -----------------------------------------------------------------------------------------------

SENT = {"day_5": "5", "to_5": "coordinator", "day_9": "8", "to_9": "coordinator", "day_12": "11",
        "to_12": "coordinator+unit_heads", "day_14": "14", "to_14": "coordinator+responsible", "named": "",
        "reason": "Kesällä muistutetaan aiemmin."}  # fmt: skip


def test_who_opens_the_settings(world: World) -> None:
    url = reverse("area-ladder", args=[world.area.pk])
    for who in (world.responsible, world.administrator):
        assert world.client(who).get(url).status_code == 200
    for who in (world.coordinator, world.other_responsible, world.member, world.unit_head, world.leader, world.officer):
        assert world.client(who).get(url).status_code == 404
        assert world.client(who).post(url, SENT).status_code == 404
    assert world.client(world.administrator).get(reverse("area-ladder", args=[999999])).status_code == 404
    assert not LadderChange.objects.exists()


@pytest.mark.parametrize("who", ["responsible", "administrator"])
def test_a_change_is_saved_with_who_and_why(world: World, who: str) -> None:
    url = reverse("area-ladder", args=[world.area.pk])
    client = world.client(getattr(world, who))
    response = client.post(url, SENT, follow=True)
    rows = LadderChange.objects.filter(area=world.area).order_by("step")
    assert [(row.step, row.day, row.to) for row in rows] == [
        (5, 5, ["coordinator"]), (9, 8, ["coordinator"]), (12, 11, ["coordinator", "unit_heads"]),
    ]  # fmt: skip
    assert {row.from_on for row in rows} == {helsinki_date(timezone.now()) + timedelta(days=1)}
    html = response.content.decode()
    assert "Kesällä muistutetaan aiemmin." in html
    assert getattr(world, who).name in html
    assert 'value="8"' in html


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"day_9": "5"}, "day_9"), ({"day_14": "15"}, "day_14"), ({"day_5": "x"}, "day_5"), ({"to_9": "owner"}, "to_9"),
     ({"named": "999999"}, "named"), ({"reason": ""}, "reason")],
    ids=str,
)  # fmt: skip
def test_a_refusal_stands_beside_its_field_and_keeps_the_text(world: World, sent: dict[str, str], field: str) -> None:
    values = SENT | {"reason": "Syy, joka säilyy."} | sent
    response = world.client(world.responsible).post(reverse("area-ladder", args=[world.area.pk]), values)
    assert response.status_code == 422
    html = response.content.decode()
    assert f'id="id_{field}_error"' in html or f"id_{field}" in html.split("govuk-error-summary")[1]
    if "reason" not in sent:
        assert "Syy, joka säilyy." in html
    assert not LadderChange.objects.exists()


def test_a_preview_shows_the_path_and_writes_nothing(world: World) -> None:
    response = world.client(world.responsible).post(
        reverse("area-ladder", args=[world.area.pk]), SENT | {"preview": "1", "reason": "", "day_12": "9"}
    )
    html = response.content.decode()
    assert response.status_code == 200
    assert "päivä 8" in html
    assert "is-option" in html
    assert not LadderChange.objects.exists()


# -- pauses ------------------------------------------------------------------------------------------------------------


def test_a_reason_is_recorded_shown_and_ended(world: World, started: Case) -> None:
    client = world.client(world.coordinator)
    url = reverse("case-pauses", args=[started.ref])
    today = helsinki_date(timezone.now())
    sent = {"reason": "family_later", "from_on": f"{today.day}.{today.month}.{today.year}", "until_on": ""}
    assert client.post(url, sent).status_code == 302
    pause = started.pauses.get()
    assert "Kello käy; syy kirjattu" in page(world, world.coordinator, "case", started.ref)
    assert "Kello käy; syy kirjattu" not in page(world, world.member, "case", started.ref)
    assert client.post(url, sent).status_code == 422
    assert client.post(reverse("case-pause-end", args=[started.ref, pause.pk])).status_code == 302
    assert client.post(reverse("case-pause-end", args=[started.ref, pause.pk])).status_code == 302
    pause.refresh_from_db()
    assert (pause.until_on, pause.ended_by_id) == (today, world.coordinator.pk)
    assert list(started.events.filter(kind__startswith="pause").values_list("kind", "detail")) == [
        ("pause_ended", {}), ("pause", {}),
    ]  # fmt: skip


@pytest.mark.parametrize(("first", "last", "field"), [(-40, None, "from_on"), (400, None, "from_on"), (0, -1, "until_on"),
                                                      (0, 400, "until_on")])  # fmt: skip
def test_days_that_can_not_be_are_refused(world: World, started: Case, first: int, last: int | None, field: str) -> None:
    today = helsinki_date(timezone.now())
    days = {"from_on": today + timedelta(days=first), "until_on": today + timedelta(days=last) if last is not None else ""}
    response = world.client(world.coordinator).post(
        reverse("case-pauses", args=[started.ref]), {"reason": "school_holiday"} | {k: str(v) for k, v in days.items()}
    )
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not started.pauses.exists()


def test_a_pause_of_another_area_is_not_there(world: World, started: Case) -> None:
    pause = record_pause(case=started, reason="no_consent", from_on=helsinki_date(timezone.now()), until_on=None,
                         by=world.coordinator, now=timezone.now())  # fmt: skip
    for who in (world.other_coordinator, world.colleague, world.unit_head):
        assert world.client(who).get(reverse("case-pauses", args=[started.ref])).status_code == 404
        assert world.client(who).post(reverse("case-pause-end", args=[started.ref, pause.pk])).status_code == 404
    assert world.client(world.member).post(reverse("case-pause-end", args=[started.ref, pause.pk])).status_code == 403
    pause.refresh_from_db()
    assert pause.ended_at is None


def test_the_clock_goes_on_through_a_pause(world: World) -> None:
    case = world.case()
    record_pause(case=case, reason="family_later", from_on=at("2026-06-08 09:00").date(), until_on=None,
                 by=world.coordinator, now=at("2026-06-08 09:00"))  # fmt: skip
    tick(now=at("2026-06-12 08:00"))
    assert set(case.escalations.filter(kind="meeting").values_list("step", flat=True)) == {5, 9}
