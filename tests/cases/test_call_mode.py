"""Call mode: a waiting concern is joined, four routes with their consequences, and a session that lasts as long as the call."""

import html
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import call as actions
from cases.actions import intake
from cases.models import Call, Case, Concern, Deadline, PersonIdentity
from networks.models import Role, RoleMembership
from networks.signin import SESSION_BEGAN
from tests.personas import World
from yhteiso.lib.dates import helsinki_date, latest_meeting_day, short_date

CANARY = "Kanarianlintu"
HETU = "131052-308T"


@pytest.fixture
def call(world: World) -> Call:
    return intake.begin_call(by=world.coordinator, area=world.area, now=timezone.now())


def typed(call: Call, **fields: Any) -> dict[str, Any]:
    return {
        "child_name": "Vilja",
        "everyday": "On vetäytynyt.",
        "consent": "oral",
        "consent_by": "isä 9.6.",
        "version": str(call.version),
    } | fields


def page(call: Call) -> str:
    return reverse("call", args=[call.ref])


# -- the concern that the caller had sent


def test_a_waiting_concern_is_offered_and_joined_with_one_press(world: World, call: Call) -> None:
    sent = timezone.now() - timedelta(days=2)
    concern = world.concern(now=sent, everyday="Aamut ovat HANKALIA", place="Pikkukäpy")
    client = world.client(world.coordinator)
    assert concern.ref in client.get(page(call)).content.decode()
    answer = client.post(
        reverse("call-concern", args=[call.ref]), typed(call, concern=concern.ref, child_name="", child_born="6")
    )
    assert answer.url == page(call)
    call.refresh_from_db()
    assert call.concern == concern
    assert (call.caller_name, call.child_name, call.around) == ("Kaisa Koivupuro", "Aatu", "Pikkukäpy")
    assert (call.everyday, call.child_age) == ("On vetäytynyt.", 6)  # typed, so not overwritten
    body = client.get(page(call)).content.decode()
    assert short_date(latest_meeting_day(helsinki_date(sent))) in body
    assert "Aamut ovat HANKALIA" not in body  # the sheet of the concern tells who and when; its words stand in the fields
    client.post(page(call), typed(call, consent="oral", route="network", then="finish"))
    assert Case.objects.get().t0_at == sent
    concern.refresh_from_db()
    assert concern.answered_by == world.coordinator


def test_joining_again_changes_nothing_and_a_call_answers_one(world: World, call: Call) -> None:
    first, second = world.concern(now=timezone.now()), world.concern(now=timezone.now())
    by, now = world.coordinator, timezone.now()
    joined = actions.join_concern(call=call, concern=first, by=by, now=now)
    assert actions.join_concern(call=joined, concern=first, by=by, now=now).version == joined.version
    with pytest.raises(NotAllowed):
        actions.join_concern(call=call, concern=second, by=by, now=now)
    other = intake.begin_call(by=world.second_coordinator, area=world.area, now=now)
    with pytest.raises(NotAllowed):
        actions.join_concern(call=other, concern=first, by=world.second_coordinator, now=now)


def test_another_areas_concern_is_neither_offered_nor_joined(world: World, call: Call) -> None:
    stranger = world.person("Outi Vieras", Role.PROFESSIONAL, world.other_unit)
    concern = world.concern(by=stranger, now=timezone.now(), child_name="Salainen")
    client = world.client(world.coordinator)
    answers = [
        client.get(page(call)),
        client.post(reverse("call-concerns", args=[call.ref]), {"caller_name": "Outi"}),
        client.post(reverse("call-concern", args=[call.ref]), typed(call, concern=concern.ref)),
        client.post(reverse("call-concern", args=[call.ref]), typed(call, concern="\x00")),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404]
    assert not any("Salainen" in answer.content.decode() for answer in answers)
    with pytest.raises(NotAllowed):
        actions.join_concern(call=call, concern=concern, by=world.coordinator, now=timezone.now())
    assert Call.objects.get().concern is None


def test_the_caller_s_own_concern_comes_first(world: World, call: Call) -> None:
    mine = world.concern(now=timezone.now() - timedelta(days=5), child_name="Aatu")
    for n in range(6):
        world.concern(by=world.member, now=timezone.now() - timedelta(hours=n), child_name=f"Lapsi{n}")
    old = world.concern(now=timezone.now() - timedelta(days=15), child_name="Vanha")
    client, address = world.client(world.coordinator), reverse("call-concerns", args=[call.ref])
    body = client.post(address, {"caller_name": "koivupuro kai"}).content.decode()
    assert mine.ref in body
    assert "Lapsi0" not in body
    assert old.ref not in body
    unasked = client.post(address, {"caller_name": ""}).content.decode()
    assert unasked.count("/concern/") == 3
    assert "4 muuta odottaa taululla" in html.unescape(unasked)
    assert mine.ref in client.post(address, {"caller_unit": "pikkukäpy"}).content.decode()
    assert client.post(address, {"caller_name": "a\x00"}).status_code == 200


def test_what_was_typed_elsewhere_is_not_lost_by_joining(world: World, call: Call) -> None:
    concern = world.concern(now=timezone.now())
    intake.save_call(call=call, version=0, now=timezone.now(), everyday="Toisen ikkunan teksti")
    answer = world.client(world.coordinator).post(
        reverse("call-concern", args=[call.ref]), typed(call, version="0", concern=concern.ref)
    )
    assert answer.status_code == 409
    assert "Toisen ikkunan teksti" in answer.content.decode()
    assert "On vetäytynyt." in answer.content.decode()
    assert Call.objects.get().concern is None
    client = world.client(world.coordinator)
    assert client.post(reverse("call-concern", args=[call.ref]), {"concern": concern.ref}).status_code == 422


# -- the unit and its area


def test_the_unit_fills_the_area_of_whoever_coordinates_several(world: World, call: Call) -> None:
    RoleMembership.objects.create(
        user=world.coordinator, role=Role.COORDINATOR, area=world.other_area, starts_on=date(2020, 1, 1)
    )
    client = world.client(world.coordinator)
    offered = client.get(page(call)).content.decode()
    assert '<option value="Perheohjaus Haapaniemi">' in offered
    client.post(reverse("call-draft", args=[call.ref]), typed(call, caller_unit="perheohjaus haapaniemi"))
    call.refresh_from_db()
    assert call.area == world.other_area
    assert set(Deadline.objects.filter(about=str(call.pk)).values_list("area_id", flat=True)) == {world.other_area.pk}
    assert "Haapaniemi" in client.get(page(call)).content.decode()


def test_a_unit_elsewhere_tells_who_answers_there_and_moves_nothing(world: World, call: Call) -> None:
    client = world.client(world.coordinator)
    body = client.post(reverse("call-concerns", args=[call.ref]), {"caller_unit": "Perheohjaus Haapaniemi"}).content.decode()
    assert "08 000 9999" in body
    client.post(reverse("call-draft", args=[call.ref]), typed(call, caller_unit="Perheohjaus Haapaniemi"))
    call.refresh_from_db()
    assert call.area == world.area
    with pytest.raises(NotAllowed):
        actions.move_call(call=call, area=world.other_area, by=world.coordinator)


# -- the routes


def words_of(model: type[models.Model]) -> list[str]:
    """Every free text of a table, also of columns that are added later."""
    return [
        field.name for field in model._meta.get_fields()
        if isinstance(field, models.CharField | models.TextField) and not field.choices and field.name != "ref"
    ]  # fmt: skip


def kept_anywhere(word: str) -> list[str]:
    """The tables in which a row holds this word, and the sessions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found + [f"session {row.pk}" for row in Session.objects.all() if word.lower() in str(row.get_decoded()).lower()]


@pytest.mark.parametrize("route", ["consultation", "guided"])
@pytest.mark.parametrize("consent", ["", "oral", "unaware"])
def test_a_nameless_route_leaves_nothing_of_a_person_anywhere(
    world: World, route: str, consent: str, caplog: pytest.LogCaptureFixture
) -> None:
    concern = world.concern(now=timezone.now(), **dict.fromkeys(words_of(Concern), CANARY))
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=timezone.now())
    client = world.client(world.coordinator)
    form = dict.fromkeys(words_of(Call), CANARY) | {
        "child_born": "3.2.2020", "caller_masked": "on", "protected": "on", "consent": consent, "route": route,
        "guided_to": "lsl25", "hetu": HETU,
    }  # fmt: skip
    assert client.post(reverse("call-draft", args=[call.ref]), form | {"version": "0"}).status_code == 200
    assert set(kept_anywhere(CANARY)) == {"cases_call", "cases_concern"}
    answer = client.post(page(call), form | {"version": "1", "then": "finish"})
    assert answer.url == reverse("board")
    assert kept_anywhere(CANARY) == []
    assert kept_anywhere("2020-02-03") == kept_anywhere("131052") == []
    assert CANARY not in caplog.text
    call.refresh_from_db()
    assert (call.protected, call.caller_masked, call.child_age, call.consent) == (False, False, None, "")
    assert call.guided_to == ("lsl25" if route == "guided" else "")
    assert world.client(world.professional).get(reverse("concern", args=[concern.ref])).status_code == 200


def test_the_database_itself_keeps_nobody(world: World, call: Call) -> None:
    """Whatever a later change of the page forgets: the row can't be finished with a name in it."""
    for route, name in (("consultation", "guardians"), ("guided", "child_name"), ("advice", "caller_name")):
        with pytest.raises(IntegrityError, match="call_of_nobody"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE cases_call SET finished_at = now(), route = %s, guided_to = %s, {name} = 'x'",
                [route, "112" if route == "guided" else ""],
            )


@pytest.mark.parametrize(("consent", "kept"), [("oral", "Vilja"), ("waiting", "Vilja"), ("unaware", ""), ("", "")])
def test_advice_keeps_a_name_only_where_the_family_knows(world: World, call: Call, consent: str, kept: str) -> None:
    client = world.client(world.coordinator)
    client.post(page(call), typed(call, consent=consent, route="advice", then="finish"))
    call.refresh_from_db()
    assert call.finished_at
    assert call.child_name == kept


def test_guidance_asks_where_and_nothing_else(world: World, call: Call) -> None:
    client = world.client(world.coordinator)
    answer = client.post(page(call), {"version": "0", "route": "guided", "then": "finish"})
    body = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert 'id="id_guided_to_error"' in body
    assert '<details class="govuk-details" data-open-for="route=guided" open>' in body
    assert (
        client.post(page(call), {"version": "1", "route": "guided", "guided_to": "112", "then": "finish"}).status_code == 302
    )
    call.refresh_from_db()
    assert call.guided_to == "112"


def test_every_card_tells_its_consequence_and_the_panel_stands_beside(world: World, call: Call) -> None:
    body = html.unescape(world.client(world.coordinator).get(page(call)).content.decode())
    for consequence in ("Tilanne avataan", "Soittaja vie eteenpäin", "poistetaan heti", "Jää vain, minne ohjattiin"):
        assert consequence in body
    assert "Tämä ei ole lastensuojeluilmoitus." in body


def test_an_identity_code_goes_beside_the_child_and_nowhere_else(world: World, call: Call) -> None:
    client, form = world.client(world.coordinator), typed(call, hetu=HETU, route="network")
    client.post(reverse("call-draft", args=[call.ref]), form)
    assert kept_anywhere(HETU) == []
    bad = client.post(page(call), form | {"version": "1", "hetu": "131052-308A", "then": "finish"})
    assert bad.status_code == 422
    assert "131052-308A" in bad.content.decode()
    client.post(page(call), form | {"version": "1", "then": "finish"})
    row = PersonIdentity.objects.get()
    assert (row.open(), row.person.name) == (HETU, "Vilja")
    assert kept_anywhere(HETU) == []


# -- what is read to the caller


def test_the_end_is_a_sentence_to_read_aloud(world: World, call: Call) -> None:
    client = world.client(world.coordinator)
    answer = client.post(page(call), typed(call, route="network", then="finish"), follow=True)
    body = html.unescape(answer.content.decode())
    case = Case.objects.get()
    for part in ("Lue soittajalle", call.ref, "Riikka Tuulenpää", "08 000 1234", short_date(case.plan_by_on)):
        assert str(part) in body


def test_a_joined_concern_keeps_its_number(world: World) -> None:
    concern = world.concern(now=timezone.now())
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=timezone.now())
    client = world.client(world.coordinator)
    answer = client.post(page(call), typed(call, route="consultation", then="finish"), follow=True)
    body = html.unescape(answer.content.decode())
    assert concern.ref in body
    assert "Perheestä ei jäänyt mitään talteen" in body


# -- a session that lasts as long as the call


def test_saving_as_one_types_prolongs_the_session(world: World, call: Call) -> None:
    client = world.client(world.coordinator)
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    client.post(reverse("call-draft", args=[call.ref]), typed(call))
    assert Session.objects.get().expire_date > timezone.now() + timedelta(minutes=29)


def test_after_ten_hours_the_text_waits_for_a_new_sign_in(world: World, call: Call) -> None:
    """What the page does then: a new sign-in in another tab, a fresh token, and the same text is saved."""
    client = world.client(world.coordinator)
    session = client.session
    session[SESSION_BEGAN] = int(timezone.now().timestamp()) - 10 * 3600 - 5
    session.save()
    address, token = reverse("call-draft", args=[call.ref]), reverse("keepalive-token")
    assert client.post(address, typed(call)).url.startswith(reverse("account_login"))
    assert client.get(token).url.startswith(reverse("account_login"))
    call.refresh_from_db()
    assert call.version == 0
    again = Client(enforce_csrf_checks=True)
    again.cookies = world.client(world.coordinator).cookies
    assert again.post(address, typed(call)).status_code == 403
    fresh = again.get(token).json()
    assert fresh["who"] == str(world.coordinator.pk)
    assert again.post(address, typed(call), headers={"X-CSRFToken": fresh["token"]}).status_code == 200
    assert Call.objects.get().everyday == "On vetäytynyt."


def test_enter_saves_and_stays(world: World, call: Call) -> None:
    client = world.client(world.coordinator)
    answer = client.post(page(call), typed(call, then="save"))
    assert answer.url == page(call)
    assert Call.objects.get().child_name == "Vilja"


def test_a_conflict_brings_both_texts_to_the_open_page(world: World, call: Call) -> None:
    intake.save_call(call=call, version=0, now=timezone.now(), everyday="Toisen ikkunan teksti")
    answer = world.client(world.coordinator).post(reverse("call-draft", args=[call.ref]), typed(call, version="0")).json()
    assert answer["latest"] == 1
    assert {"name": "everyday", "label": "Mitä arjessa näkyy", "theirs": "Toisen ikkunan teksti"} in answer["rows"]
