"""The data protection officer's log: every row of who did what, nothing of what was there, and nobody else."""

import uuid
from datetime import timedelta

import pytest
from django.db import ProgrammingError
from django.urls.resolvers import RegexPattern, URLResolver
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cases.models import Case
from tests.personas import World, at
from yhteiso.audit.models import LogEntry, Verb, record
from yhteiso.audit.words import PAGES
from yhteiso.hats.roles import WEB_HATS
from yhteiso.hats.wear import wearing

NOON = at("2026-06-10 12:00")


def row(n: int = 0, **fields: object) -> None:
    record(
        **{"verb": Verb.VIEW, "page": "case", "actor_id": 1, "actor_name": f"Katsoja {n}", "hat": "area",
           "case_id": 7000 + n, "now": NOON - timedelta(minutes=n)} | fields  # type: ignore[arg-type]
    )  # fmt: skip


SINCE = "since=1.1.2026&why=control"  # a reason, so that these tests hold when their rows are old


def text(world: World, query: str = "", status: int = 200) -> str:
    query = f"?{SINCE}&{query[1:]}" if query and "since=" not in query else query or f"?{SINCE}"
    response = world.client(world.officer).get(f"/log/{query}")
    assert response.status_code == status
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.mark.parametrize("persona", ["professional", "coordinator", "leader", "unit_head", "administrator"])
def test_the_log_is_not_there_for_other_roles(world: World, persona: str) -> None:
    row(actor_name="Salainen Katsoja")
    user = getattr(world, persona)
    response = world.client(user).get("/log/")
    assert response.status_code == 404
    assert "Salainen Katsoja" not in response.content.decode()
    refusal = LogEntry.objects.get(actor_id=user.pk)
    assert (refusal.verb, refusal.page, refusal.reason) == ("deny", "log", "hat")


def test_nobody_signed_in_is_sent_to_the_door(world: World) -> None:
    assert world.client().get("/log/")["Location"].startswith("/account/login/")


@pytest.mark.parametrize("hat", sorted(set(WEB_HATS) - {"officer"}))
def test_no_other_hat_may_read_the_rows(world: World, hat: str) -> None:
    row()
    with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.officer.pk):
        LogEntry.objects.exists()


def test_the_officer_reads_who_when_what_and_a_number(world: World) -> None:
    row(actor_name="Riikka Tuulenpää", actor_agency="Perhepalvelut", case_id=4711)
    page = text(world)
    assert "<title>Käyttöloki – Yhteiso</title>" in page
    for words in ("ke 10.6.2026", "klo 12.00", "Riikka Tuulenpää", "Perhepalvelut", "Koordinaattori", "avasi", "nro 4711"):
        assert words in page


def test_no_content_of_a_family_reaches_the_officer(world: World) -> None:
    case = world.case(child="Kanarialinnunpoikanen")
    assert world.client(world.colleague).get(f"/cases/{case.ref}/start/").status_code == 404
    page = text(world)
    assert "Kanarialinnunpoikanen" not in page
    assert "SALAINEN-TEKSTI" not in page
    assert case.ref not in page
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("officer", world.officer.pk):
        Case.objects.exists()


def test_reading_the_log_is_itself_logged(world: World) -> None:
    text(world)
    entry = LogEntry.objects.get()
    assert (entry.verb, entry.page, entry.actor_id, entry.hat) == ("list", "log", world.officer.pk, "officer")
    assert (entry.reason, entry.result_count) == ("control", 0)
    assert "Ville Harjukallio" in text(world)


def test_a_list_tells_its_situations_by_number(world: World) -> None:
    row(verb=Verb.LIST, case_id=None, case_ids=list(range(501, 513)), page="board")
    page = text(world)
    assert "12 tilannetta" in page
    assert "501, 502, 503, 504, 505, 506, 507, 508 ja 4 muuta" in page
    row(verb=Verb.LIST, case_id=None, case_ids=[600], page="board")
    assert "nro 600" in text(world)


def test_a_refusal_says_why(world: World) -> None:
    row(verb=Verb.DENY, case_id=None, reason="not visible")
    page = text(world, "?verb=deny")
    assert "torjuttiin" in page
    assert "ei ole, tai ei ole hänen" in page


def test_what_is_unknown_is_shown_as_it_is_and_escaped(world: World) -> None:
    row(page="<b>uusi</b>", actor_name="<script>x</script>", hat="outo", actor_agency="\u202eaattam")
    page = text(world)
    assert "&lt;b&gt;uusi&lt;/b&gt;" in page
    assert "<script>x" not in page
    assert "outo" in page


def test_somebody_not_signed_in_has_words(world: World) -> None:
    row(actor_id=None, actor_name="", hat="public")
    assert "Joku kirjautumaton" in text(world)


def test_every_page_of_a_family_has_a_word() -> None:
    modules = ("networks", "cases", "meetings", "metrics")
    pages = [page for module in modules for page in names(URLResolver(RegexPattern(""), f"{module}.urls"))]
    assert "case" in pages
    doors = {page for page in pages if page.startswith("account_")}  # of signing in; they show no family
    assert set(pages) - doors - set(PAGES) == {"role", "demo-signin", "invitation", "invitation-organisation"}


def names(resolver: URLResolver) -> list[str]:
    found: list[str] = []
    for pattern in resolver.url_patterns:
        found += names(pattern) if isinstance(pattern, URLResolver) else [str(pattern.name)]
    return found


# -- narrowing ---------------------------------------------------------------------------------------------------------


def test_one_kind_of_deed(world: World) -> None:
    row(1, actor_name="Avaaja")
    row(2, actor_name="Tulostaja", verb=Verb.PRINT)
    page = text(world, "?verb=print")
    assert "Tulostaja" in page
    assert "Avaaja" not in page
    assert '<option value="print" selected>' in page


def test_a_period_in_helsinki(world: World) -> None:
    row(actor_name="Edellisenä", now=at("2026-06-09 23:59"))
    row(actor_name="Aamuyöllä", now=at("2026-06-10 00:00"))
    row(actor_name="Illalla", now=at("2026-06-10 23:59"))
    row(actor_name="Seuraavana", now=at("2026-06-11 00:00"))
    page = text(world, "?since=10.6.2026&until=10.6.2026&why=control")
    assert [name in page for name in ("Edellisenä", "Aamuyöllä", "Illalla", "Seuraavana")] == [False, True, True, False]
    assert "Näytä kaikki" in page


def test_rows_older_than_two_years_ask_a_reason_which_is_written_down(world: World) -> None:
    long_ago = timezone.now() - timedelta(days=3 * 365)
    row(actor_name="Vanha Katsoja", now=long_ago)
    row(actor_name="Uusi Katsoja", now=timezone.now())
    client = world.client(world.officer)
    assert "Vanha Katsoja" not in client.get("/log/").content.decode()
    since = f"1.1.{long_ago.year}"
    refused = client.get("/log/", {"since": since})
    assert refused.status_code == 422
    assert "vain syystä" in refused.content.decode()
    assert "Vanha Katsoja" not in refused.content.decode()
    assert f'value="{since}"' in refused.content.decode()
    assert "Vanha Katsoja" in client.get("/log/", {"since": since, "why": "request"}).content.decode()
    assert LogEntry.objects.filter(page="log", reason="request").count() == 1


def test_a_name_is_sent_and_never_stands_in_an_address(world: World) -> None:
    row(actor_id=world.member.pk, actor_name=world.member.name)
    row(actor_id=world.left.pk, actor_name=world.left.name)
    client = world.client(world.officer)
    answer = client.post("/log/", {"who": "hietaniitty", "since": "1.1.2026", "why": "misuse"})
    assert answer.status_code == 302
    assert answer.url == f"/log/?since=1.1.2026&why=misuse&actor={world.member.pk}"
    page = client.get(answer.url).content.decode()
    assert "Rivit: Sari Hietaniitty" in page
    assert "Antti Lumme" not in page
    assert LogEntry.objects.filter(verb="search", page="log", reason="misuse").count() == 1


def test_several_of_one_name_are_told_apart_and_nobody_is_said(world: World) -> None:
    for n, title in enumerate(("Opettaja", "Lääkäri")):
        user = world.person("Anna Korhonen" if n else "Anna  Korhonen", "professional", world.day_care)
        type(user).objects.filter(pk=user.pk).update(title=title)
    client = world.client(world.officer)
    several = client.post("/log/", {"who": "Anna Korhonen", "ref": ""})
    assert several.status_code == 422
    page = several.content.decode()
    assert page.count("/log/?actor=") == 2
    assert "Lääkäri" in page
    assert 'value="Anna Korhonen"' in page
    for nobody in ("Ei Ketään", "...", "\u202e"):
        page = client.post("/log/", {"who": nobody}).content.decode()
        assert "Tällä nimellä ei ole ketään" in page or nobody == "\u202e"


def test_one_situation_by_its_reference(world: World) -> None:
    case = world.case()
    row(case_id=case.pk, actor_name="Avannut", now=timezone.now())
    row(case_id=None, case_ids=[5, case.pk], verb=Verb.LIST, actor_name="Listannut", now=timezone.now())
    row(case_id=case.pk + 1, actor_name="Muualla", now=timezone.now())
    page = text(world, f"?ref={case.ref.lower()}")
    assert [name in page for name in ("Avannut", "Listannut", "Muualla")] == [True, True, False]
    assert case.ref in page
    assert "Aatu" not in page
    assert LogEntry.objects.get(page="log").case_id == case.pk
    assert "Tällaisia rivejä ei ole" in text(world, "?ref=0000-0000-00")
    assert "Tunnus näyttää tältä" in text(world, "?ref=x", status=422)


def test_sections_and_the_right_are_in_words(world: World) -> None:
    row(sections=["plan", "time"], why="exceptional")
    page = text(world)
    assert "ajat, suunnitelma ja lupaukset" in page
    assert "hätäkatselu" in page


def test_nothing_found_says_so(world: World) -> None:
    assert "Tällaisia rivejä ei ole" in text(world, "?since=1.1.2001&until=2.1.2001&why=control")


@pytest.mark.parametrize("day", ["99.99.2026", "31.6.2026", "eilen", "0.0.0", "\x00", "\u202e10.6.2026", "1" * 5000])
def test_an_impossible_day_is_told_beside_the_field(world: World, day: str) -> None:
    row(actor_name="Avaaja")
    response = world.client(world.officer).get("/log/", {"since": day})
    page = response.content.decode()
    assert response.status_code == 422
    written = day in ("99.99.2026", "31.6.2026")
    assert ("Tällaista päivää ei ole" if written else "Kirjoita päivä näin: 10.6.2026") in page
    assert "Avaaja" not in page
    assert "<title>Virhe: " in page


def test_a_period_that_ends_before_it_begins_is_refused(world: World) -> None:
    assert "päättyy ennen kuin se alkaa" in text(world, "?since=2.6.2026&until=1.6.2026&why=control", status=422)


@pytest.mark.parametrize("day", ["1.1.0001", "31.12.9999", "2.1.0001"])
def test_the_ends_of_the_calendar_are_only_days(world: World, day: str) -> None:
    row()
    for query in (f"?since={day}&why=control", f"?since=1.1.2026&until={day}&why=control"):
        assert world.client(world.officer).get(f"/log/{query}").status_code in (200, 422)


def test_an_unknown_deed_is_refused(world: World) -> None:
    text(world, "?verb=steal", status=422)


# -- more rows ---------------------------------------------------------------------------------------------------------


def test_a_hundred_rows_and_then_the_rest(world: World) -> None:
    for n in range(1, 131):
        row(n, now=NOON - timedelta(minutes=n // 10))  # ten at the same moment
    first = text(world, "?verb=view")
    assert first.count("<tr") == 101
    key = first.split("after=")[1].split('"')[0]
    second = text(world, f"?verb=view&after={key}")
    assert second.count("<tr") == 31
    assert "verb=view" in first.split('rel="next"')[1].split(">")[0]
    assert 'rel="next"' not in second
    names = {part.split("<")[0] for page in (first, second) for part in page.split("<div>Katsoja ")[1:]}
    assert names == {str(n) for n in range(1, 131)}


def test_an_invented_key_is_not_there(world: World) -> None:
    for key in (str(uuid.uuid4()), "1", "x" * 5000, "\x00"):
        assert world.client(world.officer).get("/log/", {"after": key}).status_code == 404


@pytest.mark.parametrize("rows", [1, 3, 150])
def test_the_log_takes_as_many_queries_whatever_it_shows(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    for n in range(rows):
        row(n)
    client = world.client(world.officer)
    with django_assert_num_queries(14):
        assert client.get(f"/log/?{SINCE}").status_code == 200
