"""The form of the family's own door: plain words, few of them needed, nothing that names a family."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.models import TEXT, Source
from cases.models.intake import split_phone
from cases.naming import identity_code
from networks.models import LANGUAGES, Area
from yhteiso.forms import RouteCards, YhteisoForm, field_error
from yhteiso.lib.text import TextField

OLDEST = 20
FREE = ("everyday", "strengths", "child_name", "place", "suits", "language")  # where an identity code has no place
LONGEST_PHONE = 40
WHO = [
    (Source.GUARDIAN, _("Mother, father or guardian")),
    (Source.CHILD, _("Child or young person")),
    (Source.CLOSE, _("Grandparent, neighbour, coach or somebody else close")),
]
CHOOSE_AREA = _("Choose where you live")
NUMBER = _("Write a phone number that we can call, for example 040 000 0122")
AGE = _("Write the age as a number, for example 4")


class HelpRequestForm(YhteisoForm):
    """Who asks, what is hard, where to call. Everything else may stay empty."""

    icons = {"strengths": "leaf", "everyday": "drop"}

    source = forms.ChoiceField(
        label=_("Who are you?"), choices=WHO,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose who you are")),
        widget=RouteCards(
            hints={Source.CHILD: _("You can write to us yourself. We do not tell your family without asking you.")}
        ),
    )  # fmt: skip
    everyday = TextField(
        label=_("What is hard in everyday life now?"), max_length=TEXT, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Write it in your own words."),
        error_messages={"required": _("Write what is hard. A few words are enough")},
    )  # fmt: skip
    strengths = TextField(
        label=_("What goes well?"), max_length=TEXT, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    child_name = TextField(
        label=_("Who is it about?"), max_length=60, required=False,
        help_text=_("A first name, if you want."),
    )  # fmt: skip
    child_age = forms.IntegerField(
        label=_("Age"), min_value=0, max_value=OLDEST, required=False,
        help_text=_("If the child has not been born yet, write 0."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": AGE}
        | dict.fromkeys(("min_value", "max_value"), _("Write an age between 0 and 20")),
    )  # fmt: skip
    area = forms.ChoiceField(
        label=_("Where do you live?"), error_messages=dict.fromkeys(("required", "invalid_choice"), CHOOSE_AREA),
        help_text=_("Your own area's coordinator answers you."),
    )  # fmt: skip
    place = TextField(
        label=_("Village or part of town"), max_length=120, required=False, help_text=_("No street address is needed.")
    )
    phone = TextField(
        label=_("Which number may we call?"), max_length=LONGEST_PHONE, error_messages={"required": NUMBER},
        help_text=_("Choose a number that is safe for you."),
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )  # fmt: skip
    suits = TextField(
        label=_("When does it suit you?"), max_length=120, required=False, help_text=_("For example: on weekdays after 14.")
    )
    language = TextField(
        label=_("Which language shall we speak?"), max_length=60, required=False,
        help_text=_("Any language."),
    )  # fmt: skip
    interpreter = forms.BooleanField(label=_("We need an interpreter"), required=False)
    protected = forms.BooleanField(
        label=_("Our address must not be shown"), required=False,
        help_text=_("For example you have a ban on disclosing your address. Then we do not keep where you live."),
    )  # fmt: skip
    form_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _("Reload the page and try again.")),
    )

    def __init__(self, *args: Any, areas: Sequence[Area], chosen: Area | None, **kwargs: Any) -> None:
        initial = {"form_key": uuid.uuid4(), "area": chosen.pk if chosen else "", "language": own_language()}
        super().__init__(*args, initial=initial, **kwargs)
        names = [(str(area.pk), area_name(area)) for area in areas]
        blank = [] if chosen else [("", _now("Choose"))]
        self.fields["area"] = forms.ChoiceField(
            label=self.fields["area"].label, help_text=self.fields["area"].help_text, choices=[*blank, *names],
            error_messages=self.fields["area"].error_messages, widget=forms.Select(attrs={"autocomplete": "off"}),
        )  # fmt: skip
        self.areas = {str(area.pk): area for area in areas}

    def clean_area(self) -> Area:
        return self.areas[self.cleaned_data["area"]]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in FREE:
            if refusal := identity_code(str(data.get(name) or "")):
                self.add_error(name, field_error(refusal))
        return data

    def clean_phone(self) -> str:
        text: str = self.cleaned_data["phone"]
        if not split_phone(text)[0]:
            raise ValidationError(NUMBER)
        return text


def own_language() -> str:
    """The page's language by its own name, as the first guess of which one to speak."""
    return dict(LANGUAGES).get((get_language() or "fi")[:2], "")


def area_name(area: Area) -> str:
    """The area as people look for it: with its municipalities, in the page's language."""
    swedish = (get_language() or "").startswith("sv")
    towns = [(swedish and town.name_sv) or town.name for town in area.municipalities.all()]
    return f"{area.name} ({', '.join(towns)})" if towns and towns != [area.name] else area.name
