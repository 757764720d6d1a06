"""A meeting's time and place, the answers to it, and who came."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms_sibling import also_field
from cases.models import Case
from meetings.models import Answer, MoveReason
from yhteiso.forms import ChoiceRow, ClockField, DayField, Radios, YhteisoForm
from yhteiso.lib.dates import NoSuchTime, at_helsinki
from yhteiso.lib.text import TextField

MINUTES = 75
LOOKS = {"yes": ("yes", "check"), "if_needed": ("part", "half"), "no": ("no", "cross")}
ANSWERS = [(value, Answer(value).label) for value in ("yes", "if_needed", "no")]
# Beyond these the calendar of holidays ends, and so does anybody's plan.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


class MomentForm(YhteisoForm):
    """A day and a time of day of Finland, together the moment `starts_at` in UTC."""

    day = DayField(label=_("Day"), error_messages={"required": _("Write the day, for example 10.6.2026")})
    clock = ClockField(label=_("Time of day"), error_messages={"required": _("Write the time, for example 14.30")})

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError(_("Check the year."), code="year")
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("day") and values.get("clock"):
            try:
                values["starts_at"] = at_helsinki(values["day"], values["clock"])
            except NoSuchTime as skipped:
                self.add_error("clock", str(skipped))
        return values


class _PlaceForm(MomentForm):
    minutes = forms.IntegerField(
        label=_("Length in minutes"), min_value=15, max_value=360, initial=MINUTES,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "govuk-input--width-4"}),
        error_messages=dict.fromkeys(["required", "invalid"], _("Write the length in minutes, for example 75")),
    )  # fmt: skip
    place = TextField(
        label=_("Place"), max_length=120, help_text=_("For example a room, or “remotely”"),
        error_messages={"required": _("Write where you meet.")},
    )  # fmt: skip

    guardian = forms.TypedChoiceField(
        label=_("With which guardian?"), coerce=int, widget=Radios(small=True),
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Choose which guardian the meeting is with.")),
    )  # fmt: skip

    def __init__(self, *args: Any, by_phone: bool = False, guardians: Iterable[tuple[int, str]] = (), **kwargs: Any) -> None:
        """`by_phone`: the place is told by phone and not asked. `guardians`: of whom one is met, (membership id, name)."""
        super().__init__(*args, **kwargs)
        self.fields["day"].widget.attrs["class"] = "govuk-input--width-10"
        self.fields["clock"].widget.attrs["class"] = "govuk-input--width-5"
        if by_phone:
            del self.fields["place"]
        if choices := list(guardians):
            self.fields["guardian"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["guardian"]


class ProposeForm(_PlaceForm):
    """One proposed time. `note_takers` are (user id, name) of the network's people with an account."""

    note_taker = forms.TypedChoiceField(label=_("Who writes the logbook"), coerce=int, empty_value=None, required=False)

    def __init__(
        self, *args: Any, note_takers: Iterable[tuple[int, str]], siblings: Sequence[Case] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if siblings:
            self.fields["also"] = also_field(siblings)
            self.fields["also"].label = _("Do you meet about the siblings at the same time?")
        self.fields["note_taker"].choices = [("", _("Agreed on at the table")), *note_takers]  # type: ignore[attr-defined]


class MoveForm(_PlaceForm):
    """A new time and why the old one did not hold."""

    reason = forms.ChoiceField(
        label=_("Why is the meeting moved?"), choices=MoveReason, widget=Radios(small=True),
        error_messages={"required": _("Choose why the meeting is moved.")},
    )  # fmt: skip


class AnswerForm(YhteisoForm):
    """Whether the proposed time suits somebody."""

    hidden_labels = ("answer",)
    answer = forms.ChoiceField(
        label=_("Does the time suit?"), choices=ANSWERS, widget=ChoiceRow(looks=LOOKS),
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Choose yes, if need be or no.")),
    )  # fmt: skip

    def __init__(self, *args: Any, who: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if who:
            self.fields["answer"].label = _("Does the time suit: %(who)s") % {"who": who}


class HeldForm(MomentForm):
    """When the meeting really began, and who was there. `seats` are (membership id, name)."""

    present = forms.TypedMultipleChoiceField(
        label=_("Who were there?"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick those who were there: at least one.")},
    )  # fmt: skip

    def __init__(self, *args: Any, seats: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mark_optional = False
        self.fields["day"].label, self.fields["clock"].label = _("When was it held?"), _("It began at")
        self.fields["day"].widget.attrs["class"] = "govuk-input--width-10"
        self.fields["clock"].widget.attrs["class"] = "govuk-input--width-5"
        self.fields["present"].choices = list(seats)  # type: ignore[attr-defined]
