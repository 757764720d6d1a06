"""The second wall, asked from PostgreSQL itself: what each hat may see, with no filter of ours in the way."""

import uuid

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse

from cases.models import Call, Case, CaseEvent, CaseHeading, CaseText, Concern, Membership, Person
from meetings.actions import meeting as meetings
from meetings.actions.logbook import open_logbook, write_commitment
from meetings.models import Commitment, Logbook, LogbookEntry, Meeting, Participant
from networks.models import Role, RoleMembership, User
from tests.personas import World, at
from yhteiso.hats.roles import HATS, WEB_HATS
from yhteiso.hats.wear import put_on, take_off, wearing

# Tables that hold nothing of a family, and may therefore be without row security.
OPEN_TABLES = {
    "account_emailaddress", "account_emailconfirmation", "auth_group", "auth_group_permissions", "auth_permission",
    "cases_consentwording", "cases_difference", "jobs_deadletter", "jobs_delivery", "jobs_jobrun", "jobs_silence", "django_admin_log", "django_content_type", "django_migrations", "django_session", "mfa_authenticator",
    "networks_accountinvitation", "networks_agency", "networks_area", "networks_area_municipalities",
    "networks_county", "networks_municipality", "networks_rolemembership", "networks_unit",
    "networks_user", "networks_opensession", "networks_organisationidentity", "networks_attempt", "meetings_logbooktemplate", "meetings_theme", "yhteiso_cache",
}  # fmt: skip


def seen(model: type, hat: str, user: User | None) -> int:
    with wearing(hat, user.pk if user else None):
        return model.objects.count()


def refused(model: type, hat: str, user: User | None) -> bool:
    """Whether the hat has no right at all to the table."""
    try:
        with transaction.atomic(), wearing(hat, user.pk if user else None):
            model.objects.count()
    except ProgrammingError as error:
        return "permission denied" in str(error)
    return False


def test_every_table_has_a_wall_or_is_known_to_need_none(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT (relrowsecurity AND relforcerowsecurity)"
        )
        assert {row[0] for row in cursor.fetchall()} == OPEN_TABLES


def test_no_view_and_no_matview_goes_round_the_wall(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v','m')")
        assert cursor.fetchall() == []


def test_one_policy_per_hat_and_verb(db: None) -> None:
    """Two permissive policies for one hat are OR-ed, and no index serves them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, unnest(roles)::text, cmd, count(*) FROM pg_policies WHERE schemaname = 'public'"
            " GROUP BY 1, 2, 3 HAVING count(*) > 1"
        )
        assert cursor.fetchall() == []


def test_definer_functions_have_a_fixed_search_path_and_are_not_public(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'sec'::regnamespace AND prosecdef"
            " AND (proconfig IS NULL OR NOT proconfig::text LIKE '%search_path%'"
            "      OR has_function_privilege('public', oid, 'EXECUTE'))"
        )
        assert cursor.fetchall() == []


def test_logins_own_nothing_and_pass_no_wall(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles r WHERE (rolname LIKE 'hat_%' OR rolname IN ('yhteiso_web', 'yhteiso_jobs'))"
            " AND (rolsuper OR rolbypassrls OR rolcreaterole OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = r.oid))"
        )
        assert cursor.fetchall() == []


def test_only_the_right_people_see_the_case(world: World) -> None:
    world.case()
    assert seen(Case, "area", world.coordinator) == 1
    assert seen(Case, "member", world.professional) == 1
    assert seen(Case, "member", world.member) == 1
    for hat, user in [
        ("area", world.other_coordinator), ("area", world.professional), ("member", world.colleague),
        ("member", world.left), ("member", world.coordinator.__class__()), ("area", None), ("member", None),
    ]:  # fmt: skip
        assert seen(Case, hat, user) == 0, (hat, user)
    for hat in set(HATS) - {"area", "member", "family", "jobs"}:
        assert refused(Case, hat, world.coordinator), hat


def test_a_disabled_account_sees_nothing(world: World) -> None:
    world.case()
    User.objects.filter(pk__in=[world.member.pk, world.coordinator.pk]).update(is_active=False)
    assert seen(Case, "member", world.member) == 0
    assert seen(Case, "area", world.coordinator) == 0


def test_an_ended_role_sees_nothing(world: World) -> None:
    world.case()
    world.coordinator.roles.update(ends_on="2021-01-01")
    assert seen(Case, "area", world.coordinator) == 0


def test_the_call_s_text_is_the_coordinator_s_alone(world: World) -> None:
    world.case()
    assert seen(CaseText, "area", world.coordinator) == 1
    assert seen(Call, "area", world.coordinator) == 1
    for model in (CaseText, Call):
        assert refused(model, "member", world.member)
        assert seen(model, "area", world.other_coordinator) == 0


def test_a_concern_is_its_writer_s_and_the_area_s(world: World) -> None:
    world.concern(now=at("2026-06-05 12:46"))
    assert seen(Concern, "member", world.professional) == 1
    assert seen(Concern, "member", world.colleague) == 0
    assert seen(Concern, "area", world.coordinator) == 1
    assert seen(Concern, "area", world.other_coordinator) == 0


def test_nobody_writes_a_concern_in_another_s_name(world: World) -> None:
    row = world.concern(now=at("2026-06-05 12:46"))
    row.pk, row.ref = None, "AAAA-AAAA-AA"
    row.logged_by = world.colleague
    with pytest.raises(ProgrammingError, match="row-level security"), wearing("member", world.professional.pk):
        row.save(force_insert=True)


def test_a_logbook_is_read_by_those_who_were_invited(world: World) -> None:
    case = world.case()
    meeting = meetings.propose(
        case=case, starts_at=at("2026-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=at("2026-06-08 09:00")
    )
    open_logbook(meeting=meeting, by=world.coordinator, now=at("2026-06-08 09:00"))
    Participant.objects.filter(membership__user=world.professional).delete()
    assert seen(Logbook, "member", world.member) == 1
    assert seen(Meeting, "member", world.professional) == 1
    assert seen(Logbook, "member", world.professional) == 0


def test_a_member_updates_only_their_own_seat(world: World) -> None:
    case = world.case()
    meetings.propose(
        case=case, starts_at=at("2026-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=at("2026-06-08 09:00")
    )
    with wearing("member", world.member.pk):
        changed = Participant.objects.update(answer="yes", answered_at=at("2026-06-08 10:00"))
    assert changed == 1


def test_jobs_see_dates_but_no_name_and_no_text(world: World) -> None:
    world.case()
    with wearing("jobs"):
        assert Case.objects.values_list("t0_at", "day14_on").count() == 1
    for model in (CaseHeading, Call, Concern):
        with pytest.raises(ProgrammingError, match="permission denied"), wearing("jobs"):
            list(model.objects.values_list("child_name"))
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("jobs"):
        list(Membership.objects.values_list("user_id"))  # they may know that somebody is masked, not who
    for model in (Person, CaseText):
        assert refused(model, "jobs", None)


def test_credentials_are_out_of_every_hat_s_reach(world: World) -> None:
    for hat in HATS:
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.coordinator.pk):
            list(User.objects.values_list("password"))
        with wearing(hat, world.coordinator.pk):
            assert User.people.get(pk=world.member.pk).name == "Sari Hietaniitty"


@pytest.mark.parametrize(
    "table",
    [
        "cases_caseevent",
        "audit_logentry",
        "cases_twoweekoutcome",
        "meetings_entryversion",
        "cases_closing",
        "cases_reopening",
    ],
)
def test_append_only_tables_have_their_trigger_and_no_right_to_truncate(db: None, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'append_only'", [table])
        assert cursor.fetchone()[0] == 1
        for hat in HATS:
            for verb in ("UPDATE", "DELETE", "TRUNCATE"):
                cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [f"hat_{hat}", table, verb])
                assert cursor.fetchone()[0] is False


def test_an_event_is_not_changed_even_by_the_owner(world: World) -> None:
    case = world.case()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        case.events.update(kind="other")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        case.events.all().delete()


def test_the_hat_is_off_after_the_block_even_when_it_breaks(world: World) -> None:
    with pytest.raises(ZeroDivisionError), wearing("member", world.member.pk):
        _ = 1 / 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), current_setting('app.uid', true)")
        assert cursor.fetchone() == ("none", "")


def test_an_unknown_hat_is_refused_before_the_database(db: None) -> None:
    with pytest.raises(ValueError, match="no such hat"):
        put_on("superuser", 1)
    assert "jobs" not in WEB_HATS
    take_off()


def proposed(world: World, case: Case) -> Meeting:
    return meetings.propose(
        case=case, starts_at=at("2026-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=at("2026-06-08 09:00")
    )


def test_a_seat_is_not_moved_to_another_family_s_meeting(world: World) -> None:
    """Whoever sits in a meeting reads its logbook, so nobody may move a seat, nor make one across families."""
    mine, theirs = world.case(), world.case(child="Otso")
    theirs.memberships.filter(user=world.member).update(ended_at=at("2026-06-08 09:00"), end_reason="x")
    own, foreign = proposed(world, mine), proposed(world, theirs)
    open_logbook(meeting=foreign, by=world.coordinator, now=at("2026-06-08 09:00"))
    assert seen(Logbook, "member", world.member) == 0
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("member", world.member.pk):
        Participant.objects.filter(meeting=own).update(meeting=foreign)
    member = mine.memberships.get(user=world.member)
    with pytest.raises(IntegrityError, match="of_case"), transaction.atomic(), wearing("area", world.coordinator.pk):
        Participant.objects.create(meeting=foreign, case=mine, membership=member)
    assert seen(Logbook, "member", world.member) == 0


def test_a_member_changes_no_other_s_promise_and_sees_no_plan_being_written_elsewhere(world: World) -> None:
    case = world.case()
    meeting = proposed(world, case)
    book = open_logbook(meeting=meeting, by=world.coordinator, now=at("2026-06-08 09:00"))
    row = write_commitment(
        logbook=book, form_key=uuid.uuid4(), kind="promise", what="Soitan", due_on=at("2026-06-20 09:00").date(),
        membership=case.memberships.get(user=world.member), by=world.coordinator, now=at("2026-06-08 09:00"),
    )  # fmt: skip
    Participant.objects.filter(membership__user=world.professional).delete()
    assert seen(Commitment, "member", world.professional) == 0
    Commitment.objects.filter(pk=row.pk).update(agreed_at=at("2026-06-16 16:00"))
    assert seen(Commitment, "member", world.professional) == 1
    for user, changed in ((world.professional, 0), (world.member, 1)):
        with wearing("member", user.pk):
            assert Commitment.objects.update(note="x") == changed


def test_an_approved_logbook_is_not_written_even_by_the_owner(world: World) -> None:
    case = world.case()
    book = open_logbook(meeting=proposed(world, case), by=world.coordinator, now=at("2026-06-08 09:00"))
    Logbook.objects.filter(pk=book.pk).update(
        child_heard="present", approved_at=at("2026-06-16 16:00"), approved_by=world.coordinator
    )
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Logbook.objects.filter(pk=book.pk).update(approved_at=None, approved_by=None)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        LogbookEntry.objects.create(
            logbook=book, case=case, theme=book.template.themes.get(position=0), mark="strength",
            saved_at=at("2026-06-16 17:00"), saved_by=world.coordinator,
        )  # fmt: skip


def test_nobody_writes_an_event_in_another_s_name(world: World) -> None:
    case = world.case()
    for hat, user in (("member", world.member), ("area", world.coordinator)):
        with pytest.raises(ProgrammingError, match="row-level security"), wearing(hat, user.pk):
            CaseEvent.objects.create(case=case, kind="closed", at=at("2026-06-08 09:00"), by=world.professional)


def test_a_coordinator_whose_role_has_ended_is_out_of_the_cases(world: World) -> None:
    case = world.case()
    world.coordinator.roles.update(ends_on="2026-01-01")
    RoleMembership.objects.create(user=world.coordinator, role=Role.PROFESSIONAL, starts_on="2020-01-01")
    former = User.objects.get(pk=world.coordinator.pk)
    assert former.hat == "member"
    assert seen(Case, "member", former) == 0
    assert not Case.objects.visible_to(former).exists()
    assert world.client(former).get(reverse("case", args=[case.ref])).status_code == 404
