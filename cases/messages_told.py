"""What waits in an inbox, in words made when it is read, by what the reader may open then.

Whoever may open the situation is told whom it is about and led to where it is done. Everybody else is told the kind, how
late it is and whom to call; a unit's head what the own unit owes. Never a child, a reference or a reason.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.kinds import CALL, CONCERN, CONSENT, FAMILY_ASKED, GATHERED, HELP_REQUEST, INVITATION, MEETING, REVIEW, SERVICE
from cases.models import Call, Case, Concern, HelpRequest, InvitationState, Message, MessageKind, UnitInvitation
from networks.access import STAFF_HATS
from networks.actions.service import may_confirm
from networks.models import ServiceEvent, User


class About(Protocol):
    """A message or a deadline: what it is about, as finders look at it."""

    pk: UUID
    case_id: int | None
    about: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is done, and whom it is about as this reader may call them.

    `press`: the deed itself, where one press does it here and now; `press_label` is on the button.
    """

    url: str
    label: str = ""
    press: str = ""
    press_label: str | Promise = ""
    done: bool = False  # the own deed is done: it is only looked at


# Looks for many at once: what this person may open now, by the rows' keys. `cases` are the ones that they may see.
Finder = Callable[[User, Sequence[About], Mapping[int, Case]], dict[UUID, Place]]


def in_case(page: str = "case", anchor: str = "") -> Finder:
    """A page of the situation itself."""

    def find(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
        seen = {row.pk: cases[row.case_id] for row in rows if row.case_id and row.case_id in cases}
        return {pk: Place(reverse(page, args=[case.ref]) + anchor, case.label) for pk, case in seen.items()}

    return find


OPEN, CASE_PAGE = _("Open it"), in_case()


@dataclass(frozen=True, slots=True)
class Words:
    """One kind of message. `title` while it can still be done in time, `late` after it; both name nobody.

    `hint`: what to do; `own_hint` to the one of whom it is (who promised, who wrote), where that is another thing.
    `deed`: the button that leads to it. `head_page`: where a unit's head sees what the own unit owes.
    """

    title: str | Promise
    late: str | Promise = ""
    hint: str | Promise = ""
    deed: str | Promise = OPEN
    find: Finder = CASE_PAGE
    icon: str = "mail"
    head_page: str = ""
    own_hint: str | Promise = ""

    def advice(self, *, own: bool) -> str:
        """What to do, to the one of whom it is or to anybody else."""
        return str(self.own_hint if own and self.own_hint else self.hint)


# By ("step", kind of deadline) for what the clock tells, else by (kind, what). "" is any other of the kind.
WORDS: dict[tuple[str, str], Words] = {}
STEP = "step"


def register(kind: str, words: Mapping[str, Words]) -> None:
    """Make known how messages of this kind are told, by their `what`. An app does it in its `ready()`."""
    WORDS.update({(kind, what): row for what, row in words.items()})


def words_of(row: Message) -> Words:
    """The words of a message; of one that is not known the name of its kind, so that nothing told is ever hidden."""
    return words_for(STEP if row.step is not None else row.kind, row.what, row.kind)


def words_for(group: str, what: str, kind: str = "") -> Words:
    fallback = dict(MessageKind.choices).get(kind, "") or _("Something waits for you")
    return WORDS.get((group, what)) or WORDS.get((group, "")) or Words(fallback)


def keys(rows: Iterable[About]) -> set[int]:
    """The numbers of what these are about."""
    return {int(row.about) for row in rows if row.about.isdecimal()}


def places(user: User, rows: Iterable[tuple[About, Words]], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """What this person may open now of these. A question or two for each sort of page, whatever the number of rows."""
    by_finder: dict[Finder, list[About]] = {}
    for row, words in rows:
        by_finder.setdefault(words.find, []).append(row)
    found: dict[UUID, Place] = {}
    for find, of_these in by_finder.items():
        found |= find(user, of_these, cases)
    return found


# -- where the deeds of this app are done


def _concerns(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """Its writer's receipt; a coordinator answers it from the board. Once there is a situation, whose family may be
    protected, the number stands for the child.
    """
    seen = {str(row.pk): row for row in Concern.objects.visible_to(user).filter(pk__in=keys(rows))}
    found = {row.pk: seen[row.about] for row in rows if row.about in seen}
    return {
        pk: Place(
            reverse("concern", args=[concern.ref]) if user.hat == "member" else reverse("board"),
            concern.ref if concern.case_id else concern.child_name or str(_("Consultation without a name")),
        )
        for pk, concern in found.items()
    }


def _talks(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """Where the writer records what the family said. A coordinator is told of it, and has nothing to open."""
    if user.hat != "member":
        return {}
    seen = {str(row.pk): row for row in Concern.objects.visible_to(user).unasked().filter(pk__in=keys(rows))}
    label = str(_("Consultation without a name"))
    return {row.pk: Place(reverse("concern-talk", args=[seen[row.about].ref]), label) for row in rows if row.about in seen}


def _own_concerns(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """The receipt of an own concern, with no name: also whoever has left the network since is told how it ended."""
    if user.hat != "member":
        return {}
    refs = dict(Concern.objects.visible_to(user).filter(pk__in=keys(rows)).values_list("pk", "ref"))
    if keys(rows) - set(refs):  # answered so long ago that its text is gone
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, ref FROM sec.my_answered_concerns() WHERE id = ANY (%s)", [list(keys(rows))])
            refs |= dict(cursor.fetchall())
    found = {row.pk: refs.get(int(row.about)) for row in rows if row.about.isdecimal()}
    return {pk: Place(reverse("concern", args=[ref])) for pk, ref in found.items() if ref}


def _help_requests(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """Opened on the board by a press, which begins its call; no name is told before that."""
    seen = HelpRequest.objects.visible_to(user).filter(pk__in=keys(rows)).values_list("pk", flat=True)
    mine = {str(pk) for pk in seen}
    return {row.pk: Place(reverse("board") + "#odottaa") for row in rows if row.about in mine}


def _calls(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    seen = {str(row.pk): row for row in Call.objects.visible_to(user).filter(pk__in=keys(rows))}
    return {row.pk: Place(reverse("call", args=[seen[row.about].ref])) for row in rows if row.about in seen}


def _reviews(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """The coordinators review; nobody reads of one's own opening here."""
    if user.hat != "area":
        return {}
    seen = {row.pk: (row, cases[row.case_id]) for row in rows if row.case_id and row.case_id in cases}
    return {pk: Place(reverse("exceptional-review", args=[row.about]), case.label) for pk, (row, case) in seen.items()}


def _asked_units(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """The own invitation of whoever was asked, without the situation; the network's page for whoever leads."""
    if user.hat == "area":
        return in_case("case-network")(user, rows, cases) | _network_asked_into([row for row in rows if not row.case_id])
    if user.hat != "member":
        return {}
    asked = UnitInvitation.objects.asked_of(user).filter(pk__in=keys(rows))
    seen = {str(row.pk): _own_invitation(row) for row in asked}
    return {row.pk: seen[row.about] for row in rows if row.about in seen}


def _network_asked_into(rows: Sequence[About]) -> dict[UUID, Place]:
    """Told instead of whoever was asked, so without the situation: found by the invitation, where the reader leads."""
    if not rows:
        return {}
    found = UnitInvitation.objects.filter(pk__in=keys(rows)).values_list("pk", "case__ref")
    pages = {str(pk): Place(reverse("case-network", args=[ref])) for pk, ref in found}
    return {row.pk: pages[row.about] for row in rows if row.about in pages}


def _own_invitation(row: UnitInvitation) -> Place:
    """With the invitation's own number: two of one unit are told apart by it, on the phone too."""
    url = reverse("unit-invitation", args=[row.ref])
    return Place(url, f"{row.unit.name}, {row.ref}", done=row.state != InvitationState.SENT)


def _services(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """The entry of the directory; whoever may say that it is right says it here, while it is asked."""
    if user.hat not in STAFF_HATS:
        return {}
    asked = {str(event.pk): event.service for event in ServiceEvent.objects.of_questions([row.about for row in rows])}
    open_keys = {str(pk) for pk in ServiceEvent.objects.asking().filter(pk__in=asked).values_list("pk", flat=True)}
    found = {}
    for row in rows:
        if service := asked.get(row.about):
            page = Place(reverse("service", args=[service.pk]), f"{service.name}, {service.agency.name}")
            if row.about in open_keys and may_confirm(user, service):
                press = reverse("service-confirmation", args=[service.pk])
                page = replace(page, press=press, press_label=_("Yes, still right"))
            found[row.pk] = page
    return found


def _undelivered(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """Whom a message did not reach, for whoever leads and may open the situation."""
    if user.hat != "area":
        return {}
    people = {str(who.pk): who for who in User.people.filter(pk__in=keys(rows))}
    found = {}
    for row in rows:
        case, who = cases.get(row.case_id or 0), people.get(row.about)
        if case is not None and who is not None:
            case.viewer = user
            found[row.pk] = Place(reverse("case-network", args=[case.ref]), f"{case.label} · {case.calling.name(who)}")
    return found


def register_all() -> None:
    register(STEP, _of_the_beginning() | _of_the_network())
    _register_plain()


def _of_the_beginning() -> dict[str, Words]:
    """Steps until a situation has its consent."""
    return {
        CONCERN: Words(
            _("A contact waits for its answer"), _("A contact is still without an answer"),
            _("Somebody has written a worry. Answer it, or call the one who wrote."), _("Open the contact"), _concerns,
            "mail", own_hint=_("The coordinators answer it. You need to do nothing."),
        ),
        HELP_REQUEST: Words(
            _("A request for help waits"), _("A request for help is still without an answer"),
            _("A family or a young person has written. Call the number that they gave."), _("Open the board"),
            _help_requests, "hands",
        ),
        CALL: Words(
            _("A call waits to be finished"), _("A call was left unfinished"),
            _("Choose how it goes on. What has been written is kept."), _("Go on with the call"), _calls, "phone",
        ),
        FAMILY_ASKED: Words(
            _("Ask the family"), _("The family has not been asked yet"),
            _("Talk with the family, and record what they said."), _("I have talked with the family"), _talks, "ask",
        ),
        CONSENT: Words(
            _("A consent is still missing"), _("A consent is still missing"),
            _("Ask those who have not answered. Without a yes the network sees nothing."), _("Open the consents"),
            in_case("case-consents"), "lock",
        ),
    }  # fmt: skip


def _of_the_network() -> dict[str, Words]:
    """Steps from the gathering on, and those beside the way."""
    return {
        GATHERED: Words(
            _("The network is not together yet"), _("The network is still not together"),
            _("Call those along whom the family wants."), _("Gather the network"), in_case("case-network"), "people",
        ),
        MEETING: Words(
            _("The network has not met yet"), _("The network has not met in two weeks"),
            _("Agree on a time, even a short one. The family waits."), _("Open the situation"), in_case(), "cal",
        ),
        INVITATION: Words(
            _("An invitation waits for an answer"), _("An invitation is still without an answer"),
            _("Call the unit, or ask for a substitute."), _("Open the invitation"), _asked_units, "mail",
            head_page="unit-commitments", own_hint=_("Say whether you come. It takes a moment."),
        ),
        REVIEW: Words(
            _("An exceptional access waits for its review"), _("An exceptional access is still without a review"),
            _("Was there a reason? Another person than the one who opened says it."), _("Review it"), _reviews,
            "search",
        ),
        SERVICE: Words(
            _("The details of a service wait to be confirmed"), _("A service's details still wait to be confirmed"),
            _("Half a year has gone since somebody last confirmed them."), _("Look at the details"), _services, "clock",
        ),
    }  # fmt: skip


def _register_plain() -> None:
    """What is no step of a ladder."""
    lost = Words(
        _("A message did not arrive"),
        hint=_("It could not be delivered to a colleague. Call them, and have the address mended."),
        deed=_("Open the network"), find=_undelivered, icon="warn",
    )  # fmt: skip
    register(MessageKind.FAILURE, {"undelivered": lost})
    _register_answers()
    _register_unit_invitations()
    ended = Words(
        _("A situation has ended"),
        hint=_("Nothing more is waited for from you, and what had been agreed as a meeting is off. Thank you for being in."),
        icon="check",
    )  # fmt: skip
    register(MessageKind.MEETING, {"ended": ended})
    week = Words(_("Your week"), hint=_("Meetings, promises and what waits for you."), deed=_("See the week"), find=_week)
    register(MessageKind.DIGEST, {"": week})


def _register_answers() -> None:
    """What the writer of a concern is told: the receipt, and how it ended."""
    register(
        MessageKind.ANSWER,
        {
            "receipt": Words(
                _("Your message is with the coordinator"),
                hint=_("The receipt has the number, the coordinator and the day."),
                deed=_("Open the receipt"), find=_own_concerns, icon="check",
            ),
            "met": Words(
                _("An answer to your concern: the network has met"), hint=_("Thank you. What you saw has been heard."),
                deed=_("Open the receipt"), find=_own_concerns, icon="people",
            ),
            "declined": Words(
                _("An answer to your concern: the family did not want a network"),
                hint=_("It is theirs to decide. If the worry goes on, talk with them again, and call."),
                deed=_("Open the receipt"), find=_own_concerns, icon="leaf",
            ),
            "other": Words(
                _("An answer to your concern: another way of helping was found"),
                hint=_("No network is gathered now. You can call whenever you need."),
                deed=_("Open the receipt"), find=_own_concerns, icon="hands",
            ),
        },
    )  # fmt: skip


def _register_unit_invitations() -> None:
    register(
        MessageKind.INVITATION,
        {
            "unit_invited": Words(
                _("Your unit is invited to a family's network"), find=_asked_units, deed=_("Answer"),
                hint=_("Say whether you come. If you can't, name a substitute of your unit."),
            ),
            "unit_cancelled": Words(
                _("An invitation was cancelled"), find=_asked_units, hint=_("You need to do nothing."),
            ),
            "unit_accepted": Words(
                _("A unit comes to the network"), find=_asked_units, deed=_("Open the network"), icon="check"
            ),
            "unit_declined": Words(
                _("A unit declined the invitation"), find=_asked_units, deed=_("Open the network"), icon="cross",
                hint=_("The reason stands on the page of the network."),
            ),
            "unit_needs_word": Words(
                _("A proposed substitute can't come or is in already"), find=_asked_units, deed=_("Open the network"),
                hint=_("The unit doesn't know. Decide who is asked next."), icon="warn",
            ),
            "unit_passed_on": Words(
                _("A unit named a substitute"), find=_asked_units, deed=_("Open the network"), icon="people",
                hint=_("The substitute answers next."),
            ),
        },
    )  # fmt: skip


def _week(user: User, rows: Sequence[About], cases: Mapping[int, Case]) -> dict[UUID, Place]:
    """The page of professionals and coordinators; in another role of theirs a person has no week."""
    return {row.pk: Place(reverse("messages-week")) for row in rows if user.hat in ("area", "member")}
