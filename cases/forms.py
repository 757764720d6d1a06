"""Forms of a way's beginning and end: the concern, the call, the start of the two weeks."""

import re
import uuid
from datetime import date, datetime, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.models import TEXT, ConsentState, FamilyAsked, Route
from networks.models import Area
from yhteiso.forms import NO_SUCH_DAY, ChoiceRow, ClockField, DayField, Radios, RouteCards, YhteisoForm
from yhteiso.lib.dates import HELSINKI, NoSuchTime, at_helsinki, short_date
from yhteiso.lib.ids import is_valid_hetu
from yhteiso.lib.text import TextField

OLDEST = 20
AGE_LIMITS = _("Write an age between 0 and 20")
# Which fields tell of whom the concern is: not asked and not kept while the family does not know.
OF_THE_CHILD = ("child_name", "child_age", "place")


class ConcernForm(YhteisoForm):
    """At most eight fields. Name, age and place are needed only once the matter has been raised with the family."""

    icons = {"strengths": "leaf", "everyday": "drop"}

    family_asked = forms.ChoiceField(
        label=_("Has this been talked about with the family?"), choices=FamilyAsked.choices, widget=Radios(),
        error_messages={"required": _("Choose whether this has been talked about with the family")},
    )  # fmt: skip
    child_name = TextField(
        label=_("Child's first name"), max_length=60, help_text=_("No family name or identity code is needed."),
        error_messages={"required": _("Write the child's first name")},
    )  # fmt: skip
    child_age = forms.IntegerField(
        label=_("Age"), min_value=0, max_value=OLDEST, help_text=_("If the child has not been born yet, write 0."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid"), _("Write the child's age as a number, for example 4"))
        | dict.fromkeys(("min_value", "max_value"), AGE_LIMITS),
    )  # fmt: skip
    place = TextField(
        label=_("Where does the child spend the days?"), max_length=120,
        error_messages={"required": _("Write where the child spends the days, for example the day care centre")},
    )  # fmt: skip
    strengths = TextField(
        label=_("What goes well?"), max_length=TEXT, help_text=_("What gives the child or the family strength?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write at least one thing that goes well")},
    )  # fmt: skip
    everyday = TextField(
        label=_("What is seen in everyday life?"), max_length=TEXT, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Describe a situation that you saw or heard. No diagnoses, no health of other family members."),
        error_messages={"required": _("Write what you have seen in everyday life")},
    )  # fmt: skip
    agreed = TextField(
        label=_("What was agreed with the family?"), max_length=TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    reachable = TextField(
        label=_("When can you be reached?"), max_length=160, help_text=_("A phone number and the best time"),
        error_messages={"required": _("Write a phone number and a time at which you can be reached")},
    )  # fmt: skip
    form_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _("Reload the page and try again.")),
    )

    def __init__(self, *args: Any, coordinator: str, phone: str, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"form_key": uuid.uuid4(), "reachable": phone})
        super().__init__(*args, **kwargs)
        self.fields["family_asked"].widget.hints = {
            FamilyAsked.THINKING: _now("%(name)s can help you further without inviting a network.") % {"name": coordinator},
            FamilyAsked.NOT_YET: _now(
                "Ask for advice without names. The child's name, age and place are not needed, and we do not keep them."
            ),
        }
        if self.data.get("family_asked") == FamilyAsked.NOT_YET:
            for name in OF_THE_CHILD:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("family_asked") == FamilyAsked.NOT_YET:
            for name in OF_THE_CHILD:  # whatever was written there is not looked at, because it is not kept
                self.errors.pop(name, None)
            data |= {"child_name": "", "child_age": None, "place": ""}
        return data


class CallForm(YhteisoForm):
    """One call on one page. Nothing is required while the call goes on; what the route needs is asked at its end."""

    mark_optional = False
    icons = {"strengths": "leaf", "everyday": "drop"}
    hidden_labels = ("consent", "route")

    caller_name = TextField(label=_("Caller"), max_length=120, required=False)
    caller_unit = TextField(label=_("Unit"), max_length=120, required=False)
    child_name = TextField(label=_("Child's first name"), max_length=60, required=False)
    child_born = forms.CharField(label=_("Birth date or age"), max_length=20, required=False)
    child_family_name = TextField(label=_("Child's family name"), max_length=60, required=False)
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
    version = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"invalid": _("Reload the page and try again.")}
    )

    def __init__(self, *args: Any, today: date, plan_by: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        hints = {
            Route.NETWORK: _now("By %(date)s at the latest") % {"date": short_date(plan_by)},
            Route.ADVICE: _now("The caller takes it from here"),
            Route.CONSULTATION: _now("Personal data is removed"),
            Route.GUIDED: _now("Child protection, Social Welfare Act § 35, 112"),
        }
        field = cast(forms.ChoiceField, self.fields["route"])
        field.widget = RouteCards(hints=hints, keys=True, dense=True, choices=field.choices)

    def clean_child_born(self) -> date | int | None:
        return read_born(self.cleaned_data["child_born"], self.today)

    @property
    def kept(self) -> dict[str, Any]:
        """What of the form can be kept: every valid field under the name that the action knows."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("child_born", "version")}
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
