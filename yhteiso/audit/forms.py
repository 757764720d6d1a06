"""What the logs may be asked. A name is sent, never put in an address: there stand only references, numbers and days."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yhteiso.audit.words import DECISIONS, SEARCHES, VERBS
from yhteiso.forms import ChoiceRow, DayField, YhteisoForm, field_error
from yhteiso.lib.ids import is_ref

TWO_YEARS = 2
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9000, 1, 1)  # what a calendar and a time zone can both do


def two_years_before(day: date) -> date:
    """The same day two years earlier; the last of February for a leap day."""
    try:
        return day.replace(year=day.year - TWO_YEARS)
    except ValueError:
        return day.replace(year=day.year - TWO_YEARS, day=28)


class PeriodForm(YhteisoForm):
    """From a day to a day. Rows older than two years are shown for a reason only (703/2023 § 11), which is written down."""

    mark_optional = False
    since = DayField(label=_("From"), required=False, help_text="")
    until = DayField(label=_("To"), required=False, help_text="")
    why = forms.ChoiceField(label=_("Why do you search"), required=False, choices=[("", _("Choose")), *SEARCHES.items()])

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.oldest = two_years_before(today)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", field_error(gettext("The period ends before it begins.")))
        if since and since < self.oldest and not data.get("why") and "why" not in self.errors:
            self.add_error("why", field_error(gettext("Rows older than two years are shown for a reason only. Choose it.")))
        return data

    def period(self) -> tuple[date, date]:
        """The first day and the day after the last one, within what a calendar has. Without a first day: two years."""
        since = self.cleaned_data["since"] or self.oldest
        until = self.cleaned_data["until"] or LAST_DAY
        return max(since, FIRST_DAY), min(max(until, FIRST_DAY), LAST_DAY) + timedelta(days=1)


class CasePeriodForm(PeriodForm):
    """A period of one situation, or of all."""

    ref = forms.CharField(label=_("Situation's reference"), required=False, max_length=20)
    field_order: Sequence[str] = ("ref", "since", "until", "why")

    def clean_ref(self) -> str:
        ref = str(self.cleaned_data["ref"]).upper()
        if ref and not is_ref(ref):
            raise field_error(gettext("A reference looks like this: 7K2M-41SX-Q9"))
        return ref


class LogForm(CasePeriodForm):
    """What the use log is narrowed by. `who` is a name and comes in a form only; in an address stands `actor`."""

    who = forms.CharField(label=_("Who looked"), required=False, max_length=120)
    verb = forms.ChoiceField(label=_("What was done"), required=False, choices=[("", _("Everything")), *VERBS.items()])
    actor = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    field_order = ("ref", "who", "since", "until", "verb", "why", "actor")


class ReportForm(CasePeriodForm):
    """One situation's report for its family."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ref"].required = self.fields["why"].required = True


class DecisionForm(YhteisoForm):
    """What was made of one unusual opening. Nothing chosen: nothing decided yet."""

    mark_optional = False
    hidden_labels = ("decision",)
    decision = forms.ChoiceField(
        label=_("Decision"),
        required=False,
        choices=DECISIONS.items(),
        widget=ChoiceRow(
            looks={"fine": ("yes", "check"), "asked": ("part", "speech"), "inquiry": ("low", "flag")}, cls="y-choice--many"
        ),
    )
    note = forms.CharField(label=_("What was found out"), required=False, max_length=500)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("note") and not data.get("decision") and "decision" not in self.errors:
            self.add_error("decision", field_error(gettext("Choose a decision too.")))
        return data
