"""What somebody answers through a signed link, and how a coordinator sends one."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cases.actions.safe_contact import normal_address
from cases.forms_contact import WAYS, WRONG
from cases.models import ContactChannel, ContactLanguage, GuestSees, PersonKind
from meetings.models import Answer, CommitmentStatus
from yhteiso.forms import Radios, YhteisoForm
from yhteiso.lib.text import TextField

ANSWERS = (Answer.YES, Answer.IF_NEEDED, Answer.NO)
WENT = (CommitmentStatus.KEPT, CommitmentStatus.PARTLY, CommitmentStatus.NOT_KEPT)
PROMISE, MOST = "promise-", 20


class GuestAnswerForm(YhteisoForm):
    """The own answer to a time, and how own promises went; at least one of them. Fields of promises carry their marks."""

    answer = forms.ChoiceField(choices=[(a.value, a.label) for a in ANSWERS], required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["promises"] = {
            name.removeprefix(PROMISE): went
            for name, went in self.data.items()
            if name.startswith(PROMISE) and went in set(WENT)
        }
        if len(data["promises"]) > MOST:
            raise ValidationError(_("Choose an answer first."))
        if not data.get("answer") and not data["promises"] and not self.errors:
            raise ValidationError(_("Choose an answer first."))
        return data

    @property
    def deed(self) -> dict[str, Any]:
        """What the action takes."""
        return {"answer": self.cleaned_data["answer"], "promises": self.cleaned_data["promises"]}


NEW = ""
KINDS = [
    (PersonKind.CLOSE.value, _("Somebody of the family's own people")),
    (PersonKind.OUTSIDE.value, _("A professional whose organisation has no accounts")),
]


class InviteForm(YhteisoForm):
    """Whom to invite by a link, where it goes, and what they see. `people` are (membership id, name) of the network."""

    mark_optional = False

    member = forms.ChoiceField(label=_("Who?"), required=False)
    kind = forms.ChoiceField(
        label=_("Who is this?"), choices=KINDS, required=False, widget=Radios(small=True), initial=PersonKind.CLOSE.value
    )
    name = TextField(label=_("Name"), max_length=60, required=False)
    family_name = TextField(label=_("Family name"), max_length=60, required=False)
    relation = TextField(
        label=_("Relation or organisation"), max_length=60, required=False,
        help_text=_("For example a coach, at the father's wish, or a parish's youth work"),
    )  # fmt: skip
    address = TextField(
        label=_("Mobile number or e-mail"), max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("The link comes as a message, and works for 14 days or until the meeting begins."),
        error_messages={"required": _("Write the number or address")},
    )  # fmt: skip
    language = forms.ChoiceField(label=_("In which language?"), choices=ContactLanguage.choices, initial=ContactLanguage.FI)
    way = forms.ChoiceField(
        label=_("How did they say that a message is safe there?"), choices=[("", _("Choose")), *WAYS],
        error_messages={"required": _("Ask first whether a message is safe here, and mark it then")},
    )  # fmt: skip
    sees = forms.ChoiceField(
        label=_("What do they see?"), choices=GuestSees.choices, initial=GuestSees.TIME, widget=Radios(
            small=True, hints={GuestSees.PROMISE: _("No other part of the plan, no names, and not what was promised")}
        ),
        error_messages={"required": _("Choose what they see")},
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].choices = [(NEW, _("Somebody new")), *((str(pk), name) for pk, name in people)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("member") and not data.get("name") and "member" not in self.errors:
            self.add_error("name", _("Write the name"))
        if address := data.get("address"):
            data["channel"] = ContactChannel.EMAIL if "@" in address else ContactChannel.SMS
            data["address"] = normal_address(data["channel"], address)
            if not data["address"]:
                self.add_error("address", ValidationError(str(WRONG[data["channel"]]), code="address"))
        return data
