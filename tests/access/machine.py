"""A machine that does everything that changes who sees what, through the real actions, and keeps its own plain facts."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cases.access import NotAllowed, sections
from cases.actions import consent, intake, network, standing
from cases.actions.case import close
from cases.models import Case, Consent, HandOver, Membership, Person
from networks.models import HAT_OF_ROLE, RoleMembership, User
from tests.access import rows
from tests.access.model import SECTIONS, Account, Facts, File, Giver, Seat, Word, areas, opens, seat_opens, usable
from tests.personas import World
from yhteiso.hats.wear import put_on, take_off, wearing
from yhteiso.lib.dates import HELSINKI

PEOPLE = (
    "coordinator", "second_coordinator", "responsible", "other_coordinator", "two_roles",
    "professional", "member", "colleague", "parish",
)  # fmt: skip
LEADS, MEMBERS = PEOPLE[:5], PEOPLE[4:]
UNITS = ("day_care", "guidance", "church", "other_unit")
ASKED = ("time", "plan", "themes", "contact")
leads, members, anybody = st.sampled_from(LEADS), st.sampled_from(MEMBERS), st.sampled_from(PEOPLE)
actors = st.integers(0, 9)  # mostly somebody who may, now and then anybody who leads somewhere
nth, asked = st.integers(0, 7), st.lists(st.sampled_from(ASKED), min_size=1, max_size=4, unique=True)
ROLES_OF_HAT = {"area": {"coordinator", "responsible"}, "member": {"professional"}}
BORN = date(2020, 3, 1)
DAY = timedelta(days=1)


class Machine(RuleBasedStateMachine):
    """Each example runs in a savepoint of the test's transaction, and is undone at its end."""

    world: World
    steps = 0
    done: dict[str, int] = {}

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint_create()
        self.facts, self.now = Facts(), timezone.now().astimezone(HELSINKI)
        self.today = self.now.date()
        self.offers: dict[int, tuple[int, int, int]] = {}
        for name in PEOPLE:
            user = getattr(self.world, name)
            roles = [(r.role, r.area_id, r.ends_on) for r in user.roles.all()]
            self.facts.users[user.pk] = Account(user.unit_id, True, roles)
        for name in UNITS:
            unit = getattr(self.world, name)
            self.facts.in_writing[unit.pk] = unit.agency.written_consent
        self.facts.in_writing[None] = True

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    # -- doing

    def user(self, name: str, hat: str | None = None) -> User:
        """This person as the database has them now; with a hat, in the role that wears it, where they hold one."""
        user = User.objects.select_related("unit__agency", "unit__area").get(pk=getattr(self.world, name).pk)
        user.chosen_role = next((r.pk for r in user.current_roles if r.role in ROLES_OF_HAT.get(hat or "", ())), None)
        return user

    def attempt(self, what: str, by: User, hat: str, case: int | None, deed: Callable[[], Any]) -> Any:
        """The deed's result, or None where it was refused. Whoever does not see the case must never succeed in it."""
        saw = case is None or opens(self.facts, by.pk, case, "case", hat, self.now)
        try:
            with wearing(hat, by.pk):
                result = deed()
            self.commit()
        except NotAllowed as refusal:
            event(f"{what}: refused")
            self.done[f"{what}: refused"] = self.done.get(f"{what}: refused", 0) + 1
            assert str(refusal)
            return None
        assert saw or what == "accept", f"{what} by somebody who does not see the situation"
        event(f"{what}: done")
        self.done[what] = self.done.get(what, 0) + 1
        return result if result is not None else True

    def commit(self) -> None:
        """What PostgreSQL looks at when a transaction ends, now."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def case(self, n: int) -> Case:
        return Case.objects.get(pk=list(self.facts.cases)[n % len(self.facts.cases)])

    def actor(self, case: Case, n: int) -> User:
        able = [p for p in LEADS if opens(self.facts, getattr(self.world, p).pk, case.pk, "case", "area", self.now)]
        return self.user(able[n % len(able)] if able and n < 8 else LEADS[n % len(LEADS)], "area")

    def seat(self, case: Case, n: int) -> Membership | None:
        rows = [k for k, s in self.facts.seats.items() if s.case == case.pk and not s.ended and not s.lead and not s.until]
        return Membership.objects.get(pk=rows[n % len(rows)]) if rows else None

    def giver(self, case: Case, n: int) -> Person | None:
        rows = [k for k, g in self.facts.givers.items() if g.case == case.pk]
        return Person.objects.get(pk=rows[n % len(rows)]) if rows else None

    # -- the rules: how a situation begins and ends

    @initialize(told=st.booleans(), protected=st.just(False), n=st.sampled_from(LEADS[:2]))
    def begin(self, told: bool, protected: bool, n: str) -> None:
        self.open(n, told, protected)
        self.add_guardian(0, "oral" if told else "", 0)

    @precondition(lambda self: len(self.facts.cases) < 3)
    @rule(n=leads, told=st.booleans(), protected=st.sampled_from([False, False, True]))
    def open(self, n: str, told: bool, protected: bool) -> None:
        by = self.user(n, "area")
        if not by.area_ids or not by.is_active or by.hat != "area":
            return
        with wearing("area", by.pk):
            area = next(r.area for r in by.current_roles if r.area_id)
            call = intake.begin_call(by=by, area=area, now=self.now + timedelta(minutes=len(self.facts.cases)))
            call = intake.save_call(
                call=call, version=call.version, now=self.now, child_name=f"Lapsi{len(self.facts.cases)}", child_born_on=BORN,
                consent="oral" if told else "waiting", protected=protected, route="network",
            )  # fmt: skip
            case = intake.finish_call(call=call, by=by, now=self.now).case
        self.commit()
        self.facts.cases[case.pk] = File(area.pk, by.pk, told, protected)
        self.facts.seats[case.lead_id] = Seat(by.pk, case.pk, by.unit_id, lead=True)
        self.facts.givers[rows.child_of(case).pk] = Giver(case.pk, guardian=False)
        rows.canaries(case, self.world, self.now)

    @rule(n=nth, by=actors)
    def close(self, n: int, by: int) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        if n % 4 == 0 and self.attempt(
            "close", who, "area", case.pk, lambda: close(case=case, by=who, reason="other_help", now=self.now)
        ):
            self.facts.cases[case.pk].closed = True
            for seat in self.facts.seats.values():
                seat.ended = seat.ended or seat.case == case.pk
            for giver in self.facts.givers.values():
                giver.present = giver.present and giver.case != case.pk

    @rule(n=nth)
    def protect(self, n: int) -> None:
        case = self.case(n)
        file = self.facts.cases[case.pk]
        file.protected = not file.protected
        Case.objects.filter(pk=case.pk).update(protected=file.protected)

    # -- the network

    @rule(n=nth, who=members, by=actors, index_only=st.sampled_from([False, False, True]), invited=st.booleans())
    def add_member(self, n: int, who: str, by: int, index_only: bool, invited: bool) -> None:
        case, user = self.case(n), self.user(who)
        by_user = self.actor(case, by)
        held = {
            k for k, s in self.facts.seats.items() if (s.case, s.user) == (case.pk, user.pk) and not s.ended and not s.until
        }
        seat = self.attempt(
            "add_member", by_user, "area", case.pk,
            lambda: network.add_member(case=case, user=user, must_attend=False, masked=index_only, by=by_user, now=self.now),
        )  # fmt: skip
        if seat is None or seat.pk in held:
            return
        for key in held:
            self.facts.seats[key].ended = True
        Membership.objects.filter(pk=seat.pk).update(index_only=index_only)
        self.facts.seats[seat.pk] = Seat(user.pk, case.pk, user.unit_id, index_only=index_only, invited=invited)
        if invited:
            rows.invite(case, seat)
            rows.promise(case, case.meetings.get(place="TWO"), seat, self.world, self.now, what="THREE")

    @rule(n=nth, s=nth, by=actors)
    def remove_member(self, n: int, s: int, by: int) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        if seat := self.seat(case, s):
            if self.attempt(
                "remove_member", who, "area", case.pk,
                lambda: network.end_membership(case=case, membership=seat, reason="x", by=who, now=self.now),
            ):  # fmt: skip
                self.facts.seats[seat.pk].ended = True

    @rule(n=nth, general=st.sampled_from(["", "oral", "waiting"]), by=actors)
    def add_guardian(self, n: int, general: str, by: int) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        count = sum(g.case == case.pk and g.guardian for g in self.facts.givers.values())
        if count < 2 and (
            seat := self.attempt(
                "add_guardian", who, "area", case.pk,
                lambda: network.add_person(
                    case=case, kind="guardian", name=f"Huoltaja{count}", consent=general, by=who, now=self.now
                ),
            )
        ):  # fmt: skip
            self.facts.givers[seat.person_id] = Giver(case.pk, guardian=True, general=general == "oral")

    @rule(n=nth, g=nth, by=actors)
    def remove_guardian(self, n: int, g: int, by: int) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        person = self.giver(case, g)
        if g % 4 or person is None or person.kind != "guardian" or not self.facts.givers[person.pk].present:
            return
        seat = case.memberships.get(person=person, ended_at=None)
        if self.attempt(
            "remove_guardian", who, "area", case.pk,
            lambda: network.end_membership(case=case, membership=seat, reason="x", by=who, now=self.now),
        ):  # fmt: skip
            self.facts.givers[person.pk].present = False

    # -- what the family says

    @rule(
        n=nth, g=nth, s=nth, parts=asked, answer=st.sampled_from(["yes", "yes", "yes", "no", "thinking"]),
        way=st.sampled_from(["phone", "paper"]), days=st.sampled_from([-1, 0, 1, 200]), by=actors, everybody=st.booleans(),
    )  # fmt: skip
    def say(
        self, n: int, g: int, s: int, parts: list[str], answer: str, way: str, days: int, by: int, everybody: bool
    ) -> None:
        """A yes whose day is past is recorded for today, and its day is moved: the database's clock can't be."""
        case = self.case(n)
        who = self.actor(case, by)
        givers = [self.giver(case, g)] if not everybody else [p for p in case.persons.all() if p.pk in self.facts.givers]
        seat = self.seat(case, s)
        for person in givers if seat else ():
            words = [consent.Word(seat, part, answer) for part in parts]
            written = self.attempt(
                "say", who, "area", case.pk,
                lambda p=person, w=words: consent.record_words(
                    case=case, giver=p, words=w, way=way, valid_until=self.today + max(days, 0) * DAY, by=who, now=self.now
                ),
            )  # fmt: skip
            if written is None or written is True:
                continue
            assert self.decides(person.pk), "a word of somebody who does not decide"
            if days < 0:
                Consent.objects.filter(pk__in=[w.pk for w in written], answer="yes").update(valid_until=self.today - DAY)
            for row in written:
                self.heard(row, answer == "yes", self.today + days * DAY, way == "paper")

    def decides(self, person: int) -> bool:
        giver = self.facts.givers[person]
        return giver.present and (giver.guardian or self.facts.cases[giver.case].child_decides)

    def heard(self, row: Consent, yes: bool, until: date, confirmed: bool) -> None:
        to = ("unit", row.unit_id) if row.unit_id else ("seat", row.membership_id)
        for word in self.facts.words.values():
            if (word.giver, word.to, word.section) == (row.giver_id, to, row.section):
                word.stands = False
        self.facts.words[row.pk] = Word(row.giver_id, row.case_id, to, row.section, yes, until, confirmed and yes)

    def to(self, seat: Membership) -> tuple[str, int | None]:
        return ("seat", seat.pk) if self.facts.in_writing[seat.unit_id] else ("unit", seat.unit_id)

    @rule(n=nth, g=nth, s=nth, by=actors)
    def paper(self, n: int, g: int, s: int, by: int) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        seat, person = self.seat(case, s), self.giver(case, g)
        if seat and self.attempt(
            "paper", who, "area", case.pk,
            lambda: consent.confirm_paper(case=case, giver=person, member=seat, by=who, now=self.now),
        ) is not None:  # fmt: skip
            for word in self.facts.words.values():
                if word.giver == person.pk and word.to == self.to(seat) and word.stands and word.yes:
                    word.confirmed = True

    @rule(n=nth, g=nth, s=nth, by=actors)
    def withdraw(self, n: int, g: int, s: int, by: int) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        seat, person = self.seat(case, s), self.giver(case, g)
        if seat is None:
            return
        if self.attempt(
            "withdraw", who, "area", case.pk,
            lambda: consent.withdraw(case=case, giver=person, member=seat, by=who, now=self.now),
        ) is None:  # fmt: skip
            return
        mine = [k for k, w in self.facts.words.items() if w.giver == person.pk and w.to == self.to(seat)]
        taken = {self.facts.words[k].section for k in mine if self.facts.words[k].stands and self.facts.words[k].yes}
        for row in Consent.objects.filter(giver=person, section__in=taken, ended_at=None, answer="no"):
            if (("unit", row.unit_id) if row.unit_id else ("seat", row.membership_id)) == self.to(seat):
                self.heard(row, False, self.today, False)
        for part in taken:
            assert not any(
                opens(self.facts, seat.user_id, case.pk, part, "member", self.now)
                for _ in [0] if self.decides(person.pk) and not self.facts.givers[person.pk].excepted
                and self.facts.givers[person.pk].guardian != self.facts.cases[case.pk].child_decides
            )  # fmt: skip

    @rule(n=nth, g=nth, by=actors, end=st.booleans())
    def exception(self, n: int, g: int, by: int, end: bool) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        person = self.giver(case, g)
        if end:
            row = case.consent_exceptions.filter(guardian=person, ended_at=None).first()
            if row and self.attempt(
                "exception ended", who, "area", case.pk,
                lambda: consent.end_exception(exception=row, by=who, now=self.now),
            ):  # fmt: skip
                self.facts.givers[person.pk].excepted = False
        elif self.attempt(
            "exception", who, "area", case.pk,
            lambda: consent.except_guardian(case=case, guardian=person, reason="x", by=who, now=self.now),
        ):  # fmt: skip
            self.facts.givers[person.pk].excepted = True

    @rule(n=nth, finding=st.sampled_from(["capable", "not_capable"]), by=actors)
    def capacity(self, n: int, finding: str, by: int) -> None:
        case = self.case(n)
        who = self.actor(case, by)
        if self.attempt(
            "capacity", who, "area", case.pk,
            lambda: consent.assess_capacity(
                case=case, finding=finding, grounds="x", assessed_on=self.today, by=who, now=self.now
            ),
        ):  # fmt: skip
            self.facts.cases[case.pk].child_decides = finding == "capable"

    # -- who stands how to it

    @rule(n=nth, who=anybody, by=actors, successor=leads, hat=st.sampled_from(["area", "member"]))
    def recuse(self, n: int, who: str, by: int, successor: str, hat: str) -> None:
        case, user = self.case(n), self.user(who)
        actor = self.actor(case, by) if hat == "area" else self.user(who, hat)
        if actor.hat != hat or n % 2:
            return
        to = self.user(successor)
        area = next((r.area for r in to.current_roles if r.area_id), None)
        if self.attempt(
            "recuse", actor, hat, case.pk,
            lambda: standing.recuse(
                case=case, user=user, reason="kin", by=actor, now=self.now, successor=to, area=area
            ),
        ):  # fmt: skip
            file = self.facts.cases[case.pk]
            if file.lead == user.pk and not file.closed:
                self.swapped(case.pk, to.pk, area.pk)
            self.facts.recused.add((case.pk, user.pk))
            for seat in self.facts.seats.values():
                seat.ended = seat.ended or (seat.case, seat.user) == (case.pk, user.pk)
            assert not any(opens(self.facts, user.pk, case.pk, s, h, self.now) for s in SECTIONS for h in ("area", "member"))

    def swapped(self, case: int, to: int, area: int) -> None:
        file = self.facts.cases[case]
        for seat in self.facts.seats.values():
            if seat.case == case and (seat.user == to or seat.lead):
                seat.ended = True
        row = Case.objects.get(pk=case)
        self.facts.seats[row.lead_id] = Seat(to, case, self.facts.users[to].unit, lead=True)
        file.lead, file.area = to, area

    @rule(n=nth, to=leads, by=actors)
    def offer(self, n: int, to: str, by: int) -> None:
        case, receiver = self.case(n), self.user(to)
        who = self.actor(case, by)
        row = self.attempt(
            "offer", who, "area", case.pk,
            lambda: standing.propose_hand_over(case=case, to=receiver, reason="x", by=who, now=self.now),
        )  # fmt: skip
        if row:
            self.offers[row.pk] = (case.pk, receiver.pk, who.pk)

    @precondition(lambda self: self.offers)
    @rule(n=nth, by=actors, receiver=st.booleans(), yes=st.sampled_from([True, True, False]))
    def answer(self, n: int, by: int, receiver: bool, yes: bool) -> None:
        key = list(self.offers)[-1 - n % len(self.offers)]
        case, to, proposer = self.offers[key]
        name = next(p for p in PEOPLE if getattr(self.world, p).pk == to) if receiver and to != proposer else LEADS[by % 5]
        who, row = self.user(name, "area"), HandOver.objects.get(pk=key)
        if not yes:
            if self.attempt(
                "decline", who, "area", None, lambda: standing.end_hand_over(hand_over=row, by=who, now=self.now)
            ):
                del self.offers[key]
        elif self.attempt(
            "accept", who, "area", case, lambda: standing.accept_hand_over(hand_over=row, by=who, now=self.now)
        ):
            assert who.pk != proposer, "accepted by the one who proposed"
            held, own = areas(self.facts, to, self.today), self.facts.cases[case].area
            assert held and (to, case) not in self.facts.recused
            self.swapped(case, to, own if own in held else min(held))
            del self.offers[key]

    @rule(n=nth, who=members, parts=asked)
    def exceptionally(self, n: int, who: str, parts: list[str]) -> None:
        case, user = self.case(n), self.user(who, "member")
        if user.hat != "member" or not self.facts.users[user.pk].active:
            return
        file = self.facts.cases[case.pk]
        expected = not file.closed and not file.protected and (case.pk, user.pk) not in self.facts.recused
        row = self.attempt(
            "exceptional", user, "member", None,
            lambda: standing.open_exceptionally(
                by=user, first_name=case.child_name, born_on=BORN, reason="danger", grounds="x", sections=parts, now=self.now
            ),
        )  # fmt: skip
        if row is None:  # five in an hour
            return
        assert (row.case_id == case.pk) == expected
        if expected:
            for seat in self.facts.seats.values():
                seat.ended = seat.ended or ((seat.case, seat.user) == (case.pk, user.pk) and seat.until is not None)
            self.facts.seats[row.membership_id] = Seat(
                user.pk, case.pk, user.unit_id, until=self.now + DAY, sections=frozenset(parts)
            )  # fmt: skip

    @rule()
    def a_day_passes_for_those_let_in(self) -> None:
        keys = [k for k, s in self.facts.seats.items() if s.until]
        Membership.objects.filter(pk__in=keys).update(expires_at=self.now - DAY)
        for key in keys:
            self.facts.seats[key].until = self.now - DAY

    # -- accounts

    @rule(who=anybody, active=st.sampled_from([True, True, True, False]))
    def suspend(self, who: str, active: bool) -> None:
        user = getattr(self.world, who)
        User.objects.filter(pk=user.pk).update(is_active=active)
        self.facts.users[user.pk].active = active

    @rule(who=members, unit=st.sampled_from([*UNITS, None, "", "", "", ""]))
    def move(self, who: str, unit: str | None) -> None:
        user = getattr(self.world, who)
        to = getattr(self.world, unit) if unit else user.unit if unit == "" else None  # most come back home
        User.objects.filter(pk=user.pk).update(unit=to)
        self.facts.users[user.pk].unit = to.pk if to else None

    @rule(who=anybody, days=st.sampled_from([-1, 0, None, None, None]), which=nth)
    def end_role(self, who: str, days: int | None, which: int) -> None:
        user = getattr(self.world, who)
        row = list(user.roles.order_by("pk"))[which % user.roles.count()]
        last = None if days is None else self.today + days * DAY
        RoleMembership.objects.filter(pk=row.pk).update(ends_on=last)
        roles = self.facts.users[user.pk].roles
        roles[:] = [(r.role, r.area_id, r.ends_on) for r in user.roles.order_by("pk")]

    # -- what must hold after every step

    @invariant()
    def the_three_agree(self) -> None:
        type(self).steps += 1
        users = User.objects.select_related("unit__agency").in_bulk([getattr(self.world, name).pk for name in PEOPLE])
        for user in users.values():
            roles = {HAT_OF_ROLE[r.role]: r.pk for r in user.current_roles}
            for hat in ("area", "member"):
                user.chosen_role = roles.get(hat)
                sees = {c: {s for s in ("case", *SECTIONS) if opens(self.facts, user.pk, c, s, hat, self.now)}
                        for c in self.facts.cases}  # fmt: skip
                visible = list(Case.objects.visible_to(user)) if user.hat == hat else None
                put_on(hat, user.pk)
                self.compare_rows(user, hat, sees)
                self.compare_pages(user, hat, sees, visible)
                take_off()

    def compare_pages(self, user: User, hat: str, sees: dict[int, set[str]], visible: list[Case] | None) -> None:
        """The application's own answer: what is visible without row security, and which sections it calls open."""
        if visible is not None:
            assert {case.pk for case in visible} == {c for c, parts in sees.items() if parts}, (user.name, hat, "visible_to")
            for case in visible:
                assert sections(user, case) == sees[case.pk] - {"case"}, (user.name, hat, sees[case.pk], "sections")

    def compare_rows(self, user: User, hat: str, sees: dict[int, set[str]]) -> None:
        found = rows.shown(hat)
        for kind, (section, _) in rows.PROBES.items():
            if kind not in ("words", "own", "own_seat", "themes", "elsewhere") and not (
                hat == "member" and kind in rows.AREA_ONLY
            ):
                expected = {c for c, parts in sees.items() if section in parts}
                assert found[kind] & set(sees) == expected, (user.name, hat, kind, found[kind], expected)
        now = self.now
        seats = {k: s for c in sees for k, s in usable(self.facts, user.pk, c, now).items()}
        mine = [s for s in self.facts.seats.values() if s.user == user.pk]
        let_in = {s.case for s in seats.values() if s.until and "themes" in s.sections and hat == "member"}
        invited = {s.case for k, s in seats.items() if s.invited and seat_opens(self.facts, k, s, "themes", self.today)}
        led = {c for c, parts in sees.items() if "intake" in parts}
        if hat == "area":
            held = {s.case for s in mine if not s.ended and sees[s.case]}
            words = {k for k, w in self.facts.words.items() if sees[w.case]}
        else:
            held = {s.case for s in seats.values()} | {s.case for s in mine if not s.ended and "network" in sees[s.case]}
            words = {k for k, w in self.facts.words.items() if self.about_me(user, w, seats, sees)}
        expected = {
            "themes": led | let_in | invited, "elsewhere": led | let_in, "own_seat": held, "words": words,
            "own": {s.case for s in mine if s.invited and sees[s.case]},
        }  # fmt: skip
        for kind, cases in expected.items():
            assert found[kind] == cases, (user.name, hat, kind, found[kind], cases)

    def about_me(self, user: User, word: Word, seats: dict[int, Seat], sees: dict[int, set[str]]) -> bool:
        """What the family has said of the own unit, or of this person alone: for whoever sees consents at all."""
        unit = self.facts.users[user.pk].unit
        mine = (word.to == ("unit", unit) and unit is not None) or (word.to[0] == "seat" and word.to[1] in seats)
        return "consents" in sees[word.case] and mine

    @invariant()
    def every_open_situation_is_led(self) -> None:
        for row in Case.objects.open().select_related("lead"):
            assert row.lead.ended_at is None and row.lead.case_id == row.pk and row.lead.user_id == row.coordinator_id
            assert row.lead.role == "coordinator" and row.coordinator_id == self.facts.cases[row.pk].lead
