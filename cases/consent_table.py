"""A situation's consents as the pages show them: who has said what to whom, and what each one sees now.

What somebody sees is never worked out here: PostgreSQL tells it (`sec.seat_sections`), by the rule that its walls follow.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from cases.actions.consent import needs_paper
from cases.models import (
    ASKED,
    NO_SAY,
    CapacityFinding,
    Case,
    Consent,
    ConsentState,
    Membership,
    Person,
    PersonKind,
    Reply,
    Section,
)
from yhteiso.lib.dates import helsinki_date

EXPIRES_SOON = timedelta(days=30)
Tag = tuple[str, str, str]


class Mark(NamedTuple):
    """What one giver has said, or all of them: kind (yes, wait, no, locked, end), a word, and who."""

    kind: str
    word: str
    who: str = ""
    paper: bool = False  # a yes that only lacks its paper

    @property
    def silent(self) -> bool:
        """Whether a clear word is still missing."""
        return self.kind in ("wait", "locked") and not self.paper


@dataclass(eq=False)
class Recipient:
    """Whom a consent is given to: an authority's unit, or one person where consent is individual."""

    key: str
    name: str
    detail: str
    paper: bool
    seats: list[Membership] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)

    @property
    def gone(self) -> bool:
        return all(seat.ended_at for seat in self.seats)

    @property
    def index_only(self) -> bool:
        return all(seat.index_only for seat in self.seats)

    @property
    def asked(self) -> tuple[Section, ...]:
        """The sections that a consent can open here: of somebody who takes part without content, the time."""
        return (Section.TIME,) if self.index_only else ASKED


@dataclass(frozen=True)
class Given:
    """What one giver has said yes to for one recipient, for the list from which it is renewed or taken back."""

    giver: Person
    who: str
    recipient: Recipient
    rows: list[Consent]
    today: date

    @property
    def until(self) -> date:
        return min(row.valid_until for row in self.rows if row.valid_until)

    @property
    def soon(self) -> bool:
        return self.until <= self.today + EXPIRES_SOON

    @property
    def over(self) -> bool:
        return self.until < self.today

    @property
    def sections(self) -> str:
        return ", ".join(str(Section(row.section).label).lower() for row in self.rows)

    @property
    def how(self) -> str:
        return str(self.rows[-1].get_way_display())

    @property
    def asked_on(self) -> date:
        return helsinki_date(self.rows[-1].asked_at)

    @property
    def waits_for_paper(self) -> bool:
        return self.recipient.paper and any(row.confirmed_at is None and row.section != Section.TIME for row in self.rows)


class ConsentTable:
    """Every word of a situation's givers, read in a fixed number of queries."""

    def __init__(self, case: Case, today: date) -> None:
        self.case, self.today = case, today
        members = list(case.memberships.current().with_people())
        self.family = [row.person for row in members if row.person and row.person.kind not in NO_SAY]
        self.capacity = case.capacities.select_related("assessed_by").defer(
            "assessed_by__password", "assessed_by__last_login"
        ).first()  # fmt: skip
        self.exceptions = list(case.consent_exceptions.filter(ended_at=None).select_related("guardian"))
        self._rows = list(case.consents.order_by("asked_at", "pk"))
        self.recipients = self._recipients(members)

    # -- who decides

    @property
    def child_decides(self) -> bool:
        return self.capacity is not None and self.capacity.finding == CapacityFinding.CAPABLE

    @cached_property
    def guardians(self) -> list[Person]:
        return [person for person in self.family if person.kind == PersonKind.GUARDIAN]

    @cached_property
    def child(self) -> Person | None:
        return next((person for person in self.family if person.kind == PersonKind.CHILD), None)

    @cached_property
    def givers(self) -> list[Person]:
        """Those whose yes is needed now."""
        if self.child_decides:
            return [self.child] if self.child else []
        excepted = {row.guardian_id for row in self.exceptions}
        return [person for person in self.guardians if person.pk not in excepted]

    def called(self, person: Person) -> str:
        """How a giver is told apart in the table: 'Äiti', or the name where a relation would not tell."""
        relations = [guardian.relation for guardian in self.guardians]
        if person.kind == PersonKind.GUARDIAN and person.relation and relations.count(person.relation) == 1:
            return person.relation[:1].upper() + person.relation[1:]
        return person.name

    # -- to whom

    def _recipients(self, members: Iterable[Membership]) -> list[Recipient]:
        found: dict[str, Recipient] = {}
        left = self.case.memberships.exclude(ended_at=None).filter(pk__in=self._words_for_left()).with_people()
        for seat in [*members, *left]:
            if seat.role in ("coordinator", "exceptional") or (seat.person and seat.person.kind not in NO_SAY):
                continue
            key = f"m{seat.pk}" if needs_paper(seat) else f"u{seat.unit_id}"
            if key in found and seat.ended_at:
                continue
            row = found.setdefault(key, Recipient(key, _name_of(seat), "", needs_paper(seat)))
            row.seats.append(seat)
        opened = self._opened()
        for row in found.values():
            row.detail = _detail(row)
            row.opened = {section for seat in row.seats for section in opened[seat.pk]}
        return list(found.values())

    def _words_for_left(self) -> list[int]:
        """A seat that has ended stays in the table while something was said for it."""
        own = {row.membership_id for row in self._rows if row.membership_id}
        units = {row.unit_id for row in self._rows if row.unit_id}
        ended = self.case.memberships.exclude(ended_at=None).exclude(user=None).values_list("pk", "unit_id")
        return [pk for pk, unit in ended if pk in own or unit in units]

    def _opened(self) -> dict[int, set[str]]:
        opened: dict[int, set[str]] = defaultdict(set)
        with connection.cursor() as cursor:
            cursor.execute("SELECT membership_id, section FROM sec.seat_sections(%s)", [self.case.pk])
            for membership, section in cursor.fetchall():
                opened[membership].add(section)
        return opened

    # -- what was said

    @cached_property
    def _standing(self) -> dict[tuple[int, str, str], Consent]:
        return {(row.giver_id, _key(row), row.section): row for row in self._rows if row.ended_at is None}

    @cached_property
    def _taken_back(self) -> dict[tuple[int, str, str], Consent]:
        return {(row.giver_id, _key(row), row.section): row for row in self._rows if row.withdrawn}

    def said(self, giver: Person, recipient: Recipient, section: str) -> Mark:
        """One giver's word on one section, as a mark."""
        at = (giver.pk, recipient.key, section)
        row = self._standing.get(at)
        if row is None:
            oral = section == Section.TIME and giver.consent == ConsentState.ORAL
            return Mark("yes", _("yes, by word")) if oral else Mark("locked", _("not asked yet"))
        if row.answer == Reply.YES:
            return self._yes(row, recipient)
        if row.answer == Reply.THINKING:
            return Mark("wait", _("thinks about it"))
        taken = self._taken_back.get(at)
        if taken and taken.ended_at == row.asked_at:
            return Mark("end", _("took back %(day)s") % {"day": _short(helsinki_date(row.asked_at))})
        return Mark("no", _("no"))

    def _yes(self, row: Consent, recipient: Recipient) -> Mark:
        if row.valid_until and row.valid_until < self.today:
            return Mark("end", _("ended %(day)s") % {"day": _short(row.valid_until)})
        if recipient.paper and row.confirmed_at is None and row.section != Section.TIME:
            return Mark("wait", _("yes, paper missing"), paper=True)
        return Mark("yes", _("yes"))

    def cell(self, recipient: Recipient, section: str) -> list[Mark]:
        """The marks of one cell: one for all when they agree, else one a giver."""
        marks = [(giver, self.said(giver, recipient, section)) for giver in self.givers]
        if not marks or section not in recipient.asked:
            return [Mark("locked", _("not asked"))]
        asked = any(mark.kind != "locked" for _giver, mark in marks)
        if asked:
            marks = [(g, Mark("wait", m.word) if m.kind == "locked" else m) for g, m in marks]
        words = {mark for _giver, mark in marks}
        if len(words) == 1:
            return [_together(marks[0][1], len(marks))]
        return [Mark(mark.kind, mark.word, self.called(giver)) for giver, mark in marks]

    def rows(self, *, waiting: bool = False) -> Iterator[tuple[Recipient, list[list[Mark]], Tag]]:
        for recipient in self.recipients:
            if waiting and not self.waits(recipient):
                continue
            cells = [self.cell(recipient, section) for section in ASKED]
            yield recipient, cells, self.sees(recipient, cells)

    def waits(self, recipient: Recipient) -> bool:
        """Whether some word or paper for this recipient is still missing."""
        if recipient.gone:
            return False
        marks = [self.said(giver, recipient, section).kind for giver in self.givers for section in recipient.asked]
        return any(kind in ("wait", "locked") for kind in marks)

    def sees(self, recipient: Recipient, cells: Iterable[list[Mark]] = ()) -> Tag:
        """What this recipient sees now, as text, tone and icon."""
        opened = [section for section in ASKED if section in recipient.opened]
        if not opened:
            ended = any(mark.kind == "end" for cell in cells for mark in cell)
            return _("Nothing"), *(("purple", "undo") if ended or recipient.gone else ("grey", "lock"))
        if recipient.index_only:
            return _("Presence and own promise"), "grey", "eye"
        if opened == [Section.TIME]:
            return _("The invitation only"), "grey", "lock"
        if len(opened) == len(ASKED):
            return _("Everything agreed"), "green", "check"
        return ", ".join(SHORT[section]() for section in opened).capitalize(), "green", "eye"

    # -- what is missing

    def waits_for(self, giver: Person) -> bool:
        """Whether this giver has not said a clear word of everything that is asked."""
        live = [row for row in self.recipients if not row.gone]
        return any(self.said(giver, row, s).kind in ("wait", "locked") for row in live for s in row.asked)

    def is_silent(self, giver: Person) -> bool:
        """Whether something must still be asked of this giver; a paper on its way is no question."""
        live = [row for row in self.recipients if not row.gone]
        return any(self.said(giver, row, section).silent for row in live for section in row.asked)

    @property
    def next_giver(self) -> Person | None:
        """Whom to ask next; when all have been asked, whose paper is waited for."""
        asked = sorted(self.givers, key=lambda giver: not self.is_silent(giver))
        return next((giver for giver in asked if self.waits_for(giver)), None)

    @property
    def state(self) -> Tag:
        """The state of consent in one tag, as every page of the situation says it."""
        if not self.givers:
            return _("No guardian recorded"), "yellow", "people"
        silent = [giver for giver in self.givers if self.is_silent(giver)]
        if not silent and self.next_giver:
            return _("Waits for a paper"), "yellow", "pen"
        if not silent:
            return _("Everybody has answered"), "green", "check"
        if len(self.givers) > 1 and len(silent) == 1:
            return _("Waits for the other guardian"), "yellow", "clock"
        return (_("Waits for answers") if self._rows else _("Consent not asked")), "yellow", "clock"

    def given(self) -> list[Given]:
        """The standing yeses by giver and recipient, those that end first before the others."""
        found = []
        for giver in [*self.guardians, *([self.child] if self.child else [])]:
            for recipient in self.recipients:
                words = [self._standing.get((giver.pk, recipient.key, section)) for section in ASKED]
                yes = [row for row in words if row and row.answer == Reply.YES]
                if yes:
                    found.append(Given(giver, self.called(giver), recipient, yes, self.today))
        return sorted(found, key=lambda row: (row.until, row.recipient.name, row.who))


SHORT = {
    Section.TIME: lambda: _("invitation"),
    Section.PLAN: lambda: _("plan"),
    Section.THEMES: lambda: _("themes"),
    Section.CONTACT: lambda: _("contact details"),
}


def _key(row: Consent) -> str:
    return f"m{row.membership_id}" if row.membership_id else f"u{row.unit_id}"


def _name_of(seat: Membership) -> str:
    if seat.person:
        return seat.person.full_name
    return seat.unit.name if seat.unit else seat.user.name if seat.user else ""


def _detail(row: Recipient) -> str:
    """The people behind a unit, and what is particular of them."""
    first = row.seats[0]
    parts = [", ".join(seat.user.name for seat in row.seats if seat.user)] if first.user else [_("close person")]
    if any(seat.masked for seat in row.seats):
        parts.append(_("shown to others as “health services”"))
    if row.paper:
        parts.append(_("needs a paper"))
    if row.gone:
        parts.append(_("has left the network"))
    elif row.index_only:
        parts.append(_("takes part without content"))
    return " · ".join(parts)


def _together(mark: Mark, count: int) -> Mark:
    """One mark for all givers, when they have said the same."""
    if count == 1 or mark.kind == "locked":
        return mark
    both = {"yes": _("both yes"), "no": _("neither")}
    every = {"yes": _("all yes"), "no": _("nobody")}
    plain = mark.word in (_("yes"), _("no"))
    return Mark(mark.kind, (both if count == 2 else every)[mark.kind]) if plain else mark


def _short(day: date) -> str:
    return f"{day.day}.{day.month}."
