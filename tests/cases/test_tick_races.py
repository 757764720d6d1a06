"""Several ticks at the same moment, and deeds in the middle of them: each step is told once, or ended, never both."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from cases.actions import deadline
from cases.actions.tick import tick
from cases.kinds import CONCERN
from cases.models import Concern, Deadline, DeadlineState, Escalation, EscalationTo, Message
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.outbox.models import Outgoing

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

NOW = at("2026-06-22 08:00")
CONCERNS = 67  # of three steps each: 201 rows


@pytest.fixture
def due(transactional_db: None) -> set[UUID]:
    """Two hundred steps of concerns that nobody has answered, all due."""
    world = World()
    assert world.responsible.pk
    for n in range(CONCERNS):
        world.concern(now=at("2026-06-05 12:46"), child_name=f"Lapsi{n}")
    ids = set(Deadline.objects.due(NOW).values_list("pk", flat=True))
    assert len(ids) == 3 * CONCERNS
    return ids


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Each deed in a thread of its own, all let go together; what each returned or raised."""
    gate, results = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(n: int) -> None:
        try:
            gate.wait(timeout=10)
            results[n] = deeds[n]()
        except Exception as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not [result for result in results if isinstance(result, Exception)], results
    return results


def told(ids: set[UUID]) -> set[UUID]:
    """Those of these steps that were told: each by one escalation, each addressee with one message and one mail."""
    found = set(Deadline.objects.filter(pk__in=ids, state=DeadlineState.TOLD).values_list("pk", flat=True))
    escalations = list(Escalation.objects.values_list("deadline_id", flat=True))
    assert sorted(map(str, escalations)) == sorted(map(str, found))
    to = {f"step:{pk}:{who}" for pk, who in EscalationTo.objects.values_list("escalation__deadline_id", "to_id")}
    assert EscalationTo.objects.count() == len(to)
    assert sorted(Message.objects.values_list("key", flat=True)) == sorted(to)
    assert sorted(Outgoing.objects.values_list("key", flat=True)) == sorted(f"{key}:email" for key in to)
    return found


def test_four_ticks_at_once_tell_each_step_once(due: set[UUID]) -> None:
    results = at_once(*[lambda: tick(now=NOW, batch=20)] * 4)
    assert sum(results) == len(due)
    assert told(due) == due
    # Two coordinators hear of the first two steps, whoever answers for the area of the second and the third.
    assert EscalationTo.objects.count() == CONCERNS * (2 + 3 + 1)
    assert tick(now=NOW) == 0


def test_a_deed_in_the_middle_ends_a_step_or_comes_too_late_for_it(due: set[UUID]) -> None:
    from networks.models import User

    who = User.objects.get(name="Riikka Tuulenpää").pk
    abouts = sorted(set(Deadline.objects.values_list("about", flat=True)), reverse=True)[: CONCERNS // 2]

    def deeds() -> None:
        for about in abouts:
            with wearing("area", who):
                assert Concern.objects.filter(pk=about).update(answered_at=NOW, answered_by_id=who)
                deadline.end(CONCERN, case=None, about=about, now=NOW)

    results = at_once(*[lambda: tick(now=NOW, batch=5)] * 4, deeds)
    states = dict(Deadline.objects.filter(pk__in=due).values_list("pk", "state"))
    assert set(states.values()) <= {DeadlineState.TOLD, DeadlineState.ENDED}
    ended = {pk for pk, state in states.items() if state == DeadlineState.ENDED}
    assert told(due) == due - ended
    assert sum(results[:4]) == len(due) - len(ended)
    # Each last step comes back on the next working day, that of a deed in the same moment perhaps too: it is told to nobody.
    before = Message.objects.count()
    tick(now=at("2026-06-23 08:00"))
    assert not Message.objects.filter(about__in=abouts, at__gt=NOW).exists()
    assert Message.objects.count() - before == CONCERNS - len(abouts)
    assert not Deadline.objects.open().filter(about__in=abouts).exists()
