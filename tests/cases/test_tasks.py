"""What waits for somebody: the page, its words, marking done, and the tasks that time opens."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cases.access import NotAllowed
from cases.actions.task import finish_task, open_task
from cases.models import Case, Task, TaskKind
from cases.tasks import open_daily_tasks
from cases.tasks_told import WORDS, words_of
from networks.models import User
from tests.personas import World


@pytest.fixture
def case(world: World) -> Case:
    return world.case()


def given(case: Case, to: User, kind: str = "recused", days: int = 2, about: str = "") -> Task:
    now = timezone.now()
    return Task.objects.get(
        pk=open_task(kind=kind, case=case, to=to.pk, due_at=now + timedelta(days=days), now=now, about=about)
    )


def test_every_kind_has_words_and_an_unknown_one_is_not_hidden() -> None:
    assert set(WORDS) == set(TaskKind.values)
    assert words_of("new_kind").title == "new_kind"


def test_the_page_names_the_child_only_for_whoever_may_open(world: World, case: Case) -> None:
    given(case, world.coordinator)
    given(case, world.other_coordinator)
    own = world.client(world.coordinator).get(reverse("task-list")).content.decode()
    assert "Aatu, 4 v" in own
    assert reverse("case", args=[case.ref]) in own
    theirs = world.client(world.other_coordinator).get(reverse("task-list")).content.decode()
    assert "Joku on esteellinen tilanteessa" in theirs
    assert "Aatu" not in theirs
    assert case.ref not in theirs


@pytest.mark.parametrize("kind", ["consent_withdrawn", "consent_expires", "consent_paper"])
def test_a_task_of_a_consent_opens_the_consents(world: World, case: Case, kind: str) -> None:
    given(case, world.coordinator, kind)
    shown = world.client(world.coordinator).get(reverse("task-list")).content.decode()
    url = reverse("case-consents", args=[case.ref])
    assert f'href="{url}">Avaa' in shown
    assert f'href="{url}"' in world.client(world.coordinator).get(reverse("case", args=[case.ref])).content.decode()


def test_a_task_of_a_member_names_the_child_after_the_consent_only(world: World, case: Case) -> None:
    given(case, world.member)
    assert "Aatu" in world.client(world.member).get(reverse("task-list")).content.decode()
    case.consents.all().delete()
    case.persons.update(consent="unaware")
    shown = world.client(world.member).get(reverse("task-list")).content.decode()
    assert "Aatu" not in shown
    assert case.ref in shown


def test_lateness_is_told_in_words(world: World, case: Case) -> None:
    given(case, world.coordinator, days=-2)
    shown = world.client(world.coordinator).get(reverse("task-list")).content.decode()
    assert "yli" in shown.replace("\u00a0", " ").split("<main")[1]
    assert "1 on myöhässä" in shown


def test_done_is_done_once_and_only_the_own(world: World, case: Case) -> None:
    task = given(case, world.coordinator)
    url = reverse("task-done", args=[task.pk])
    for user in (world.professional, world.other_coordinator, world.second_coordinator):
        assert world.client(user).post(url).status_code == 404
    client = world.client(world.coordinator)
    assert client.get(url).status_code == 405
    for _n in range(2):
        assert client.post(url).status_code == 302
    task.refresh_from_db()
    assert task.done_by_id == world.coordinator.pk
    with pytest.raises(NotAllowed):
        finish_task(task=task, by=world.professional, now=timezone.now())


def test_the_first_pages_count_what_waits(world: World, case: Case) -> None:
    given(case, world.coordinator)
    given(case, world.professional)
    for user, name in ((world.coordinator, "board"), (world.professional, "home")):
        assert "1 tehtävä odottaa sinua" in world.client(user).get(reverse(name)).content.decode()


@pytest.mark.parametrize("n", [1, 3])
def test_the_list_asks_as_often_for_three_as_for_one(
    world: World, case: Case, n: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for k in range(n):
        given(case, world.coordinator, about=str(k))
    client = world.client(world.coordinator)
    client.get(reverse("task-list"))
    with django_assert_num_queries(14):
        client.get(reverse("task-list"))


def run() -> Any:
    return open_daily_tasks()


def test_a_consent_that_ends_soon_opens_one_task(world: World, case: Case) -> None:
    today = timezone.localdate()
    assert run() == 0
    case.consents.filter(section="time").update(valid_until=today + timedelta(days=14))
    case.consents.filter(section="plan").update(valid_until=today + timedelta(days=15))
    for _n in range(2):
        run()
    task = Task.objects.get(kind="consent_expires")
    assert (task.to_id, task.case_id) == (world.coordinator.pk, case.pk)
    assert task.about == f"until-{today + timedelta(days=14)}"


@pytest.mark.parametrize("change", [{"unit": None}, {"is_active": False}])
def test_a_seat_whose_person_is_gone_opens_one_task(world: World, case: Case, change: dict[str, Any]) -> None:
    User.objects.filter(pk=world.member.pk).update(**change)
    for _n in range(2):
        run()
    seat = case.memberships.get(user=world.member)
    task = Task.objects.get(kind="seat_vacant")
    assert (task.to_id, task.about) == (world.coordinator.pk, f"seat-{seat.pk}")
    assert not Task.objects.exclude(pk=task.pk).exists()
