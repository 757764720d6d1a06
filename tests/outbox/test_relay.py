"""The relay: what is due leaves once, a failure is tried again on the ladder, and only whoever holds a message marks it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import DatabaseError

from tests.outbox.rows import ADDRESS, NOW, answering, message, told
from tests.outbox.servers import mailer, post
from yhteiso.hats.wear import wearing
from yhteiso.outbox import registry, relay, sweep, telling
from yhteiso.outbox.actions import put
from yhteiso.outbox.channels import message_id
from yhteiso.outbox.models import Attempt, Outgoing
from yhteiso.outbox.registry import Drop, Letter

pytestmark = pytest.mark.django_db


def still(moment: datetime = NOW) -> Callable[[], datetime]:
    return lambda: moment


def outcomes(row: Outgoing) -> list[tuple[int, str]]:
    return list(Attempt.objects.filter(outgoing=row).order_by("n").values_list("n", "outcome"))


def test_what_is_due_leaves_once_and_says_nothing() -> None:
    rows = [message("a"), message("b", available_at=NOW + timedelta(hours=1))]
    put(rows)
    with answering():
        assert relay.drain(clock=still()) == 1
        assert relay.drain(clock=still()) == 0
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([ADDRESS], "Sinulle on viesti Yhteisossa")
    assert sent.body == "Sinulle on viesti Yhteisossa.\n\nhttps://yhteiso.example/messages/\n"
    assert sent.message()["Message-ID"] == f"<{rows[0].id.hex}@localhost>"
    assert (sent.message()["Auto-Submitted"], sent.message()["Content-Language"]) == ("auto-generated", "fi")
    row = Outgoing.objects.get(key="a")
    assert (row.state, row.sent_at, row.attempts, row.claim_token, row.claimed_until) == ("sent", NOW, 1, None, None)
    assert outcomes(row) == [(1, "sent")]
    assert Outgoing.objects.get(key="b").state == "ready"


def test_consent_taken_back_after_the_row_was_written_holds_the_message() -> None:
    put([message()])
    with answering(lambda row, now: Drop("no-consent")):
        relay.drain(clock=still())
    row = Outgoing.objects.get()
    assert (row.state, row.dropped_at, row.drop_reason) == ("dropped", NOW, "no-consent")
    assert outcomes(row) == [(1, "dropped")]
    assert mail.outbox == []


def test_the_resolver_works_under_the_jobs_hat_and_sees_the_row() -> None:
    from django.db import connection

    asked = []

    def resolver(row: Outgoing, now: datetime) -> Letter:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            asked.append((cursor.fetchone()[0], row.case_id, row.about, now))
        return Letter(ADDRESS, "sv")

    put([message(about="17")])
    with answering(resolver):
        relay.drain(clock=still())
    assert asked == [("hat_jobs", 41, "17", NOW)]
    assert mail.outbox[0].subject == "Du har ett meddelande i Yhteiso"


def broken(row: Outgoing, now: datetime) -> Letter:
    raise LookupError("Aino Korpela")


def missing(row: Outgoing, now: datetime) -> Letter:
    Outgoing.objects.get(key="Aino Korpela")
    raise AssertionError


def database(row: Outgoing, now: datetime) -> Letter:
    Outgoing.objects.raw("SELECT 1/0 AS id")[0]
    raise AssertionError


@pytest.mark.parametrize("resolver", [broken, missing, database, None])
def test_a_resolver_that_fails_is_asked_again_later_and_its_words_stay_out_of_the_log(resolver, caplog) -> None:
    put([message()])
    with answering(resolver or broken, "test-kind" if resolver else "another"):
        assert relay.drain(clock=still()) == 2  # at once again, then in a minute
    row = Outgoing.objects.get()
    assert (row.state, row.last_error, row.available_at) == ("ready", "resolver", NOW + timedelta(minutes=1))
    assert outcomes(row) == [(1, "resolver"), (2, "resolver")]
    assert "its resolver failed" in caplog.text
    assert "Aino" not in caplog.text


def test_a_text_without_its_date_is_tried_again_and_not_told() -> None:
    put([message(text="meeting")])
    with answering():
        relay.drain(clock=still())
    assert Outgoing.objects.get().last_error == "broken"


def test_the_ladder_ends_after_48_tries_and_the_failure_is_told_once(settings) -> None:
    settings.MAILERS = mailer(1)  # nobody answers at this port
    put([message()])
    now, waits = NOW, []
    with answering(), told() as heard:
        while (row := Outgoing.objects.get()).state == "ready":
            waits.append(row.available_at - now)
            now = row.available_at
            (taken,) = relay.claim(now=now)
            relay.carry(taken, clock=still(now))
    assert [int(w.total_seconds() // 60) for w in waits] == [0, 0, 1, 5, 15, 30, *[60] * 42]
    assert (row.state, row.attempts, row.failed_at, row.last_error) == ("failed", 48, now, "ConnectionRefusedError")
    assert heard == [(row.pk, now)]
    assert [n for n, _ in outcomes(row)] == list(range(1, 49))
    assert relay.backoff(1) == timedelta(0)


@pytest.mark.parametrize(
    ("answers", "code", "final"),
    [({"RCPT": "550 no such person Aino"}, "smtp-550", True), ({"RCPT": "450 later"}, "smtp-450", False),
     ({"DATA": "552 too full"}, "smtp-552", True), ({"DATA": "451 later"}, "smtp-451", False),
     ({"RCPT": "530 sign in first"}, "smtp-530", False), ({"MAIL": "550 who are you"}, "smtp-550", False)],
)  # fmt: skip
def test_only_what_the_recipient_s_server_says_for_good_fails_at_once(settings, answers, code, final, caplog) -> None:
    put([message()])
    with post(answers) as server, answering(), told() as heard:
        settings.MAILERS = mailer(server.port)
        relay.drain(clock=still())
    row = Outgoing.objects.get()
    assert (row.state, row.last_error) == ("failed" if final else "ready", code)
    assert len(heard) == final
    assert row.attempts == (1 if final else 2)
    assert "Aino" not in caplog.text
    assert ADDRESS not in caplog.text


@pytest.mark.parametrize("address", ["aino\nBcc: all@example.invalid", ""])
def test_an_address_that_is_none_never_stops_the_relay(address: str) -> None:
    put([message("a"), message("b", kind="whole", available_at=NOW + timedelta(seconds=1))])
    with answering(lambda row, now: Letter(address, "fi")), answering(kind="whole"):
        relay.drain(clock=still(NOW + timedelta(seconds=2)))
    assert Outgoing.objects.get(key="b").state == "sent"
    assert Outgoing.objects.get(key="a").last_error == "address"
    assert [m.to for m in mail.outbox if m.to == [ADDRESS]] == [[ADDRESS]]


def test_a_console_is_no_way_out_for_real_families(settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend", "OPTIONS": {}}}
    settings.DEBUG = settings.DEMO = False
    put([message()])
    with answering(), told() as heard:
        relay.drain(clock=still())
    assert Outgoing.objects.get().last_error == "no-mail-server"
    assert len(heard) == 1


@contextmanager
def failing_hook(hook: Callable[[Outgoing, datetime], None]) -> Iterator[None]:
    registry.FAILURE_HOOKS.append(hook)
    try:
        yield
    finally:
        registry.FAILURE_HOOKS.remove(hook)


def writes_and_raises(row: Outgoing, now: datetime) -> None:
    assert row.state == "failed"
    put([message("from the hook")])
    raise DatabaseError("Aino Korpela")


def breaks_its_transaction(row: Outgoing, now: datetime) -> None:
    put([message("from the hook")])
    Outgoing.objects.raw("SELECT 1/0 AS id")[0]


def writes_what_only_the_commit_finds(row: Outgoing, now: datetime) -> None:
    """The foreign key is looked at when the transaction ends."""
    put([message("from the hook")])
    Attempt.objects.bulk_create([Attempt(outgoing_id=uuid4(), n=1, at=now, outcome="sent")])


@pytest.mark.parametrize("hook", [writes_and_raises, breaks_its_transaction, writes_what_only_the_commit_finds])
def test_a_hook_that_fails_leaves_the_message_failed_and_is_called_again_later(hook, caplog) -> None:
    put([message("a"), message("b", kind="whole", available_at=NOW + timedelta(seconds=1))])
    now, asked = NOW + timedelta(seconds=2), []

    def none(row: Outgoing, at: datetime) -> Letter:
        asked.append(at)
        return Letter("a\nb", "fi")

    with answering(none), answering(kind="whole"):
        with failing_hook(hook):
            relay.drain(clock=still(now))
            relay.drain(clock=still(now + telling.PAUSE))
        assert not Outgoing.objects.filter(key="from the hook").exists(), "all or nothing"
        row = Outgoing.objects.get(key="a")
        assert (row.state, row.failed_at, row.last_error, row.told_at) == ("failed", now, "address", None)
        assert Outgoing.objects.get(key="b").state == "sent"
        with told() as heard:
            later = now + 2 * telling.PAUSE
            relay.drain(clock=still(later - timedelta(seconds=1)))
            assert heard == [], "five minutes apart"
            relay.drain(clock=still(later))
            relay.drain(clock=still(later + telling.PAUSE))
    assert heard == [(row.pk, later)], "told once"
    row.refresh_from_db()
    assert (row.state, row.told_at, row.failed_at, len(asked)) == ("failed", later, now, 1)
    assert outcomes(row) == [(1, "address")]
    assert caplog.text.count("could not be told") == 2
    assert "Aino" not in caplog.text


def test_a_last_try_lost_once_before_is_given_up_all_the_same() -> None:
    """Number 49 is given to every relay that takes over after the last try; it may have been noted as lost."""
    put([message()])
    Outgoing.objects.update(attempts=relay.TRIES)
    relay.claim(now=NOW)
    later = NOW + timedelta(seconds=61)
    (second,) = relay.claim(now=later)
    assert outcomes(second) == [(49, "lost")]
    with told() as heard:
        assert relay.carry(second, clock=still(later)) == "given-up"
    row = Outgoing.objects.get()
    assert (row.state, row.last_error, row.told_at, len(heard)) == ("failed", "given-up", later, 1)
    assert outcomes(row) == [(49, "lost")]
    assert mail.outbox == []


def test_a_stale_relay_marks_nothing(caplog) -> None:
    put([message()])
    (first,) = relay.claim(now=NOW)
    assert relay.claim(now=NOW + timedelta(seconds=59)) == [], "held"
    later = NOW + timedelta(seconds=61)
    (second,) = relay.claim(now=later)
    assert second.claim_token != first.claim_token
    with answering(), told() as heard:
        assert relay.carry(first, clock=still(later)) == "stale"
        assert Outgoing.objects.get().claim_token == second.claim_token, "still the other's"
        with answering(lambda row, now: Drop("left"), "gone"):
            first.kind = "gone"
            assert relay.carry(first, clock=still(later)) == "stale"
        first.kind, first.attempts = "test-kind", 99
        assert relay.carry(first, clock=still(later)) == "stale", "nor does it fail it"
        assert relay.carry(second, clock=still(later)) == "sent"
    assert heard == []
    assert "came too late" in caplog.text
    assert outcomes(second) == [(1, "lost"), (2, "sent")]
    ids = {m.message()["Message-ID"] for m in mail.outbox}
    assert ids == {message_id(first.id)}, "the duplicate is the same message"


def test_a_message_that_kills_every_relay_is_given_up_in_the_end() -> None:
    put([message()])
    now = NOW
    for n in range(48):
        (row,) = relay.claim(now=now)
        assert row.attempts == n + 1
        now += timedelta(seconds=61)
    with answering(), told() as heard:
        relay.drain(clock=still(now))
    row = Outgoing.objects.get()
    assert (row.state, row.last_error, len(heard)) == ("failed", "given-up", 1)
    assert mail.outbox == []
    assert outcomes(row) == [*[(n, "lost") for n in range(1, 49)], (49, "given-up")]


def test_the_longest_waiting_goes_first_and_the_sweeper_sees_what_waits() -> None:
    put(
        [
            message("late", available_at=NOW - timedelta(hours=2)),
            message("now"),
            message("later", available_at=NOW + timedelta(days=1)),
        ]
    )
    with wearing("jobs"):
        assert sweep.oldest_ready(NOW) == NOW - timedelta(hours=2)
        assert (sweep.stuck(NOW), sweep.counts()) == (0, {"ready": 3})
    (row,) = relay.claim(now=NOW)
    assert row.key == "late"
    with wearing("jobs"):
        assert sweep.stuck(NOW + timedelta(minutes=10)) == 0
        assert sweep.stuck(NOW + timedelta(minutes=12)) == 1
    with answering():
        relay.drain(clock=still(NOW + timedelta(minutes=12)))
    with wearing("jobs"):
        assert sweep.counts() == {"ready": 1, "sent": 2}
        assert sweep.oldest_ready(NOW) is None


def test_two_functions_never_answer_for_one_kind() -> None:
    with answering(), pytest.raises(ValueError, match="two resolvers"):
        registry.resolves("test-kind")(broken)
    assert repr(Letter(ADDRESS, "fi")) == "Letter(…)"
