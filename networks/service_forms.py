"""Forms of the service directory: an entry's details (a row of a file as well), the limits of the list, and a file."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from networks.models import Agency, Area, Capacity, Level, Need, Provider, Sector, Service, Unit
from networks.models.service import OLDEST
from yhteiso.forms import Radios, YhteisoForm
from yhteiso.lib.names import sort_key

KNOWN = [("yes", _("Yes")), ("no", _("No")), ("", _("Not known"))]
AS_BOOLEAN = {"yes": True, "no": False}
AGES = [("0-2", "0–2"), ("3-6", "3–6"), ("7-12", "7–12"), ("13-17", "13–17"), ("18-29", "18–29")]
BIGGEST_FILE = 512 * 1024


@dataclass(frozen=True)
class Places:
    """What an entry may point at, looked up once: however many rows a file has, the number of questions stays."""

    agencies: dict[int, Agency]
    units: dict[int, Unit]
    areas: dict[int, Area]


def places(area: Area) -> Places:
    """Every provider, its units, and the areas of this area's county."""
    return Places(
        {row.pk: row for row in sorted(Agency.objects.all(), key=lambda row: sort_key(row.name))},
        {row.pk: row for row in sorted(Unit.objects.select_related("agency"), key=lambda row: sort_key(row.name))},
        {row.pk: row for row in Area.objects.filter(county_id=area.county_id).order_by("name")},
    )


def _one_of(rows: dict[int, Any], value: str) -> Any:
    return rows.get(int(value)) if value.isdecimal() else None


class ServiceForm(YhteisoForm):
    """The details of one entry. The areas that keep it and its confirmation are no part of it."""

    name = forms.CharField(
        label=_("Name in Finnish"), max_length=120, error_messages={"required": _("The name of the service is missing.")}
    )
    name_sv = forms.CharField(label=_("Name in Swedish"), max_length=120, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    agency = forms.TypedChoiceField(label=_("Provider"))
    unit = forms.TypedChoiceField(label=_("Unit"), required=False, empty_value=None)
    sector = forms.ChoiceField(label=_("Sector"), choices=Sector)
    level = forms.ChoiceField(label=_("Level"), choices=Level)
    age_from = forms.IntegerField(label=_("From age"), min_value=0, max_value=OLDEST)
    age_to = forms.IntegerField(label=_("To age"), min_value=0, max_value=OLDEST)
    areas = forms.TypedMultipleChoiceField(
        label=_("Areas"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Leave empty when the whole county is served."),
    )  # fmt: skip
    needs = forms.MultipleChoiceField(
        label=_("What it helps with"), choices=Need, required=False, widget=forms.CheckboxSelectMultiple
    )
    sentence = forms.CharField(
        label=_("For the family, in one sentence"), max_length=240, required=False,
        help_text=_("Plain words. The family reads this before it says yes or no."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    hours = forms.CharField(
        label=_("When"), max_length=120, required=False, help_text=_("For example: torstaisin klo 17.30")
    )
    phone = forms.RegexField(
        r"^\+?[\d ()–-]{4,30}$", label=_("Phone"), max_length=30, required=False,
        error_messages={"invalid": _("Write the number with digits and spaces, for example 08 000 1234.")},
    )  # fmt: skip
    email = forms.EmailField(label=_("E-mail"), required=False)
    url = forms.URLField(label=_("Web page"), max_length=300, required=False, assume_scheme="https")
    contact = forms.CharField(
        label=_("Whom to ask for"), max_length=120, required=False, help_text=_("A title is enough: people change.")
    )
    consultation = forms.TypedChoiceField(
        label=_("May a professional consult without a name?"), choices=KNOWN, required=False, empty_value=None,
        coerce=AS_BOOLEAN.get, widget=Radios(small=True),
    )  # fmt: skip
    consultation_when = forms.CharField(
        label=_("When to consult"), max_length=80, required=False, help_text=_("For example: ti ja to klo 12")
    )
    referral = forms.BooleanField(label=_("A referral is needed"), required=False)
    capacity = forms.ChoiceField(label=_("Room now"), choices=Capacity)
    capacity_note = forms.CharField(
        label=_("About the room"), max_length=80, required=False, help_text=_("For example: vapaata 16.6. alkaen")
    )

    def __init__(self, *args: Any, places: Places, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("agency", [("", "–"), *((str(pk), row.name) for pk, row in places.agencies.items())])
        units = [(str(pk), f"{row.name}, {row.agency.name}") for pk, row in places.units.items()]
        self._choose("unit", [("", _("No unit here")), *units])
        self._choose("areas", [(str(pk), row.name) for pk, row in places.areas.items()])
        for name, rows in (("agency", places.agencies), ("unit", places.units), ("areas", places.areas)):
            self.fields[name].coerce = partial(_one_of, rows)  # type: ignore[attr-defined]

    def _choose(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low, high = data.get("age_from"), data.get("age_to")
        if low is not None and high is not None and low > high:
            self.add_error("age_to", _("The lower age limit is greater than the upper one."))
        unit, agency = data.get("unit"), data.get("agency")
        if unit and agency and unit.agency_id != agency.pk:
            self.add_error("unit", _("This unit belongs to another provider."))
        ways = ("phone", "email", "url")
        if not any(data.get(name) for name in ways) and not any(name in self.errors for name in ways):
            self.add_error("phone", _("The phone number is missing. An e-mail address or a web page will do as well."))
        return data


def details_of(service: Service) -> dict[str, Any]:
    """The entry as the form shows it."""
    plain = (
        "name", "name_sv", "name_en", "sector", "level", "age_from", "age_to", "needs", "sentence", "hours", "phone",
        "email", "url", "contact", "consultation_when", "referral", "capacity", "capacity_note",
    )  # fmt: skip
    words = {True: "yes", False: "no", None: ""}
    return {name: getattr(service, name) for name in plain} | {
        "agency": str(service.agency_id),
        "unit": str(service.unit_id or ""),
        "areas": [str(area.pk) for area in service.areas.all()],
        "consultation": words[service.consultation],
    }


class FilterForm(YhteisoForm):
    """The limits of the list. They are no secret: nothing of a person is in them."""

    mark_optional = False

    q = forms.CharField(label=_("Search"), max_length=80, required=False, widget=forms.TextInput(attrs={"type": "search"}))
    need = forms.ChoiceField(label=_("What help is needed"), required=False)
    age = forms.ChoiceField(label=_("The child's age"), required=False)
    provider = forms.ChoiceField(label=_("Who provides it"), required=False)
    capacity = forms.ChoiceField(label=_("Room"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = [("", _("All"))]
        for name, choices in (("need", Need.choices), ("age", AGES), ("provider", Provider.choices)):
            self.fields[name].choices = [*every, *choices]  # type: ignore[attr-defined]
        self.fields["capacity"].choices = [*every, *Capacity.choices]  # type: ignore[attr-defined]


class FileForm(YhteisoForm):
    """A file to be tried. Its kind is not believed: what is in it is looked at."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, at most 512 kB and 500 rows. Nothing is saved before you have seen what it would do."),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )  # fmt: skip

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > BIGGEST_FILE:
            raise forms.ValidationError(_("The file is too big: at most 512 kB."))
        return file
