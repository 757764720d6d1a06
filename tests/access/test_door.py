"""The one door to a family: who may do what in a case that they see, what a refusal says, and what the log keeps of it."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone, translation

from cases import access
from cases.access import ALLOWED, NEEDS, can, for_hats, get_case, sections
from cases.actions.standing import open_exceptionally
from cases.models import Case, PersonContact, Section
from cases.sections import MATRIX, PAGES, VIEWERS, Sight
from networks.models import User
from tests.personas import World
from yhteiso.audit.models import LogEntry, Verb
from yhteiso.hats.wear import wearing


@pytest.fixture
def case(world: World) -> Case:
    """Kaisa's unit hears of everything; Sari's of times and the plan."""
    case = world.case(consent=False)
    world.consent(case, world.professional)
    world.consent(case, world.member, sections=("time", "plan"))
    return case


def request_of(user: User, case: Case, page: str = "case") -> Any:
    request = RequestFactory().get(reverse(page, args=[case.ref]))
    request.user, request.hat = user, user.hat
    request.resolver_match = resolve(request.path_info)
    return request


def through(user: User, case: Case, permission: Any = "view", **more: Any) -> Case:
    with wearing(user.hat, user.pk):
        return get_case(request_of(user, case), case.ref, permission, **more)


def last() -> LogEntry:
    return LogEntry.objects.latest("id")


OPEN = {"time", "network", "themes", "plan", "contact", "consents"}
# permission → who may: the coordinator, a member to whom all is open, a member without themes, another area's coordinator
DOORS = {
    "view": "cpm", "text": "c", "coordinate": "c", "answer": "cpm", "promise": "cpm", "meet": "cpm", "consents": "cpm",
    "write_logbook": "cp", "approve": "cp", "print": "cp",
}  # fmt: skip


@pytest.mark.parametrize("permission", ALLOWED)
def test_each_permission_by_person(world: World, case: Case, permission: Any) -> None:
    people = {"c": world.coordinator, "p": world.professional, "m": world.member}
    for letter, user in people.items():
        row = Case.objects.get(pk=case.pk)
        if letter in DOORS[permission]:
            assert through(user, case, permission) == case
            assert (last().verb, last().reason) != ("deny", permission)
        else:
            with pytest.raises(PermissionDenied):
                through(user, case, permission)
        with wearing(user.hat, user.pk):
            assert can(user, permission, row) == (letter in DOORS[permission])
    for user in (world.other_coordinator, world.colleague, world.left, world.leader, world.officer, world.administrator):
        with pytest.raises(Http404):
            through(user, case, permission)


def test_whoever_is_let_in_for_a_day_looks_and_does_nothing(world: World, case: Case) -> None:
    PersonContact.objects.filter(case=case, person__kind="child").update(born_on=date(2022, 1, 1))
    for user in (world.colleague, world.professional):  # one without, one with a seat of their own
        with wearing("member", user.pk):
            open_exceptionally(
                by=user, first_name="Aatu", born_on=date(2022, 1, 1), reason="danger", grounds="x",
                sections=["time", "themes", "plan", "consents"], now=timezone.now(),
            )  # fmt: skip
            row = Case.objects.visible_to(user).get(pk=case.pk)
            may = {permission for permission in ALLOWED if can(user, permission, row)}
        assert may == (
            {"view", "meet"} if user == world.colleague else {p for p, letters in DOORS.items() if "p" in letters}
        )


def test_nothing_may_be_needed_that_nobody_may_do() -> None:
    assert set(NEEDS) <= set(ALLOWED)
    assert set(ALLOWED) == set(DOORS)


def test_the_sections_are_asked_once_and_kept_on_the_case(world: World, case: Case, django_assert_num_queries: Any) -> None:
    with wearing("member", world.member.pk):
        row = Case.objects.get(pk=case.pk)
        assert world.member.hat == "member"  # and its role is known from here on
        with django_assert_num_queries(1):
            assert sections(world.member, row) == {"time", "network", "plan", "consents"}
            assert sections(world.member, row) == row.sections
    assert world.coordinator.hat == "area"
    with django_assert_num_queries(0):
        assert sections(world.coordinator, Case(pk=case.pk)) == set(Section.values)
    with wearing("member", world.professional.pk):
        assert sections(world.professional, Case.objects.get(pk=case.pk)) == OPEN


def test_a_refusal_says_whether_it_is_the_family_s_word_or_the_role(world: World, case: Case) -> None:
    with translation.override("en"):
        with pytest.raises(PermissionDenied, match="The family has not said yes"):
            through(world.member, case, "write_logbook")
        with pytest.raises(PermissionDenied, match="Only the area's coordinator"):
            through(world.member, case, "coordinate")


def test_the_log_keeps_what_was_opened_and_what_was_refused(world: World, case: Case) -> None:
    through(world.professional, case, verb=Verb.CHANGE)
    row = last()
    assert (row.verb, row.case_id, row.actor_id, row.hat, row.page) == (
        "change", case.pk, world.professional.pk, "member", "case",
    )  # fmt: skip
    assert (row.actor_name, row.actor_agency) == (world.professional.name, "Oulun varhaiskasvatus")
    through(world.professional, case)
    assert last().verb == "view"
    # a refused transaction takes the row with it here; on a page the refusal is an answer, and commits
    with wearing("member", world.member.pk), pytest.raises(PermissionDenied):
        get_case(request_of(world.member, case), case.ref, "text")
    assert (last().verb, last().case_id, last().actor_id) == ("deny", case.pk, world.member.pk)
    with wearing("member", world.left.pk), pytest.raises(Http404):
        get_case(request_of(world.left, case), case.ref)
    assert (last().verb, last().case_id, last().actor_id, last().reason) == ("deny", None, world.left.pk, "not visible")


def test_a_reference_that_is_not_there_is_the_same_as_one_that_is_not_theirs(world: World, case: Case) -> None:
    for ref, user in ((case.ref, world.colleague), ("AAAA-AAAA-AA", world.colleague), ("AAAA-AAAA-AA", world.coordinator)):
        with wearing(user.hat, user.pk), pytest.raises(Http404):
            get_case(request_of(user, case), ref)
        assert (last().verb, last().case_id) == ("deny", None)


def test_a_page_of_one_hat_is_not_there_for_another(world: World, case: Case) -> None:
    view = for_hats("area", "unit")(lambda request, word: HttpResponse(word))
    with wearing("area", world.coordinator.pk):
        assert view(request_of(world.coordinator, case), "hei").content == b"hei"
    with wearing("member", world.member.pk), pytest.raises(Http404):
        view(request_of(world.member, case), "hei")
    assert (last().verb, last().actor_id, last().reason) == ("deny", world.member.pk, "hat")


def test_a_request_remembers_that_its_refusal_is_in_the_log(world: World, case: Case) -> None:
    with wearing("area", world.coordinator.pk):
        request = request_of(world.coordinator, case)
        access.log(request, Verb.VIEW, case=case)
        assert request.denial_logged is False
        access.log(request, Verb.DENY, reason="x")
        access.log(request, Verb.VIEW, case=case)
        assert request.denial_logged is True


def test_a_list_names_every_case_that_it_showed(world: World, case: Case) -> None:
    other = world.case(child="Otso", concern=False)
    with wearing("area", world.coordinator.pk):
        access.log(request_of(world.coordinator, case), Verb.LIST, cases=[case, other])
    assert (last().verb, last().case_id, sorted(last().case_ids)) == ("list", None, sorted([case.pk, other.pk]))


def test_an_account_out_of_use_has_no_role_in_python_either(world: World, case: Case) -> None:
    User.objects.filter(pk=world.coordinator.pk).update(is_active=False)
    gone = User.objects.get(pk=world.coordinator.pk)
    assert (gone.hat, gone.area_ids) == ("public", [])
    assert not Case.objects.visible_to(gone).exists()
    assert Case.objects.visible_to(world.second_coordinator).filter(pk=case.pk).exists()


def test_the_reviewed_table_has_every_viewer_of_every_section() -> None:
    assert set(MATRIX) == set(Section)
    assert all(set(row) == set(VIEWERS) for row in MATRIX.values())
    assert {rule.sight for row in MATRIX.values() for rule in row.values()} == set(Sight)
    for row in MATRIX.values():
        assert row["leadership"].sight == row["administrator"].sight == Sight.NONE
        assert row["coordinator"].sight == Sight.FULL
        assert all(bool(rule.note) == (rule.sight == Sight.PART) for rule in row.values())
    assert {s for shown in PAGES.values() for s in shown} <= set(Section)


def test_a_list_names_the_children_whom_its_reader_may_know_of(world: World, case: Case) -> None:
    silent, told = world.case(child="Otso", concern=False, consent=False), world.case(child="Iida", concern=False)
    world.consent(silent, answer="no")
    for alone in (False, True):
        rows = list(Case.objects.filter(pk__in=[case.pk, silent.pk, told.pk]).order_by("pk"))
        with wearing("member", world.member.pk):
            access.name_children(world.member, iter(rows), alone=alone)
            assert narrowed() == (f"{case.pk},{silent.pk},{told.pk}" if alone else "")
        assert [row.child_shown for row in rows] == [True, False, True]
        with wearing("area", world.coordinator.pk):
            access.name_children(world.coordinator, rows, alone=alone)
        assert [row.child_shown for row in rows] == [True, True, True]
    with wearing("member", world.member.pk):
        assert access.told_of(world.member) == {case.pk, told.pk}
    with wearing("area", world.coordinator.pk):
        assert access.told_of(world.coordinator) is None


def narrowed() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.cases', true), '')")
        return str(cursor.fetchone()[0])


def test_behind_the_door_a_member_s_request_looks_at_this_situation_only(world: World, case: Case) -> None:
    with wearing("member", world.professional.pk):
        row = get_case(request_of(world.professional, case), case.ref)
        assert narrowed() == str(case.pk)
        assert row.sections == OPEN
        assert row.child_shown
    with wearing("area", world.coordinator.pk):
        assert get_case(request_of(world.coordinator, case), case.ref).child_shown
        assert narrowed() == ""


def test_a_request_without_a_page_is_logged_without_one(world: World, case: Case) -> None:
    request = request_of(world.coordinator, case)
    request.resolver_match = None
    with wearing("area", world.coordinator.pk):
        get_case(request, case.ref)
    assert (last().page, last().case_id) == ("", case.pk)


def test_the_log_tells_by_which_right(world: World, case: Case) -> None:
    PersonContact.objects.filter(case=case, person__kind="child").update(born_on=date(2022, 1, 1))
    with wearing("member", world.colleague.pk):
        open_exceptionally(
            by=world.colleague, first_name="Aatu", born_on=date(2022, 1, 1), reason="danger", grounds="x",
            sections=["time"], now=timezone.now(),
        )  # fmt: skip
    people = {
        world.coordinator: "coordinator", world.professional: "caller", world.member: "member", world.colleague: "exceptional",
    }  # fmt: skip
    for user, why in people.items():
        through(user, case)
        assert (last().actor_id, last().why) == (user.pk, why)
    Case.objects.filter(pk=case.pk).update(protected=True)
    through(world.coordinator, case)
    assert last().why == "named"
