"""What the page of the network shows besides who is in: who is asked, what the area's rules suggest, and the directory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.actions.consent import needs_paper
from cases.consent_table import ConsentTable
from cases.kinds import INVITATION
from cases.models import (
    OPEN_STATES,
    Case,
    CaseNeeds,
    Deadline,
    DeadlineState,
    InvitationState,
    MemberRole,
    Membership,
    PersonKind,
    UnitInvitation,
)
from meetings.forms.unit_invitation import DirectoryForm, NeedsForm
from meetings.views.unit_invitation import STATES
from networks import suggestions
from networks.models import (
    Capacity,
    Provider,
    Role,
    RoleMembership,
    Service,
    SuggestionRule,
    Unit,
    User,
    UsualSet,
    band_of,
)
from networks.stand_in import away
from networks.suggestions import Situation
from yhteiso.lib.dates import at_clock, clock_time, helsinki_date, short_date
from yhteiso.templatetags.days import tel

FOUND = 25
ROOM = {
    Capacity.FREE: ("green", "check"), Capacity.QUEUE: ("yellow", "half"), Capacity.FULL: ("yellow", "half"),
    Capacity.UNKNOWN: ("grey", "ask"),
}  # fmt: skip
Tag = tuple[str, str, str]


@dataclass(frozen=True)
class Ground:
    """What the page is about: the situation, who is in it, and the moment."""

    case: Case
    members: list[Membership]
    now: datetime

    @property
    def today(self) -> date:
        return helsinki_date(self.now)

    @cached_property
    def invitations(self) -> list[UnitInvitation]:
        rows = self.case.unit_invitations.select_related(
            "unit__agency", "service", "user", "answered_by", "substitute"
        ).order_by("invited_at", "pk")
        people = ("user", "answered_by", "substitute")
        return list(rows.defer(*(f"{p}__{column}" for p in people for column in ("password", "last_login"))))

    @property
    def needing_word(self) -> list[UnitInvitation]:
        """Passed on to somebody who can't be asked, and the unit has neither come nor been asked since."""
        rows, since = self.invitations, {(row.unit_id, row.service_id): row.pk for row in self.invitations}
        followed = {row.instead_of_id for row in rows} | {row.pk for row in rows if row.unit_id in self.units_in}
        return [
            row for row in rows
            if row.state == InvitationState.SUBSTITUTED and row.pk not in followed
            and since[row.unit_id, row.service_id] == row.pk
        ]  # fmt: skip

    @cached_property
    def needs(self) -> CaseNeeds | None:
        return CaseNeeds.objects.filter(case=self.case).first()

    @cached_property
    def services(self) -> list[Service]:
        """All services of the area: a directory is some hundred rows, and rules look at each."""
        rows = Service.objects.active().for_area(self.case.area)
        return list(rows.select_related("agency", "unit__agency").order_by("sort_key", "pk"))

    @cached_property
    def units_in(self) -> set[int]:
        return {row.unit_id for row in self.members if row.unit_id and row.role != MemberRole.COORDINATOR}

    @cached_property
    def situation(self) -> Situation:
        caller = next((row for row in self.members if row.role == MemberRole.CALLER and row.unit), None)
        needs = self.needs
        return Situation(
            age=self.case.child_age, on=self.today, needs=frozenset(needs.needs if needs else ()),
            one_adult=bool(needs and needs.one_adult), children=needs.children if needs else 1,
            caller_sector=caller.unit.agency.sector if caller and caller.unit else "",
        )  # fmt: skip


def gathering(ground: Ground, query: QueryDict, needs_form: NeedsForm | None = None) -> dict[str, Any]:
    """Everything of the page's context that is about asking units along. The number of questions never grows with rows."""
    providers = list(Provider.choices)
    search = DirectoryForm(query if query else None, providers=providers)
    wanted = search.cleaned_data if search.is_bound and search.is_valid() else {}
    rules = list(SuggestionRule.objects.filter(area_id=ground.case.area_id, active=True).select_related("service"))
    suggested = suggestions.suggest(rules, ground.services, ground.situation)
    return {
        "invited": _invited(ground), "asked_line": _asked_line(ground), "next": _next(ground),
        "needs_form": needs_form or _needs_form(ground), "has_needs": ground.needs is not None,
        "suggested": [_offer(ground, row.service, row.rules) for row in suggested], "rule_count": len(rules),
        "search": search, "searched": bool(wanted),
        "found": [_offer(ground, row) for row in _found(ground, wanted)] if wanted else [],
        "usual": _usual(ground),
    }  # fmt: skip


# -- who is asked


def _invited(ground: Ground) -> list[dict[str, Any]]:
    """Invitations that tell something still: the open, the declined, and the accepted beside their members."""
    shown = [row for row in ground.invitations if row.state in (*OPEN_STATES, InvitationState.DECLINED)]
    shown += ground.needing_word
    waiting = [row for row in shown if row.state in OPEN_STATES]
    gone = away([row.user_id for row in waiting], ground.today)
    stand_ins = {user.pk: user for user in User.people.filter(pk__in=[pk for pk in gone.values() if pk])}
    told = _told_next(ground, waiting)
    return [
        {
            "row": row, "state": _state(row), "open": row.state in OPEN_STATES, "sent": row.state == InvitationState.SENT,
            "away": row.user_id in gone, "stand_in": stand_ins.get(gone.get(row.user_id) or 0), "next": told.get(row.pk, ""),
        }
        for row in shown
    ]  # fmt: skip


def _state(row: UnitInvitation) -> Tag:
    if row.state == InvitationState.SUBSTITUTED:  # nobody was asked after it
        return _("The proposed substitute can't come or is in already"), "red", "warn"
    tone, icon = STATES[InvitationState(row.state)]
    label = str(row.get_state_display())
    return label, tone, icon


def accepted(ground: Ground) -> dict[int, UnitInvitation]:
    """The accepted invitations by whom they brought in."""
    return {row.user_id: row for row in ground.invitations if row.state == InvitationState.ACCEPTED}


def accepted_tag(row: UnitInvitation, today: date) -> Tag:
    """ "Hyväksyi 9.52" on the day itself, with the day later."""
    assert row.answered_at is not None
    on = helsinki_date(row.answered_at)
    when = clock_time(row.answered_at) if on == today else f"{on.day}.{on.month}."
    return _("Accepted %(when)s") % {"when": when}, "green", "check"


def _told_next(ground: Ground, rows: list[UnitInvitation]) -> dict[int, str]:
    """What happens by itself if nobody answers, from the clock's own steps: printed before it happens."""
    steps = Deadline.objects.filter(case=ground.case, kind=INVITATION, state=DeadlineState.OPEN).order_by("step")
    due = {row.about: row.due_at for row in steps}  # the highest step: the one that tells others than the asked person
    heads = _heads({row.unit_id for row in rows}, ground.today)
    found = {}
    for row in rows:
        if at := due.get(str(row.pk)):
            when = {"day": short_date(helsinki_date(at)), "at": at_clock(at), "head": heads.get(row.unit_id, "")}
            found[row.pk] = (
                _("If no answer comes, the unit's head %(head)s is told too on %(day)s %(at)s.")
                if when["head"]
                else _("If no answer comes, you are told on %(day)s %(at)s.")
            ) % when
    return found


def _heads(units: set[int], today: date) -> dict[int, str]:
    named = dict(Unit.objects.filter(pk__in=units, head__isnull=False).values_list("pk", "head__name"))
    held = RoleMembership.objects.filter(role=Role.UNIT_HEAD, unit_id__in=units, starts_on__lte=today)
    for unit, name, ends_on in held.values_list("unit_id", "user__name", "ends_on"):
        if unit and (ends_on is None or ends_on >= today):
            named.setdefault(unit, name)
    return named


def _asked_line(ground: Ground) -> str:
    """ "2 yksikköä kutsuttu, 1 vastannut"."""
    sent = [row for row in ground.invitations if row.sent_at and row.state != InvitationState.SUBSTITUTED]
    sent = [row for row in sent if row.state != InvitationState.CANCELLED]
    # What was answered before the closing is of the earlier network.
    if sent and (again := ground.case.reopenings.first()):
        sent = [row for row in sent if row.sent_at and row.sent_at >= again.at]
    if not sent:
        return ""
    answered = sum(1 for row in sent if row.answered_at)
    return _("Units asked: %(asked)d, answered: %(answered)d") % {"asked": len(sent), "answered": answered}


def _next(ground: Ground) -> dict[str, Any] | None:
    """The one thing to do next on this page."""
    asking = sum(1 for row in ground.invitations if row.state == InvitationState.ASKED_FAMILY)
    if asking:
        title = _("Call the family and ask about the proposed units: %(n)d") % {"n": asking}
        return {"title": title, **_how_to_call(ground)}
    waiting = sum(1 for row in ground.invitations if row.state == InvitationState.SENT)
    if waiting:
        return {
            "title": _("Answers are waited for: %(n)d") % {"n": waiting}, "url": "#mukana", "deed": _("See the answers"),
            "text": _("What happens by itself stands beside each unit."), "icon": "people",
        }  # fmt: skip
    if ground.needs is None:
        return {
            "title": _("Choose what help is needed with"), "url": "#ehdotukset", "deed": _("Choose"), "icon": "ask",
            "text": _("The area's own rules then suggest who could help, each with its reason."),
        }  # fmt: skip
    return None


def _how_to_call(ground: Ground) -> dict[str, str]:
    """The number of a guardian who may be called, else the way to record one."""
    for row in ground.members:
        contact = getattr(row.person, "contact", None) if row.person else None
        if row.person and row.person.kind == PersonKind.GUARDIAN and contact and contact.phone and not row.person.by_hand:
            return {
                "url": tel(contact.phone), "deed": _("Call: %(name)s") % {"name": row.person.name}, "icon": "phone",
                "text": _("Each invitation leaves only after their yes."),
            }  # fmt: skip
    page = reverse("case-network-person", args=[ground.case.ref])
    text = _("Record first a guardian and a number to call. Each invitation leaves only after their yes.")
    return {"url": page, "deed": _("Add a guardian"), "icon": "plus", "text": text}


# -- what the family has not said yet


def missing_words(case: Case, members: Iterable[Membership], today: date) -> dict[int, list[str]]:
    """Whose yes is missing for each professional's unit, by membership. The wish of the family is never overruled."""
    table = ConsentTable(case, today)
    by_key = {row.key: row for row in table.recipients}
    found: dict[int, list[str]] = defaultdict(list)
    for seat in members:
        recipient = by_key.get(f"m{seat.pk}" if needs_paper(seat) else f"u{seat.unit_id}")
        if seat.user_id is None or recipient is None:
            continue
        if not table.givers:
            found[seat.pk].append(_("No guardian recorded"))
        for giver in table.givers:
            if any(table.said(giver, recipient, section).kind != "yes" for section in recipient.asked):
                found[seat.pk].append(table.called(giver))
    return found


# -- what could help


def _needs_form(ground: Ground) -> NeedsForm:
    row = ground.needs
    return NeedsForm(
        prefix="needs",
        initial={
            "needs": row.needs if row else [], "one_adult": bool(row and row.one_adult),
            "children": row.children if row else 1,
        },
    )  # fmt: skip


def _found(ground: Ground, wanted: Mapping[str, Any]) -> list[Service]:
    rows = Service.objects.active().for_area(ground.case.area)
    if ground.case.child_age is not None:
        rows = rows.for_age(ground.case.child_age)
    if wanted.get("need"):
        rows = rows.for_need(wanted["need"])
    if wanted.get("provider"):
        rows = rows.of_provider(wanted["provider"])
    if wanted.get("name"):
        rows = rows.search(wanted["name"])
    return list(rows.select_related("agency", "unit__agency").order_by("sort_key", "pk")[:FOUND])


def _offer(ground: Ground, service: Service, rules: Iterable[SuggestionRule] = ()) -> dict[str, Any]:
    """One service: name, facts, one state, one action, and the reason with the rule's number."""
    stale = service.is_stale(ground.today)
    state = _standing(ground, unit=service.unit_id, service=service.pk)
    return {
        "service": service, "facts": facts(service), "stale": stale, "state": state or room(service),
        "taken": state is not None, **_action(ground.case, service, stale=stale),
        "confirmed": f"{service.confirmed_on.month}/{service.confirmed_on.year}" if service.confirmed_on else "",
        "reasons": [
            {"text": rule.sentence, "number": rule.number, "when": suggestions.conditions(rule)} for rule in rules
        ],
    }  # fmt: skip


def _action(case: Case, service: Service, *, stale: bool) -> dict[str, str]:
    """The one thing to do with a service: details that nobody has confirmed in half a year are looked at first."""
    if stale:
        return {"action": _("Check the details"), "icon": "eye", "url": reverse("service", args=[service.pk])}
    url = f"{reverse('unit-invite', args=[case.ref])}?service={service.pk}"
    place = service.capacity in (Capacity.FULL, Capacity.QUEUE)
    return {"action": _("Ask for a place") if place else _("Invite"), "icon": "plus", "url": url}


def facts(service: Service) -> str:
    """Whose it is, for whom, when and the number, in one line."""
    ages = _("%(low)d–%(high)d years") % {"low": service.age_from, "high": service.age_to}
    parts = [str(service.provider.label).lower(), ages, service.hours, service.phone]
    return " · ".join(part for part in parts if part)


def room(service: Service) -> Tag:
    """How much room there is, dated, as one tag."""
    label = service.capacity_note or str(Capacity(service.capacity).label)
    if service.capacity_on and service.capacity != Capacity.UNKNOWN:
        label = f"{label} ({service.capacity_on.day}.{service.capacity_on.month}.)"
    return label, *ROOM[Capacity(service.capacity)]


def _standing(ground: Ground, *, unit: int | None, service: int | None) -> Tag | None:
    """Whether this unit (and service) is in, or asked already."""
    for row in reversed(ground.invitations):
        same = row.service_id == service if row.service_id or unit is None else row.unit_id == unit
        if same and row.state in (*OPEN_STATES, InvitationState.DECLINED):
            return (_("Invited"), "yellow", "clock") if row.state == InvitationState.SENT else _state(row)
    if unit in ground.units_in:
        return _("In already"), "green", "check"
    return None


def _usual(ground: Ground) -> dict[str, Any] | None:
    """Who usually come to the network of a child of this age here."""
    if ground.case.child_age is None:
        return None
    band = band_of(ground.case.child_age)
    offered = UsualSet.objects.filter(Q(service=None) | Q(service__active=True), area_id=ground.case.area_id, band=band)
    rows = list(offered.select_related("service__unit", "unit"))
    if not rows:
        return None
    lines = []
    for row in rows:
        unit = row.unit or (row.service.unit if row.service else None)
        query = f"service={row.service_id}" if row.service_id else f"unit={row.unit_id}"
        lines.append({
            "label": row.label, "place": unit.name if unit else row.service.name if row.service else "",
            "state": _standing(ground, unit=unit.pk if unit else None, service=row.service_id),
            "url": f"{reverse('unit-invite', args=[ground.case.ref])}?{query}",
        })  # fmt: skip
    return {"band": band.label, "lines": lines, "decided_on": max(row.decided_on for row in rows)}
