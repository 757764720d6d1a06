"""The way of one family through its year, by the real actions, each under the hat of whoever does it."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from cases.actions import intake, network
from cases.models import Case
from meetings.actions import closing, commitment, logbook, meeting
from meetings.models import Meeting, Participant
from yhteiso.demo import simulate_model as model
from yhteiso.demo.simulate_events import EVENTS
from yhteiso.demo.simulate_people import Place, Somebody
from yhteiso.hats.wear import wearing

if TYPE_CHECKING:
    from yhteiso.demo.simulate import Year


class Family:
    """One family. Its own dice: the same seed makes the same life, whatever the others do."""

    def __init__(self, year: "Year", number: int, place: Place, arrives: datetime) -> None:
        self.year, self.place, self.number = year, place, number
        self.dice = Random(f"{year.seed}:{number}")  # noqa: S311  a simulation
        self.case: Case | None = None
        self.known: model.Case | None = None
        self.born = date(year.year - 6, 1, 1) + timedelta(days=number % 360)
        self.at(arrives, self.arrive)

    # -- tools -------------------------------------------------------------------------------------------------------------

    def at(self, moment: datetime, deed: Callable[[datetime], Any]) -> None:
        self.year.at(moment, deed)

    def later(self, now: datetime, low: float, high: float, deed: Callable[[datetime], Any]) -> None:
        """After so many days, in office hours."""
        day = model.today(now + timedelta(days=self.dice.uniform(low, high)))
        if not model.is_open(day):
            day = model.forth(day)
        moment = model.on(day, 8) + timedelta(minutes=self.dice.randint(10, 480))
        self.at(max(moment, now + timedelta(minutes=self.dice.randint(1, 9))), deed)

    def happens(self, chance: float) -> bool:
        return self.dice.random() < chance

    def does(self) -> bool:
        """Nearly everything is done some day. What is not climbs its ladder until the year ends."""
        return not self.happens(0.01)

    def late(self, chance: float) -> int:
        """Some days more, by this chance: somebody forgets."""
        return self.dice.randint(8, 40) if self.happens(chance) else 0

    def acts[T](self, one: Somebody, deed: Callable[..., T], **arguments: Any) -> T:
        """The real action, under the hat of the one who does it."""
        with wearing(one.hat, one.row.pk):
            return deed(**arguments)

    def leads(self, now: datetime) -> Somebody | None:
        """Who acts for the coordinators: the lead if they can, else a colleague."""
        able = self.year.people.able(self.here, model.today(now), recused=self.known.recused if self.known else set())
        own = [one for one in able if self.known and one.known is self.known.lead]
        return next(iter(own or able), None)

    @property
    def here(self) -> Place:
        return self.year.place_of[self.known.area.pk] if self.known else self.place

    # -- the beginning -----------------------------------------------------------------------------------------------------

    def arrive(self, now: datetime) -> None:
        if self.happens(0.65):
            writers = [one for one in self.place.professionals if one.known.active]
            if writers:
                return self.write(self.dice.choice(writers), now)
        return self.call(now, None)

    def write(self, writer: Somebody, now: datetime) -> None:
        asked = not self.happens(0.2)
        row = self.acts(
            writer, intake.log_concern, by=writer.row, form_key=uuid.UUID(int=self.dice.getrandbits(128)), now=now,
            child_name=self.name, child_age=5, place="", strengths="Leikkii.", everyday="Aamut.",
            family_asked="yes" if asked else "not_yet", agreed="", reachable="040 000 0101",
        )  # fmt: skip
        for kind in ("concern",) if asked else ("concern", "family_asked"):
            self.year.model.begin(
                kind,
                area=self.place.known,
                case=None,
                fact=now,
                about=str(row.pk),
                owner=writer.known,
                unit=writer.known.unit,
            )
        if self.does():
            low, high = (0, 2) if self.happens(0.8) else (3, 12)
            self.later(now, low, high, lambda at: self.call(at, row, writer))

    def call(self, now: datetime, concern: Any, writer: Somebody | None = None) -> None:
        lead = self.leads(now)
        if lead is None:
            return self.later(now, 1, 2, lambda at: self.call(at, concern, writer))
        call = self.acts(lead, intake.begin_call, by=lead.row, area=self.place.row, concern=concern, now=now)
        self.year.model.begin(
            "call", area=self.place.known, case=None, fact=call.began_at, about=str(call.pk), owner=lead.known
        )
        if self.happens(0.85):
            return self.finish(now + timedelta(minutes=20), call, concern, writer, lead)
        return self.later(now, 0.5, 6, lambda at: self.finish(at, call, concern, writer, lead))

    def finish(self, now: datetime, call: Any, concern: Any, writer: Somebody | None, lead: Somebody) -> None:
        if lead not in self.year.people.able(self.place, model.today(now)):  # whoever is there finishes it
            lead = next(iter(self.year.people.able(self.place, model.today(now))), lead)
        if not lead.known.active:
            return self.later(now, 1, 3, lambda at: self.finish(at, call, concern, writer, lead))
        oral, networked = self.happens(0.6), self.happens(0.9)
        call = self.acts(
            lead, intake.save_call, call=call, version=call.version, now=now, child_name=self.name, child_family_name="Simula",
            child_born_on=self.born, guardians="äiti", strengths="Leikkii.", everyday="Aamut.",
            consent="oral" if oral else "waiting", route="network" if networked else "advice",
        )  # fmt: skip
        call = self.acts(lead, intake.finish_call, call=call, by=lead.row, now=now)
        book = self.year.model
        book.end("call", None, str(call.pk))
        for kind in ("concern", *(["family_asked"] if call.case else [])) if concern else ():
            book.end(kind, None, str(concern.pk))
        if call.case is None:
            return None
        self.case, t0 = call.case, min(call.began_at, concern.sent_at) if concern else call.began_at
        self.known = model.Case(call.case.pk, self.place.known, lead.known, t0, {lead.known})
        if writer and writer is not lead and writer.known.active and writer.known.unit == concern.unit_id:
            self.known.members.add(writer.known)
            self.known.callers.add(writer.known)
        self.year.opened(self)
        for kind, fact in (("meeting", t0), ("gathered", t0), *([] if oral else [("consent", now)])):
            book.begin(kind, area=self.place.known, case=self.known, fact=fact)
        return self.go_on(now, oral)

    @property
    def name(self) -> str:
        return f"Lapsi{self.number}"

    def go_on(self, now: datetime, oral: bool) -> None:
        """What lies ahead of this family, by its dice."""
        if not oral and self.does():
            self.later(now, 0, 9 if self.happens(0.3) else 3, self.agree)
        if self.does():
            self.later(now, 0, 8 if self.happens(0.25) else 3, self.gather)
        if self.does():
            wait = self.late(0.08)
            self.later(now, 1 + wait, wait + (14 if self.happens(0.2) else 7), self.propose)
        for chance, low, high, deed in EVENTS:
            if self.happens(chance):
                self.later(now, low, high, partial(deed, self))

    # -- on the way --------------------------------------------------------------------------------------------------------

    def closed(self) -> bool:
        return self.case is None or Case.objects.filter(pk=self.case.pk, status="closed").exists()

    def agree(self, now: datetime) -> None:
        """The mother is recorded, and says yes."""
        lead = self.leads(now)
        if lead is None or self.closed():
            return
        seat = self.acts(
            lead, meeting.add_person, case=self.case, kind="guardian", name="Hilla", relation="äiti", by=lead.row, now=now
        )
        self.acts(
            lead, network.record_consent, case=self.case, person=seat.person, consent="oral", consent_on=model.today(now),
            by=lead.row, now=now,
        )  # fmt: skip
        self.year.model.end("consent", self.known)

    def gather(self, now: datetime) -> None:
        lead = self.leads(now)
        if lead is None or self.closed():
            return
        assert self.known
        own = [one for one in self.here.professionals if one.known.active and one.known not in self.known.recused]
        for one in self.dice.sample(own, min(len(own), self.dice.randint(1, 3))):
            self.acts(lead, meeting.add_member, case=self.case, user=one.row, must_attend=False, by=lead.row, now=now)
            self.known.members.add(one.known)
        if not Case.objects.filter(pk=self.known.pk, status="new").exists():  # the caller alone is no network
            self.year.model.end("gathered", self.known)
        self.look_who_has_answered()

    def propose(self, now: datetime) -> None:
        lead = self.leads(now)
        if lead is None or self.closed() or Meeting.objects.coming().filter(case=self.case).exists():
            return
        assert self.known
        day = model.today(now + timedelta(days=self.dice.choice([1, 2, 3, 4, 5, 6, 8, 10, 14])))
        begins = model.on(day if model.is_open(day) else model.forth(day), self.dice.randint(9, 15))
        writer = next((one for one in self.here.professionals if one.known in self.known.members), None)
        row = self.acts(
            lead, meeting.propose, case=self.case, starts_at=begins, minutes=60, place="", by=lead.row, now=now,
            note_taker=writer.row if writer and self.happens(0.5) else None,
        )  # fmt: skip
        self.year.model.end("gathered", self.known)
        self.look_who_has_answered()
        self.at(now + timedelta(minutes=self.dice.randint(5, 60 * 24)), lambda at: self.reply(at, row))
        if not self.happens(0.15):
            self.at(now + (begins - now) * self.dice.uniform(0.1, 0.9), lambda at: self.confirm(at, row))
        if self.happens(0.12):
            self.at(now + (begins - now) * 0.95, lambda at: self.move(at, row))
        elif self.does():
            told = begins + timedelta(hours=1) if self.happens(0.7) else begins + timedelta(days=self.dice.randint(1, 4))
            self.at(told, lambda at: self.hold(at, row))

    def reply(self, now: datetime, row: Meeting) -> None:
        """Some of the invited answer, and so their units owe nothing any more."""
        lead = self.leads(now)
        if lead is None or self.closed() or not Meeting.objects.coming().filter(pk=row.pk).exists():
            return
        for one in row.participants.filter(membership__ended_at=None).order_by("pk"):
            if self.happens(0.6):
                self.acts(lead, meeting.answer, participant=one, answer="yes", by=lead.row, now=now)
        self.look_who_has_answered()

    def look_who_has_answered(self) -> None:
        """What the model is told of answers: the units of those who were asked and have said nothing, while it is proposed."""
        assert self.known
        asked = Participant.objects.filter(case=self.case, meeting__status="proposed", answer="none")
        asked = asked.filter(membership__ended_at=None, membership__unit__isnull=False)
        self.known.unanswered = set(asked.values_list("membership__unit_id", flat=True))

    def confirm(self, now: datetime, row: Meeting) -> None:
        lead = self.leads(now)
        if lead is None or self.closed() or not Meeting.objects.filter(pk=row.pk, status="proposed").exists():
            return
        assert self.known
        self.acts(lead, meeting.confirm, meeting=row, by=lead.row, now=now)
        met = Case.objects.filter(pk=self.known.pk, status="follow_up").exists()
        assert self.case
        self.known.agreed = not met and model.today(row.starts_at) <= self.case.day14_on
        self.known.unanswered = set()

    def move(self, now: datetime, row: Meeting) -> None:
        lead = self.leads(now)
        if lead is None or self.closed() or not Meeting.objects.coming().filter(pk=row.pk).exists():
            return
        assert self.known
        begins = model.on(model.forth(model.today(now + timedelta(days=self.dice.randint(1, 9)))), 12)
        if Meeting.objects.filter(pk=row.pk, status="confirmed").exists():
            self.year.model.wake(self.known)
        new = self.acts(
            lead, meeting.move_meeting, meeting=row, starts_at=begins, minutes=60, place="", reason="family_later",
            by=lead.row, now=now,
        )  # fmt: skip
        self.known.agreed = False
        self.look_who_has_answered()
        self.at(begins + timedelta(hours=1), lambda at: self.hold(at, new))

    def hold(self, now: datetime, row: Meeting) -> None:
        lead = self.leads(now)
        row = Meeting.objects.get(pk=row.pk)
        if lead is None or self.closed() or row.status not in ("proposed", "confirmed"):
            return
        assert self.known
        present = set(row.participants.values_list("membership_id", flat=True))
        began = max(row.starts_at, row.proposed_at + timedelta(minutes=1))
        self.acts(lead, meeting.hold, meeting=row, began_at=began, present=present, by=lead.row, now=now)
        for kind in ("meeting", "gathered"):
            self.year.model.end(kind, self.known)
        self.known.agreed, self.known.unanswered = False, set()
        writer = self.year.people.by_pk[row.note_taker_id].known if row.note_taker_id else None
        self.year.model.begin("logbook", area=self.known.area, case=self.known, fact=began, about=str(row.pk), owner=writer)
        if self.does():
            self.later(now, 0, 15 if self.happens(0.2) else 3, lambda at: self.write_up(at, row))
        if self.happens(0.3):
            self.later(now, 20, 45, self.propose)

    def write_up(self, now: datetime, row: Meeting) -> None:
        """The logbook, and the promises in it."""
        lead = self.leads(now)
        if lead is None or self.closed():
            return
        assert self.known
        book = self.acts(lead, logbook.open_logbook, meeting=row, by=lead.row, now=now)
        book = self.acts(
            lead, logbook.save_frame, logbook=book, version=book.version, child_heard="present", child_words="", next_on=None,
            ends_here=True,
        )  # fmt: skip
        seats = self.case.memberships.current().filter(user__isnull=False, unit__isnull=False) if self.case else []
        owners = [seat for seat in seats if seat.user_id != lead.row.pk and seat.role != "exceptional"]
        promised = []
        for seat in self.dice.sample(owners, min(len(owners), self.dice.randint(0, 2))):
            due = model.today(now) + timedelta(days=self.dice.randint(1, 40))
            promised.append(self.acts(
                lead, logbook.write_commitment, logbook=book, form_key=uuid.UUID(int=self.dice.getrandbits(128)),
                kind="promise", what="Soitan.", membership=seat, due_on=due, by=lead.row, now=now,
            ))  # fmt: skip
        self.acts(lead, logbook.approve, logbook=book, by=lead.row, now=now)
        self.year.model.end("logbook", self.known, str(row.pk))
        for one in promised:
            owner = self.year.people.by_pk[one.owner_id or 0].known
            self.year.model.begin(
                "promise", area=self.known.area, case=self.known, fact=now, about=str(one.pk), last_on=one.due_on, owner=owner,
                unit=one.unit_id or 0,
            )  # fmt: skip
            if not self.happens(0.06):
                days = (one.due_on - model.today(now)).days
                self.later(now, days - 3, days + (12 if self.happens(0.3) else 1), partial(self.resolve, one))
        if self.happens(0.7):
            self.later(now, 10, 70, self.close)

    def resolve(self, row: Any, now: datetime) -> None:
        lead = self.leads(now)
        if lead and not self.closed():
            self.acts(lead, commitment.resolve, commitment=row, status="kept", remark="", by=lead.row, now=now)
            self.year.model.end("promise", self.known, str(row.pk))

    def close(self, now: datetime) -> None:
        lead = self.leads(now)
        if lead is None or self.closed():
            return
        self.acts(lead, closing.close, case=self.case, by=lead.row, reason="everyday_works", now=now)
        assert self.known
        self.year.model.end_all(self.known)
        self.known.members, self.known.callers = set(), set()
