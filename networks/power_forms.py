"""Forms of powers and accounts. Each asks why; the reason is kept with the deed."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from networks.models import AREA_BOUND, Area, Role, Unit
from yhteiso.forms import YhteisoForm


def reason_field(label: Any, required: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Do not write anything about a family."), error_messages={"required": required},
    )  # fmt: skip


class ReasonForm(YhteisoForm):
    """Why something is proposed, ended or shut."""

    reason = reason_field(_("Why?"), _("Write why"))


class DeclineForm(YhteisoForm):
    """Why a proposal is declined; its proposer reads it."""

    reason = reason_field(_("Why do you decline?"), _("Write why you decline"))


class EmailForm(YhteisoForm):
    """Another sign-in address."""

    email = forms.EmailField(
        label=_("New e-mail address"), max_length=254,
        error_messages={"required": _("Write the new e-mail address"), "invalid": _("Write a whole e-mail address")},
    )  # fmt: skip
    reason = reason_field(_("Why?"), _("Write why"))


class RoleForm(YhteisoForm):
    """A role, with the area or the unit that it is about."""

    mark_optional = False

    role = forms.ChoiceField(
        label=_("Role"), choices=[("", _("Choose"))] + [(role.value, role.label) for role in Role if role != Role.FAMILY],
        error_messages={"required": _("Choose a role.")},
    )  # fmt: skip
    area = forms.ModelChoiceField(
        label=_("Area"), queryset=Area.objects.none(), required=False, empty_label=_("No area"),
        help_text=_("Needed for a coordinator, a responsible person and the leadership team."),
    )  # fmt: skip
    unit = forms.ModelChoiceField(
        label=_("Unit"), queryset=Unit.objects.none(), required=False, empty_label=_("No unit"),
        help_text=_("Needed for a unit head."),
    )  # fmt: skip
    reason = reason_field(_("Why is the role needed?"), _("Write why the role is needed"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Area]", self.fields["area"]).queryset = Area.objects.all()
        cast("forms.ModelChoiceField[Unit]", self.fields["unit"]).queryset = Unit.objects.all()

    def clean(self) -> dict[str, Any]:
        """A place that the role is not about is left out, so that the proposal says only what it gives."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        role = data.get("role")
        if role in AREA_BOUND and not data.get("area"):
            self.add_error("area", ValidationError(_("Choose the area that the role is about.")))
        if role == Role.UNIT_HEAD and not data.get("unit"):
            self.add_error("unit", ValidationError(_("Choose the unit that the role is about.")))
        if role not in AREA_BOUND:
            data["area"] = None
        if role != Role.UNIT_HEAD:
            data["unit"] = None
        return data
