"""What the log may be narrowed by. Neither a name nor a family stands in an address."""

from django import forms
from django.utils.translation import gettext_lazy as _

from yhteiso.audit.words import VERBS
from yhteiso.forms import DayField, YhteisoForm


class LogFilterForm(YhteisoForm):
    """One kind of deed, one day; both may be left open."""

    mark_optional = False
    verb = forms.ChoiceField(label=_("What was done"), required=False, choices=[("", _("Everything")), *VERBS.items()])
    day = DayField(label=_("Day"), required=False)
