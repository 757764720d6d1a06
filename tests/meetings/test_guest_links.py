"""Signed links: who opens what, and everything that closes them. Through the guest's hat, as the web wears it."""

import re
import sys
import time as clock
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import guest as links
from cases.actions import network, safe_contact
from cases.models import Case, GuestKey, GuestLink, GuestVisit, Person, SafeContact, Task
from cases.models.guest import hash_of, new_token
from meetings.actions import guest_links, protection
from meetings.actions import meeting as meetings
from meetings.models import Commitment, Participant
from meetings.views.guest import COOKIE
from networks.models import User
from tests.personas import World
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import at_helsinki, helsinki_date, working_day_after
from yhteiso.outbox import registry
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter

NUMBER = "040 000 0188"
# What stands nowhere behind a link: the child, the family, the others, the reference, the place, the words of a promise.
CANARIES = ("Aatu", "Suvilehto", "Hilla", "Sari", "Kaisa", "Pikkukäpy", "PAIKKA-KANARIA", "LUPAUS-KANARIA", "Peuraniemi",
            "SALAINEN-TEKSTI")  # fmt: skip


@pytest.fixture
def guest(world: World) -> SimpleNamespace:
    """Jari the coach, invited by a link to a meeting of Aatu's network that is agreed on, with a promise of his own."""
    case = world.case()
    now = timezone.now()
    mother = case.persons.get(name="Hilla")
    network.record_consent(
        case=case, person=mother, consent="oral", consent_on=helsinki_date(now), by=world.coordinator, now=now
    )
    day = working_day_after(helsinki_date(now) + timedelta(days=4))
    meeting = meetings.propose(
        case=case, starts_at=at_helsinki(day, datetime(2026, 1, 1, 14, 30).time()), minutes=75, place="PAIKKA-KANARIA",
        by=world.coordinator, now=now,
    )  # fmt: skip
    link = invite(world, case)
    assert link is not None
    seat = link.membership
    promise = Commitment.objects.create(
        case=case, meeting=meeting, kind="family_deed", what="LUPAUS-KANARIA", membership=seat, due_on=helsinki_date(now),
        form_key="7d5c3d44-6a1e-4f1a-9f3c-1a2b3c4d5e6f", written_at=now, written_by=world.coordinator, agreed_at=now,
    )  # fmt: skip
    own = Participant.objects.get(meeting=meeting, membership=seat)
    token = GuestKey.objects.get(link=link).open()
    return SimpleNamespace(world=world, case=case, link=link, seat=seat, own=own, promise=promise, token=token,
                           meeting=meeting, url=f"/i/{token}/")  # fmt: skip


def invite(world: World, case: Case, **changes: Any) -> GuestLink | None:
    said = {
        "member": "", "kind": "close", "name": "Jari Peuraniemi", "relation": "sählyvalmentaja", "channel": "sms",
        "address": NUMBER, "language": "fi", "way": "phone", "sees": "promise",
    } | changes  # fmt: skip
    return guest_links.invite(case=case, by=world.coordinator, now=timezone.now(), **said)


def visits(link: GuestLink) -> list[str]:
    return list(GuestVisit.objects.filter(link=link).order_by("at", "pk").values_list("what", flat=True))


def settle() -> None:
    """What waits for the end of the transaction happens now."""
    connection.check_constraints()


def letter(link: GuestLink) -> Letter | Drop:
    with wearing("jobs"):
        return registry.resolve(Outgoing.objects.get(key=f"guest:{link.pk}"), timezone.now())


# -- the page


def test_the_page_shows_the_time_the_number_and_the_own_answer_and_nothing_else(guest: SimpleNamespace) -> None:
    response = Client().get(guest.url)
    body = response.content.decode()
    assert response.status_code == 200
    assert "Riikka Tuulenpää" in body
    assert "040 000 0101" in body
    assert "klo 14.30" in body.replace("\xa0", " ")
    assert 'name="promise-' in body
    for canary in (*CANARIES, guest.case.ref, guest.meeting.ref, guest.promise.ref, guest.case.area.name_genitive):
        assert canary not in body, canary
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    row = LogEntry.objects.filter(page="guest-link").latest("at")
    assert (row.actor_name, row.hat, row.why, row.case_id) == ("Jari Peuraniemi", "guest", "guest", guest.case.pk)
    assert row.actor_id is None
    assert row.sections == ["time", "plan"]


def test_a_scanner_that_opens_again_and_again_changes_nothing_but_the_log(guest: SimpleNamespace) -> None:
    before = Participant.objects.values().get(pk=guest.own.pk), GuestKey.objects.values().get(link=guest.link)
    scanner = Client()
    for n in range(20):
        response = scanner.get(guest.url) if n % 2 else scanner.head(guest.url)
        assert response.status_code == 200
        assert COOKIE not in response.cookies
    assert (Participant.objects.values().get(pk=guest.own.pk), GuestKey.objects.values().get(link=guest.link)) == before
    assert GuestLink.objects.get(pk=guest.link.pk).bound_at is None
    assert visits(guest.link) == ["opened"] * 20
    assert Client().post(guest.url, {"answer": "yes"}).status_code == 302  # it still answers for its owner


def test_a_first_answer_is_saved_and_ties_the_link_to_its_device(guest: SimpleNamespace, capsys: Any) -> None:
    phone = Client()
    phone.get(guest.url)
    began = clock.perf_counter()
    response = phone.post(guest.url, {"answer": "if_needed"})
    took = (clock.perf_counter() - began) * 1000
    with capsys.disabled():
        sys.stdout.write(f"\nanswer by link: {took:.0f} ms\n")
    assert response.status_code == 302
    assert response["Location"] == guest.url
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/i/"
    own = Participant.objects.get(pk=guest.own.pk)
    assert (own.answer, own.answered_by) == ("if_needed", None)
    key = GuestKey.objects.get(link=guest.link)
    assert key.device_hash
    assert cookie.value not in (key.device_hash, key.token_hash)
    assert "Kiitos" in phone.get(guest.url).content.decode()
    assert phone.post(guest.url, {"answer": "no"}).status_code == 302  # it may be changed
    assert Participant.objects.get(pk=guest.own.pk).answer == "no"


def test_a_forwarded_link_opens_on_no_other_device(guest: SimpleNamespace) -> None:
    Client().post(guest.url, {"answer": "yes"})
    for other in (Client(), Client()):
        other.cookies[COOKIE] = new_token()
        for response in (other.get(guest.url), other.post(guest.url, {"answer": "no"})):
            body = response.content.decode()
            assert response.status_code == 403
            assert "renewal" in body
            assert "klo 14.30" not in body
            assert "Riikka" not in body
            assert guest.world.area.phone in body
    assert Participant.objects.get(pk=guest.own.pk).answer == "yes"
    assert visits(guest.link)[1:] == ["other"] * 4


def test_an_answer_by_phone_is_whose_it_was_and_the_link_takes_it_over(guest: SimpleNamespace) -> None:
    by = guest.world.coordinator
    meetings.answer(participant=guest.own, answer="no", by=by, now=timezone.now())
    assert Participant.objects.get(pk=guest.own.pk).answered_by == by
    Client().post(guest.url, {"answer": "yes"})
    own = Participant.objects.get(pk=guest.own.pk)
    assert (own.answer, own.answered_by) == ("yes", None)


def test_an_own_promise_is_told_of_without_its_words(guest: SimpleNamespace) -> None:
    phone = Client()
    field = re.search(r'name="(promise-[0-9a-f]+)"', phone.get(guest.url).content.decode())
    assert field is not None
    assert phone.post(guest.url, {field[1]: "partly"}).status_code == 302
    row = Commitment.objects.get(pk=guest.promise.pk)
    assert (row.status, row.resolved_by, row.by_link) == ("partly", None, True)
    assert guest.case.events.filter(kind="commitment_resolved", by=None).count() == 1
    phone.post(guest.url, {field[1]: "kept"})
    assert Commitment.objects.get(pk=guest.promise.pk).status == "kept"
    phone.post(guest.url, {"promise-0000000000000000": "not_kept", "promise-x": "open"})
    assert Commitment.objects.get(pk=guest.promise.pk).status == "kept"


def test_a_link_for_the_time_only_knows_no_promise(guest: SimpleNamespace) -> None:
    mark = re.search(r'name="(promise-[0-9a-f]+)"', Client().get(guest.url).content.decode())
    assert mark is not None
    GuestLink.objects.filter(pk=guest.link.pk).update(sees="time")
    phone = Client()
    assert "promise-" not in phone.get(guest.url).content.decode()
    phone.post(guest.url, {mark[1]: "kept"})
    assert Commitment.objects.get(pk=guest.promise.pk).status == "open"


def test_an_empty_answer_stays_on_the_page_and_binds_nothing(guest: SimpleNamespace) -> None:
    for sent in ({}, {"answer": "perhaps"}, {"answer": ""}, {"promise-x": "open"}):
        response = Client().post(guest.url, sent)
        assert response.status_code == 422, sent
        assert "klo 14.30" in response.content.decode().replace("\xa0", " ")
    assert GuestKey.objects.get(link=guest.link).device_hash == ""


def test_somebody_who_is_signed_in_is_a_guest_here_too(guest: SimpleNamespace) -> None:
    world = guest.world
    plain = re.sub(r'value="[^"]{64}"|hx-headers=\'[^\']*\'', "", Client().get(guest.url).content.decode())
    for browser in (world.client(world.coordinator), world.client(world.professional, second_factor=False)):
        response = browser.get(guest.url)
        assert response.status_code == 200
        assert re.sub(r'value="[^"]{64}"|hx-headers=\'[^\']*\'', "", response.content.decode()) == plain


# -- what closes it


def over(guest: SimpleNamespace) -> None:
    GuestLink.objects.filter(pk=guest.link.pk).update(
        made_at=timezone.now() - timedelta(days=15), expires_at=timezone.now() - timedelta(minutes=1)
    )


def test_an_expired_link_says_so_and_offers_a_new_one(guest: SimpleNamespace) -> None:
    over(guest)
    phone = Client()
    for response in (phone.get(guest.url), phone.post(guest.url, {"answer": "yes"})):
        body = response.content.decode()
        assert response.status_code == 410
        assert "renewal" in body
        for canary in (*CANARIES, "Riikka", "klo 14.30"):
            assert canary not in body.replace("\xa0", " ")
    assert Participant.objects.get(pk=guest.own.pk).answer == "none"
    assert visits(guest.link) == ["expired", "expired"]


def test_a_wish_for_a_new_link_is_a_task_and_sends_nothing(guest: SimpleNamespace) -> None:
    over(guest)
    sent = Outgoing.objects.count()
    for _n in range(3):
        assert Client().post(f"{guest.url}renewal/").status_code == 200
    task = Task.objects.get(kind="guest_link")
    assert task.to == guest.world.coordinator
    assert Outgoing.objects.count() == sent
    link = guest_links.renew(link=guest.link, by=guest.world.coordinator, now=timezone.now())
    assert link is not None
    assert link.contact_id == guest.link.contact_id
    assert Task.objects.get(kind="guest_link").done_at
    assert Client().get(guest.url).status_code == 404  # the old one is over with the new one
    Client().post(f"/i/{GuestKey.objects.get(link=link).open()}/renewal/")
    assert Task.objects.filter(kind="guest_link", done_at=None).count() == 1


def revoked(guest: SimpleNamespace) -> None:
    links.revoke(link=guest.link, by=guest.world.coordinator, now=timezone.now())


def left(guest: SimpleNamespace) -> None:
    network.end_membership(
        case=guest.case, membership=guest.seat, reason="ei enää", by=guest.world.coordinator, now=timezone.now()
    )


def taken_back(guest: SimpleNamespace) -> None:
    mother = guest.case.persons.get(name="Hilla")
    network.record_consent(
        case=guest.case, person=mother, consent="waiting", consent_on=None, by=guest.world.coordinator, now=timezone.now()
    )


def protected(guest: SimpleNamespace) -> None:
    protection.protect(case=guest.case, reason="turvakielto", by_hand=[], by=guest.world.coordinator, now=timezone.now())


def unsafe(guest: SimpleNamespace) -> None:
    safe_contact.end(contact=guest.link.contact, by=guest.world.coordinator, now=timezone.now())


def by_hand(guest: SimpleNamespace) -> None:
    Person.objects.filter(pk=guest.seat.person_id).update(by_hand=True)


CLOSERS = {revoked: "taken_back", left: "left", taken_back: "consent", protected: "protected", unsafe: "number",
           by_hand: "consent"}  # fmt: skip


@pytest.mark.parametrize("close", CLOSERS, ids=lambda close: close.__name__)
def test_what_closes_a_link_closes_it_at_once_and_stops_its_message(guest: SimpleNamespace, close: Any) -> None:
    assert isinstance(letter(guest.link), Letter)
    phone = Client()
    assert phone.post(guest.url, {"answer": "yes"}).status_code == 302
    close(guest)
    settle()
    unknown = Client().get(f"/i/{new_token()}/")
    for response in (phone.get(guest.url), phone.post(guest.url, {"answer": "no"}), phone.post(f"{guest.url}renewal/")):
        assert response.status_code == 404
        assert same(response) == same(unknown)
    assert Participant.objects.get(pk=guest.own.pk).answer == "yes"
    link = GuestLink.objects.get(pk=guest.link.pk)
    assert link.revoke_reason == CLOSERS[close]
    assert link.revoked_at
    assert letter(guest.link) == Drop("link-ended")


def same(response: Any) -> str:
    """The page without what every page has of its own: the form's token, and where the choice of a language returns to."""
    return re.sub(r'[A-Za-z0-9]{64}|<input type="hidden" name="next"[^>]*>', "", response.content.decode())


def test_a_yes_that_is_taken_back_for_a_moment_opens_no_old_link(guest: SimpleNamespace) -> None:
    taken_back(guest)
    settle()
    mother = guest.case.persons.get(name="Hilla")
    network.record_consent(
        case=guest.case, person=mother, consent="oral", consent_on=helsinki_date(timezone.now()),
        by=guest.world.coordinator, now=timezone.now(),
    )  # fmt: skip
    settle()
    assert Client().get(guest.url).status_code == 404


def test_after_the_meeting_there_is_no_time_to_answer(guest: SimpleNamespace) -> None:
    assert guest.link.expires_at == guest.meeting.starts_at
    long_ago = timezone.now() - timedelta(hours=2)
    guest.meeting.starts_at, guest.meeting.ends_at = long_ago, long_ago + timedelta(hours=1)
    guest.meeting.save()
    body = Client().get(guest.url).content.decode()
    assert 'name="answer"' not in body
    assert "promise-" in body
    Client().post(guest.url, {"answer": "yes"})
    assert Participant.objects.get(pk=guest.own.pk).answer == "none"


def test_a_guessed_link_gets_one_and_the_same_page(guest: SimpleNamespace) -> None:
    pages = set()
    for token in ("A" * 22, "A" * 21, "x", "%00", "a" * 300, "..", "å" * 22):
        response = Client().get(f"/i/{token}/")
        assert response.status_code == 404, token
        pages.add(same(response))
    assert len(pages) == 1
    assert "Riikka" not in pages.pop()
    assert GuestVisit.objects.count() == 0


def test_guessing_is_slowed_down_by_address_and_by_link(guest: SimpleNamespace) -> None:
    from networks.limits import LIMITS, OFTEN

    assert LIMITS["guest-link"].looks
    found = [Client().get(guest.url).status_code for _n in range(OFTEN + 1)]
    assert set(found[:OFTEN]) == {200}
    assert found[-1] == 429


def test_a_link_answers_for_its_own_family_only(guest: SimpleNamespace) -> None:
    world = guest.world
    other = world.case(call="2026-06-08 10:00", child="Oona")
    for person in other.persons.filter(kind="guardian"):
        network.record_consent(
            case=other, person=person, consent="oral", consent_on=helsinki_date(timezone.now()), by=world.coordinator,
            now=timezone.now(),
        )  # fmt: skip
    second = invite(world, other, name="Pirjo Pappila", address="040 000 0189")
    assert second is not None
    phone = Client()
    phone.post(guest.url, {"answer": "yes"})
    theirs = GuestKey.objects.get(link=second).open()
    assert "Oona" not in phone.get(f"/i/{theirs}/").content.decode()
    assert phone.post(f"/i/{theirs}/", {"answer": "no"}).status_code == 302
    assert Participant.objects.get(pk=guest.own.pk).answer == "yes"
    hashes = set(GuestKey.objects.values_list("device_hash", flat=True))
    assert len(hashes) == 2  # one phone, and rows that do not tell of each other


# -- sending it


def test_the_message_says_when_and_no_more_and_the_key_is_forgotten_with_it(guest: SimpleNamespace) -> None:
    found = letter(guest.link)
    assert isinstance(found, Letter)
    assert found.path == guest.url
    assert found.address == "+358400000188"
    assert found.params["form"] == "invitation"
    Outgoing.objects.filter(key=f"guest:{guest.link.pk}").update(state="sent", sent_at=timezone.now())
    key = GuestKey.objects.get(link=guest.link)
    assert key.sealed == ""
    assert key.token_hash == hash_of(guest.token)
    assert Client().get(guest.url).status_code == 200


def test_a_link_without_a_meeting_is_a_notice(guest: SimpleNamespace) -> None:
    guest.meeting.status, guest.meeting.move_reason = "cancelled", ""
    guest.meeting.save()
    link = guest_links.renew(link=guest.link, by=guest.world.coordinator, now=timezone.now())
    assert link is not None
    assert Outgoing.objects.get(key=f"guest:{link.pk}").text == "notice"
    found = letter(link)
    assert isinstance(found, Letter)
    assert not found.params
    assert link.expires_at - link.made_at == timedelta(days=14)


def test_nothing_leaves_to_a_protected_family_and_the_lead_has_a_task(guest: SimpleNamespace) -> None:
    protected(guest)
    sent = Outgoing.objects.count()
    assert invite(guest.world, Case.objects.get(pk=guest.case.pk), name="Toinen Tuttu") is None
    settle()
    assert Outgoing.objects.count() == sent
    assert not GuestLink.objects.standing().exists()
    task = Task.objects.get(kind="other_guardian", about__endswith="-link")
    assert task.to == guest.world.coordinator
    assert not SafeContact.objects.live().filter(case=guest.case).exists()


def test_without_the_family_s_yes_nobody_is_invited(guest: SimpleNamespace) -> None:
    taken_back(guest)
    persons = guest.case.persons.count()
    with pytest.raises(NotAllowed, match=r"yes to telling|sanonut, että tälle"):
        invite(guest.world, guest.case, name="Toinen Tuttu", address="040 000 0187")
    assert guest.case.persons.count() == persons


def test_a_wrong_number_sends_nothing(guest: SimpleNamespace) -> None:
    browser = guest.world.client(guest.world.coordinator)
    for wrong in ("08 000 1234", "jotain", "äiti@esimerkki.invalid"):
        response = browser.post(
            f"/cases/{guest.case.ref}/guests/",
            {"member": str(guest.seat.pk), "address": wrong, "language": "fi", "way": "phone", "sees": "time"},
        )
        assert response.status_code == 422
        assert wrong in response.content.decode()
    assert GuestLink.objects.standing().get(membership=guest.seat).pk == guest.link.pk


def test_the_coordinator_s_pages(guest: SimpleNamespace) -> None:
    browser = guest.world.client(guest.world.coordinator)
    page = f"/cases/{guest.case.ref}/guests/"
    sent = {"kind": "outside", "name": "Pirjo Pappila", "relation": "seurakunta", "address": "pirjo@esimerkki.invalid",
            "language": "sv", "way": "phone", "sees": "time"}  # fmt: skip
    assert browser.post(page, sent).status_code == 302
    link = GuestLink.objects.get(membership__person__kind="outside")
    assert link.contact.channel == "email"
    assert "Pirjo Pappila" in browser.get(page).content.decode()
    Client().get(guest.url)
    body = browser.get(f"{page}{guest.link.pk}/").content.decode()
    assert "040\xa0000\xa00188" in body
    assert guest.token not in body
    seen = browser.get(f"{page}{guest.link.pk}/sight/").content.decode()
    assert "Riikka Tuulenpää" in seen
    assert "LUPAUS-KANARIA" not in seen
    assert "PAIKKA-KANARIA" not in seen
    assert browser.post(f"{page}{guest.link.pk}/renewal/").status_code == 302
    assert GuestLink.objects.get(pk=guest.link.pk).revoke_reason == "replaced"
    assert browser.post(f"{page}{link.pk}/revocation/").status_code == 302
    assert GuestLink.objects.get(pk=link.pk).revoked_by == guest.world.coordinator
    assert f"{page}" in browser.get(f"/cases/{guest.case.ref}/network/").content.decode()


def test_a_moved_time_is_told_to_whoever_has_a_link(guest: SimpleNamespace) -> None:
    meetings.move_meeting(
        meeting=guest.meeting, starts_at=guest.meeting.starts_at + timedelta(hours=1), minutes=75, place="", reason="illness",
        by=guest.world.coordinator, now=timezone.now(),
    )  # fmt: skip
    about = list(
        Outgoing.objects.filter(kind="meeting", to_contact_id=guest.link.contact_id).values_list("about", flat=True)
    )
    assert [row.split(":")[2] for row in about] == ["moved"]
    assert "klo 15.30" in Client().get(guest.url).content.decode().replace("\xa0", " ")


# -- the walls


def refused(sql: str, *values: object) -> bool:
    try:
        with transaction.atomic(), wearing("guest"), connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
            return not rows
    except ProgrammingError:
        return True


def test_the_guest_s_hat_reads_nothing_by_itself(guest: SimpleNamespace) -> None:
    for table in ("cases_guestlink", "cases_guestkey", "cases_guestvisit", "cases_case", "cases_person", "cases_membership",
                  "meetings_participant", "meetings_meeting", "meetings_commitment"):  # fmt: skip
        assert refused(f"SELECT id FROM {table}" if table != "cases_guestkey" else "SELECT link_id FROM cases_guestkey"), (
            table
        )
    for column in ("meetings_meeting.place", "meetings_commitment.what", "meetings_commitment.ref"):
        table = column.partition(".")[0]
        assert refused(f"SELECT {column} FROM {table}")
    assert refused("SELECT state FROM sec.guest_door(%s, '', 'opened')", hash_of(new_token()))
    assert not refused("SELECT state FROM sec.guest_door(%s, '', 'opened')", hash_of(guest.token))
    assert refused("SELECT 1 FROM sec.guest_lead(%s)", guest.case.pk)


def test_nobody_reads_a_key(guest: SimpleNamespace) -> None:
    for hat, who in (("area", guest.world.coordinator), ("member", guest.world.member), ("officer", guest.world.officer)):
        with pytest.raises(ProgrammingError), transaction.atomic(), wearing(hat, who.pk):
            list(GuestKey.objects.values_list("token_hash"))


def test_links_are_the_coordinators_only(guest: SimpleNamespace) -> None:
    who: User = guest.world.member
    for hat in ("member", "unit", "report", "officer", "admin", "family", "public"):
        for table in (GuestLink, GuestVisit):
            with pytest.raises(ProgrammingError, match="permission denied"), wearing(hat, who.pk):
                list(table.objects.values_list("pk")[:1])


def test_what_was_opened_is_never_changed(guest: SimpleNamespace) -> None:
    Client().get(guest.url)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        GuestVisit.objects.update(what="asked")
