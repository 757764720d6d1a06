"""A unit is asked into a network: what the asked person may know, their answers, the clock behind them, and races."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import unit_invitation as actions
from cases.actions.case import close
from cases.actions.tick import tick
from cases.actions.unit_invitation import Asked
from cases.deadlines import KINDS
from cases.kinds import INVITATION
from cases.models import Case, CaseEvent, Deadline, InvitationState, Membership, Message, Recusal, UnitInvitation
from meetings.actions import meeting as meetings
from meetings.actions.unit_invitation import accept
from networks.models import Role, Unit, User
from tests.personas import World, at
from yhteiso.hats.wear import in_stead, wearing
from yhteiso.lib.dates import helsinki_date

S = InvitationState


class Ground:
    """Aatu's situation and a clinic of two people, which is asked along."""

    def __init__(self, world: World, *, consent: bool = True) -> None:
        self.world = world
        self.case = world.case(call=f"{helsinki_date(timezone.now()) - timedelta(days=2)} 09:12", consent=consent)
        self.clinic = Unit.objects.create(agency=world.guidance.agency, area=world.area, name="Kuusirannan neuvola")
        self.hanna = world.person("Hanna Kortesluoma", Role.PROFESSIONAL, self.clinic)
        self.tatu = world.person("Tatu Lehtimäki", Role.PROFESSIONAL, self.clinic)
        self.head = world.person("Eeva Ylinen", Role.UNIT_HEAD, self.clinic, unit=self.clinic)

    def ask(self, user: User | None = None, how: Asked = Asked(), now: Any = None) -> UnitInvitation:  # noqa: B008
        with wearing("area", self.world.coordinator.pk):
            return actions.invite(
                case=self.case, unit=self.clinic, user=user or self.hanna, how=how, by=self.world.coordinator,
                now=now or timezone.now(),
            )  # fmt: skip

    def accept(self, row: UnitInvitation, by: User | None = None) -> UnitInvitation:
        with wearing("member", (by or self.hanna).pk):
            return accept(invitation=row, can_decide=True, by=by or self.hanna, now=timezone.now())

    def seats(self) -> Any:
        return self.case.memberships.current().filter(unit=self.clinic)


@pytest.fixture
def ground(world: World) -> Ground:
    return Ground(world)


def messages(user: User) -> list[str]:
    return list(Message.objects.filter(to=user, what__startswith="unit_").order_by("pk").values_list("what", flat=True))


# -- before the answer


def test_whoever_is_asked_reads_the_own_row_and_nothing_of_the_family(ground: Ground) -> None:
    row = ground.ask()
    assert (row.state, row.sent_at is not None) == (S.SENT, True)
    with wearing("member", ground.hanna.pk):
        mine = UnitInvitation.objects.asked_of(ground.hanna).get()
        assert (mine.ref, mine.unit.name, mine.area.phone) == (row.ref, "Kuusirannan neuvola", "08 000 1234")
        assert not Case.objects.exists()
        assert not Membership.objects.exists()
        assert not CaseEvent.objects.exists()
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("member", ground.hanna.pk):
        UnitInvitation.objects.values_list("case_id").first()
    with wearing("member", ground.world.member.pk):  # in the network, and still not told whom the lead asks
        assert not UnitInvitation.objects.asked_of(ground.world.member).exists()
        assert not UnitInvitation.objects.only("id").exists()
    assert messages(ground.hanna) == ["unit_invited"]


def test_a_unit_s_head_reads_the_unit_s_rows_without_the_situation_or_words(ground: Ground) -> None:
    row = ground.ask()
    with wearing("unit", ground.head.pk):
        found = UnitInvitation.objects.of_units([ground.clinic.pk]).values("user__name", "state", "answer_by")
        assert [(one["user__name"], one["state"]) for one in found] == [("Hanna Kortesluoma", "sent")]
    with wearing("unit", ground.world.unit_head.pk):  # of another unit
        assert not UnitInvitation.objects.values("id").exists()
    for column in ("case_id", "ref", "words", "reason", "invited_by_id"):
        with pytest.raises(ProgrammingError, match="permission denied"), wearing("unit", ground.head.pk):
            UnitInvitation.objects.filter(pk=row.pk).values_list(column).first()


@pytest.mark.parametrize("hat", ["public", "guest", "family", "report", "officer", "admin"])
def test_nobody_else_has_a_right_to_invitations_or_needs(ground: Ground, hat: str) -> None:
    row = ground.ask()
    for table in ("cases_unitinvitation", "cases_caseneeds"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            wearing(hat, ground.world.officer.pk),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"SELECT 1 FROM {table}")
    with wearing("area", ground.world.other_coordinator.pk):
        assert not UnitInvitation.objects.filter(pk=row.pk).exists()


def test_nobody_in_the_network_hears_who_was_asked(ground: Ground) -> None:
    ground.ask()
    kinds = {"unit_invited"}
    with wearing("area", ground.world.coordinator.pk):
        assert CaseEvent.objects.filter(kind__in=kinds).exists()
    with wearing("member", ground.world.member.pk):
        assert CaseEvent.objects.filter(case=ground.case, kind="member_added").exists()
        assert not CaseEvent.objects.filter(kind__in=kinds).exists()


def test_the_family_is_asked_first_and_nobody_knows_of_it_before(ground: Ground) -> None:
    row = ground.ask(how=Asked(family_first=True))
    assert (row.state, row.sent_at, messages(ground.hanna)) == (S.ASKED_FAMILY, None, [])
    with wearing("member", ground.hanna.pk):
        assert not UnitInvitation.objects.asked_of(ground.hanna).exists()
    with wearing("unit", ground.head.pk):
        assert not UnitInvitation.objects.values("id").exists()
    with pytest.raises(NotAllowed):
        ground.accept(row)
    assert not Deadline.objects.filter(kind=INVITATION).exists()
    with wearing("area", ground.world.coordinator.pk):
        sent = actions.send(invitation=row, by=ground.world.coordinator, now=timezone.now())
        actions.send(invitation=row, by=ground.world.coordinator, now=timezone.now())
    assert (sent.state, messages(ground.hanna)) == (S.SENT, ["unit_invited"])
    assert Deadline.objects.filter(kind=INVITATION, about=str(row.pk), state="open").count() == 2


def test_who_can_be_asked(ground: Ground) -> None:
    row = ground.ask()
    assert ground.ask() == row  # a second press
    with pytest.raises(NotAllowed, match=r"asked already|on jo kysytty"):
        ground.ask(ground.tatu)
    with wearing("area", ground.world.coordinator.pk):
        actions.cancel(invitation=row, by=ground.world.coordinator, now=timezone.now())
    Recusal.objects.create(
        case=ground.case, user=ground.tatu, reason="kin", marked_by=ground.world.coordinator, marked_at=timezone.now()
    )
    with pytest.raises(NotAllowed):
        ground.ask(ground.tatu)
    with pytest.raises(NotAllowed):  # of another unit
        ground.ask(ground.world.colleague)
    with pytest.raises(NotAllowed):  # no professional
        ground.ask(ground.head)
    User.objects.filter(pk=ground.hanna.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        ground.ask()


# -- the answers


def test_a_yes_makes_a_member_who_sees_nothing_before_the_family_has_agreed(ground: Ground) -> None:
    row = ground.ask(how=Asked(must_attend=True, masked=True))
    done = ground.accept(row)
    seat = ground.seats().get()
    assert (seat.user_id, seat.must_attend, seat.masked, seat.started_by_id) == (
        ground.hanna.pk, True, True, ground.world.coordinator.pk,
    )  # fmt: skip
    assert (done.state, done.can_decide, done.answered_by_id) == (S.ACCEPTED, True, ground.hanna.pk)
    assert messages(ground.world.coordinator) == ["unit_accepted"]
    assert not Deadline.objects.filter(kind=INVITATION, state="open").exists()
    with wearing("member", ground.hanna.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.my_sections(%s)", [ground.case.pk])
        assert set(cursor.fetchone()[0]) <= {"consents", "time"}
    with wearing("member", ground.hanna.pk):  # the hat is one's own again after the answer
        ground_uid = _worn()
    assert ground_uid == ("hat_member", str(ground.hanna.pk))


def _worn() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), current_setting('app.uid')")
        return tuple(cursor.fetchone())


def test_the_lead_s_hat_is_off_after_an_answer_and_after_a_refusal(ground: Ground) -> None:
    row = ground.ask()
    with wearing("member", ground.hanna.pk):
        before = _worn()
        accept(invitation=row, can_decide=False, by=ground.hanna, now=timezone.now())
        assert _worn() == before
        with pytest.raises(NotAllowed):
            actions.decline(invitation=row, reason="no_time", by=ground.hanna, now=timezone.now())
        assert _worn() == before
        assert not CaseEvent.objects.filter(kind="unit_accepted").exists()
    with wearing("member", ground.hanna.pk):
        before = _worn()
        with pytest.raises(NotAllowed):
            _refuse_in_stead(ground.world.coordinator.pk)
        assert _worn() == before


def _refuse_in_stead(lead: int) -> None:
    with in_stead("area", lead):
        assert _worn() == ("hat_area", str(lead))
        raise NotAllowed("No.")


def test_only_the_asked_person_learns_whose_hat_it_is(ground: Ground) -> None:
    row = ground.ask()
    for user, found in ((ground.hanna, ground.world.coordinator.pk), (ground.tatu, None), (ground.world.member, None)):
        with wearing("member", user.pk), connection.cursor() as cursor:
            cursor.execute("SELECT sec.invitation_lead(%s)", [row.pk])
            assert cursor.fetchone()[0] == found
    with pytest.raises(NotAllowed):
        ground.accept(row, by=ground.tatu)
    assert not ground.seats().exists()


def test_another_area_s_coordinator_answers_for_nobody(ground: Ground) -> None:
    row, other = ground.ask(), ground.world.other_coordinator
    with wearing("area", other.pk), pytest.raises(NotAllowed):
        actions.decline(invitation=row, reason="other", by=other, now=timezone.now())
    row.refresh_from_db()
    assert row.state == S.SENT


def test_a_no_is_told_with_its_reason(ground: Ground) -> None:
    row = ground.ask()
    with wearing("member", ground.hanna.pk):
        for _twice in range(2):
            actions.decline(
                invitation=row, reason="consult", words="Soittakaa ti–to klo 12.", by=ground.hanna, now=timezone.now()
            )
    row.refresh_from_db()
    assert (row.state, row.words, row.can_decide) == (S.DECLINED, "Soittakaa ti–to klo 12.", None)
    assert messages(ground.world.coordinator) == ["unit_declined"]
    assert not ground.seats().exists()
    with pytest.raises(NotAllowed):
        ground.accept(row)
    assert ground.ask(ground.tatu).pk != row.pk  # the unit may be asked anew, in another's person


def test_a_substitute_answers_for_the_unit(ground: Ground) -> None:
    row = ground.ask()
    with wearing("member", ground.hanna.pk):
        actions.pass_on(invitation=row, substitute=ground.tatu, by=ground.hanna, now=timezone.now())
    new = UnitInvitation.objects.get(instead_of=row)
    row.refresh_from_db()
    assert (row.state, row.substitute_id, new.state, new.user_id) == (S.SUBSTITUTED, ground.tatu.pk, S.SENT, ground.tatu.pk)
    assert (messages(ground.tatu), messages(ground.world.coordinator)) == (["unit_invited"], ["unit_passed_on"])
    assert set(Deadline.objects.filter(kind=INVITATION, state="open").values_list("about", flat=True)) == {str(new.pk)}
    with pytest.raises(NotAllowed):
        ground.accept(row)
    ground.accept(new, by=ground.tatu)
    assert ground.seats().get().user_id == ground.tatu.pk


def test_the_lead_asks_for_the_substitute_of_somebody_away(ground: Ground) -> None:
    row = ground.ask()
    with wearing("area", ground.world.coordinator.pk):
        new = actions.pass_on(invitation=row, substitute=ground.tatu, by=ground.world.coordinator, now=timezone.now())
        again = actions.pass_on(invitation=row, substitute=ground.tatu, by=ground.world.coordinator, now=timezone.now())
    assert (new.pk, new.state) == (again.pk, S.SENT)
    assert messages(ground.hanna) == ["unit_invited", "unit_cancelled"]
    with wearing("area", ground.world.coordinator.pk), pytest.raises(NotAllowed):
        actions.pass_on(invitation=new, substitute=ground.world.colleague, by=ground.world.coordinator, now=timezone.now())


def test_after_a_cancelling_every_answer_is_refused_kindly(ground: Ground) -> None:
    row = ground.ask()
    with wearing("area", ground.world.coordinator.pk):
        for _twice in range(2):
            actions.cancel(invitation=row, by=ground.world.coordinator, now=timezone.now())
    assert messages(ground.hanna) == ["unit_invited", "unit_cancelled"]
    for deed in (
        lambda: accept(invitation=row, can_decide=True, by=ground.hanna, now=timezone.now()),
        lambda: actions.decline(invitation=row, reason="other", by=ground.hanna, now=timezone.now()),
        lambda: actions.pass_on(invitation=row, substitute=ground.tatu, by=ground.hanna, now=timezone.now()),
    ):
        with wearing("member", ground.hanna.pk), pytest.raises(NotAllowed, match=r"cancelled meanwhile|sillä välin"):
            deed()
    assert not ground.seats().exists()


def test_whoever_has_left_the_unit_does_not_answer_for_it(ground: Ground) -> None:
    row = ground.ask()
    User.objects.filter(pk=ground.hanna.pk).update(unit=ground.world.day_care)
    with pytest.raises(NotAllowed, match=r"no longer work|Et ole enää"):
        ground.accept(row)
    assert not ground.case.memberships.filter(user=ground.hanna).exists()


def test_whoever_is_disqualified_meanwhile_does_not_join(ground: Ground) -> None:
    row = ground.ask()
    Recusal.objects.create(
        case=ground.case, user=ground.hanna, reason="kin", marked_by=ground.world.coordinator, marked_at=timezone.now()
    )
    with pytest.raises(NotAllowed):
        ground.accept(row)
    row.refresh_from_db()
    assert row.state == S.CANCELLED


def test_where_nobody_leads_the_answer_waits(ground: Ground) -> None:
    row = ground.ask()
    ground.world.coordinator.roles.update(ends_on=helsinki_date(timezone.now()) - timedelta(days=1))
    with pytest.raises(NotAllowed, match=r"coordinating number|koordinoivaan"):
        ground.accept(row)


def test_taken_in_at_once_there_is_nothing_left_to_answer(ground: Ground) -> None:
    row = ground.ask()
    with wearing("area", ground.world.coordinator.pk):
        meetings.add_member(
            case=ground.case, user=ground.hanna, must_attend=False, by=ground.world.coordinator, now=timezone.now()
        )
    row.refresh_from_db()
    assert row.state == S.CANCELLED
    assert not Deadline.objects.filter(kind=INVITATION, state="open").exists()
    with pytest.raises(NotAllowed):
        ground.ask()


def test_a_closed_situation_asks_nobody(ground: Ground) -> None:
    row = ground.ask()
    with wearing("area", ground.world.coordinator.pk):
        close(case=ground.case, by=ground.world.coordinator, reason="declined", now=timezone.now())
    row.refresh_from_db()
    assert row.state == S.CANCELLED
    with pytest.raises(NotAllowed):
        ground.accept(row)
    with pytest.raises(NotAllowed):
        ground.ask(ground.tatu)


# -- the clock


def test_the_asked_person_then_the_head_and_the_lead_are_told(ground: Ground) -> None:
    row = ground.ask(now=at("2026-06-10 09:31"))  # a Wednesday
    steps = list(Deadline.objects.filter(kind=INVITATION, about=str(row.pk)).order_by("step"))
    assert [step.due_at for step in steps] == [at("2026-06-11 08:00"), at("2026-06-12 08:00")]
    assert row.answer_by == at("2026-06-11 16:00")
    tick(now=at("2026-06-11 08:05"))
    assert _told(ground.hanna) == [1]
    assert _told(ground.head) == []
    tick(now=at("2026-06-12 08:05"))
    assert (_told(ground.hanna), _told(ground.head), _told(ground.world.coordinator)) == ([1], [2], [2])


def _told(user: User) -> list[int]:
    return list(Message.objects.filter(to=user, what=INVITATION).order_by("step").values_list("step", flat=True))


def test_the_clock_s_question_and_an_answered_invitation(ground: Ground) -> None:
    row = ground.ask(now=at("2026-06-10 09:31"))
    rows = list(Deadline.objects.filter(kind=INVITATION, about=str(row.pk)))
    with wearing("jobs"):
        assert KINDS[INVITATION].holds(rows) == {one.pk for one in rows}
    UnitInvitation.objects.filter(pk=row.pk).update(state=S.CANCELLED, cancelled_at=timezone.now())
    with wearing("jobs"):
        assert KINDS[INVITATION].holds(rows) == set()


# -- what the database refuses


@pytest.mark.parametrize(
    "values",
    [
        {"state": "accepted"}, {"state": "declined"}, {"state": "substituted"}, {"state": "cancelled"},
        {"sent_at": None}, {"can_decide": True}, {"words": "Pelkkiä sanoja."}, {"answered_at": at("2026-06-10 09:00")},
    ],
)  # fmt: skip
def test_a_state_without_its_who_and_when_is_refused(ground: Ground, values: dict[str, Any]) -> None:
    row = ground.ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitInvitation.objects.filter(pk=row.pk).update(**values)


def test_the_area_changes_answers_only(ground: Ground) -> None:
    row = ground.ask()
    for column, value in (("user_id", ground.tatu.pk), ("unit_id", ground.world.day_care.pk), ("case_id", ground.case.pk)):
        with pytest.raises(ProgrammingError, match="permission denied"), wearing("area", ground.world.coordinator.pk):
            UnitInvitation.objects.filter(pk=row.pk).update(**{column: value})
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("member", ground.hanna.pk):
        UnitInvitation.objects.filter(pk=row.pk).update(state=S.ACCEPTED)


# -- at once


def together(*deeds: Any) -> list[Any]:
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
        thread.join(timeout=30)
    unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, NotAllowed)]
    assert not unexpected, unexpected
    return results


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_cancelling_at_once_leave_one_of_them(transactional_db: None) -> None:
    ground = Ground(World())
    row = ground.ask()

    def cancel() -> UnitInvitation:
        with wearing("area", ground.world.coordinator.pk):
            return actions.cancel(invitation=row, by=ground.world.coordinator, now=timezone.now())

    results = together(lambda: ground.accept(row), cancel)
    assert sum(isinstance(result, NotAllowed) for result in results) == 1
    row.refresh_from_db()
    assert ground.seats().count() == (1 if row.state == S.ACCEPTED else 0)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_yes_pressed_four_times_at_once_is_one_membership(transactional_db: None) -> None:
    ground = Ground(World())
    row = ground.ask()
    results = together(*[lambda: ground.accept(row)] * 4)
    assert not any(isinstance(result, Exception) for result in results)
    assert ground.seats().count() == 1
    assert messages(ground.world.coordinator) == ["unit_accepted"]


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_substitute_at_once_leave_one_who_answers(transactional_db: None) -> None:
    ground = Ground(World())
    row = ground.ask()

    def pass_on() -> UnitInvitation:
        with wearing("member", ground.hanna.pk):
            return actions.pass_on(invitation=row, substitute=ground.tatu, by=ground.hanna, now=timezone.now())

    together(lambda: ground.accept(row), pass_on)
    row.refresh_from_db()
    assert (ground.seats().count(), UnitInvitation.objects.filter(instead_of=row).count()) in ((1, 0), (0, 1))
