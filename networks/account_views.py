"""One person's account, for administrators: its roles and state, and what may be proposed or done about it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import NotAllowed, UserRequest, for_administrators, log
from networks.actions import account as accounts
from networks.actions import power as powers
from networks.actions.database import open_duties
from networks.models import AccountEvent, PowerProposal, Role, RoleMembership, User
from networks.notices import role_text
from networks.power_forms import EmailForm, ReasonForm, RoleForm
from networks.powers import SIGHT, title_text
from networks.step_up import fresh_sign_in
from yhteiso.audit.models import Verb
from yhteiso.forms import YhteisoForm
from yhteiso.lib.dates import helsinki_date

EVENTS_SHOWN = 20
Deed = Callable[[dict[str, Any], datetime], object]


@for_administrators
@require_safe
def account(request: UserRequest, pk: int) -> HttpResponse:
    """What may this person do, how did they get it, and what waits?"""
    person = _find(pk)
    log(request, Verb.VIEW, reason=f"account {person.pk}")
    now = timezone.now()
    waiting = PowerProposal.objects.waiting(now).filter(target=person).with_people()
    blocker = accounts.state_blocker(person=person, by=request.user, last=accounts.is_last_administrator(person))
    context = {
        "person": person,
        "roles": _roles(person, helsinki_date(now)),
        "waiting": [
            {"ref": row.ref, "title": title_text(row), "by": row.proposed_by.name, "only": row.administrators_only}
            for row in waiting
        ],
        "events": _events(person),
        "blocker": blocker,
        "duties": accounts.duties_text(open_duties(person.pk)),
        "own": person.pk == request.user.pk,
    }
    return render(request, "networks/account.html", context)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def role_proposal(request: UserRequest, pk: int) -> HttpResponse:
    """Which role does the person need, where and why?"""
    person = _find(pk)

    def deed(data: dict[str, Any], now: datetime) -> object:
        return powers.propose_role(person=person, by=request.user, now=now, **data)

    return _ask(request, person, RoleForm, deed, "role", intro=_role_intro())


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def email_proposal(request: UserRequest, pk: int) -> HttpResponse:
    """With which address does the person sign in from now on?"""
    person = _find(pk)

    def deed(data: dict[str, Any], now: datetime) -> object:
        return powers.propose_email(person=person, by=request.user, now=now, **data)

    return _ask(request, person, EmailForm, deed, "email")


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def second_factor_proposal(request: UserRequest, pk: int) -> HttpResponse:
    """Has the person lost the phone or the key?"""
    person = _find(pk)

    def deed(data: dict[str, Any], now: datetime) -> object:
        return powers.propose_second_factor(person=person, by=request.user, now=now, **data)

    return _ask(request, person, ReasonForm, deed, "second_factor")


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def resumption_proposal(request: UserRequest, pk: int) -> HttpResponse:
    """May the suspended account come back?"""
    person = _find(pk)

    def deed(data: dict[str, Any], now: datetime) -> object:
        return powers.propose_resumption(person=person, by=request.user, now=now, **data)

    return _ask(request, person, ReasonForm, deed, "resume")


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def suspension(request: UserRequest, pk: int) -> HttpResponse:
    """Shut the account for now?"""
    person = _find(pk)

    def deed(data: dict[str, Any], now: datetime) -> object:
        return accounts.suspend(person=person, by=request.user, reason=data["reason"], now=now)

    blocker = accounts.state_blocker(person=person, by=request.user, last=accounts.is_last_administrator(person))
    return _ask(request, person, ReasonForm, deed, "suspension", blocker=blocker)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def closure(request: UserRequest, pk: int) -> HttpResponse:
    """End the account for good?"""
    person = _find(pk)

    def deed(data: dict[str, Any], now: datetime) -> object:
        return accounts.close(person=person, by=request.user, reason=data["reason"], now=now)

    blocker = accounts.state_blocker(person=person, by=request.user, last=accounts.is_last_administrator(person))
    blocker = blocker or accounts.duties_text(open_duties(person.pk))
    return _ask(request, person, ReasonForm, deed, "closure", blocker=blocker)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_sign_in
def role_end(request: UserRequest, pk: int, row: int) -> HttpResponse:
    """Does the role end?"""
    person = _find(pk)
    membership = get_object_or_404(RoleMembership.objects.filter(user=person).select_related("area", "unit"), pk=row)
    membership.user = person

    def deed(data: dict[str, Any], now: datetime) -> object:
        return accounts.end_role(membership=membership, by=request.user, reason=data["reason"], now=now)

    return _ask(
        request,
        person,
        ReasonForm,
        deed,
        "role_end",
        intro=role_text(membership.role, str(membership.area or membership.unit or "")),
    )


def _ask(
    request: UserRequest,
    person: User,
    shape: type[YhteisoForm],
    deed: Deed,
    kind: str,
    *,
    intro: str = "",
    blocker: str = "",
) -> HttpResponse:
    """One form, one deed, back to the account. A refusal is told above the form, and the text is kept."""
    form = shape(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            deed(form.cleaned_data, timezone.now())
        except NotAllowed as refusal:
            log(request, Verb.DENY, reason=refusal.code)
            form.add_error(None, str(refusal))
        else:
            log(request, Verb.CHANGE, reason=f"{kind} {person.pk}")
            messages.success(request, _done(kind))
            return redirect("staff-account", pk=person.pk)
    elif not form.is_bound:
        log(request, Verb.VIEW, reason=f"account {person.pk}")
    context = {"person": person, "form": form, "kind": kind, "intro": intro, "blocker": blocker} | _words(kind, person)
    return render(request, "networks/account_deed.html", context, status=422 if form.is_bound else 200)


def _find(pk: int) -> User:
    return get_object_or_404(User.people.select_related("unit__area").defer("password", "last_login"), pk=pk)


def _roles(person: User, today: Any) -> list[dict[str, Any]]:
    rows = RoleMembership.objects.filter(user=person).select_related("area", "unit").order_by("-starts_on", "-pk")
    return [
        {
            "row": row, "now": row.in_force(today), "sight": SIGHT[Role(row.role)], "year": str(row.starts_on.year),
            "title": role_text(row.role, str(row.area or row.unit or "")),
        }
        for row in rows
    ]  # fmt: skip


def _events(person: User) -> QuerySet[AccountEvent]:
    rows = AccountEvent.objects.filter(person=person).select_related("by")
    return rows.defer("by__password", "by__last_login")[:EVENTS_SHOWN]


def _role_intro() -> str:
    return _("Nothing changes before another administrator or the area's responsible person has accepted it.")


def _done(kind: str) -> str:
    texts = {
        "suspension": _("The account is suspended. The person is out at the next click."),
        "closure": _("The account is closed for good and its roles have ended."),
        "role_end": _("The role has ended."),
    }
    return texts.get(kind, _("Proposed. Another person must accept it before anything changes."))


def _words(kind: str, person: User) -> dict[str, str]:
    """The heading, what follows from the deed, and the button of each kind."""
    name = {"name": person.name}
    heading, lead, button = {
        "role": (_("Propose a role: %(name)s"), "", _("Propose the role")),
        "email": (_("Propose a new sign-in address: %(name)s"),
                  _("After the acceptance the old address no longer works and every open session ends."),
                  _("Propose the address")),
        "second_factor": (_("Propose removing the second step: %(name)s"),
                          _("Make sure by phone or face to face that it is really this person who asks. After the "
                            "acceptance every open session ends and a new second step is added at the next sign-in."),
                          _("Propose removing it")),
        "resume": (_("Propose bringing the account back: %(name)s"),
                   _("After the acceptance the person signs in again, with the roles that the account has."),
                   _("Propose bringing it back")),
        "suspension": (_("Suspend the account: %(name)s"),
                       _("The person is out at the next click, everywhere. The roles stay, and the account can come back "
                         "when two people agree."), _("Suspend the account")),
        "closure": (_("Close the account for good: %(name)s"),
                    _("The person is out at the next click, the roles end, and the account does not come back."),
                    _("Close for good")),
        "role_end": (_("End a role: %(name)s"), _("The role ends at once."), _("End the role")),
    }[kind]  # fmt: skip
    return {"heading": heading % name, "lead": lead, "button": button}
