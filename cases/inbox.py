"""A person's inbox as lines of a page: messages and notices together, and what of each this reader may know now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.actions.message import StepState, may_take, steps_of
from cases.deadlines import KINDS, days_late
from cases.ladder_words import last_day
from cases.messages_told import OPEN, Place, Words, places, words_of
from cases.models import Case, Message, public_name
from networks.models import Area, Notice, Role, User
from networks.notices import address, sentence
from yhteiso.lib.dates import at_clock, helsinki_date, short_date


@dataclass(slots=True)
class Line:
    """One thing that was told. `place` is empty for whoever may not open it; `parts` then say whom to call."""

    pk: UUID
    at: datetime
    new: bool
    title: str
    icon: str = "mail"
    parts: list[str] = field(default_factory=list)
    hint: str = ""
    remarks: list[str] = field(default_factory=list)
    place: Place | None = None
    deed: str = ""
    takes: bool = False
    taken: str = ""
    done: bool = False


@dataclass
class Ground:
    """What is looked up once for all messages of a page."""

    user: User
    places: Mapping[UUID, Place]
    steps: Mapping[UUID, StepState]
    people: Mapping[int, User]
    areas: Mapping[int, Area]
    units: set[int]


def lines(user: User, rows: Sequence[Message], notices: Sequence[Notice], cases: Mapping[int, Case]) -> list[Line]:
    """Both kinds as lines, newest first. `cases`: those of the messages that this person may see, named already."""
    ground = _look(user, rows, cases)
    told = [_line(row, ground) for row in rows] + [_notice(row) for row in notices]
    return sorted(told, key=lambda line: (line.at, line.pk), reverse=True)


def _look(user: User, rows: Sequence[Message], cases: Mapping[int, Case]) -> Ground:
    steps = steps_of(rows)
    ids = {pk for row in rows for pk in (row.coordinator_id, row.instead_of_id)} | {s.taken_by for s in steps.values()}
    return Ground(
        user=user,
        places=places(user, [(row, words_of(row)) for row in rows], cases),
        steps=steps,
        people=User.people.in_bulk([pk for pk in ids if pk]),
        areas=Area.objects.in_bulk([row.area_id for row in rows if row.area_id]),
        units={role.unit_id for role in user.current_roles if role.role == Role.UNIT_HEAD and role.unit_id},
    )


def _line(row: Message, ground: Ground) -> Line:
    words, place = words_of(row), ground.places.get(row.pk)
    late = days_late(row.late_at, row.at) if row.late_at else 0
    step = ground.steps.get(row.pk, StepState())
    line = Line(row.pk, row.at, row.seen_at is None, _title(row, words, place, late), words.icon, place=place)
    line.parts = [place.label if place else "", at_clock(row.at), _lateness(row, late)]
    line.parts = [part for part in line.parts if part] + ([] if place else _whom_to_call(row, ground))
    line.remarks = _remarks(row, ground)
    line.done = step.done
    line.taken = "" if step.done else _taken(step, ground)
    line.takes = may_take(row) and not step.done and step.taken_at is None
    if place:
        over = step.done or place.done
        line.hint = "" if over else words.advice(own=ground.user.hat == "member")
        line.deed = str(OPEN if place.done else words.deed)
    elif ground.user.hat == "unit" and row.unit_id in ground.units:
        _owed(row, words, line)
    return line


def _title(row: Message, words: Words, place: Place | None, late: int) -> str:
    if place is None and row.step is not None and row.what in KINDS:
        return str(KINDS[row.what].label)
    return str(words.late if late and words.late else words.title)


def _lateness(row: Message, late: int) -> str:
    """As it was when it was told: how late, or by which day."""
    if row.late_at is None:
        return ""
    if late:
        return ngettext("%(n)d day late", "%(n)d days late", late) % {"n": late}
    return _("by %(day)s") % {"day": short_date(last_day(row.late_at, helsinki_date(row.at)))}


def _whom_to_call(row: Message, ground: Ground) -> list[str]:
    lead, area = ground.people.get(row.coordinator_id or 0), ground.areas.get(row.area_id or 0)
    if area is None:
        return []
    if lead is None:
        return [_("Coordinating number %(phone)s") % {"phone": area.phone}]
    return [_("Coordinator %(name)s, %(phone)s") % {"name": public_name(lead), "phone": area.phone}]


def _owed(row: Message, words: Words, line: Line) -> None:
    """What the unit of this head owes, without its text; and the page of the unit where there is one."""
    deed = KINDS[row.what].deed if row.what in KINDS else ""
    if deed:
        line.hint = _("Your unit owes: %(deed)s.") % {"deed": deed}
    if words.head_page:
        line.place, line.deed = Place(reverse(words.head_page)), _("Promises of the unit")


def _remarks(row: Message, ground: Ground) -> list[str]:
    remarks = []
    if row.nobody:
        remarks.append(_("There was nobody whose turn it is. That is why it was told to you."))
    if absent := ground.people.get(row.instead_of_id or 0):
        remarks.append(_("Told to you because %(name)s is away.") % {"name": public_name(absent)})
    return remarks


def _taken(step: StepState, ground: Ground) -> str:
    if step.taken_at is None:
        return ""
    at = {"day": short_date(helsinki_date(step.taken_at)), "clock": at_clock(step.taken_at)}
    if step.taken_by == ground.user.pk:
        return _("You took care of this %(day)s %(clock)s.") % at
    taker = ground.people.get(step.taken_by or 0)
    return _("%(name)s took care of this %(day)s %(clock)s.") % (at | {"name": public_name(taker) if taker else ""})


def _notice(row: Notice) -> Line:
    url = address(row)
    return Line(
        row.pk, row.at, row.seen_at is None, sentence(row), "bell", [at_clock(row.at)],
        place=Place(url) if url else None, deed=_("Open it"),
    )  # fmt: skip
