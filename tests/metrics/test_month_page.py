"""The month's page: who may open it, what it says, and that nothing of a family can reach it."""

from datetime import date, timedelta

import pytest
from django.db import ProgrammingError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cases.models import Case
from metrics.actions import close_month
from metrics.figures import freezes_at, shift_month
from metrics.models import FrozenMonth, PublishedFigure, RawFigure
from networks.models import Agency, Area, Sector, Unit
from tests.metrics.rows import CANARY, contact, family, good_may, promise
from tests.personas import World, at
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing

MAY = date(2026, 5, 1)
URL = "/month/2026-5/"


def freeze(world: World, month: date = MAY, *, area: Area | None = None) -> FrozenMonth:
    return close_month(area=area or world.area, month=month, now=freezes_at(month))


def text(world: World, user: str = "leader", url: str = URL) -> str:
    response = world.client(getattr(world, user)).get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").replace("&nbsp;", " ").split())


# -- who ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [URL, "/month/"])
@pytest.mark.parametrize("persona", ["professional", "unit_head", "officer", "administrator"])
def test_the_page_is_not_there_for_other_roles(world: World, persona: str, url: str) -> None:
    good_may(world)
    freeze(world)
    response = world.client(getattr(world, persona)).get(url)
    assert response.status_code == 404
    assert "24 perhettä" not in response.content.decode()
    assert LogEntry.objects.filter(verb="deny", reason="hat", page__startswith="month").count() == 1


def test_nobody_signed_in_is_sent_to_the_door(world: World) -> None:
    response = world.client().get(URL)
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/")


@pytest.mark.parametrize("persona", ["leader", "coordinator"])
def test_leadership_and_coordinators_see_their_own_area(world: World, persona: str) -> None:
    good_may(world)
    freeze(world)
    page = text(world, persona)
    assert "24 perhettä 29:stä, joiden kaksi viikkoa täyttyi toukokuussa" in page
    assert "Kuusirannan alue" in page


@pytest.mark.parametrize("persona", ["other_leader", "other_coordinator"])
def test_another_area_s_month_is_not_there(world: World, persona: str) -> None:
    good_may(world)
    freeze(world)
    assert world.client(getattr(world, persona)).get(URL).status_code == 404
    freeze(world, area=world.other_area)
    page = text(world, persona)  # their own, which is empty
    assert "Haapaniemen alue" in page
    assert "24 perhettä" not in page


@pytest.mark.parametrize(("persona", "hat"), [("leader", "report"), ("coordinator", "area")])
def test_a_forgotten_filter_shows_only_the_own_area(world: World, persona: str, hat: str) -> None:
    own, other = freeze(world), freeze(world, area=world.other_area)
    with wearing(hat, getattr(world, persona).pk):
        assert set(PublishedFigure.objects.values_list("frozen_id", flat=True)) == {own.pk}
        assert not FrozenMonth.objects.filter(pk=other.pk).exists()


def test_leadership_may_read_no_case_and_no_raw_figure(world: World) -> None:
    freeze(world)
    for model in (Case, RawFigure):
        with pytest.raises(ProgrammingError, match="permission denied"), wearing("report", world.leader.pk):
            model.objects.exists()


# -- which month -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["2026-4", "2026-6", "2026-0", "2026-13", "0-1", "99999-1", "9" * 40 + "-1", "2026-" + "9" * 40]
)
def test_an_unknown_month_is_not_there(world: World, path: str) -> None:
    freeze(world)
    assert world.client(world.leader).get(f"/month/{path}/").status_code == 404


@pytest.mark.parametrize("path", ["2026-x", "-1-1", "2026", "2026-5-1", "%00-5", "2026-%E2%80%AE5"])
def test_a_malformed_month_is_not_there(world: World, path: str) -> None:
    assert world.client(world.leader).get(f"/month/{path}/").status_code == 404


def test_the_latest_month_is_the_front_page(world: World) -> None:
    for n in range(3):
        freeze(world, shift_month(MAY, n))
    response = world.client(world.leader).get("/month/")
    assert (response.status_code, response["Location"]) == (302, "/month/2026-7/")


def test_months_lead_to_their_neighbours(world: World) -> None:
    for n in range(3):
        freeze(world, shift_month(MAY, n))
    middle = text(world, url="/month/2026-6/")
    assert 'rel="prev" href="/month/2026-5/"' in middle
    assert 'rel="next" href="/month/2026-7/"' in middle
    assert 'rel="prev"' not in text(world)
    assert 'rel="next"' not in text(world, url="/month/2026-7/")


def test_before_the_first_month_the_page_says_when_it_comes(world: World) -> None:
    page = text(world, url="/month/")
    today = timezone.localdate()
    coming = {freezes_at(shift_month(today.replace(day=1), -n)).date() for n in (0, 1)}
    assert any(f"{day.day}.{day.month}.{day.year} klo 6.00" in page for day in coming)
    assert "Yhtään kuukautta ei ole vielä jäädytetty" in page


# -- what it says ------------------------------------------------------------------------------------------------------


def test_the_page_tells_the_four_measures(world: World) -> None:
    good_may(world)
    freeze(world)
    page = text(world)
    assert "<title>Kuukausikatsaus – Yhteiso</title>" in page
    assert "Kuukausikatsaus, toukokuu 2026" in page
    assert "luvut jäädytetty 3.6. klo 6.00" in page
    assert "<b>83 %</b>" in page
    assert "Tavoite on 90 %." in page
    assert "<b>11 päivässä</b>, yhdeksän kymmenestä 16 päivässä" in page
    assert "72 %: 21 lupausta 29:stä niillä toimialoilla" in page
    assert "Toukokuussa tuli vähintään 35 puhelua ja kirjattua huolta." in page
    assert "määritelmien versiolla 3" in page
    assert page.count("alle 5, ei näytetä") == 1 + 3  # eight sectors on one line, and three routes
    assert page.count('<caption class="govuk-visually-hidden">') == 4


def test_the_month_before_stands_beside(world: World) -> None:
    good_may(world)
    for n in range(20):
        family(world, "2026-04-05 09:00", 8 if n < 12 else 18)
    freeze(world, date(2026, 4, 1))
    freeze(world)
    assert "Huhtikuussa 60 %, tavoite 90 %." in text(world)


def test_a_good_month_is_told_by_a_bound(world: World) -> None:
    for n in range(20):
        family(world, "2026-05-05 09:00", 8 if n < 18 else 18)
    freeze(world)
    page = text(world)
    assert "<span>vähintään</span><b>80 %</b>" in page
    assert "Alle viisi perhettä 20:stä" in page
    assert "Alle viisi perhettä joutui odottamaan yli 14 päivää." in page
    assert 'class="hide"' in page
    assert "90 %" in page  # the target
    assert "18/20" not in page


def test_a_poor_month_is_told_by_a_bound(world: World) -> None:
    for n in range(20):
        family(world, "2026-05-05 09:00", 8 if n < 2 else None)
    freeze(world)
    page = text(world)
    assert "<span>enintään</span><b>20 %</b>" in page
    assert "Perheitä oli liian vähän, jotta päivät voisi näyttää." in page


@pytest.mark.parametrize(("n", "words"), [(4, "alle viideltä"), (9, "alle kymmeneltä")])
def test_a_thin_month_shows_nothing(world: World, n: int, words: str) -> None:
    for _ in range(n):
        family(world, "2026-05-05 09:00", 8)
    freeze(world)
    page = text(world)
    assert f"Kaksi viikkoa täyttyi toukokuussa {words} perheeltä." in page
    assert 'class="y-figure"' not in page
    assert "Millään toimialalla ei ollut" in page


def test_those_who_have_not_met_are_told(world: World) -> None:
    for days, n in ((8, 9), (None, 11)):
        for _ in range(n):
            family(world, "2026-05-05 09:00", days)
    freeze(world)
    assert "Alle puolet perheistä oli tavannut verkostonsa" in text(world)


def test_nine_of_ten_who_have_not_met_are_told(world: World) -> None:
    for days, n in ((8, 14), (None, 6)):
        for _ in range(n):
            family(world, "2026-05-05 09:00", days)
    freeze(world)
    assert "<b>8 päivässä</b>; alle yhdeksän kymmenestä oli tavannut" in text(world)


def test_contacts_without_a_hidden_route_have_a_total(world: World) -> None:
    for route in ("network", "advice", "consultation", "guided", ""):
        for _ in range(5):
            contact(world, "2026-05-05 09:00", route)
    freeze(world)
    assert "Toukokuussa tuli 25 puhelua ja kirjattua huolta." in text(world)


def test_a_year_has_a_gap_where_nothing_is_shown(world: World) -> None:
    for month, n in ((3, 12), (4, 3), (5, 12)):
        for k in range(n):
            family(world, f"2026-{month:02}-03 09:00", 8 if k < 6 else 18)
        freeze(world, date(2026, month, 1))
    page = text(world)
    assert page.count('<circle class="dot"') == 2
    assert page.count('<line class="gap"') == 1
    assert '<line class="line"' not in page
    assert '<td class="govuk-table__cell">alle 5, ei näytetä</td>' in page
    assert "tou" in page


def test_a_month_that_was_not_frozen_is_said_so(world: World) -> None:
    freeze(world, date(2026, 3, 1))
    freeze(world)
    assert "ei jäädytetty" in text(world)


def test_svg_positions_are_written_with_a_point(world: World) -> None:
    good_may(world)
    freeze(world)
    page = text(world)
    assert 'x="88.3%"' in page
    assert '"88,3%"' not in page


def test_the_page_has_no_way_to_a_family_and_no_word_of_one(world: World) -> None:
    good_may(world)
    freeze(world)
    for persona in ("leader", "coordinator"):
        page = text(world, persona)
        main = page[page.index("<main") : page.index("</main>")]
        assert CANARY not in page
        assert world.professional.name not in page
        assert all(case.ref not in page for case in Case.objects.all())
        assert {part.split('"')[0] for part in main.split('href="')[1:]} <= {"/month/2026-4/", "/month/2026-6/"}
        assert "style=" not in main
        assert "<script" not in main


def test_a_promise_is_shown_by_sector_never_by_person_or_unit(world: World) -> None:
    agency = Agency.objects.create(name="Neuvola", legal_name="N", controller="N", sector=Sector.HEALTH)
    clinic = Unit.objects.create(agency=agency, area=world.area, name="Kuusirannan neuvola")
    nurse = world.person("Elsa Nevala", "professional", clinic)
    case = family(world, "2026-05-05 09:00", 8)
    for n in range(20):
        promise(case, nurse, date(2026, 5, 20), "kept" if n < 12 else "not_kept", at("2026-05-20 12:00"))
    freeze(world)
    page = text(world)
    assert "12/20" in page
    assert "Elsa" not in page
    assert clinic.name not in page


# -- cost --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("months", [1, 12])
def test_the_page_takes_as_many_queries_whatever_it_shows(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, months: int
) -> None:
    good_may(world)
    for n in range(months):
        freeze(world, shift_month(MAY, -n))
    client = world.client(world.leader)
    with django_assert_num_queries(12):
        assert client.get(URL).status_code == 200


def test_the_sentence_stays_after_the_figures_of_later_months(world: World) -> None:
    """A frozen month reads the same a year later, whatever has happened to its families."""
    good_may(world)
    freeze(world)
    before = text(world)
    Case.objects.update(first_met_at=None, area=world.other_area)
    close_month(area=world.area, month=MAY, now=freezes_at(MAY) + timedelta(days=300))
    strip = before.index("<main"), before.index("</main>")
    after = text(world)
    assert after[after.index("<main") : after.index("</main>")] == before[slice(*strip)]
