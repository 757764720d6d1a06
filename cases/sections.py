"""Who sees which part of a situation: the one reviewed table, for the pages, the door, the log and the tests.

The rows of PostgreSQL's row security say the same (cases/migrations/0004, meetings/migrations/0003); the tests compare.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import Section


class Sight(StrEnum):
    """How much of a section somebody sees."""

    FULL = "full"
    PART = "part"
    NONE = "none"


@dataclass(frozen=True)
class Rule:
    """One cell of the table: how much, and which part or under which condition."""

    sight: Sight
    note: str | Promise = ""


FULL, NONE = Rule(Sight.FULL), Rule(Sight.NONE)


def part(note: str | Promise) -> Rule:
    return Rule(Sight.PART, note)


VIEWERS = {
    "caller": _("Who made contact"),
    "coordinator": _("Coordinator of the area"),
    "member": _("Member of the network"),
    "index_only": _("Takes part without content"),
    "guest": _("Guest by a link"),
    "guardian": _("Guardian"),
    "child": _("Child"),
    "unit_head": _("Unit head"),
    "leadership": _("Leadership team"),
    "officer": _("Data protection officer"),
    "administrator": _("Administrator"),
}
WITH_CONSENT = part(_("when the family has said yes to the own unit"))
OWN_PROMISE = part(_("the own promise"))
NOBODY_ELSE = {"leadership": NONE, "administrator": NONE}

MATRIX: dict[Section, dict[str, Rule]] = {
    Section.INTAKE: {
        "caller": part(_("the own text, until 30 days after the answer")), "coordinator": FULL, "member": NONE,
        "index_only": NONE, "guest": NONE, "guardian": part(_("unless it endangers the child")), "child": NONE,
        "unit_head": NONE, "officer": NONE, **NOBODY_ELSE,
    },
    Section.THEMES: {
        "caller": part(_("as a member: when invited to the meeting, and the family has said yes")), "coordinator": FULL,
        "member": part(_("when invited to the meeting, and the family has said yes to the own unit")),
        "index_only": NONE, "guest": NONE, "guardian": part(_("unless the child has hidden it")),
        "child": part(_("the own words")), "unit_head": NONE, "officer": NONE, **NOBODY_ELSE,
    },
    Section.PLAN: {
        "caller": WITH_CONSENT, "coordinator": FULL, "member": WITH_CONSENT, "index_only": OWN_PROMISE,
        "guest": part(_("that the own promise waits, not its words")),
        "guardian": part(_("unless the child has hidden it")),
        "child": part(_("the own goals and what was promised to them")),
        "unit_head": part(_("state and day of the own unit's promises, no text and no child")),
        "officer": NONE, **NOBODY_ELSE,
    },
    Section.CONTACT: {
        "caller": NONE, "coordinator": FULL, "member": WITH_CONSENT, "index_only": NONE, "guest": NONE,
        "guardian": part(_("the own ones")), "child": NONE, "unit_head": NONE, "officer": NONE, **NOBODY_ELSE,
    },
    Section.NETWORK: {
        "caller": WITH_CONSENT, "coordinator": FULL, "member": part(_("names and units, those masked left out")),
        "index_only": part(_("names and units, those masked left out")), "guest": NONE, "guardian": FULL,
        "child": FULL, "unit_head": NONE, "officer": NONE, **NOBODY_ELSE,
    },
    Section.TIME: {
        "caller": WITH_CONSENT, "coordinator": FULL, "member": WITH_CONSENT, "index_only": WITH_CONSENT,
        "guest": part(_("the own invitation")), "guardian": FULL, "child": FULL, "unit_head": NONE, "officer": NONE,
        **NOBODY_ELSE,
    },
    Section.CONSENTS: {
        "caller": part(_("what the family has said of the own unit")), "coordinator": FULL,
        "member": part(_("what the family has said of the own unit")), "index_only": NONE, "guest": NONE,
        "guardian": part(_("the own ones")), "child": part(_("the own ones")), "unit_head": NONE,
        "officer": part(_("state and dates, no names")), **NOBODY_ELSE,
    },
}  # fmt: skip

# What exceptional access may open for a day: the choice on its page, and the sections behind it.
EXCEPTIONAL: dict[str, tuple[Section, ...]] = {
    "contact": (Section.NETWORK, Section.CONTACT),
    "plan": (Section.NETWORK, Section.PLAN),
    "all": (Section.TIME, Section.NETWORK, Section.CONTACT, Section.THEMES, Section.PLAN),
}

# What each page of a situation shows, by its name in the address book: for the log. A page shows what its reader may see
# of these. A page of a situation that is missing here fails a test.
BASIC = (Section.TIME, Section.NETWORK)
PAGES: dict[str, tuple[Section, ...]] = {
    # contact details: on the page of somebody who was let in for a day
    "case": (*BASIC, Section.PLAN, Section.INTAKE, Section.CONTACT),
    "case-readers": (Section.NETWORK,),
    "case-start": (Section.TIME,),
    "case-pauses": (Section.TIME,),
    "case-pause-end": (Section.TIME,),
    "case-start-accept": (Section.TIME,),
    "case-start-decline": (Section.TIME,),
    "case-recusal": (Section.NETWORK,),
    "case-hand-over": (Section.NETWORK,),
    "case-closure": (Section.NETWORK, Section.PLAN),
    "case-joining": (Section.NETWORK, Section.PLAN),
    "case-siblings": (Section.NETWORK, Section.CONTACT),
    "case-sibling-bond": (Section.NETWORK, Section.CONTACT),
    "case-family-end": (Section.NETWORK, Section.PLAN),
    "case-reopening": (Section.NETWORK,),
    "case-members": (Section.NETWORK,),
    "network-return": (Section.NETWORK,),
    "network-keeping": (Section.NETWORK,),
    "case-network": (Section.NETWORK, Section.CONTACT, Section.CONSENTS),
    "case-guests": (Section.NETWORK, Section.CONTACT),
    "case-guest": (Section.NETWORK, Section.CONTACT, Section.TIME, Section.PLAN),
    "case-guest-sight": (Section.TIME, Section.PLAN),
    "case-guest-renewal": (),
    "case-guest-revocation": (),
    "case-network-person": (Section.NETWORK, Section.CONTACT),
    "person-identity": (Section.CONTACT,),
    "person-identity-reading": (Section.CONTACT,),
    "person-identity-removal": (Section.CONTACT,),
    "person-contacts": (Section.CONTACT,),
    "person-contact-end": (Section.CONTACT,),
    "person-consent": (Section.CONSENTS,),
    "network-seat": (Section.NETWORK,),
    "case-consents": (Section.NETWORK, Section.CONSENTS),
    "consent-answers": (Section.NETWORK, Section.CONSENTS),
    "consent-paper": (Section.NETWORK, Section.CONSENTS),
    "consent-confirmation": (Section.CONSENTS,),
    "consent-withdrawal": (Section.NETWORK, Section.CONSENTS),
    "consent-exception": (Section.CONSENTS,),
    "consent-exception-end": (Section.CONSENTS,),
    "consent-capacity": (Section.CONSENTS,),
    "consent-hiding": (Section.CONSENTS,),
    "consent-hiding-end": (Section.CONSENTS,),
    "case-needs": (Section.CONTACT,),
    "unit-invite": (Section.NETWORK,),
    "unit-invite-sending": (Section.NETWORK,),
    "unit-invite-cancelling": (Section.NETWORK,),
    "unit-invite-substitute": (Section.NETWORK,),
    "network-end": (Section.NETWORK,),
    "case-protection": (Section.NETWORK, Section.CONTACT),
    "case-protection-end": (Section.NETWORK,),
    "case-named": (Section.NETWORK,),
    "case-apart": (Section.NETWORK,),
    "escalation-seen": (Section.TIME,),
    "meeting-new": BASIC,
    "meeting": BASIC,
    "meeting-answer": BASIC,
    "meeting-confirmation": BASIC,
    "meeting-move": BASIC,
    "meeting-place-told": BASIC,
    "meeting-held": BASIC,
    "logbook": (*BASIC, Section.THEMES, Section.PLAN),
    "logbook-opening": (Section.THEMES,),
    "logbook-entry": (Section.THEMES,),
    "logbook-frame": (Section.THEMES,),
    "logbook-row": (Section.THEMES, Section.PLAN),
    "logbook-row-removal": (Section.PLAN,),
    "logbook-approval": (*BASIC, Section.THEMES, Section.PLAN),
    "logbook-pdf": (*BASIC, Section.THEMES, Section.PLAN),
    "commitment-outcome": (Section.PLAN,),
}
