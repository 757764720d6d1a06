"""A call that the coordinator takes: begun with one press, written and saved on one page, ended by its route."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, for_hats, log
from cases.actions import call as actions
from cases.actions import intake
from cases.beside import place_of, suggested_units, waiting_for
from cases.call_receipt import receipt
from cases.forms import AreaForm, CallForm
from cases.known_shown import unasked, unlooked
from cases.models import Call, Concern, ConsentState, HelpRequest, Route, Source
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import clock_time, helsinki_date, latest_meeting_day
from yhteiso.lib.ids import is_ref

PEOPLE = ("concern__logged_by__password", "concern__logged_by__last_login")


@for_hats("area")
@require_POST
def start(request: UserRequest) -> HttpResponse:
    """Begin a call this second, or open the concern that it answers."""
    concern = _answered(request, "concern", Concern.objects.visible_to(request.user))
    wish = _answered(request, "request", HelpRequest.objects.visible_to(request.user))
    form = AreaForm(request.POST, area_ids=request.user.area_ids)
    chosen = form.cleaned_data["area"] if form.is_valid() else None
    worn = request.user.worn
    area = chosen or (worn.area if worn else None)
    if area is None:
        raise Http404
    try:
        call = intake.begin_call(by=request.user, area=area, concern=concern, request=wish, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("board")
    log(request, Verb.CHANGE, case=None, reason="call begun")
    return redirect("call", ref=call.ref)


def _answered[Row: Model](request: UserRequest, name: str, rows: QuerySet[Row]) -> Row | None:
    """The contact that the call is to answer, as its number in the form says; none without one."""
    ref = request.POST.get(name)
    if not ref:
        return None
    found = rows.filter(ref=ref).first() if is_ref(ref) else None
    if found is None:
        raise Http404
    return found


@for_hats("area")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: UserRequest, ref: str) -> HttpResponse:
    """What follows from this call?"""
    call, now = find_call(request, ref), timezone.now()
    if call.finished_at:
        return _after(request, call)
    form = call_form(call, now, request.POST if request.method == "POST" else None)
    status, theirs = 200, []
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                call = save(request, call, form, now)
            except intake.Stale as stale:
                status, theirs = 409, differences(form, stale.current)
                form = call_form(call, now, with_version(request, stale.current.version))
            except NotAllowed as refusal:
                messages.warning(request, str(refusal))
                return redirect("call", ref=call.ref)
            else:
                if done := _end(request, form, call, now):
                    return done
                form = call_form(call, now, with_version(request, call.version), errors=form)
    return render(request, "cases/call.html", context(request, call, form, now, theirs), status=status)


def _end(request: UserRequest, form: CallForm, call: Call, now: datetime) -> HttpResponse | None:
    """Act on the pressed button. None when the route still lacks something, which then stands in the form's errors."""
    if request.POST.get("then") == "save":
        return redirect("call", ref=call.ref)
    if request.POST.get("then") != "finish":
        messages.success(request, _("The call is saved. You find it on the board under “Waiting”."))
        return redirect("board")
    if refusal := intake.call_blocker(call):
        form.add_error(blocked_field(call), refusal)
        return None
    if call.route == Route.NETWORK:
        if refusal := unsaid(call):
            form.add_error("consent_by", refusal)
            return None
        if shown := unlooked(request, now):
            return _asked_once(request, form, call, now, shown)
    call = intake.finish_call(call=call, by=request.user, now=now, hetu=form.cleaned_data["hetu"])
    log(request, Verb.CHANGE, case=call.case, reason=f"call {call.ref} finished: {call.route}")
    return _after(request, call)


def unsaid(call: Call) -> str | None:
    """A yes by word is somebody's, of some day: who and when is asked before a network is opened. The sentence, or None."""
    if call.consent != ConsentState.ORAL or call.consent_by:
        return None
    return _("Write who agreed, and when.")


def _asked_once(request: UserRequest, form: CallForm, call: Call, now: datetime, known: dict[str, Any]) -> HttpResponse:
    """The page stops once where the child may be one whose situation is open here; sent again, the call goes on."""
    form.add_error("child_name", _("Is this the same child? Look at what is already open before you go on."))
    again = call_form(call, now, with_version(request, call.version), errors=form)
    return render(request, "cases/call.html", context(request, call, again, now, []) | known, status=422)


def blocked_field(call: Call) -> str:
    """The field beside which the refusal of `call_blocker` belongs."""
    if not call.route:
        return "route"
    if call.route == Route.GUIDED:
        return "guided_to"
    return "consent" if call.child_name else "child_name"


def _after(request: UserRequest, call: Call) -> HttpResponse:
    """Where a finished call leads: to its case or to the board, with a sentence to read to the caller."""
    messages.success(request, receipt(call, coordinator=request.user, now=timezone.now()))
    return redirect("case", ref=call.case.ref) if call.case else redirect("board")


@for_hats("area")
@require_POST
def draft(request: UserRequest, ref: str) -> HttpResponse:
    """Keep what has been typed so far. What is not valid yet is left out, the rest is kept."""
    call, now = find_call(request, ref), timezone.now()
    form = call_form(call, now, request.POST)
    form.is_valid()
    version = form.cleaned_data.get("version")
    if version is None:
        return JsonResponse({"version": call.version}, status=422)
    try:
        call = save(request, call, form, now)
    except intake.Stale as stale:
        rows = differences(form, stale.current)
        current = {row["name"]: row["theirs"] for row in rows}
        latest = {"version": version, "latest": stale.current.version, "current": current, "rows": rows}
        return JsonResponse(latest, status=409)
    except NotAllowed as refusal:
        return JsonResponse({"version": version, "reason": str(refusal)}, status=409)
    # A birth date that is still being typed is no loss; it is looked at when the form is sent.
    lost = set(form.errors) - {"child_born"}
    return JsonResponse({"version": call.version, "saved": clock_time(now)}, status=422 if lost else 200)


@for_hats("area")
@require_POST
def discard(request: UserRequest, ref: str) -> HttpResponse:
    """Take back a call that was begun by mistake, as long as it is empty."""
    call = find_call(request, ref)
    try:
        intake.discard_call(call=call, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        log(request, Verb.CHANGE, reason="empty call discarded")
        messages.success(request, _("The empty call was deleted."))
    return redirect("board")


def find_call(request: UserRequest, ref: str) -> Call:
    rows = Call.objects.visible_to(request.user).select_related(
        "area", "case", "concern__logged_by", "concern__unit", "help_request"
    )
    call = rows.defer(*PEOPLE).filter(ref=ref).first()
    if call is None:
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    log(request, Verb.VIEW, case=call.case, reason=f"call {call.ref}")
    return call


def save(request: UserRequest, call: Call, form: CallForm, now: datetime) -> Call:
    """Keep what the form holds, and let the caller's unit fill the area. Raises as the actions do."""
    call = intake.save_call(call=call, version=form.cleaned_data["version"], now=now, **form.kept)
    if len(request.user.area_ids) > 1:
        place = place_of(call, request.user, call.caller_unit)
        if place and place.kind == "moves":
            call = actions.move_call(call=call, area=place.area, by=request.user)
    return call


def _start(call: Call) -> datetime:
    return call.t0_at


def call_form(call: Call, now: datetime, data: Any = None, errors: CallForm | None = None) -> CallForm:
    initial = {name: getattr(call, name) for name in intake.CALL_FIELDS} | {"version": call.version}
    born = call.child_born_on
    initial["child_born"] = f"{born.day}.{born.month}.{born.year}" if born else call.child_age
    plan_by = latest_meeting_day(helsinki_date(_start(call)))
    form = CallForm(data, initial=initial, today=helsinki_date(now), plan_by=plan_by)
    if call.source == Source.GUARDIAN and call.consent != ConsentState.UNAWARE:
        form.leave_out_unaware()
    if data is None:
        form.begin_at_the_first_empty()
    if errors is not None:
        form.full_clean()
        for name, found in errors.errors.as_data().items():
            form.add_error(None if name == "__all__" else name, found)
    return form


def with_version(request: UserRequest, version: int) -> Any:
    """The sent form as it was, ready to be sent again against the version that is there now."""
    data = request.POST.copy()
    data["version"] = str(version)
    return data


def differences(form: CallForm, current: Call) -> list[dict[str, str]]:
    """The fields that another window has saved otherwise: name, label, its text."""
    kept, rows = form.kept, []
    for name in intake.CALL_FIELDS:
        theirs = getattr(current, name)
        if name in kept and kept[name] != theirs:
            field = "child_born" if name in ("child_born_on", "child_age") else name
            shown = getattr(current, f"get_{name}_display", lambda value=theirs: value)()
            words = {True: _("yes"), False: _("no"), None: "–", "": "–"}
            text = words[shown] if shown is None or shown == "" or isinstance(shown, bool) else str(shown)
            rows.append({"name": field, "label": str(form.fields[field].label), "theirs": text})
    return rows


def context(request: UserRequest, call: Call, form: CallForm, now: datetime, theirs: list[dict[str, str]]) -> dict[str, Any]:
    """What the page of a call shows."""
    start = _start(call)
    return {
        "call": call,
        "form": form,
        "concern": call.concern,
        "talk": call.concern.talks.last() if call.concern and call.concern.is_anonymous else None,
        "wish": call.help_request,
        "start": start,
        "start_on": helsinki_date(start),
        "plan_by": latest_meeting_day(helsinki_date(start)),
        "saved": clock_time(call.saved_at) if call.saved_at else "",
        "theirs": theirs,
        "age": call.age_on(helsinki_date(now)),
        "guiding": form["route"].value() == Route.GUIDED or "guided_to" in form.errors,
        "units": suggested_units(request.user),
        **beside(request, call, now),
        "promised": call.concern is None or call.concern.wants_network,
        **unasked(call, helsinki_date(now)),
    }


def beside(
    request: UserRequest, call: Call, now: datetime, *, caller: str | None = None, unit: str | None = None
) -> dict[str, Any]:
    """The concerns that wait and the area of the unit, for what is typed now, else for what is saved."""
    caller, unit = call.caller_name if caller is None else caller, call.caller_unit if unit is None else unit
    return {
        "waiting": waiting_for(call, request.user, caller=caller, unit=unit, now=now),
        "place": place_of(call, request.user, unit),
    }


def typed_page(request: UserRequest, call: Call, shown: dict[str, Any], *, status: int) -> HttpResponse:
    """The page with what has been typed, not saved, beside an answer that was asked for without a script."""
    now = timezone.now()
    form = call_form(call, now, request.POST)
    return render(request, "cases/call.html", context(request, call, form, now, []) | shown, status=status)
