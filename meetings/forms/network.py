"""Who is taken into a network, what a guardian has said, why somebody leaves."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.forms_sibling import also_field
from cases.models import PERSON_CONSENT, Case, PersonKind
from networks.models import User
from yhteiso.forms import ChoiceRow, DayField, Radios, YhteisoForm
from yhteiso.lib.text import TextField

CONSENT_LOOKS = {"oral": ("yes", "check"), "waiting": ("part", "clock"), "unaware": ("low", "lock")}
KINDS = [(PersonKind.GUARDIAN.value, PersonKind.GUARDIAN.label), (PersonKind.CLOSE.value, PersonKind.CLOSE.label)]
FIRST_DAY = date(2000, 1, 1)


class MemberForm(YhteisoForm):
    """A professional with an account, chosen from the units of the county."""

    user = forms.TypedChoiceField(
        label=_("Professional"), coerce=int,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose a professional from the list")),
    )  # fmt: skip
    must_attend = forms.BooleanField(label=_("The meeting needs this person"), required=False)
    masked = forms.BooleanField(
        label=_("Show as “health services”"), required=False, help_text=_("When the family does not want the unit seen")
    )

    index_only = forms.BooleanField(
        label=_("Takes part without content"), required=False,
        help_text=_("Sees the time, who take part and the own promises, nothing that is talked about"),
    )  # fmt: skip

    def __init__(self, *args: Any, people: Iterable[User], siblings: Sequence[Case] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if siblings:
            self.fields["also"] = also_field(siblings)
        grouped = groupby(people, key=lambda user: user.unit.name if user.unit else "")
        cast(forms.ChoiceField, self.fields["user"]).choices = [("", _now("Choose"))] + [
            (unit, [(user.pk, _choice(user)) for user in users]) for unit, users in grouped
        ]


class SeatForm(YhteisoForm):
    """How a member is shown to the others, and whether they see content."""

    index_only = forms.BooleanField(label=_("Takes part without content"), required=False)
    masked = forms.BooleanField(label=_("Show as “health services”"), required=False)


def _choice(user: User) -> str:
    """A professional in the list, with the kind of consent that their unit needs."""
    name = f"{user.name}, {user.title}" if user.title else user.name
    written = user.unit is None or user.unit.agency.written_consent
    return _now("%(name)s – needs a written consent of their own") % {"name": name} if written else name


class PersonForm(YhteisoForm):
    """Somebody of the family, who has no account here. A meeting needs a guardian unless the box is emptied."""

    kind = forms.ChoiceField(
        label=_("Who is this to the child?"), choices=KINDS, widget=Radios(small=True),
        error_messages={"required": _("Choose whether this is a guardian or a close person")},
    )  # fmt: skip
    name = TextField(label=_("First name"), max_length=60, error_messages={"required": _("Write the first name")})
    family_name = TextField(label=_("Family name"), max_length=60, required=False)
    relation = TextField(
        label=_("Relation"), max_length=60, required=False, help_text=_("For example mother or grandfather")
    )
    phone = TextField(label=_("Phone"), max_length=30, required=False, help_text=_("Only the area's coordinators see it."))
    language = TextField(label=_("Language"), max_length=40, required=False)
    interpreter = forms.BooleanField(label=_("Needs an interpreter"), required=False)
    must_attend = forms.BooleanField(label=_("The meeting needs this person"), required=False)
    consent = forms.ChoiceField(
        label=_("What has the guardian said?"), choices=PERSON_CONSENT, required=False,
        widget=ChoiceRow(looks=CONSENT_LOOKS, cls="y-choice--stack"),
    )  # fmt: skip
    consent_on = DayField(label=_("When?"), required=False)

    def __init__(self, *args: Any, today: date, kind: str = PersonKind.GUARDIAN, **kwargs: Any) -> None:
        super().__init__(*args, initial={"kind": kind, "must_attend": kind == PersonKind.GUARDIAN}, **kwargs)
        self.today = today

    def clean_consent_on(self) -> date | None:
        return not_ahead(self.cleaned_data["consent_on"], self.today)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == PersonKind.CLOSE:  # consent is the guardians' to give
            data |= {"consent": "", "consent_on": None}
        return data


class ConsentForm(YhteisoForm):
    """What a guardian has said of exchanging information, and when."""

    consent = forms.ChoiceField(
        label=_("What has the guardian said?"), choices=PERSON_CONSENT,
        widget=Radios(small=True),
        error_messages={"required": _("Choose what the guardian has said")},
    )  # fmt: skip
    consent_on = DayField(label=_("When?"), error_messages={"required": _("Write the day on which this was said")})

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_consent_on(self) -> date | None:
        return not_ahead(self.cleaned_data["consent_on"], self.today)


class EndForm(YhteisoForm):
    reason = TextField(
        label=_("Why does this end?"), max_length=120, help_text=_("For example: moved to another unit"),
        error_messages={"required": _("Write why this ends")},
    )  # fmt: skip
    no_guardian = forms.BooleanField(label=_("This person is no longer a guardian"), required=False)

    def __init__(self, *args: Any, guardian: bool, siblings: Sequence[Case] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if siblings:
            self.fields["also"] = also_field(siblings)
        if not guardian:
            del self.fields["no_guardian"]


def not_ahead(day: date | None, today: date) -> date | None:
    """The day as it is. Raises ValidationError for one in the future or absurdly far back."""
    if day and day > today:
        raise ValidationError(_now("The day is in the future."), code="future")
    if day and day < FIRST_DAY:
        raise ValidationError(_now("Check the year."), code="past")
    return day
