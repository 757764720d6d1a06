"""What a reader's seat opens, in words: why they see a situation, what is not open yet, and the page while nothing is."""

from collections.abc import Sequence
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from cases.access import UserRequest, sections
from cases.models import ASKED, Case, MemberRole, Membership, Section
from cases.views.consents import taken_back
from meetings.models import Commitment
from networks.models import User
from yhteiso.lib.dates import helsinki_date, short_date

Tag = tuple[str, str, str]
CONTENT = (Section.PLAN, Section.THEMES, Section.CONTACT)


def why(case: Case, user: User, seat: Membership | None) -> str:
    """Why this person sees this page, what of it, and why not more, in a few sentences."""
    if user.hat == "area":
        return _coordinators(case, user)
    assert seat is not None  # the door lets a member in by it
    return f"{_since(seat)} {_not_more(sections(user, case), seat)}"


def _coordinators(case: Case, user: User) -> str:
    names = {"area": case.area.name_genitive}
    if case.coordinator_id == user.pk:
        duty = _("You coordinate %(area)s area and answer for this situation.") % names
    else:
        duty = _("You coordinate %(area)s area.") % names
    return f"{duty} {_('You also see what was told in the call.')}"


def _since(seat: Membership) -> str:
    since = {"day": short_date(helsinki_date(seat.started_at))}
    if seat.role == MemberRole.EXCEPTIONAL:
        return _("You opened this exceptionally on %(day)s. It closes by itself, and is reviewed.") % since
    if seat.role == MemberRole.CALLER:
        return _("You made contact, and have been in the network since %(day)s.") % since
    return _("You have been in this family's network since %(day)s.") % since


def _not_more(opened: frozenset[str], seat: Membership) -> str:
    if Section.TIME not in opened:
        return _("The family has not said yes to your unit, so you see nothing of the situation.")
    if seat.index_only:
        return _("You take part without content: you see the times, who take part, and your own promises.")
    closed = [str(section.label).lower() for section in CONTENT if section not in opened]
    if not closed:
        return _("You do not see what was told in the call.")
    parts = {"parts": ", ".join(closed)}
    return (
        _("The family has not said yes to your unit seeing these: %(parts)s. Nor do you see what was told in the call.")
        % parts
    )


def tag(case: Case, seat: Membership | None) -> Tag | None:
    """How much is open to this member, for the top of the page. None when all that is asked is open."""
    opened = case.sections or frozenset()
    if seat is None or seat.role == MemberRole.EXCEPTIONAL or set(ASKED) <= opened:
        return None
    if seat.index_only:
        return _("Without content"), "grey", "eye"
    if not opened & set(CONTENT):
        return _("The invitation only"), "grey", "lock"
    return _("Partly open"), "grey", "lock"


def note(case: Case) -> str:
    """That the family has taken a consent back, with the day; nothing when it has not."""
    taken = taken_back(case)
    if not taken:
        return ""
    day = max(taken.values())
    told = {"day": f"{day.day}.{day.month}."}
    if set(taken) >= {Section.TIME} or not (case.sections or frozenset()) & set(CONTENT):
        return _("The consent was taken back %(day)s – you see no content any more") % told
    return _("A part of the consent was taken back %(day)s") % told


def waiting(
    request: UserRequest, case: Case, seat: Membership, promises: Sequence[Commitment], today: date
) -> HttpResponse:  # fmt: skip
    """The situation's page while nothing is open: that it waits, whom to call, and what one has promised oneself."""
    own = [row for row in promises if row.owner_id == request.user.pk]
    context = {
        "case": case, "why": why(case, request.user, seat), "taken": note(case), "own": own, "today": today,
        "coordinator": User.people.get(pk=case.coordinator_id), "index_only": seat.index_only,
    }  # fmt: skip
    return render(request, "meetings/case_waiting.html", context)
