"""Forms of a professional's concern: the concern itself, and the talk with the family that follows a consultation."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.actions.draft import OF_THE_CHILD, typed
from cases.forms import AGE_LIMITS, OLDEST
from cases.models import TEXT, FamilyAsked, FamilySaid, TalkedBy
from cases.models.intake import CHILDREN
from cases.naming import identity_code, naming
from yhteiso.forms import DayField, Radios, YhteisoForm, field_error
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.text import TextField

TEXTS = ("agreed", "strengths", "everyday")
NOT_FOR_ADULTS, ONLY_FOR_ADULTS = ("child_age", "place"), ("children_home", "named")
RELOAD = _("Reload the page and try again.")
LONGEST_TALK = timedelta(days=366)


class ConcernForm(YhteisoForm):
    """At most eight fields. Only a family's yes brings a name: else the child's fields are emptied, and the texts looked at.

    A worker of adult services (`adult`) is asked of the children at home instead of where the child spends the days, and is
    not named to the network unless they say so.
    """

    icons = {"strengths": "leaf", "everyday": "drop"}

    family_asked = forms.ChoiceField(
        label=_("Has this been talked about with the family?"), choices=FamilyAsked.choices, widget=Radios(),
        error_messages={"required": _("Choose whether this has been talked about with the family")},
    )  # fmt: skip
    agreed = TextField(
        label=_("Who talked with the family, when, and what did they say?"), max_length=TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: I talked with the mother on Tuesday. She finds it good that I ask for help."),
        error_messages={"required": _("Write who talked with the family, when, and what they said")},
    )  # fmt: skip
    children_home = TextField(
        label=_("Are there children at home?"), max_length=CHILDREN,
        help_text=_("How many and of what age, for example: two, 3 and 6 years"),
        error_messages={"required": _("Write how many children there are at home and of what age")},
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
    reachable = TextField(
        label=_("When can you be reached?"), max_length=160, help_text=_("A phone number and the best time"),
        error_messages={"required": _("Write a phone number and a time at which you can be reached")},
    )  # fmt: skip
    named = forms.BooleanField(
        label=_("The network may see my name and my unit"), required=False,
        help_text=_("Otherwise you are “health services” to everybody but the coordinator."),
    )  # fmt: skip
    form_key = forms.UUIDField(widget=forms.HiddenInput, error_messages=dict.fromkeys(("required", "invalid"), RELOAD))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, error_messages={"invalid": RELOAD})

    def __init__(self, *args: Any, phone: str, place: str = "", adult: bool = False, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4(), "version": 0, "reachable": phone, "place": place} | (
            kwargs.get("initial") or {}
        )
        super().__init__(*args, **kwargs)
        for name in NOT_FOR_ADULTS if adult else ONLY_FOR_ADULTS:
            del self.fields[name]
        if adult:
            self.fields["child_name"].required = False
        asked = self.data.get("family_asked")
        if asked in (FamilyAsked.NOT_YET, FamilyAsked.THINKING):
            for name in OF_THE_CHILD:
                if name in self.fields:
                    self.fields[name].required = False
        if asked == FamilyAsked.NOT_YET:
            self.fields["agreed"].required = False

    def introduce(self, coordinator: str) -> None:
        """Tell what each answer means, with the name of whoever will call."""
        self.fields["family_asked"].widget.hints = {
            FamilyAsked.THINKING: _now("%(name)s can help you further without inviting a network.") % {"name": coordinator}
            + " "
            + _now("We do not keep the child's name, age and place."),
            FamilyAsked.NOT_YET: _now(
                "Ask for advice without names. The child's name, age and place are not needed, and we do not keep them."
            ),
        }

    @property
    def asked_for(self) -> list[str]:
        """The names of the fields that are shown."""
        return [name for name, field in self.fields.items() if not field.widget.is_hidden]

    @property
    def typed(self) -> dict[str, str]:
        """What has been written so far, as it is, for the draft."""
        return typed({name: self.data.get(name, "") for name in self.asked_for})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        anonymous = data.get("family_asked") in (FamilyAsked.NOT_YET, FamilyAsked.THINKING)
        if anonymous:
            for name in OF_THE_CHILD:  # whatever was written there is not looked at, because it is not kept
                self.errors.pop(name, None)
                data[name] = None if name == "child_age" else ""
        names = [self.data.get("child_name", "")]
        for name in TEXTS:
            if refusal := naming(data.get(name, ""), names) if anonymous else identity_code(data.get(name, "")):
                self.add_error(name, field_error(refusal))
        return data

    @property
    def values(self) -> dict[str, Any]:
        """The valid form under the names that the action knows."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("version", "named")}
        return data | {"caller_masked": "named" in self.fields and not self.cleaned_data["named"]}


class TalkForm(YhteisoForm):
    """Who talked with the family, when, and what they said. No names, no free text: the consultation stays without them."""

    talked_by = forms.ChoiceField(
        label=_("Who talked with the family?"), choices=TalkedBy.choices, widget=Radios(), initial=TalkedBy.SELF,
        error_messages={"required": _("Choose who talked with the family")},
    )  # fmt: skip
    talked_on = DayField(label=_("When?"), error_messages={"required": _("Write the day of the talk")})
    said = forms.ChoiceField(
        label=_("What did the family say?"),
        choices=FamilySaid.choices,
        error_messages={"required": _("Choose what the family said")},
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.today = helsinki_date(now)
        kwargs.setdefault("initial", {"talked_on": self.today, "talked_by": TalkedBy.SELF})
        super().__init__(*args, **kwargs)
        self.fields["said"].widget = Radios(
            hints={
                FamilySaid.YES: _now(
                    "Your text opens again as a message with the child's name. You look at it before you send it."
                ),
                FamilySaid.THINKING: _now("Your text stays with you alone. You can come back to this."),
                FamilySaid.NO: _now("Nothing is sent. Your text stays with you alone until it is deleted."),
            },
            choices=FamilySaid.choices,
        )

    def clean_talked_on(self) -> date:
        day: date = self.cleaned_data["talked_on"]
        if day > self.today:
            raise ValidationError(_now("The talk can't be in the future."), code="future")
        if day < self.today - LONGEST_TALK:
            raise ValidationError(_now("Check the day: it is more than a year ago."), code="past")
        return day
