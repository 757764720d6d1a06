"""Facts that wait for a deed, each kind as one question: for comparing them with the deadlines that were written of them.

An app above registers the facts that it knows. A question is set-based, and tells keys and moments only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, CharField, Exists, Expression, F, OuterRef, QuerySet, UUIDField, Value
from django.db.models.functions import Cast

from cases.kinds import CALL, CONCERN, CONSENT, FAMILY_ASKED, GATHERED, HELP_REQUEST, INVITATION, MEETING, REVIEW, SERVICE
from cases.models import (
    Call,
    Case,
    Concern,
    ConsentState,
    Deadline,
    ExceptionalAccess,
    HelpRequest,
    Status,
    UnitInvitation,
)
from networks.models import ServiceEvent


@dataclass(frozen=True, slots=True)
class Fact:
    """What a deadline is written from (`cases.actions.deadline.begin`)."""

    case_id: int | None
    area_id: int
    about: str
    fact_at: datetime
    last_on: date | None
    person_id: int | None
    unit_id: int | None


@dataclass(frozen=True)
class Source:
    """Where the facts of one kind stand. `waiting` are those whose deed is not done. The rest are names of their columns.

    `about`: whether several of one situation can wait, told apart by their key, which is a number or (`by_uuid`) a UUID.
    """

    kind: str
    waiting: Callable[[], QuerySet[Any]]
    fact_at: str
    case: str = ""
    area: str = "area_id"
    about: bool = True
    by_uuid: bool = False
    last_on: str = ""
    person: str = ""
    unit: str = ""
    rounds: bool = False  # it may come to lack again: each time is about another moment

    def of_fact(self, rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
        """Those of these deadlines that are about the outer fact."""
        rows = rows.filter(kind=self.kind)
        if self.about:
            return rows.filter(about=Cast(OuterRef("pk"), CharField()))
        rows = rows.filter(case_id=OuterRef("pk"))
        return rows if self.rounds else rows.filter(about="")

    def lacking(self, rows: QuerySet[Deadline]) -> list[Fact]:
        """The facts about which none of these deadlines is."""
        columns: list[Expression | F] = [
            F(self.case) if self.case else Value(None, output_field=BigIntegerField()),
            F(self.area),
            Cast("pk", CharField()) if self.about else Value(""),
            F(self.fact_at),
            *(
                F(name) if name else Value(None, output_field=BigIntegerField())
                for name in (self.last_on, self.person, self.unit)
            ),
        ]
        found = self.waiting().filter(~Exists(self.of_fact(rows))).order_by("pk").values_list(*columns)
        return [Fact(*row) for row in found]

    def stale(self) -> QuerySet[Deadline]:
        """Steps ahead whose deed is done."""
        ahead = Deadline.objects.open().filter(kind=self.kind)
        key = UUIDField() if self.by_uuid else BigIntegerField()
        mine = Cast(OuterRef("about"), key) if self.about else OuterRef("case_id")
        return ahead.filter(~Exists(self.waiting().order_by().filter(pk=mine)))


SOURCES: dict[str, Source] = {}


def register(*sources: Source) -> None:
    """Make facts known. A kind has one source."""
    for source in sources:
        SOURCES[source.kind] = source


def _without_consent() -> QuerySet[Case]:
    return Case.objects.open().exclude(consent=ConsentState.ORAL)


def register_all() -> None:
    register(
        Source(CONCERN, Concern.objects.waiting, "sent_at", person="logged_by_id", unit="unit_id"),
        Source(FAMILY_ASKED, Concern.objects.unasked, "sent_at", person="logged_by_id", unit="unit_id"),
        Source(HELP_REQUEST, HelpRequest.objects.waiting, "sent_at"),
        Source(CALL, Call.objects.unfinished, "began_at", person="taken_by_id"),
        Source(CONSENT, _without_consent, "opened_at", case="pk", about=False, rounds=True),
        Source(GATHERED, lambda: Case.objects.filter(status=Status.NEW), "t0_at", case="pk", about=False),
        Source(MEETING, Case.objects.waiting_first_meeting, "t0_at", case="pk", about=False),
        Source(INVITATION, UnitInvitation.objects.unanswered, "sent_at", case="case_id", person="user_id", unit="unit_id"),
        Source(
            REVIEW, ExceptionalAccess.objects.waiting, "opened_at", case="case_id", area="case__area_id", by_uuid=True,
            last_on="review_by", person="user_id",
        ),
        Source(
            SERVICE, ServiceEvent.objects.asking, "at", area="service__area_id", by_uuid=True,
            person="service__confirmed_by_id", unit="service__unit_id",
        ),
    )  # fmt: skip
