"""What the machine stands on: its people, its plain facts, and the comparison after every step."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from cases.access import NotAllowed, sections
from cases.models import Case, Membership, Person
from networks.models import HAT_OF_ROLE, User
from tests.access import rows
from tests.access.model import SECTIONS, Account, Facts, Seat, Word, opens, seat_opens, usable
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


class Ground(RuleBasedStateMachine):
    """Each example runs in a savepoint of the test's transaction, and is undone at its end."""

    world: World
    steps = 0
    done: dict[str, int] = {}

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[int, User] = {}
        self.compared = 0
        self.changed = True
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
        except NotAllowed:
            self.done[f"{what}: refused"] = self.done.get(f"{what}: refused", 0) + 1
            return None
        assert saw or what == "accept", f"{what} by somebody who does not see the situation"
        self.changed = True
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

    # -- what must hold after every step

    @invariant()
    def the_three_agree(self) -> None:
        type(self).steps += 1
        if not self.changed:
            return
        self.changed, self.compared = False, self.compared + 1
        if not self.people:
            self.people = User.objects.in_bulk([getattr(self.world, name).pk for name in PEOPLE])
        for user in self.people.values():
            roles = {HAT_OF_ROLE[r.role]: r.pk for r in user.current_roles}
            # each hat that the person may wear after every change, the others' now and then
            for hat in ("area", "member") if self.compared % 4 == 0 else roles.keys() & {"area", "member"}:
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
        found = rows.shown(hat, sees)
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
        invited = {s.case for k, s in seats.items()
                   if hat == "member" and s.invited and seat_opens(self.facts, k, s, "themes", self.today)}  # fmt: skip
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
            found = (row.lead.ended_at, row.lead.case_id, row.lead.user_id, row.lead.role)
            assert found == (None, row.pk, self.facts.cases[row.pk].lead, "coordinator")
            assert row.coordinator_id == row.lead.user_id
