"""Forms of consent: one giver's answers, an exception, the child's capacity, what is hidden from a guardian."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.actions.consent import LONGEST, Word
from cases.consent_table import ConsentTable, Mark, Recipient
from cases.models import CapacityFinding, Person, Reply, Section, Way
from yhteiso.forms import ChoiceRow, DayField, Radios, YhteisoForm
from yhteiso.lib.text import TextField

LOOKS = {"yes": ("yes", "check"), "thinking": ("part", "clock"), "no": ("low", "cross")}
WAYS = [(way.value, way.label) for way in (Way.PHONE, Way.MEETING, Way.PAPER)]
HIDEABLE = (Section.THEMES, Section.PLAN, Section.TIME, Section.NETWORK)
NOTHING_CHOSEN = _("Choose at least one answer")


class AnswersForm(YhteisoForm):
    """What one giver says of each recipient and section. What is not chosen stays as it is."""

    mark_optional = False

    way = forms.ChoiceField(
        label=_("How was this said?"), choices=[("", _("Choose")), *WAYS],
        error_messages={"required": _("Choose how this was said")},
    )  # fmt: skip
    valid_until = DayField(
        label=_("Valid until"), help_text=_("Twelve months at most."),
        error_messages={"required": _("Write until which day this holds")},
    )  # fmt: skip

    def __init__(self, *args: Any, table: ConsentTable, giver: Person, everything: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, initial={"valid_until": table.today + LONGEST}, **kwargs)
        self.table, self.giver = table, giver
        self.everything = everything or not table.is_silent(giver)
        self.recipients = [row for row in table.recipients if not row.gone]
        for row in self.recipients:
            for section in row.asked:
                self.fields[self._name(row, section)] = forms.ChoiceField(
                    label=f"{row.name}: {section.label}", choices=Reply.choices, required=False,
                    widget=ChoiceRow(looks=LOOKS),
                )  # fmt: skip
        self.hidden_labels = tuple(name for name in self.fields if name.startswith("a"))

    @staticmethod
    def _name(row: Recipient, section: Section) -> str:
        return f"a-{row.key}-{section}"

    def clean_valid_until(self) -> date:
        day: date = self.cleaned_data["valid_until"]
        if day < self.table.today:
            raise ValidationError(_now("The consent would have ended already. Choose a later day."), code="past")
        if day > self.table.today + LONGEST:
            raise ValidationError(_now("A consent is valid for twelve months at most."), code="long")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = any(value for name, value in data.items() if name.startswith("a-"))
        if not chosen and not any(name.startswith("a-") for name in self.errors):
            raise ValidationError(NOTHING_CHOSEN, code="nothing")
        return data

    def words(self) -> list[Word]:
        """The answers that were chosen, one by one."""
        data = self.cleaned_data
        pairs = [(row, section, data.get(self._name(row, section))) for row in self.recipients for section in row.asked]
        return [Word(row.seats[0], section, answer) for row, section, answer in pairs if answer]

    def groups(self) -> list[tuple[Recipient, list[tuple[Section, Mark, Any]]]]:
        """The questions by recipient, with what this giver has said so far: those without a clear word, or all of them.

        What was sent is always shown again, also when somebody else has recorded it meanwhile.
        """
        found = []
        for row in self.recipients:
            asked = [(s, self.table.said(self.giver, row, s), self[self._name(row, s)]) for s in row.asked]
            if asked := [part for part in asked if self.everything or part[1].silent or part[2].value()]:
                found.append((row, asked))
        return found


class ExceptionForm(YhteisoForm):
    """Whose word is not waited for, and why. Both guardians can read the reason."""

    guardian = forms.TypedChoiceField(
        label=_("Who can't be reached?"), coerce=int, widget=Radios(small=True),
        error_messages={"required": _("Choose the guardian")},
    )  # fmt: skip
    reason = TextField(
        label=_("Why is this guardian's answer not waited for?"), max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Both guardians can read this."),
        error_messages={"required": _("Write the reason")},
    )  # fmt: skip

    def __init__(self, *args: Any, guardians: Iterable[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["guardian"].choices = _people(guardians)  # type: ignore[attr-defined]


class CapacityForm(YhteisoForm):
    """Whether the child understands what this is about, and from what that was seen."""

    finding = forms.ChoiceField(
        label=_("What is your assessment?"), choices=CapacityFinding.choices,
        widget=Radios(hints={
            "capable": _("Understands what this is about, and what follows from a yes and a no."),
            "not_capable": _("The child is told and heard all the same."),
        }),
        error_messages={"required": _("Choose your assessment")},
    )  # fmt: skip
    assessed_on = DayField(label=_("Day of the assessment"), error_messages={"required": _("Write the day")})
    grounds = TextField(
        label=_("What is it based on?"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: told in own words what is asked, and what they want. No age decides this."),
        error_messages={"required": _("Write what the assessment is based on")},
    )  # fmt: skip

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"assessed_on": today}, **kwargs)
        self.today = today

    def clean_assessed_on(self) -> date:
        day: date = self.cleaned_data["assessed_on"]
        if day > self.today:
            raise ValidationError(_now("The day is in the future."), code="future")
        if day.year < 2000:
            raise ValidationError(_now("Check the year."), code="past")
        return day


class HidingForm(YhteisoForm):
    """What the child does not want a guardian to see."""

    guardian = forms.TypedChoiceField(
        label=_("From whom?"), coerce=int, widget=Radios(small=True), error_messages={"required": _("Choose the guardian")}
    )
    section = forms.ChoiceField(
        label=_("What is not shown?"), choices=[(s.value, s.label) for s in HIDEABLE], widget=Radios(small=True),
        error_messages={"required": _("Choose what is not shown")},
    )  # fmt: skip
    reason = TextField(
        label=_("The child's reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In the child's own words if possible. The guardian does not see this."),
        error_messages={"required": _("Write the reason")},
    )  # fmt: skip

    def __init__(self, *args: Any, guardians: Iterable[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["guardian"].choices = _people(guardians)  # type: ignore[attr-defined]


def _people(guardians: Iterable[Person]) -> list[tuple[int, str]]:
    return [(row.pk, f"{row.full_name}, {row.relation}".rstrip(", ")) for row in guardians]
