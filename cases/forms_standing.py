"""Forms of who stands how to a situation: exceptional access and its review, disqualification, hand-over."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.models import ExceptionalReason, RecusalReason, Verdict
from cases.sections import EXCEPTIONAL
from yhteiso.forms import DayField, Radios, YhteisoForm
from yhteiso.lib.text import TextField

OLDEST_YEARS = 25
GROUNDS = 20
OPENS = [
    ("contact", _("Contact details and network")),
    ("plan", _("Plan and promises")),
    ("all", _("Everything but what was told in the call")),
]


class ExceptionalForm(YhteisoForm):
    """Why a situation is opened exceptionally, before anything is told of it."""

    first_name = TextField(
        label=_("Child's first name"), max_length=60, error_messages={"required": _("Write the child's first name")}
    )
    born_on = DayField(
        label=_("Birth date"),
        help_text=_("We do not tell whether there is a situation before the reason has been written."),
        error_messages={"required": _("Write the birth date, for example 14.1.2022")},
    )
    reason = forms.ChoiceField(
        label=_("Why do you open this now?"), choices=ExceptionalReason.choices,
        widget=Radios(
            small=True,
            hints={
                "danger": _("Call 112 first, if the danger is immediate."),
                "authority": _("Write down who, and on what grounds."),
            },
        ),
        error_messages={"required": _("Choose why you open this now")},
    )  # fmt: skip
    grounds = TextField(
        label=_("Tell more"), min_length=GROUNDS, max_length=500, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The family reads this. At least 20 characters, no diagnoses."),
        error_messages={
            "required": _("Tell in at least 20 characters why you need this now"),
            "min_length": _("Tell in at least 20 characters why you need this now"),
        },
    )  # fmt: skip
    opens = forms.ChoiceField(
        label=_("What do you open?"), choices=OPENS, initial="contact",
        error_messages={"required": _("Choose what you open"), "invalid_choice": _("Choose what you open")},
    )  # fmt: skip
    called_first = forms.BooleanField(label=_("I called the emergency social services first"), required=False)
    tells_superior = forms.BooleanField(label=_("I tell my superior of this today"), required=False)

    mark_optional = False

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_born_on(self) -> date:
        day: date = self.cleaned_data["born_on"]
        if not (self.today.year - OLDEST_YEARS <= day.year and day <= self.today):
            raise ValidationError(_now("Check the birth date."), code="no_child")
        return day

    @property
    def deed(self) -> dict[str, Any]:
        """What the action takes."""
        data = self.cleaned_data
        names = ("first_name", "born_on", "reason", "grounds", "called_first", "tells_superior")
        return {name: data[name] for name in names} | {"sections": EXCEPTIONAL[data["opens"]]}


class ReviewForm(YhteisoForm):
    """What a second person found of an exceptional access."""

    verdict = forms.ChoiceField(
        label=_("Was there a reason?"), choices=Verdict.choices, widget=Radios(small=True),
        error_messages={"required": _("Choose what you found")},
    )  # fmt: skip
    remark = TextField(
        label=_("What should be said of it? Needed unless all was well."), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The family may read this. Needed where there was a remark, or no sufficient reason."),
    )  # fmt: skip

    mark_optional = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("verdict") in (Verdict.REMARK, Verdict.UNJUSTIFIED) and not data.get("remark"):
            self.add_error("remark", _now("Write what should be said of it"))
        return data


type Choices = Sequence[tuple[str, str | Promise]]


class RecusalForm(YhteisoForm):
    """Who is disqualified, why, and who takes over where they lead."""

    person = forms.ChoiceField(
        label=_("Who is disqualified?"), widget=Radios(small=True),
        error_messages={"required": _("Choose who is disqualified"), "invalid_choice": _("Choose who is disqualified")},
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("Why?"), choices=RecusalReason.choices, widget=Radios(small=True),
        help_text=_("Nothing more is asked or written. The network does not see the reason."),
        error_messages={"required": _("Choose the reason")},
    )  # fmt: skip
    successor = forms.ChoiceField(
        label=_("Who takes the situation over?"), required=False,
        help_text=_("Needed when the one who answers for this situation is disqualified. A coordinator of another area."),
        error_messages={"invalid_choice": _("Choose a coordinator of another area")},
    )  # fmt: skip

    mark_optional = False

    def __init__(self, *args: Any, people: Choices, successors: Choices, lead: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lead = lead
        person, successor = self.fields["person"], self.fields["successor"]
        person.choices = people  # type: ignore[attr-defined]
        successor.choices = [("", _now("Choose")), *successors]  # type: ignore[attr-defined]
        if len(people) == 1:  # only oneself to mark
            del self.fields["person"]
        if lead not in dict(people):
            del self.fields["successor"]
        self.people = people

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data.setdefault("person", self.people[0][0] if len(self.people) == 1 else "")
        asked = data["person"] == self.lead and "successor" in self.fields and "successor" not in self.errors
        if asked and not data.get("successor"):
            self.add_error("successor", _now("Choose a coordinator of another area, who takes the situation over"))
        return data


class HandOverForm(YhteisoForm):
    """To whom the situation is offered, and why."""

    to = forms.ChoiceField(
        label=_("To whom?"), error_messages={"required": _("Choose to whom"), "invalid_choice": _("Choose to whom")}
    )
    reason = TextField(
        label=_("Why?"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Do not write the child's name: a receiver of another area reads this before the situation is theirs."),
        error_messages={"required": _("Write why the situation changes hands")},
    )  # fmt: skip

    def __init__(self, *args: Any, people: Choices, asks: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", _now("Choose")), *people]  # type: ignore[attr-defined]
        if asks:
            del self.fields["to"]
