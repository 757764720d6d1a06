"""Forms of a way's beginning: the call, the start of the two weeks."""

import re
from datetime import date, datetime, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.models import TEXT, ConsentState, Guidance, Route
from networks.models import Area
from yhteiso.forms import NO_SUCH_DAY, ChoiceRow, ClockField, DayField, Radios, RouteCards, YhteisoForm
from yhteiso.lib.dates import HELSINKI, NoSuchTime, at_helsinki, short_date
from yhteiso.lib.ids import is_valid_hetu
from yhteiso.lib.text import TextField

OLDEST = 20
AGE_LIMITS = _("Write an age between 0 and 20")


class CallForm(YhteisoForm):
    """One call on one page. Nothing is required while the call goes on; what the route needs is asked at its end."""

    mark_optional = False
    icons = {"strengths": "leaf", "everyday": "drop"}
    hidden_labels = ("consent", "route")

    caller_name = TextField(label=_("Caller"), max_length=120, required=False)
    caller_unit = TextField(label=_("Unit"), max_length=120, required=False, widget=forms.TextInput(attrs={"list": "units"}))
    child_name = TextField(label=_("Child's first name"), max_length=60, required=False)
    child_born = forms.CharField(label=_("Birth date or age"), max_length=20, required=False)
    child_family_name = TextField(label=_("Child's family name"), max_length=60, required=False)
    # Never kept in the call: it goes beside the child when the situation is opened.
    hetu = TextField(
        label=_("Identity code, if it was told"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "characters", "data-unsaved": True}),
    )  # fmt: skip
    caller_masked = forms.BooleanField(label=_("Show the caller as “health services”"), required=False)
    protected = forms.BooleanField(label=_("The family's address is protected"), required=False)
    guardians = TextField(
        label=_("Guardians and how to reach them"), max_length=TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    strengths = TextField(
        label=_("What goes well"), max_length=TEXT, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    everyday = TextField(
        label=_("What is seen in everyday life"), max_length=TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    around = TextField(label=_("Who are around the family already?"), max_length=300, required=False)
    consent = forms.ChoiceField(
        label=_("What has the family said?"), choices=ConsentState.choices, required=False,
        widget=ChoiceRow(
            cls="y-choice--stack",
            looks={"oral": ("yes", "check"), "waiting": ("part", "clock"), "unaware": ("low", "lock")},
        ),
    )  # fmt: skip
    consent_by = TextField(label=_("Who agreed, and when"), max_length=200, required=False)
    consent_for = TextField(label=_("Who may be told"), max_length=200, required=False)
    route = forms.ChoiceField(label=_("What is done?"), choices=Route.choices, required=False)
    guided_to = forms.ChoiceField(
        label=_("Where did you guide the caller?"), choices=Guidance.choices, required=False, widget=Radios(small=True)
    )
    version = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"invalid": _("Reload the page and try again.")}
    )

    def __init__(self, *args: Any, today: date, plan_by: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        hints = {
            Route.NETWORK: _now("The situation opens, the network meets by %(date)s") % {"date": short_date(plan_by)},
            Route.ADVICE: _now("The caller takes it from here. Names stay only if the family knows"),
            Route.CONSULTATION: _now("Names and texts are removed at once"),
            Route.GUIDED: _now("Names and texts are removed. Only where you guided stays"),
        }
        field = cast(forms.ChoiceField, self.fields["route"])
        field.widget = RouteCards(hints=hints, keys=True, dense=True, choices=field.choices)

    def leave_out_unaware(self) -> None:
        """A guardian who wrote themself knows of the call."""
        field = cast(forms.ChoiceField, self.fields["consent"])
        field.choices = [choice for choice in ConsentState.choices if choice[0] != ConsentState.UNAWARE]

    def begin_at_the_first_empty(self) -> None:
        """The keyboard begins where something is still to be asked."""
        for name in ("caller_name", "caller_unit", "child_name", "child_born", "guardians", "strengths", "everyday"):
            if not self[name].value() and self[name].value() != 0:
                self.fields[name].widget.attrs["autofocus"] = True
                return

    def clean_child_born(self) -> date | int | None:
        return read_born(self.cleaned_data["child_born"], self.today)

    def clean_hetu(self) -> str:
        number: str = self.cleaned_data["hetu"]
        if number and not is_valid_hetu(number):
            raise ValidationError(_now("This is not an identity code. Check every character, for example 131052-308T"))
        return number

    @property
    def kept(self) -> dict[str, Any]:
        """What of the form can be kept: every valid field under the name that the action knows."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("child_born", "hetu", "version")}
        if "child_born" in self.cleaned_data:
            born = self.cleaned_data["child_born"]
            data["child_born_on"] = born if isinstance(born, date) else None
            data["child_age"] = born if isinstance(born, int) else None
        return data


def read_born(text: str, today: date) -> date | int | None:
    """A birth date ("3.2.2020") or an age in years ("6", "6 v"). Raises ValidationError for anything else."""
    text = "".join(text.split())
    if not text:
        return None
    if found := re.fullmatch(r"([0-9]{1,2})v?\.?", text):
        if int(found[1]) > OLDEST:
            raise ValidationError(AGE_LIMITS, code="age")
        return int(found[1])
    found = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text)
    if found is None:
        raise ValidationError(_now("Write the birth date like this: 3.2.2020, or the age: 6"), code="born")
    try:
        born = date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        raise ValidationError(NO_SUCH_DAY, code="no_such_day") from None
    if born > today:
        raise ValidationError(
            _now("The birth date is in the future. If the child has not been born yet, write 0."), code="born"
        )
    if today.year - born.year > OLDEST + 1:
        raise ValidationError(_now("Check the year of birth."), code="born")
    return born


class StartForm(YhteisoForm):
    """When the two weeks began, to the minute, and why this is corrected."""

    day = DayField(label=_("Day"), error_messages={"required": _("Write the day of the call")})
    at = ClockField(label=_("Time of day"), error_messages={"required": _("Write the time of the call")})
    reason = TextField(
        label=_("Why is the time corrected?"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The reason stays beside the figure. Write no names."),
        error_messages={"required": _("Write why the time is corrected")},
    )  # fmt: skip

    def __init__(self, *args: Any, start: datetime, now: datetime, **kwargs: Any) -> None:
        local = start.astimezone(HELSINKI)
        kwargs.setdefault("initial", {"day": local.date(), "at": local.time().replace(second=0, microsecond=0)})
        super().__init__(*args, **kwargs)
        self.start, self.now = start, now

    def clean_day(self) -> date:
        day = self.cleaned_data["day"]
        today = self.now.astimezone(HELSINKI).date()
        if day > today:
            raise ValidationError(_now("The call can't be in the future."), code="future")
        if day < today - timedelta(days=366):
            raise ValidationError(_now("Check the day: it is more than a year ago."), code="past")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not ("day" in data and "at" in data):
            return data
        try:
            data["new_at"] = at_helsinki(data["day"], data["at"])
        except NoSuchTime as skipped:
            self.add_error("at", str(skipped))
            return data
        if data["new_at"] > self.now:
            self.add_error("at", _now("The call can't be in the future."))
        elif data["new_at"] == self.start.replace(second=0, microsecond=0):
            self.add_error("at", _now("This is already the time of the call."))
        return data


class AreaForm(YhteisoForm):
    """In which area a new call is taken, for somebody who coordinates several."""

    area = forms.ModelChoiceField(label=_("Area"), queryset=Area.objects.none(), required=False, empty_label=None)

    def __init__(self, *args: Any, area_ids: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Area]", self.fields["area"]).queryset = Area.objects.filter(pk__in=area_ids)


class IdentityForm(YhteisoForm):
    """A personal identity code, or the word that there is none. Never shown again as it was stored."""

    mark_optional = False

    number = TextField(
        label=_("Identity code"), max_length=40, required=False,
        help_text=_("Eleven characters, for example 131052-308T."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "characters"}),
    )  # fmt: skip
    without = forms.BooleanField(
        label=_("There is no identity code"), required=False,
        help_text=_("For example a newborn, or somebody who has come from another country."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        number, without = data.get("number", ""), data.get("without", False)
        if "number" in self.errors:
            return data
        if number and without:
            self.add_error("number", _now("Write the code or choose that there is none, not both"))
        elif number and not is_valid_hetu(number):
            self.add_error("number", _now("This is not an identity code. Check every character, for example 131052-308T"))
        elif not number and not without:
            self.add_error("number", _now("Write the identity code, or choose that there is none"))
        return data
