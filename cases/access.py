"""The one door to a family. Whoever may not know that a case exists gets 404; who may know but not do it gets 403."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Literal, cast

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Case, MemberRole, Section
from cases.sections import PAGES
from networks.models import User
from yhteiso.audit.keys import request_key, term_hash
from yhteiso.audit.models import Verb, record


class UserRequest(HttpRequest):
    """A request of somebody who has signed in, as every page but the doors gets it. For types only."""

    user: User


Permission = Literal[
    "view", "text", "coordinate", "answer", "promise", "meet", "write_logbook", "approve", "print", "consents"
]

# Which hats may do what in a case that they see. Reviewed as a table; the walls of PostgreSQL say the same.
ALLOWED: dict[Permission, set[str]] = {
    "view": {"area", "member"},
    "text": {"area"},
    "coordinate": {"area"},
    "answer": {"area", "member"},
    "promise": {"area", "member"},
    "meet": {"area", "member"},
    "write_logbook": {"area", "member"},
    "approve": {"area", "member"},
    "print": {"area", "member"},
    "consents": {"area", "member"},
}
# Which sections a member must see for it: the family has said yes to the own unit.
NEEDS: dict[Permission, set[str]] = {
    "answer": {Section.TIME},
    "meet": {Section.TIME},
    "write_logbook": {Section.TIME, Section.THEMES},
    "approve": {Section.TIME, Section.THEMES, Section.PLAN},
    "print": {Section.TIME, Section.THEMES, Section.PLAN},
    "consents": {Section.CONSENTS},
}


class NotAllowed(Exception):
    """A refusal with a sentence fit for the user. Raised by actions; pages show it where the deed was tried."""


def can(user: User, permission: Permission, case: Case) -> bool:
    """Whether somebody who sees the case may do this in it. Whoever is let in for a day reads, and does nothing."""
    if user.hat not in ALLOWED[permission] or not NEEDS.get(permission, set()) <= sections(user, case):
        return False
    return permission in ("view", "meet") or user.hat == "area" or belongs(user, case)


def belongs(user: User, case: Case) -> bool:
    """Whether the professional has a seat of their own in the network, not only one for a day."""
    return case.memberships.seats_of(user, timezone.now()).exclude(role=MemberRole.EXCEPTIONAL).exists()


def sections(user: User, case: Case) -> frozenset[str]:
    """The sections of the case that are open to this person now; asked once for each case object.

    A coordinator who may see the case sees all of them. For a member PostgreSQL tells it, from the family's consents: the
    rows that decide are not all the member's to read.
    """
    if case.sections is None:
        case.sections = frozenset(Section.values) if user.hat == "area" else _opened(case, alone=False)
        case.child_shown = Section.TIME in case.sections
    return case.sections


def name_children(user: User, cases: Iterable[Case], *, alone: bool = False) -> None:
    """Let a list call by name the children whom this reader may know of; one question for the whole page.

    `alone`: the rest of the page shows nothing of other situations, so the walls need not look at those.
    """
    cases = list(cases)
    known = told_of(user, cases if alone else None)
    for case in cases:
        case.child_shown = known is None or case.pk in known


# Narrows what the member's policies look at (migration 0022). It can only hide; the hat's end forgets it.
SECTIONS_ALONE = "SELECT set_config('app.cases', %s, true), sec.my_sections(%s)"
NAMES_ALONE = "SELECT set_config('app.cases', %s, true), sec.open_cases('time')"


def _keys(cases: Iterable[Case]) -> str:
    return ",".join(str(case.pk) for case in cases)


def told_of(user: User, among: list[Case] | None = None) -> set[int] | None:
    """The cases whose child and stage this reader may know; None for the area's coordinators, who know them all.

    `among`: from here on the request shows these only, and nothing else is looked at.
    """
    if user.hat == "area":
        return None
    with connection.cursor() as cursor:
        if among:
            cursor.execute(NAMES_ALONE, [_keys(among)])
        else:
            cursor.execute("SELECT '', sec.open_cases('time')")
        return set(cursor.fetchone()[1])


def _opened(case: Case, *, alone: bool) -> frozenset[str]:
    with connection.cursor() as cursor:
        if alone:
            cursor.execute(SECTIONS_ALONE, [_keys([case]), case.pk])
        else:
            cursor.execute("SELECT '', sec.my_sections(%s)", [case.pk])
        return frozenset(cursor.fetchone()[1])


def get_case(request: HttpRequest, ref: str, permission: Permission = "view", verb: Verb = Verb.VIEW) -> Case:
    """The only way from a request to a case; writes the read log in the same transaction.

    Raises Http404 for a case that is not there or not visible (the same page), PermissionDenied where the person may
    open the case but not do this.
    """
    user = cast(User, request.user)
    case = Case.objects.visible_to(user).select_related("area").filter(ref=ref).first()
    if case is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    if user.hat == "member":  # the rest of this request is about this situation only
        case.sections = _opened(case, alone=True)
        case.child_shown = Section.TIME in case.sections
    if not can(user, permission, case):
        log(request, Verb.DENY, case=case, reason=permission)
        raise PermissionDenied(_refusal(user, permission))
    shown = PAGES.get(request.resolver_match.view_name, ()) if request.resolver_match else ()
    case.viewer = user
    is_open = sections(user, case)
    log(request, verb, case=case, reason=user.hat, why=why(user, case), sections=[s for s in shown if s in is_open])
    return case


def why(user: User, case: Case) -> str:
    """By which right this person sees the case, as the log tells it."""
    if user.hat == "area":
        return "named" if case.protected else "coordinator"
    roles = set(case.memberships.seats_of(user, timezone.now()).values_list("role", flat=True))
    if roles == {MemberRole.EXCEPTIONAL}:
        return "exceptional"
    return "caller" if MemberRole.CALLER in roles else "member"


def _refusal(user: User, permission: Permission) -> str:
    if user.hat in ALLOWED[permission]:
        return _("The family has not said yes to this for your unit, or has taken it back. The coordinator tells you more.")
    return _("Only the area's coordinator may do this.")


def for_hats(*hats: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page of these hats only. Anybody else gets the page of what is not there, and the refusal is logged."""

    def decorator(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if cast(User, request.user).hat not in hats:
                log(request, Verb.DENY, reason="hat")
                raise Http404
            return view(request, *args, **kwargs)

        return inner

    return decorator


# By which right each hat sees a family's content, as the log tells it. A narrower right is given by the caller.
WHY = {"area": "coordinator", "member": "member", "family": "own child", "guest": "guest", "unit": "unit", "jobs": "system"}


def log(
    request: HttpRequest,
    verb: Verb,
    *,
    case: Case | None = None,
    cases: list[Case] | None = None,
    reason: str = "",
    sections: Iterable[str] = (),
    why: str = "",
    subject: tuple[str, str] = ("", ""),
    term: str = "",
    mark: str = "",
) -> None:
    """Write who did what on which page, which sections they saw and by what right. A list names every case it showed.

    `term` is hashed here; `mark` is a keyed hash already.
    """
    user, hat = request.user, getattr(request, "hat", None) or ""
    request.denial_logged = verb == Verb.DENY or getattr(request, "denial_logged", False)  # type: ignore[attr-defined]
    record(
        verb=verb,
        page=request.resolver_match.view_name if request.resolver_match else "",
        actor_id=user.pk,
        actor_name=user.name if user.is_authenticated else "",
        actor_agency=_agency_of(user) if user.is_authenticated else "",
        actor_unit=user.unit.name if user.is_authenticated and user.unit_id and user.unit else "",
        hat=hat,
        now=timezone.now(),
        case_id=case.pk if case else None,
        case_ids=[c.pk for c in cases or []],
        sections=sections,
        why="" if verb == Verb.DENY else why or WHY.get(hat, ""),
        subject=subject,
        result_count=None if cases is None else len(cases),
        term_hash=mark or (term_hash(term) if term else ""),
        request_id=request_key(request),
        reason=reason,
    )


def _agency_of(user: User) -> str:
    return user.unit.agency.name if user.unit_id and user.unit else ""
