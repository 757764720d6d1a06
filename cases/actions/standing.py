"""Disqualification, handing a situation over, and the review of exceptional access."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import lock, note
from cases.actions.task import open_task
from cases.models import Case, ExceptionalAccess, HandOver, Recusal, RecusalReason, Status, TaskKind, Verdict
from networks.models import Area, User
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.ids import uuid7

ANSWER_WITHIN = timedelta(days=2)
REVIEW_WITHIN = timedelta(days=7)


@transaction.atomic
def recuse(
    *, case: Case, user: User, reason: str, by: User, now: datetime, successor: User | None = None, area: Area | None = None
) -> Recusal:
    """Mark a person as disqualified: by themself, or by the coordinator. They lose the situation with this transaction,
    in every hat. Who leads it passes it on to a coordinator of another area at once (`successor`, `area`).

    Raises NotAllowed when the lead has no successor, or when a member marks somebody else.
    """
    case = lock(case)
    if by.hat != "area" and user.pk != by.pk:
        raise NotAllowed(_("You can mark yourself only. Tell the coordinator of anybody else."))
    if existing := case.recusals.filter(user=user).first() if by.hat == "area" else None:
        return existing
    leads = case.coordinator_id == user.pk and case.status != Status.CLOSED
    if leads and (successor is None or area is None):
        raise NotAllowed(_("Choose a coordinator of another area, who takes this situation over at once."))
    note(case, "recused", at=now, by=by)
    row = Recusal(case=case, user=user, reason=RecusalReason(reason), marked_by=by, marked_at=now)
    lead = successor.pk if leads and successor else case.coordinator_id
    kind = TaskKind.HANDED_OVER if leads else TaskKind.RECUSED
    if lead != by.pk:
        open_task(kind=kind, case=case, to=lead, due_at=now + ANSWER_WITHIN, now=now, about=f"recused-{user.pk}")
    _end_seat(case, user, by, now, successor if leads else None, area)
    # Last of all: with this row nothing of the situation is theirs any more, not even to read it back.
    Recusal.objects.bulk_create([row], ignore_conflicts=True)
    return row


def _end_seat(case: Case, user: User, by: User, now: datetime, successor: User | None, area: Area | None) -> None:
    if successor is not None and area is not None:
        if not _call("SELECT sec.pass_on(%s, %s, %s, %s)", [case.pk, successor.pk, area.pk, now]):
            raise NotAllowed(_("This person can't take the situation over. Choose a coordinator of another area."))
    elif by.hat == "member":
        _call("SELECT sec.leave_own_seat(%s, %s)", [case.pk, now])
    else:
        seats = case.memberships.filter(user=user, ended_at=None).exclude(pk=case.lead_id)
        seats.update(ended_at=now, ended_by=by, end_reason="recused")


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
    if case.recusals.filter(user=to).exists() or not to.is_active or not to.area_ids:
        raise NotAllowed(_("This person can't take the situation over."))
    row = HandOver.objects.create(
        case=case, from_user_id=case.coordinator_id, to_user=to, reason=reason, proposed_by=by, proposed_at=now
    )
    asked = case.coordinator_id if to.pk == by.pk else to.pk
    open_task(kind=TaskKind.HAND_OVER, case=case, to=asked, due_at=now + ANSWER_WITHIN, now=now, about=row.ref)
    note(case, "hand_over_proposed", at=now, by=by)
    return row


def hand_over_blocker(row: HandOver, by: User) -> str | None:
    """Why this person can't accept the offer: a sentence for the user, or None."""
    if not row.is_open:
        return str(_("This offer no longer waits for an answer."))
    if row.proposed_by_id == by.pk:
        return str(_("You proposed this yourself. Another person must accept it."))
    if row.to_user_id != by.pk and row.proposed_by_id != row.to_user_id:
        return str(_("Only the person to whom the situation was offered can accept it."))
    return None


@transaction.atomic
def accept_hand_over(*, hand_over: HandOver, by: User, now: datetime) -> int:
    """Accept the offer: the lead is swapped. Returns the situation's id. Raises NotAllowed when it can't be accepted.

    The receiver may be of another area: the situation then moves to the receiver's area.
    """
    if refusal := hand_over_blocker(hand_over, by):
        raise NotAllowed(refusal)
    area = _area_for(hand_over)
    case_id = _call("SELECT sec.take_over(%s, %s, %s)", [hand_over.pk, area, now])
    if not case_id:
        raise NotAllowed(_("This offer no longer waits for an answer."))
    case = Case.objects.filter(pk=case_id).first()
    if case is not None:  # whoever gave it to another area does not see it any more
        note(case, "handed_over", at=now, by=by)
        case.tasks.open().filter(kind=TaskKind.HAND_OVER, about=hand_over.ref).update(done_at=now, done_by=by)
    return int(case_id)


@transaction.atomic
def end_hand_over(*, hand_over: HandOver, by: User, now: datetime) -> HandOver:
    """Say no to an offer, or take one's own back. The lead stays as it is. A second press changes nothing."""
    row = HandOver.objects.select_for_update(of=("self",), no_key=True).filter(pk=hand_over.pk).first()
    if row is None or not row.is_open:
        raise NotAllowed(_("This offer no longer waits for an answer."))
    row.ended_at, row.ended_by = now, by
    row.save(update_fields=["ended_at", "ended_by"])
    if case := Case.objects.visible_to(by).filter(pk=row.case_id).first():
        note(case, "hand_over_ended", at=now, by=by)
    return row


def _area_for(row: HandOver) -> int:
    """The area where the receiver will lead: the situation's own when they coordinate it, else their first."""
    areas = row.to_user.area_ids
    own = Case.objects.filter(pk=row.case_id).values_list("area_id", flat=True).first()
    return own if own in areas else areas[0] if areas else 0


@transaction.atomic
def open_exceptionally(
    *, by: User, first_name: str, born_on: date, reason: str, grounds: str, sections: list[str], now: datetime
) -> str | None:
    """Exceptional access: store the reason, then open the child's situation for 24 hours if there is one.

    Returns its reference, or None: no such child, a protected one, or one in which the person is disqualified – the same
    answer. The coordinator is told in the same transaction, and a second person reviews it within seven days.
    """
    review = helsinki_date(now) + REVIEW_WITHIN
    ref = _call(
        "SELECT sec.open_exceptionally(%s, %s, %s, %s, %s, %s, %s, %s)",
        [uuid7(), first_name, born_on, reason, grounds, sections, now, review],
    )
    return str(ref) if ref else None


@transaction.atomic
def review_exceptional(
    *, access: ExceptionalAccess, verdict: str, remark: str, by: User, now: datetime
) -> ExceptionalAccess:
    """A second person's finding. Raises NotAllowed for the one who opened; a second press changes nothing."""
    row = ExceptionalAccess.objects.select_for_update(of=("self",), no_key=True).filter(pk=access.pk).first()
    if row is None:  # no lock on one's own: no row
        raise NotAllowed(_("Another person reviews this: not the one who opened."))
    if row.verdict:
        return row
    if row.user_id == by.pk:
        raise NotAllowed(_("Another person reviews this: not the one who opened."))
    row.verdict, row.remark, row.reviewed_by, row.reviewed_at = Verdict(verdict), remark, by, now
    row.save(update_fields=["verdict", "remark", "reviewed_by", "reviewed_at"])
    if row.case:
        note(row.case, "exceptional_reviewed", at=now, by=by)
        row.case.tasks.open().filter(about=str(row.pk)).update(done_at=now, done_by=by)
    return row


def _call(sql: str, arguments: list[Any]) -> Any:
    """The answer of one of the functions of `sec` that look at who asks. `sql` is one of the constants above."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.fetchone()[0]
