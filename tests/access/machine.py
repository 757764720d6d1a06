"""A machine that does everything that changes who sees what, through the real actions, and keeps its own plain facts."""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from cases.actions import consent, intake, network, standing
from cases.actions.case import close
from cases.models import Case, Consent, HandOver, Membership
from networks.models import RoleMembership, User
from tests.access import rows
from tests.access.ground import BORN, DAY, LEADS, PEOPLE, UNITS, Ground, actors, anybody, asked, leads, members, nth
from tests.access.model import SECTIONS, File, Giver, Seat, Word, areas, decides, opens, said, seat_opens
from yhteiso.hats.wear import wearing


class Machine(Ground):
    """What can happen to a situation, the people around it and their accounts."""

    # -- the rules: how a situation begins and ends

    @initialize(told=st.booleans(), protected=st.just(False), n=st.sampled_from(LEADS[:2]))
    def begin(self, told: bool, protected: bool, n: str) -> None:
        self.open(n, told, protected)
        self.add_guardian(0, "oral" if told else "", 0)
        for who in ("professional", "member", "parish", "two_roles"):
            self.add_member(0, who, 0, index_only=False, invited=True)
        self.say(0, 1, 0, ["time", "plan", "themes"], "yes", "phone", 200, 0, everybody=True)

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
        self.changed = True

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
        self.changed = True
        Case.objects.filter(pk=case.pk).update(protected=file.protected)

    @rule(n=nth, s=nth, named=st.booleans())
    def name_one(self, n: int, s: int, named: bool) -> None:
        if seat := self.seat(self.case(n), s):
            Membership.objects.filter(pk=seat.pk).update(named=named)
            self.facts.seats[seat.pk].named = named
            self.changed = True

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
        if (seat := self.seat(case, s)) and self.attempt(
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
        word = Word(row.giver_id, row.case_id, to, row.section, yes, until, confirmed and yes)
        said(self.facts, row.pk, word, no=row.answer == "no")

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
        standing_words = {w.section: w.yes for w in map(self.facts.words.__getitem__, mine) if w.stands}
        taken = {part for part, yes in standing_words.items() if yes}
        if self.facts.givers[person.pk].general and "time" not in standing_words:
            taken.add("time")  # the general yes, taken back for this one
        for row in Consent.objects.filter(giver=person, section__in=taken, ended_at=None, answer="no"):
            if (("unit", row.unit_id) if row.unit_id else ("seat", row.membership_id)) == self.to(seat):
                self.heard(row, False, self.today, False)
        giver, file = self.facts.givers[person.pk], self.facts.cases[case.pk]
        if giver.present and not giver.excepted and giver.guardian != file.child_decides:
            for part in taken:  # closed at once, whatever the others say
                assert not seat_opens(self.facts, seat.pk, self.facts.seats[seat.pk], part, self.today)

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
            decides(self.facts, case.pk, child=finding == "capable")

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

    @rule(n=nth, to=leads, by=actors)
    def hand_over(self, n: int, to: str, by: int) -> None:
        before = set(self.offers)
        self.offer(n, to, by)
        if set(self.offers) - before:
            self.answer(0, by, receiver=True, yes=True)

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
            assert held
            assert (case, to) not in self.facts.recused
            self.swapped(case, to, own if own in held else min(held))
            del self.offers[key]

    @rule(n=nth, who=members, parts=asked)
    def exceptionally(self, n: int, who: str, parts: list[str]) -> None:
        case, user = self.case(n), self.user(who, "member")
        if user.hat != "member" or not self.facts.users[user.pk].active:
            return
        file = self.facts.cases[case.pk]
        expected = not file.closed and not file.protected and (case.pk, user.pk) not in self.facts.recused
        called = case.child_name  # read before the hat goes on, which may not
        row = self.attempt(
            "exceptional", user, "member", None,
            lambda: standing.open_exceptionally(
                by=user, first_name=called, born_on=BORN, reason="danger", grounds="x", sections=parts, now=self.now
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
        self.changed = bool(keys)

    # -- accounts

    @rule(who=anybody, active=st.sampled_from([True, True, True, False]))
    def suspend(self, who: str, active: bool) -> None:
        user = getattr(self.world, who)
        User.objects.filter(pk=user.pk).update(is_active=active)
        self.facts.users[user.pk].active = active
        self.people, self.changed = {}, True

    @rule(who=members, unit=st.sampled_from([*UNITS, None, "", "", "", ""]))
    def move(self, who: str, unit: str | None) -> None:
        user = getattr(self.world, who)
        to = getattr(self.world, unit) if unit else user.unit if unit == "" else None  # most come back home
        User.objects.filter(pk=user.pk).update(unit=to)
        if self.facts.users[user.pk].unit != (to.pk if to else None):  # a seat ends with the unit, also for who comes back
            for seat in self.facts.seats.values():
                seat.ended = seat.ended or (seat.user == user.pk and not seat.lead)
        self.facts.users[user.pk].unit = to.pk if to else None
        self.people, self.changed = {}, True

    @rule(who=anybody, days=st.sampled_from([-1, 0, None, None, None]), which=nth)
    def end_role(self, who: str, days: int | None, which: int) -> None:
        user = getattr(self.world, who)
        row = list(user.roles.order_by("pk"))[which % user.roles.count()]
        last = None if days is None else self.today + days * DAY
        RoleMembership.objects.filter(pk=row.pk).update(ends_on=last)
        roles = self.facts.users[user.pk].roles
        roles[:] = [(r.role, r.area_id, r.ends_on) for r in user.roles.order_by("pk")]
        self.people, self.changed = {}, True
