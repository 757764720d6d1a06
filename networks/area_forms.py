"""The form of an area's safety panel: words in three languages, two numbers, links that lead to instructions."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from networks.models import AreaTexts
from networks.models.area_texts import WRITTEN
from yhteiso.forms import YhteisoForm
from yhteiso.lib.text import TextField

LANGUAGES = [("fi", _("In Finnish")), ("sv", _("In Swedish")), ("en", _("In English"))]
NUMBER = re.compile(r"\+?[0-9][0-9 ]{1,24}")


class NumberField(TextField):
    """A phone number as it is read aloud, digits and spaces; it becomes a link that a phone calls."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not NUMBER.fullmatch(value):
            raise ValidationError(_("Write a phone number with digits and spaces, for example 08 000 0112"), code="number")


class LinkField(TextField):
    """An address of the open web. Only https: whoever reads the panel may be in a hurry and on any network."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value:
            URLValidator(
                schemes=["https"], message=_("Write the whole address, for example https://www.esimerkki.fi/ilmoitus")
            )(value)


class AreaTextsForm(YhteisoForm):
    """Empty is said in the application's own words. `newest` is the version that was on the page."""

    heading_fi = TextField(label=_("Heading"), max_length=80, required=False)
    heading_sv = TextField(label=_("Heading"), max_length=80, required=False)
    heading_en = TextField(label=_("Heading"), max_length=80, required=False)
    text_fi = TextField(label=_("First sentence"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    text_sv = TextField(label=_("First sentence"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    text_en = TextField(label=_("First sentence"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    link_fi = LinkField(label=_("Instructions of a child welfare notification"), max_length=300, required=False)
    link_sv = LinkField(label=_("Instructions of a child welfare notification"), max_length=300, required=False)
    link_en = LinkField(label=_("Instructions of a child welfare notification"), max_length=300, required=False)
    emergency_phone = NumberField(label=_("Emergency social services"), max_length=30, required=False)
    notice_phone = NumberField(label=_("Child welfare notifications"), max_length=30, required=False)
    newest = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, error_messages={"invalid": _("Reload the page and try again.")}
    )

    def __init__(self, *args: Any, texts: AreaTexts | None, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {name: getattr(texts, name, "") for name in WRITTEN} | {"newest": texts.pk if texts else 0},
        )
        super().__init__(*args, **kwargs)

    @property
    def languages(self) -> list[dict[str, Any]]:
        """The fields of each language together, for the page."""
        return [
            {"code": code, "label": label, "fields": [self[f"{name}_{code}"] for name in ("heading", "text", "link")]}
            for code, label in LANGUAGES
        ]

    @property
    def written(self) -> dict[str, str]:
        """What was written, under the names that the action knows."""
        return {name: self.cleaned_data.get(name, "") for name in WRITTEN}
