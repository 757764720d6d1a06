"""A sibling's situation, and which siblings a change is about."""

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Status
from yhteiso.forms import DayField, YhteisoForm
from yhteiso.lib.text import TextField

OLDEST = 20
AGE_LIMITS = _("Write an age between 0 and 20")


class SiblingForm(YhteisoForm):
    """The child, and who of this network comes along. Nobody is chosen beforehand: the family decides."""

    name = TextField(
        label=_("Child's first name"), max_length=60, error_messages={"required": _("Write the child's first name")}
    )
    family_name = TextField(label=_("Family name"), max_length=60, required=False)
    age = forms.IntegerField(
        label=_("Age"), min_value=0, max_value=OLDEST, widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid"), _("Write the child's age as a number, for example 4"))
        | dict.fromkeys(("min_value", "max_value"), AGE_LIMITS),
    )  # fmt: skip
    born_on = DayField(label=_("Birth date"), required=False)
    along = forms.TypedMultipleChoiceField(
        label=_("Who comes along?"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Ask the family about each. What they see of this child is asked anew."),
        error_messages={"invalid_choice": _("Choose somebody who is in the network.")},
    )  # fmt: skip

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        cast(forms.ChoiceField, self.fields["along"]).choices = list(people)

    def clean_born_on(self) -> date | None:
        day: date | None = self.cleaned_data["born_on"]
        if day and not (self.today.year - OLDEST - 1 <= day.year and day <= self.today):
            raise ValidationError(_now("Check the year."), code="past")
        return day


class BondForm(YhteisoForm):
    """The number of the sibling's situation that is open already."""

    number = TextField(
        label=_("Number of the sibling's situation"), max_length=12,
        error_messages={"required": _("Write the number of the situation.")},
    )  # fmt: skip


def also_field(siblings: Sequence[Case]) -> forms.MultipleChoiceField:
    """The siblings whom a change is about too, by the situation's reference."""
    return forms.MultipleChoiceField(
        label=_("Is this about the siblings too?"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(row.ref, row.label) for row in siblings if row.status != Status.CLOSED],
    )  # fmt: skip
