"""One situation's page: where it stands, what is next, who is in, what was promised, what has happened."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Exists
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from cases.access import UserRequest, belongs, can, for_hats, get_case, sections
from cases.actions.clock import mark_seen, outcome_of
from cases.actions.ladder import may_set
from cases.actions.pause import running
from cases.actions.reopening import reopen_blocker
from cases.actions.standing import is_leaderless
from cases.ladder_shown import ladders, next_day, own_ladders
from cases.models import (
    Calling,
    Case,
    CaseText,
    ConsentState,
    ExceptionalAccess,
    MemberRole,
    Membership,
    MembershipQuerySet,
    Person,
    PersonKind,
    Reply,
    Section,
    StartCorrection,
    TaskKind,
)
from cases.views.pauses import days_of
from meetings import happenings, way
from meetings.models import (
    Answer,
    Commitment,
    CommitmentKind,
    CommitmentStatus,
    Logbook,
    Meeting,
    MeetingStatus,
    MoveReason,
    Participant,
)
from meetings.next_step import Facts, NextStep, next_step
from meetings.turns import told, turns_of
from meetings.views import reader
from meetings.views.meeting import place_of
from meetings.views.opened import opened_for, themes_of
from meetings.views.siblings import shown_siblings
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import at_clock, helsinki_date

COMING = (MeetingStatus.PROPOSED, MeetingStatus.CONFIRMED)
SHOWN_EVENTS = 12
ANSWERS = {
    Answer.NONE: ("yellow", "clock"), Answer.YES: ("green", "check"), Answer.IF_NEEDED: ("yellow", "half"),
    Answer.NO: ("purple", "cross"),
}  # fmt: skip
KEPT = {
    CommitmentStatus.OPEN: ("purple", "half"), CommitmentStatus.KEPT: ("green", "check"),
    CommitmentStatus.PARTLY: ("yellow", "half"), CommitmentStatus.NOT_KEPT: ("grey", "cross"),
    CommitmentStatus.LAPSED: ("grey", "check"),
}  # fmt: skip
CREDENTIALS = ("password", "last_login")


def _without(*paths: str) -> list[str]:
    """The columns of joined people that no hat may read."""
    return [f"{path}__{column}" for path in paths for column in CREDENTIALS]


@for_hats("area", "member")
@require_safe
def situation(request: UserRequest, ref: str) -> HttpResponse:
    """Where do we stand, and what is the next step?"""
    case, now = get_case(request, ref), timezone.now()
    user, today = request.user, helsinki_date(now)
    let_in = opened_for(user, case, now)
    if let_in and (Section.TIME not in sections(user, case) or not belongs(user, case)):
        return render(request, "meetings/opened.html", _for_a_day(user, case, let_in, today))
    leads = can(user, "coordinate", case)
    # Looked at together, a protected family's page shows nobody: whom to call stands on the page of the network.
    calling = Calling(case, user, covered=case.protected)
    seat = None if leads else own_seat(case, user, now)
    promises = _promises(case)
    if seat and not case.child_shown and seat.role != MemberRole.EXCEPTIONAL:
        return reader.waiting(request, case, seat, promises, today)
    members = list(members_shown(case).with_people())
    meetings = list(case.meetings.order_by("-starts_at", "-pk"))
    coming = next((row for row in meetings if row.status in COMING), None)
    seats = {p.membership_id: p for p in coming.participants.filter(membership__ended_at=None)} if coming else {}
    logbooks = {row.meeting_id: row for row in Logbook.objects.filter(case=case)}
    facts = _facts(calling, user, now, coming, members, seats, promises, meetings, logbooks)
    answered = f"{facts.answered}/{facts.invited}" if coming else ""
    told = _events(case, members, calling, leads)
    context = {
        "case": case, "lead": calling.name(_lead(case, members)), "leads": leads, "clock": case.clock(today),
        "why": reader.why(case, user, seat), "sight": None if leads else reader.tag(case, seat),
        "taken": "" if leads else reader.note(case), "plan_open": Section.PLAN in (case.sections or ()),
        "stones": way.stones(case, today, coming), "caption": way.caption(case, today, coming, _written(case)),
        "stages": way.stages(case, coming, len(members), answered, told=leads),
        **_next(next_step(facts), case, coming, meetings),
        **_network(members, seats, calling, given_by(case) if leads else None),
        "meetings": [_meeting(row, logbooks) for row in meetings], "reads_logbooks": can(user, "write_logbook", case),
        "promises": [_promise(row, today, calling) for row in promises],
        "events": told, "join": happenings.join_of(told) if leads else "", "outcome": outcome_of(case),
        **shown_siblings(request, case),
        "delay": dict(MoveReason.choices).get(case.delay_reason, ""), "opened": let_in,
        **(_coordinators_part(case, meetings, now) if leads else {"own_ladders": own_ladders(case, user, now)}),
    }  # fmt: skip
    return render(request, "meetings/case.html", context)


def _for_a_day(user: User, case: Case, let_in: dict[str, Any], today: date) -> dict[str, Any]:
    """Only the sections that were opened; one that is not open is not even mentioned as empty."""
    calling = Calling(case, user, covered=case.protected)
    is_open, context = sections(user, case), {"case": case, "opened": let_in, "lead": case.coordinator}
    if Section.NETWORK in is_open:
        context |= _network(list(members_shown(case).with_people()), {}, calling, None)
    if Section.PLAN in is_open:
        context["promises"] = [_promise(row, today, calling) for row in _promises(case)]
    if Section.TIME in is_open:
        context["meetings"] = [_meeting(row, {}) for row in case.meetings.order_by("-starts_at", "-pk")]
    if Section.THEMES in is_open:
        context["themes"] = themes_of(case)
    return context


@for_hats("area")
@require_POST
def escalation_seen(request: UserRequest, ref: str) -> HttpResponse:
    """The coordinator has seen what the ladder told."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    if mark_seen(case=case, by=request.user, now=timezone.now()):
        messages.success(request, _("Marked as seen. The clock goes on."))
    return redirect("case", ref=case.ref)


def own_seat(case: Case, user: User, now: datetime) -> Membership | None:
    """The row of the network by which this member may open the situation now; one for a day only where there is no other."""
    seats = case.memberships.seats_of(user, now).order_by("expires_at")
    return seats.exclude(role=MemberRole.EXCEPTIONAL).first() or seats.first()


def members_shown(case: Case) -> MembershipQuerySet:
    """Who is in the network; after the closing, who was in it until then."""
    if case.closed_at:
        return case.memberships.filter(ended_at=case.closed_at, end_reason="closed").exclude(role=MemberRole.EXCEPTIONAL)
    return case.memberships.current()


def _written(case: Case) -> bool:
    """Whether the two weeks began from a written concern: its writer is in as the caller, and the start still stands.

    Read from what every member sees, so that the page says the same to all.
    """
    first = case.events.filter(kind="call", at=case.t0_at)
    return case.memberships.filter(Exists(first), role=MemberRole.CALLER).exists()


def _promises(case: Case) -> list[Commitment]:
    rows = case.commitments.agreed().select_related("unit", "membership__user", "membership__unit")
    return list(rows.select_related("membership__person").defer(*_without("membership__user")))


def _lead(case: Case, members: list[Membership]) -> User:
    """Who answers for the situation; after the closing nobody is a member any more."""
    seat = next((row for row in members if row.user_id == case.coordinator_id), None)
    return seat.user if seat and seat.user else case.coordinator


def _facts(
    calling: Calling, user: User, now: datetime, coming: Meeting | None, members: list[Membership],
    seats: dict[int, Participant], promises: list[Commitment], meetings: list[Meeting], logbooks: dict[int, Logbook],
) -> Facts:  # fmt: skip
    case, today = calling.case, helsinki_date(now)
    still_open = [row for row in promises if row.status == CommitmentStatus.OPEN]
    overdue = [row for row in still_open if row.due_on < today]
    seats = {row.pk: seats[row.pk] for row in members if row.pk in seats and not is_child(row)}
    mine = next((seats[row.pk] for row in members if row.user_id == user.pk and row.pk in seats), None)
    held = next((row for row in meetings if row.status == MeetingStatus.HELD), None)
    last = logbooks.get(held.pk) if held else None
    absent = {pk for pk, seat in seats.items() if seat.answer == Answer.NO}
    refuses = tuple(calling.of(row).name for row in members if row.must_attend and row.pk in absent)
    return Facts(
        status=case.status, hat=user.hat, now=now, plan_by=case.plan_by_on, met=case.first_met_at is not None,
        coming_at=coming.starts_at if coming else None,
        confirmed=bool(coming and coming.status == MeetingStatus.CONFIRMED), invited=len(seats),
        answered=sum(seat.answer != Answer.NONE for seat in seats.values()), refuses=refuses,
        own_answer=mine.answer if mine else None,
        unfinished=bool(held and (last is None or last.approved_at is None)) and can(user, "write_logbook", case),
        open_promises=len(still_open),
        overdue_promises=len(overdue), own_overdue=sum(row.owner_id == user.pk for row in overdue),
        ends_here=bool(last and last.ends_here), by_hand=case.protected,
        calls=sum(seat.place_told_at is None for seat in seats.values()) if coming and coming.by_phone else 0,
    )  # fmt: skip


def _next(step: NextStep | None, case: Case, coming: Meeting | None, meetings: list[Meeting]) -> dict[str, Any]:
    if step is None:
        return {"next": None}
    at = coming or next((row for row in meetings if row.status == MeetingStatus.HELD), None)
    names = {"network": "case-network", "closure": "case-closure", "commitments": "commitment-list"}
    args = {"commitments": []}.get(step.to, [case.ref])
    if step.to in ("meeting", "logbook") and at:
        args = [case.ref, at.ref]
    return {"next": step, "next_url": reverse(names.get(step.to, step.to), args=args)}


# -- the network


def given_by(case: Case) -> set[int]:
    """Those of the family who have said yes to something."""
    return set(case.consents.standing().filter(answer=Reply.YES).values_list("giver_id", flat=True))


def _network(
    members: list[Membership], seats: dict[int, Participant], calling: Calling, given: set[int] | None
) -> dict[str, Any]:
    """`given`: who has said yes to something; None for a reader who may not know what each has said."""
    rows = [_member(row, seats.get(row.pk), calling, given) for row in members]
    family = sorted((row for row in rows if row["family"]), key=lambda row: row["order"])
    missing = [row["name"] for row in family if row["consent_missing"]]
    return {
        "family": family, "professionals": [row for row in rows if not row["family"]],
        "consent_missing": missing, "in_network": len(rows),
    }  # fmt: skip


def _member(member: Membership, seat: Participant | None, calling: Calling, given: set[int] | None) -> dict[str, Any]:
    person, called = member.person, calling.of(member)
    guardian = bool(person and person.kind == PersonKind.GUARDIAN)
    return {
        "family": person is not None, "name": called.name, "initials": called.initials, "kind": called.kind,
        "org": person_line(person) if person and not calling.hides_all else called.title,
        "tags": _tags(member, seat, given, calling.case) + _sight(member, calling.case),
        "consent_missing": given is not None and guardian and person is not None
        and person.consent != ConsentState.ORAL and person.pk not in given,
        "order": list(PersonKind.values).index(person.kind) if person else 0,
    }  # fmt: skip


def person_line(person: Person) -> str:
    """Relation, language and the need of an interpreter, in one line."""
    parts = [person.relation or str(person.get_kind_display())]
    if person.relation and person.kind == PersonKind.GUARDIAN:
        parts[0] = f"{person.relation}, {person.get_kind_display()}"
    if person.language:
        parts.append(person.language)
    if person.interpreter:
        parts.append(_("interpreter"))
    return " · ".join(parts)


def is_child(member: Membership) -> bool:
    return bool(member.person and member.person.kind == PersonKind.CHILD)


def consent_tag(person: Person, given: set[int], *, stopped: bool = False) -> tuple[str, str, str]:
    """A guardian's consent as text, tone and icon. `given`: who has said yes to something of their own."""
    if stopped:
        return _("The family stopped"), "grey", "undo"
    if person.consent == ConsentState.ORAL:
        on = f" {person.consent_on.day}.{person.consent_on.month}." if person.consent_on else ""
        return _("Consent") + on, "green", "check"
    if person.pk in given:
        return _("Has said yes to something"), "green", "check"
    if person.consent == ConsentState.UNAWARE:
        return _("Does not know of the call"), "grey", "lock"
    return (_("Consent waits") if person.consent else _("Consent not asked")), "yellow", "clock"


def _tags(
    member: Membership, seat: Participant | None, given: set[int] | None, case: Case
) -> list[tuple[str, str, str]]:  # fmt: skip
    tags = []
    if given is not None and member.person and member.person.kind == PersonKind.GUARDIAN:
        tags.append(consent_tag(member.person, given, stopped=case.stopped))
    if member.role == MemberRole.COORDINATOR:
        tags.append((_("Coordinates"), "", "star"))
    elif member.role == MemberRole.CALLER:
        tags.append((_("Made contact"), "", "phone"))
    if seat and member.role != MemberRole.COORDINATOR and not is_child(member):
        words = {"yes": _("Coming"), "if_needed": _("If need be"), "no": _("Can't come"), "none": _("No answer yet")}
        tags.append((words[seat.answer], *ANSWERS[Answer(seat.answer)]))
    if member.must_attend:
        tags.append((_("Must attend"), "", "flag"))
    return tags


def _sight(member: Membership, case: Case) -> list[tuple[str, str, str]]:
    """In a protected family: who sees what is hidden, and who is told by hand."""
    if not case.protected:
        return []
    if member.person:
        return [(_("By hand only"), "purple", "lock")] if member.person.by_hand else []
    if member.pk == case.lead_id or member.named:
        return [(_("Sees everything"), "green", "check")]
    return [(_("Own share only"), "grey", "lock")]


# -- meetings, promises, events


def _meeting(meeting: Meeting, logbooks: dict[int, Logbook]) -> dict[str, Any]:
    logbook = logbooks.get(meeting.pk)
    states = {"proposed": _("not confirmed yet"), "confirmed": _("agreed"), "held": _("held"), "moved": _("moved"),
              "cancelled": _("cancelled")}  # fmt: skip
    meta = ", ".join(part for part in (at_clock(meeting.starts_at), place_of(meeting)) if part)
    reason = dict(MoveReason.choices).get(meeting.move_reason, "")
    return {
        "row": meeting, "day": helsinki_date(meeting.starts_at), "tone": "now" if meeting.status in COMING else "",
        "title": meeting.get_kind_display(), "meta": f"{meta} · {states[meeting.status]}",
        "reason": reason, "logbook": logbook, "has_logbook": meeting.status != MeetingStatus.MOVED,
    }  # fmt: skip


def _promise(row: Commitment, today: date, calling: Calling) -> dict[str, Any]:
    called = calling.of(row.membership)
    who = called.name
    if row.unit and called.unit:
        who = f"{who}, {row.unit.name}"
    overdue = row.status == CommitmentStatus.OPEN and row.due_on < today
    if row.kind != CommitmentKind.PROMISE and row.status == CommitmentStatus.OPEN:
        tag = (str(row.get_kind_display()), "grey", "house")
    elif row.membership.ended_at and row.status == CommitmentStatus.OPEN:
        tag = (_("To be passed on"), "yellow", "undo")
    elif overdue:
        days = (today - row.due_on).days
        tag = (ngettext("%(n)d day past", "%(n)d days past", days) % {"n": days}, "yellow", "clock")
    else:
        tag = (str(row.get_status_display()), *KEPT[CommitmentStatus(row.status)])
    return {
        "day": row.due_on, "what": row.what, "meta": f"{who} · {str(row.get_kind_display()).lower()}", "tag": tag,
        "tone": "over" if overdue else "",
    }  # fmt: skip


def _events(case: Case, members: list[Membership], calling: Calling, leads: bool) -> list[dict[str, Any]]:
    units = {row.pk: calling.of(row).unit for row in members}
    told = case.events.all() if leads else case.events.exclude(kind__in=happenings.COORDINATORS_ONLY)
    rows = list(told.select_related("by").defer(*_without("by"))[:SHOWN_EVENTS])
    asked = happenings.units_asked(case, rows) if leads else {}
    return [
        {
            "at": row.at, "when": happenings.day_of(row), "text": happenings.sentence(row, units, asked), "kind": row.kind,
            "key": row.kind in happenings.KEY, "by": calling.name(row.by) if row.by and happenings.names(row) else "",
        }
        for row in rows
    ]  # fmt: skip


def _hand_tasks(case: Case) -> list[dict[str, Any]]:
    """What is done by hand or by phone in this situation, the nearest first."""
    texts = {
        TaskKind.PLACE_BY_PHONE: _("Record on the meeting's page whom you told, and when."),
        TaskKind.REACH_BY_PHONE: _("Nothing is sent to them by itself, or it did not arrive. Call them."),
        TaskKind.OTHER_GUARDIAN: _("Only where there is a basis for it. Ask the data protection officer."),
    }
    rows = case.tasks.open().filter(kind__in=texts).order_by("due_at", "pk")
    return [
        {"day": helsinki_date(row.due_at), "title": row.get_kind_display(), "meta": texts[TaskKind(row.kind)]}
        for row in rows
    ]


def _pauses(case: Case, now: datetime) -> list[dict[str, Any]]:
    """Reasons for a delay, the running one first."""
    on = running(case, helsinki_date(now))
    return [{"row": row, "days": days_of(row), "running": row == on} for row in case.pauses.order_by("-from_on", "-pk")]


def _coordinators_part(case: Case, meetings: list[Meeting], now: datetime) -> dict[str, Any]:
    """What only the area's coordinators see: the text of the call, the ladder, a correction that waits."""
    shown = ladders(case, now)
    pending = not case.closed_at and StartCorrection.objects.filter(case=case).pending().exists()
    return {
        "text": CaseText.objects.filter(case=case).first(), "ladders": [one for one in shown if one.open],
        "past_ladders": [one for one in shown if not one.open], "pending": pending,
        "unseen": case.escalations.unread().exists(), "pauses": _pauses(case, now),
        "sets_ladder": may_set(case.viewer, case.area) if case.viewer else False,
        "turns": told(turns_of(case, meetings, now)),
        "closings": case.closings.select_related("reopening"), "reopens": reopen_blocker(case, now) is None,
        "next_day": next_day(case, now), "hand_tasks": _hand_tasks(case),
        "leaderless": is_leaderless(case, now),
        "offer": case.hand_overs.filter(accepted_at=None, ended_at=None).first(),
        "to_review": ExceptionalAccess.objects.waiting().filter(case=case).order_by("opened_at"),
    }  # fmt: skip
