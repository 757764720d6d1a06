"""Why a family is protected, who may know, and how the guardians are met."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from yhteiso.forms import Radios, YhteisoForm
from yhteiso.lib.text import TextField

REASON = 300


class ReasonForm(YhteisoForm):
    """A reason, for those who lead: it stays beside what was done."""

    reason = TextField(
        label=_("Why?"), max_length=REASON, help_text=_("Only who leads this situation reads it. No addresses, no places."),
        error_messages={"required": _("Write why.")},
    )  # fmt: skip


class ProtectForm(ReasonForm):
    """The reason, and the guardians from whom the family is kept safe: (person id, name)."""

    by_hand = forms.TypedMultipleChoiceField(
        label=_("Who gets no messages and no invitations?"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=_("The guardian from whom the address is protected."),
    )  # fmt: skip

    def __init__(self, *args: Any, guardians: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["by_hand"]).choices = list(guardians)
        self.mark_optional = False
        if not self.fields["by_hand"].choices:  # type: ignore[attr-defined]
            del self.fields["by_hand"]


class ApartForm(ReasonForm):
    """The reason; where both are invited to the coming meeting, which guardian it is with: (person id, name)."""

    guardian = forms.TypedChoiceField(
        label=_("With whom is the coming meeting?"), coerce=int, widget=Radios(small=True),
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose one guardian.")),
    )  # fmt: skip

    def __init__(self, *args: Any, guardians: Iterable[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = list(guardians)
        if choices:
            cast(forms.ChoiceField, self.fields["guardian"]).choices = choices
        else:
            del self.fields["guardian"]
