"""The logbook on paper: what a copy says, as plain values, and its rendering as a tagged PDF (PDF/UA-1).

A copy is made for one recipient. Whoever fills in a `LogbookPaper` has already left out what the recipient may not
read; nothing here reads the database or the clock. Document properties carry no name (title: "Lokikirja" and the
reference).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from yhteiso.lib.dates import at_clock, helsinki_date, long_date
from yhteiso.lib.pdf import render_pdf

# The marking that the law on the openness of government activities (621/1999, JulkL) § 25 asks for; never translated.
SECRECY_MARK = "SALASSA PIDETTÄVÄ"
SECRECY_BASIS = "JulkL 24 § 1 mom. 25 k."


class Mark(StrEnum):
    """How a logbook entry is marked; the value is also its style class."""

    STRENGTH = "strength"
    VULNERABILITY = "vulnerability"
    BOTH = "both"
    UNMARKED = "unmarked"

    @property
    def text(self) -> str:
        """Sign and word, so that it reads the same without colour."""
        words = {
            "strength": _("+ Strength"),
            "vulnerability": _("- Vulnerability"),
            "both": _("± Both"),
            "unmarked": _("Not marked"),
        }
        return words[self.value]


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who took part: name, role ("äiti", "perheohjaus"), unit, and how ("etänä", "kirjasi")."""

    name: str
    role: str = ""
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gathering:
    """A meeting in words: when ("tiistaina 16.6.2026 klo 14.30-15.45") and where."""

    when: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One logbook entry: mark, environment ("Päiväkoti"), own words, who said it, theme ("arjen rytmi")."""

    mark: Mark
    environment: str
    words: str
    who: str
    theme: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody's own words, unchanged, and who said them, when and where ("Aatu, paikalla, piirtäessään")."""

    words: str
    who: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of the plan: what, by whom (and the unit), when ("viim. to 25.6."), what kind ("lupaus")."""

    what: str
    who: str
    when: str
    kind: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class LogbookPaper:
    """One recipient's copy of a logbook, everything that is printed.

    `made_at` is aware. `heading_names` are the children's first names. `for_register`: the recipient is an authority
    that files the copy. `protected`: somebody's address is protected, so places, units and areas are left out.
    `draft`: the logbook has not been approved yet, which every page says. `approval`: who approved it and when. `held`:
    the people named were present; else they were invited.
    `consent` empty says that none is recorded; `left_out` empty says that nothing is left out.
    """

    reference: str
    recipient_name: str
    made_at: datetime
    copy_number: int
    copies: int
    heading_names: tuple[str, ...]
    meeting: Gathering
    family: tuple[Participant, ...]
    network: tuple[Participant, ...]
    consent: str = ""
    entries: tuple[Entry, ...] = ()
    child_voices: tuple[Voice, ...] = ()
    plan: tuple[PlanRow, ...] = ()
    dissent: tuple[Voice, ...] = ()
    next_meeting: Gathering | None = None
    left_out: str = ""
    recipient_unit: str = ""
    for_register: bool = True
    protected: bool = False
    draft: bool = False
    approval: str = ""
    held: bool = False
    language: str = "fi"

    @property
    def title(self) -> str:
        """The document's title: no name of anybody."""
        return f"{_('Logbook')} {self.reference}"

    @property
    def product(self) -> str:
        """The head of every page: "Yhteiso · lokikirja", and that it is a draft."""
        return " · ".join(("Yhteiso", _("logbook"), *([_("DRAFT")] if self.draft else [])))

    @property
    def secrecy(self) -> str:
        """The marking of secrecy with its basis in law, on two lines."""
        return f"{SECRECY_MARK}\n{SECRECY_BASIS}"

    @property
    def names(self) -> str:
        """The children's first names: "Aatu ja Helmi"."""
        *first, last = self.heading_names or ("",)
        return _("%(names)s and %(last)s") % {"names": ", ".join(first), "last": last} if first else last

    @property
    def recipient(self) -> str:
        """Whose copy this is, with the unit unless addresses are protected."""
        return _joined((self.recipient_name, "" if self.protected else self.recipient_unit))

    @property
    def made(self) -> str:
        """When the copy was made: "16.6.2026 klo 15.58"."""
        return f"{long_date(helsinki_date(self.made_at))} {at_clock(self.made_at)}"

    @property
    def number(self) -> str:
        """Which of the copies this is: "3/6"."""
        return f"{self.copy_number}/{self.copies}"

    @property
    def copy_line(self) -> str:
        """The foot of every page: whose copy, which, when made, and what becomes of it."""
        line = _("This copy: %(recipient)s · copy %(number)s · reference %(reference)s · made %(made)s.") % {
            "recipient": self.recipient,
            "number": self.number,
            "reference": self.reference,
            "made": self.made,
        }
        filing = _("File it in your own register and confirm; the print is destroyed after that.")
        return f"{line} {filing}" if self.for_register else line

    @property
    def meeting_line(self) -> str:
        """When and where the network met."""
        return self._where(self.meeting)

    @property
    def next_line(self) -> str:
        """When and where it meets next, or that this is open."""
        return self._where(self.next_meeting) if self.next_meeting else _("The next meeting has not been agreed yet.")

    @property
    def family_line(self) -> str:
        """The family's people in one line; empty when nobody is named."""
        return self._people(self.family)

    @property
    def network_line(self) -> str:
        """The other participants in one line; empty when nobody is named."""
        return self._people(self.network)

    @property
    def plan_rows(self) -> list[tuple[PlanRow, str]]:
        """The lines of the plan, each with its "who", the unit left out when addresses are protected."""
        return [(row, _joined((row.who, "" if self.protected else row.unit))) for row in self.plan]

    def _where(self, gathering: Gathering) -> str:
        return _joined((gathering.when, "" if self.protected else gathering.place))

    def _people(self, people: Iterable[Participant]) -> str:
        return " · ".join(
            _joined((person.name, person.role, "" if self.protected else person.unit))
            + (f" ({person.note})" if person.note else "")
            for person in people
        )


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def render(paper: LogbookPaper) -> bytes:
    """The copy as a PDF/UA-1 file in the paper's language.

    Raises PdfUnavailable where PDF files can't be made, ValueError for a `made_at` without a time zone.
    """
    with override(paper.language):
        return render_pdf(render_to_string("meetings/logbook_pdf.html", {"paper": paper}))
