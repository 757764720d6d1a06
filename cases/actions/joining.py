"""Two situations of one child: proposing to join them, and answering no. The yes is a layer above, since it closes one.

PostgreSQL decides who may (`sec.propose_join`, `sec.accept_join`, `sec.end_join`): a side may be one that nobody here reads.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.models import Case, CaseJoin, Status
from networks.models import User
from yhteiso.lib.ids import is_ref, new_ref


@transaction.atomic
def propose_join(*, case: Case, other: str, stays: bool, by: User, now: datetime) -> str:
    """Propose to join this situation with another (`other` is its reference); `stays` tells whether this one goes on.

    Somebody else is asked by a task. The same proposal again is the first one; its reference is returned. Raises NotAllowed
    where there is no such open situation for this person to join, without telling why, for two siblings, where the lead of
    the one that stays is disqualified in the other, and where a proposal waits already.
    """
    made = (
        _definer("SELECT sec.propose_join(%s, %s, %s, %s, %s)", [new_ref(), case.pk, other, stays, now])
        if is_ref(other)
        else None
    )
    if made is None:
        raise NotAllowed(_("No open situation of the same child was found by this number."))
    if made == "waits":
        raise NotAllowed(_("A proposal about one of these situations waits for an answer already."))
    if made == "protected":
        raise NotAllowed(_("Only one of these families is protected here. Protect the other situation first."))
    if made == "siblings":
        raise NotAllowed(_("These are two siblings. Only situations of one child are joined."))
    if made == "lead":
        raise NotAllowed(_("Whoever leads the one that would go on is disqualified in the other. It is passed on first."))
    return str(made)


def accept(*, join: CaseJoin, by: User, now: datetime) -> int:
    """Say yes, in the caller's transaction: the key of the situation that must now be closed. Raises NotAllowed."""
    closes = _definer("SELECT sec.accept_join(%s, %s)", [join.pk, now])
    if closes is None:
        raise NotAllowed(_("This can't be accepted any more, or another person must accept it."))
    return int(closes)


@transaction.atomic
def end_join(*, join: CaseJoin, by: User, now: datetime) -> None:
    """Say no, or take one's own proposal back. Both situations go on. Raises NotAllowed where it no longer waits."""
    if _definer("SELECT sec.end_join(%s, %s)", [join.pk, now]) is None:
        raise NotAllowed(_("This proposal no longer waits for an answer."))


def same_children(case: Case) -> list[int]:
    """The keys of other open situations of the same child that the coordinator sees."""
    return list(_definer("SELECT sec.same_children(%s)", [case.pk]))


def join_blocker(join: CaseJoin, closes: Case | None, by: User) -> str | None:
    """Why this person can't accept: a sentence for the user, or None. `closes` is None where they don't see it."""
    if not join.is_open:
        return str(_("This proposal no longer waits for an answer."))
    if join.proposed_by_id == by.pk:
        return str(_("You proposed this yourself. Another person must accept it."))
    if closes is None:
        return str(_("Whoever coordinates the situation that would close accepts this."))
    if closes.status == Status.CLOSED:
        return str(_("This situation is closed."))
    return None


def _definer(sql: str, arguments: list[Any]) -> Any:
    """The answer of one of the functions of `sec` that look at who asks. `sql` is one of the constants above."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.fetchone()[0]
