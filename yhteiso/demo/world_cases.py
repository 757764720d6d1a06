"""One invented family after the other, as lines for COPY: the situation and everything below it."""

from dataclasses import dataclass
from datetime import date, timedelta

from yhteiso.demo.world import ASKED, FIRST, LAST, Maker, N, Place, Worker
from yhteiso.lib.phonetic import name_keys

STATUSES = ("new", "gathering", "scheduling", "agreed", "follow_up", "follow_up", "follow_up", "gathering")
REASONS = ("everyday_works", "declined", "other_help", "moved_away")
# The keys of the names as arrays of PostgreSQL: letters only, so that nothing is quoted.
GIVEN = {name: f"{{{','.join(name_keys(name).given)}}}" for name in FIRST}
FAMILY = {name: f"{{{','.join(name_keys('', name).family)}}}" for name in LAST}
MEETS = {"scheduling": "proposed", "agreed": "confirmed", "follow_up": "held", "closed": "held"}


@dataclass
class Seat:
    """A professional's row in one network."""

    pk: int
    who: Worker


@dataclass
class Family:
    """The situation that is being written, and what its further rows need of it."""

    pk: int
    place: Place
    status: str
    began: date
    lead: Worker
    seats: list[Seat]
    guardians: list[tuple[int, int]]  # person, membership

    @property
    def closed(self) -> bool:
        return self.status == "closed"


class CaseMaker:
    """Writes situations through a `Maker`. The lines are f-strings: a million situations are thirty million of them."""

    def __init__(self, maker: Maker, template: int, themes: list[int], wording: int) -> None:
        self.maker, self.bulk, self.rng = maker, maker.bulk, maker.rng
        self.add = {table: lines.append for table, lines in maker.bulk.lines.items()}
        self.template, self.themes, self.wording = template, themes, wording

    def make(self, number: int, place: Place, *, open_now: bool) -> None:
        """One situation with everything below it."""
        rng, days = self.rng, self.maker.days
        status = STATUSES[rng.getrandbits(3)] if open_now else "closed"
        past = rng.randrange(1, 12) if status in ("new", "gathering") else rng.randrange(16, 120)
        began = days[rng.randrange(150, 1100) if status == "closed" else past]
        key, lead = self.bulk.key("cases_case"), place.coordinators[number % len(place.coordinators)]
        family = Family(key, place, status, began, lead, [], [])
        start, several = rng.randrange(len(place.professionals)), 2 + rng.getrandbits(1) + rng.getrandbits(1)
        people = [place.professionals[(start + k) % len(place.professionals)] for k in range(several)]
        if open_now:
            people += self._special()
        self._network(family, people)
        self._case(family, number)
        self._consents(family)
        self._events(family)
        if status in MEETS:
            self._meeting(family, number)

    def _special(self) -> list[Worker]:
        """Those whom measurements ask for are in every so many open situations, until they are in enough."""
        maker = self.maker
        maker.open += 1
        return [who for who, every, count in maker.special if maker.open % every == 0 and maker.open // every <= count]

    def _network(self, family: Family, people: list[Worker]) -> None:
        rng, add, key = self.rng, self.add, self.bulk.key
        case, began = family.pk, f"{family.began} 12:00:00+03"
        end = f"{family.began + timedelta(days=120)} 12:00:00+03\tclosed" if family.closed else f"{N}\t"
        ender = family.lead.pk if family.closed else N
        lead, more = family.lead, f"{end}\t{case}\t{ender}\t{family.lead.pk}"
        for who, role in ((lead, "coordinator"), *((one, "member") for one in people)):
            seat = key("cases_membership")
            family.seats.append(Seat(seat, who))
            add["cases_membership"](f"{seat}\t{role}\tt\tf\t{began}\t{more}\t{who.unit}\t{who.pk}\t{N}\tf\tf\t{{}}")
        name, family_name = FIRST[rng.getrandbits(4)], LAST[case % len(LAST)]
        kinds = [("child", name, "")] + [("guardian", FIRST[rng.getrandbits(4)], "huoltaja")] * (1 + (case % 5 < 2))
        for kind, called, relation in kinds:
            person, seat = key("cases_person"), key("cases_membership")
            said = "oral" if kind == "guardian" else ""
            on = f"{family.began}" if said else N
            add["cases_person"](f"{person}\t{kind}\t{called}\t{family_name}\t{relation}\t\tf\t{said}\t{on}\t{case}\tf")
            born = family.began - timedelta(days=365 * (case % 14) + 200) if kind == "child" else N
            if kind == "child":
                add["cases_childkey"](f"{person}\t{case}\t{GIVEN[called]}\t{FAMILY[family_name]}")
            add["cases_personcontact"](f"{person}\t{born}\t040 000 {case % 10000:04}\t{case}")
            add["cases_membership"](f"{seat}\tfamily\tt\tf\t{began}\t{more}\t{N}\t{N}\t{person}\tf\tf\t{{}}")
            if kind == "guardian":
                family.guardians.append((person, seat))

    def _case(self, family: Family, number: int) -> None:
        rng, maker, case = self.rng, self.maker, family.pk
        day14_on, plan_by_on = maker.due[family.began]
        met = family.status in ("follow_up", "closed") and (family.status == "follow_up" or case % 5 > 0)
        day = 8 + rng.getrandbits(2) + rng.getrandbits(1)
        met_at = f"{family.began + timedelta(days=day)} 14:00:00+03" if met else N
        closed = f"{family.began + timedelta(days=120)} 12:00:00+03\t{REASONS[case % 4]}" if family.closed else f"{N}\t"
        began, lead = f"{family.began} 12:00:00+03", family.lead.pk
        self.add["cases_case"](
            f"{case}\t{maker.ref(1, case)}\t{family.status}\t{began}\t{began}\t{day14_on}\t{plan_by_on}\t{met_at}\t\toral\tf"
            f"\t{closed}\t{family.place.pk}"
            f"\t{lead if family.closed else N}\t{lead}\t{lead}\tf\t{family.seats[0].pk}"
        )
        self.add["cases_caseheading"](f"{case}\t{FIRST[rng.getrandbits(4)]}\t{case % 14}\tPäiväkoti")
        self.add["cases_casetext"](
            f"{case}\tLeikkii ja nauraa kavereiden kanssa.\tAamut ovat kotona vaikeita ja uni jää lyhyeksi.\t\tHuoltaja"
            f"\täiti\tneuvola"
        )
        late = day14_on < maker.on
        if met or late:
            told = f"t\t{day}" if met else f"f\t{N}"
            self.add["cases_twoweekoutcome"](f"{case}\t{told}\t{day14_on}\t{day14_on} 12:00:00+03")

    def _consents(self, family: Family) -> None:
        """Yes to everything from most, to times only from some, nothing yet from a few; one word a giver and unit."""
        case, began, lead = family.pk, f"{family.began} 13:00:00+03", family.lead.pk
        mood = case % 20
        if mood == 0 and len(family.seats) < 5:
            return
        sections = ASKED[:1] if mood in (1, 2) or family.closed else ASKED
        until, tail = self.maker.on + timedelta(days=200 - case % 100), self.wording
        add, key = self.add["cases_consent"], self.bulk.key
        for person, _seat in family.guardians:
            for seat in family.seats[1:]:
                to = f"{seat.pk}\t{N}" if seat.who.written else f"{N}\t{seat.who.unit}"
                for section in sections:
                    add(
                        f"{key('cases_consent')}\t{section}\tyes\tmeeting\t{began}\t{until}\t{began}\tf\t{lead}\t{case}\t{lead}"
                        f"\t{person}\t{to}\t{tail}"
                    )

    def _events(self, family: Family) -> None:
        case, began, lead = family.pk, f"{family.began} 12:00:00+03", family.lead
        add, key = self.add["cases_caseevent"], self.bulk.key
        kinds = ["call", *["member_added"] * (len(family.seats) - 1), *(["closed"] if family.closed else [])]
        for kind in kinds:
            add(f"{key('cases_caseevent')}\t{kind}\t{began}\t{{}}\t{lead.pk}\t{case}")
        log = self.add["audit_logentry"]
        for n, (who, hat) in enumerate(((lead, "area"), (lead, "area"), (family.seats[1].who, "member"))):
            at = f"{family.began + timedelta(days=n)} 09:00:00+03"
            log(f"{self._uuid(7)}\t{at}\t{who.pk}\t{who.name}\tPerheohjaus\t{hat}\tview\t{case}\t[]\tcase\t{hat}")

    def _uuid(self, version: int) -> str:
        text = f"{self.rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{version}{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _meeting(self, family: Family, number: int) -> None:
        if family.closed and family.pk % 5 == 0:
            return  # closed before a meeting
        key, case, lead, maker = self.bulk.key("meetings_meeting"), family.pk, family.lead.pk, self.maker
        held = MEETS[family.status] == "held"
        day = family.began + timedelta(days=8) if held else maker.on + timedelta(days=1 + case % 12)
        began = f"{day} 14:00:00+03" if held else N
        confirmed = N if MEETS[family.status] == "proposed" else f"{family.began} 15:00:00+03"
        self.add["meetings_meeting"](
            f"{key}\t{maker.ref(2, key)}\tnetwork\t{MEETS[family.status]}\t{day} 14:00:00+03\t{day} 15:15:00+03\t"
            f"\t{family.began} 13:00:00+03\t{confirmed}\t{began}\t\t{case}\t{lead if held else N}\t{lead}\tf"
        )
        answer = f"none\t{N}" if confirmed == N else f"yes\t{family.began} 15:00:00+03"
        present = "t" if held else N
        seats = [seat.pk for seat in family.seats] + [seat for _person, seat in family.guardians]
        for seat in seats:
            self.add["meetings_participant"](
                f"{self.bulk.key('meetings_participant')}\t{answer}\t{present}\t{N}\t{case}\t{key}\t{seat}"
            )
        if held:
            self._logbook(family, key, day)

    def _logbook(self, family: Family, meeting: int, day: date) -> None:
        bulk, add, case, lead = self.bulk, self.add, family.pk, family.lead.pk
        book = bulk.key("meetings_logbook")
        at = f"{day} 14:30:00+03"
        add["meetings_logbook"](
            f"{book}\t{at}\tbefore\tHaluan leikkiä ulkona.\t{N}\tt\t1\t{day} 16:00:00+03\t{lead}\t{case}\t{lead}\t{self.template}\t{meeting}"
        )
        for theme in self.themes:
            add["meetings_logbookentry"](
                f"{bulk.key('meetings_logbookentry')}\tstrength\tIltasatu luetaan joka ilta.\täiti\tt\t1\t{at}\t{case}\t{book}\t{lead}\t{theme}"
            )
        first, (_person, seat) = family.seats[1], family.guardians[0]
        agreed, due = f"{day} 16:00:00+03", day + timedelta(days=30)
        state = f"kept\t\t{due} 12:00:00+03" if family.closed else f"open\t\t{N}"
        by = lead if family.closed else N
        for kind, member, owner, unit in (
            ("promise", first.pk, str(first.who.pk), str(first.who.unit)), ("family_deed", seat, N, N),
        ):  # fmt: skip
            row = bulk.key("meetings_commitment")
            add["meetings_commitment"](
                f"{row}\t{self.maker.ref(3, row)}\t{kind}\tVien lapsen kerhoon kerran viikossa.\t{due}\t{self._uuid(4)}\t{at}\t{agreed}"
                f"\t{state}\t{case}\t{member}\t{owner}\t{by}\t{unit}\t{lead}\t{meeting}"
            )
