"""A unit's invitation: how it is made, and how whoever is asked answers it."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.models import DeclineReason
from networks.models import Need, User
from yhteiso.forms import Radios, YhteisoForm
from yhteiso.lib.text import TextField

PICK = dict.fromkeys(("required", "invalid_choice"), _("Choose a professional from the list"))
WHEN = [("first", _("Ask the family first")), ("now", _("The family has said yes: send it now"))]
WHEN_HINTS = {"first": _("The invitation waits here until you have asked."), "now": _("It leaves at once.")}
DECIDES = [("yes", _("Yes, I may decide for the service")), ("no", _("No, I bring the matter to those who decide"))]


class InviteForm(YhteisoForm):
    """Who answers for the unit, how they take part, and whether the family is asked first."""

    user = forms.TypedChoiceField(
        label=_("Who answers for the unit?"), coerce=int, error_messages=PICK,
        help_text=_("The unit is bound. If this person can't come, the unit names a substitute."),
    )  # fmt: skip
    when = forms.ChoiceField(
        label=_("Has the family been asked?"), choices=WHEN, widget=Radios(small=True, hints=WHEN_HINTS),
        error_messages={"required": _("Choose whether the family has been asked")},
    )  # fmt: skip
    must_attend = forms.BooleanField(label=_("The meeting needs this person"), required=False)
    masked = forms.BooleanField(
        label=_("Show as “health services”"), required=False, help_text=_("When the family does not want the unit seen")
    )
    index_only = forms.BooleanField(
        label=_("Takes part without content"), required=False,
        help_text=_("Sees the time, who take part and the own promises, nothing that is talked about"),
    )  # fmt: skip

    def __init__(self, *args: Any, people: Iterable[User], away: Iterable[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        absent = set(away)
        grouped = groupby(people, key=lambda user: user.unit.name if user.unit else "")
        cast(forms.ChoiceField, self.fields["user"]).choices = [("", _now("Choose"))] + [
            (unit, [(user.pk, _choice(user, absent)) for user in users]) for unit, users in grouped
        ]


class AcceptForm(YhteisoForm):
    """I come, and I may or may not decide for the service."""

    can_decide = forms.ChoiceField(
        label=_("Can you decide for your service?"), choices=DECIDES, widget=Radios(small=True),
        error_messages={"required": _("Choose whether you can decide for your service")},
    )  # fmt: skip


class DeclineForm(YhteisoForm):
    """We do not come, and why."""

    reason = forms.ChoiceField(
        label=_("Why?"), choices=DeclineReason.choices, widget=Radios(small=True),
        error_messages={"required": _("Choose a reason")},
    )  # fmt: skip
    words = TextField(
        label=_("In your own words"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The coordinator reads this. For example when you could be called. Nothing of any family."),
    )  # fmt: skip


class SubstituteForm(YhteisoForm):
    """Who of the same unit answers instead."""

    user = forms.TypedChoiceField(label=_("Substitute"), coerce=int, error_messages=PICK)

    def __init__(self, *args: Any, people: Iterable[User], away: Iterable[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        absent = set(away)
        rows = [(user.pk, _choice(user, absent)) for user in people]
        cast(forms.ChoiceField, self.fields["user"]).choices = [("", _now("Choose")), *rows]


class NeedsForm(YhteisoForm):
    """What the area's rules ask of a situation."""

    mark_optional = False

    needs = forms.MultipleChoiceField(
        label=_("What is help needed with?"), choices=Need.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    one_adult = forms.BooleanField(label=_("There is one adult at home"), required=False)
    children = forms.IntegerField(
        label=_("Children at home"), min_value=1, max_value=15, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )


class DirectoryForm(YhteisoForm):
    """Narrowing the directory down. Names of services only, so it may stand in the address."""

    mark_optional = False

    need = forms.ChoiceField(label=_("Help with"), choices=[("", _("All needs")), *Need.choices], required=False)
    provider = forms.ChoiceField(label=_("Who provides it"), required=False)
    name = TextField(label=_("Search by name"), max_length=60, required=False)

    def __init__(self, *args: Any, providers: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["provider"]).choices = [("", _now("Everybody")), *providers]


def _choice(user: User, absent: set[int]) -> str:
    """Somebody of a unit, and whether they are away today."""
    name = f"{user.name}, {user.title}" if user.title else user.name
    return _now("%(name)s – away today") % {"name": name} if user.pk in absent else name
