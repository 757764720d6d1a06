"""Reference data and people: none of it belongs to a family."""

from networks.models.absence import Absence
from networks.models.account import AccountEvent
from networks.models.area_texts import AreaTexts
from networks.models.invitation import AccountInvitation
from networks.models.message import Channel, MessageChoice, MessageSettings
from networks.models.notice import Notice
from networks.models.people import AREA_BOUND, AREA_ROLES, HAT_OF_ROLE, LANGUAGES, Role, RoleMembership, User
from networks.models.places import Agency, Area, County, Municipality, Sector, Unit
from networks.models.power import PowerProposal
from networks.models.service import (
    Capacity,
    Level,
    Need,
    Provider,
    Service,
    ServiceEvent,
    ServiceImport,
    confirmed_until,
    provider_of,
    question_of,
)  # fmt: skip
from networks.models.signin import Attempt, OpenSession, OrganisationIdentity
from networks.models.suggestion import AgeBand, Season, SuggestionRule, UsualSet, band_of

__all__ = [
    "AREA_BOUND", "AREA_ROLES", "HAT_OF_ROLE", "LANGUAGES", "Absence", "AccountEvent", "AccountInvitation", "AgeBand",
    "Agency", "Area", "AreaTexts", "Attempt", "Capacity", "Channel", "County", "Level", "MessageChoice", "MessageSettings",
    "Municipality", "Need", "Notice", "OpenSession", "OrganisationIdentity", "PowerProposal", "Provider", "Role",
    "RoleMembership", "Season", "Sector", "Service", "ServiceEvent", "ServiceImport", "SuggestionRule", "Unit", "User",
    "UsualSet", "band_of", "confirmed_until", "provider_of", "question_of",
]  # fmt: skip
