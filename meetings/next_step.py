"""What is to be done next in a situation: one step, chosen by one pure function from plain facts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yhteiso.lib.dates import at_clock, helsinki_date, short_date

To = Literal["network", "meeting-new", "meeting", "logbook", "commitments", "closure"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the choice is made from. `coming_at`: when the meeting that is being agreed on, or is agreed, begins.

    `own_answer` is the viewer's answer to it, None when not invited. `refuses`: those who must attend and can't.
    `by_hand`: a protected family, to whom nothing is sent; `calls`: who must still be told the place by phone.
    `unfinished`: a held meeting whose logbook has not been approved; `ends_here`: the last logbook ends the meetings.
    """

    status: str
    hat: str
    now: datetime
    plan_by: date
    met: bool = False
    coming_at: datetime | None = None
    confirmed: bool = False
    invited: int = 0
    answered: int = 0
    refuses: tuple[str, ...] = ()
    own_answer: str | None = None
    unfinished: bool = False
    open_promises: int = 0
    overdue_promises: int = 0
    own_overdue: int = 0
    ends_here: bool = False
    by_hand: bool = False
    calls: int = 0


@dataclass(frozen=True, slots=True)
class NextStep:
    """An imperative, one reason, one button, and where it leads."""

    title: str
    reason: str
    button: str
    to: To


def next_step(facts: Facts) -> NextStep | None:
    """The one next step for whoever looks, or None when there is nothing to do now."""
    if facts.status == "closed":
        return None
    if facts.hat == "member":
        return _of_member(facts)
    if facts.coming_at is not None:
        return _of_coming(facts, facts.coming_at)
    if facts.unfinished:
        return _logbook()
    return _of_follow_up(facts) if facts.status == "follow_up" else _before_a_time(facts)


def _of_member(facts: Facts) -> NextStep | None:
    if facts.coming_at and facts.coming_at > facts.now and facts.own_answer == "none":
        when = _when(facts.coming_at)
        return NextStep(
            _("Answer: does %(when)s suit you?") % {"when": when},
            _("The family waits for a time that suits everybody. If you can't come, somebody from your unit may."),
            _("Answer the invitation"), "meeting",
        )  # fmt: skip
    if facts.own_overdue:
        return NextStep(
            _("Tell how your promise went"),
            _("Its day has passed. Tell it also when you did not have the time."),
            _("Open my promises"), "commitments",
        )  # fmt: skip
    return None


def _of_coming(facts: Facts, coming_at: datetime) -> NextStep:
    when = _when(coming_at)
    if coming_at <= facts.now:
        return NextStep(
            _("Record that the meeting was held"),
            _("It was agreed for %(when)s. If it was not held, move it to a new time.") % {"when": when},
            _("Open the meeting"), "meeting",
        )  # fmt: skip
    if facts.confirmed and facts.calls:
        untold = ngettext("%(n)d has not been told it yet.", "%(n)d have not been told it yet.", facts.calls)
        return NextStep(
            _("Tell the place by phone"), untold % {"n": facts.calls},
            _("Record the calls"), "meeting",
        )  # fmt: skip
    if facts.confirmed:
        return NextStep(
            _("The network meets %(when)s") % {"when": when},
            _("Open the logbook at the table. What is written is saved as you type."),
            _("Open the logbook"), "logbook",
        )  # fmt: skip
    return _of_proposed(facts, when)


def _of_proposed(facts: Facts, when: str) -> NextStep:
    if facts.refuses:
        return NextStep(
            _("Move the meeting to another time"),
            _("The meeting needs %(names)s, and this time does not suit.") % {"names": ", ".join(facts.refuses)},
            _("Look at the answers"), "meeting",
        )  # fmt: skip
    if facts.answered >= facts.invited:
        return NextStep(
            _("Confirm %(when)s") % {"when": when}, _("It suits everybody who must attend."), _("Look and confirm"),
            "meeting",
        )  # fmt: skip
    waiting = facts.invited - facts.answered
    text = ngettext(
        "%(answered)d of %(invited)d have answered; %(n)d has not yet. The proposed time is %(when)s.",
        "%(answered)d of %(invited)d have answered; %(n)d have not yet. The proposed time is %(when)s.",
        waiting,
    )
    numbers = {"answered": facts.answered, "invited": facts.invited, "n": waiting, "when": when}
    return NextStep(_("Answers are awaited"), text % numbers, _("Look at the answers"), "meeting")


def _before_a_time(facts: Facts) -> NextStep:
    by = {"date": short_date(facts.plan_by)}
    if facts.status == "new":
        return NextStep(
            _("Gather the network"),
            _("Ask the family whom they want along. The network meets by %(date)s at the latest.") % by,
            _("Gather the network"), "network",
        )  # fmt: skip
    if facts.by_hand:
        return NextStep(
            _("Call the named people"), _("An invitation can't be sent from here. Ask by phone which time suits everybody."),
            _("Propose a time"), "meeting-new",
        )  # fmt: skip
    reason = _("The network meets by %(date)s at the latest. The family's times come first.") % by
    if facts.plan_by < helsinki_date(facts.now):
        reason = _("The agreed day %(date)s has passed. Propose the first time that suits the family.") % by
    return NextStep(_("Propose a time"), reason, _("Propose a time"), "meeting-new")


def _of_follow_up(facts: Facts) -> NextStep:
    if facts.overdue_promises:
        text = ngettext(
            "The day of %(n)d promise has passed without a word of how it went.",
            "The day of %(n)d promises has passed without a word of how they went.",
            facts.overdue_promises,
        )
        return NextStep(
            _("Ask how the promises went"), text % {"n": facts.overdue_promises}, _("Open the promises"), "commitments"
        )
    if facts.ends_here and not facts.open_promises:
        return NextStep(
            _("Ask the family whether this can end"),
            _("The meetings were agreed to end, and every promise has been told of."),
            _("Close the situation"), "closure",
        )  # fmt: skip
    if facts.ends_here:
        return NextStep(
            _("Follow the promises"), _("The meetings were agreed to end, and promises are still open."),
            _("Open the promises"), "commitments",
        )  # fmt: skip
    return NextStep(
        _("Agree on the follow-up meeting"), _("The network sees together how the plan has worked."),
        _("Propose a time"), "meeting-new",
    )  # fmt: skip


def _logbook() -> NextStep:
    return NextStep(
        _("Finish the logbook"),
        _("The meeting was held. The promises come into force when the logbook is read aloud and approved."),
        _("Open the logbook"), "logbook",
    )  # fmt: skip


def _when(moment: datetime) -> str:
    return f"{short_date(helsinki_date(moment))} {at_clock(moment)}"
