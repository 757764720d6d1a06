"""Forms of being away, and of what one is told of and how."""

import re
from datetime import date, time
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from networks.message_kinds import CHANNELS, KINDS
from networks.models import User
from yhteiso.forms import DayField, YhteisoForm
from yhteiso.lib.dates import NBSP

HOURS = re.compile(r"(?:(?:klo|kl\.?)\s*)?(\d{1,2})(?:[.:](\d{2}))?\s*[–—-]\s*(\d{1,2})(?:[.:](\d{2}))?", re.IGNORECASE)
NO_QUIET = (time(0), time(0))


class HoursField(forms.CharField):
    """Hours as people write them: "klo 17–7", "21.30-6". Empty is no quiet hours: the same time twice."""

    default_error_messages = {"invalid": _("Write the hours like this: 17–7")}

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").strip()
        if not text:
            return NO_QUIET
        found = HOURS.fullmatch(text)
        if not found:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        first, first_minute, last, last_minute = found.groups()
        try:
            return _clock(first, first_minute), _clock(last, last_minute)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        return "" if value[0] == value[1] else f"klo{NBSP}{_written(value[0])}–{_written(value[1])}"


def _clock(hour: str, minute: str | None) -> time:
    """24 is midnight, as clocks and people write it."""
    return time(0 if hour == "24" and not int(minute or 0) else int(hour), int(minute or 0))


def _written(at: time) -> str:
    return f"{at.hour}.{at.minute:02}" if at.minute else str(at.hour)


class ChoicesForm(YhteisoForm):
    """Kinds × channels, quiet hours, language. The table of boxes is drawn by its own template."""

    mark_optional = False

    ticked = forms.MultipleChoiceField(
        label=_("What you are told of, and how"), required=False,
        choices=[(f"{kind}:{channel}", kind) for kind, row in KINDS.items() for channel in CHANNELS
                 if channel in row.offered],
        error_messages={"invalid_choice": _("There is no such choice. Open the page again.")},
    )  # fmt: skip
    work_phone = forms.BooleanField(required=False)
    hours = HoursField(
        label=_("Quiet hours"), max_length=30, required=False,
        help_text=_("E-mail and text messages wait for the end of these hours. Leave empty if you want them at once."),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=_("Language of messages"), choices=[("fi", "Suomi"), ("sv", "Svenska"), ("en", "English")],
        error_messages={"required": _("Choose a language."), "invalid_choice": _("Choose a language.")},
    )  # fmt: skip

    def clean_ticked(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (kind, channel) for kind, _colon, channel in (box.partition(":") for box in self.cleaned_data["ticked"])
        )


class Colleagues(forms.ModelChoiceField):
    """People who can stand in, by name and unit; somebody protected by initials and title."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.shown_name}, {obj.unit}" if obj.unit else str(obj.shown_name)


class SubstituteForm(YhteisoForm):
    """Who stands in. They are asked, and answer themselves."""

    mark_optional = False

    substitute = Colleagues(
        label=_("Substitute"), queryset=User.people.none(), required=False, empty_label=_("Nobody"),
        help_text=_("Your colleague gets a question and answers it. Before a yes nothing goes to them."),
        error_messages={"invalid_choice": _("Choose a colleague from the list.")},
    )  # fmt: skip

    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.people.filter(pk__in=[row.pk for row in colleagues]).select_related("unit").order_by("sort_key", "pk")
        cast("Colleagues", self.fields["substitute"]).queryset = people


class AbsenceForm(SubstituteForm):
    """Days away, both included, and who stands in. The reason is not asked."""

    from_on = DayField(label=_("First day away"), error_messages={"required": _("Write the first day")})
    until_on = DayField(
        label=_("Last day away"), help_text=_("The same day, if you are away for one day."),
        error_messages={"required": _("Write the last day")},
    )  # fmt: skip
    field_order = ["from_on", "until_on", "substitute"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("from_on"), data.get("until_on")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("until_on", ValidationError(_("The last day is before the first.")))
        return data
