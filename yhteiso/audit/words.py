"""The log's codes in words, as the data protection officer reads them. An unknown code is shown as it is."""

from django.utils.translation import gettext_lazy as _

from yhteiso.audit.models import Basis, Decision, Rule, Verb

VERBS = {
    Verb.VIEW.value: _("opened"),
    Verb.LIST.value: _("saw a list"),
    Verb.SEARCH.value: _("searched"),
    Verb.PRINT.value: _("printed"),
    Verb.EXPORT.value: _("took out"),
    Verb.DISCLOSE.value: _("handed over"),
    Verb.LOGIN.value: _("signed in"),
    Verb.EXCEPTIONAL.value: _("opened exceptional access"),
    Verb.CHANGE.value: _("changed or tried to change"),
    Verb.FAIL.value: _("failed on our side"),
    Verb.DENY.value: _("was refused"),
}
HATS = {
    "area": _("Coordinator"),
    "member": _("Professional"),
    "unit": _("Unit head"),
    "report": _("Leadership team"),
    "family": _("Family"),
    "officer": _("Data protection officer"),
    "admin": _("Administrator"),
    "guest": _("Guest by a link"),
    "public": _("Without a role"),
    "jobs": _("The system"),
}
REASONS = {
    "not visible": _("not there, or not theirs"),
    "hat": _("not for this role"),
    "text": _("what was told in the call"),
    "coordinate": _("only for the coordinator"),
    "not invited": _("not invited to the meeting"),
    "answer": _("somebody else's answer"),
    "outcome": _("somebody else's promise"),
    "form": _("the form was not ours, or came too late"),
    "method": _("not possible at this address"),
}
# Why the officer looks into the log; stands in the row of that reading.
SEARCHES = {
    "request": _("A guardian's or a young person's request"),
    "control": _("Own supervision"),
    "misuse": _("Suspicion of misuse"),
    "authority": _("An authority's request"),
}
WHY = {
    "coordinator": _("the area's coordinator"),
    "member": _("member of the network"),
    "caller": _("made the call"),
    "exceptional": _("exceptional access"),
    "named": _("named person"),
    "own child": _("own child"),
    "own log": _("own log"),
    "guest": _("by an invitation"),
    "unit": _("the unit's promises"),
    "system": _("the system's own work"),
}
SECTIONS = {
    "time": _("times"),
    "network": _("the network"),
    "themes": _("themes of everyday life"),
    "plan": _("the plan and promises"),
    "contact": _("contact details"),
    "consents": _("consents"),
    "intake": _("what was told in the call"),
}
BASES = {
    Basis.CONSENT.value: _("consent"),
    Basis.LAW.value: _("law"),
    Basis.EMERGENCY.value: _("emergency"),
    Basis.OWN.value: _("own information"),
}
# What a rule found: its name, what it means, an icon.
RULES = {
    Rule.NO_RELATION.value: (
        _("Opened without belonging to the network"),
        _("not in the network, not the area's coordinator"),
        "people",
    ),
    Rule.SAME_NAME.value: (_("Same surname as in the family"), _("the child's or a guardian's surname"), "people"),
    Rule.MASS.value: (_("Many one after another"), _("more than 50 situations within an hour"), "list"),
    Rule.NIGHT.value: (_("Opened at night"), _("between 22 and 6"), "clock"),
    Rule.PROTECTED.value: (_("A protected person's situation was opened"), _("a protected address"), "lock"),
}
DECISIONS = {
    Decision.FINE.value: _("Appropriate"),
    Decision.ASKED.value: _("Is asked"),
    Decision.INQUIRY.value: _("Inquiry"),
}
# The address book's names. A page that is not here is told by its name in the address book.
PAGES = {
    "home": _("front page"),
    "board": _("board"),
    "case-list": _("list of situations"),
    "case": _("situation"),
    "case-start": _("start of the two weeks"),
    "case-start-accept": _("start of the two weeks, second person"),
    "case-start-decline": _("start of the two weeks, refusal"),
    "case-closure": _("closing of a situation"),
    "concern": _("receipt of a concern"),
    "concern-new": _("new concern"),
    "call": _("page of a call"),
    "call-start": _("new call"),
    "call-draft": _("call, draft"),
    "call-discard": _("deleting an empty call"),
    "meeting-list": _("list of meetings"),
    "case-network": _("network"),
    "case-network-person": _("network, somebody of the family"),
    "network-end": _("leaving a network"),
    "person-consent": _("consent of a person"),
    "escalation-seen": _("reminders of a situation"),
    "meeting": _("meeting"),
    "meeting-new": _("new meeting"),
    "meeting-answer": _("answer to an invitation"),
    "meeting-confirmation": _("confirming a meeting"),
    "meeting-move": _("moving a meeting"),
    "meeting-held": _("holding a meeting"),
    "logbook": _("logbook"),
    "logbook-opening": _("opening a logbook"),
    "logbook-frame": _("logbook"),
    "logbook-entry": _("logbook"),
    "logbook-row": _("logbook, plan"),
    "logbook-row-removal": _("logbook, plan"),
    "logbook-approval": _("approving a logbook"),
    "logbook-pdf": _("logbook on paper"),
    "commitment-outcome": _("how a promise went"),
    "commitment-list": _("list of promises"),
    "unit-commitments": _("promises of a unit"),
    "month": _("monthly overview"),
    "month-latest": _("monthly overview"),
    "log": _("access log"),
    "oversight": _("data protection"),
    "log-report": _("report of the access log"),
    "log-report-print": _("report of the access log, on paper"),
    "disclosures": _("disclosure log"),
    "oddities": _("unusual openings"),
    "case-readers": _("who has looked"),
}
