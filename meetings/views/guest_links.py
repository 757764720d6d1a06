"""The coordinator's side of signed links: inviting somebody without an account, what they see, and who opened it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions import guest as actions
from cases.models import Case, GuestLink, Membership, PersonKind, Status
from cases.views.safe_contact import shown
from meetings.actions import guest_links
from meetings.actions.guest import OwnPromise
from meetings.forms.guest import InviteForm
from meetings.models import Commitment, Meeting, Participant
from meetings.views.guest import invitation_shown, promises_shown, tel
from yhteiso.audit.models import Verb


@require_http_methods(["GET", "HEAD", "POST"])
def guests(request: UserRequest, ref: str) -> HttpResponse:
    """Who comes without an account, and what has become of their links?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    people = [(row.pk, row.name) for row in _without_account(case)]
    asked = request.GET.get("who", "")
    form = InviteForm(request.POST if request.method == "POST" else None, people=people, initial={"member": asked})
    if form.is_bound and _invite(request, case, form):
        return redirect("case-guests", ref=case.ref)
    now = timezone.now()
    links = GuestLink.objects.filter(case=case).select_related("membership__person", "contact").prefetch_related("visits")
    context = {
        "case": case, "form": form, "closed": case.status == Status.CLOSED,
        "links": [_line(link, now) for link in links], "needs_yes": getattr(request, "needs_yes", False),
    }  # fmt: skip
    return render(request, "meetings/guests.html", context, status=422 if form.is_bound else 200)


def _invite(request: UserRequest, case: Case, form: InviteForm) -> bool:
    if not form.is_valid():
        return False
    try:
        link = guest_links.invite(case=case, by=request.user, now=timezone.now(), **form.cleaned_data)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        request.needs_yes = isinstance(refusal, actions.NoYesYet)  # type: ignore[attr-defined]
        return False
    _said(request, link)
    return True


def _said(request: UserRequest, link: GuestLink | None) -> None:
    if link is None:
        messages.warning(request, _("Nothing is sent to them by itself. You have a task instead: tell them by phone."))
    else:
        messages.success(request, _("The link is on its way. It opens only while the family agrees."))


@require_safe
def guest(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """When was this link opened, and what was answered?"""
    case, link = _link(request, ref, pk, Verb.VIEW)
    seat = _seat(link)
    context = {
        "case": case, "line": _line(link, timezone.now()), "visits": link.visits.all(), "seat": seat,
        "answered_by": case.calling.name(seat.answered_by) if seat and seat.answered_by else "",
        "closed": case.status == Status.CLOSED, "made_by": case.calling.name(link.made_by),
        "promises": link.membership.commitments.agreed(),
    }  # fmt: skip
    return render(request, "meetings/guest.html", context)


@require_safe
def guest_sight(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """What does this person see? The very page, without its buttons."""
    case, link = _link(request, ref, pk, Verb.VIEW)
    seat = _seat(link)
    lead = case.coordinator
    named = lead.is_active and not lead.protected_identity
    phone = (lead.phone if named else "") or case.area.phone
    door = {
        "lead": lead.name if named else "", "phone": phone, "hours": case.area.hours, "until": link.expires_at,
        "sees": link.sees,
    }  # fmt: skip
    promises = promises_shown(OwnPromise(str(n), row.due_on, row.status) for n, row in enumerate(_promises(link), start=1))
    context = {
        "case": case,
        "line": _line(link, timezone.now()),
        "door": door,
        "phone_href": tel(phone),
        "promises": promises,
    }
    context |= invitation_shown(seat.meeting, seat) if seat else {}
    return render(request, "meetings/guest_sight.html", context)


@require_POST
def guest_renewal(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """A new link to the same number or address."""
    case, link = _link(request, ref, pk, Verb.CHANGE)
    try:
        _said(request, guest_links.renew(link=link, by=request.user, now=timezone.now()))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("case-guests", ref=case.ref)


@require_POST
def guest_revocation(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """The link opens nothing any more."""
    case, link = _link(request, ref, pk, Verb.CHANGE)
    actions.revoke(link=link, by=request.user, now=timezone.now())
    messages.success(request, _("The link opens nothing any more."))
    return redirect("case-guests", ref=case.ref)


def _link(request: UserRequest, ref: str, pk: int, verb: Verb) -> tuple[Case, GuestLink]:
    case = get_case(request, ref, "coordinate", verb)
    rows = GuestLink.objects.filter(case=case).select_related("membership__person", "contact", "made_by", "case")
    rows = rows.defer("made_by__password", "made_by__last_login").prefetch_related("visits")
    return case, get_object_or_404(rows, pk=pk)


def _without_account(case: Case) -> list[Membership]:
    """Those of the network who could come by a link: no child, nobody with an account of their own."""
    rows = case.memberships.current().filter(person__isnull=False, person__account=None)
    return list(rows.exclude(person__kind=PersonKind.CHILD).select_related("person", "case").order_by("pk"))


def _seat(link: GuestLink) -> Participant | None:
    """The invitation that the link asks about now."""
    rows = Participant.objects.filter(membership_id=link.membership_id, meeting__in=Meeting.objects.coming())
    rows = rows.select_related("meeting", "answered_by").defer("answered_by__password", "answered_by__last_login")
    return rows.order_by("meeting__starts_at").first()


def _promises(link: GuestLink) -> list[Commitment]:
    if link.sees != "promise":
        return []
    rows = link.membership.commitments.agreed().order_by("due_on", "pk")
    return [row for row in rows if row.status == "open" or row.by_link]


def _line(link: GuestLink, now: datetime) -> dict[str, Any]:
    """A link in a list: whose, where to, how it stands, and how often it was opened."""
    person = link.membership.person
    assert person is not None
    state = link.state(now)
    words = {"open": _("In use"), "expired": _("Its day has passed"), "ended": _("Ended")}
    tone, icon = {"open": ("green", "check"), "expired": ("yellow", "clock"), "ended": ("grey", "lock")}[state]
    return {
        "row": link, "name": person.full_name, "relation": person.relation or person.get_kind_display(),
        "shown": shown(link.contact), "state": state, "tag": (words[state], tone, icon),
        "opened": sum(visit.what == "opened" for visit in link.visits.all()),
        "usable": link.contact.ended_at is None and link.membership.ended_at is None,
    }  # fmt: skip
