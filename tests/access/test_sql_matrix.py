"""Everybody × every kind of row × every verb, asked from PostgreSQL itself in each hat, and compared with the application.

One situation, and around it everybody who stands to it in another way. What a person may read follows from `SEES`, a table
that people read; what they may write from `WRITES`. Both are compared with `visible_to` and `sections` too.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from cases.access import sections
from cases.actions import consent, network, standing
from cases.models import Case, Hiding, Membership, Person, PersonContact, SafeContact
from meetings.models import Meeting, Participant
from networks.models import Agency, Role, RoleMembership, Sector, Unit, User
from tests.access import rows
from tests.personas import World, at
from yhteiso.hats.wear import put_on, take_off, wearing

ALL = {"time", "network", "themes", "plan", "contact", "consents", "intake"}
OPEN, TIMES = ALL - {"intake"}, {"time", "network"}
# persona → the hat worn, and the sections that are open to them
SEES: dict[str, tuple[str, set[str]]] = {
    "coordinator": ("area", ALL), "second_coordinator": ("area", ALL), "responsible": ("area", ALL),
    "other_coordinator": ("area", set()), "recused_coordinator": ("area", set()),
    "all_open": ("member", OPEN), "caller": ("member", OPEN), "masked": ("member", OPEN), "paper_ngo": ("member", OPEN),
    "waiting": ("member", {"consents"}), "time_only": ("member", TIMES | {"consents"}),
    "oral_ngo": ("member", TIMES | {"consents"}), "index_only": ("member", TIMES), "reader": ("member", {"plan", "themes"}),
    "reader_expired": ("member", set()), "left": ("member", set()), "recused": ("member", set()),
    "unit_changed": ("member", set()), "role_ended": ("member", set()), "suspended": ("member", set()),
    "colleague": ("member", set()), "unit_head": ("unit", set()), "leader": ("report", set()),
    "officer": ("officer", set()), "administrator": ("admin", set()), "nobody": ("public", set()),
    "guardian": ("family", TIMES | {"plan", "themes"}), "hidden_from": ("family", TIMES | {"plan"}),
    "guest": ("guest", set()), "jobs": ("jobs", set()),
}  # fmt: skip
GONE = {"reader_expired", "left", "recused", "unit_changed", "role_ended", "suspended", "colleague", "other_coordinator",
        "recused_coordinator"}  # fmt: skip
# kind → the section that opens it ("case": the situation itself), its table, its key, a column that a page changes
KINDS: dict[str, tuple[str, str, str, str]] = {
    "case": ("case", "cases_case", "id", "guardians_apart"), "heading": ("time", "cases_caseheading", "case_id", "caller_label"),
    "text": ("intake", "cases_casetext", "case_id", "everyday"),
    "child": ("network", "cases_person", "id", "relation"), "seat": ("network", "cases_membership", "id", "must_attend"),
    "event": ("network", "cases_caseevent", "id", "kind"), "contact": ("contact", "cases_personcontact", "person_id", "phone"),
    "meeting": ("time", "meetings_meeting", "id", "place"), "answer": ("time", "meetings_participant", "id", "answer"),
    "themes": ("themes", "meetings_logbookentry", "id", "note"), "promise": ("plan", "meetings_commitment", "id", "note"),
    "step": ("case", "cases_escalation", "id", "seen_at"),
    "safe": ("contact", "cases_safecontact", "id", "end_reason"),
}  # fmt: skip
AREA_ONLY = {"text", "step", "safe"}
WRITES = {
    "case": "IU", "heading": "IU", "text": "IU", "child": "IU", "seat": "IU", "event": "I", "contact": "IU", "meeting": "IU",
    "answer": "IU", "promise": "IUD", "step": "U",
}  # fmt: skip
OTHERS = {
    "jobs": {"case", "meeting", "promise", "step", "safe", "seat", "event", "answer"},
    "guest": set(),
    "unit": set(),
    "officer": set(),
}
# Whoever is disqualified here may open another family's situation; the jobs write the steps of the ladder; only who asked
# writes down a safe number.
ALSO = {("recused_coordinator", "case", "I"), ("jobs", "step", "I"), ("coordinator", "safe", "I"), ("jobs", "event", "I")}


@pytest.fixture
def everybody(world: World) -> dict[str, Any]:
    return gather(world)


def gather(world: World) -> dict[str, Any]:
    """The situation, the people by persona, and one row of every kind that belongs to none of them."""
    now = timezone.now()
    world.responsible = getattr(world, "responsible", None) or world.person(
        "Outi Vastuu", Role.RESPONSIBLE, world.guidance, area=world.area
    )
    world.recused_coordinator = world.person("Reetta Jäävi", Role.COORDINATOR, world.guidance, area=world.area)
    case = world.case(consent=False)
    rows.canaries(case, world, now)
    ngo = Agency.objects.create(name="Seura", legal_name="x", controller="x", sector=Sector.NGO, written_consent=True)
    people: dict[str, User | None] = {
        name: getattr(world, name) for name in SEES
        if name not in ("left",) and getattr(world, name, None) is not None
    }  # fmt: skip
    people |= {"left": world.left, "caller": world.professional, "nobody": None, "jobs": None, "guest": None}
    for name in ("all_open", "masked", "paper_ngo", "waiting", "time_only", "oral_ngo", "index_only", "recused",
                 "unit_changed", "role_ended", "suspended", "reader", "reader_expired"):  # fmt: skip
        agency = ngo if name.endswith("ngo") else world.guidance.agency
        unit = Unit.objects.create(agency=agency, area=world.area, name=name)
        people[name] = world.person(name, Role.PROFESSIONAL, unit)
    seats = _seats(case, people, world, now)
    _words(case, world, seats, now)
    _family(case, people, world, now)
    _afterwards(case, people, world, now)
    child = case.memberships.get(person__kind="child")
    keys = {
        "case": case.pk, "heading": case.pk, "text": case.pk, "child": child.person_id, "seat": child.pk, "contact": child.person_id,
        "event": case.events.get(kind="call").pk, "meeting": Meeting.objects.get(case=case, place="ONE").pk,
        "answer": Participant.objects.get(case=case, membership=child, answer="no").pk,
        "promise": case.commitments.get(what="ONE").pk, "step": case.escalations.create(
            step=1, due_at=now, raised_at=now).pk,
    }  # fmt: skip
    keys["safe"] = SafeContact.objects.create(
        person=child.person, case=case, channel="sms", address="+358401234567", way="phone", asked_by=world.coordinator,
        asked_at=now,
    ).pk  # fmt: skip
    keys["themes"] = case.logbooks.get(meeting__place="TWO").entries.get().pk
    return {"case": case, "people": people, "keys": keys, "guest": seats["all_open"]}


def _seats(case: Case, people: dict[str, Any], world: World, now: Any) -> dict[str, Membership]:
    seats = {"caller": case.memberships.get(user=world.professional)}
    for name in ("all_open", "masked", "paper_ngo", "waiting", "time_only", "oral_ngo", "index_only", "recused",
                 "unit_changed", "role_ended", "suspended"):  # fmt: skip
        seats[name] = network.add_member(
            case=case, user=people[name], must_attend=False, masked=name == "masked", index_only=name == "index_only",
            by=world.coordinator, now=now,
        )  # fmt: skip
    for seat in seats.values():
        rows.invite(case, seat)
    return seats


def _words(case: Case, world: World, seats: dict[str, Membership], now: Any) -> None:
    network.add_person(case=case, kind="guardian", name="Hilla", by=world.coordinator, now=now)
    mother = case.persons.get(name="Hilla")
    for name, seat in seats.items():
        parts = {"waiting": (), "time_only": ("time",)}.get(name, ("time", "plan", "themes", "contact"))
        consent.record_words(
            case=case, giver=mother, words=[consent.Word(seat, part, "yes") for part in parts],
            way="paper" if name == "paper_ngo" else "phone", valid_until=None, by=world.coordinator, now=now,
        )  # fmt: skip


def _family(case: Case, people: dict[str, Any], world: World, now: Any) -> None:
    for name in ("guardian", "hidden_from"):  # with accounts; whose words are not waited for here
        people[name] = world.person(name, Role.FAMILY)
        network.add_person(case=case, kind="guardian", name=name, by=world.coordinator, now=now)
        row = case.persons.get(name=name)
        Person.objects.filter(pk=row.pk).update(account=people[name])
        consent.except_guardian(case=case, guardian=row, reason="x", by=world.coordinator, now=now)
    hidden = case.persons.get(name="hidden_from")
    Hiding.objects.create(
        case=case, guardian=hidden, section="themes", reason="x", written_by=world.coordinator, written_at=now
    )


def _afterwards(case: Case, people: dict[str, Any], world: World, now: Any) -> None:
    PersonContact.objects.filter(case=case, person__kind="child").update(born_on=date(2022, 1, 1))
    for name in ("reader", "reader_expired"):
        with wearing("member", people[name].pk):
            standing.open_exceptionally(
                by=people[name], first_name="Aatu", born_on=date(2022, 1, 1), reason="danger", grounds="x",
                sections=["plan", "themes"], now=now,
            )  # fmt: skip
    Membership.objects.filter(user=people["reader_expired"]).update(expires_at=now - timedelta(hours=1))
    for name in ("recused", "recused_coordinator"):
        with wearing("area", world.coordinator.pk):
            standing.recuse(case=case, user=people[name], reason="kin", by=world.coordinator, now=now)
    User.objects.filter(pk=people["unit_changed"].pk).update(unit=world.day_care)
    RoleMembership.objects.filter(user=people["role_ended"]).update(ends_on=date(2026, 1, 1))
    User.objects.filter(pk=people["suspended"].pk).update(is_active=False)
    for name in people:
        if people[name] is not None:
            people[name] = User.objects.select_related("unit__agency").get(pk=people[name].pk)


def tried(hat: str, user: User | None, guest: int | None, deed: Callable[[Any], int]) -> bool:
    """Whether the deed reaches a row in this hat. Everything is undone."""
    outcome = False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            put_on(hat, user.pk if user else None)
            cursor.execute("SELECT set_config('app.guest', %s, true)", [str(guest or "")])
            try:
                with transaction.atomic():
                    outcome = deed(cursor) > 0
            except IntegrityError:  # a rule of the row itself, after the wall
                outcome = True
            take_off()
            transaction.set_rollback(True)
    except ProgrammingError as error:
        if "permission denied" in str(error) or "row-level security" in str(error):
            return False
        raise
    return outcome


def deeds(kind: str, key: int) -> dict[str, Callable[[Any], int]]:
    _, table, pk, column = KINDS[kind]

    def counted(sql: str) -> Callable[[Any], int]:
        def run(cursor: Any) -> int:
            cursor.execute(sql, [key])
            return int(cursor.rowcount)

        return run

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {pk} = %s", [key])
        names, values = [c.name for c in cursor.description], cursor.fetchone()

    def insert(cursor: Any) -> int:
        marks = ", ".join(["%s"] * len(names))
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
            [value if name != "detail" else "{}" for name, value in zip(names, values, strict=True)],
        )
        return int(cursor.rowcount)

    return {
        "S": counted(f"SELECT {pk} FROM {table} WHERE {pk} = %s"),
        "I": insert,
        "U": counted(f"UPDATE {table} SET {column} = {column} WHERE {pk} = %s"),
        "D": counted(f"DELETE FROM {table} WHERE {pk} = %s"),
    }


def expected(name: str, kind: str, verb: str) -> bool:
    hat, open_to = SEES[name]
    section = KINDS[kind][0]
    known = name not in GONE and hat in ("area", "member", "family")
    sees = known and (section == "case" or section in open_to) and not (hat != "area" and kind in AREA_ONLY)
    sees = sees and not (hat == "family" and kind in ("event", "contact"))
    if verb == "S":
        return sees or kind in OTHERS.get(hat, set())
    if (name, kind, verb) in ALSO:
        return True
    return sees and hat == "area" and verb in WRITES.get(kind, "")


@pytest.mark.timeout(300)
def test_everybody_every_row_every_verb(everybody: dict[str, Any]) -> None:
    asked, wrong, allowed = 0, [], set()
    for kind, key in everybody["keys"].items():
        for verb, deed in deeds(kind, key).items():
            if (kind, verb) == ("themes", "I") or (kind, verb) == ("themes", "U"):
                continue  # approved: refused by its trigger, whoever asks
            for name, (hat, _) in SEES.items():
                guest = everybody["guest"].pk if name == "guest" else None
                asked += 1
                got = tried(hat, everybody["people"][name], guest, deed)
                if got != expected(name, kind, verb):
                    wrong.append((name, hat, kind, verb, got))
                if got:
                    allowed.add((kind, verb))
    print(f"{asked} questions, {len(wrong)} wrong")  # noqa: T201  figures for docs/measured.md
    assert wrong == []
    # every denial has its twin: somebody is let in to the same row by the same verb
    assert {(kind, "S") for kind in KINDS} | {(k, v) for k, verbs in WRITES.items() for v in verbs} <= allowed


def reads(everybody: dict[str, Any]) -> None:
    """The readings of the matrix alone. Raises AssertionError at the first that is not as the table says."""
    for kind, key in everybody["keys"].items():
        select = deeds(kind, key)["S"]
        for name, (hat, _) in SEES.items():
            guest = everybody["guest"].pk if name == "guest" else None
            assert tried(hat, everybody["people"][name], guest, select) == expected(name, kind, "S"), (name, kind)
    for name, (hat, _) in SEES.items():
        guest = everybody["guest"].pk if name == "guest" else None
        opens = tried(hat, everybody["people"][name], guest, at_the_door(everybody["case"].pk))
        assert opens == (hat in ("area", "member") and name not in GONE), (name, "sec.sees_case")


def at_the_door(case: int) -> Callable[[Any], int]:
    """What SQL's own deeds ask before they do anything: they don't read the rows in the asker's hat."""

    def run(cursor: Any) -> int:
        cursor.execute("SELECT WHERE sec.sees_case(%s)", [case])
        return int(cursor.rowcount)

    return run


def test_the_readings_and_the_door_of_sql(everybody: dict[str, Any]) -> None:
    reads(everybody)


def test_the_application_says_the_same(everybody: dict[str, Any]) -> None:
    for name, (hat, open_to) in SEES.items():
        user = everybody["people"][name]
        if user is None:
            continue
        case = Case.objects.visible_to(user).filter(pk=everybody["case"].pk).first()
        assert (case is not None) == (name not in GONE and hat in ("area", "member")), name
        if case is not None:
            assert user.hat == hat
            with wearing(hat, user.pk):
                assert sections(user, case) == open_to, name


def test_a_borrowed_hat_shows_nothing(everybody: dict[str, Any]) -> None:
    """A professional in the coordinator's hat, a leader in a member's: the rows look at the person, not at the hat alone."""
    case = everybody["case"]
    for name, (own, _) in SEES.items():
        user = everybody["people"][name]
        for hat in {"area", "member", "family", "guest", "public", "report"} - {own}:
            if not (hat == "member" and name == "coordinator"):  # whose own seat is there
                select = deeds("case", case.pk)["S"]
                assert not tried(hat, user, None, select), (name, hat)


def test_a_guest_by_a_link_has_one_seat_and_nothing_else(everybody: dict[str, Any]) -> None:
    case = everybody["case"]
    meeting = Meeting.objects.create(
        case=case, kind="network", status="proposed", starts_at=at("2030-06-05 12:00"), ends_at=at("2030-06-05 13:00"),
        proposed_by=everybody["people"]["coordinator"], proposed_at=timezone.now(),
    )  # fmt: skip
    own = Participant.objects.create(meeting=meeting, case=case, membership=everybody["guest"])
    other = Participant.objects.create(meeting=meeting, case=case, membership=case.memberships.get(person__kind="child"))
    for row, sees in ((own, True), (other, False)):
        verbs = deeds("answer", row.pk)
        for verb, wanted in {"U": sees, "I": False, "D": False}.items():
            assert tried("guest", None, own.pk, verbs[verb]) == wanted, (sees, verb)
        assert not tried("guest", None, None, verbs["U"])

    def count(cursor: Any) -> int:
        cursor.execute("SELECT id FROM meetings_participant")
        return int(cursor.rowcount == 1)

    assert tried("guest", None, own.pk, count)
    assert not tried("guest", None, own.pk, deeds("case", case.pk)["S"])


def test_members_write_their_own_only(everybody: dict[str, Any]) -> None:
    """The same promise and the same answer: their owner changes them, nobody else in the network does."""
    case, people = everybody["case"], everybody["people"]
    seat = everybody["guest"]
    own = rows.promise(case, case.meetings.get(place="TWO"), seat, _World(people["coordinator"]), timezone.now())
    answer = Participant.objects.get(membership=seat)
    for kind, row in (("promise", own), ("answer", answer)):
        change = deeds(kind, row.pk)["U"]
        may = {name for name, (hat, _) in SEES.items() if hat == "member" and tried(hat, people[name], None, change)}
        assert may == {"all_open"}, kind


class _World:
    def __init__(self, coordinator: User) -> None:
        self.coordinator = coordinator


def test_a_seat_for_a_day_lets_an_invited_member_read_the_themes_and_write_none(everybody: dict[str, Any]) -> None:
    """Its twin on the same row: a member to whom the family has opened the themes writes."""
    case, people = everybody["case"], everybody["people"]
    meeting = Meeting.objects.create(
        case=case, kind="network", status="proposed", starts_at=at("2030-06-05 12:00"), ends_at=at("2030-06-05 13:00"),
        proposed_by=people["coordinator"], proposed_at=timezone.now(),
    )  # fmt: skip
    book = case.logbooks.first()
    new = type(book).objects.create(
        meeting=meeting, case=case, template=book.template, opened_at=timezone.now(), opened_by=people["coordinator"]
    )
    for name in ("all_open", "time_only"):
        rows_of = case.memberships.filter(user=people[name], ended_at=None)
        Participant.objects.create(meeting=meeting, case=case, membership=rows_of.get())

    def write(cursor: Any) -> int:
        cursor.execute("UPDATE meetings_logbook SET child_words = 'x' WHERE id = %s", [new.pk])
        return int(cursor.rowcount)

    with wearing("member", people["time_only"].pk):
        standing.open_exceptionally(
            by=people["time_only"], first_name="Aatu", born_on=date(2022, 1, 1), reason="danger", grounds="x",
            sections=["themes"], now=timezone.now(),
        )  # fmt: skip
    assert tried("member", people["time_only"], None, deeds("themes", everybody["keys"]["themes"])["S"])
    assert not tried("member", people["time_only"], None, write)
    assert tried("member", people["all_open"], None, write)
