"""What a second, hostile look at the walls found: each hole is tried here as the hat that could go through it."""

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import intake, standing
from cases.actions.case import close
from cases.actions.consent import Word, record_words
from cases.actions.reopening import reopen
from cases.models import Case, Concern, Consent, Membership, Person, PersonContact, Recusal, Task
from cases.oversight import readings
from cases.tasks import open_daily_tasks
from cases.views.oversight import LAST_KEY
from meetings.models import Commitment
from networks.models import Agency, Role, Sector, Unit, User
from tests.audit.rows import handing_over, row
from tests.meetings.steps import a_case, approved, held, opened, promise
from tests.personas import World, at
from yhteiso.audit.models import DisclosureEntry, LogEntry, Oddity
from yhteiso.hats.wear import wearing


def asked(sql: str, *arguments: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.fetchone()[0]


def seat(case: Case, user: User, **fields: Any) -> Membership:
    values = {"unit": user.unit, "role": "member", "started_at": timezone.now(), "started_by": case.coordinator} | fields
    return Membership.objects.create(case=case, user=user, **values)


def read(world: World, case: Case, user: User) -> list[Any]:
    with wearing("member", user.pk):
        return readings(case, before=timezone.now(), before_id=LAST_KEY, rows=50)


def page(world: World, case: Case, user: User) -> str:
    response = world.client(user).get(f"/cases/{case.ref}/readers/")
    assert response.status_code == 200
    return response.content.decode()


# -- a protected family and a coordinator with a seat (2)


@pytest.mark.parametrize(
    ("named", "index_only", "seen"), [(False, False, 0), (False, True, 0), (True, True, 0), (True, False, 1)]
)
def test_only_a_named_seat_opens_a_protected_family(world: World, named: bool, index_only: bool, seen: int) -> None:
    case = world.case()
    seat(case, world.second_coordinator, named=named, index_only=index_only)
    Case.objects.filter(pk=case.pk).update(protected=True)
    user = world.second_coordinator
    assert Case.objects.visible_to(user).count() == seen
    with wearing("area", user.pk):
        assert Case.objects.count() == seen
        assert Person.objects.exists() == bool(seen)
        assert Case.objects.update(delay_reason="illness") == seen
        assert asked("SELECT sec.sees_case(%s)", case.pk) == bool(seen)
    with wearing("area", world.coordinator.pk):
        assert Case.objects.count() == 1


# -- who has looked (1)


def test_without_the_network_a_member_is_told_the_own_readings_only(world: World) -> None:
    case = world.case()
    case.consents.all().update(ended_at=timezone.now(), ended_by=world.coordinator)
    case.persons.filter(kind="guardian").update(consent="waiting")
    row(now=timezone.now(), case_id=case.pk, actor_id=world.member.pk, actor_name="Sari Hietaniitty")
    row(now=timezone.now(), case_id=case.pk, actor_id=world.professional.pk, actor_name="Kaisa Koivupuro")
    assert [found.who for found in read(world, case, world.professional)] == ["Kaisa Koivupuro"]
    shown = page(world, case, world.professional)
    assert "Sari Hietaniitty" not in shown
    assert "vain omat katselusi" in shown


def test_in_a_protected_family_only_the_named_see_who_has_looked(world: World) -> None:
    case = world.case()
    row(now=timezone.now(), case_id=case.pk, actor_id=world.member.pk, actor_name="Sari Hietaniitty")
    Case.objects.filter(pk=case.pk).update(protected=True)
    [found] = read(world, case, world.professional)
    assert (found.who, found.unit, found.agency) == ("", "", "")
    shown = page(world, case, world.professional)
    assert "Sari" not in shown
    assert "Pikkukäpy, Päivähoito" not in shown
    case.memberships.filter(user=world.professional).update(named=True)
    assert "Sari Hietaniitty" in page(world, case, world.professional)


def test_a_protected_identity_is_initials_among_the_readers(world: World) -> None:
    case = world.case()
    row(now=timezone.now(), case_id=case.pk, actor_id=world.member.pk, actor_name="Sari Hietaniitty")
    User.objects.filter(pk=world.member.pk).update(protected_identity=True)
    shown = page(world, case, world.professional)
    assert "Sari Hietaniitty" not in shown
    assert "Pikkukäpy, Päivähoito" not in shown


# -- a disqualified officer (16)


def test_a_disqualified_officer_reads_nothing_of_the_situation_in_any_log(world: World) -> None:
    case, now = world.case(), timezone.now()
    row(now=now, case_id=case.pk)
    entry = LogEntry.objects.get(case_id=case.pk, actor_name="Katsoja 0")
    Oddity.objects.create(entry_id=entry.pk, entry_at=entry.at, rule="night", found_at=now)
    handing_over(now=now, case_id=case.pk)
    case.memberships.filter(user=world.member).update(masked=True)

    decided = {"decision": "right", "decided_at": now, "decided_by_id": world.officer.pk, "decided_by_name": "Ville"}

    def seen() -> tuple[Any, ...]:
        with wearing("officer", world.officer.pk):
            return (
                DisclosureEntry.objects.filter(case_id=case.pk).exists(), Oddity.objects.count(),
                asked("SELECT sec.case_of_ref(%s)", case.ref), asked("SELECT count(*) FROM sec.refs_of(%s)", [case.pk]),
                asked("SELECT sec.masked_in(%s)", case.pk), Oddity.objects.update(**decided),
            )  # fmt: skip

    assert seen() == (True, 1, case.pk, 1, [world.member.pk], 1)
    Recusal.objects.create(case=case, user=world.officer, reason="kin", marked_by=world.coordinator, marked_at=now)
    assert seen() == (False, 0, None, 0, [], 0)


# -- exceptional access (17)


def test_the_locked_row_is_looked_at_again_before_it_opens_exceptionally(world: World) -> None:
    """The race itself is between two connections; here the function's own words after the lock are held to it."""
    body = asked("SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.proname = 'open_exceptionally'")
    locked = body.index("FOR NO KEY UPDATE")
    assert "c.status = 'closed' OR c.protected OR c.id = ANY (sec.my_recusals())" in body[locked : body.index("INSERT INTO")]


# -- the concern before a protected call (8)


def test_a_protected_call_s_concern_is_for_whoever_took_the_call(world: World) -> None:
    now = at("2026-06-05 12:46")
    concern = world.concern(now=now)
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=now)
    for protected, seen in ((False, 1), (True, 0)):
        type(call).objects.filter(pk=call.pk).update(protected=protected)
        with wearing("area", world.second_coordinator.pk):
            assert Concern.objects.count() == seen
            assert Concern.objects.update(place="x") == seen
        assert Concern.objects.visible_to(world.second_coordinator).count() == seen
        with wearing("area", world.coordinator.pk):
            assert Concern.objects.visible_to(world.coordinator).count() == 1


# -- disqualification by somebody else (10, 23)


def marked(world: World, case: Case, who: User, by: User, **more: Any) -> None:
    with wearing("area", by.pk), transaction.atomic():
        standing.recuse(case=case, user=who, reason="kin", by=by, now=timezone.now(), **more)


def test_the_lead_is_marked_by_whoever_answers_for_the_area(world: World) -> None:
    case, away = world.case(), {"successor": world.other_coordinator, "area": world.other_area}
    with pytest.raises(NotAllowed):
        marked(world, case, world.coordinator, world.second_coordinator, **away)
    with wearing("area", world.second_coordinator.pk):
        assert (
            asked(
                "SELECT sec.recuse(%s, %s, 'kin', %s, %s, now(), now())",
                case.pk, world.coordinator.pk, world.other_coordinator.pk, world.other_area.pk,
            )
            is None
        )  # fmt: skip
    shown = world.client(world.second_coordinator).get(f"/cases/{case.ref}/recusal/").content.decode()
    assert f'value="{world.coordinator.pk}"' not in shown
    assert f'value="{world.member.pk}"' in shown
    marked(world, case, world.coordinator, world.responsible, **away)
    assert Case.objects.get(pk=case.pk).coordinator == world.other_coordinator


def test_nobody_outside_is_marked(world: World) -> None:
    case = world.case()
    for who in (world.colleague, world.other_coordinator, world.officer):
        with pytest.raises(NotAllowed):
            marked(world, case, who, world.coordinator)
    for who in (world.left, world.member, world.second_coordinator):
        marked(world, case, who, world.coordinator)
    assert Recusal.objects.count() == 3


def test_a_foreign_situation_is_not_asked_about(world: World) -> None:
    case = world.case()
    Case.objects.filter(pk=case.pk).update(protected=True)
    for user, told in ((world.coordinator, True), (world.other_coordinator, False)):
        with wearing("area", user.pk):
            assert asked("SELECT sec.place_by_phone(%s)", case.pk) is told
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("area", world.coordinator.pk):
        asked("SELECT sec.invite_lead(%s)", case.pk)


@pytest.mark.parametrize("change", ["recused", "inactive", "moved"])
def test_a_link_ends_with_its_seat(world: World, change: str) -> None:
    from meetings.actions import meeting as meetings
    from meetings.models import Participant

    case = world.case()
    meetings.propose(
        case=case, starts_at=at("2026-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=at("2026-06-08 09:00")
    )
    place = Participant.objects.get(membership__user=world.member)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.guest', %s, true)", [str(place.pk)])
    assert asked("SELECT sec.guest_seat()") == place.pk
    if change == "recused":
        Recusal.objects.create(
            case=case, user=world.member, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
        )
    else:
        fields = {"inactive": {"is_active": False}, "moved": {"unit": world.day_care}}[change]
        User.objects.filter(pk=world.member.pk).update(**fields)
    assert asked("SELECT sec.guest_seat()") is None


# -- a change of unit (14)


def test_a_seat_does_not_come_back_with_the_unit(world: World) -> None:
    case = world.case()
    for unit in (world.day_care, world.guidance):
        with wearing("admin", world.administrator.pk):
            User.people.filter(pk=world.member.pk).update(unit=unit)
    ended = case.memberships.get(user=world.member)
    assert (ended.end_reason, ended.ended_by) == ("unit", world.administrator)
    with wearing("member", world.member.pk):
        assert Case.objects.count() == 0
    task = Task.objects.get(kind="seat_vacant")
    assert (task.to_id, task.about) == (world.coordinator.pk, f"seat-{ended.pk}")
    User.objects.filter(pk=world.coordinator.pk).update(unit=world.day_care)
    assert case.memberships.get(pk=case.lead_id).ended_at is None


# -- what one administrator may not change (13)


def test_the_administrator_s_hat_does_not_ease_consent(world: World) -> None:
    agency, unit = world.day_care.agency, world.guidance
    changes: tuple[tuple[Any, dict[str, Any]], ...] = (
        (Agency, {"written_consent": False}), (Agency, {"sector": Sector.ECEC}), (Unit, {"agency_id": agency.pk}),
    )  # fmt: skip
    for model, change in changes:
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), wearing("admin", 1):
            model.objects.update(**change)
    made = {"name": "Uusi", "legal_name": "Uusi ry", "controller": "Uusi ry", "sector": Sector.ECEC}
    with pytest.raises(DatabaseError, match="in writing"), transaction.atomic(), wearing("admin", 1):
        Agency.objects.create(**made, written_consent=False)
    with wearing("admin", world.administrator.pk):
        assert Agency.objects.create(**made).written_consent
        assert Unit.objects.filter(pk=unit.pk).update(name="Toinen nimi") == 1


def test_the_administrator_s_forms_keep_what_opens_a_family(world: World) -> None:
    client, agency, unit = world.client(world.administrator), world.day_care.agency, world.day_care
    changed = {"name": "Uusi nimi", "legal_name": "Oulu", "controller": "Oulu", "sector": "other", "written_consent": ""}
    Agency.objects.filter(pk=agency.pk).update(written_consent=True)
    url = f"/admin/networks/agency/{agency.pk}/change/"
    assert client.post(url, changed).status_code == 302
    agency.refresh_from_db()
    assert (agency.name, agency.sector, agency.written_consent) == ("Uusi nimi", Sector.ECEC, True)
    assert client.post("/admin/networks/agency/add/", changed | {"name": "Järjestö"}).status_code == 302
    assert Agency.objects.get(name="Järjestö").written_consent
    form = {"name": "Kotkat", "agency": world.guidance.agency_id, "area": world.other_area.pk}
    assert client.post(f"/admin/networks/unit/{unit.pk}/change/", form).status_code == 302
    unit.refresh_from_db()
    assert (unit.name, unit.agency_id, unit.area_id) == ("Kotkat", agency.pk, world.other_area.pk)


# -- what a coordinator's hat writes of consents and seats (25)


def test_a_word_and_a_seat_are_ended_and_never_rewritten(world: World) -> None:
    case = world.case()
    refused: tuple[tuple[Any, dict[str, Any]], ...] = (
        (Consent, {"answer": "yes"}), (Consent, {"valid_until": date(2099, 1, 1)}), (Consent, {"section": "plan"}),
        (Membership, {"user_id": world.colleague.pk}), (Membership, {"expires_at": timezone.now()}),
        (Membership, {"unit_id": world.day_care.pk}), (Membership, {"role": "coordinator"}), (Membership, {"sections": []}),
    )  # fmt: skip
    for model, change in refused:
        with (
            pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(),
            wearing("area", world.coordinator.pk),
        ):  # fmt: skip
            model.objects.filter(case=case).update(**change)
    with wearing("area", world.coordinator.pk):
        assert case.consents.update(confirmed_at=timezone.now(), confirmed_by=world.coordinator) > 0
        assert case.memberships.filter(user=world.member).update(masked=True) == 1


# -- the family's hat (20)


@pytest.mark.parametrize(("kind", "by_hand", "seen"), [("guardian", False, 1), ("guardian", True, 0), ("close", False, 0)])
def test_the_family_s_hat_is_for_the_child_and_safe_guardians(world: World, kind: str, by_hand: bool, seen: int) -> None:
    case = world.case()
    Case.objects.filter(pk=case.pk).update(protected=True)
    account = world.person("Hilla Suvilehto", Role.FAMILY)
    person = case.persons.get(name="Hilla")
    PersonContact.objects.get_or_create(person=person, case=case)
    Person.objects.filter(pk=person.pk).update(kind=kind, by_hand=by_hand, account=account)
    with wearing("family", account.pk):
        assert case.persons.filter(pk=person.pk).values("name").count() == seen
        assert PersonContact.objects.count() == seen
        assert Case.objects.values("ref").count() == seen
    hidden: tuple[tuple[Any, str], ...] = (
        (Person, "by_hand"), (Person, "account_id"), (Membership, "masked"), (Membership, "user_id"),
    )  # fmt: skip
    for model, column in hidden:
        with pytest.raises(ProgrammingError, match="permission denied"), wearing("family", account.pk):
            list(model.objects.values_list(column))


# -- the plan is not the themes


def test_agreed_promises_open_with_the_plan_and_not_with_the_themes(world: World) -> None:
    """What is being written is everybody's at the table; what was agreed opens by the family's word on the plan."""
    case = a_case(world, days_ago=6)
    book = opened(world, held(world, case))
    theirs, own = promise(book, world.professional, "SALAINEN-LUPAUS"), promise(book, world.member, "Oma lupaus")
    mother = case.persons.get(name="Hilla")

    def sees(user: User) -> set[int]:
        with wearing("member", user.pk):
            return set(Commitment.objects.values_list("pk", flat=True))

    def says(answer: str) -> None:
        words = [Word(case.memberships.get(user=world.member), "plan", answer)]
        record_words(
            case=case, giver=mother, words=words, way="phone", valid_until=None, by=world.coordinator, now=timezone.now()
        )

    says("no")
    assert sees(world.member) == {theirs.pk, own.pk}
    client, address = world.client(world.member), reverse("logbook-approval", args=[case.ref, book.meeting.ref])
    assert client.get(address).status_code == client.post(address).status_code == 403
    approved(world, book)
    assert sees(world.member) == {own.pk}
    assert sees(world.professional) == {theirs.pk, own.pk}
    body = client.get(reverse("logbook", args=[case.ref, book.meeting.ref]))
    assert body.status_code == 200
    assert "SALAINEN-LUPAUS" not in body.content.decode()
    says("yes")
    assert sees(world.member) == {theirs.pk, own.pk}


# -- nobody is forgotten


def test_a_closed_protected_one_whose_lead_is_gone_is_read_and_opened_by_whoever_takes_care(world: World) -> None:
    case, chief = world.case(), world.responsible
    Case.objects.filter(pk=case.pk).update(protected=True)
    close(case=Case.objects.get(pk=case.pk), by=world.coordinator, reason="moved_away", now=timezone.now())

    def sees(user: User) -> tuple[int, int]:
        person = User.objects.get(pk=user.pk)
        with wearing("area", person.pk):
            return Case.objects.visible_to(person).count(), Case.objects.count()

    assert sees(world.coordinator) == (1, 1)
    assert sees(chief) == sees(world.second_coordinator) == (0, 0)
    User.objects.filter(pk=world.coordinator.pk).update(is_active=False)
    assert sees(chief) == (1, 1)
    assert sees(world.second_coordinator) == sees(world.other_coordinator) == (0, 0)
    client = world.client(chief)
    assert client.get(f"/cases/{case.ref}/").status_code == 200
    assert open_daily_tasks() == 0  # nobody is asked to take over what has ended
    with wearing("area", chief.pk):
        reopen(case=Case.objects.get(pk=case.pk), reason="Äiti soitti.", by=chief, now=timezone.now())
    assert Case.objects.get(pk=case.pk).coordinator_id == chief.pk
    close(case=Case.objects.get(pk=case.pk), by=chief, reason="moved_away", now=timezone.now())
    chief.roles.update(ends_on=date(2026, 1, 1))
    assert sees(world.second_coordinator) == (1, 1)  # nobody answers for the area any more
    assert sees(world.other_coordinator) == (0, 0)


def test_a_protected_family_without_a_lead_is_seen_by_whoever_answers_for_the_area(world: World) -> None:
    case = world.case()
    Case.objects.filter(pk=case.pk).update(protected=True)
    chief = world.responsible

    def sees(user: User) -> tuple[int, int]:
        person = User.objects.get(pk=user.pk)
        with wearing("area", person.pk):
            return Case.objects.visible_to(person).count(), Case.objects.count()

    assert sees(world.coordinator) == (1, 1)
    assert sees(chief) == sees(world.second_coordinator) == (0, 0)
    User.objects.filter(pk=world.coordinator.pk).update(is_active=False)
    assert sees(chief) == (1, 1)
    assert sees(world.second_coordinator) == sees(world.other_coordinator) == (0, 0)
    assert open_daily_tasks() == open_daily_tasks() == 1
    assert [task.to for task in Task.objects.filter(kind="leaderless")] == [chief]
    assert f"/cases/{case.ref}/" in world.client(chief).get("/tasks/").content.decode()
    chief.roles.update(ends_on=date(2026, 1, 1))
    assert sees(world.second_coordinator) == (1, 1)  # nobody answers for the area any more
    assert sees(world.other_coordinator) == (0, 0)
