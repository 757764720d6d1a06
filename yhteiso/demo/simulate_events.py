"""What happens to a family by the way: another lead, somebody disqualified, a start told wrong, a look from outside."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from cases.actions import clock, network, standing
from cases.models import Case, Escalation, Message
from yhteiso.demo import simulate_model as model
from yhteiso.hats.wear import wearing

if TYPE_CHECKING:
    from yhteiso.demo.simulate_family import Family

DAY = timedelta(days=1)


def hand_over(family: "Family", now: datetime) -> None:
    """To a coordinator of the same area, or of another one, who asked for nothing and accepts."""
    lead = family.leads(now)
    if lead is None or family.closed() or family.known is None or lead.known is not family.known.lead:
        return
    place = family.here if family.happens(0.6) else family.dice.choice(family.year.people.places)
    others = [
        one for one in family.year.people.able(place, model.today(now), recused=family.known.recused) if one is not lead
    ]
    if not others:
        return
    other = family.dice.choice(others)
    offer = family.acts(
        lead, standing.propose_hand_over, case=family.case, to=other.row, reason="loma", by=lead.row, now=now
    )
    family.acts(other, standing.accept_hand_over, hand_over=offer, by=other.row, now=now)
    family.known.members -= {lead.known}
    family.known.members |= {other.known}
    family.known.lead, family.known.area = other.known, place.known


def recuse(family: "Family", now: datetime) -> None:
    """Somebody turns out to be close to the family: a member, another coordinator, or who answers for the area."""
    lead = family.leads(now)
    if lead is None or family.closed() or family.known is None:
        return
    some = [
        one
        for one in (*family.here.coordinators, family.here.responsible, *family.here.professionals)
        if one and one is not lead
    ]
    who = family.dice.choice([one for one in some if one.known is not family.known.lead])
    family.acts(lead, standing.recuse, case=family.case, user=who.row, reason="kin", by=lead.row, now=now)
    family.known.recused.add(who.known)
    family.known.members -= {who.known}
    family.known.callers -= {who.known}
    family.look_who_has_answered()


def correct(family: "Family", now: datetime) -> None:
    """The call came earlier than was written; or later, which a second person agrees to."""
    lead, known = family.leads(now), family.known
    others = [one for one in family.year.people.able(family.here, model.today(now)) if one is not lead]
    if lead is None or known is None or family.closed() or not others:
        return
    earlier = family.happens(0.7)
    t0 = (
        known.t0 - timedelta(hours=family.dice.randint(5, 70)) if earlier else min(known.t0 + timedelta(hours=30), now - DAY)
    )
    if t0 == known.t0 or (not earlier and t0 < known.t0):
        return
    settled = hasattr(Case.objects.get(pk=known.pk), "outcome")
    row = family.acts(
        lead, clock.correct_start, case=family.case, new_at=t0, reason="Soitto tuli muulloin.", by=lead.row, now=now
    )
    if not earlier:
        other = next((one for one in others if one.known not in known.recused), None)
        if other is None:
            return
        family.acts(other, clock.accept_correction, correction=row, by=other.row, now=now)
    if not settled:
        known.t0 = t0
        family.year.model.start_again(known, t0)


def look(family: "Family", now: datetime) -> None:
    """Somebody outside opens the situation exceptionally; mostly it is reviewed."""
    known = family.known
    outside = [
        one
        for one in family.place.professionals
        if known and one.known.active and one.known not in known.members | known.recused
    ]
    if known is None or family.closed() or not outside:
        return
    one = family.dice.choice(outside)
    row = family.acts(
        one, standing.open_exceptionally, by=one.row, first_name=family.name, born_on=family.born, reason="danger",
        grounds="Hätä.", sections=["time"], now=now,
    )  # fmt: skip
    if row.case_id is None:
        return
    family.year.model.begin(
        "review", area=known.area, case=known, fact=now, about=str(row.pk), last_on=row.review_by, owner=one.known
    )
    if family.does():
        wait = family.late(0.1)
        family.later(now, 1 + wait, 10 + wait, lambda at: review(family, at, row))


def review(family: "Family", now: datetime, row: Any) -> None:
    lead = family.leads(now)
    if lead:
        family.acts(lead, standing.review_exceptional, access=row, verdict="justified", remark="", by=lead.row, now=now)
        family.year.model.end("review", family.known, str(row.pk))


def lose(family: "Family", now: datetime) -> None:
    """A member leaves the network, perhaps one who has promised something."""
    lead, known = family.leads(now), family.known
    if lead is None or known is None or family.closed():
        return
    seats = (
        family.case.memberships.current().filter(user__isnull=False).exclude(user_id=known.lead.pk) if family.case else []
    )
    if seat := next((row for row in seats if row.role in ("member", "caller")), None):
        family.acts(lead, network.end_membership, case=family.case, membership=seat, reason="muutti", by=lead.row, now=now)
        gone = family.year.people.by_pk[seat.user_id or 0].known
        known.members -= {gone}
        known.callers -= {gone}
        family.look_who_has_answered()


def take(family: "Family", now: datetime) -> None:
    """Whoever was told again and again says that they take care of it."""
    assert family.case
    row = Escalation.objects.filter(case=family.case, kind="meeting", step__gte=14, taken_at=None).order_by("step").last()
    told = Message.objects.filter(case=family.case, what="meeting", step=row.step).order_by("pk").first() if row else None
    if told is None:
        return
    one = family.year.people.by_pk[told.to_id]
    if one.known.active:
        with wearing(one.hat, one.row.pk), connection.cursor() as cursor:
            cursor.execute("SELECT sec.take_step(%s, %s)", [told.pk, now])
            taken = cursor.fetchone()[0]
        if taken:
            assert family.known
            family.year.model.take("meeting", family.known, now)


# How often, and after how many days.
EVENTS = (
    (0.05, 1, 30, hand_over), (0.06, 1, 20, recuse), (0.06, 0, 12, correct), (0.04, 2, 40, look), (0.08, 5, 40, lose),
    (0.15, 14, 30, take),
)  # fmt: skip
