"""What waits for somebody, in words. None of them names a child: a task may be read by whoever can't open the situation."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import TaskKind


@dataclass(frozen=True)
class Words:
    """One kind of task: what has happened, what to do about it, and the page where it is done.

    `page` is a name of the address book. It takes the situation's reference, or where `by_about` what the task is about.
    `own`: about something of the person's own, without a situation. `deed`: ended by what is done there, never by a tick.
    """

    title: str | Promise
    what: str | Promise
    icon: str
    page: str = "case"
    by_about: bool = False
    own: bool = False
    deed: str | Promise = ""


WORDS: dict[str, Words] = {
    TaskKind.CONSENT_WITHDRAWN: Words(
        _("A consent was withdrawn"),
        _("Look at what closed, and tell those whom it concerns. What they may no longer see is closed already."),
        "lock",
        "case-consents",
    ),
    TaskKind.CONSENT_EXPIRES: Words(
        _("A consent ends soon"),
        _("Ask the family whether it still holds, before it ends by itself."),
        "clock",
        "case-consents",
    ),
    TaskKind.CONSENT_PAPER: Words(
        _("A consent waits for its paper"),
        _("Nothing opens to this unit before the paper or the family's own confirmation is recorded."),
        "doc",
        "case-consents",
    ),
    TaskKind.HAND_OVER: Words(
        _("A situation is offered or asked for"),
        _("Say yes or no. Until then nobody's duty changes."),
        "hands",
        "hand-over",
        by_about=True,
    ),
    TaskKind.HANDED_OVER: Words(
        _("You answer for a situation now"),
        _("Read where it stands, and tell the family who calls them from now on."),
        "star",
    ),
    TaskKind.EXCEPTIONAL: Words(
        _("Somebody opened a situation exceptionally"),
        _("Read the reason. Tell the family, unless it endangers the child."),
        "eye",
        "exceptional-review",
        by_about=True,
    ),
    TaskKind.EXCEPTIONAL_REVIEW: Words(
        _("An exceptional opening waits for its review"),
        _("Was there a reason? Another person than the one who opened says it."),
        "search",
        "exceptional-review",
        by_about=True,
    ),
    TaskKind.RECUSED: Words(
        _("Somebody is disqualified in a situation"),
        _("They no longer see it. Look at what they had promised, and ask somebody else of the unit along."),
        "people",
    ),
    TaskKind.SEAT_VACANT: Words(
        _("A member of the network has left the unit"),
        _("They no longer see the situation. Ask the unit for somebody else."),
        "people",
        "case-network",
    ),
    TaskKind.SEAT_QUIET: Words(
        _("A member has been a year without contact"),
        _("The membership ends by itself in two weeks. If the family wants them along still, keep them in."),
        "clock",
        "case-members",
    ),
    TaskKind.LEADERLESS: Words(
        _("Nobody answers for a situation"),
        _("The one who did is no longer at work here. Offer it to a coordinator, or ask for it yourself, today."),
        "warn",
        "case-hand-over",
    ),
    TaskKind.PLACE_BY_PHONE: Words(
        _("Tell the place by phone"), _("The place of this meeting stands nowhere. Call each who comes."), "phone"
    ),
    TaskKind.OTHER_GUARDIAN: Words(
        _("Tell the other guardian by hand"), _("Nothing goes to them by itself in this situation."), "hands"
    ),
    TaskKind.PRECAUTION: Words(
        _("A sibling's precaution holds here too"),
        _("Look what was set, which guardian is told by hand, and with whom the coming meeting is."),
        "lock",
        "case-protection",
    ),
    TaskKind.PROTECTED_LOOK: Words(
        _("Somebody looked for a protected situation"),
        _("Nothing was told to them. Find out who asked, and whether somebody needs to be warned."),
        "warn",
        "case-readers",
    ),
    TaskKind.REACH_BY_PHONE: Words(
        _("Reach by phone"),
        _("Nothing is sent to them by itself, or a message about a meeting did not arrive. Call, and tell it yourself."),
        "phone",
    ),
    TaskKind.ASK_FAMILY: Words(
        _("Talk with the family"),
        _("You asked for advice without names. Tell the family of your worry, and record here what they said."),
        "ask",
        "concern-talk",
        by_about=True,
        own=True,
        deed=_("I have talked with the family"),
    ),
    TaskKind.JOIN: Words(
        _("Two situations may be about the same child"),
        _("Somebody proposes to join them. Look at both, and say yes or no."),
        "people",
        "case-joining",
    ),
    TaskKind.JOINED: Words(
        _("Another situation of the same child was joined with this one"),
        _("Nothing was moved by itself. Ask the family who of the other network should come along."),
        "people",
        "case-joining",
    ),
    TaskKind.GUEST_LINK: Words(
        _("Somebody asks for a new link"),
        _("Their link is over, or they opened it on another device. Send a new one to the same number, or call."),
        "key",
        "case-guests",
    ),
    TaskKind.LINK_ENDS: Words(
        _("A link ends before the meeting"),
        _("The meeting is later than the 14 days of a link. Send a new one to the same number, or call."),
        "key",
        "case-guests",
    ),
}


def words_of(kind: str) -> Words:
    """The words of a kind; of one that is not here yet its own name, so that nothing that waits is ever hidden."""
    return WORDS.get(kind) or Words(dict(TaskKind.choices).get(kind, kind), "", "bell")


def ends_by_deed(kind: str) -> bool:
    """Whether a task of this kind is ended by what is done on its page, and not by marking it done."""
    return bool(words_of(kind).deed)
