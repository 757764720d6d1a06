"""Who sees what, told a second time: from plain facts, without the ORM, without SQL, from the issue and the domain's table.

Nothing here is taken from the application. When it and the application disagree, one of them is wrong.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

SECTIONS = ("time", "network", "themes", "plan", "contact", "consents", "intake")
DUTIES = {"coordinator", "responsible", "professional"}


@dataclass
class Account:
    unit: int | None
    active: bool = True
    roles: list[tuple[str, int | None, date | None]] = field(default_factory=list)  # role, area, last day


@dataclass
class Seat:
    user: int
    case: int
    unit: int | None
    lead: bool = False
    index_only: bool = False
    until: datetime | None = None  # let in for a day: until then, into these sections
    sections: frozenset[str] = frozenset()
    ended: bool = False
    named: bool = False  # of a protected family: sees what is kept from the others
    invited: bool = False  # to the meeting whose themes are looked at


@dataclass
class Giver:
    case: int
    guardian: bool
    general: bool = False  # said by word that a network may be gathered
    present: bool = True
    excepted: bool = False
    took_back: bool = False  # a yes of theirs, ever


@dataclass
class Word:
    giver: int
    case: int
    to: tuple[str, int | None]  # ("unit", its key) or ("seat", its key)
    section: str
    yes: bool
    until: date
    confirmed: bool
    stands: bool = True


@dataclass
class File:
    area: int
    lead: int
    told: bool  # what the call told: the family wants it
    protected: bool = False
    child_decides: bool = False
    closed: bool = False


@dataclass
class Facts:
    users: dict[int, Account] = field(default_factory=dict)
    in_writing: dict[int | None, bool] = field(default_factory=dict)  # by unit; the family's own people have none
    cases: dict[int, File] = field(default_factory=dict)
    seats: dict[int, Seat] = field(default_factory=dict)
    givers: dict[int, Giver] = field(default_factory=dict)
    words: dict[int, Word] = field(default_factory=dict)
    recused: set[tuple[int, int]] = field(default_factory=set)


def said(facts: Facts, key: int, word: Word, *, no: bool) -> None:
    """A new word takes the place of the one before it on the same thing, and what follows from it.

    Whoever has taken back a yes and stands behind none any more no longer says yes to gathering a network either; and a
    guardian who says no is heard, whatever reason there was to go on without them.
    """
    giver = facts.givers[word.giver]
    for old in facts.words.values():
        if old.stands and (old.giver, old.to, old.section) == (word.giver, word.to, word.section):
            old.stands = False
            giver.took_back = giver.took_back or (old.yes and not word.yes)
    facts.words[key] = word
    if giver.took_back and not any(w.giver == word.giver and w.stands and w.yes for w in facts.words.values()):
        giver.general = False
    giver.excepted = giver.excepted and not no


def decides(facts: Facts, case: int, *, child: bool) -> None:
    """From now on the child decides, or the guardians do. Who begins to is asked anew: no yes of before comes to life."""
    file = facts.cases[case]
    if file.child_decides == child:
        return
    file.child_decides, file.told = child, file.told and child
    asked = {key for key, giver in facts.givers.items() if giver.case == case and giver.guardian != child}
    for key in asked:
        facts.givers[key].general = False
    for word in facts.words.values():
        word.stands = word.stands and not (word.giver in asked and word.yes)


def areas(facts: Facts, user: int, today: date) -> set[int]:
    """The areas that somebody coordinates or answers for today."""
    who = facts.users[user]
    held = [a for role, a, last in who.roles if role in ("coordinator", "responsible") and (last is None or last >= today)]
    return {a for a in held if a is not None} if who.active else set()


def usable(facts: Facts, user: int, case: int, now: datetime) -> dict[int, Seat]:
    """The seats by which somebody is in a situation now: bound to person and unit, a lead's to the role over the area."""
    who, today = facts.users[user], now.date()
    on_duty = any(role in DUTIES and (last is None or last >= today) for role, _, last in who.roles)
    if not who.active or not on_duty or (case, user) in facts.recused:
        return {}
    mine = {k: s for k, s in facts.seats.items() if (s.user, s.case) == (user, case) and not s.ended}
    leading = facts.cases[case].area in areas(facts, user, today)
    live = {k: s for k, s in mine.items() if s.until is None or s.until > now}
    return {k: s for k, s in live.items() if (leading if s.lead else s.unit == who.unit)}


def agreed(facts: Facts, seat_id: int, seat: Seat, section: str, today: date) -> bool:
    """Whether everybody who decides for the child lets this seat's unit, or person, into the section today."""
    case = facts.cases[seat.case]
    present = {k: g for k, g in facts.givers.items() if g.case == seat.case and g.present}
    if case.child_decides:
        deciders = [k for k, g in present.items() if not g.guardian]
    else:
        deciders = [k for k, g in present.items() if g.guardian and not g.excepted]
    if not any(g.guardian for g in facts.givers.values() if g.case == seat.case) and not case.child_decides:
        return section == "time" and case.told
    written = facts.in_writing[seat.unit]
    to = ("seat", seat_id) if written else ("unit", seat.unit)
    for giver in deciders:
        said = [w for w in facts.words.values() if w.giver == giver and w.stands]
        word = next((w for w in said if w.to == to and w.section == section), None)
        if word is None:  # a general yes to the network lets times be asked, until a word on times says otherwise
            if section != "time" or not facts.givers[giver].general:
                return False
        elif not word.yes or word.until < today or (written and section != "time" and not word.confirmed):
            return False
    return bool(deciders)


def orphaned(facts: Facts, case: int, user: int, today: date) -> bool:
    """Whether the lead is gone and this person takes care of it: answers for the area, or nobody does."""
    file = facts.cases[case]
    if file.area in areas(facts, file.lead, today):
        return False
    answering = {
        key for key, who in facts.users.items()
        if who.active and any(r == "responsible" and a == file.area and (e is None or e >= today) for r, a, e in who.roles)
    }  # fmt: skip
    return user in answering or not answering


def opens(facts: Facts, user: int, case: int, section: str, hat: str, now: datetime) -> bool:
    """Whether this person, in this hat, sees this part of the situation now; `case` is that it exists at all."""
    seats, file = usable(facts, user, case, now), facts.cases[case]
    if hat == "area":
        mine = file.area in areas(facts, user, now.date()) and (case, user) not in facts.recused
        return mine and (
            not file.protected
            or file.lead == user
            or any(s.named and not s.index_only and s.until is None for s in seats.values())
            or orphaned(facts, case, user, now.date())
        )
    if hat != "member" or section == "intake":
        return False
    return any(seat_opens(facts, key, seat, section, now.date()) for key, seat in seats.items())


def seat_opens(facts: Facts, key: int, seat: Seat, section: str, today: date) -> bool:
    """What one seat opens: a lead's everything, a guest's of one day what was asked for, a member's what the family says."""
    if section == "case" or seat.lead:
        return True
    if seat.until is not None:
        return section in seat.sections
    if section == "consents":
        return not seat.index_only
    if section in ("themes", "plan", "contact") and seat.index_only:
        return False
    if section == "contact" and facts.cases[seat.case].protected and not seat.named:
        return False
    return agreed(facts, key, seat, "time" if section == "network" else section, today)
