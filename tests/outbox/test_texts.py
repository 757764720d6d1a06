"""The two texts: the same bytes whatever they are about, nothing of a family, and an SMS that fits into one."""

import random
from datetime import datetime, timedelta

import pytest

from tests.outbox.rows import message
from tests.personas import at
from yhteiso.environment import LONGEST_SITE
from yhteiso.lib.dates import HELSINKI
from yhteiso.outbox.channels import link
from yhteiso.outbox.texts import FORMS, TITLE, render, when

GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
LANGUAGES = ("fi", "sv", "en")
START = at("2026-06-10 14:30")


def test_the_texts_read_as_they_are_written() -> None:
    params = {"link": "https://y.fi/messages/", "starts_at": START, "phone": "08 000 1234"}
    assert render("notice", "fi", "email", params).body == "Sinulle on viesti Yhteisossa.\n\nhttps://y.fi/messages/\n"
    words = render("meeting", "fi", "email", params | {"form": "invitation"})
    assert words.subject == "Tapaaminen"
    assert words.body == "Kutsu tapaamiseen ke 10.6. klo 14.30.\n\nKysy lisää: 08 000 1234.\n\nhttps://y.fi/messages/\n"
    assert render("meeting", "en", "sms", params | {"form": "cancel"}).body == (
        "The meeting on Wed 10 Jun at 14:30 is cancelled. Call 08 000 1234. https://y.fi/messages/"
    )
    assert render("meeting", "sv", "email", params | {"form": "change"}).body.startswith(
        "Mötets nya tid är on 10.6. kl. 14.30."
    )
    assert render("notice", "so", "sms", params).body.startswith("Sinulle on viesti"), "Finnish for any other language"
    for wrong in ({}, params | {"form": "late"}, {k: v for k, v in params.items() if k != "phone"}):
        with pytest.raises(KeyError):
            render("meeting", "fi", "sms", {"form": "change"} | wrong)


def cases(seed: int, n: int = 1000):
    """Random facts of families, of which a text must show nothing but the moment and the number."""
    rng = random.Random(seed)
    for _ in range(n):
        yield rng, {
            "starts_at": datetime(2026, 1, 1, 8, tzinfo=HELSINKI) + timedelta(minutes=rng.randrange(10 * 366 * 24 * 60)),
            "phone": rng.choice(["", "+358 "]) + str(rng.randrange(10**6, 10**9)),
            "link": f"https://yhteiso.example/{rng.choice(['messages', f'number/{rng.getrandbits(120):x}'])}/",
            "place": rng.choice(["Päiväkoti Pikkukäpy", "Oulun seurakunta", "Rauhankatu 4 B"]),
            "name": rng.choice(["Aino Korpela", "Eetu", "Ö"]), "child": rng.choice(["Veera", "Aatu"]),
            "reason": rng.choice(["lastensuojelu", "väkivalta", "koulupoissaolo"]), "days": rng.randrange(30),
            "unit": rng.choice(["Perheneuvola", "Lastensuojelu"]), "role": rng.choice(["kuraattori", "lastenvalvoja"]),
            "kind": rng.choice(["escalation", "promise", "digest", "task"]), "deadline": rng.randrange(14),
        }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("form", ["", *FORMS])
def test_a_thousand_families_get_the_same_bytes(language: str, channel: str, form: str) -> None:
    """Equal after taking out link, date (weekday included), time and number; a place is never in it at all."""
    left = set()
    for _rng, facts in cases(seed=4):
        words = render("meeting" if form else "notice", language, channel, facts | {"form": form})
        body = words.body
        for own, sign in ((facts["link"], "L"), (when(facts["starts_at"], language), "W"), (facts["phone"], "N")):
            assert body.count(own) == (1 if form or sign == "L" else 0)
            body = body.replace(own, sign)
        left.add((words.subject.encode(), body.encode()))
    assert len(left) == 1
    text = str(left).lower()
    for word in ("lastensuojelu", "päiväkoti", "korpela", "perheneuvola", "escalation", "kuraattori"):
        assert word not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["", *FORMS])
def test_an_sms_fits_into_one(language: str, form: str, settings) -> None:
    """160 characters of the GSM alphabet, with the longest address of a site, every day of a year and the longest number."""
    settings.BASE_URL = "https://" + "y" * (LONGEST_SITE - len("https://"))
    rows = [message(text="meeting", to_user_id=None, to_contact_id=3, area_id=1), message()] if form else [message()]
    for row in rows:
        for day in range(366):
            params = {"link": link(row), "starts_at": at("2026-01-01 22:00") + timedelta(days=day), "phone": "0" * 30}
            words = render(row.text, language, "sms", params | {"form": form})
            assert words.subject == ""
            assert len(words.body) <= 160, words.body
            assert set(words.body) <= GSM7, set(words.body) - GSM7


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_never_says_more_than_that_there_is_a_meeting(language: str) -> None:
    titles = {
        render("meeting", language, "email", facts | {"form": form}).subject for _, facts in cases(1, 20) for form in FORMS
    }
    assert titles == {TITLE[language]}


def test_the_night_of_the_clock_change_says_the_time_in_finland() -> None:
    assert when(at("2026-10-25 03:30"), "fi") == "su 25.10. klo 3.30"
    assert when(at("2028-02-29 09:05"), "sv") == "ti 29.2. kl. 9.05"


def test_where_a_message_leads(settings) -> None:
    settings.BASE_URL = "https://yhteiso.example"
    assert link(message()) == "https://yhteiso.example/messages/"
    family = message(text="meeting", to_user_id=None, to_contact_id=3, area_id=1)
    assert link(family) == f"https://yhteiso.example/number/{family.link_token}/"
