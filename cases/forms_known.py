"""What is asked of PostgreSQL while a call goes on: whose child is this, perhaps?"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cases.actions.known import Asked, asked
from cases.forms import read_born
from yhteiso.forms import YhteisoForm
from yhteiso.lib.ids import is_valid_hetu
from yhteiso.lib.text import TextField


class KnownForm(YhteisoForm):
    """The call's fields of the child, and an identity code that is compared and never kept. Reads what it can."""

    mark_optional = False

    child_name = TextField(max_length=60, required=False)
    child_family_name = TextField(max_length=60, required=False)
    child_born = forms.CharField(max_length=20, required=False)
    hetu = TextField(
        label=_("Identity code"), max_length=40, required=False, help_text=_("Only compared, never stored"),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "characters", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_child_born(self) -> date | int | None:
        return read_born(self.cleaned_data["child_born"], self.today)

    def clean_hetu(self) -> str:
        code: str = self.cleaned_data["hetu"]
        if code and not is_valid_hetu(code):
            raise ValidationError(
                _now("This is not an identity code. Check every character, for example 131052-308T"), code="hetu"
            )
        return code

    @property
    def asked(self) -> Asked:
        """What is looked for, as far as it could be read."""
        data = self.cleaned_data
        born = data.get("child_born")
        return asked(
            given=data.get("child_name", ""), family=data.get("child_family_name", ""),
            born_on=born if isinstance(born, date) else None, age=born if isinstance(born, int) else None,
            number=data.get("hetu", ""),
        )  # fmt: skip
