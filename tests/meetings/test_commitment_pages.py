"""Promises: one's own marks, the area's list, and the unit head's states without any text."""

import uuid
from datetime import date, timedelta

import pytest
from django.utils import timezone

from meetings.actions import logbook as logbooks
from meetings.models import Commitment, CommitmentStatus, Logbook
from networks.models import Role
from tests.meetings.steps import a_case, approved, held, membership, opened, promise, today
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb
from yhteiso.templatetags.ui_days import date_block

pytestmark = pytest.mark.django_db

URL = "/commitments/"
JSON = {"Accept": "application/json"}


def promised(world: World, *whats: str, child: str = "Aatu") -> list[Commitment]:
    """Kaisa's promises, one Sari's and one of the family, all agreed on."""
    logbook = opened(world, held(world, a_case(world, child=child)))
    rows = [promise(logbook, world.professional, what, days=3 + n) for n, what in enumerate(whats or ("Teen kuvakortit",))]
    promise(logbook, world.member, "Sarin lupaus")
    family_deed(world, logbook)
    approved(world, logbook)
    return list(Commitment.objects.filter(pk__in=[row.pk for row in rows]).order_by("due_on"))


def family_deed(world: World, logbook: Logbook) -> Commitment:
    child = logbook.case.memberships.get(person__kind="child")
    return logbooks.write_commitment(
        logbook=logbook, form_key=uuid.uuid4(), kind="child_goal", what="Piirrän aamun",
        membership=child, due_on=today() + timedelta(days=40), by=world.professional, now=timezone.now(),
    )  # fmt: skip


def outcome_url(row: Commitment) -> str:
    return f"/cases/{row.case.ref}/commitments/{row.ref}/outcome/"


def test_my_own_stand_in_order_of_their_day(world: World) -> None:
    rows = promised(world, "Ensimmäinen", "Toinen", "Kolmas")
    Commitment.objects.filter(pk=rows[2].pk).update(due_on=today() - timedelta(days=2))
    Commitment.objects.filter(pk=rows[1].pk).update(due_on=today() + timedelta(days=40))
    html = world.client(world.professional).get(URL).content.decode()
    places = [html.index(text) for text in ("Yli sovitun päivän", "Kolmas", "Kahden viikon sisällä", "Ensimmäinen",
                                            "Myöhemmin", "Toinen")]  # fmt: skip
    assert places == sorted(places)
    assert "2\u00a0pv yli sovitun" in html
    assert "Sarin lupaus" not in html
    assert "Piirrän aamun" not in html


def test_all_marks_of_the_page_are_saved_at_once(world: World) -> None:
    first, second, third = promised(world, "A-lupaus", "B-lupaus", "C-lupaus")
    answer = world.client(world.professional).post(
        URL,
        {f"{first.ref}-status": "kept", f"{second.ref}-status": "not_kept", f"{second.ref}-remark": "Sairastuin.",
         f"{third.ref}-remark": ""},
        follow=True,
    )  # fmt: skip
    assert "2 merkintää on tallessa." in answer.content.decode()
    assert [row.status for row in Commitment.objects.filter(owner=world.professional).order_by("due_on")] == [
        "kept", "not_kept", "open",
    ]  # fmt: skip
    second.refresh_from_db()
    assert (second.note, second.resolved_by) == ("Sairastuin.", world.professional)
    assert LogEntry.objects.filter(verb=Verb.CHANGE, page="commitment-list").count() == 1


def test_an_autosaved_mark_takes_a_later_remark_and_a_repeat_leaves_no_event(world: World) -> None:
    (row,) = promised(world)
    client = world.client(world.professional)
    for fields in ({"status": "partly"}, {"status": "partly", "remark": "Kerran"}, {"status": "partly", "remark": "Kerran"}):
        answer = client.post(URL, {f"{row.ref}-{name}": value for name, value in fields.items()}, headers=JSON)
        assert answer.status_code == 200
        assert set(answer.json()) == {"saved"}
    row.refresh_from_db()
    assert (row.status, row.note) == ("partly", "Kerran")
    assert row.case.events.filter(kind="commitment_resolved").count() == 2


def test_a_mark_may_be_changed_for_two_weeks_and_stands_at_its_own_day(world: World) -> None:
    first, second = promised(world, "A-lupaus", "B-lupaus")
    client = world.client(world.professional)
    client.post(URL, {f"{first.ref}-status": "kept", f"{second.ref}-status": "kept"})
    Commitment.objects.filter(pk=second.pk).update(resolved_at=timezone.now() - timedelta(days=15))
    html = client.get(URL).content.decode()
    marked = html[html.index('id="tehdyt"') :]
    assert outcome_url(first) in marked
    assert outcome_url(second) not in marked
    assert _block(today()) in marked
    assert _block(first.due_on) not in marked
    assert client.post(outcome_url(first), {f"{first.ref}-status": "partly"}).status_code == 302
    first.refresh_from_db()
    assert first.status == "partly"


def _block(day: date) -> str:
    return str(date_block(day))


def test_nothing_new_is_told_to_be_saved(world: World) -> None:
    (row,) = promised(world)
    client = world.client(world.professional)
    client.post(URL, {f"{row.ref}-status": "kept"}, headers=JSON)
    answer = client.post(URL, {f"{row.ref}-status": "kept"}, follow=True)
    assert "Kaikki merkinnät ovat jo tallessa." in answer.content.decode()


def test_the_coordinator_is_not_spoken_to_in_the_promisers_name(world: World) -> None:
    promised(world)
    area = world.client(world.coordinator).get(URL).content.decode()
    own = world.client(world.professional).get(URL).content.decode()
    assert ("Pidettiin" in area, "Pidin" in area) == (True, False)
    assert ("Pidettiin" in own, "Pidin" in own) == (False, True)
    assert "Yksikkösi esihenkilö näkee nimelläsi" in own
    assert "työntekijän nimellä" in world.client(world.unit_head).get("/unit/commitments/").content.decode()


def test_one_mark_is_saved_by_itself(world: World) -> None:
    first, second = promised(world, "A-lupaus", "B-lupaus")
    client = world.client(world.professional)
    assert client.post(outcome_url(first), {"status": "kept", "remark": ""}).status_code == 302
    assert client.post(outcome_url(second), {f"{second.ref}-status": "partly"}).status_code == 302
    assert [row.status for row in Commitment.objects.filter(owner=world.professional).order_by("due_on")] == [
        "kept",
        "partly",
    ]


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"remark": "Vain huomautus"}, "Valitse, miten kävi."),
        ({"status": "open", "remark": "Takaisin"}, "Valitse, miten kävi."),
        ({"status": "kept", "remark": "x" * 50_000}, "300"),
        ({"status": "kept", "remark": "NUL\x00"}, "Rivillä 1"),
        ({"status": "kept", "remark": "RLO\u202e"}, "Rivillä 1"),
    ],
)
def test_a_mark_that_cannot_be_saved_is_told_and_kept(world: World, fields: dict[str, str], told: str) -> None:
    first, second = promised(world, "A-lupaus", "B-lupaus")
    client = world.client(world.professional)
    whole = {f"{first.ref}-{name}": value for name, value in fields.items()} | {f"{second.ref}-status": "kept"}
    for answer in (client.post(URL, whole), client.post(outcome_url(first), fields)):
        html = answer.content.decode()
        assert answer.status_code == 422
        assert told in html
        assert fields["remark"].rstrip("\x00\u202e")[:200] in html
    assert client.post(URL, whole, headers=JSON).status_code == 422
    assert not Commitment.objects.exclude(status=CommitmentStatus.OPEN).exists()


def test_nobody_marks_another_ones_promise(world: World) -> None:
    promised(world)
    row = Commitment.objects.get(owner=world.member)
    client = world.client(world.professional)
    refused = client.post(outcome_url(row), {"status": "kept"})
    assert refused.status_code == 403
    assert "Vain lupauksen antaja voi kertoa" in refused.content.decode()
    client.post(URL, {f"{row.ref}-status": "kept"})
    row.refresh_from_db()
    assert row.status == CommitmentStatus.OPEN


@pytest.mark.parametrize("persona", ["colleague", "left", "other_coordinator", "leader", "officer", "unit_head"])
def test_nobody_else_sees_or_marks(world: World, persona: str) -> None:
    (row,) = promised(world)
    client = world.client(getattr(world, persona))
    refused = client.post(outcome_url(row), {"status": "kept"})
    assert refused.status_code == 404
    assert "kuvakortit" not in refused.content.decode()
    assert "kuvakortit" not in client.get(URL).content.decode()
    client.post(URL, {f"{row.ref}-status": "kept"})
    row.refresh_from_db()
    assert row.status == CommitmentStatus.OPEN


def test_one_who_has_left_keeps_no_right_to_the_own_promise(world: World) -> None:
    from cases.actions.network import end_membership

    (row,) = promised(world)
    end_membership(
        case=row.case, membership=membership(row.case, world.professional), reason="siirtyi", by=world.coordinator,
        now=timezone.now(),
    )  # fmt: skip
    client = world.client(world.professional)
    assert client.post(outcome_url(row), {"status": "kept"}).status_code == 404
    assert "kuvakortit" not in client.get(URL).content.decode()


def test_the_coordinator_sees_the_area_and_marks_for_the_child(world: World) -> None:
    promised(world)
    client = world.client(world.coordinator)
    html = client.get(URL).content.decode()
    for text in ("Teen kuvakortit", "Sarin lupaus", "Piirrän aamun", "Lapsen oma tavoite", "Kaisa Koivupuro"):
        assert text in html
    goal = Commitment.objects.get(kind="child_goal")
    client.post(outcome_url(goal), {"status": "kept"})
    goal.refresh_from_db()
    assert (goal.status, goal.resolved_by) == ("kept", world.coordinator)


def test_an_empty_list_tells_what_will_come(world: World) -> None:
    html = world.client(world.colleague).get(URL).content.decode()
    assert "Ei avoimia lupauksia" in html
    assert "Mitään ei ole vielä merkitty" in html


def test_the_open_ones_page_by_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meetings.views.commitments.PAGE", 2)
    _first, second, _third = promised(world, "A-lupaus", "B-lupaus", "C-lupaus")
    client = world.client(world.professional)
    html = client.get(URL).content.decode()
    assert f"?after={second.ref}" in html
    assert "C-lupaus" not in html
    html = client.get(URL, {"after": second.ref}).content.decode()
    assert "C-lupaus" in html
    assert "A-lupaus" not in html


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries(world: World, count: int, django_assert_num_queries) -> None:
    for n in range(count):
        promised(world, f"Lupaus {n}", f"Toinen {n}", child=f"Lapsi{n}")
    client = world.client(world.coordinator)
    client.post(outcome_url(Commitment.objects.filter(owner=world.member)[0]), {"status": "kept"})
    client.get(URL)
    with django_assert_num_queries(13):
        client.get(URL)


# -- the unit's head


def test_the_head_sees_days_and_states_and_nothing_of_a_family(world: World) -> None:
    first, _other = promised(world, "SALAINEN-LUPAUS", "Toinen salaisuus")
    world.client(world.professional).post(outcome_url(first), {"status": "not_kept", "remark": "SALAINEN-SYY"})
    html = world.client(world.unit_head).get("/unit/commitments/").content.decode()
    assert html.count("Kaisa Koivupuro") == 2
    assert "Ei pidetty" in html
    for secret in ("SALAINEN", "salaisuus", "Aatu", "Suvilehto", "Sari", first.ref, first.case.ref, "Piirrän"):
        assert secret not in html


def test_another_units_head_sees_none_of_them(world: World) -> None:
    promised(world)
    other = world.person("Outi Muu", Role.UNIT_HEAD, world.other_unit, unit=world.other_unit)
    html = world.client(other).get("/unit/commitments/").content.decode()
    assert "Kaisa" not in html
    assert "Ei avoimia lupauksia" in html


def test_what_is_still_being_written_is_not_shown_to_the_head(world: World) -> None:
    promise(opened(world, held(world, a_case(world))), world.professional)
    assert "Kaisa" not in world.client(world.unit_head).get("/unit/commitments/").content.decode()


@pytest.mark.parametrize("persona", ["coordinator", "professional", "leader", "officer", "administrator"])
def test_the_units_page_is_for_its_head_only(world: World, persona: str) -> None:
    promised(world)
    answer = world.client(getattr(world, persona)).get("/unit/commitments/")
    assert answer.status_code == 404
    assert "yli sovitun" not in answer.content.decode()
    assert "Sovittu" not in answer.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_units_page_asks_the_same_number_of_queries(world: World, count: int, django_assert_num_queries) -> None:
    promised(world, *[f"Lupaus {n}" for n in range(count)])
    client = world.client(world.unit_head)
    client.get("/unit/commitments/")
    with django_assert_num_queries(14):
        client.get("/unit/commitments/")
