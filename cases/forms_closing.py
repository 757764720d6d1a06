"""Forms of an ending: closing a situation, the family's own stop, and opening it again."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.forms_sibling import also_field
from cases.models import Case, CloseReason
from yhteiso.forms import DayField, Radios, YhteisoForm
from yhteiso.lib.text import TextField

# The family's own stop has a page of its own, which asks for no reason; a joining is decided by two people.
REASONS = [row for row in CloseReason.choices if row[0] not in (CloseReason.FAMILY_STOPPED, CloseReason.JOINED)]


def _words() -> TextField:
    return TextField(
        label=_("The family's own view, in a line"), max_length=300, required=False,
        help_text=_("In their own words, if they want to say something. Only the area's coordinators see it."),
    )  # fmt: skip


class CloseForm(YhteisoForm):
    """Why a situation ends, and how the family sees it."""

    reason = forms.ChoiceField(
        label=_("Why does the situation end?"), choices=REASONS, widget=Radios(),
        error_messages={"required": _("Choose why the situation ends")},
    )  # fmt: skip
    words = _words()
    told_by = TextField(label=_("Who told it?"), max_length=60, required=False, help_text=_("For example mother"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("words") and not data.get("told_by"):
            self.add_error("told_by", _now("Write who told it."))
        return data


class StopForm(YhteisoForm):
    """The family wants to stop: who said it and when, and which siblings it is about too. Why is not asked."""

    told_by = TextField(
        label=_("Who said it?"), max_length=60, help_text=_("For example mother"),
        error_messages={"required": _("Write who told it.")},
    )  # fmt: skip
    told_on = DayField(label=_("When?"), error_messages={"required": _("Write the day on which this was said")})
    words = _words()

    def __init__(self, *args: Any, today: date, siblings: Sequence[Case] = (), **kwargs: Any) -> None:
        super().__init__(*args, initial={"told_on": today}, **kwargs)
        self.today = today
        also = also_field(siblings)
        if also.choices:
            self.fields["also"] = also

    def clean_told_on(self) -> date:
        day: date = self.cleaned_data["told_on"]
        if day > self.today:
            raise ValidationError(_now("The day is in the future."), code="future")
        if day.year < self.today.year - 1:
            raise ValidationError(_now("Check the year."), code="past")
        return day


class ReopenForm(YhteisoForm):
    """Why a closed situation goes on."""

    reason = TextField(
        label=_("Why does the situation go on?"), max_length=300,
        help_text=_("For example: the family called and asked for the network again."),
        error_messages={"required": _("Write why the situation goes on")},
    )  # fmt: skip
