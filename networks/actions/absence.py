"""Telling that one is away, asking for a substitute, and answering. The database holds the same rules (migration 0009)."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from networks.access import NotAllowed
from networks.actions.database import answer as asked
from networks.actions.notice import tell
from networks.models import Absence, User
from yhteiso.lib.dates import helsinki_date

LONGEST = timedelta(days=731)  # a slip of the year, not a leave


@transaction.atomic
def announce(*, person: User, by: User, from_on: date, until_on: date, substitute: User | None, now: datetime) -> Absence:
    """Write down that somebody is away, and ask the substitute. `by` is the person, or who answers for somebody ill.

    Raises NotAllowed for days that are past, in the wrong order or already told; for an account that is not in use; and for
    a substitute who is the person, is no colleague of theirs, or is away too.
    """
    today = helsinki_date(now)
    if refusal := _days_refusal(from_on, until_on, today):
        raise NotAllowed(refusal, "days")
    if not person.is_active:
        raise NotAllowed(_("The account is not in use, so nobody needs to be told."), "inactive")
    if not may_keep(by, person):
        raise NotAllowed(_("Only the person, an administrator or the area's responsible person may do this."), "reach")
    row = Absence(user=person, from_on=from_on, until_on=until_on, substitute=substitute, made_at=now, made_by=by)
    _check_substitute(row, today)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:  # two at once, or a second time: the database lets one absence stand for a day
        raise NotAllowed(_("An absence on some of these days has already been told."), "overlap") from error
    _tell(row, "absence_asked", {substitute}, by, now)
    if by.pk != person.pk:
        _tell(row, "absence_for_you", {person}, by, now)
    return row


@transaction.atomic
def answer(*, absence: Absence, by: User, accepts: bool, now: datetime) -> Absence:
    """The substitute's yes or no; told to the person and to who asked in their place. A yes may be taken back.

    Raises NotAllowed for anybody else, for days that are past or ended, and for a yes of somebody away on these days.
    """
    row = _lock(absence, now)
    if row.substitute_id != by.pk:
        raise NotAllowed(_("Only the one who was asked can answer."), "another's")
    if accepts and _is_away(by.pk, max(row.from_on, helsinki_date(now)), row.until_on):
        raise NotAllowed(_("You are away yourself on some of these days."), "away")
    if row.accepted is accepts:
        return row
    row.accepted, row.answered_at = accepts, now
    row.save(update_fields=["accepted", "answered_at"])
    _tell(row, "absence_accepted" if accepts else "absence_declined", {row.user, row.made_by}, by, now)
    return row


@transaction.atomic
def change_substitute(*, absence: Absence, by: User, substitute: User | None, now: datetime) -> Absence:
    """Ask somebody else, or nobody. The new one is asked anew, the old one is told that there is no need.

    Raises NotAllowed as `announce` does, for days that are past or ended, and for the same substitute again.
    """
    row = _lock(absence, now)
    _check_keeper(row, by)
    if row.substitute_id == (substitute.pk if substitute else None):
        raise NotAllowed(_("This substitute has already been asked."), "same")
    old, row.substitute, row.accepted, row.answered_at = row.substitute, substitute, None, None
    _check_substitute(row, helsinki_date(now))
    row.save(update_fields=["substitute", "accepted", "answered_at"])
    _tell(row, "absence_not_needed", {old}, by, now)
    _tell(row, "absence_asked", {substitute}, by, now)
    return row


@transaction.atomic
def end(*, absence: Absence, by: User, now: datetime) -> Absence:
    """Back at work, or the plan was dropped: nothing goes to the substitute from now on, and they are told.

    Raises NotAllowed for somebody else's absence and for one that is past or has been ended.
    """
    row = _lock(absence, now)
    _check_keeper(row, by)
    row.ended_at = now
    row.save(update_fields=["ended_at"])
    _tell(row, "absence_not_needed", {row.substitute} if row.accepted is not False else set(), by, now)
    return row


def may_keep(by: User, person: User) -> bool:
    """Whether `by`, in the hat worn now, writes this person's absences: own ones; an administrator; who answers for them."""
    if by.pk == person.pk or by.hat == "admin":
        return True
    return by.hat == "area" and person.pk in asked("SELECT sec.people_i_answer_for()")


def colleagues(person: User, on: date) -> list[User]:
    """Who can stand in for this person on that day, by name. See `sec.colleagues` for the rule."""
    ids = asked("SELECT array(SELECT sec.colleagues(%s, %s))", person.pk, on)
    return list(User.people.filter(pk__in=ids).select_related("unit").order_by("sort_key", "pk"))


def answered_people(by: User) -> list[User]:
    """Those for whom a responsible person may tell that they are away, by name; not oneself."""
    ids = asked("SELECT sec.people_i_answer_for()")
    return list(User.people.filter(pk__in=ids, is_active=True).exclude(pk=by.pk).order_by("sort_key", "pk"))


def _days_refusal(from_on: date, until_on: date, today: date) -> str:
    if until_on < from_on:
        return _("The last day is before the first.")
    if from_on < today:
        return _("The first day is past. Begin from today.")
    return _("That is over two years. Check the year.") if until_on - from_on > LONGEST else ""


def _check_substitute(row: Absence, today: date) -> None:
    other, first = row.substitute, max(row.from_on, today)
    if other is None:
        return
    if other.pk == row.user_id:
        raise NotAllowed(_("Nobody stands in for oneself."), "own")
    if not other.is_active:
        raise NotAllowed(_("That account is not in use. Choose somebody else."), "inactive")
    if not asked("SELECT sec.is_colleague(%s, %s, %s)", row.user_id, other.pk, row.from_on):
        raise NotAllowed(
            _("Choose a colleague: somebody of the same area, unit or agency who does the same work."), "colleague"
        )
    if _is_away(other.pk, first, row.until_on):
        raise NotAllowed(_("That person is away too on some of these days. Choose somebody else."), "away")


def _check_keeper(row: Absence, by: User) -> None:
    if not may_keep(by, row.user):
        raise NotAllowed(_("Only the person, an administrator or the area's responsible person may do this."), "reach")


def _is_away(person_id: int, first: date, last: date) -> bool:
    found: bool = asked("SELECT sec.is_away(%s, %s, %s)", person_id, first, last)
    return found


def _lock(absence: Absence, now: datetime) -> Absence:
    rows = Absence.objects.with_people().select_related("made_by").defer("made_by__password", "made_by__last_login")
    row = rows.select_for_update(of=("self",), no_key=True).filter(pk=absence.pk).first()
    if row is None:  # somebody else was asked meanwhile, and this person sees it no more
        raise NotAllowed(_("Somebody else has been asked to stand in."), "gone")
    if row.ended_at or row.until_on < helsinki_date(now):
        raise NotAllowed(_("This absence has already ended."), "ended")
    return row


def _tell(row: Absence, kind: str, to: set[User] | set[User | None], by: User, now: datetime) -> None:
    told = {user.pk for user in to if user is not None} - {by.pk}
    params = {
        "who": row.user.shown_name, "by": by.shown_name, "days": [row.from_on.isoformat(), row.until_on.isoformat()],
    }  # fmt: skip
    tell(to=told, kind=kind, params=params, now=now)
