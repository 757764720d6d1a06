"""One family's way, from the call to the closing. Every table here has row security (migration 0002)."""

from cases.models.case import TEXT, TRANSITIONS, Case, CaseEvent, CaseText, CloseReason, ConsentState, Status
from cases.models.clock import Escalation, StartCorrection, TwoWeekOutcome
from cases.models.intake import Call, Concern, FamilyAsked, Route
from cases.models.people import MemberRole, Membership, Person, PersonContact, PersonKind

__all__ = [
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
    "Person",
    "PersonContact",
    "PersonKind",
    "Route",
    "StartCorrection",
    "Status",
    "TwoWeekOutcome",
]
