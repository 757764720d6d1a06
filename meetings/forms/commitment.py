"""How a promise went, as its owner tells it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yhteiso.forms import KEPT, ChoiceRow, YhteisoForm
from yhteiso.lib.text import TextField

# The coordinator tells of another's promise: the same values, not in the first person.
OF_ANOTHER = [("kept", _("It was kept")), ("partly", _("Partly")), ("not_kept", _("It was not kept"))]


class OutcomeForm(YhteisoForm):
    """Kept, partly or not kept, and a sentence about it for whoever wants to write one."""

    hidden_labels = ("status",)
    status = forms.ChoiceField(
        label=_("How did it go?"),
        choices=[(value, word) for value, word, _tone, _icon in KEPT],
        widget=ChoiceRow(looks={value: (tone, icon) for value, _word, tone, icon in KEPT}),
        error_messages={"required": _("Choose how it went."), "invalid_choice": _("Choose how it went.")},
    )
    remark = TextField(
        label=_("What would you like to tell?"), max_length=300, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, own: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not own:
            self.fields["status"].choices = OF_ANOTHER  # type: ignore[attr-defined]
