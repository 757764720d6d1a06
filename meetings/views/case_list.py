"""The list of situations: a professional's own networks, a coordinator's whole area. Pages by keyset."""

from datetime import date
from typing import Any

from django.db.models import BooleanField, DateField, F, Q, QuerySet, Value, When
from django.db.models import Case as Choice
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.access import UserRequest, for_hats, log, name_children, told_of
from cases.models import Case, Status
from meetings.views.board import area_words
from meetings.views.cards import make_cards
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.ids import is_ref

PAGE = 25


@for_hats("area", "member")
@require_safe
def case_list(request: UserRequest) -> HttpResponse:
    """In which situations am I, and how do they stand?"""
    user = request.user
    stage = request.GET.get("stage", "open")
    stage = stage if stage in Status.values else "open"
    visible = Case.objects.visible_to(user).select_related("coordinator").defer(
        "coordinator__password", "coordinator__last_login"
    )  # fmt: skip
    known = told_of(user)
    if stage != "open" and known is not None:  # a limit must not tell what the list veils
        visible = visible.filter(pk__in=known)
    listed = visible.open() if stage == "open" else visible.filter(status=stage)
    rows = _in_order(listed, stage, known)
    after = request.GET.get("after", "")
    last = _in_order(visible, stage, known).filter(ref=after).first() if is_ref(after) else None
    found = list(_after(rows, stage, last)[: PAGE + 1])
    more = found[PAGE - 1].ref if len(found) > PAGE else ""
    found = found[:PAGE]
    name_children(user, found, alone=True)
    log(request, Verb.LIST, cases=found)
    stages = [("open", _("Open ones")), *Status.choices]
    context = {
        "cards": make_cards(found, helsinki_date(timezone.now()), escalations=False),
        "stage": stage, "stages": stages, "stage_word": dict(stages)[stage], "more": more, "continued": last is not None,
        "area": user.hat == "area", "where": area_words(user) if user.hat == "area" else "",
    }  # fmt: skip
    return render(request, "meetings/case_list.html", context)


def _in_order(rows: QuerySet[Case], stage: str, known: set[int] | None) -> QuerySet[Case]:
    """Those that wait for their first meeting first, fewest days left first; the closed ones, latest first.

    Those of which the reader is not told yet come last, by age: their place in the list must not tell how they stand.
    """
    if stage == Status.CLOSED:
        return rows.order_by("-closed_at", "-pk")
    met = When(first_met_at=None, then=Value(False))
    veil = [] if known is None else [~Q(pk__in=known)]
    return rows.annotate(
        veiled=Choice(*(When(q, then=Value(True)) for q in veil), default=Value(False), output_field=BooleanField()),
        met=Choice(*(When(q, then=Value(False)) for q in veil), met, default=Value(True), output_field=BooleanField()),
        by=Choice(*(When(q, then=Value(date.max)) for q in veil), default=F("plan_by_on"), output_field=DateField()),
    ).order_by("veiled", "met", "by", "pk")


def _after(rows: QuerySet[Case], stage: str, last: Any) -> QuerySet[Case]:
    """The rows that come after the one that was shown last."""
    if last is None or (stage == Status.CLOSED and last.closed_at is None):  # an address pieced together by hand
        return rows
    if stage == Status.CLOSED:
        return rows.filter(Q(closed_at__lt=last.closed_at) | Q(closed_at=last.closed_at, pk__lt=last.pk))
    rest = Q(met=last.met) & (Q(by__gt=last.by) | Q(by=last.by, pk__gt=last.pk))
    rest = Q(veiled=last.veiled) & (rest if last.met else rest | Q(met=True))
    return rows.filter(rest if last.veiled else rest | Q(veiled=True))
