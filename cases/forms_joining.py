"""Which other situation is about the same child, and which of the two goes on?"""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from yhteiso.forms import Radios, YhteisoForm
from yhteiso.lib.ids import is_ref
from yhteiso.lib.text import TextField

ANOTHER = "another"


class JoinForm(YhteisoForm):
    """A situation that was found, or the number that another area's coordinator has told."""

    mark_optional = False

    other = forms.ChoiceField(
        label=_("Which other situation is about the same child?"), widget=Radios(),
        error_messages={"required": _("Choose the other situation")},
    )  # fmt: skip
    number = TextField(
        label=_("The number of the other situation"), max_length=20, required=False,
        help_text=_("The other area's coordinator tells it, for example 7K2M-41SX-Q9."),
    )  # fmt: skip
    which = forms.ChoiceField(
        label=_("Which one goes on?"), initial="here", widget=Radios(),
        choices=[("here", _("This one: the other one closes")), ("there", _("The other one: this one closes"))],
        error_messages={"required": _("Choose which one goes on")},
    )  # fmt: skip

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["other"])
        field.choices = [*choices, (ANOTHER, _now("One in another area, or one that was not found"))]
        if not choices:
            self.initial["other"] = ANOTHER

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("other") != ANOTHER:
            return data | {"ref": data.get("other", "")}
        number = "".join(data.get("number", "").upper().split())
        if not is_ref(number):
            self.add_error("number", ValidationError(_now("Write the number like this: 7K2M-41SX-Q9"), code="number"))
        return data | {"ref": number}
