"""What is told of a meeting, to whom, and what no longer leaves: the rows, the words, and the last look before sending."""

import threading
from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from cases.actions import consent as consents
from cases.actions import protection as precautions
from cases.actions import safe_contact
from cases.actions.network import end_membership
from cases.models import Case, Consent, Hiding, Message, Person, SafeContact
from meetings.actions import closing, invitations, protection, reminders
from meetings.actions import meeting as meetings
from meetings.models import Meeting, MeetingStatus, MoveReason
from networks.models import MessageChoice, MessageSettings, User
from tests.meetings.steps import a_case, working_day
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import at_helsinki, helsinki_date
from yhteiso.outbox import relay
from yhteiso.outbox.models import Outgoing

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World) -> Case:
    return a_case(world)


@pytest.fixture(autouse=True)
def no_quiet_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run at any hour of the day."""
    for name in ("quiet_from", "quiet_to"):
        monkeypatch.setattr(MessageSettings._meta.get_field(name), "default", time(3))
    monkeypatch.setattr(invitations, "FAMILY_QUIET", MessageSettings(quiet_from=time(3), quiet_to=time(3)))


def now() -> datetime:
    return timezone.now()


def guardian(case: Case, name: str = "Hilla") -> Person:
    return Person.objects.select_related("case").get(case=case, name=name)


def safe(world: World, case: Case, name: str = "Hilla", address: str = "040 123 4567", **more: Any) -> SafeContact:
    given = {"channel": "email" if "@" in address else "sms", "language": "fi", "way": "phone"} | more
    with wearing("area", world.coordinator.pk):
        return safe_contact.record(
            case=case, person=guardian(case, name), address=address, by=world.coordinator, now=now(), **given
        )


def father(world: World, case: Case) -> Person:
    meetings.add_person(case=case, kind="guardian", name="Marko", consent="oral", by=world.coordinator, now=now())
    for seat in case.memberships.current().filter(user__isnull=False).exclude(role="coordinator"):
        words = [consents.Word(seat, section, "yes") for section in ("time", "plan", "themes", "contact")]
        consents.record_words(
            case=case, giver=guardian(case, "Marko"), words=words, way="phone", valid_until=None, by=world.coordinator,
            now=now(),
        )  # fmt: skip
    return guardian(case, "Marko")


def propose(world: World, case: Case, days: int = 4, **more: Any) -> Meeting:
    values = {"place": "Pikkukäpy"} | more
    with wearing("area", world.coordinator.pk):
        return meetings.propose(
            case=Case.objects.get(pk=case.pk), starts_at=at_helsinki(working_day(days), time(14, 30)), minutes=60,
            by=world.coordinator, now=now(), **values,
        )  # fmt: skip


def confirm(world: World, meeting: Meeting, at: datetime | None = None) -> Meeting:
    with wearing("area", world.coordinator.pk):
        return meetings.confirm(meeting=meeting, by=world.coordinator, now=at or now())


def told() -> Counter[tuple[str, str]]:
    return Counter(Message.objects.filter(about__gt="").values_list("to__name", "what"))


def to_users() -> set[tuple[int, str]]:
    rows = Outgoing.objects.filter(kind="meeting", to_user_id__isnull=False)
    return {(user, about.split(":")[2]) for user, about in rows.values_list("to_user_id", "about")}


def to_family() -> list[tuple[int, str]]:
    rows = Outgoing.objects.filter(to_contact_id__isnull=False).order_by("made_at", "key")
    return [(contact, about.split(":")[2]) for contact, about in rows.values_list("to_contact_id", "about")]


def carried(at: datetime | None = None) -> dict[str, str]:
    """Send what waits; how each row of a meeting ended, by the reason or "sent"."""
    relay.drain(clock=lambda: at or now() + timedelta(seconds=1))
    return {row.key: row.drop_reason or row.state for row in Outgoing.objects.filter(kind="meeting")}


def remind(at: datetime) -> int:
    with wearing("jobs"):
        ids = reminders.ids_to_remind(now=at)
    done = 0
    for pk in ids:
        with wearing("jobs"):
            done += reminders.remind(meeting_id=pk, now=at)
    return done


# -- who is told


def test_everybody_invited_is_told_but_not_of_the_own_deed(world: World, case: Case) -> None:
    contact = safe(world, case)
    propose(world, case)
    assert told() == {("Kaisa Koivupuro", "proposed"): 1, ("Sari Hietaniitty", "proposed"): 1}
    assert to_users() == {(world.professional.pk, "proposed"), (world.member.pk, "proposed")}
    assert to_family() == [(contact.pk, "proposed")]


def test_who_may_not_know_the_time_is_not_told_before_the_family_says_yes(world: World) -> None:
    case = a_case(world)
    other = world.person("Tiina Niittykoski", "professional", world.other_unit)
    meetings.add_member(case=case, user=other, must_attend=False, by=world.coordinator, now=now())
    propose(world, case)
    assert (other.pk, "proposed") not in to_users()
    assert ("Tiina Niittykoski", "proposed") not in told()
    with wearing("area", world.coordinator.pk):
        world.consent(case, other)
    assert told()["Tiina Niittykoski", "proposed"] == 1
    assert (other.pk, "proposed") in to_users()


def test_a_confirmed_time_is_told_in_the_application_and_invites_the_family_once(world: World, case: Case) -> None:
    meeting = propose(world, case)
    contact = safe(world, case)
    confirm(world, meeting)
    confirm(world, meeting)
    assert told()["Kaisa Koivupuro", "confirmed"] == told()["Sari Hietaniitty", "confirmed"] == 1
    assert to_family() == [(contact.pk, "proposed")]
    notices = Outgoing.objects.filter(kind="message", text="notice")
    assert set(notices.values_list("to_user_id", flat=True)) == {world.professional.pk, world.member.pk}


def test_a_moved_meeting_is_a_change_and_the_old_time_never_leaves(world: World, case: Case) -> None:
    contact = safe(world, case, address="hilla@posti.invalid")
    meeting = propose(world, case)
    with wearing("area", world.coordinator.pk):
        new = meetings.move_meeting(
            meeting=meeting, starts_at=at_helsinki(working_day(6), time(9)), minutes=60, place="", by=world.coordinator,
            reason=MoveReason.ILLNESS, now=now(),
        )  # fmt: skip
    assert to_family() == [(contact.pk, "proposed"), (contact.pk, "moved")]
    ends = carried()
    assert {end for key, end in ends.items() if key.startswith(f"meeting:{meeting.pk}:")} == {"moved"}
    assert {end for key, end in ends.items() if key.startswith(f"meeting:{new.pk}:")} == {"sent"}
    assert {m.subject for m in mail.outbox} == {"Tapaaminen"}
    assert all("Tapaamisen uusi aika on" in m.body for m in mail.outbox)


def test_a_closed_situation_cancels_its_meeting_for_those_who_knew(world: World, case: Case) -> None:
    contact = safe(world, case, address="hilla@posti.invalid")
    propose(world, case)
    with wearing("area", world.coordinator.pk):
        closing.close(case=case, by=world.coordinator, reason="everyday_works", now=now())
    assert (contact.pk, "cancelled") in to_family()
    ends = Counter(carried().values())
    assert ends == {"moved": 3, "sent": 3}  # the three invitations are no news any more; that it is off, is
    # and the professionals have it in their inbox that the situation has ended, of which a plain notice leaves
    assert {m.body.split(" ")[0] for m in mail.outbox} == {"Tapaaminen", "Sinulle"}
    assert len({m.to[0] for m in mail.outbox if m.body.startswith("Tapaaminen")}) == 3


@pytest.mark.parametrize("said_no", [False, True])
def test_when_the_family_stops_who_was_told_hears_that_it_is_off(world: World, case: Case, said_no: bool) -> None:
    """Every word ends with the situation; a no that was said before holds."""
    propose(world, case)
    carried()
    mail.outbox.clear()
    if said_no:
        seat = case.memberships.get(user=world.member)
        with wearing("area", world.coordinator.pk):
            words = [consents.Word(seat, "time", "no")]
            consents.record_words(
                case=case, giver=guardian(case), words=words, way="phone", valid_until=None, by=world.coordinator, now=now()
            )
    with wearing("area", world.coordinator.pk):
        closing.stop(case=case, told_by="äiti", told_on=helsinki_date(now()), by=world.coordinator, now=now())
        off = [row for row in case.memberships.filter(user__isnull=False) if row.user_id != world.coordinator.pk]
        assert {row.user_id for row in off if row.pk in invitations.may_be_told([row.pk for row in off])} == {
            world.professional.pk, *([] if said_no else [world.member.pk])
        }  # fmt: skip
    carried()
    told_off = {sent.to[0] for sent in mail.outbox if "peruttu" in sent.body}
    assert (world.professional.email in told_off, world.member.email in told_off) == (True, not said_no)


def test_guardians_apart_hear_of_their_own_meeting_only(world: World, case: Case) -> None:
    father(world, case)
    contacts = {name: safe(world, case, name, f"{name.lower()}@posti.invalid").pk for name in ("Hilla", "Marko")}
    propose(world, case)
    assert {contact for contact, _what in to_family()} == set(contacts.values())
    with wearing("area", world.coordinator.pk):
        protection.keep_apart(
            case=case, apart=True, reason="Kerrottu", guardian=guardian(case).pk, by=world.coordinator, now=now()
        )
    assert to_family()[-1] == (contacts["Marko"], "cancelled")
    ends = carried()
    off = [sent.to[0] for sent in mail.outbox if "peruttu" in sent.body]
    assert off == ["marko@posti.invalid"]
    invited = [sent.to[0] for sent in mail.outbox if "Kutsu" in sent.body]
    assert "marko@posti.invalid" not in invited
    assert "hilla@posti.invalid" in invited
    assert "uninvited" in ends.values()


@pytest.mark.parametrize("sent_at_once", [True, False])
def test_an_invitation_after_a_cancellation_leaves_once(world: World, case: Case, sent_at_once: bool) -> None:
    """Unsent rows of the invitation that was taken back leave no second one beside it."""
    father(world, case)
    contacts = {name: safe(world, case, name, f"{name.lower()}@posti.invalid").pk for name in ("Hilla", "Marko")}
    meeting = propose(world, case)

    for turn in (1, 2):
        if sent_at_once:
            carried()
        with wearing("area", world.coordinator.pk):
            protection.keep_apart(
                case=case, apart=True, reason="Kerrottu", guardian=guardian(case).pk, by=world.coordinator, now=now()
            )
        if sent_at_once:
            carried()
        with wearing("area", world.coordinator.pk):
            protection.keep_apart(case=case, apart=False, reason="Kerrottu", by=world.coordinator, now=now())
        meetings.add_person(case=case, kind="guardian", name="Marko", consent="oral", by=world.coordinator, now=now())
        told_marko = [what for contact, what in to_family() if contact == contacts["Marko"]]
        assert sorted(told_marko) == sorted(["proposed"] * (turn + 1) + ["cancelled"] * turn)
    confirm(world, meeting)
    assert len(to_family()) == 6, "whoever has heard of the time is not invited by its confirmation"
    carried()
    bodies = [m.body for m in mail.outbox if m.to == ["marko@posti.invalid"]]
    assert [("peruttu" in body) for body in bodies] == ([False, True] * 2 + [False] if sent_at_once else [False])
    assert len([m for m in mail.outbox if m.to == ["hilla@posti.invalid"]]) == 1


# -- what no longer leaves


def test_a_channel_switched_off_or_a_work_phone_withdrawn_since_holds_the_message(world: World, case: Case) -> None:
    for user in (world.professional, world.member):
        MessageSettings.objects.create(
            user=user, sms_phone=user.phone, sms_confirmed_at=now(), quiet_from=time(3), quiet_to=time(3)
        )
        MessageChoice.objects.create(user=user, kind="invitation", channel="sms", wanted=True)
    propose(world, case)
    MessageChoice.objects.create(user=world.professional, kind="invitation", channel="email", wanted=False)
    MessageSettings.objects.filter(user=world.professional).update(sms_phone="", sms_confirmed_at=None)
    User.objects.filter(pk=world.member.pk).update(phone="040 000 9999")  # not the number that was said to be theirs
    ends = {tuple(key.split(":")[3:5]): end for key, end in carried().items()}
    kaisa, sari = f"u{world.professional.pk}", f"u{world.member.pk}"
    assert ends == {
        (kaisa, "email"): "unwanted", (kaisa, "sms"): "unwanted", (sari, "email"): "sent", (sari, "sms"): "unwanted",
    }  # fmt: skip
    assert [m.to for m in mail.outbox] == [[world.member.email]]


@pytest.mark.parametrize("hidden", ["by hand", "protected", "ended", "hiding", "left", "no contact"])
def test_of_the_family_nothing_leaves_that_may_not(world: World, case: Case, hidden: str) -> None:
    contact = safe(world, case, address="hilla@posti.invalid")
    meeting = propose(world, case)
    person, by = guardian(case), world.coordinator
    if hidden == "by hand":
        Person.objects.filter(pk=person.pk).update(by_hand=True)
    elif hidden == "protected":
        with wearing("area", by.pk):
            protection.protect(case=case, reason="Kerrottu", by_hand=[], by=by, now=now())
    elif hidden == "ended":
        with wearing("area", by.pk):
            safe_contact.end(contact=contact, by=by, now=now())
    elif hidden == "hiding":
        Hiding.objects.create(
            case=case, guardian=person, section="time", reason="oma toive", written_by=by, written_at=now()
        )
    elif hidden == "left":
        seat = case.memberships.get(person=person, ended_at=None)
        end_membership(case=case, membership=seat, reason="muutti", by=by, now=now())
    else:
        SafeContact.objects.filter(pk=contact.pk).delete()
    ((_key, end),) = [row for row in carried().items() if row[0].startswith(f"meeting:{meeting.pk}:time:c{contact.pk}:")]
    assert end in ("not-told", "contact-ended")
    assert all(sent.to != ["hilla@posti.invalid"] for sent in mail.outbox)


def test_a_protected_family_gets_no_row_at_all_and_by_hand_neither(world: World, case: Case) -> None:
    father(world, case)
    safe(world, case)
    with wearing("area", world.coordinator.pk):
        precautions.protect(
            case=case, reason="Kerrottu", by_hand=[guardian(case, "Marko").pk], by=world.coordinator, now=now()
        )
    assert set(SafeContact.objects.values_list("end_reason", flat=True)) == {"protected"}
    propose(world, case, place="")
    assert to_family() == []
    assert len(to_users()) == 2  # and nothing differs for the colleagues


def test_a_consent_taken_back_between_writing_and_sending_holds_the_message(world: World, case: Case) -> None:
    propose(world, case)
    Consent.objects.filter(case=case, unit=world.day_care, section="time").update(
        ended_at=now(), ended_by=world.coordinator, withdrawn=True
    )
    Person.objects.filter(case=case, kind="guardian").update(consent="")
    ends = {key.split(":")[3]: end for key, end in carried().items()}
    assert ends == {f"u{world.professional.pk}": "not-told", f"u{world.member.pk}": "sent"}


def test_a_seat_left_an_account_shut_and_a_time_passed_hold_the_message(world: World, case: Case) -> None:
    meeting = propose(world, case)
    seat = case.memberships.get(user=world.member, ended_at=None)
    end_membership(case=case, membership=seat, reason="siirtyi", by=world.coordinator, now=now())
    User.objects.filter(pk=world.professional.pk).update(is_active=False)
    assert set(carried().values()) == {"not-told"}
    Outgoing.objects.update(state="ready", dropped_at=None, drop_reason="")
    assert set(carried(meeting.starts_at + timedelta(minutes=1)).values()) == {"past"}


# -- what it says


def test_a_message_says_the_same_whatever_the_family(world: World) -> None:
    bodies = set()
    for child, place in (("Aatu", "Pikkukäpy"), ("Vilja", "Neuvola")):
        case = a_case(world, child=child)
        safe(world, case, address="hilla@posti.invalid")
        if child == "Vilja":
            User.objects.filter(pk=world.member.pk).update(protected_identity=True)
        propose(world, case, place="" if child == "Vilja" else place)
        carried()
        for sent in mail.outbox:
            words = sent.message().as_string() + sent.body
            for canary in (child, "Suvilehto", case.ref, place, "Hilla", "Perheohjaus", "Koivupuro", "päivä 4"):
                assert canary not in words
            bodies.add((sent.subject, sent.body[: sent.body.index("https://")]))
        mail.outbox.clear()
    assert len(bodies) == 1
    row = str(list(Outgoing.objects.values()))
    assert all(word not in row for word in ("Aatu", "Vilja", "Suvilehto", "Pikkukäpy", "Hilla", "posti.invalid", case.ref))


def test_the_number_is_the_leads_unless_it_is_hidden(world: World, case: Case) -> None:
    propose(world, case)
    carried()
    assert all("Kysy lisää: 040 000 0101." in sent.body for sent in mail.outbox)
    mail.outbox.clear()
    User.objects.filter(pk=world.coordinator.pk).update(protected_identity=True)
    Outgoing.objects.update(state="ready", sent_at=None)
    carried()
    assert mail.outbox
    assert all("Kysy lisää: 08 000 1234." in sent.body for sent in mail.outbox)


# -- reminders


def test_reminders_leave_48_hours_before_and_the_same_morning_once(world: World, case: Case) -> None:
    contact = safe(world, case)
    meeting = confirm(world, propose(world, case, days=5))
    before, morning = meeting.starts_at - timedelta(hours=48), at_helsinki(helsinki_date(meeting.starts_at), time(8))
    assert remind(before - timedelta(seconds=1)) == 0
    assert [remind(before), remind(before), remind(morning - timedelta(seconds=1))] == [1, 0, 0]
    assert [remind(morning), remind(morning)] == [1, 0]
    assert to_family()[-2:] == [(contact.pk, "reminder")] * 2
    assert told()["Riikka Tuulenpää", "reminder"] == 2  # nobody's own deed
    assert told()["Kaisa Koivupuro", "reminder"] == 2


def test_an_early_meeting_is_reminded_of_two_hours_before() -> None:
    day = working_day(3)
    assert reminders.same_morning(at_helsinki(day, time(8, 30))) == at_helsinki(day, time(6, 30))
    assert reminders.same_morning(at_helsinki(day, time(10))) == at_helsinki(day, time(8))


def test_after_a_silence_only_the_latest_reminder_is_told(world: World, case: Case) -> None:
    meeting = confirm(world, propose(world, case, days=5))
    assert remind(meeting.starts_at - timedelta(hours=1)) == 1
    assert told()["Kaisa Koivupuro", "reminder"] == 1
    assert remind(meeting.starts_at + timedelta(minutes=1)) == 0


def test_who_says_no_is_not_reminded_and_an_unconfirmed_time_reminds_nobody(world: World, case: Case) -> None:
    meeting = propose(world, case, days=5)
    at = meeting.starts_at - timedelta(hours=40)
    assert remind(at) == 0
    seat = meeting.participants.get(membership__user=world.professional)
    meetings.answer(participant=seat, answer="no", by=world.professional, now=now())
    confirm(world, meeting)
    assert remind(at) == 1
    assert told()["Kaisa Koivupuro", "reminder"] == 0
    assert told()["Sari Hietaniitty", "reminder"] == 1


def test_a_time_confirmed_after_the_moment_needs_no_reminder(world: World, case: Case) -> None:
    meeting = propose(world, case, days=5)
    confirm(world, meeting, at=meeting.starts_at - timedelta(hours=30))
    assert remind(meeting.starts_at - timedelta(hours=29)) == 0
    assert told()["Kaisa Koivupuro", "reminder"] == 0


def test_a_reminder_of_a_meeting_that_moved_is_not_sent(world: World, case: Case) -> None:
    meeting = confirm(world, propose(world, case, days=5))
    at = meeting.starts_at - timedelta(hours=47)
    remind(at)
    with wearing("area", world.coordinator.pk):
        meetings.move_meeting(
            meeting=meeting, starts_at=meeting.starts_at + timedelta(hours=1), minutes=60, place="", by=world.coordinator,
            reason=MoveReason.ILLNESS, now=now(),
        )  # fmt: skip
    ends = carried(at)
    assert {end for key, end in ends.items() if ":reminder" in key} == {"moved"}
    assert Meeting.objects.get(pk=meeting.pk).status == MeetingStatus.MOVED


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_remind_once(transactional_db: None) -> None:
    world = World()
    case = a_case(world)
    meeting = confirm(world, propose(world, case, days=5))
    gate = threading.Barrier(4)

    def job() -> None:
        gate.wait(timeout=10)
        remind(meeting.starts_at - timedelta(hours=47))
        connection.close()

    threads = [threading.Thread(target=job) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert Message.objects.filter(what="reminder").count() == 3
    assert Outgoing.objects.filter(about__contains=":reminder:").count() == 3
