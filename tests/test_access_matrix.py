"""Every address × method × persona, against a table that is reviewed like code.

A name that is missing from `access_matrix.csv` fails, and so does a row whose address is gone. Cells:
login = sent to sign in, factor = sent to add the second step, a number = that status. `302` is any other redirect.
For every 404 of a persona the same table has somebody for whom the same request works, on the same rows.
"""

import csv
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from cases.actions import clock, intake
from cases.actions.consent import Word, record_words, withdraw
from cases.actions.identity import write_identity
from cases.actions.joining import propose_join
from cases.actions.pause import record_pause
from cases.actions.standing import open_exceptionally, propose_hand_over, recuse
from cases.actions.unit_invitation import Asked
from cases.actions.unit_invitation import invite as invite_unit
from cases.models import (
    ASKED,
    Case,
    CaseJoin,
    ConsentException,
    Escalation,
    EscalationTo,
    ExceptionalAccess,
    GuestLink,
    Hiding,
    Message,
    PersonContact,
    SafeContact,
    Task,
)
from meetings.actions import logbook as logbooks
from meetings.actions import meeting as meetings
from meetings.models import Commitment
from metrics.models import FrozenMonth
from networks.actions import power, service_import
from networks.actions import service as services
from networks.models import Absence, Agency, Role, Service, ServiceImport, SuggestionRule, Unit, User, UsualSet
from tests.personas import World, at
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing
from yhteiso.jobs import runs
from yhteiso.jobs.models import DeadLetter, Silence

MATRIX = Path(__file__).with_name("access_matrix.csv")
PERSONAS = (
    "anonymous", "no_factor", "coordinator", "second_coordinator", "other_coordinator", "professional", "member",
    "colleague", "left", "index_only", "waiting", "withdrawn", "recused", "exceptional", "expired", "moved", "suspended",
    "unit_head", "leader", "other_leader", "officer", "administrator", "nobody",
)  # fmt: skip
PARTS = 12  # of the table, each over a family of its own
SHARE = 3  # of which one is asked in every run


def addresses() -> Iterator[str]:
    """Every name of the address book; those of Django's own administration are tried in a test of their own."""

    def walk(patterns: list[URLPattern | URLResolver], namespace: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, namespace + (f"{pattern.namespace}:" if pattern.namespace else ""))
            elif pattern.name:
                yield namespace + pattern.name

    return (name for name in walk(get_resolver().url_patterns, "") if not name.startswith("admin:"))


def rows() -> list[dict[str, str]]:
    with MATRIX.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Scene:
    """One family far enough on its way that every address has something to point at."""

    def __init__(self) -> None:
        self.world = World()
        self.case: Case = self.world.case()
        by, now = self.world.coordinator, at("2026-06-08 09:00")
        self.meeting = meetings.propose(
            case=self.case, starts_at=at("2099-06-16 14:30"), minutes=75, place="", by=by, now=now
        )
        self.logbook = logbooks.open_logbook(meeting=self.meeting, by=by, now=now)
        self.member = self.case.memberships.get(user=self.world.member)
        self.row = logbooks.write_commitment(
            logbook=self.logbook, form_key=uuid.uuid4(), kind="promise", what="SALAINEN-LUPAUS", membership=self.member,
            due_on=at("2099-06-20 09:00").date(), by=by, now=now,
        )  # fmt: skip
        self.people = self.standings(by, now)
        self.guardian = meetings.add_person(
            case=self.case, kind="guardian", name="Jenna", family_name="SALAINEN-SUKUNIMI", by=by, now=now
        )
        seats = self.case.memberships.current().filter(user__isnull=False).exclude(role="coordinator")
        for giver in self.case.persons.filter(kind="guardian"):
            record_words(
                case=self.case, giver=giver, words=[Word(s, section, "yes") for s in seats for section in ASKED],
                way="paper", valid_until=None, by=by, now=timezone.now(),
            )  # fmt: skip
        write_identity(case=self.case, person=self.guardian.person, number="010594Y9032", by=by, now=now)
        self.mother = self.case.persons.get(kind="guardian", name="Hilla")
        self.contact = SafeContact.objects.create(
            person=self.mother,
            case=self.case,
            channel="sms",
            address="+358401234567",
            way="phone",
            asked_by=by,
            asked_at=now,
        )
        self.link = GuestLink.objects.create(
            case=self.case, membership=self.mother.memberships.get(), contact=self.contact, sees="time", made_by=by,
            made_at=now, expires_at=at("2099-06-16 14:30"),
        )  # fmt: skip
        self.exception = ConsentException.objects.create(
            case=self.case, guardian=self.mother, reason="SALAINEN-SYY", made_by=by, made_at=now, ended_at=now, ended_by=by
        )
        self.pause = record_pause(
            case=self.case, reason="no_consent", from_on=at("2026-06-10 09:00").date(), until_on=None, by=by, now=now
        )
        self.hiding = Hiding.objects.create(
            case=self.case, guardian=self.mother, section="themes", reason="SALAINEN-KIELTO", written_by=by, written_at=now
        )
        self.correction = clock.correct_start(case=self.case, new_at=at("2026-06-06 10:00"), reason="x", by=by, now=now)
        Commitment.objects.filter(pk=self.row.pk).update(agreed_at=now)
        FrozenMonth.objects.create(
            area=self.world.area, month=date(2026, 6, 1), definition_version=1, frozen_at=at("2026-07-03 06:00")
        )
        self.opening = self._opening()
        self.offer = propose_hand_over(
            case=self.case, to=self.world.other_coordinator, reason="SALAINEN-SYY", by=by, now=timezone.now()
        )
        self.task = Task.objects.get(kind="exceptional")
        self.absence = Absence.objects.create(
            user=self.world.member, from_on=date(2099, 1, 1), until_on=date(2099, 1, 9), substitute=self.world.left,
            made_by=self.world.member, made_at=now,
        )  # fmt: skip
        self.message = self._message(now)
        self.service, self.file = self._directory(by, now)
        self.join = self._join(by, now)
        self.concern = self.world.concern(now=at("2026-06-07 09:00"))
        self.consultation = self.world.concern(now=at("2026-06-07 09:30"), family_asked="not_yet")
        self.call = intake.begin_call(by=by, area=self.world.area, now=now)
        self._asked(by, now)
        self.stand(by)
        runs.run("tick", lambda: 0)
        self.silence = Silence.objects.create(began_at=now, noticed_at=now, ended_at=now, noticed_by="clock")
        self.letter = DeadLetter.objects.create(
            name="x", args=[self.case.pk], tries=5, first_at=now, last_at=now, failure="killed"
        )
        self.power = power.propose_role(
            person=self.world.member, role="leadership", area=self.world.area, unit=None, by=self.world.administrator,
            reason="SALAINEN-SYY", now=timezone.now(),
        )  # fmt: skip
        connection.check_constraints()  # what waits for the end of a transaction has happened

    def _asked(self, by: User, now: datetime) -> None:
        """The colleague is asked to the network for their unit; a rule and a line of the usual set of the area."""
        user, area = self.world.colleague, self.world.area
        self.unit_invitation = invite_unit(case=self.case, unit=self.world.day_care, user=user, how=Asked(), by=by, now=now)
        written = {"area": area, "decided_on": now.date(), "changed_at": now, "changed_by": by}
        self.rule = SuggestionRule.objects.create(number=1, suggest_need="mood", sentence="Mieliala painaa.", **written)
        self.usual = UsualSet.objects.create(band="primary", label="Koulu", unit=self.world.day_care, **written)

    def standings(self, by: User, now: datetime) -> dict[str, User]:
        """One person for each way of standing to the family besides being a member: all invited to the meeting."""
        names = {
            "index_only": "Iida Pelto", "waiting": "Otto Ranta", "withdrawn": "Veera Suo", "recused": "Eero Lehto",
            "exceptional": "Hanna Koski", "expired": "Aino Salo", "moved": "Mikko Niemi", "suspended": "Saara Laine",
        }  # fmt: skip
        health = Agency.objects.create(
            name="Neuvola",
            legal_name="Hyvinvointialue",
            controller="Hyvinvointialue",
            sector="health",
            written_consent=False,
        )
        people = {}
        for key, name in names.items():
            home = Unit.objects.create(agency=health, area=self.world.area, name=f"Neuvola {key}")
            people[key] = self.world.person(name, Role.PROFESSIONAL, home)
            if key not in ("exceptional", "expired"):
                meetings.add_member(
                    case=self.case, user=people[key], must_attend=False, index_only=key == "index_only", by=by, now=now
                )
        return people

    def stand(self, by: User) -> None:
        """After everybody has been agreed to: what each of them has lost since."""
        now, mother = timezone.now(), self.case.persons.get(kind="guardian", name="Hilla")
        PersonContact.objects.filter(case=self.case, person__kind="child").update(born_on=date(2022, 1, 14))
        seats = {seat.user_id: seat for seat in self.case.memberships.current().filter(user__isnull=False)}
        assert withdraw(case=self.case, giver=mother, member=seats[self.people["withdrawn"].pk], by=by, now=now)
        for giver in self.case.persons.filter(kind="guardian"):
            words = [Word(seats[self.people["waiting"].pk], section, "thinking") for section in ASKED]
            record_words(case=self.case, giver=giver, words=words, way="phone", valid_until=None, by=by, now=now)
        with wearing("area", by.pk):
            recuse(case=self.case, user=self.people["recused"], reason="kin", by=by, now=now)
        for key in ("exceptional", "expired"):
            with wearing("member", self.people[key].pk):
                assert open_exceptionally(
                    by=self.people[key], first_name="Aatu", born_on=date(2022, 1, 14), reason="danger",
                    grounds="Lapsi ei tullut hoitoon.", sections=["time", "network", "contact"], now=now,
                )  # fmt: skip
        self.case.memberships.filter(user=self.people["expired"]).update(expires_at=now - timedelta(minutes=1))
        User.objects.filter(pk=self.people["moved"].pk).update(unit=self.world.day_care)
        User.objects.filter(pk=self.people["suspended"].pk).update(is_active=False)

    def _directory(self, by: User, now: datetime) -> tuple[Service, ServiceImport]:
        """A service of the day care centre, and a file that the coordinator has sent."""
        unit = self.world.day_care
        service = services.add(
            area=self.world.area, by=by, now=now, agency=unit.agency, unit=unit, sector="ecec", name="Avoin kerho",
            phone="08 000 2000",
        )  # fmt: skip
        text = "organization_name,name\nOulun varhaiskasvatus,Avoin kerho"
        return service, service_import.keep(area=self.world.area, by=by, name="x.csv", text=text, now=now)

    def _message(self, now: datetime) -> Message:
        """The last step of the two weeks, told to the lead."""
        step = self.case.deadlines.get(kind="meeting", step=14)
        told = Escalation.objects.create(
            deadline=step, case=self.case, kind="meeting", step=14, due_at=step.due_at, raised_at=now
        )
        EscalationTo.objects.create(
            escalation=told, case=self.case, to=self.world.coordinator, role="coordinator", told_at=now
        )
        return Message.objects.create(
            key=f"step:{step.pk}:{self.world.coordinator.pk}", to=self.world.coordinator, kind="escalation", what="meeting",
            case=self.case, area=self.world.area, step=14, late_at=step.late_at, at=now,
        )  # fmt: skip

    def _join(self, by: User, now: datetime) -> CaseJoin:
        """The same child a second time, and a proposal to join the two."""
        call = intake.begin_call(by=by, area=self.world.area, now=now)
        call = intake.save_call(call=call, version=0, now=now, child_name="Aatu", consent="oral", route="network")
        twin = intake.finish_call(call=call, by=by, now=now).case
        assert twin is not None
        with wearing("area", by.pk):
            ref = propose_join(case=self.case, other=twin.ref, stays=True, by=by, now=now)
        return CaseJoin.objects.get(ref=ref)

    def _opening(self) -> ExceptionalAccess:
        """Opened by a colleague in the day before yesterday, and therefore over: only its review waits."""
        user = self.world.colleague
        PersonContact.objects.filter(person__case=self.case, person__kind="child").update(born_on=date(2022, 1, 14))
        with wearing("member", user.pk):
            return open_exceptionally(
                by=user, first_name="Aatu", born_on=date(2022, 1, 14), reason="danger", grounds="SALAINEN-PERUSTELU x" * 2,
                sections=["contact"], now=timezone.now() - timedelta(days=2),
            )  # fmt: skip

    @cached_property
    def arguments(self) -> dict[str, Callable[[], dict[str, object]]]:
        case = {"ref": self.case.ref}
        met = case | {"meeting": self.meeting.ref}
        return {
            "concern": lambda: {"ref": self.concern.ref},
            "concern-talk": lambda: {"ref": self.consultation.ref},
            "concern-continuation": lambda: {"ref": self.consultation.ref},
            "concern-withdrawal": lambda: {"ref": self.consultation.ref},
            "number": lambda: {"token": "A" * 22},  # anybody's, known or not
            "guest-link": lambda: {"token": "A" * 22},  # unknown to all; what a known one opens is tested beside the link
            "guest-link-renewal": lambda: {"token": "A" * 22},
            "case-guest": lambda: case | {"pk": self.link.pk},
            "case-guest-sight": lambda: case | {"pk": self.link.pk},
            "case-guest-renewal": lambda: case | {"pk": self.link.pk},
            "case-guest-revocation": lambda: case | {"pk": self.link.pk},
            "call": lambda: {"ref": self.call.ref},
            "call-concern": lambda: {"ref": self.call.ref},
            "call-concerns": lambda: {"ref": self.call.ref},
            "call-discard": lambda: {"ref": self.call.ref},
            "call-draft": lambda: {"ref": self.call.ref},
            "call-known": lambda: {"ref": self.call.ref},
            "join-acceptance": lambda: {"ref": self.join.ref},
            "join-end": lambda: {"ref": self.join.ref},
            "case-start-accept": lambda: case | {"pk": self.correction.pk},
            "case-pause-end": lambda: case | {"pk": self.pause.pk},
            "unit-invite-sending": lambda: case | {"invitation": self.unit_invitation.ref},
            "unit-invite-cancelling": lambda: case | {"invitation": self.unit_invitation.ref},
            "unit-invite-substitute": lambda: case | {"invitation": self.unit_invitation.ref},
            "unit-invitation": lambda: {"ref": self.unit_invitation.ref},
            "unit-invitation-acceptance": lambda: {"ref": self.unit_invitation.ref},
            "unit-invitation-refusal": lambda: {"ref": self.unit_invitation.ref},
            "unit-invitation-substitute": lambda: {"ref": self.unit_invitation.ref},
            "area-rules": lambda: {"pk": self.world.area.pk},
            "area-rule-new": lambda: {"pk": self.world.area.pk},
            "area-rule": lambda: {"pk": self.world.area.pk, "number": self.rule.number},
            "area-usual": lambda: {"pk": self.world.area.pk},
            "area-usual-removal": lambda: {"pk": self.world.area.pk, "row": self.usual.pk},
            "area-ladder": lambda: {"pk": self.world.area.pk},
            "area-settings": lambda: {"pk": self.world.area.pk},
            "area-texts": lambda: {"pk": self.world.area.pk},
            "case-start-decline": lambda: case | {"pk": self.correction.pk},
            "network-end": lambda: case | {"pk": self.member.pk},
            "network-return": lambda: case | {"pk": self.member.pk},
            "network-keeping": lambda: case | {"pk": self.member.pk},
            "case-members": lambda: case,
            "case-siblings": lambda: case,
            "case-sibling-bond": lambda: case,
            "case-family-end": lambda: case,
            "case-reopening": lambda: case,
            "case-protection": lambda: case,
            "case-protection-end": lambda: case,
            "case-named": lambda: case | {"pk": self.member.pk},
            "case-apart": lambda: case,
            "meeting-place-told": lambda: met | {"pk": self.meeting.participants.get(membership=self.member).pk},
            "person-consent": lambda: case | {"pk": self.guardian.person_id},
            "person-identity": lambda: case | {"pk": self.guardian.person_id},
            "person-identity-reading": lambda: case | {"pk": self.guardian.person_id},
            "person-identity-removal": lambda: case | {"pk": self.guardian.person_id},
            "person-contacts": lambda: case | {"pk": self.mother.pk},
            "person-contact-end": lambda: case | {"pk": self.mother.pk, "contact": self.contact.pk},
            "network-seat": lambda: case | {"pk": self.member.pk},
            "consent-answers": lambda: case | {"giver": self.guardian.person_id},
            "consent-paper": lambda: case | {"giver": self.guardian.person_id},
            "consent-confirmation": lambda: case | {"giver": self.guardian.person_id, "member": self.member.pk},
            "consent-withdrawal": lambda: case | {"giver": self.mother.pk, "member": self.member.pk},
            "consent-exception-end": lambda: case | {"pk": self.exception.pk},
            "consent-hiding-end": lambda: case | {"pk": self.hiding.pk},
            "meeting-answer": lambda: met | {"pk": self.meeting.participants.get(membership=self.member).pk},
            "logbook-entry": lambda: met | {"theme": self.logbook.template.themes.get(position=0).pk},
            "logbook-row-removal": lambda: met | {"row": self.row.ref},
            "commitment-outcome": lambda: case | {"commitment": self.row.ref},
            "invitation": lambda: {"token": "x" * 32},
            "invitation-organisation": lambda: {"token": "x" * 32, "key": "oulu"},
            "account_organisation": lambda: {"key": "oulu"},
            "account_organisation_back": lambda: {"key": "oulu"},
            "account_session_end": lambda: {"pk": 999999},
            "mfa_edit_webauthn": lambda: {"pk": 999999},
            "mfa_remove_webauthn": lambda: {"pk": 999999},
            "account_reset_password_from_key": lambda: {"uidb36": "1", "key": "x-y"},
            "staff-role-end": lambda: {"pk": self.world.member.pk, "row": self.world.member.roles.get().pk},
            "silence-cause": lambda: {"pk": self.silence.pk},
            "dead-letter-handling": lambda: {"pk": self.letter.pk},
            "dead-letter-rerun": lambda: {"pk": self.letter.pk},
            "power": lambda: {"ref": self.power.ref},
            "power-acceptance": lambda: {"ref": self.power.ref},
            "power-refusal": lambda: {"ref": self.power.ref},
            "power-withdrawal": lambda: {"ref": self.power.ref},
            "staff": lambda: {"pk": self.world.member.pk},
            "month": lambda: {"year": 2026, "month": 6},
            "exceptional": lambda: {"pk": self.opening.pk},
            "exceptional-review": lambda: {"pk": self.opening.pk},
            "task-done": lambda: {"pk": self.task.pk},
            "message-taking": lambda: {"pk": self.message.pk},
            "absence-answer": lambda: {"pk": self.absence.pk},
            "absence-end": lambda: {"pk": self.absence.pk},
            "absence-substitute": lambda: {"pk": self.absence.pk},
            "service": lambda: {"pk": self.service.pk},
            "service-confirmation": lambda: {"pk": self.service.pk},
            "service-removal": lambda: {"pk": self.service.pk},
            "service-restoration": lambda: {"pk": self.service.pk},
            "service-trial": lambda: {"pk": self.file.pk},
            "service-entry": lambda: {"pk": self.file.pk},
            "service-errors": lambda: {"pk": self.file.pk},
            "hand-over": lambda: {"ref": self.offer.ref},
            "hand-over-acceptance": lambda: {"ref": self.offer.ref},
            "hand-over-refusal": lambda: {"ref": self.offer.ref},
            "": lambda: case,
            "met": lambda: met,
        }

    def url(self, name: str) -> str:
        if name in self.arguments:
            return reverse(name, kwargs=self.arguments[name]())
        for kind in ("met", "", "staff"):
            try:
                return reverse(name, kwargs=self.arguments[kind]())
            except Exception:
                continue
        return reverse(name)

    def ask(self, persona: str, method: str, name: str) -> object:
        user: User | None = None
        if persona not in ("anonymous", "nobody"):
            user = self.people.get(persona) or getattr(self.world, "professional" if persona == "no_factor" else persona)
            user = User.objects.get(pk=user.pk)
        if persona == "nobody":
            user = self.world.person("Ei Rooleja", None, self.world.day_care)
        client = self.world.client(user, second_factor=persona != "no_factor")
        client.raise_request_exception = False
        return getattr(client, method.lower())(self.url(name))


def verdict(response) -> str:
    if response.status_code == 302:
        for word, mark in (("/account/login/", "login"), ("/totp/activate/", "factor")):
            if word in response.url:
                return mark
    return str(response.status_code)


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


def test_every_address_is_in_the_table_and_every_row_has_its_address() -> None:
    named = {row["url"] for row in rows()}
    assert set(addresses()) == named


def test_every_persona_has_a_column_and_every_cell_is_filled() -> None:
    for row in rows():
        assert set(row) == {"url", "method", *PERSONAS}
        assert all(row.values()), row


@pytest.mark.parametrize("part", range(PARTS))
def test_the_table_is_what_happens(scene: Scene, part: int) -> None:
    """A third of the cells of each row, another third tomorrow: three days ask them all. `make test-deep` asks all at once."""
    today = date.today().toordinal()
    every = enumerate(rows()[part::PARTS])
    cells = [(row, who) for n, row in every for i, who in enumerate(PERSONAS) if (n + i + today) % SHARE == 0]
    assert differences(scene, cells) == []


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
def test_the_whole_table_is_what_happens(scene: Scene, part: int) -> None:
    assert differences(scene, [(row, who) for row in rows()[part::PARTS] for who in PERSONAS]) == []


def differences(scene: Scene, cells: list[tuple[dict[str, str], str]]) -> list[tuple[str, ...]]:
    """Each request in a savepoint of its own over the same family, so that nothing is left for the next."""
    wrong = []
    for row, persona in cells:
        inner = transaction.atomic()
        inner.__enter__()
        try:
            response = scene.ask(persona, row["method"], row["url"])
            found = verdict(response)
            if response.status_code in (403, 404) and hasattr(response, "content"):
                body = strip(response, scene.case.ref)  # a token of 64 letters may spell anything
                assert "SALAINEN" not in body, (row["url"], persona)
                assert "Aatu" not in body, (row["url"], persona)
        finally:
            transaction.set_rollback(True)
            inner.__exit__(None, None, None)
        if found != row[persona]:
            wrong.append((row["method"], row["url"], persona, row[persona], found))
    return wrong


def test_a_denied_address_answers_like_a_missing_one(scene: Scene) -> None:
    """The same status and the same body, so that an address tells nothing of who has a network."""
    invented = "0000-0000-00"
    missing = scene.world.client(scene.world.colleague).get(reverse("case", kwargs={"ref": invented}))
    denied = scene.world.client(scene.world.colleague).get(reverse("case", kwargs={"ref": scene.case.ref}))
    assert missing.status_code == denied.status_code == 404
    assert strip(missing, invented) == strip(denied, scene.case.ref)


def strip(response: Any, ref: str) -> str:
    """A page without its CSRF token, which differs at each answer, and without the address that was asked for."""
    page = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', r"\1", response.content.decode(errors="replace"))
    return page.replace(ref, "")


def test_every_page_of_a_case_leaves_a_row_in_the_log(scene: Scene) -> None:
    for row in rows():
        if row["method"] != "GET" or row["member"] != "200":
            continue
        address = scene.url(row["url"])
        if scene.case.ref not in address:
            continue
        before = LogEntry.objects.filter(case_id=scene.case.pk).count()
        scene.world.client(scene.world.member).get(address)
        assert LogEntry.objects.filter(case_id=scene.case.pk).count() == before + 1, row["url"]


def test_a_denial_leaves_a_row_too(scene: Scene) -> None:
    scene.world.client(scene.world.colleague).get(reverse("case", kwargs={"ref": scene.case.ref}))
    entry = LogEntry.objects.get(verb="deny")
    assert entry.actor_id == scene.world.colleague.pk
