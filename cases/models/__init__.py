"""One family's way, from the call to the closing. Every table here has row security (migration 0002)."""

from cases.models.case import TEXT, TRANSITIONS, Case, CaseEvent, CaseText, CloseReason, ConsentState, Status
from cases.models.clock import Escalation, StartCorrection, TwoWeekOutcome
from cases.models.intake import Call, Concern, FamilyAsked, Route
from cases.models.people import PERSON_CONSENT, MemberRole, Membership, MembershipQuerySet, Person, PersonContact, PersonKind

__all__ = [
    "PERSON_CONSENT",
    "TEXT",
    "TRANSITIONS",
    "Call",
    "Case",
    "CaseEvent",
    "CaseText",
    "CloseReason",
    "Concern",
    "ConsentState",
    "Escalation",
    "FamilyAsked",
    "MemberRole",
    "Membership",
    "MembershipQuerySet",
    "Person",
    "PersonContact",
    "PersonKind",
    "Route",
    "StartCorrection",
    "Status",
    "TwoWeekOutcome",
]
