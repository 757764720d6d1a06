"""What waits in an inbox of meetings, logbooks and promises: its words, and where it is done."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.messages_told import STEP, About, Place, Words, keys, register
from cases.models import Case, MessageKind
from meetings.kinds import LOGBOOK, PROMISE
from meetings.models import Commitment, Meeting
from networks.models import User


def _logbooks(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    meetings = Meeting.objects.filter(case_id__in=cases, pk__in=keys(rows))
    seen = {str(pk): (ref, cases[case_id]) for pk, ref, case_id in meetings.values_list("pk", "ref", "case_id")}
    found = {row.pk: seen[row.about] for row in rows if row.about in seen}
    return {pk: Place(reverse("logbook", args=[case.ref, ref]), case.label) for pk, (ref, case) in found.items()}


def _meetings(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """Whoever may not know the time finds no meeting here, and is told that there is something."""
    meetings = Meeting.objects.filter(case_id__in=cases, pk__in=keys(rows))
    seen = {str(pk): (ref, cases[case_id]) for pk, ref, case_id in meetings.values_list("pk", "ref", "case_id")}
    found = {row.pk: seen[row.about] for row in rows if row.about in seen}
    return {pk: Place(reverse("meeting", args=[case.ref, ref]), case.label) for pk, (ref, case) in found.items()}


def _promises(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    promises = Commitment.objects.filter(case_id__in=cases, pk__in=keys(rows))
    seen = {str(pk): (ref, cases[case_id]) for pk, ref, case_id in promises.values_list("pk", "ref", "case_id")}
    found = {row.pk: seen[row.about] for row in rows if row.about in seen}
    page = reverse("commitment-list")
    return {pk: Place(f"{page}#{ref}", case.label) for pk, (ref, case) in found.items()}


def _of_meeting(title: Promise, hint: Promise | str = "") -> Words:
    return Words(title, hint=hint, deed=_("Open the meeting"), find=_meetings, icon="cal")


def register_all() -> None:
    asked = _of_meeting(_("You are invited to a meeting"), _("Tell whether the time suits you."))
    register(MessageKind.INVITATION, {"proposed": asked})
    register(
        MessageKind.MEETING,
        {
            "confirmed": _of_meeting(_("The time of a meeting holds")),
            "moved": _of_meeting(_("A meeting has another time"), _("Tell whether the time suits you.")),
            "cancelled": _of_meeting(_("A meeting is cancelled")),
            "reminder": _of_meeting(_("A meeting is near")),
        },
    )
    register(
        STEP,
        {
            LOGBOOK: Words(
                _("A logbook waits to be finished"), _("A logbook is still unfinished"),
                _("Read it through once more and approve it, so that the family gets it too."), _("Open the logbook"),
                _logbooks, "doc",
            ),
            PROMISE: Words(
                _("A promise comes near"), _("A promise is past its day"),
                _("Ask how it went. Perhaps help is needed."), _("Tell how it went"), _promises, "flag", "unit-commitments",
                _("Tell how it went, also when you had no time for it. Then nothing more is told."),
            ),
        },
    )  # fmt: skip
