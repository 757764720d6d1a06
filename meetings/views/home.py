"""The front page of whoever has signed in: a professional's day, and for everybody else the way to their own page."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest, log, name_children
from cases.actions.draft import current as current_draft
from cases.actions.intake import ASK_WITHIN
from cases.models import Case, Concern, UnitInvitation, public_name
from cases.views.concern_list import line as _concern
from cases.views.inbox import ahead_of
from cases.views.tasks import waiting_for
from meetings.actions.meeting import answer
from meetings.forms.meeting import AnswerForm
from meetings.models import Answer, Commitment, Meeting, Participant
from meetings.views.commitments import Promise
from meetings.views.meeting import COMING, place_of, state_of, title_of, when
from networks.context import HOMES
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import HELSINKI, at_clock, dots, helsinki_date, short_date

SHOWN_PROMISES, SHOWN_CASES, SHOWN_CONCERNS, SHOWN_MEETINGS = 4, 5, 3, 5
SHOWN_WAITING = 20  # of the own concerns that wait: more than anybody has
ANSWERED_FOR = timedelta(days=14)  # an answered concern stays in sight this long


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: UserRequest) -> HttpResponse:
    """What is expected of me today, and where do I call when a worry wakes? A POST saves the chosen answers."""
    hat = request.user.hat
    if hat == "member":
        return _answers(request) if request.method == "POST" else _today(request)
    if request.method == "POST":
        log(request, Verb.DENY, reason="home")
        raise Http404
    if hat in HOMES:
        return redirect(HOMES[hat])
    return render(request, "meetings/no_role.html")


def _today(request: UserRequest, data: Any = None) -> HttpResponse:
    """The page; `data` are answers of which one could not be read."""
    user, now = request.user, timezone.now()
    today = helsinki_date(now)
    asked, promised, mine, coming = _unanswered(user, now), _my_open(user), _my_cases(user), _coming(user, now)
    name_children(
        user, [*(row.meeting.case for row in asked), *(row.case for row in promised), *(row.case for row in coming), *mine]
    )
    invitations = [_invitation(row, data) for row in asked if row.meeting.case.child_shown]
    promises = [Promise(row, today) for row in promised]
    cases = [_way(case, now) for case in mine[:SHOWN_CASES]]
    known = {way["case"].pk for way in cases}
    meetings = [_line(row, now) for row in coming if row.case.child_shown]
    shown = [*(i["case"] for i in invitations), *(p.row.case for p in promises[:SHOWN_PROMISES]),
             *(c["case"] for c in cases), *(m["case"] for m in meetings)]  # fmt: skip
    log(request, Verb.LIST, cases=list({case.pk: case for case in shown}.values()))
    context = {
        "greeting": greeting(user, now), "now": now, "waiting": _waiting(len(invitations)), "invitations": invitations,
        "promises": promises[:SHOWN_PROMISES], "promise_count": len(promises), "cases": cases, "meetings": meetings,
        "case_count": Case.objects.visible_to(user).open().count() if len(mine) > SHOWN_CASES else 0,
        "asked": _asked(user),
        "tasks": waiting_for(user), "ahead": ahead_of(user, now),
        "concerns": [_concern(row) for row in _my_concerns(user, now) if row.case_id not in known],
        "sent": [_concern(row) for row in _my_waiting(user)],
        "draft": current_draft(user, now), "unasked": _unasked(user),
    }  # fmt: skip
    return render(request, "meetings/home.html", context, status=200 if data is None else 422)


def _answers(request: UserRequest) -> HttpResponse:
    """Save every answer that was chosen; what was not chosen goes on waiting."""
    now = timezone.now()
    chosen = [row for row in _unanswered(request.user, now) if request.POST.get(f"{_prefix(row)}-answer")]
    forms = [AnswerForm(request.POST, prefix=_prefix(row)) for row in chosen]
    if not all(form.is_valid() for form in forms):
        return _today(request, request.POST)
    for row, form in zip(chosen, forms, strict=True):
        try:
            answer(participant=row, answer=form.cleaned_data["answer"], by=request.user, now=now)
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
    log(request, Verb.CHANGE, cases=[row.meeting.case for row in chosen])
    if chosen:
        told = ngettext("%(n)d answer is saved.", "%(n)d answers are saved.", len(chosen)) % {"n": len(chosen)}
        messages.success(request, told)
    elif not any(name.endswith("-answer") for name in request.POST):
        messages.warning(request, _("Choose yes, if need be or no."))
    return redirect("home")


def _prefix(row: Participant) -> str:
    return f"a{row.pk}"


def greeting(user: User, now: datetime) -> str:
    hour = now.astimezone(HELSINKI).hour
    name = {"name": user.get_short_name()}
    if hour < 5:
        return _("Hello, %(name)s") % name
    if hour < 10:
        return _("Good morning, %(name)s") % name
    return _("Good day, %(name)s") % name if hour < 17 else _("Good evening, %(name)s") % name


def _waiting(count: int) -> str:
    if not count:
        return _("Nothing waits for your answer.")
    return ngettext("%(n)d thing waits for your answer.", "%(n)d things wait for your answer.", count) % {"n": count}


# -- what is read


def _asked(user: User) -> list[dict[str, Any]]:
    """The unit's invitations that wait for this person: by whom, when and with which number, never of whom."""
    rows = list(UnitInvitation.objects.asked_of(user).unanswered().order_by("answer_by", "pk"))
    people = User.people.in_bulk({row.invited_by_id for row in rows})
    return [{"row": row, "by": public_name(people[row.invited_by_id])} for row in rows if row.invited_by_id in people]


def _unanswered(user: User, now: datetime) -> list[Participant]:
    rows = Participant.objects.filter(
        meeting__in=Meeting.objects.visible_to(user), membership__user_id=user.pk, membership__ended_at=None,
        answer=Answer.NONE, meeting__status__in=COMING, meeting__starts_at__gt=now,
    )  # fmt: skip
    people = ("meeting__proposed_by__password", "meeting__proposed_by__last_login")
    return list(
        rows.select_related("meeting__case__heading", "meeting__proposed_by").defer(*people).order_by("meeting__starts_at")
    )


def _my_open(user: User) -> list[Commitment]:
    mine = Commitment.objects.visible_to(user).owned_by(user).agreed().open()
    return list(mine.select_related("case__heading", "meeting").order_by("due_on", "pk"))


def _my_cases(user: User) -> list[Case]:
    coming = Prefetch("meetings", Meeting.objects.coming(), to_attr="agreed_meetings")
    return list(Case.objects.visible_to(user).open().by_urgency().prefetch_related(coming)[: SHOWN_CASES + 1])


def _coming(user: User, now: datetime) -> list[Meeting]:
    rows = Meeting.objects.visible_to(user).coming().filter(ends_at__gte=now).select_related("case__heading")
    return list(rows.order_by("starts_at", "pk")[:SHOWN_MEETINGS])


def _my_waiting(user: User) -> list[Concern]:
    """What nobody has answered yet always stands here, the oldest first."""
    return list(Concern.objects.visible_to(user).waiting().order_by("sent_at", "pk")[:SHOWN_WAITING])


def _my_concerns(user: User, now: datetime) -> list[Concern]:
    rows = Concern.objects.visible_to(user).exclude(answered_at=None).order_by("-sent_at")[:SHOWN_CONCERNS]
    return [row for row in rows if row.withdrawn_at is None and _in_sight(row, now)]


def _in_sight(row: Concern, now: datetime) -> bool:
    """Two weeks from the answer, and from the word of how it ended."""
    return row.answered_at is None or max(row.answered_at, row.outcome_at or row.answered_at) > now - ANSWERED_FOR


def _unasked(user: User) -> list[dict[str, Any]]:
    """Own consultations after which the family has not been talked with yet, and by which day to do it."""
    rows = Concern.objects.visible_to(user).unasked().order_by("sent_at")[:SHOWN_CONCERNS]
    return [
        {"ref": row.ref, "sent_on": short_date(helsinki_date(row.sent_at)), "by": helsinki_date(row.sent_at + ASK_WITHIN)}
        for row in rows
    ]


# -- how it is shown


def _invitation(row: Participant, data: Any = None) -> dict[str, Any]:
    meeting = row.meeting
    sent = data if data is not None and data.get(f"{_prefix(row)}-answer") else None
    return {
        "row": row, "meeting": meeting, "case": meeting.case, "when": when(meeting), "by": public_name(meeting.proposed_by),
        "title": title_of(meeting.case),
        "place": place_of(meeting), "asked_on": short_date(helsinki_date(meeting.proposed_at)),
        "form": AnswerForm(sent, prefix=_prefix(row), who=title_of(meeting.case)),
    }  # fmt: skip


def _way(case: Case, now: datetime) -> dict[str, Any]:
    today = helsinki_date(now)
    agreed = next(iter(getattr(case, "agreed_meetings", [])), None)
    met_on = helsinki_date(case.first_met_at) if case.first_met_at else None
    day = helsinki_date(agreed.starts_at) if agreed else None
    return {
        "case": case, "clock": case.clock(today), "dots": dots(helsinki_date(case.t0_at), today, day, met_on),
        "called_on": short_date(helsinki_date(case.t0_at)), "plan_by": short_date(case.plan_by_on), "met": met_on,
        "passed": today > case.plan_by_on, "title": title_of(case),
    }  # fmt: skip


def _line(meeting: Meeting, now: datetime) -> dict[str, Any]:
    day = helsinki_date(meeting.starts_at)
    return {
        "case": meeting.case, "meeting": meeting, "day": day, "at": at_clock(meeting.starts_at),
        "tone": "now" if day <= helsinki_date(now) + timedelta(days=1) else "", "state": state_of(meeting, now),
        "title": title_of(meeting.case), "place": place_of(meeting),
    }  # fmt: skip
