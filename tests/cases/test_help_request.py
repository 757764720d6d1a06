"""The public page of a family or a young person: three languages, what is kept, what is never shown again."""

import itertools
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from cases.models import Deadline, HelpRequest
from cases.views.help_request import RECEIPT
from networks import limits
from networks.models import Area, County
from tests.personas import World
from yhteiso.lib import translations
from yhteiso.lib.dates import add_working_days, helsinki_date, latest_meeting_day, short_date

NEW, SENT = reverse("help-request"), reverse("help-request-sent")
SECRET = "Poika itkee ovella yövuoron jälkeen."
# What the page and its frame say, in files: all of it is in Swedish.
OWN = [
    "templates/cases/help_request.html", "templates/cases/help_request_sent.html", "templates/cases/_help_request_next.html",
    "templates/components/exit.html", "templates/components/safety_family.html", "templates/components/footer.html",
    "templates/components/languages.html", "templates/components/demo_bar.html", "templates/base.html",
    "templates/base_door.html", "templates/django/forms/field.html", "templates/django/forms/_errors.html",
    "templates/429.html", "templates/403_csrf.html", "cases/forms_help.py", "yhteiso/lib/text.py",
]  # fmt: skip


def filled(world: World, **fields: Any) -> dict[str, Any]:
    return {
        "source": "guardian", "everyday": SECRET, "strengths": "Iltaisin luetaan kirja.", "child_name": "Väinö",
        "child_age": "4", "area": str(world.area.pk), "place": "Kuusiranta", "phone": "040 000 0122",
        "suits": "arkisin klo 14 jälkeen", "language": "suomi", "form_key": str(uuid.uuid4()),
    } | fields  # fmt: skip


def page(language: str, path: str = NEW) -> str:
    answer = Client(headers={"accept-language": language}).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def swedish() -> dict[str, translations.Entry]:
    path = Path(settings.BASE_DIR) / "locale/sv/LC_MESSAGES/django.po"
    return {entry.key.lookup: entry for entry in translations.read(path) if entry.done}


def uses() -> list[translations.Use]:
    found = []
    for name in OWN:
        path = Path(settings.BASE_DIR) / name
        found += list(translations.in_python(path) if name.endswith(".py") else translations.in_template(path))
    return found


def test_every_text_of_the_page_is_in_swedish(db: None) -> None:
    known = swedish()
    asked = uses()
    assert len(asked) > 90
    assert {use.key.text for use in asked if use.key.lookup not in known} == set()


def test_the_swedish_page_says_nothing_in_finnish_or_english(world: World) -> None:
    """Also where an answer is missing, and on the receipt: no text of ours in another language stands in it."""
    client = Client(headers={"accept-language": "sv"})
    bodies = [client.get(NEW), client.post(NEW, {"child_age": "x"}), client.post(NEW, filled(world), follow=True)]
    body = "\n".join(answer.content.decode() for answer in bodies)
    texts = {use.key.text for use in uses() if "%(" not in use.key.text}
    others = {}
    for code in ("fi", "en"):
        with translation.override(code):
            others[code] = {translation.gettext(text) for text in texts}
    with translation.override("sv"):
        own = {translation.gettext(text) for text in texts}
    assert len([text for text in own if len(text) > 8 and text in body]) > 40
    for words in others.values():
        assert [text for text in words - own if len(text) > 8 and f">{text}" in body] == []


@pytest.mark.parametrize(
    ("language", "title", "send"),
    [
        ("fi", "Pyydä apua perheellesi", "Lähetä pyyntö"),
        ("sv", "Be om hjälp för din familj", "Skicka begäran"),
        ("en", "Ask for help for your family", "Send the request"),
    ],
)
def test_the_page_stands_in_three_languages(world: World, language: str, title: str, send: str) -> None:
    body = page(language)
    assert f'<html lang="{language}"' in body
    assert f"<h1>{title}</h1>" in body
    assert send in body
    with translation.override(language):
        today = helsinki_date(timezone.now())
        assert short_date(add_working_days(today, 3)) in body
        assert short_date(latest_meeting_day(today)) in body
    assert "112" in body
    assert "y-nav" not in body  # no menu
    assert body.count("data-exit") == 1


def test_the_language_is_switched_back_to_this_page_after_an_error_too(world: World) -> None:
    body = Client().post(NEW, {}).content.decode()
    assert f'name="next" value="{NEW}"' in body


def test_an_area_is_chosen_by_a_link_and_nothing_else_is_taken_from_it(world: World) -> None:
    body = page("fi", f"{NEW}?area={world.other_area.pk}&everyday=Salaisuus&child_name=Aatu")
    assert f'<option value="{world.other_area.pk}" selected' in body
    assert world.other_area.phone in body
    assert "Salaisuus" not in body
    assert "Aatu" not in body
    for wrong in ("x", "99999999999999999999", "%00", "-1"):
        assert 'value="" selected' in page("fi", f"{NEW}?area={wrong}")


def test_the_only_area_is_chosen_already(db: None) -> None:
    county = County.objects.create(code="19", name="Pohjois-Pohjanmaan hyvinvointialue")
    area = Area.objects.create(
        county=county,
        name="Kuusiranta",
        name_genitive="Kuusirannan",
        phone="08 000 1234",
        hours="",
        emergency_phone="08 000 1",
    )
    assert f'<option value="{area.pk}" selected' in page("fi")
    Area.objects.all().delete()
    assert "112" in page("fi")


def test_a_request_is_kept_and_its_receipt_says_number_day_and_phone(world: World) -> None:
    client = Client()
    answer = client.post(NEW, filled(world))
    assert (answer.status_code, answer.url) == (302, SENT)
    row = HelpRequest.objects.get()
    assert (row.area_id, row.source, row.everyday, row.child_age) == (world.area.pk, "guardian", SECRET, 4)
    assert (row.phone, row.answered_at, row.protected, row.interpreter) == ("040 000 0122", None, False, False)
    for body in (client.get(SENT).content.decode(), client.get(SENT).content.decode()):  # a reload shows the same
        assert row.ref in body
        assert short_date(add_working_days(helsinki_date(row.sent_at), 3)) in body
        assert world.area.phone in body
        for told in (SECRET, "Väinö", "040 000 0122", "Kuusiranta"):
            assert told not in body


def test_the_receipt_is_this_browsers_and_for_ten_minutes(world: World) -> None:
    client = Client()
    answer = client.post(NEW, filled(world))
    cookie = answer.cookies[RECEIPT]
    assert (cookie["max-age"], cookie["httponly"], cookie["path"], cookie["samesite"]) == (600, True, SENT, "Lax")
    assert SECRET not in cookie.value
    number = HelpRequest.objects.get().ref
    assert number not in page("fi", SENT)
    assert number not in page("fi", f"{SENT}?number={number}")
    forged = Client()
    forged.cookies[RECEIPT] = cookie.value.replace(number, "0000-0000-00")
    assert "0000-0000-00" not in forged.get(SENT).content.decode()
    assert Client().get(f"/help-needed/{number}/").status_code == 404


def test_a_double_press_is_one_request(world: World) -> None:
    data = filled(world)
    first, second = Client(), Client()
    assert first.post(NEW, data).status_code == second.post(NEW, data).status_code == 302
    row = HelpRequest.objects.get()
    assert row.ref in first.get(SENT).content.decode()
    assert row.ref in second.get(SENT).content.decode()
    assert Deadline.objects.filter(kind="help_request").count() == 4


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": ""}, "Valitse, kuka olet"),
        ({"source": "professional"}, "Valitse, kuka olet"),
        ({"everyday": "  "}, "Kirjoita, mikä on hankalaa. Muutama sana riittää"),
        ({"phone": ""}, "Kirjoita puhelinnumero, johon voimme soittaa, esimerkiksi 040 000 0122"),
        ({"phone": "soita vain"}, "Kirjoita puhelinnumero, johon voimme soittaa, esimerkiksi 040 000 0122"),
        ({"area": ""}, "Valitse, missä asut"),
        ({"area": "999999"}, "Valitse, missä asut"),
        ({"child_age": "neljä"}, "Kirjoita ikä numerona, esimerkiksi 4"),
        ({"child_age": "21"}, "Kirjoita ikä väliltä 0–20"),
        ({"strengths": "hyvä\x00"}, "piilossa oleva ohjausmerkki"),
        ({"child_name": "Aa\u202etu"}, "kirjoitussuun"),
        ({"everyday": SECRET + "a" * 50_000}, "2000"),
        ({"suits": "ä" * 121}, "120"),
        ({"form_key": "x"}, "Päivitä sivu ja yritä uudestaan"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_nothing_is_lost(
    world: World, fields: dict[str, str], message: str
) -> None:
    answer = Client().post(NEW, filled(world, **fields))
    body = answer.content.decode()
    assert answer.status_code == 422
    assert message in body
    kept = {"everyday": SECRET, "strengths": "Iltaisin luetaan kirja.", "suits": "arkisin klo 14 jälkeen"}
    for name, text in kept.items():
        assert name in fields or text in body
    assert not HelpRequest.objects.exists()


def test_hostile_input_never_breaks_the_page(world: World) -> None:
    nasty = ["\x00", "\ud800", "'; DROP TABLE x; --", "<script>alert(1)</script>", "🙂" * 2000, "\u200f"]
    names = ["everyday", "child_name", "phone", "area", "child_age", "source", "form_key"]
    for n, (name, text) in enumerate(itertools.product(names, nasty)):
        data = urlencode(filled(world, **{name: text}), encoding="utf-8", errors="surrogatepass")
        browser = Client(REMOTE_ADDR=f"192.0.2.{n}")
        answer = browser.post(NEW, data, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (302, 422), (name, text[:5])
        assert b"<script>alert" not in answer.content
    assert Client().post(NEW, {}).status_code == 422
    assert Client().put(NEW).status_code == 405


def test_where_the_address_must_not_show_no_place_is_kept(world: World) -> None:
    Client().post(NEW, filled(world, protected="on"))
    row = HelpRequest.objects.get()
    assert (row.protected, row.place) == (True, "")


# Savepoints, and old knocks that any request may sweep away.
HOUSEKEEPING = re.compile('SAVEPOINT|DELETE FROM "networks_attempt"')


def test_the_answer_is_the_same_whoever_is_typed(world: World) -> None:
    """A child with a network, one without, and one who is protected: the same steps, the same bytes."""
    world.case(child="Väinö")
    Client().post(NEW, {})  # the first knock of an hour forgets old ones
    bodies, steps = set(), set()
    for name in ("Väinö", "Tuntematon"):
        client = Client()
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(NEW, filled(world, child_name=name))
        steps.add(tuple(query["sql"][:30] for query in asked.captured_queries if not HOUSEKEEPING.search(query["sql"])))
        number = HelpRequest.objects.order_by("-pk")[0].ref
        body = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"', "", client.get(SENT).content.decode())
        bodies.add((answer.status_code, answer.url, body.replace(number, "")))
    assert len(bodies) == 1
    assert len(steps) == 1, set.symmetric_difference(*map(set, steps))


def test_nothing_that_was_typed_reaches_a_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    Client().post(NEW, filled(world, child_age="x"))
    Client().post(NEW, filled(world))
    assert SECRET not in caplog.text
    assert "040 000 0122" not in caplog.text


def test_too_many_from_one_address_are_told_what_to_do(world: World) -> None:
    client = Client(headers={"accept-language": "sv"})
    for _n in range(59):
        limits.count(what="help-request", whose="127.0.0.1", seconds=3600, now=timezone.now())
    assert [client.post(NEW, {}).status_code for _n in range(2)] == [422, 429]
    body = client.post(NEW, filled(world)).content.decode()
    assert "webbläsarens pil" in body
    assert "112" in body
    assert Client(REMOTE_ADDR="192.0.2.7").post(NEW, {}).status_code == 422
    assert not HelpRequest.objects.exists()


def test_who_has_signed_in_may_send_one_too(world: World) -> None:
    for user in (world.coordinator, world.member, world.leader, world.officer):
        assert world.client(user).get(NEW).status_code == 200
        assert world.client(user).post(NEW, filled(world)).status_code == 302
    assert HelpRequest.objects.count() == 4


def test_the_sign_in_page_leads_here(world: World) -> None:
    assert f'href="{NEW}"' in Client().get(reverse("account_login")).content.decode()
