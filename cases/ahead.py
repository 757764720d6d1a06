"""What will be told soon of one's own things, seen beforehand: by whom it is read, nobody is surprised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from cases.actions.deadline import Ladders, ladders_of, roles_of
from cases.addressees import Addressees, addressees
from cases.deadlines import agreed_in_time, days_late
from cases.kinds import MEETING, REVIEW, SERVICE
from cases.ladder_words import last_day
from cases.messages_told import STEP, Place, places, words_for
from cases.models import Case, Deadline, DeadlineState, Message, public_name
from networks.models import User
from yhteiso.lib.dates import at_clock, helsinki_date, short_date, start_of_day, working_day_after

SHOWN = 3  # ladders on the page
RUNGS = 4  # of one ladder: the last one told, and the ones ahead

# To whom, as in "It is told to the coordinator".
TO: dict[str, str | Promise] = {
    "owner": lazy("to the one whose task it is"),
    "invited": lazy("to whoever was asked to come"),
    "owner_head": lazy("to the head of the unit"),
    "caller": lazy("to the one who called"),
    "coordinator": lazy("to the coordinator"),
    "coordinators": lazy("to the area's coordinators"),
    "unit_heads": lazy("to the heads of the units"),
    "responsible": lazy("to the one who answers for the area"),
    "named": lazy("to the person named in the area"),
    "officers": lazy("to the data protection officer"),
    "fallback": lazy("to whoever answers for the area"),
}
# A professional sees the roles, and the names of the own unit's head and of the coordinator only.
NAMED_TO_MEMBER = {"owner_head", "coordinator"}
ICONS = {"coordinator": "phone", "coordinators": "phone", "owner_head": "people", "unit_heads": "people"}

Key = tuple[str, int | None, str]


@dataclass(frozen=True)
class Ahead:
    """One thing of which the next step is told soon: what it is, whose deed ends it, and its ladder."""

    due_at: datetime
    title: str
    label: str
    lateness: str
    hint: str
    place: Place | None
    deed: str
    rungs: list[dict[str, Any]]


def coming(user: User, now: datetime) -> list[Deadline]:
    """The next open step of each own thing that is told by the end of the next working day, soonest first.

    One's own promises, contacts and calls; for a coordinator the own situations too. One question, two for a coordinator.
    """
    if user.hat not in ("area", "member"):
        return []
    limit = start_of_day(working_day_after(helsinki_date(now)) + timedelta(days=1))
    soon = Deadline.objects.open().filter(due_at__lt=limit)
    # A question about the directory is no family's: it comes as a message, and is not told of beforehand.
    rows = list(soon.filter(person_id=user.pk).exclude(kind__in=(REVIEW, SERVICE)))
    if user.hat == "area":  # two questions: an index serves each, and none both
        own = list(soon.filter(case__coordinator_id=user.pk))
        agreed = agreed_in_time(row.case_id for row in own if row.kind == MEETING and row.case_id)
        rows += [row for row in own if not (row.case_id in agreed and _early(row))]
    first: dict[Key, Deadline] = {}
    for row in sorted(rows, key=lambda row: (row.due_at, row.step)):
        first.setdefault(key_of(row), row)
    return list(first.values())


def _early(row: Deadline) -> bool:
    """Where a meeting is agreed on, nothing of it is told before it is late."""
    return row.kind == MEETING and row.due_at < row.late_at


def key_of(row: Deadline) -> Key:
    """Which deadline this is a step of."""
    return row.kind, row.case_id, row.about


def heading(rows: Sequence[Deadline], now: datetime) -> str:
    """ "Tomorrow this is told onwards", by the days of these steps."""
    today = helsinki_date(now)
    days = {helsinki_date(row.due_at) for row in rows}
    if days == {today + timedelta(days=1)}:
        return _("Tomorrow this is told onwards")
    if len(days) == 1 and (day := days.pop()) > today:
        return _("On %(day)s this is told onwards") % {"day": short_date(day)}
    return _("Soon this is told onwards")


def in_words(count: int) -> str:
    """One line for the first page."""
    return ngettext("%(n)d thing is told onwards soon, unless it is done.",
                    "%(n)d things are told onwards soon, unless they are done.", count) % {"n": count}  # fmt: skip


def ladders(user: User, rows: Sequence[Deadline], cases: Mapping[int, Case], now: datetime) -> list[Ahead]:
    """These with their ladders. `cases`: those that the reader may see, named already."""
    steps = _steps(rows)
    ladder = ladders_of({(row.kind, row.area_id) for row in rows}, helsinki_date(now))
    found = places(user, [(row, words_for(STEP, row.kind)) for row in rows], cases)
    drawn = {row.pk: _drawn(steps.get(key_of(row), [row])) for row in rows}
    ahead = [step for each in drawn.values() for step in each if step.state == DeadlineState.OPEN]
    who = addressees([(step, roles_of(step, ladder)) for step in ahead], now) if ahead else {}
    seen = _seen(user, [step for each in drawn.values() for step in each])
    names = User.people.in_bulk({one.user_id for told in who.values() for one in told.told})
    reader = _Reader(user, cases, ladder, who, names, seen)
    return [_ahead(row, drawn[row.pk], found.get(row.pk), reader, now) for row in rows]


@dataclass(frozen=True)
class _Reader:
    user: User
    cases: Mapping[int, Case]
    ladder: Ladders
    who: Mapping[Any, Addressees]
    names: Mapping[int, User]
    seen: Mapping[str, Message]


def _steps(rows: Sequence[Deadline]) -> dict[Key, list[Deadline]]:
    """All steps of these deadlines that this hat may read, lowest first."""
    wanted = Q(pk__in=[])
    for kind, case_id, about in {key_of(row) for row in rows}:
        wanted |= Q(kind=kind, case_id=case_id, about=about)
    shown = Deadline.objects.filter(wanted, state__in=(DeadlineState.OPEN, DeadlineState.TOLD)).order_by("step")
    found: dict[Key, list[Deadline]] = {}
    for row in shown:
        found.setdefault(key_of(row), []).append(row)
    return found


def _drawn(steps: Sequence[Deadline]) -> list[Deadline]:
    told = [row for row in steps if row.state == DeadlineState.TOLD][-1:]
    return (told + [row for row in steps if row.state == DeadlineState.OPEN])[:RUNGS]


def _seen(user: User, steps: Sequence[Deadline]) -> dict[str, Message]:
    """The reader's own messages of the steps that have been told: when each was seen."""
    keys = [f"step:{row.pk}:{user.pk}" for row in steps if row.state == DeadlineState.TOLD]
    return {row.key: row for row in Message.objects.of(user).filter(key__in=keys)} if keys else {}


def _ahead(row: Deadline, steps: Sequence[Deadline], place: Place | None, reader: _Reader, now: datetime) -> Ahead:
    words, late = words_for(STEP, row.kind), days_late(row.late_at, now)
    told = ngettext("%(n)d day late", "%(n)d days late", late) % {"n": late} if late else ""
    return Ahead(
        due_at=row.due_at, title=str(words.late if late and words.late else words.title),
        hint=words.advice(own=row.person_id == reader.user.pk),
        lateness=told or _("by %(day)s") % {"day": short_date(last_day(row.late_at, helsinki_date(now)))}, place=place,
        label=place.label if place else "", deed=str(words.deed), rungs=_rungs(steps, reader),
    )  # fmt: skip


def _rungs(steps: Sequence[Deadline], reader: _Reader) -> list[dict[str, Any]]:
    following = next((row for row in steps if row.state == DeadlineState.OPEN), None)
    return [_rung(row, reader, now=row is following) for row in steps]


def _rung(row: Deadline, reader: _Reader, *, now: bool) -> dict[str, Any]:
    roles = roles_of(row, reader.ladder)
    if row.state == DeadlineState.TOLD:
        return {"state": "done", "icon": "check", "title": _to(row, roles, reader), "text": _sent(row, reader)}
    moment = f"{short_date(helsinki_date(row.due_at))} {at_clock(row.due_at)}" if now else short_date(_day(row))
    names = _names(row, reader)
    text = f"{moment} · {names}" if names else moment
    icon = "bell" if now else next((ICONS[role] for role in roles if role in ICONS), "clock")
    return {"state": "now" if now else "", "icon": icon, "title": _to(row, roles, reader), "text": text}


def _day(row: Deadline) -> date:
    return helsinki_date(row.due_at)


def _sent(row: Deadline, reader: _Reader) -> str:
    """When it was told, and when the reader saw it."""
    at = row.ended_at or row.due_at
    text = _("sent %(day)s %(clock)s") % {"day": short_date(helsinki_date(at)), "clock": at_clock(at)}
    message = reader.seen.get(f"step:{row.pk}:{reader.user.pk}")
    if message is None:
        return text
    if message.seen_at is None:
        return f"{text}, {_('not seen yet')}"
    day = helsinki_date(message.seen_at)
    clock = at_clock(message.seen_at)
    return f"{text}, " + (
        _("seen %(clock)s") % {"clock": clock}
        if day == helsinki_date(at)
        else _("seen %(day)s %(clock)s") % {"day": short_date(day), "clock": clock}
    )


def _to(row: Deadline, roles: Sequence[str], reader: _Reader) -> str:
    """ "To you and to the head of the unit": the roles in words, the reader first."""
    mine = _mine(row, roles, reader)
    words = ([_("to you")] if mine else []) + [str(TO[role]) for role in roles if role not in mine]
    text = words[0] if len(words) == 1 else _("%(some)s and %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}
    return text[:1].upper() + text[1:]


def _mine(row: Deadline, roles: Sequence[str], reader: _Reader) -> set[str]:
    """In which of these roles the reader is told of it."""
    case = reader.cases.get(row.case_id or 0)
    mine = {"owner", "invited"} if row.person_id == reader.user.pk else set()
    if case and case.coordinator_id == reader.user.pk:
        mine.add("coordinator")
    return mine & set(roles)


def _names(row: Deadline, reader: _Reader) -> str:
    """Who the others are today, as far as this reader is told: substitutes stand here in the place of the absent."""
    told = reader.who[row.pk].told if row.pk in reader.who else ()
    if reader.user.hat == "member":
        told = tuple(one for one in told if one.role in NAMED_TO_MEMBER and (row.case_id or 0) in reader.cases)
    people = [reader.names[one.user_id] for one in told if one.user_id != reader.user.pk and one.user_id in reader.names]
    return ", ".join(public_name(person) for person in people)
