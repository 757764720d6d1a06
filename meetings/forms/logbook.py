"""The logbook as one form of many parts: themes, the child's own voice, rows of the plan.

Each part remembers what its writer saw (`Base`: version and digest), so that a whole page may be sent although somebody
else writes at the same time: what the writer did not touch is passed over, what both touched is told.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from meetings.forms.meeting import FIRST_DAY, LAST_DAY
from meetings.models import ChildHeard, Commitment, CommitmentKind, Logbook, LogbookEntry, Mark, Theme
from yhteiso.forms import ChoiceRow, DayField, YhteisoForm
from yhteiso.lib.text import TextField

MARK_LOOKS: dict[str, tuple[str, str]] = {
    Mark.STRENGTH: ("yes", "leaf"),
    Mark.VULNERABILITY: ("low", "drop"),
    Mark.BOTH: ("part", "half"),
    Mark.NOT_DISCUSSED: ("no", ""),
}
HEARD_LOOKS: dict[str, tuple[str, str]] = {
    ChildHeard.PRESENT: ("yes", "check"),
    ChildHeard.BEFORE: ("yes", "check"),
    ChildHeard.NOT_ASKED: ("no", ""),
}
MINE, THEIRS = "mine", "theirs"
MOST_ROWS = 40
NOTE, WHAT = 500, 300  # as validators: a count under each of twenty fields would only disturb


# -- what a writer saw


@dataclass(frozen=True, slots=True)
class Base:
    """The version of a part when the page was made, and a digest of its content then."""

    version: int = 0
    digest: str = ""


def digest(values: dict[str, Any]) -> str:
    """A short mark of a part's content: two are alike only when the content is."""
    text = "\x1f".join(f"{name}={value}" for name, value in sorted(values.items()))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


_PART = re.compile(r"([tfr][0-9a-f]*):([0-9]{1,9}):([0-9a-f]*)")


def read_token(text: str) -> dict[str, Base]:
    """The hidden field `version`: what the page had of each part. Anything else in it is passed over."""
    return {name: Base(int(version), mark) for name, version, mark in _PART.findall(text[:20_000])}


# -- the forms of the parts


class PartForm(YhteisoForm):
    """A part that two may have written: `asked` says that both texts were shown, `keep` which of them stays."""

    asked = forms.CharField(required=False)
    keep = forms.ChoiceField(choices=[(MINE, ""), (THEIRS, "")], required=False)

    @property
    def undecided(self) -> bool:
        """Both texts were shown, and neither has been chosen."""
        return bool(self.cleaned_data["asked"] and not self.cleaned_data["keep"])

    @property
    def given_up(self) -> bool:
        return bool(self.cleaned_data["keep"] == THEIRS)


class ThemeForm(PartForm):
    """One theme: the mark, the words, who said them, and whether it goes to the plan."""

    hidden_labels = ("mark", "note", "said_by")
    mark = forms.ChoiceField(choices=Mark, required=False, widget=ChoiceRow(looks=MARK_LOOKS))
    note = TextField(validators=[MaxLengthValidator(NOTE)], required=False, widget=forms.Textarea(attrs={"rows": 2}))
    said_by = forms.ChoiceField(required=False)
    carry_to_plan = forms.BooleanField(label=_("Take to the plan"), required=False)

    def __init__(self, *args: Any, theme: Theme, speakers: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"t{theme.pk}", **kwargs)
        self.mark_optional = False
        self.fields["mark"].label = theme.title
        self.fields["note"].label = _("In own words: %(theme)s") % {"theme": theme.title}
        self.fields["said_by"].label = _("Who said it: %(theme)s") % {"theme": theme.title}
        names = dict.fromkeys([*speakers, *([self.initial["said_by"]] if self.initial.get("said_by") else [])])
        self.fields["said_by"].choices = [("", _("Who said it?")), *((name, name) for name in names)]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("mark", "note", "said_by", "carry_to_plan")}


class FrameForm(PartForm):
    """How the child was heard, and when the network meets next."""

    hidden_labels = ("child_heard",)
    child_heard = forms.ChoiceField(
        label=_("How was the child heard?"), choices=ChildHeard, required=False, widget=ChoiceRow(looks=HEARD_LOOKS)
    )
    child_words = TextField(
        label=_("The child's own words, or why the child was not asked"), max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    next_on = DayField(label=_("When do we meet next?"), required=False)
    ends_here = forms.BooleanField(label=_("The meetings end here"), required=False)

    def __init__(self, *args: Any, after: date, **kwargs: Any) -> None:
        super().__init__(*args, prefix="frame", **kwargs)
        self.mark_optional, self.after = False, after
        self.fields["next_on"].widget.attrs["class"] = "govuk-input--width-10"

    def clean_next_on(self) -> date | None:
        return _ahead(self.cleaned_data["next_on"], self.after)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("next_on") and values.get("ends_here"):
            self.add_error("ends_here", _("Choose one: a next date, or that the meetings end here."))
        return values

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("child_heard", "child_words", "next_on", "ends_here")}


class RowForm(PartForm):
    """One row of the plan: what, who, by when, and of which kind."""

    what = TextField(
        label=_("What is done"), validators=[MaxLengthValidator(WHAT)], required=False,
        widget=forms.Textarea(attrs={"rows": 1, "class": "y-planrow__what"}),
    )  # fmt: skip
    membership = forms.TypedChoiceField(label=_("Who"), coerce=int, empty_value=None, required=False)
    due_on = DayField(label=_("By when"), required=False, help_text="")
    kind = forms.ChoiceField(label=_("Kind"), choices=CommitmentKind, required=False)

    def __init__(self, *args: Any, key: uuid.UUID, doers: Iterable[tuple[int, str]], after: date, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"r{key.hex}", **kwargs)
        self.mark_optional, self.after = False, after
        self.fields["membership"].choices = [("", _("Choose")), *doers]  # type: ignore[attr-defined]

    def clean_due_on(self) -> date | None:
        return _ahead(self.cleaned_data["due_on"], self.after)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or CommitmentKind.PROMISE

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not values.get("what") and (values.get("membership") or values.get("due_on")) and "what" not in self.errors:
            self.add_error("what", _("Write what is done, or remove the row."))
        if values.get("what"):
            missing = {"membership": _("Choose who does it."), "due_on": _("Write by when, for example 25.6.2026.")}
            for name, text in missing.items():
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, text)
        return values

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("what", "membership", "due_on", "kind")}


def _ahead(day: date | None, after: date) -> date | None:
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError(_("Check the year."), code="year")
    if day is not None and day < after:
        raise forms.ValidationError(_("Choose a day after the meeting."), code="past")
    return day


# -- the parts together


@dataclass
class Part:
    """One part: its form, what its writer saw, and the text of somebody else that came in between."""

    name: str
    form: Any
    base: Base
    posted: bool
    item: Any = None  # the theme, or the row's key
    row: Any = None  # the entry or the commitment as stored
    previous: str = ""
    conflict: Any = None
    stored: str = ""  # digest of what the database has

    @property
    def touched(self) -> bool:
        """Whether the writer sent something else than what the page had."""
        return bool(self.posted and digest(self.form.values()) != self.base.digest)

    @property
    def own_mark(self) -> str:
        """The mark that the writer of a theme has chosen, in words."""
        chosen = self.form["mark"].value()
        return str(Mark(chosen).label) if chosen in Mark.values else ""

    @property
    def own_text(self) -> str:
        """The mark and the words that the writer of a theme has sent."""
        return ". ".join(text for text in (self.own_mark, str(self.form["note"].value() or "")) if text)


EMPTY_THEME = {"mark": "", "note": "", "said_by": "", "carry_to_plan": False}


def of_entry(entry: LogbookEntry | None) -> dict[str, Any]:
    return EMPTY_THEME if entry is None else {name: getattr(entry, name) for name in EMPTY_THEME}


def of_frame(logbook: Logbook) -> dict[str, Any]:
    return {name: getattr(logbook, name) for name in ("child_heard", "child_words", "next_on", "ends_here")}


def of_row(row: Commitment) -> dict[str, Any]:
    return {"what": row.what, "membership": row.membership_id, "due_on": row.due_on, "kind": row.kind}


@dataclass
class Choices:
    """Who may be chosen on the page, and after which day the plan's days lie."""

    speakers: list[str]
    doers: list[tuple[int, str]]
    after: date


class Book:
    """All parts of one logbook, bound to what was sent (`data`) or showing what is stored."""

    def __init__(
        self, logbook: Logbook, themes: Iterable[Theme], rows: Iterable[Commitment], choices: Choices, data: Any = None
    ) -> None:
        self.choices, self.data = choices, data
        self.seen = read_token(data.get("version", "")) if data is not None else {}
        entries = {entry.theme_id: entry for entry in logbook.entries.all()}
        self.themes = [self._theme(theme, entries.get(theme.pk)) for theme in themes]
        self.frame = self._frame(logbook)
        self.rows = self._rows({row.form_key: row for row in rows})

    @property
    def parts(self) -> list[Part]:
        return [*self.themes, self.frame, *self.rows]

    @property
    def broken(self) -> list[Any]:
        """The forms that could not be saved, for the summary of errors."""
        return [part.form for part in self.parts if part.posted and part.form.errors]

    @property
    def conflicts(self) -> list[Part]:
        return [part for part in self.parts if part.conflict is not None]

    @property
    def unchanged(self) -> bool:
        """Whether everything that was sent is already stored as it is."""
        sent = [part for part in self.parts if part.posted]
        return all(part.form.is_valid() and digest(part.form.values()) == part.stored for part in sent)

    @property
    def token(self) -> str:
        return " ".join(f"{part.name}:{part.base.version}:{part.base.digest}" for part in self.parts)

    def _part(self, name: str, field: str, make: Any, stored: dict[str, Any], version: int, **more: Any) -> Part:
        posted = self.data is not None and field in self.data
        base = self.seen.get(name, Base()) if posted else Base(version, digest(stored))
        form = make(self.data if posted else None, initial=stored)
        return Part(name, form, base, posted, stored=digest(stored), **more)

    def _theme(self, theme: Theme, entry: LogbookEntry | None) -> Part:
        def make(*args: Any, **kwargs: Any) -> ThemeForm:
            return ThemeForm(*args, theme=theme, speakers=self.choices.speakers, **kwargs)

        version = entry.version if entry else 0
        name = f"t{theme.pk}"
        return self._part(name, f"{name}-note", make, of_entry(entry), version, item=theme, row=entry)

    def _frame(self, logbook: Logbook) -> Part:
        def make(*args: Any, **kwargs: Any) -> FrameForm:
            return FrameForm(*args, after=self.choices.after, **kwargs)

        return self._part("f", "frame-child_words", make, of_frame(logbook), logbook.version)

    def _rows(self, stored: dict[uuid.UUID, Commitment]) -> list[Part]:
        """The rows as they stood on the page, those that somebody else has added, and an empty one."""
        sent = [key for text in (self.data.getlist("row")[:MOST_ROWS] if self.data else []) if (key := _key(text))]
        keys = list(dict.fromkeys([*sent, *(key for key in stored if self.data is None or f"r{key.hex}" not in self.seen)]))
        parts = [self._row(key, stored.get(key)) for key in keys]
        if not any(part.row is None and not part.posted for part in parts):
            parts.append(self._row(uuid.uuid4(), None))
        return parts

    def _row(self, key: uuid.UUID, row: Commitment | None) -> Part:
        def make(*args: Any, **kwargs: Any) -> RowForm:
            return RowForm(*args, key=key, doers=self.choices.doers, after=self.choices.after, **kwargs)

        values = of_row(row) if row else {"what": "", "membership": None, "due_on": None, "kind": CommitmentKind.PROMISE}
        return self._part(f"r{key.hex}", f"r{key.hex}-what", make, values, 0, item=key, row=row)


def _key(text: str) -> uuid.UUID | None:
    return uuid.UUID(text) if re.fullmatch(r"[0-9a-f]{32}", text) else None
