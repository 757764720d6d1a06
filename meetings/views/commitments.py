"""Promises: one's own, the area's, and for a unit's head their states without any text."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.access import NotAllowed, UserRequest, for_hats, get_case, log, name_children
from cases.models import Case, UnitInvitation
from meetings.actions import commitment as actions
from meetings.forms.commitment import OutcomeForm
from meetings.models import Commitment, CommitmentKind, CommitmentQuerySet, CommitmentStatus
from meetings.views.meeting import after_row, title_of
from networks.models import Role, User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import clock_time, helsinki_date, short_date
from yhteiso.lib.ids import REF_PATTERN
from yhteiso.lib.names import initials

PAGE, MARKED = 50, 10
SOON = timedelta(days=14)
CHANGEABLE = timedelta(days=14)  # how long a mark may be changed on the page
NEAR = timedelta(days=3)
_FIELD = re.compile(rf"({REF_PATTERN})-(?:status|remark)")
STATES = {
    CommitmentStatus.OPEN: ("", "flag"),
    CommitmentStatus.KEPT: ("green", "check"),
    CommitmentStatus.PARTLY: ("yellow", "half"),
    CommitmentStatus.NOT_KEPT: ("purple", "cross"),
    CommitmentStatus.LAPSED: ("grey", "check"),
}
KINDS = {
    CommitmentKind.PROMISE: ("", "flag"),
    CommitmentKind.FAMILY_DEED: ("yellow", "house"),
    CommitmentKind.CHILD_GOAL: ("green", "star"),
}


def state_of(status: str) -> tuple[str, str, str]:
    """How a promise went, as text, tone and icon. Not kept is never red."""
    return str(CommitmentStatus(status).label), *STATES[CommitmentStatus(status)]


def kind_of(kind: str) -> tuple[str, str, str]:
    """Whose it is: a promise, the family's deed, the child's goal; text, tone and icon."""
    return str(CommitmentKind(kind).label), *KINDS[CommitmentKind(kind)]


def due_text(due: date, today: date) -> str:
    """Plainly and without blame: '2 pv yli sovitun', 'tänään', '14 pv aikaa'."""
    left = (due - today).days
    if left < 0:
        return ngettext("%(n)d day past what was agreed", "%(n)d days past what was agreed", -left) % {"n": -left}
    return _("today") if left == 0 else ngettext("%(n)d day left", "%(n)d days left", left) % {"n": left}


def who_of(case: Case, row: Commitment) -> str:
    """Whose a commitment is, as the viewer of the case may call them."""
    row.membership.case = case
    return case.calling.of(row.membership, with_unit=False).name


@dataclass
class Promise:
    """One commitment on a page, with the form that tells how it went."""

    row: Commitment
    today: date
    form: OutcomeForm | None = None

    @property
    def title(self) -> str:
        return title_of(self.row.case)

    @property
    def who(self) -> str:
        return who_of(self.row.case, self.row)

    @property
    def tone(self) -> str:
        if self.row.due_on < self.today:
            return "over"
        return "now" if self.row.due_on <= self.today + NEAR else ""

    @property
    def due(self) -> str:
        return due_text(self.row.due_on, self.today)

    @property
    def promised(self) -> str:
        return short_date(helsinki_date(self.row.agreed_at)) if self.row.agreed_at else ""

    @property
    def state(self) -> tuple[str, str, str]:
        return state_of(self.row.status)

    @property
    def marked_on(self) -> date | None:
        return helsinki_date(self.row.resolved_at) if self.row.resolved_at else None

    @property
    def kind(self) -> tuple[str, str, str]:
        return kind_of(self.row.kind)


def _mine(user: User) -> CommitmentQuerySet:
    """One's own; for the coordinator the area's, the family's deeds and the child's goals included."""
    rows = (
        Commitment.objects.visible_to(user)
        .agreed()
        .select_related("case__heading", "membership__user", "membership__person")
    )
    rows = rows.defer("membership__user__password", "membership__user__last_login")
    return rows if user.hat == "area" else rows.owned_by(user)


@require_http_methods(["GET", "HEAD", "POST"])
@for_hats("member", "area")
def commitment_list(request: UserRequest) -> HttpResponse:
    """Did I keep my word? A POST saves every mark of the page."""
    return _marks(request) if request.method == "POST" else _page(request, *_open_ones(request))


def _open_ones(request: UserRequest) -> tuple[list[Promise], str]:
    """A page of what is open, oldest day first, and after which row the next page begins."""
    today, mine = helsinki_date(timezone.now()), _mine(request.user)
    rows = mine.open().order_by("due_on", "pk")
    if last := after_row(request, mine):
        rows = rows.filter(Q(due_on__gt=last.due_on) | Q(due_on=last.due_on, pk__gt=last.pk))
    found = list(rows[: PAGE + 1])
    more = found[PAGE - 1].ref if len(found) > PAGE else ""
    return [Promise(row, today, _form(request, row)) for row in found[:PAGE]], more


def _form(request: UserRequest, row: Commitment, data: Any = None, **more: Any) -> OutcomeForm:
    """The form of one promise; of another's promise it does not speak in the first person."""
    return OutcomeForm(data, own=row.owner_id == request.user.pk, **({"prefix": row.ref} | more))


def _marks(request: UserRequest) -> HttpResponse:
    """Save what was said of each promise; nothing is saved while one mark is incomplete."""
    today = helsinki_date(timezone.now())
    said = {m[1] for name, value in request.POST.items() if (m := _FIELD.fullmatch(name)) and str(value).strip()}
    rows = list(_mine(request.user).filter(ref__in=said))
    bound = [Promise(row, today, _form(request, row, request.POST)) for row in rows]
    fine = not [p for p in bound if p.form and not p.form.is_valid()]
    if fine and request.headers.get("Accept") != "application/json":
        return _save_all(request, bound)
    if fine:
        _save_each(request, bound)
        return JsonResponse({"saved": clock_time(timezone.now())})
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({}, status=422)
    shown, more = _open_ones(request)
    by_ref = {p.row.ref: p for p in shown} | {p.row.ref: p for p in bound}
    return _page(request, sorted(by_ref.values(), key=lambda p: (p.row.due_on, p.row.pk)), more, status=422)


def _page(request: UserRequest, promises: list[Promise], more: str, status: int = 200) -> HttpResponse:
    today = helsinki_date(timezone.now())
    marked = _last_marked(request, {p.row.pk for p in promises})
    shown = {p.row.case_id: p.row.case for p in [*promises, *marked]}
    for p in [*promises, *marked]:
        p.row.case.viewer = request.user
    name_children(request.user, [p.row.case for p in [*promises, *marked]])
    log(request, Verb.LIST, cases=list(shown.values()))
    context = {
        "groups": _groups(promises, today), "marked": marked, "more": more,
        "coordinates": request.user.hat == "area",
        "broken": [p.form for p in promises if p.form and p.form.is_bound and p.form.errors],
    }  # fmt: skip
    return render(request, "meetings/commitments.html", context, status=status)


def _last_marked(request: UserRequest, besides: set[int]) -> list[Promise]:
    """The last marks: at least ten, and all of two weeks, which may still be changed here."""
    now = timezone.now()
    rows = _mine(request.user).exclude(status=CommitmentStatus.OPEN).exclude(pk__in=besides)
    found = []
    for n, row in enumerate(rows.order_by("-resolved_at", "-pk")[:PAGE]):
        recent = bool(row.resolved_at and row.resolved_at > now - CHANGEABLE)
        if recent or n < MARKED:
            now_said = {"status": row.status, "remark": row.note}
            found.append(Promise(row, helsinki_date(now), _form(request, row, initial=now_said) if recent else None))
    return found


def _groups(promises: list[Promise], today: date) -> list[dict[str, Any]]:
    parts: dict[str, list[Promise]] = {"over": [], "soon": [], "later": []}
    for p in promises:
        parts["over" if p.row.due_on < today else "soon" if p.row.due_on <= today + SOON else "later"].append(p)
    return [{"name": name, "rows": rows} for name, rows in parts.items() if rows]


def _save_all(request: UserRequest, bound: list[Promise]) -> HttpResponse:
    saved = _save_each(request, bound)
    if saved:
        messages.success(request, ngettext("%(n)d mark is saved.", "%(n)d marks are saved.", saved) % {"n": saved})
    elif bound:
        messages.info(request, _("All marks are already saved."))
    else:
        messages.warning(request, _("Choose first how a promise went."))
    return redirect("commitment-list")


def _save_each(request: UserRequest, bound: list[Promise]) -> int:
    """Save the marks that say something new. Returns how many."""
    now, saved = timezone.now(), 0
    for p in bound:
        values = p.form.cleaned_data if p.form else {}
        if (p.row.status, p.row.note) == (values["status"], values["remark"]):
            continue
        try:
            _resolve(request, p.row, p.form, now=now)
            saved += 1
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
    log(request, Verb.CHANGE, cases=list({p.row.case_id: p.row.case for p in bound}.values()))
    return saved


def _resolve(request: UserRequest, row: Commitment, form: Any, **when: Any) -> Commitment:
    values = form.cleaned_data
    return actions.resolve(commitment=row, status=values["status"], remark=values["remark"], by=request.user, **when)


@require_POST
def commitment_outcome(request: UserRequest, ref: str, commitment: str) -> HttpResponse:
    """How one promise went. The fields may carry the reference as their prefix, as the list's form sends them."""
    case = get_case(request, ref, "promise", Verb.CHANGE)
    rows = case.commitments.agreed().select_related("membership__user", "membership__person")
    row: Commitment = get_object_or_404(
        rows.defer("membership__user__password", "membership__user__last_login"), ref=commitment
    )
    row.case = case
    if request.user.hat == "member" and row.owner_id != request.user.pk:
        log(request, Verb.DENY, case=case, reason="outcome")
        raise PermissionDenied(_("Only the one who promised can tell how it went."))
    form = _form(request, row, request.POST, prefix=row.ref if f"{row.ref}-status" in request.POST else None)
    if not form.is_valid():
        promise = Promise(row, helsinki_date(timezone.now()), form)
        return _page(request, [promise], "", status=422)
    try:
        _resolve(request, row, form, now=timezone.now())
        messages.success(request, _("The mark is saved."))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("commitment-list")


# -- the unit's head: states and days, no text, no child, no reference


@require_safe
@for_hats("unit")
def unit_commitments(request: UserRequest) -> HttpResponse:
    """Which of the unit's promises are open, and which have passed their day?"""
    today = helsinki_date(timezone.now())
    units = [role.unit for role in request.user.current_roles if role.role == Role.UNIT_HEAD]
    rows = Commitment.objects.filter(unit__in=[unit.pk for unit in units if unit], agreed_at__isnull=False)
    columns = ("due_on", "status", "resolved_at", "owner__name", "owner__protected_identity", "unit__name")
    open_ones = list(rows.filter(status=CommitmentStatus.OPEN).order_by("due_on", "id").values(*columns))
    recent = rows.filter(resolved_at__gte=timezone.now() - timedelta(days=90)).order_by("-resolved_at", "-id")
    marked = list(recent.values(*columns)[: 2 * PAGE])
    log(request, Verb.LIST, reason="unit")
    context = {
        "units": units, "several": len(units) > 1, "open": [_bare(row, today) for row in open_ones],
        "marked": [_bare(row, today) for row in marked],
        "over": sum(1 for row in open_ones if row["due_on"] < today),
        "asked": _asked_of(units),
    }  # fmt: skip
    return render(request, "meetings/unit_commitments.html", context)


def _asked_of(units: list[Any]) -> list[dict[str, Any]]:
    """Invitations that wait for the unit's answer: who was asked and by when, no child and no reference."""
    rows = UnitInvitation.objects.of_units([unit.pk for unit in units if unit]).unanswered().order_by("answer_by", "id")
    columns = ("answer_by", "sent_at", "user__name", "user__protected_identity", "unit__name")
    return [
        {
            "who": initials(row["user__name"]) if row["user__protected_identity"] else row["user__name"],
            "unit": row["unit__name"], "sent_at": row["sent_at"], "answer_by": row["answer_by"],
            "late": row["answer_by"] < timezone.now(),
        }
        for row in rows.values(*columns)
    ]  # fmt: skip


def _bare(row: dict[str, Any], today: date) -> dict[str, Any]:
    is_open = row["status"] == CommitmentStatus.OPEN
    near, name = "now" if row["due_on"] <= today + NEAR else "", row["owner__name"]
    return {
        "day": row["due_on"] if is_open else helsinki_date(row["resolved_at"]),
        "owner": initials(name) if row["owner__protected_identity"] else name,
        "unit": row["unit__name"], "state": state_of(row["status"]),
        "due": due_text(row["due_on"], today) if is_open else "",
        "tone": ("over" if row["due_on"] < today else near) if is_open else "",
    }  # fmt: skip
