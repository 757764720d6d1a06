"""How a promise went, as its owner tells it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from yhteiso.forms import KEPT, ChoiceRow, YhteisoForm
from yhteiso.lib.text import TextField


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
