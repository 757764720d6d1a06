"""What has happened in a situation, as sentences. An event holds dates, states and units; the words are here."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import PERSON_CONSENT, Case, CaseEvent, CloseReason, PersonKind
from meetings.models import CommitmentStatus, MoveReason
from yhteiso.lib.dates import at_clock, helsinki_date, long_date, short_date

KEY = {"call", "meeting_confirmed", "meeting_held", "logbook_approved", "closed", "reopened", "exceptional", "handed_over"}
# Who did this is nobody's business but the coordinators': it may tell of kinship.
NAMELESS = {"recused"}
# What a family has said of consent, and around it: for the coordinator. The policy of the events says the same.
COORDINATORS_ONLY = (
    "consent", "consent_confirmed", "consent_withdrawn", "consent_exception", "consent_exception_ended", "capacity",
    "hidden", "hiding_ended", "recused", "exceptional", "exceptional_reviewed", "safe_contact", "safe_contact_ended",
    "join_ended", "join_proposed", "joined", "safe_contact_failed", "unit_accepted", "unit_cancelled", "unit_declined",
    "unit_invited", "unit_proposed", "unit_substituted",
)  # fmt: skip


def sentence(event: CaseEvent, units: Mapping[int, str], asked: Mapping[int, str] | None = None) -> str:
    """The event in one sentence, in the active language. `units`: of members (by id) as the reader may see them.

    `asked`: the units of invitations (by id), for the coordinators whom those events are told.
    """
    if unit := (asked or {}).get(event.detail.get("invitation", 0), ""):
        return _of_unit(event.kind, unit)
    return _plain().get(event.kind) or _with_detail(event.kind, event.detail, units) or _("Something was recorded.")


def _plain() -> dict[str, str]:
    """Sentences that need nothing of the event but its kind."""
    return {
        "call": _("Call. The promise of two weeks began."),
        "opened": _("The situation was opened."),
        "reopened": _("The situation was opened again."),
        "clock_replanned": _("The days of the reminders were counted anew."),
        # Which reason it was is the coordinators': it may tell of consent or of child protection.
        "pause": _("A reason for a delay was recorded. The clock goes on."),
        "pause_ended": _("A reason for a delay ended."),
        "start_corrected": _("The time of the call was corrected."),
        "start_correction_proposed": _("A correction to the time of the call was proposed."),
        "start_correction_declined": _("The proposed time of the call was not taken into use."),
        "identity_written": _("An identity code was recorded."),
        "safe_contact": _("A safe number or address was recorded."),
        "safe_contact_ended": _("A safe number or address is no longer used."),
        "safe_contact_failed": _("A message about a meeting did not arrive."),
        "identity_removed": _("An identity code was removed."),
        "exceptional": _("The situation was opened exceptionally, for 24 hours."),
        "exceptional_reviewed": _("An exceptional opening was reviewed by a second person."),
        "recused": _("Somebody is disqualified, and no longer sees this."),
        "hand_over_proposed": _("The situation was offered to somebody, or asked for."),
        "hand_over_ended": _("The offer to change hands was closed."),
        "handed_over": _("The one who answers for the situation changed."),
        "join_proposed": _("It was proposed to join this with another situation of the same child."),
        "join_ended": _("The proposal to join two situations was closed."),
        "joined": _("This was joined with another situation of the same child. Nothing was moved."),
        "unit_proposed": _("A unit was proposed. The family is asked first."),
        "unit_invited": _("A unit was invited to the network."),
        "unit_cancelled": _("An invitation of a unit was cancelled."),
        "unit_accepted": _("A unit said that it comes."),
        "unit_declined": _("A unit declined the invitation."),
        "unit_substituted": _("An invitation passed on to a substitute in the unit."),
        "member_ended": _("Somebody left the network."),
        "precaution_protected": _("The family's address was protected."),
        "precaution_lifted": _("The protection of the address was lifted."),
        "precaution_named": _("Somebody was named to see what is hidden from others."),
        "precaution_unnamed": _("Somebody no longer sees what is hidden from others."),
        "precaution_apart": _("The guardians are met one at a time."),
        "precaution_together": _("The guardians are met together again."),
        "member_kept": _("The family wants a member along still."),
        "member_changed": _("How a member takes part was changed."),
        "consent_confirmed": _("A written consent arrived."),
        "consent_withdrawn": _("A consent was taken back."),
        "consent_exception": _("One guardian's answer is not waited for."),
        "consent_exception_ended": _("One guardian's answer is waited for again."),
        "capacity": _("It was assessed who decides for the child."),
        "hidden": _("The child hid something from a guardian."),
        "hiding_ended": _("What the child had hidden is shown again."),
        "logbook_approved": _("The logbook was approved. The promises came into force."),
    }


def units_asked(case: Case, rows: Iterable[CaseEvent]) -> dict[int, str]:
    """The names of the units that were asked along, by invitation. Only coordinators are told of these events."""
    ids = [row.detail["invitation"] for row in rows if "invitation" in row.detail]
    return dict(case.unit_invitations.filter(pk__in=ids).values_list("pk", "unit__name")) if ids else {}


def day_of(event: CaseEvent) -> str:
    """The day of an event; with its year where that is not the present one."""
    day, today = helsinki_date(event.at), helsinki_date(timezone.now())
    return short_date(day) if day.year == today.year else long_date(day)


def join_of(events: list[dict[str, Any]]) -> str:
    """What was last told of joining this with another situation of the same child; nothing once it was refused."""
    last = next((row["kind"] for row in events if row["kind"] in ("join_proposed", "joined", "join_ended")), "")
    return "" if last == "join_ended" else last


def _of_unit(kind: str, unit: str) -> str:
    """What became of a unit's invitation, with its name."""
    words = {
        "unit_proposed": _("%(unit)s was proposed. The family is asked first."),
        "unit_invited": _("%(unit)s was invited to the network."),
        "unit_cancelled": _("The invitation of %(unit)s was cancelled."),
        "unit_accepted": _("%(unit)s said that it comes."),
        "unit_declined": _("%(unit)s declined the invitation."),
        "unit_substituted": _("%(unit)s passed its invitation on to a substitute."),
    }
    return (words.get(kind) or _("Something was recorded.")) % {"unit": unit}


def names(event: CaseEvent) -> bool:
    """Whether the event tells who did it."""
    return event.kind not in NAMELESS


def _with_detail(kind: str, detail: dict[str, Any], units: Mapping[int, str]) -> str:
    make = {
        "member_added": lambda d: _member(units.get(d.get("member", 0), "")),
        "person_added": _person, "consent": _consent, "closed": _closed,
        "meeting_proposed": lambda d: _("A time was proposed: %(when)s.") % {"when": _when(d.get("starts_at"))},
        "meeting_confirmed": lambda d: _("The meeting was agreed: %(when)s.") % {"when": _when(d.get("starts_at"))},
        "meeting_cancelled": lambda d: _("The meeting was cancelled: %(when)s.") % {"when": _when(d.get("starts_at"))},
        "meeting_held": lambda d: _("The network met: %(when)s.") % {"when": _when(d.get("began_at"))},
        "meeting_moved": _moved, "commitment_resolved": _resolved,
    }.get(kind)  # fmt: skip
    return make(detail) if make else ""


def _member(unit: str) -> str:
    if unit:
        return _("Joined the network: %(unit)s.") % {"unit": unit}
    return _("A professional joined the network.")


def _person(detail: dict[str, Any]) -> str:
    if detail.get("kind") == PersonKind.GUARDIAN:
        return _("A guardian joined the network.")
    return _("Somebody close to the family joined the network.")


def _consent(detail: dict[str, Any]) -> str:
    if "consent" not in detail:
        return _("Answers of consent were recorded.")
    label = dict(PERSON_CONSENT).get(detail["consent"], _("not asked yet"))
    return _("A guardian's consent was recorded: %(state)s.") % {"state": str(label).lower()}


def _closed(detail: dict[str, Any]) -> str:
    label = dict(CloseReason.choices).get(detail.get("reason", ""), "")
    return _("The situation was closed: %(reason)s.") % {"reason": str(label).lower()}


def _moved(detail: dict[str, Any]) -> str:
    label = dict(MoveReason.choices).get(detail.get("reason", ""), "")
    return _("The meeting was moved: %(reason)s.") % {"reason": str(label).lower()}


def _resolved(detail: dict[str, Any]) -> str:
    label = dict(CommitmentStatus.choices).get(detail.get("status", ""), "")
    return _("A promise was told of: %(state)s.") % {"state": str(label).lower()}


def _when(text: str | None) -> str:
    """A moment of an event as "ti 16.6. klo 14.30"."""
    if not text:
        return "–"
    moment = datetime.fromisoformat(text)
    return f"{short_date(helsinki_date(moment))} {at_clock(moment)}"
