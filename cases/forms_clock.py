"""Forms of the clock: why nothing moves, and an area's own ladder."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.actions.ladder import CHOICES, LAST, Settings, refused
from cases.actions.pause import days_refused
from cases.ladder_words import roles_text
from cases.models import Case, PauseReason
from networks.models import User
from yhteiso.forms import DayField, Radios, YhteisoForm
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.text import TextField


class PauseForm(YhteisoForm):
    """Why nothing moves, and on which days."""

    reason = forms.ChoiceField(
        label=_("Why does nothing move?"), choices=PauseReason.choices, widget=Radios(small=True),
        error_messages={"required": _("Choose why nothing moves"), "invalid_choice": _("Choose why nothing moves")},
    )  # fmt: skip
    from_on = DayField(label=_("From"), error_messages={"required": _("Write the first day, for example 10.6.2026")})
    until_on = DayField(label=_("Until, if it is known"), required=False)

    mark_optional = False

    def __init__(self, *args: Any, case: Case, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, initial={"from_on": helsinki_date(now)}, **kwargs)
        self.case, self.now = case, now

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first: date | None = data.get("from_on")
        if first and not self.errors and (found := days_refused(self.case, first, data.get("until_on"), self.now)):
            self.add_error(*found)
        return data


class LadderForm(YhteisoForm):
    """The day and the people of each step, the last one to be told, and why it changes."""

    named = forms.ChoiceField(
        label=_("Who is told in the end, until somebody takes it?"), required=False,
        help_text=_("Each working day after the last step, until somebody says “I take care of this”."),
        error_messages={"invalid_choice": _("Choose somebody who has a role in this area.")},
    )  # fmt: skip
    reason = TextField(
        label=_("Why do you change this?"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Everybody who looks at the history sees this. No names of families."),
        error_messages={"required": _("Write why you change the ladder")},
    )  # fmt: skip

    mark_optional = False
    hidden_labels = tuple(f"{name}_{step}" for step in CHOICES for name in ("day", "to"))

    def __init__(self, *args: Any, people: Iterable[User], settings: Settings, named: int | None, **kwargs: Any) -> None:
        initial = {"named": str(named or "")}
        for step, (day, to) in settings.items():
            initial |= {f"day_{step}": str(day), f"to_{step}": "+".join(to)}
        super().__init__(*args, initial=initial, **kwargs)
        self.people = {str(user.pk): user for user in people}
        nobody = _now("Whoever answers for the area")
        choices = [("", nobody), *((key, user.shown_name) for key, user in self.people.items())]
        self.fields["named"].choices = choices  # type: ignore[attr-defined]
        for step in CHOICES:
            self.fields |= _step_fields(step, settings[step][1])
        self.order_fields([*(f"{name}_{step}" for step in CHOICES for name in ("day", "to")), "named", "reason"])

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The rows of the table."""
        after = {step: _now("the next step") for step in CHOICES}
        after[LAST] = _now("the same person each working day, until somebody takes it")
        return [
            {"step": step, "day": self[f"day_{step}"], "to": self[f"to_{step}"], "after": after[step]} for step in CHOICES
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        wanted = [f"{name}_{step}" for step in CHOICES for name in ("day", "to")]
        if all(data.get(name) not in (None, "") for name in wanted):
            for step, sentence in refused(self.settings).items():
                self.add_error(f"day_{step}", sentence)
        return data

    @property
    def settings(self) -> dict[int, tuple[int, tuple[str, ...]]]:
        """What the action takes."""
        data = self.cleaned_data
        return {step: (data[f"day_{step}"], tuple(data[f"to_{step}"].split("+"))) for step in CHOICES}

    @property
    def person(self) -> User | None:
        return self.people.get(self.cleaned_data["named"])


def _step_fields(step: int, now: tuple[str, ...]) -> dict[str, forms.Field]:
    said = {"step": step}
    day = forms.IntegerField(
        label=_now("Day of the step that was day %(step)d") % said,
        error_messages={"required": _now("Write a day from 1 to 14."), "invalid": _now("Write a day from 1 to 14.")},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-2", "inputmode": "numeric"}),
    )
    roles = [*CHOICES[step], *([now] if now not in CHOICES[step] else [])]
    to = forms.ChoiceField(
        label=_now("Who is told at the step that was day %(step)d") % said,
        choices=[("+".join(one), roles_text(one)) for one in roles],
        error_messages={
            "required": _now("Choose whom this step tells."), "invalid_choice": _now("Choose whom this step tells."),
        },
    )  # fmt: skip
    for field in (day, to):
        field.widget.attrs["autocomplete"] = "off"
    return {f"day_{step}": day, f"to_{step}": to}
