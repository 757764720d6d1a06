"""The form of a safe number or address."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cases.actions.safe_contact import normal_address
from cases.models import ContactChannel, ContactLanguage, Way
from yhteiso.forms import Radios, YhteisoForm
from yhteiso.lib.text import TextField

WAYS = [(way.value, way.label) for way in (Way.PHONE, Way.MEETING, Way.PAPER)]
WRONG = {
    ContactChannel.SMS: _("Write a mobile number, for example 040 123 4567"),
    ContactChannel.EMAIL: _("Write an e-mail address, for example etunimi@esimerkki.fi"),
}


class SafeContactForm(YhteisoForm):
    """Where a meeting's messages may be sent to one person, by their own word."""

    mark_optional = False

    channel = forms.ChoiceField(
        label=_("How does a message reach them?"), choices=ContactChannel.choices, widget=Radios(small=True),
        error_messages={"required": _("Choose how a message reaches them")},
    )  # fmt: skip
    address = TextField(
        label=_("Number or address"), max_length=254, help_text=_("A mobile number or an e-mail address"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write the number or address")},
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("In which language?"), choices=ContactLanguage.choices, initial=ContactLanguage.FI,
        error_messages={"required": _("Choose the language"), "invalid_choice": _("Choose the language")},
    )  # fmt: skip
    way = forms.ChoiceField(
        label=_("How did they say it?"), choices=[("", _("Choose")), *WAYS],
        error_messages={"required": _("Choose how they said it")},
    )  # fmt: skip
    safe = forms.BooleanField(
        label=_("They told me themselves that a message is safe here"),
        help_text=_("Ask who else reads the phone or the mail, and whether a message on the screen may be seen by others."),
        error_messages={"required": _("Ask first whether a message is safe here, and mark it then")},
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        channel, address = data.get("channel"), data.get("address")
        if channel and address:
            data["address"] = normal_address(channel, address)
            if not data["address"]:
                self.add_error("address", ValidationError(str(WRONG[ContactChannel(channel)]), code="address"))
        return data

    @property
    def deed(self) -> dict[str, Any]:
        """What the action takes."""
        return {name: self.cleaned_data[name] for name in ("channel", "address", "language", "way")}
