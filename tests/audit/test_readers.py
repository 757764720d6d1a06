"""Who has looked: the case's own coordinator and members read it, nobody else, and nobody loses their mask."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cases.models import Case
from cases.oversight import readings
from cases.views.oversight import LAST_KEY
from tests.audit.rows import row
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb
from yhteiso.hats.roles import HATS
from yhteiso.hats.wear import wearing


def text(world: World, case: Case, persona: str, query: str = "") -> str:
    response = world.client(getattr(world, persona)).get(f"/cases/{case.ref}/readers/{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.mark.parametrize("persona", ["coordinator", "professional", "member"])
def test_who_when_what_and_by_what_right(world: World, persona: str) -> None:
    case = world.case()
    row(now=timezone.now(), case_id=case.pk, actor_name="Kaisa Koivupuro", sections=["plan"], why="member", verb=Verb.PRINT)
    row(now=timezone.now(), case_id=case.pk, actor_name="Torjuttu Henkilö", verb=Verb.DENY)
    row(now=timezone.now(), case_id=case.pk + 1, actor_name="Toisen Perheen")
    page = text(world, case, persona)
    for words in ("Kaisa Koivupuro", "Pikkukäpy, Päivähoito", "tulosti: tilanne", "suunnitelma ja lupaukset",
                  "verkoston jäsen"):  # fmt: skip
        assert words in page
    assert "Torjuttu" not in page
    assert "Toisen Perheen" not in page
    assert "kuka on katsonut" in page  # this reading is there already


@pytest.mark.parametrize("persona", ["other_coordinator", "colleague", "left", "unit_head", "leader", "officer"])
def test_nobody_else(world: World, persona: str) -> None:
    case = world.case()
    row(now=timezone.now(), case_id=case.pk, actor_name="Salainen Katsoja")
    response = world.client(getattr(world, persona)).get(f"/cases/{case.ref}/readers/")
    assert response.status_code == 404
    assert "Salainen Katsoja" not in response.content.decode()


def test_the_database_says_the_same(world: World) -> None:
    case = world.case()
    row(now=timezone.now(), case_id=case.pk)
    asked = {"before": timezone.now() + timedelta(days=1), "before_id": LAST_KEY, "rows": 10}
    for hat, user, seen in (
        ("area", world.coordinator, 1), ("member", world.member, 1), ("area", world.other_coordinator, 0),
        ("member", world.colleague, 0), ("member", world.left, 0), ("area", world.member, 0),
    ):  # fmt: skip
        with wearing(hat, user.pk):
            assert len(readings(case, **asked)) == seen, (hat, user)
    for hat in set(HATS) - {"area", "member"}:
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.coordinator.pk):
            readings(case, **asked)


def test_a_masked_member_is_masked_here_and_in_the_database(world: World) -> None:
    case = world.case()
    case.memberships.filter(user=world.member).update(masked=True)
    row(
        now=timezone.now(),
        case_id=case.pk,
        actor_id=world.member.pk,
        actor_name="Sari Hietaniitty",
        actor_unit="Päihdeklinikka",
    )
    page = text(world, case, "professional")
    assert "Sari Hietaniitty" not in page
    assert "Päihdeklinikka" not in page
    assert "Terveyspalvelut" in page
    with wearing("member", world.professional.pk):
        found = readings(case, before=timezone.now() + timedelta(days=1), before_id=LAST_KEY, rows=50)
    assert all("Sari" not in r.who and "Päihde" not in r.unit for r in found)


def test_a_search_in_the_log_is_not_told_to_whom_it_may_be_about(world: World) -> None:
    case = world.case()
    row(now=timezone.now(), case_id=case.pk)
    world.client(world.officer).get("/log/", {"ref": case.ref, "why": "misuse"})
    assert LogEntry.objects.filter(hat="officer", case_id=case.pk).count() == 1
    assert "Ville Harjukallio" not in text(world, case, "member")
    report = world.client(world.officer).get("/log/report/", {"ref": case.ref, "why": "request"}).content.decode()
    assert 'name="hide"' in report
    assert report.count("Ville Harjukallio") == world.client(world.officer).get("/log/report/").content.decode().count(
        "Ville H"
    )


def test_fifty_rows_and_then_the_rest(world: World) -> None:
    case = world.case()
    now = timezone.now()
    for n in range(70):
        row(n, now=now - timedelta(seconds=n // 10), case_id=case.pk)
    first = text(world, case, "member")
    key = first.split("?before=")[1].split('"')[0]
    second = text(world, case, "member", f"?before={key}")
    seen = [part.split("<")[0] for page in (first, second) for part in page.split("<div>Katsoja ")[1:]]
    assert sorted(seen, key=int) == [str(n) for n in range(70)]
    for bad in ("x", "1-2", "9" * 40 + "-" + "0" * 32, "-", "\x00"):
        assert world.client(world.member).get(f"/cases/{case.ref}/readers/", {"before": bad}).status_code == 404


@pytest.mark.parametrize("rows", [1, 30])
def test_as_many_queries_whatever_it_shows(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    case = world.case()
    for n in range(rows):
        row(n, now=timezone.now(), case_id=case.pk)
    client = world.client(world.member)
    with django_assert_num_queries(17):
        assert client.get(f"/cases/{case.ref}/readers/").status_code == 200


# -- refusals leave a row ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("get", "/cases/0000-0000-00/", "not visible"),
        ("post", "/cases/0000-0000-00/start/", "not visible"),
        ("get", "/calls/0000-0000-00/", ("not visible", "hat")),
        ("get", "/concerns/0000-0000-00/", "not visible"),
        ("get", "/cases/{ref}/meetings/0000-0000-00/", "not visible"),
        ("post", "/cases/{ref}/", "method"),
        ("delete", "/cases/{ref}/readers/", "method"),
        ("post", "/role/", "not visible"),
        ("post", "/cases/{ref}/start/", "coordinate"),
    ],
)
def test_each_refusal_leaves_exactly_one_row(world: World, method: str, path: str, reason: str | tuple[str, ...]) -> None:
    case = world.case()
    answer = getattr(world.client(world.member), method)(path.format(ref=case.ref))
    assert answer.status_code in (403, 404, 405)
    entry = LogEntry.objects.get(verb="deny")
    assert entry.actor_id == world.member.pk
    assert entry.request_id is not None
    assert entry.reason in ((reason,) if isinstance(reason, str) else reason)


def test_a_forged_form_leaves_a_row(world: World) -> None:
    client = world.client(world.member)
    client.handler.enforce_csrf_checks = True
    assert client.post("/role/", {"role": "1"}).status_code == 403
    assert LogEntry.objects.get().reason == "form"


def test_what_one_request_writes_has_one_key(world: World) -> None:
    case = world.case()
    client = world.client(world.member)
    client.get(f"/cases/{case.ref}/")
    client.get(f"/cases/{case.ref}/")
    keys = list(LogEntry.objects.filter(page="case").values_list("request_id", flat=True))
    assert len(keys) == 2
    assert len(set(keys)) == 2
