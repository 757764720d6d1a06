"""A whole invented world of any size, the same for the same seed: areas, professionals, and families on their way.

The shape is what matters: one area with 5,000 open situations, a professional who is in 50 open ones and one in 1,000,
about 67 memberships a professional elsewhere, half of the other situations closed.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from networks.models import County, Municipality, Sector
from yhteiso.demo.bulk import Bulk
from yhteiso.lib.dates import day14, latest_meeting_day
from yhteiso.lib.ids import ALPHABET
from yhteiso.lib.names import sort_key

COLUMNS = {
    "networks_agency": "id name legal_name controller sector written_consent",
    "networks_area": "id name name_genitive phone hours emergency_phone county_id",
    "networks_area_municipalities": "id area_id municipality_id",
    "networks_unit": "id name agency_id area_id",
    "networks_user": "id password email name sort_key title phone language protected_identity is_active created_at unit_id"
    " session_epoch",
    "networks_rolemembership": "id role starts_on area_id user_id unit_id",
    "cases_case": "id ref status opened_at t0_at day14_on plan_by_on first_met_at delay_reason consent protected closed_at"
    " close_reason area_id closed_by_id coordinator_id opened_by_id guardians_apart lead_id",
    "cases_caseheading": "case_id child_name child_age caller_label",
    "cases_casetext": "case_id strengths everyday around guardians consent_by consent_for",
    "cases_person": "id kind name family_name relation language interpreter consent consent_on case_id by_hand",
    "cases_personcontact": "person_id born_on phone case_id",
    "cases_childkey": "person_id case_id given family",
    "cases_membership": "id role must_attend masked started_at ended_at end_reason case_id ended_by_id started_by_id unit_id"
    " user_id person_id index_only named sections",
    "cases_consent": "id section answer way asked_at valid_until confirmed_at withdrawn asked_by_id case_id confirmed_by_id"
    " giver_id membership_id unit_id wording_id",
    "cases_caseevent": "id kind at detail by_id case_id",
    "cases_twoweekoutcome": "case_id met day_number day14_on written_at",
    "meetings_meeting": "id ref kind status starts_at ends_at place proposed_at confirmed_at began_at move_reason case_id"
    " held_by_id proposed_by_id by_phone",
    "meetings_participant": "id answer answered_at present answered_by_id case_id meeting_id membership_id",
    "meetings_logbook": "id opened_at child_heard child_words next_on ends_here version approved_at approved_by_id case_id"
    " opened_by_id template_id meeting_id",
    "meetings_logbookentry": "id mark note said_by carry_to_plan version saved_at case_id logbook_id saved_by_id theme_id",
    "meetings_commitment": "id ref kind what due_on form_key written_at agreed_at status note resolved_at case_id"
    " membership_id owner_id resolved_by_id unit_id written_by_id meeting_id",
    "audit_logentry": "id at actor_id actor_name actor_agency hat verb case_id case_ids page reason",
}
N = r"\N"
AREA_SIZE = 5000
PER_PROFESSIONAL = 67
SECTORS = (
    (Sector.ECEC, "Päiväkoti", False), (Sector.BASIC_EDUCATION, "Koulu", False), (Sector.FAMILY_SERVICES, "Perheohjaus", False),
    (Sector.HEALTH, "Neuvola", False), (Sector.ADULT_SERVICES, "Aikuisten palvelut", False),
    (Sector.STUDENT_WELFARE, "Kuraattorit", True), (Sector.YOUTH, "Nuorisotyö", True), (Sector.NGO, "Perheiden talo", True),
)  # fmt: skip
FIRST = [
    "Aava",
    "Eemil",
    "Elsa",
    "Iiris",
    "Joel",
    "Kerttu",
    "Lauri",
    "Minttu",
    "Niilo",
    "Oiva",
    "Pihla",
    "Reino",
    "Saimi",
    "Tyyne",
    "Unto",
    "Veikka",
]
LAST = [
    "Aallonpää",
    "Hietaniitty",
    "Jokivarsi",
    "Kangasvuokko",
    "Lehtovaara",
    "Mäntylampi",
    "Niittykoski",
    "Rantakivi",
    "Suvilehto",
    "Tuulenpää",
]
ASKED = ("time", "themes", "plan", "contact")


@dataclass(frozen=True)
class Worker:
    """A professional as the rows need them."""

    pk: int
    unit: int
    written: bool
    name: str


@dataclass
class Place:
    """An area with its people."""

    pk: int
    coordinators: list[Worker]
    professionals: list[Worker]


class Maker:
    """Makes the rows of one world. `on` is its today: every date follows from it and the seed."""

    def __init__(self, bulk: Bulk, cases: int, seed: int, on: date) -> None:
        self.bulk, self.cases, self.seed, self.on = bulk, cases, seed, on
        self.rng = random.Random(f"{seed}:{cases}")  # noqa: S311  invented people, no secret
        self.salt = self.rng.getrandbits(49) | 1
        self.big = min(AREA_SIZE, max(1, cases // 2))
        self.areas = 1 + max(1, -(-(cases - self.big) // AREA_SIZE))
        self.days = [on - timedelta(days=n) for n in range(1101)]
        self.due = {day: (day14(day), latest_meeting_day(day)) for day in self.days}
        self.special: list[tuple[Worker, int, int]] = []  # who, every how many open situations, how many of them
        self.open = 0
        self.people: dict[str, str] = {}

    def ref(self, table: int, number: int) -> str:
        """A public reference that no other row of the table has: a multiplication turns the numbers about."""
        value = (number * 0x9E3779B97F4A7 + self.salt + table) % 2**50
        text = "".join(ALPHABET[value >> shift & 31] for shift in range(45, -1, -5))
        return f"{text[:4]}-{text[4:8]}-{text[8:]}"

    def at(self, day: date, hour: int = 12) -> str:
        return f"{day} {hour:02}:{self.rng.randrange(60):02}:00+03"

    # --- Places and people --------------------------------------------------------------------------------------------

    def places(self) -> list[Place]:
        """Areas with eight units each, their coordinators and professionals, and the people whom measurements ask for."""
        county = County.objects.get(code="19")
        agencies = []
        for sector, name, written in SECTORS:
            key = self.bulk.key("networks_agency")
            self.line("networks_agency", key, f"{name} {self.seed}/{key}", "Keksitty", "Keksitty", sector, written)
            agencies.append(key)
        cities = list(Municipality.objects.filter(county=county).order_by("pk").values_list("pk", flat=True))
        # As many in each unit: neighbours in the list, who come into one network, are never of the same unit.
        each = max(1, round(self.cases * 4 / PER_PROFESSIONAL / self.areas / len(SECTORS))) * len(SECTORS)
        made = [self._place(n, county.pk, cities[n % len(cities)], agencies, each) for n in range(self.areas)]
        units = [self._unit(f"Mittaus {n}", agencies[2], made[0].pk) for n in range(2)]
        for label, unit, count in (("member", units[0], 50), ("heavy", units[1], 1000)):
            count = min(count, max(1, self.big // 5))
            who = self.worker("professional", unit, False, label=label)
            self.special.append((who, max(1, self.big // count), count))
        for label, role in (("officer", "officer"), ("administrator", "administrator")):
            self.worker(role, None, False, label=label)
        return made

    def _place(self, n: int, county: int, city: int, agencies: list[int], each: int) -> Place:
        key = self.bulk.key("networks_area")
        name = f"Alue {self.seed}-{n + 1}"
        self.line("networks_area", key, name, f"{name}n", "08 000 1234", "arkisin klo 8–16", "08 000 0112", county)
        self.line("networks_area_municipalities", self.bulk.key("networks_area_municipalities"), key, city)
        units = [self._unit(f"{SECTORS[k][1]} {self.seed}-{n + 1}", agencies[k], key) for k in range(len(SECTORS))]
        for unit in units:
            self.worker("unit_head", unit, False, unit_of=unit)
        self.worker("leadership", units[0], False, area=key)
        coordinators = [
            self.worker("coordinator", units[2], False, area=key, label="coordinator" if not n and not k else "")
            for k in range(5)
        ]
        professionals = [self.worker("professional", units[k % len(units)], SECTORS[k % len(units)][2]) for k in range(each)]
        return Place(key, coordinators, professionals)

    def _unit(self, name: str, agency: int, area: int) -> int:
        key = self.bulk.key("networks_unit")
        self.line("networks_unit", key, f"{name}/{key}", agency, area)
        return key

    def worker(
        self,
        role: str,
        unit: int | None,
        written: bool,
        *,
        area: int | None = None,
        unit_of: int | None = None,
        label: str = "",
    ) -> Worker:
        """Somebody with an account and one role."""
        key, rng = self.bulk.key("networks_user"), self.rng
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        email = f"{label or 'w'}.{self.seed}.{key}@esimerkki.invalid"
        if label:
            self.people[label] = email
        self.line(
            "networks_user", key, f"!{key:040}", email, name, sort_key(name), "ammattilainen", "", "fi", False, True,
            self.at(self.days[-1]), unit, 0,
        )  # fmt: skip
        self.line(
            "networks_rolemembership", self.bulk.key("networks_rolemembership"), role, "2020-01-01", area, key, unit_of
        )
        return Worker(key, unit or 0, written, name)

    def line(self, table: str, *values: object) -> None:
        """One row of any values, for tables with few of them."""
        words = {None: N, True: "t", False: "f"}
        self.bulk.lines[table].append(
            "\t".join(words[value] if value is None or isinstance(value, bool) else str(value) for value in values)
        )
