"""The two texts that ever leave, in three languages; there is no other place (issue 4.6, decision 0012).

*Notice* is the same bytes for every kind. *Meeting* has four forms and says weekday, date, time, a number to call and a
link. Whatever else is handed over — a place, a name, a reason — is never looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yhteiso.lib.dates import NBSP, at_clock, helsinki_date, short_date

FORMS = ("invitation", "change", "cancel", "reminder")

NOTICE = {
    "fi": "Sinulle on viesti Yhteisossa",
    "sv": "Du har ett meddelande i Yhteiso",
    "en": "You have a message in Yhteiso",
}
TITLE = {"fi": "Tapaaminen", "sv": "Möte", "en": "Meeting"}
MEETING = {
    "fi": {
        "invitation": "Kutsu tapaamiseen {when}.",
        "change": "Tapaamisen uusi aika on {when}.",
        "cancel": "Tapaaminen {when} on peruttu.",
        "reminder": "Muistathan tapaamisen {when}.",
    },
    "sv": {
        "invitation": "Inbjudan till ett möte {when}.",
        "change": "Mötets nya tid är {when}.",
        "cancel": "Mötet {when} är inställt.",
        "reminder": "Kom ihåg mötet {when}.",
    },
    "en": {
        "invitation": "Invitation to a meeting on {when}.",
        "change": "The meeting's new time is {when}.",
        "cancel": "The meeting on {when} is cancelled.",
        "reminder": "Please remember the meeting on {when}.",
    },
}
CALL = {"fi": "Kysy lisää: {phone}.", "sv": "Fråga mer: {phone}.", "en": "Call {phone}."}  # short: an SMS holds 160


@dataclass(frozen=True, slots=True)
class Words:
    """A message as it leaves. An SMS has no subject."""

    subject: str
    body: str


def render(text: str, language: str, channel: str, params: Mapping[str, Any]) -> Words:
    """The text in this language (Finnish for an unknown one) for this channel.

    `params`: `link`; for a meeting also `form` (one of FORMS), `starts_at` (aware) and `phone`. Anything else is ignored.
    Raises KeyError when one is missing or the text or form is unknown.
    """
    language = language if language in NOTICE else "fi"
    subject, sentences = TEXTS[text](language, params)
    lines = [*sentences, str(params["link"])]
    if channel == "sms":
        return Words("", " ".join(lines))
    return Words(subject, "\n\n".join(lines) + "\n")


def _notice(language: str, params: Mapping[str, Any]) -> tuple[str, list[str]]:
    return NOTICE[language], [f"{NOTICE[language]}."]


def _meeting(language: str, params: Mapping[str, Any]) -> tuple[str, list[str]]:
    sentence = MEETING[language][params["form"]].format(when=when(params["starts_at"], language))
    return TITLE[language], [sentence, CALL[language].format(phone=params["phone"])]


def when(moment: datetime, language: str) -> str:
    """Weekday, date and time with the plain spaces of an SMS: "ke 10.6. klo 14.30", "Wed 10 Jun at 14:30"."""
    at = " at " if language == "en" else " "
    return f"{short_date(helsinki_date(moment), language)}{at}{at_clock(moment, language)}".replace(NBSP, " ")


TEXTS = {"notice": _notice, "meeting": _meeting}
