"""The page of all components with their states (debug only): one look tells what a change of style does.

All data is invented. The day of the page is Wed 10.6.2026, as in the design target.
"""

from datetime import date, time
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from yhteiso.forms import (
    KEPT,
    YES_NO,
    ChoiceRow,
    ClockField,
    DayField,
    Radios,
    RouteCards,
    YhteisoForm,
)
from yhteiso.lib.dates import at_helsinki, clock, dots, path_days

TODAY = date(2026, 6, 10)
CALL = date(2026, 6, 5)


def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component from its live tag, with invented data."""
    return render(request, "komponentit.html", _samples() | {"form": _form(), "jump": JUMP})


class SampleForm(YhteisoForm):
    """Every kind of field once; it is shown with errors."""

    icons = {"strengths": "leaf"}

    name = forms.CharField(label="Lapsen etunimi", help_text="Sukunimeä ei tarvita.", max_length=60)
    age = forms.IntegerField(
        label="Ikä",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": "Kirjoita lapsen ikä numerona, esimerkiksi 4"},
    )
    strengths = forms.CharField(label="Mikä sujuu hyvin?", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    asked = forms.ChoiceField(
        label="Onko asiasta puhuttu perheen kanssa?",
        choices=[("yes", "Kyllä, ja perhe toivoo yhteistä apua"), ("no", "Ei vielä")],
        widget=Radios(hints={"no": "Kysy neuvoa nimettömästi."}),
        error_messages={"required": "Valitse, onko asiasta puhuttu perheen kanssa"},
    )
    answer = forms.ChoiceField(
        label="Sopiiko aika?",
        choices=[(value, word) for value, word, _, _ in YES_NO],
        widget=ChoiceRow(looks={value: (tone, icon) for value, _, tone, icon in YES_NO}),
    )
    route = forms.ChoiceField(
        label="Mitä tehdään?",
        choices=[("network", "Kootaan verkosto"), ("advice", "Neuvonta riittää")],
        widget=RouteCards(hints={"network": "Viimeistään ke 24.6.", "advice": "Soittaja vie eteenpäin"}, keys=True),
    )
    day = DayField(label="Päivä")
    at = ClockField(label="Kello", required=False)
    unit = forms.ChoiceField(label="Yksikkö", choices=[("1", "Päiväkoti Pikkukäpy"), ("2", "Kuusirannan neuvola")])
    protected = forms.BooleanField(label="Perheellä on turvakielto", required=False, help_text="Paikkaa ei näytetä.")
    members = forms.MultipleChoiceField(
        label="Ketkä voisivat auttaa?",
        choices=[("1", "Perheohjaus"), ("2", "Neuvola")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


def _form() -> SampleForm:
    form = SampleForm(
        {
            "name": "Touko",
            "age": "neljä",
            "strengths": "Touko leikkii hyvin Oivan kanssa.",
            "answer": "yes",
            "route": "network",
            "day": "12.6.2026",
            "at": time(14, 30),
            "unit": "1",
            "members": ["1"],
        }
    )
    form.is_valid()
    return form


def _clock(call: date, met_on: date | None = None) -> Any:
    return clock(at_helsinki(call, time(12, 46)), TODAY, met_on)


def _samples() -> dict[str, Any]:
    return {
        "days": path_days(CALL, TODAY, [date(2026, 6, 16)], date(2026, 6, 17)),
        "clocks": [
            _clock(CALL),
            _clock(date(2026, 5, 29)),
            _clock(date(2026, 5, 26)),
            _clock(date(2026, 5, 29), date(2026, 6, 9)),
        ],
        "near": _clock(date(2026, 5, 29)),
        "dots": dots(CALL, TODAY, date(2026, 6, 16)),
        "near_dots": dots(date(2026, 5, 29), TODAY, date(2026, 6, 11)),
        "today": TODAY,
        "late_day": date(2026, 6, 8),
        "friday": date(2026, 6, 12),
        "steps": [
            {"state": "done", "text": "Puhelu", "small": "pe 5.6."},
            {"state": "part", "text": "Suostumus", "small": "äiti 5.6. · isä kesken"},
            {"state": "now", "text": "Sovitaan aikaa", "small": "6/8 vastannut"},
            {"state": "", "text": "Tapaaminen", "small": "viimeistään to 18.6."},
        ],
        "rungs": [
            {"state": "done", "icon": "check", "title": "Muistutus sinulle", "text": "ti 9.6. · nähty"},
            {"state": "now", "icon": "bell", "title": "Sinä ja yksikön johtaja", "text": "to 11.6."},
            {"state": "", "icon": "phone", "title": "Koordinaattori soittaa", "text": "ma 15.6."},
            {"state": "", "icon": "people", "title": "Tapaamisen ensimmäinen asia", "text": "ma 22.6."},
        ],
        "yes_no": YES_NO,
        "kept": KEPT,
        "marks": [
            ("v", "Vahvuus", "yes", "leaf"),
            ("h", "Haavoittuvuus", "low", "drop"),
            ("m", "Molempia", "part", "half"),
            ("e", "Ei puhuttu", "no", ""),
        ],
        "heads": ["Taho", "Suunnitelma", "Näkee nyt"],
        "rows": [
            ["Päiväkoti Pikkukäpy", "äiti kyllä, isä odottaa", "vain kutsu"],
            ["Neuvola", "kumpikin kyllä", "suunnitelma"],
        ],
        "kept_tag": ("Pidetty", "green", "check"),
        "open_tag": ("Kesken", "purple", "half"),
    }


JUMP = [
    ("y-path", "Path"),
    ("y-clock", "Clock"),
    ("y-steps", "Steps"),
    ("y-next", "Next"),
    ("y-call", "Call box"),
    ("y-safety", "Safety panel"),
    ("y-person", "Person"),
    ("govuk-tag", "State"),
    ("y-choice", "Choice row"),
    ("y-item", "Day row"),
    ("y-promise", "Promise"),
    ("y-ladder", "Ladder"),
    ("y-card", "Card"),
    ("y-spot", "Spot"),
    ("y-theme", "Theme"),
    ("y-said", "Own words"),
    ("y-save", "Save state"),
    ("y-why", "Why"),
    ("y-check", "Checklist"),
    ("y-timeline", "Timeline"),
    ("y-note", "Note"),
    ("y-empty", "Empty"),
    ("y-button", "Buttons"),
    ("y-table", "Table"),
    ("y-mark", "Mark"),
    ("y-sheet", "Sheet"),
    ("y-form", "Form"),
]
