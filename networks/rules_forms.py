"""Forms of an area's rules and of its usual set."""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from networks.models import AgeBand, Level, Need, Season, Sector, Service, SuggestionRule, Unit
from networks.models.service import OLDEST
from yhteiso.forms import DayField, YhteisoForm
from yhteiso.lib.text import TextField

NUMBER = {"inputmode": "numeric"}
ANY = _("Any")


class RuleForm(YhteisoForm):
    """When all of this holds, suggest that."""

    age_from = forms.IntegerField(label=_("From age"), min_value=0, max_value=OLDEST, widget=forms.NumberInput(attrs=NUMBER))
    age_to = forms.IntegerField(label=_("To age"), min_value=0, max_value=OLDEST, widget=forms.NumberInput(attrs=NUMBER))
    needs = forms.MultipleChoiceField(
        label=_("Any of these needs"), choices=Need.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: whatever the needs are"),
    )  # fmt: skip
    one_adult = forms.BooleanField(label=_("There is one adult at home"), required=False)
    children_from = forms.IntegerField(
        label=_("At least so many children"), min_value=1, max_value=15, widget=forms.NumberInput(attrs=NUMBER)
    )
    caller_sector = forms.ChoiceField(label=_("Who made contact"), choices=[("", ANY), *Sector.choices], required=False)
    season = forms.ChoiceField(label=_("Time of year"), choices=[("", ANY), *Season.choices], required=False)
    service = forms.TypedChoiceField(label=_("Suggest this service"), coerce=int, empty_value=None, required=False)
    suggest_need = forms.ChoiceField(
        label=_("or services for this need"), choices=[("", "–"), *Need.choices], required=False
    )
    suggest_level = forms.ChoiceField(label=_("of this level"), choices=[("", "–"), *Level.choices], required=False)
    sentence = TextField(
        label=_("The reason, as it is printed"), max_length=200,
        help_text=_("One sentence that you could say to the family too. For example: alone with three children."),
        error_messages={"required": _("Write the reason in one sentence")},
    )  # fmt: skip
    decided_on = DayField(label=_("Decided on"), error_messages={"required": _("Write the day on which this was decided")})
    active = forms.BooleanField(label=_("In use"), required=False)

    def __init__(self, *args: Any, services: Iterable[Service], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.services = {row.pk: row for row in services}
        rows = [(pk, f"{row.name}, {row.agency.name}") for pk, row in self.services.items()]
        cast(forms.ChoiceField, self.fields["service"]).choices = [("", "–"), *rows]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("age_from") is not None and data.get("age_to") is not None and data["age_from"] > data["age_to"]:
            self.add_error("age_to", _now("The last age is below the first"))
        others = bool(data.get("suggest_need") or data.get("suggest_level"))
        if bool(data.get("service")) == others:
            self.add_error("service", _now("Choose one service, or a need or a level, not both"))
        data["service"] = self.services.get(data.get("service") or 0)
        return data

    @classmethod
    def initial_of(cls, rule: SuggestionRule | None, today: date) -> dict[str, Any]:
        if rule is None:
            return {"age_from": 0, "age_to": 17, "children_from": 1, "active": True, "decided_on": today}
        return {name: getattr(rule, name) for name in cls.base_fields} | {"service": rule.service_id}


class UsualForm(YhteisoForm):
    """Who usually comes to the network of a child of this age."""

    band = forms.ChoiceField(label=_("Age of the child"), choices=AgeBand.choices)
    label = TextField(
        label=_("Who, in plain words"), max_length=80, help_text=_("For example preschool or day care"),
        error_messages={"required": _("Write who this is")},
    )  # fmt: skip
    what = forms.ChoiceField(
        label=_("Service or unit"), error_messages={"required": _("Choose a service or a unit from the list")}
    )
    decided_on = DayField(label=_("Decided on"), error_messages={"required": _("Write the day on which this was decided")})

    def __init__(self, *args: Any, services: Iterable[Service], units: Iterable[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of_key: dict[str, Service | Unit] = {f"s{row.pk}": row for row in services}
        self.of_key |= {f"u{row.pk}": row for row in units}
        chosen = {key: row.name for key, row in self.of_key.items()}
        cast(forms.ChoiceField, self.fields["what"]).choices = [
            ("", _now("Choose")),
            (_now("Services"), [(key, name) for key, name in chosen.items() if key[0] == "s"]),
            (_now("Units"), [(key, name) for key, name in chosen.items() if key[0] == "u"]),
        ]
