"""Disqualification, handing a situation over, and the review of exceptional access."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline
from cases.actions.asking import tell_withdrawn
from cases.actions.case import lock, note
from cases.actions.disclosure import disclose_exceptionally
from cases.actions.task import open_task
from cases.kinds import REVIEW
from cases.models import (
    Case,
    ExceptionalAccess,
    HandOver,
    InvitationState,
    RecusalReason,
    Status,
    TaskKind,
    UnitInvitation,
    Verdict,
    siblings_of,
)
from networks.models import Area, Role, User
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.ids import uuid7

ANSWER_WITHIN = timedelta(days=2)
REVIEW_WITHIN = timedelta(days=7)
ATTEMPTS, ATTEMPTS_WITHIN = 5, timedelta(hours=1)


@transaction.atomic
def recuse(
    *, case: Case, user: User, reason: str, by: User, now: datetime, successor: User | None = None, area: Area | None = None
) -> None:
    """Mark a person as disqualified: by themself, or by the coordinator. They lose the situation with this transaction,
    in every hat, and the siblings' situations. Who leads one passes it on to a coordinator of another area at once
    (`successor`, `area`).

    Raises NotAllowed when the lead has no such successor, when a member marks somebody else, or when a coordinator marks the
    lead without answering for the area. Twice is once.
    """
    if by.hat != "area" and user.pk != by.pk:
        raise NotAllowed(_("You can mark yourself only. Tell the coordinator of anybody else."))
    if user.pk == case.coordinator_id and user.pk != by.pk and not answers_for(by, case.area):
        raise NotAllowed(_("Whoever leads is marked by themself, or by the one who answers for the area."))
    # One function does it all: after the first row nothing of the situation may be theirs to write any more.
    told = _definer(
        "SELECT sec.recuse(%s, %s, %s, %s, %s, %s, %s)",
        [case.pk, user.pk, RecusalReason(reason), successor and successor.pk, area and area.pk, now, now + ANSWER_WITHIN],
    )
    if told == "successor":
        raise NotAllowed(_("Choose a coordinator of another area, who takes this situation over at once."))
    if told is None:
        raise NotAllowed(_("You are no longer part of this situation."))
    if by.pk != user.pk:  # the database took their open invitations back, also into the situations of siblings
        gone = UnitInvitation.objects.filter(user=user, state=InvitationState.CANCELLED, cancelled_at=now)
        for row in gone.select_related("case"):
            tell_withdrawn(row.case, [row], now)


def leads(case: Case, user: User) -> bool:
    """Whether this person answers for the open situation, or a sibling's, and so needs a successor when disqualified."""
    if case.coordinator_id == user.pk and case.status != Status.CLOSED:
        return True
    bound = [row.pk for row in siblings_of(case) if row.status != Status.CLOSED]
    return Case.objects.filter(pk__in=bound, coordinator=user).exists()


@transaction.atomic
def propose_hand_over(*, case: Case, to: User, reason: str, by: User, now: datetime) -> HandOver:
    """Offer the lead to another coordinator, or ask for it oneself; a second person accepts. Twice at once is one offer.

    Raises NotAllowed for a closed situation, an offer that already waits, or somebody who can't lead.
    """
    case = lock(case)
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    if to.pk == case.coordinator_id:
        raise NotAllowed(_("This person answers for the situation already."))
    waiting = case.hand_overs.filter(accepted_at=None, ended_at=None).first()
    if waiting and waiting.to_user_id == to.pk and waiting.proposed_by_id == by.pk:
        return waiting
    if waiting:
        raise NotAllowed(_("The situation has already been offered to somebody. Take the offer back first."))
    if to.pk != by.pk and not may_offer(case, by, now):
        raise NotAllowed(_("Only who answers for the situation can offer it. Ask for it yourself, if you can take it."))
    if case.recusals.filter(user=to).exists() or not to.is_active or not to.area_ids:
        raise NotAllowed(_("This person can't take the situation over."))
    row = HandOver.objects.create(
        case=case, from_user_id=case.coordinator_id, to_user=to, reason=reason, proposed_by=by, proposed_at=now
    )
    asked = case.coordinator_id if to.pk == by.pk else to.pk
    open_task(kind=TaskKind.HAND_OVER, case=case, to=asked, due_at=now + ANSWER_WITHIN, now=now, about=row.ref)
    note(case, "hand_over_proposed", at=now, by=by)
    return row


def may_offer(case: Case, user: User, now: datetime) -> bool:
    """Whether this person may offer the situation to others: its lead, or who answers for the area."""
    return case.coordinator_id == user.pk or answers_for(user, case.area) or is_leaderless(case, now)


def answers_for(user: User, area: Area) -> bool:
    """Whether the person answers for the area: by role, or as the one named in its settings. `sec.answers_for` in SQL."""
    responsible = any(row.role == Role.RESPONSIBLE and row.area_id == area.pk for row in user.current_roles)
    return responsible or (area.responsible_id == user.pk and area.pk in user.area_ids)


def is_leaderless(case: Case, now: datetime) -> bool:
    """Whether an open situation's lead can't act: the account is not in use, or the role over the area has ended."""
    return Case.objects.filter(pk=case.pk).leaderless(helsinki_date(now)).exists()


def hand_over_blocker(row: HandOver, by: User) -> str | None:
    """Why this person can't accept the offer: a sentence for the user, or None. PostgreSQL looks once more, and deeper."""
    if not row.is_open:
        return str(_("This offer no longer waits for an answer."))
    if row.proposed_by_id == by.pk:
        return str(_("You proposed this yourself. Another person must accept it."))
    if row.to_user_id != by.pk and row.proposed_by_id != row.to_user_id:
        return str(_("Only the person to whom the situation was offered can accept it."))
    return None


@transaction.atomic
def accept_hand_over(*, hand_over: HandOver, by: User, now: datetime) -> int:
    """Accept the offer: the lead is swapped, with the tasks that waited for the old one. Returns the situation's id.

    Raises NotAllowed when it can't be accepted: it has been answered, the situation closed, or it is not theirs to give.
    The receiver may be of another area: the situation then moves to the receiver's area.
    """
    if refusal := hand_over_blocker(hand_over, by):
        raise NotAllowed(refusal)
    case_id = _definer("SELECT sec.take_over(%s, %s, %s)", [hand_over.pk, _area_for(hand_over), now])
    if not case_id:
        raise NotAllowed(_("This can't be accepted any more, or another person must accept it."))
    return int(case_id)


@transaction.atomic
def end_hand_over(*, hand_over: HandOver, by: User, now: datetime) -> None:
    """Say no to an offer, or take one's own back. The lead stays as it is. Raises NotAllowed where it no longer waits,
    or waits for somebody else."""
    if not _definer("SELECT sec.end_offer(%s, %s)", [hand_over.pk, now]):
        raise NotAllowed(_("This offer no longer waits for an answer."))


def _area_for(row: HandOver) -> int:
    """The area where the receiver will lead: the situation's own when they coordinate it, else their first."""
    areas = row.to_user.area_ids
    own = Case.objects.filter(pk=row.case_id).values_list("area_id", flat=True).first()
    return own if own in areas else areas[0] if areas else 0


@transaction.atomic
def open_exceptionally(
    *, by: User, first_name: str, born_on: date, reason: str, grounds: str, sections: Sequence[str],
    called_first: bool = False, tells_superior: bool = False, now: datetime,
) -> ExceptionalAccess:  # fmt: skip
    """Exceptional access: store the reason, then open the child's situation for 24 hours if there is one.

    The answer's `case_id` is empty where there is no such child, a protected one, one in which the person is disqualified,
    or two whom nothing tells apart: the same answer. The coordinator is told in the same transaction, and a second person
    reviews it within seven days. Raises NotAllowed after five attempts in an hour.
    """
    # One attempt at a time a person, so that a burst at once does not pass the limit.
    _definer("SELECT pg_advisory_xact_lock(7, (%s %% 2147483647)::integer)", [by.pk])
    if ExceptionalAccess.objects.filter(user=by, opened_at__gt=now - ATTEMPTS_WITHIN).count() >= ATTEMPTS:
        raise NotAllowed(
            _("You have tried five times in an hour. Call the coordinator, or the emergency social services if urgent.")
        )
    key, review = uuid7(), helsinki_date(now) + REVIEW_WITHIN
    _definer(
        "SELECT sec.open_exceptionally(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [key, first_name, born_on, reason, grounds, list(sections), called_first, tells_superior, now, review],
    )
    row = ExceptionalAccess.objects.filter(pk=key, user=by).first()
    if row is None:  # the hat or the role is not one that may ask
        raise NotAllowed(_("You can't open a situation exceptionally in this role."))
    if row.case_id:
        disclose_exceptionally(case_id=row.case_id, sections=list(sections), by=by, now=now)
        # An opening told of afterwards may be over already, and its case hidden: the area of today is looked up when told.
        home = by.unit.area_id if by.unit and by.unit.area_id else 0
        case = Case.objects.filter(pk=row.case_id).first() or Case(pk=row.case_id, area_id=home)
        deadline.begin(
            REVIEW, case=case, area_id=case.area_id, fact_at=now, last_on=review, about=row.pk, person_id=by.pk,
            now=now,
        )  # fmt: skip
    return row


@transaction.atomic
def review_exceptional(
    *, access: ExceptionalAccess, verdict: str, remark: str, by: User, now: datetime
) -> ExceptionalAccess:
    """A second person's finding. A second press changes nothing. Raises NotAllowed for the one who opened, and where a
    third person was first."""
    row = ExceptionalAccess.objects.select_for_update(of=("self",), no_key=True).filter(pk=access.pk).first()
    if row is None:  # no lock on one's own: no row
        raise NotAllowed(_("Another person reviews this: not the one who opened."))
    if row.verdict and row.reviewed_by_id != by.pk:
        raise NotAllowed(_("Somebody else has reviewed this already."))
    if row.verdict:
        return row
    if row.user_id == by.pk:
        raise NotAllowed(_("Another person reviews this: not the one who opened."))
    row.verdict, row.remark, row.reviewed_by, row.reviewed_at = Verdict(verdict), remark, by, now
    row.save(update_fields=["verdict", "remark", "reviewed_by", "reviewed_at"])
    if row.case:
        note(row.case, "exceptional_reviewed", at=now, by=by)
        deadline.end(REVIEW, case=row.case, about=row.pk, now=now)
        row.case.tasks.open().filter(about=str(row.pk)).update(done_at=now, done_by=by)
    return row


def _definer(sql: str, arguments: list[Any]) -> Any:
    """The answer of one of the functions of `sec` that look at who asks. `sql` is one of the constants above."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.fetchone()[0]
