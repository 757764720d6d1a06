"""What an administrator writes about a silence, and what is written about a task that was given up."""

from django import forms
from django.utils.translation import gettext_lazy as _

from yhteiso.forms import YhteisoForm


class CauseForm(YhteisoForm):
    cause = forms.CharField(
        label=_("What stopped the clock?"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Everybody who has signed in can read this. No names, nothing about families."),
        error_messages={"required": _("Write in a few words what stopped the clock.")},
    )  # fmt: skip


class NoteForm(YhteisoForm):
    note = forms.CharField(
        label=_("What was done?"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("No names, nothing about families."),
        error_messages={"required": _("Write in a few words what was done.")},
    )  # fmt: skip
