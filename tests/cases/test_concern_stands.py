"""What a professional finds again: by when somebody calls, where a text went on, and everything that waits."""

import html
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.actions import intake
from cases.actions.draft import current
from cases.models import Call, Concern
from tests.cases.test_concern_family import consult, say
from tests.cases.test_concern_page import NEW, filled
from tests.personas import World, at
from yhteiso.lib.dates import helsinki_date, short_date

pytestmark = pytest.mark.django_db


def page(world: World, url: str, user: Any = None) -> str:
    return html.unescape(world.client(user or world.professional).get(url).content.decode())


def test_the_receipt_says_by_when_somebody_calls(world: World) -> None:
    concern = world.concern(now=at("2026-06-04 10:00"))  # a Thursday
    assert f"soittaa sinulle viimeistään {short_date(date(2026, 6, 9))} klo 16.00" in page(
        world, reverse("concern", args=[concern.ref])
    )


def test_the_talk_stands_in_the_message_that_opens(world: World) -> None:
    concern = consult(world)
    say(world, concern, "yes")
    body = page(world, NEW)
    day = short_date(helsinki_date(timezone.now()))
    assert f"{day}: Kyllä, perhe" in body


def test_what_went_on_leads_to_the_new_message(world: World) -> None:
    concern = consult(world)
    say(world, concern, "yes")
    row = current(world.professional, timezone.now())
    assert row is not None
    sent = world.client(world.professional).post(NEW, filled(form_key=str(row.form_key)) | {"version": "1"})
    new = Concern.objects.waiting().get()
    assert new.continues == concern
    body = page(world, reverse("concern", args=[concern.ref]))
    assert "Jatkui uutena yhteydenottona" in body
    assert f'href="{sent.url}"' in body
    assert "perunut" not in body


def test_a_message_taken_back_by_hand_went_nowhere(world: World) -> None:
    concern = consult(world)
    world.client(world.professional).post(reverse("concern-withdrawal", args=[concern.ref]))
    body = page(world, reverse("concern", args=[concern.ref]))
    assert "Olet perunut" in body
    assert "Jatkui" not in body


def test_the_own_waiting_message_never_falls_off_the_front_page(world: World) -> None:
    now = timezone.now()
    waiting = world.concern(now=now - timedelta(days=2), child_name="Touko")
    for n in range(3):
        answered = world.concern(now=now - timedelta(hours=n + 1))
        call = intake.begin_call(by=world.coordinator, area=world.area, concern=answered, now=now)
        call = intake.save_call(call=call, version=call.version, now=now, route="advice", consent="oral")
        intake.finish_call(call=call, by=world.coordinator, now=now)
    body = page(world, "/")
    assert reverse("concern", args=[waiting.ref]) in body
    assert body.index(waiting.ref) < body.index(answered.ref)
    assert reverse("concern-list") in body


def test_the_list_has_the_own_ones_only_and_what_waits_first(world: World) -> None:
    now = timezone.now()
    old = world.concern(now=now - timedelta(days=3), child_name="Touko")
    world.concern(now=now - timedelta(days=1), by=world.member, child_name="SALAINEN")
    taken = world.concern(now=now)
    world.client(world.professional).post(reverse("concern-withdrawal", args=[taken.ref]))
    body = page(world, reverse("concern-list"))
    assert body.index(old.ref) < body.index(taken.ref)
    assert "SALAINEN" not in body
    assert "Peruttu" in body
    assert "Et ole lähettänyt mitään" in page(world, reverse("concern-list"), world.colleague)


def test_a_consultation_hides_the_childs_fields(world: World) -> None:
    assert 'data-hide-for="family_asked=not_yet family_asked=thinking"' in page(world, NEW)


@pytest.mark.parametrize(
    ("source", "caller", "unaware"), [("guardian", "huoltaja", False), ("child", "nuori", True), ("close", "läheinen", True)]
)
def test_a_familys_request_brings_its_caller_and_its_number(world: World, source: str, caller: str, unaware: bool) -> None:
    wish = world.help_request(now=timezone.now(), source=source)
    call = intake.begin_call(by=world.coordinator, area=world.area, request=wish, now=timezone.now())
    assert (call.caller_name, call.caller_unit) == (caller, "")
    client, url = world.client(world.coordinator), reverse("call", args=[call.ref])
    assert ('value="unaware"' in client.get(url).content.decode()) is unaware
    answer = client.post(url, {"version": "0", "route": "consultation", "then": "finish"}, follow=True)
    body = html.unescape(answer.content.decode())
    assert wish.ref in body
    assert call.ref not in body
    assert Call.objects.get().finished_at
