"""A situation in a few words, for the board and the list: many at once, in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.actions.pause import overlapping
from cases.deadlines import KINDS
from cases.kinds import MEETING
from cases.ladder_shown import day_of, next_days
from cases.models import Case, ConsentState, Escalation, Pause, PersonKind, Status, public_name
from meetings.models import Commitment, CommitmentStatus, Meeting, MeetingStatus
from yhteiso.lib.dates import Clock, Dot, at_clock, dots, helsinki_date, short_date

STATUS_LOOKS = {
    Status.NEW: ("", "plus"),
    Status.GATHERING: ("", "people"),
    Status.SCHEDULING: ("yellow", "clock"),
    Status.AGREED: ("green", "cal"),
    Status.FOLLOW_UP: ("purple", "half"),
    Status.CLOSED: ("grey", "check"),
}


@dataclass
class Card:
    """One case with what its card shows. `coming` is a meeting with `invited` and `answered`; `promises` has total, kept
    and overdue.
    """

    case: Case
    today: date
    coming: Any = None
    promises: dict[str, Any] = field(default_factory=dict)
    escalations: list[Escalation] = field(default_factory=list)
    next_day: str = ""
    paused: bool = False

    @property
    def title(self) -> str:
        return self.case.label

    @property
    def responsible(self) -> str:
        return public_name(self.case.coordinator)

    @cached_property
    def clock(self) -> Clock:
        return self.case.clock(self.today)

    @property
    def waiting(self) -> bool:
        """Whether the first meeting is still ahead."""
        return self.case.first_met_at is None and self.case.status != Status.CLOSED

    @property
    def late(self) -> bool:
        return self.waiting and self.clock.state == "over"

    @property
    def near(self) -> bool:
        return self.waiting and self.clock.state == "near"

    @property
    def awaits_answers(self) -> bool:
        coming = self.coming
        return bool(coming and coming.status == MeetingStatus.PROPOSED and coming.answered < coming.invited)

    @property
    def awaits_consent(self) -> bool:
        return self.case.consent != ConsentState.ORAL

    @property
    def dots(self) -> list[Dot]:
        meeting = helsinki_date(self.coming.starts_at) if self.coming else None
        met_on = helsinki_date(self.case.first_met_at) if self.case.first_met_at else None
        return dots(helsinki_date(self.case.t0_at), self.today, meeting, met_on)

    @property
    def when(self) -> str:
        """The coming meeting: day, time and place."""
        if not self.coming or not self.case.child_shown:
            return ""
        text = f"{short_date(helsinki_date(self.coming.starts_at))} {at_clock(self.coming.starts_at)}"
        place = "" if self.case.protected or self.coming.by_phone else self.coming.place
        return f"{text} · {place}" if place else text

    @property
    def meta(self) -> str:
        """What is known of the next step, in one line."""
        if self.case.status == Status.FOLLOW_UP:
            return self._kept or _("No promises yet")
        if self.coming and self.coming.status == MeetingStatus.PROPOSED:
            numbers = {"answered": self.coming.answered, "invited": self.coming.invited}
            return f"{self.when} · " + _("%(answered)d/%(invited)d answered") % numbers
        if self.coming:
            return self.when
        if self.case.protected:
            return _("Unit masked")
        return self.case.caller_label

    @property
    def _kept(self) -> str:
        if not self.promises:
            return ""
        total, overdue = self.promises["total"], self.promises["overdue"]
        text = ngettext("%(kept)d of %(total)d promise kept", "%(kept)d of %(total)d promises kept", total)
        text %= self.promises
        late = ngettext("%(n)d past its day", "%(n)d past their day", overdue) % {"n": overdue}
        return f"{text} · {late}" if overdue else text

    @property
    def tags(self) -> list[tuple[str, str, str]]:
        rows = []
        if self.case.protected:
            rows.append((_("Protected address"), "purple", "lock"))
        if self.case.consent == ConsentState.WAITING:
            rows.append((_("Waits for the other guardian"), "yellow", "clock"))
        elif self.awaits_consent:
            rows.append((_("Consent not asked"), "grey", "ask"))
        if self.paused:
            rows.append((_("A reason for the delay is recorded"), "grey", "pause"))
        return rows

    @property
    def told(self) -> str:
        """What was told last of this situation, when, and whether anybody has taken it in."""
        if not self.escalations:
            return ""
        last = max(self.escalations, key=lambda row: (row.raised_at, row.step))
        if last.kind == MEETING:
            what = _("day %(step)d") % {"step": day_of(self.case, last.due_at)}
        else:
            what = str(KINDS[last.kind].label).lower() if last.kind in KINDS else ""
        at = {"day": short_date(helsinki_date(last.raised_at)), "clock": at_clock(last.raised_at), "what": what}
        if any(row.seen_at is None and not row.was_read for row in self.escalations):
            return _("Told %(day)s %(clock)s (%(what)s), nobody has marked it as seen yet") % at
        return _("Told %(day)s %(clock)s (%(what)s)") % at

    @property
    def status_tag(self) -> tuple[str, str, str]:
        if not self.case.child_shown:
            return _("Waits for the family's consent"), "grey", "lock"
        tone, icon = STATUS_LOOKS[Status(self.case.status)]
        return str(self.case.get_status_display()), tone, icon


def make_cards(cases: Sequence[Case], today: date, *, escalations: bool, now: datetime | None = None) -> list[Card]:
    """A card for each case, in the same order. Two queries, four with the ladder's steps (coordinators only)."""
    cards = {case.pk: Card(case, today) for case in cases}
    for meeting in coming_meetings(list(cards)):
        cards[meeting.case_id].coming = meeting
    for row in _promises(list(cards), today):
        cards[row["case_id"]].promises = row
    if escalations:
        for step in Escalation.objects.filter(case_id__in=cards).with_readers():
            cards[step.case_id or 0].escalations.append(step)
        for pk in (
            Pause.objects.filter(overlapping(today, today), case_id__in=cards).order_by().values_list("case_id", flat=True)
        ):
            cards[pk].paused = True
    if now is not None:
        for pk, text in next_days(cases, now).items():
            cards[pk].next_day = text
    return list(cards.values())


def coming_meetings(case_ids: list[int]) -> Any:
    """The meeting that each case is agreeing on or has agreed, with `invited` and `answered`."""
    # The child is in the network, and is heard there; nobody asks the child whether a time suits.
    here = Q(participants__membership__ended_at=None) & ~Q(participants__membership__person__kind=PersonKind.CHILD)
    return Meeting.objects.coming().filter(case_id__in=case_ids).annotate(
        invited=Count("participants", filter=here),
        answered=Count("participants", filter=here & ~Q(participants__answer="none")),
    )  # fmt: skip


def _promises(case_ids: list[int], today: date) -> Any:
    is_open = Q(status=CommitmentStatus.OPEN)
    return Commitment.objects.agreed().filter(case_id__in=case_ids).values("case_id").order_by().annotate(
        total=Count("pk"),
        kept=Count("pk", filter=Q(status=CommitmentStatus.KEPT)),
        overdue=Count("pk", filter=is_open & Q(due_on__lt=today)),
    )  # fmt: skip
