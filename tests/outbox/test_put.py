"""Writing a message: in every hat that acts, with the fact or not at all, and once for a key."""

import socket
import time

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from tests.outbox.rows import NOW, message
from tests.personas import World
from yhteiso.hats.roles import HATS
from yhteiso.hats.wear import wearing
from yhteiso.outbox import bell
from yhteiso.outbox.actions import outgoing, put
from yhteiso.outbox.models import Attempt, DeliveryReport, Outgoing

WRITERS = [hat for hat in HATS if hat != "report"]


@pytest.mark.parametrize("hat", WRITERS)
def test_every_hat_that_acts_may_put_and_only_the_jobs_may_read(world: World, hat: str) -> None:
    with wearing(hat, world.coordinator.pk):
        put([message("a"), message("b")])
        put([message("b", kind="another"), message("c")])  # a key that is there already stays as it was
    assert list(Outgoing.objects.order_by("key").values_list("key", "kind")) == [
        ("a", "test-kind"), ("b", "test-kind"), ("c", "test-kind")
    ]  # fmt: skip
    if hat == "jobs":
        with wearing(hat):
            assert Outgoing.objects.count() == 3
        return
    for model in (Outgoing, Attempt, DeliveryReport):
        with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.coordinator.pk):
            model.objects.count()
    with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, world.coordinator.pk):
        Outgoing.objects.update(state="sent", sent_at=NOW)


def test_a_leader_who_reads_figures_sends_nothing(world: World) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("report", world.leader.pk):
        put([message()])


@pytest.mark.parametrize(
    "changes",
    [{"state": "sent", "sent_at": NOW}, {"attempts": 47}, {"claim_token": "01890a5d-ac96-774b-bcce-b302099a8057"},
     {"state": "dropped", "dropped_at": NOW}, {"last_error": "x"}, {"provider_ref": "x"}],
)  # fmt: skip
@pytest.mark.parametrize("hat", ["area", "public", "jobs"])
def test_nobody_writes_a_message_that_is_done_already(world: World, hat: str, changes: dict[str, object]) -> None:
    row = message()
    for name, value in changes.items():
        setattr(row, name, value)
    with pytest.raises(ProgrammingError, match="row-level security"), wearing(hat, world.coordinator.pk):
        put([row])
    assert not Outgoing.objects.exists()


def test_the_jobs_move_a_message_and_never_turn_it_to_somebody_else(world: World) -> None:
    put([message()])
    for change in ({"to_user_id": 8}, {"key": "k2"}, {"case_id": 1}, {"kind": "x"}, {"text": "meeting"}):
        with pytest.raises(ProgrammingError, match="permission denied"), wearing("jobs"):
            Outgoing.objects.update(**change)
    with wearing("jobs"):
        assert Outgoing.objects.update(state="sent", sent_at=NOW) == 1


def test_what_is_rolled_back_leaves_no_message(world: World) -> None:
    with pytest.raises(ZeroDivisionError), wearing("area", world.coordinator.pk):  # noqa: PT012  the write comes first
        put([message()])
        raise ZeroDivisionError
    assert not Outgoing.objects.exists()


def test_an_attempt_is_never_changed(world: World) -> None:
    row = message()
    put([row])
    with wearing("jobs"):
        Attempt.objects.bulk_create([Attempt(outgoing=row, n=1, at=NOW, outcome="sent")])
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("jobs"):
        Attempt.objects.update(outcome="lost")
    for deed in (lambda: Attempt.objects.update(outcome="lost"), lambda: Attempt.objects.all().delete()):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            deed()


def test_a_message_has_one_addressee_and_a_family_gets_meetings_only(world: World) -> None:
    for wrong in ({"to_contact_id": 3}, {"to_user_id": None}):
        with pytest.raises(ValueError, match="exactly one addressee"):
            message(**wrong)
    family = {"to_user_id": None, "to_contact_id": 3}
    for wrong in ({"text": "notice", "area_id": 1}, {"text": "meeting"}):
        with pytest.raises(ValueError, match="meetings' texts only"):
            message(**family, **wrong)
    rows = [message(f"m{n}", **family, text="meeting", area_id=1) for n in range(2)]
    assert len(rows[0].link_token) == 22
    assert rows[0].link_token != rows[1].link_token
    put(rows)
    # The database says the same to whoever goes round the function.
    for change in ({"text": "notice"}, {"to_user_id": 3}, {"to_contact_id": None}, {"link_token": None}):
        with pytest.raises(IntegrityError, match="outgoing_"), transaction.atomic():
            Outgoing.objects.filter(key="m1").update(**change)


def test_what_a_row_can_hold(world: World) -> None:
    """Numbers, codes and times: no column takes a name, an address or a text. A new column is thought over here."""
    assert {f.name for f in Outgoing._meta.fields} == {
        "id", "key", "channel", "text", "kind", "about", "to_user_id", "to_contact_id", "case_id", "area_id", "link_token",
        "made_at", "available_at", "state", "attempts", "claim_token", "claimed_until", "sent_at", "failed_at", "dropped_at",
        "drop_reason", "provider_ref", "last_error", "told_at",
    }  # fmt: skip


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_costs_nobody_anything(caplog: pytest.LogCaptureFixture, settings, monkeypatch) -> None:
    """The settings of the tests name a port where nobody answers."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(bell, "_told", False)
    monkeypatch.setattr(bell, "_silent_until", 0.0)
    began = time.monotonic()
    for n in range(3):
        with transaction.atomic():
            put([message(f"{n} first")])
            put([message(f"{n} second")])
            assert len(connection.run_on_commit) == 1, "one bell for one transaction"
    assert time.monotonic() - began < 2, "nobody waits for it"
    assert Outgoing.objects.count() == 6
    assert [r.getMessage() for r in caplog.records if r.name == bell.__name__] == [
        "the bell is silent (OperationalError): messages wait for the relay's own round"
    ]


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_keeps_a_request_for_a_moment_and_the_next_ones_not_at_all(settings, monkeypatch) -> None:
    monkeypatch.setattr(bell, "_silent_until", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes the call and never says a word
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        began = time.monotonic()
        for n in range(3):
            with transaction.atomic():
                put([message(f"{n}")])
        assert time.monotonic() - began < 5
    assert Outgoing.objects.count() == 3


def test_an_empty_put_rings_nothing(world: World, settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    put([])
    assert connection.run_on_commit == []


def test_the_database_keeps_the_states_honest(world: World) -> None:
    put([message()])
    for state in ("sent", "failed", "dropped"):
        with pytest.raises(DatabaseError, match=f"outgoing_{state}_has_time"), transaction.atomic():
            Outgoing.objects.update(state=state)
    assert outgoing(key="x", channel="sms", text="notice", kind="k", to_user_id=1, now=NOW).available_at == NOW
