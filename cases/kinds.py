"""The kinds of deadlines of a situation's beginning: from the concern to the day by which the network has met."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases.deadlines import AfterDay, AtOnce, Day, FromLast, Kind, Rung, after_days, after_working_days, register
from cases.models import Call, Case, Concern, ConsentState, Deadline, ExceptionalAccess, HelpRequest, Status, UnitInvitation
from networks.models import ServiceEvent

CONCERN, CALL, FAMILY_ASKED, CONSENT = "concern", "call", "family_asked", "consent"
INVITATION = "invitation"
GATHERED, MEETING, REVIEW, SERVICE = "gathered", "meeting", "review", "service"
HELP_REQUEST, ANSWER_DAYS = "help_request", 3  # the family is promised an answer in so many working days
CALLED_WITHIN = 3  # and a professional a call: until 16.00 of the last of them


def of_cases(rows: Sequence[Deadline], waiting: QuerySet[Case]) -> set[UUID]:
    """Which of these belong to one of the waiting situations."""
    ids = set(waiting.filter(pk__in={row.case_id for row in rows}).values_list("pk", flat=True))
    return {row.pk for row in rows if row.case_id in ids}


def of_rows(rows: Sequence[Deadline], waiting: QuerySet[Any], key: str = "pk") -> set[UUID]:
    """Which of these are about one of the waiting rows, found by its key as text."""
    found = waiting.filter(**{f"{key}__in": {row.about for row in rows}}).order_by().values_list(key, flat=True)
    abouts = {str(value) for value in found}
    return {row.pk for row in rows if row.about in abouts}


def _concerns(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, Concern.objects.waiting())


def _unasked(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, Concern.objects.unasked())


def _help_requests(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, HelpRequest.objects.waiting())


def _calls(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, Call.objects.unfinished())


def _consents(rows: Sequence[Deadline]) -> set[UUID]:
    return of_cases(rows, Case.objects.open().exclude(consent=ConsentState.ORAL))


def _new(rows: Sequence[Deadline]) -> set[UUID]:
    return of_cases(rows, Case.objects.filter(status=Status.NEW))


def _unmet(rows: Sequence[Deadline]) -> set[UUID]:
    return of_cases(rows, Case.objects.waiting_first_meeting())


def _unreviewed(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, ExceptionalAccess.objects.filter(verdict="").order_by())


def _invitations(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, UnitInvitation.objects.unanswered().order_by())


def _unconfirmed(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, ServiceEvent.objects.asking())


def meeting_late(fact_at: datetime) -> datetime:
    """The two weeks are over when day 14 is: the call's day is day 0."""
    return after_days(14)(fact_at)


ALL = (
    Kind(
        CONCERN, _("A contact waits for its answer"),
        (
            Rung(1, FromLast(-2), ("coordinators",)),
            Rung(2, FromLast(0), ("coordinators", "responsible")),
            Rung(3, FromLast(1), ("responsible",)),
        ),
        _concerns, after_working_days(CALLED_WITHIN), repeats=True, again_to=("named",),
    ),
    Kind(
        HELP_REQUEST, _("A request for help waits for its answer"),
        (
            Rung(1, AtOnce(), ("coordinators",)),
            Rung(2, FromLast(-1), ("coordinators",)),
            Rung(3, FromLast(0), ("coordinators", "responsible")),
            Rung(4, FromLast(1), ("responsible",)),
        ),
        _help_requests, after_working_days(ANSWER_DAYS), repeats=True, again_to=("named",),
    ),
    Kind(
        CALL, _("A call waits to be finished"),
        (
            Rung(1, FromLast(0), ("owner",)),
            Rung(2, FromLast(1), ("owner", "responsible")),
        ),
        _calls, after_working_days(1), repeats=True,
    ),
    Kind(
        FAMILY_ASKED, _("The family has not been asked yet"),
        (
            Rung(1, Day(2), ("owner",)),
            Rung(2, AfterDay(2), ("owner", "coordinators")),
        ),
        _unasked, after_days(2), deed=_("asking the family"),
    ),
    Kind(
        CONSENT, _("A consent is still missing"),
        (
            Rung(1, FromLast(0), ("coordinator",)),
            Rung(2, FromLast(2), ("coordinator", "responsible")),
        ),
        _consents, after_working_days(3),
    ),
    Kind(
        GATHERED, _("The network has not been gathered"),
        (
            Rung(1, Day(4), ("coordinator",)),
            Rung(2, Day(6), ("coordinator", "responsible")),
        ),
        _new, after_days(4),
    ),
    Kind(
        MEETING, _("The network has not met"),
        (
            Rung(5, Day(5), ("caller", "coordinator")),
            Rung(9, Day(9), ("coordinator",)),
            Rung(12, Day(12), ("coordinator", "unit_heads")),
            Rung(14, AfterDay(14), ("coordinator", "responsible")),
        ),
        _unmet, meeting_late, repeats=True, again_to=("named",), deed=_("an answer to a proposed time"),
    ),
    Kind(
        INVITATION, _("An invitation waits for its answer"),
        (
            Rung(1, FromLast(0), ("invited",)),
            Rung(2, FromLast(1), ("owner_head", "coordinator")),
        ),
        _invitations, after_working_days(1), deed=_("answering an invitation to a network"),
    ),
    Kind(
        REVIEW, _("An exceptional access waits for its review"),
        (
            Rung(1, FromLast(0), ("coordinator",)),
            Rung(2, FromLast(1), ("coordinator", "responsible", "officers")),
        ),
        _unreviewed, repeats=True,
    ),
    # No family in it: first whoever confirmed the entry and the head of its unit, then those who keep the directory.
    Kind(
        SERVICE, _("The details of a service wait to be confirmed"),
        (
            Rung(1, Day(0), ("owner", "owner_head")),
            Rung(2, FromLast(0), ("coordinators",)),
        ),
        _unconfirmed, after_working_days(10),
    ),
)  # fmt: skip


def register_all() -> None:
    register(*ALL)


def codes() -> Iterable[str]:
    """The kinds that this app writes."""
    return [kind.code for kind in ALL]
