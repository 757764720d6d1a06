"""A professional's concern: the form with its draft, and the receipt that tells what happens next and by when."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import connection
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases.access import NotAllowed, UserRequest, for_hats, log
from cases.actions import concern as concerns
from cases.actions import draft as drafts
from cases.actions import intake
from cases.forms_concern import ConcernForm
from cases.kinds import CALLED_WITHIN
from cases.models import Calling, Case, Concern, ConcernDraft, FamilyAsked, FamilySaid, Outcome, public_name
from networks.models import AREA_ROLES, Area, Sector, User
from yhteiso.audit.models import Verb
from yhteiso.lib.cipher import Unreadable
from yhteiso.lib.dates import add_working_days, clock_time, helsinki_date, latest_meeting_day, short_date


@for_hats("member")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: UserRequest) -> HttpResponse:
    """Can I pass this on in four minutes, and who will see it? What was begun earlier is here."""
    now = timezone.now()
    if request.method == "POST":
        form = form_of(request.user, data=request.POST)
        if request.POST.get("then") == "draft":
            return _keep(request, form, now)
        if form.is_valid() and (ref := _send(request, form, now)):
            return redirect("concern", ref=ref)
        row = _keep_quietly(request.user, form, now)
        return _page(request, form, now, status=422, saved=clock_time(row.saved_at) if row else "")
    row = drafts.current(request.user, now)
    if row is None:
        return _page(request, form_of(request.user), now)
    log(request, Verb.VIEW, reason="own draft")
    return _page(request, form_of(request.user, initial=_written(request, row)), now, row)


def form_of(user: User, *, data: Any = None, initial: dict[str, Any] | None = None) -> ConcernForm:
    """The form as this person fills it."""
    daily = user.unit is not None and user.unit.agency.sector in DAILY
    return ConcernForm(
        data, initial=initial, phone=user.phone, adult=for_adults(user), place=user.unit.name if daily and user.unit else ""
    )


# Where children spend their days: whoever works there most often writes of a child of their own unit.
DAILY = {Sector.ECEC, Sector.BASIC_EDUCATION}
PRESET = ("place", "reachable")


def for_adults(user: User) -> bool:
    """Whether this person works in services for adults, and is therefore asked of the children at home."""
    return user.unit is not None and user.unit.agency.sector == Sector.ADULT_SERVICES


def _page(
    request: UserRequest, form: ConcernForm, now: datetime, row: ConcernDraft | None = None, **more: Any
) -> HttpResponse:
    status = more.pop("status", 200)
    try:
        names, refusal = coordinators_of(intake.area_for(request.user), now), ""
    except NotAllowed as reason:
        names, refusal = [], str(reason)
    form.introduce(names[0] if names else _("The coordinator"))
    today = helsinki_date(now)
    context = {
        "form": form, "refusal": refusal, "readers": names, "today": today, "meets_by": latest_meeting_day(today),
        "draft": row, "saved": clock_time(row.saved_at) if row else "", "from_consultation": bool(row and row.concern_id),
        "saved_day": short_date(helsinki_date(row.saved_at)) if row else "",
    }  # fmt: skip
    return render(request, "cases/concern_form.html", context | more, status=status)


def _written(request: UserRequest, row: ConcernDraft) -> dict[str, Any]:
    """The draft as a form's beginning. Where its key is gone, an empty form that says so."""
    try:
        blank = {} if row.concern_id else dict.fromkeys(PRESET, "")  # what was emptied stays empty
        return blank | row.open() | {"form_key": row.form_key, "version": row.version}
    except Unreadable:
        messages.warning(request, _("Your draft can no longer be opened. We are sorry: please write it again."))
        return {"form_key": row.form_key, "version": row.version}


def _send(request: UserRequest, form: ConcernForm, now: datetime) -> str | None:
    try:
        concern = concerns.send(by=request.user, now=now, **form.values)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return None
    log(request, Verb.CHANGE, reason="concern sent")
    messages.success(request, _("Your message has reached the coordinator."))
    return concern.ref


def _keep(request: UserRequest, form: ConcernForm, now: datetime) -> HttpResponse:
    """The button for those without a script: the draft is saved, and the page opens with it."""
    try:
        row = save(request.user, form, now)
    except intake.Stale as stale:
        if stale.current is None:
            messages.warning(request, _("This has already been sent. You find it on your first page."))
            return redirect("concern-new")
        again = form_of(
            request.user, initial=form.typed | {"form_key": stale.current.form_key, "version": stale.current.version}
        )
        return _page(request, again, now, theirs=stale.current, status=409)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, now, status=422)
    if row is not None:
        messages.success(request, _("The draft is kept. It waits for you here for 30 days, and nobody else sees it."))
    return redirect("concern-new")


def _keep_quietly(user: User, form: ConcernForm, now: datetime) -> ConcernDraft | None:
    """A form that could not be sent is a draft too, so that nothing is lost with the page."""
    try:
        row = save(user, form, now)
    except (intake.Stale, NotAllowed):
        return None
    if row is not None:
        form.data = _with_version(form.data, row.version)
    return row


def _with_version(data: Any, version: int) -> Any:
    """What was sent, ready to be sent again against the draft that is there now."""
    data = data.copy()
    data["version"] = str(version)
    return data


def save(user: User, form: ConcernForm, now: datetime) -> ConcernDraft | None:
    """Keep what the form carries, valid or not. Raises what `save_draft` raises, and NotAllowed without a form's key."""
    form.is_valid()
    key = form.cleaned_data.get("form_key")
    if key is None:
        raise NotAllowed(_("Reload the page and try again."))
    version = form.cleaned_data.get("version") or 0
    return drafts.save_draft(by=user, form_key=key, version=version, values=form.typed, now=now)


@for_hats("member")
@require_safe
def receipt(request: UserRequest, ref: str) -> HttpResponse:
    """What happens to my concern now, and by when does the network meet?"""
    user, now = request.user, timezone.now()
    concern = Concern.objects.visible_to(user).select_related("area").filter(ref=ref).first()
    if concern is None:
        return _answered_long_ago(request, ref)
    case = Case.objects.visible_to(user).filter(pk=concern.case_id).first() if concern.case_id else None
    log(request, Verb.VIEW, case=case, reason=f"own concern {concern.ref}")
    context = {
        "concern": concern,
        "case": case,
        "coordinators": coordinators_of(concern.area, now),
        "sent_on": helsinki_date(concern.sent_at),
        "wants_network": concern.wants_network,
        "calls_by": add_working_days(helsinki_date(concern.sent_at), CALLED_WITHIN),
        "went_on": concern.continued_by.visible_to(user).order_by("pk").first() if concern.withdrawn_at else None,
        "meets_by": latest_meeting_day(helsinki_date(concern.sent_at)),
        "answer": answer_of(concern.outcome, concern.outcome_at),
        # A protected family's name stands on nobody's page whom the lead has not named: not on its caller's either.
        "covered": _is_covered(concern, case, user),
        **(_talked(concern, user, now) if concern.is_anonymous else {}),
    }
    return render(request, "cases/concern.html", context)


def _is_covered(concern: Concern, case: Case | None, user: User) -> bool:
    if case is not None:
        return Calling(case, user).hides_all
    if concern.case_id is None:
        return False
    with connection.cursor() as cursor:  # their seat has ended, and with it the sight of the situation
        cursor.execute("SELECT sec.own_concern_is_covered(%s)", [concern.pk])
        return bool(cursor.fetchone()[0])


def _talked(concern: Concern, user: User, now: datetime) -> dict[str, Any]:
    """Of a consultation: what the family has said, whether the writer still owes a talk, and the text kept for them."""
    talk = concern.talks.order_by("-at", "-id").first()
    said_yes, kept = talk is not None and talk.said == FamilySaid.YES, drafts.kept_of(concern, user, now)
    open_still = not concern.case_id and concerns.talk_blocker(concern) is None
    return {
        "talk": talk,
        "kept": kept,
        "said_yes": said_yes,
        "asks": open_still and (kept is not None or not said_yes),
        "owes": talk is None and concern.family_asked == FamilyAsked.NOT_YET and not concern.case_id,
        "ask_by": helsinki_date(concern.sent_at + intake.ASK_WITHIN),
    }


def answer_of(outcome: str, at: datetime | None) -> dict[str, str] | None:
    """One of the three answers in words, with its day. Nothing of the family."""
    if not outcome or at is None:
        return None
    day = {"day": short_date(helsinki_date(at))}
    title, text = {
        Outcome.MET: (_("The network met on %(day)s."), _("Thank you. What you saw has been heard.")),
        Outcome.DECLINED: (
            _("The family did not want a network (%(day)s)."),
            _("It is theirs to decide. If the worry goes on, talk with them again, and call."),
        ),
        Outcome.OTHER: (
            _("Another way of helping was found (%(day)s)."),
            _("No network is gathered now. You can call whenever you need."),
        ),
    }[Outcome(outcome)]  # fmt: skip
    return {"title": title % day, "text": text}


def _answered_long_ago(request: UserRequest, ref: str) -> HttpResponse:
    """Thirty days after the answer its text is no longer the writer's: only when it was answered, and how it ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sent_at, answered_at, outcome, outcome_at FROM sec.my_answered_concerns() WHERE ref = %s", [ref]
        )
        found = cursor.fetchone()
    if found is None:
        raise Http404
    log(request, Verb.VIEW, reason=f"own concern {ref}")
    context = {"sent_at": found[0], "answered_at": found[1], "answer": answer_of(found[2], found[3])}
    return render(request, "cases/concern_answered.html", context)


def coordinators_of(area: Area, now: datetime) -> list[str]:
    """The names of those who coordinate or answer for the area today, the responsible person first."""
    today = helsinki_date(now)
    in_force = Q(roles__ends_on=None) | Q(roles__ends_on__gte=today)
    people = User.people.filter(
        in_force, is_active=True, roles__area=area, roles__role__in=AREA_ROLES, roles__starts_on__lte=today
    ).only("pk", "name", "protected_identity").distinct().order_by("sort_key", "pk")  # fmt: skip
    return [public_name(user) for user in sorted(people, key=lambda user: user.pk != area.responsible_id)]
