"""Families on their way today, told through the real actions: each stage of the board, one of them late."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from cases.actions import concern, intake
from cases.actions.consent import Word, assess_capacity, hide_from, record_words, withdraw
from cases.actions.protection import name_member
from cases.models import ASKED, Case, MemberRole, PersonKind, Section
from meetings.actions import commitment, logbook, meeting, protection
from meetings.models import Meeting
from networks.models import User
from yhteiso.demo.people import Cast
from yhteiso.lib.dates import at_helsinki, helsinki_date, is_working_day


@dataclass
class Story:
    """One family: who called how many days ago, what was told, and how far they have come."""

    child: str
    family: str
    age: int
    days: int
    caller: str
    strengths: str
    everyday: str
    stage: str
    consent: str = "oral"
    coordinator: str = "Riikka"
    guardians: list[tuple[str, str, str]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    meets_in: int = 0
    protected: bool = False
    masked: list[str] = field(default_factory=list)
    apart: str = ""  # with which guardian the first meeting is
    index_only: list[str] = field(default_factory=list)


STORIES = [
    Story("Tyyne", "Koskela", 1, 1, "Antti", "Tyyne seuraa katseella ja hymyilee helposti.", "Yöt ovat katkonaisia, ja äiti on väsynyt.", "new"),
    Story("Vilja", "Lehtoharju", 6, 0, "Mira", "Isä lukee iltasadun joka ilta. Mummo auttaa viikonloppuisin.", "Vilja on vetäytynyt leikeistä keväästä asti.", "new"),
    Story("Sulo", "Virtaniemi", 13, 7, "Jaana", "Sulo soittaa rumpuja ja pitää siitä.", "Koulupäiviä on jäänyt väliin kolmena viikkona.", "gathering", "waiting", "Noora", [("Outi", "äiti", "oral")], ["Tuomas"]),
    Story("Kerttu", "Alatalo", 9, 4, "Tuomas", "Kerttu lukee paljon ja auttaa muita.", "Vatsakipua kouluaamuina.", "gathering", "waiting", "Riikka", [("Hanna", "äiti", "oral"), ("Pekka", "isä", "waiting")], ["Sari"]),
    Story("Lumi", "Peräaho", 7, 9, "Tuomas", "Lumi tykkää uimisesta ja eläimistä.", "Kaverisuhteissa on riitoja, ja koti kaipaa tukea iltoihin.", "scheduling", "oral", "Riikka", [("Sanna", "äiti", "oral")], ["Sari", "Olli"], 3),
    Story("Aatu", "Suvilehto", 4, 5, "Kaisa", "Aatu leikkii hyvin Oivan kanssa ja rauhoittuu, kun saa auttaa.", "Aamuisin ero äidistä on ollut kolme viikkoa vaikea.", "scheduling", "waiting", "Riikka", [("Jenna", "äiti", "oral"), ("Marko", "isä", "waiting")], ["Sari", "Antti", "Olli"], 6),
    Story("Veikko", "Rajala", 15, 6, "Jaana", "Veikko on sitkeä ja hauska seurassa.", "Peruskoulun päättö mietityttää, kotona on riitoja.", "scheduling", "oral", "Noora", [("Ritva", "äiti", "oral")], ["Tuomas", "Sari"], 5, index_only=["Tuomas"]),
    Story("Hilma", "Juntunen", 11, 16, "Tuomas", "Hilma pelaa sählyä ja pitää huolta pikkuveljestä.", "Läksyt jäävät, ja Hilma on väsynyt.", "agreed", "oral", "Riikka", [("Arja", "äiti", "oral")], ["Sari", "Heikki"], 2, masked=["Heikki"]),
    Story("Onni", "Kemppainen", 2, 12, "Mira", "Onni tanssii aina kun soi musiikki.", "Puhe viivästyy, ja vanhemmat toivovat apua arkeen.", "agreed", "oral", "Riikka", [("Laura", "äiti", "oral"), ("Teemu", "isä", "oral")], ["Sari", "Elsa"], 1, apart="Laura"),
    Story("Taimi", "Koivula", 7, 2, "Tuomas", "Taimi piirtää ja viihtyy eläinten kanssa.", "Muutto on tehty kiireessä, ja iltaisin pelottaa.", "gathering", "oral", "Riikka", [("Maria", "äiti", "oral"), ("Kari", "isä", "")], ["Sari", "Antti"], protected=True),
    Story("Saimi", "Hassan", 5, 11, "Elsa", "Saimi oppii sanoja nopeasti ja laulaa.", "Muutto uuteen kotiin on tuonut pahaa mieltä.", "agreed", "oral", "Noora", [("Amina", "äiti", "oral")], ["Kaisa", "Sari"], 2),
    Story("Eevi", "Mattila", 6, 33, "Kaisa", "Eevi rakentaa majoja ja keksii tarinoita.", "Siirtymät paikasta toiseen ovat raskaita.", "follow_up", "oral", "Riikka", [("Noora", "äiti", "oral")], ["Sari", "Antti"]),
    Story("Martta", "Salmela", 8, 40, "Tuomas", "Martta on tarkka ja ystävällinen.", "Koulumatka pelottaa.", "follow_up", "oral", "Noora", [("Ilona", "äiti", "oral")], ["Sari"]),
]  # fmt: skip
PLANS = {
    "Eevi": [("Kaisa", "Kerron Eevin esiopettajalle, mikä auttaa siirtymätilanteissa", -2, ""),
             ("Sari", "Käyn kotona iltana, joka sopii perheelle", 5, ""),
             ("Antti", "Annan unikortin ja kysyn nukkumisesta", -9, "kept")],
    "Martta": [("Tuomas", "Kuljen Martan kanssa koulumatkan kaksi kertaa", -12, "kept"),
               ("Sari", "Soitan äidille kahden viikon päästä", -6, "partly")],
}  # fmt: skip


def loaded(cast: Cast) -> bool:
    """Whether the families are there already."""
    return Case.objects.filter(area=cast.area, heading__child_name="Aatu").exists()


@transaction.atomic
def load(cast: Cast, *, now: datetime) -> None:
    """Every family, and one concern that waits for the coordinator."""
    for story in STORIES:
        Way(cast, story, now).walk()
    kaisa = User.objects.get(pk=cast.people["Kaisa"].pk)
    intake.log_concern(
        by=kaisa, form_key=uuid.uuid4(), now=now - timedelta(hours=2), child_name="Touko", child_age=4,
        place="Päiväkoti Pikkukäpy", strengths="Touko leikkii hyvin ja rauhoittuu, kun saa auttaa pienempiä.",
        everyday="Aamuisin ero äidistä on vaikea. Touko nukahtaa usein jo aamupalalle.", family_asked="yes",
        agreed="Äidin mielestä on hyvä, että kysyn apua.", reachable="040 000 0104, klo 12–13",
    )  # fmt: skip
    _consult(cast, now)


def _consult(cast: Cast, now: datetime) -> None:
    """A teacher who has not talked with the family yet, and a nurse of adult services who is not named to the network."""
    tuomas, heikki = (User.objects.get(pk=cast.people[name].pk) for name in ("Tuomas", "Heikki"))
    concern.send(
        by=tuomas, form_key=uuid.uuid4(), now=now - timedelta(days=1), strengths="Piirtää paljon ja auttaa muita.",
        everyday="Oppilas jää usein yksin välitunnilla ja tulee aamuisin myöhässä.", family_asked="not_yet", agreed="",
        reachable="040 000 0108, klo 14 jälkeen",
    )  # fmt: skip
    concern.send(
        by=heikki, form_key=uuid.uuid4(), now=now - timedelta(hours=5), child_name="Vilja", children_home="kaksi, 3 v ja 6 v",
        strengths="Isä vie lapset päiväkotiin joka aamu.", everyday="Iltaisin kotona ei ole ketään, joka jaksaisi leikkiä.",
        family_asked="yes", agreed="Puhuin isän kanssa vastaanotolla. Hän toivoo apua iltoihin.", caller_masked=True,
        reachable="040 000 0112, klo 15–16",
    )  # fmt: skip


class Way:
    """One family's way, walked with the same actions that the pages call, at the times when they happened."""

    def __init__(self, cast: Cast, story: Story, now: datetime) -> None:
        self.cast, self.story, self.now = cast, story, now
        self.today = helsinki_date(now)
        self.coordinator = User.objects.get(pk=cast.people[story.coordinator].pk)

    def walk(self) -> None:
        case = self._call()
        if self.story.protected:
            self._protect(case)
        if self.story.apart:
            protection.keep_apart(
                case=case, apart=True, reason="Vanhemmat ovat pyytäneet omat tapaamiset.", by=self.coordinator,
                now=self._at(self.story.days, 10),
            )  # fmt: skip
        if self.story.stage in ("scheduling", "agreed", "follow_up"):
            self._meeting(case)

    def _protect(self, case: Case) -> None:
        at = self._at(self.story.days, 10)
        away = list(
            case.persons.filter(name__in=[name for name, *_ in self.story.guardians[1:]]).values_list("pk", flat=True)
        )
        protection.protect(case=case, reason="Äiti kertoi turvakiellosta.", by_hand=away, by=self.coordinator, now=at)
        seat = case.memberships.get(user=self.cast.people["Sari"], ended_at=None)
        name_member(case=case, membership=seat, named=True, reason="Tapaa perhettä kotona.", by=self.coordinator, now=at)

    def _at(self, days_ago: int, hour: int = 9) -> datetime:
        """A moment of the past: never later than now, and for a call of today an hour ago."""
        return min(at_helsinki(self.today - timedelta(days=days_ago), time(hour, 12)), self.now - timedelta(minutes=40))

    def _call(self) -> Case:
        story, at = self.story, self._at(self.story.days)
        caller = User.objects.select_related("unit__area").get(pk=self.cast.people[story.caller].pk)
        row = intake.log_concern(
            by=caller, form_key=uuid.uuid4(), now=at, child_name=story.child, child_age=story.age,
            place=str(caller.unit), strengths=story.strengths, everyday=story.everyday, family_asked="yes",
            reachable=caller.phone, agreed="",
        )  # fmt: skip
        call = intake.begin_call(by=self.coordinator, area=self.cast.area, concern=row, now=at)
        fields: dict[str, Any] = {
            "child_family_name": story.family, "consent": story.consent, "route": "network",
            "guardians": ", ".join(f"{n} {story.family}, {r}" for n, r, _ in story.guardians),
            "consent_by": "huoltaja puhelimessa", "consent_for": "kutsuttavat yksiköt",
        }  # fmt: skip
        call = intake.save_call(call=call, version=call.version, now=at, **fields)
        case = intake.finish_call(call=call, by=self.coordinator, now=at + timedelta(minutes=9)).case
        assert case is not None
        self._gather(case, at + timedelta(minutes=20))
        return Case.objects.get(pk=case.pk)

    def _gather(self, case: Case, at: datetime) -> None:
        for name, relation, consent in self.story.guardians:
            meeting.add_person(
                case=case, kind=PersonKind.GUARDIAN, name=name, family_name=self.story.family, relation=relation,
                consent=consent, consent_on=helsinki_date(at) if consent == "oral" else None, must_attend=True,
                by=self.coordinator, now=at,
            )  # fmt: skip
        for name in self.story.members:
            meeting.add_member(
                case=case, user=self.cast.people[name], must_attend=name == "Sari", masked=name in self.story.masked,
                index_only=name in self.story.index_only, by=self.coordinator, now=at,
            )  # fmt: skip
        self._consents(case, at + timedelta(minutes=5))

    def _consents(self, case: Case, at: datetime) -> None:
        """Everybody has agreed to be invited together; the rest is agreed where the guardian has already said yes."""
        members = list(case.memberships.current().filter(user__isnull=False).exclude(role=MemberRole.COORDINATOR))
        for guardian in case.persons.filter(kind=PersonKind.GUARDIAN):
            sections = ASKED if guardian.consent == "oral" else (Section.TIME,)
            record_words(
                case=case, giver=guardian, words=[Word(m, s, "yes") for m in members for s in sections], way="meeting",
                valid_until=None, by=self.coordinator, now=at,
            )  # fmt: skip

        if turn := TURNS.get(self.story.child):
            turn(self, case, at + timedelta(minutes=5))

    def _aatu(self, case: Case, at: datetime) -> None:
        """The father has an answer for some, says no to one matter, and thinks about the rest."""
        father = case.persons.get(kind=PersonKind.GUARDIAN, name="Marko")
        kaisa, antti = (case.memberships.get(user=self.cast.people[name]) for name in ("Kaisa", "Antti"))
        words = [Word(kaisa, Section.PLAN, "yes"), Word(kaisa, Section.THEMES, "thinking"),
                 Word(antti, Section.PLAN, "thinking"), Word(antti, Section.CONTACT, "no")]  # fmt: skip
        record_words(case=case, giver=father, words=words, way="phone", valid_until=None, by=self.coordinator, now=at)

    def _lumi(self, case: Case, at: datetime) -> None:
        """The mother has taken back what she said to family guidance; the association still waits for its paper."""
        mother = case.persons.get(kind=PersonKind.GUARDIAN)
        sari = case.memberships.get(user=self.cast.people["Sari"])
        withdraw(case=case, giver=mother, member=sari, by=self.coordinator, now=at)

    def _veikko(self, case: Case, at: datetime) -> None:
        """At fifteen he understands what this is about, decides himself, and keeps the talk to himself."""
        assess_capacity(
            case=case, finding="capable", grounds="Kertoi omin sanoin, mitä kysytään ja mitä siitä seuraa.",
            assessed_on=helsinki_date(at), by=self.coordinator, now=at,
        )  # fmt: skip
        veikko, mother = case.persons.get(kind=PersonKind.CHILD), case.persons.get(kind=PersonKind.GUARDIAN)
        jaana, sari, tuomas = (case.memberships.get(user=self.cast.people[n]) for n in ("Jaana", "Sari", "Tuomas"))
        words = [Word(seat, section, "yes") for seat in (jaana, sari) for section in ASKED]
        words.append(Word(tuomas, Section.TIME, "yes"))
        record_words(case=case, giver=veikko, words=words, way="paper", valid_until=None, by=self.coordinator, now=at)
        hide_from(
            case=case, guardian=mother, section=Section.THEMES, reason="Haluan itse kertoa kavereista.",
            by=self.coordinator, now=at,
        )  # fmt: skip

    def _meeting(self, case: Case) -> None:
        story = self.story
        proposed = min(self._at(max(story.days - 2, 0), 10), self.now - timedelta(minutes=20))
        held = story.stage == "follow_up"
        day = self._working(case.t0_at + timedelta(days=9) if held else self.now + timedelta(days=story.meets_in))
        row = meeting.propose(
            case=case, starts_at=at_helsinki(day, time(14, 30)), minutes=75, place="" if meeting.place_by_phone(case) else "Kuusirannan perhekeskus, huone Kaarna", guardian=self._guardian(case),
            note_taker=self.cast.people[story.caller], by=self.coordinator, now=proposed,
        )  # fmt: skip
        self._answers(row, proposed + timedelta(minutes=5), everybody=story.stage != "scheduling")
        if story.stage != "scheduling":
            meeting.confirm(meeting=row, by=self.coordinator, now=proposed + timedelta(minutes=10))
        if held:
            self._held(row, row.starts_at)

    def _guardian(self, case: Case) -> int | None:
        seat = case.memberships.current().filter(person__name=self.story.apart).first() if self.story.apart else None
        return seat.pk if seat else None

    def _working(self, moment: datetime) -> date:
        day = helsinki_date(moment)
        while not is_working_day(day):
            day += timedelta(days=1)
        return day

    def _answers(self, row: Meeting, at: datetime, *, everybody: bool) -> None:
        """At the table everybody has answered; while a time is agreed on, the caller and every second have not."""
        caller = self.cast.people[self.story.caller].pk
        for n, participant in enumerate(row.participants.select_related("meeting", "membership", "case")):
            if everybody or (n % 2 == 0 and participant.membership.user_id != caller):
                meeting.answer(participant=participant, answer="if_needed" if n == 4 else "yes", by=self.coordinator, now=at)

    def _held(self, row: Meeting, began: datetime) -> None:
        end, by = began + timedelta(minutes=75), self.coordinator
        present = set(row.participants.values_list("membership_id", flat=True))
        row = meeting.hold(meeting=row, began_at=began, present=present, by=by, now=end)
        book = logbook.open_logbook(meeting=row, by=by, now=end)
        for theme in book.template.themes.filter(position__in=[1, 4, 5]):
            logbook.save_entry(
                logbook=book, theme=theme, version=0, mark="strength" if theme.position == 5 else "both",
                note=self.story.strengths if theme.position == 5 else self.story.everyday, said_by="Yhdessä",
                carry_to_plan=theme.position == 4, by=by, now=end,
            )  # fmt: skip
        for name, what, due_in, _status in PLANS[self.story.child]:
            self._promise(row, book, name, what, due_in)
        logbook.save_frame(
            logbook=book, version=book.version, child_heard="present", child_words="Haluan että mennään yhdessä.",
            next_on=self._working(self.now + timedelta(days=12)), ends_here=False,
        )  # fmt: skip
        logbook.approve(logbook=book, by=by, now=end)
        for promise in row.commitments.all():
            status = next(s for _n, what, _d, s in PLANS[self.story.child] if what == promise.what)
            if status:
                done = at_helsinki(promise.due_on, time(15, 0))
                commitment.resolve(commitment=promise, status=status, remark="", by=by, now=done)

    def _promise(self, row: Meeting, book: Any, name: str, what: str, due_in: int) -> None:
        member = row.case.memberships.get(user=self.cast.people[name], ended_at=None)
        logbook.write_commitment(
            logbook=book, form_key=uuid.uuid4(), kind="promise", what=what, membership=member,
            due_on=self.today + timedelta(days=due_in), by=self.coordinator, now=row.ends_at,
        )  # fmt: skip


# What a family has said after the first call, where it is not the ordinary.
TURNS = {"Aatu": Way._aatu, "Lumi": Way._lumi, "Veikko": Way._veikko}
