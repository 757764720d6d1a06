"""What waits in the demonstration: an exceptional opening to review, a situation offered, people away, a few tasks."""

from datetime import datetime, timedelta

from cases.actions.standing import open_exceptionally, propose_hand_over
from cases.actions.task import open_task
from cases.models import Case, PersonContact, PersonKind, TaskKind
from cases.sections import EXCEPTIONAL
from networks.actions import absence
from networks.models import User
from yhteiso.demo.people import Cast
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date

CHILD, OFFERED, WITHDRAWN = "Lumi", "Martta", "Eevi"


def load(cast: Cast, *, now: datetime) -> None:
    """The same deeds that the pages do, in the hats in which they are done."""
    _opening(cast, now)
    _offer(cast, now)
    _absences(cast, now)
    case = Case.objects.get(area=cast.area, heading__child_name=WITHDRAWN)
    open_task(
        kind=TaskKind.CONSENT_EXPIRES,
        case=case,
        to=case.coordinator_id,
        due_at=now + timedelta(days=9),
        now=now,
        about="demo",
    )
    open_task(
        kind=TaskKind.CONSENT_PAPER, case=case, to=case.coordinator_id, due_at=now - timedelta(days=2), now=now, about="demo"
    )


def _opening(cast: Cast, now: datetime) -> None:
    """A neighbouring day care centre could not reach anybody: opened two hours ago, and still open."""
    case, at = Case.objects.get(area=cast.area, heading__child_name=CHILD), now - timedelta(hours=2)
    born_on = helsinki_date(case.t0_at).replace(year=case.t0_at.year - 7, month=1, day=14)
    PersonContact.objects.filter(person__case=case, person__kind=PersonKind.CHILD).update(born_on=born_on)
    PersonContact.objects.filter(person__case=case, person__kind=PersonKind.GUARDIAN).update(phone="040 000 0177")
    elsa = User.people.select_related("unit").get(pk=cast.people["Elsa"].pk)
    with wearing("member", elsa.pk):
        open_exceptionally(
            by=elsa, first_name=CHILD, born_on=born_on, reason="danger", sections=EXCEPTIONAL["contact"], called_first=True,
            grounds="Lapsi jäi pihalle yksin, eikä kukaan tullut hakemaan. Tarvitsen tiedon, kenelle soittaa.", now=at,
        )  # fmt: skip


def _absences(cast: Cast, now: datetime) -> None:
    """A coordinator's leave that a colleague has promised to cover, a nurse away today, and a request still open."""
    today = helsinki_date(now)
    for first, other, begins, days, answered in (
        ("Noora", "Riikka", 14, 25, True), ("Mira", "Antti", 0, 2, True), ("Antti", "Mira", 30, 4, False),
    ):  # fmt: skip
        person, substitute = (User.people.get(pk=cast.people[name].pk) for name in (first, other))
        from_on = today + timedelta(days=begins)
        with wearing(person.hat, person.pk):
            row = absence.announce(
                person=person, by=person, from_on=from_on, until_on=from_on + timedelta(days=days), substitute=substitute,
                now=now,
            )  # fmt: skip
        if answered:
            with wearing(substitute.hat, substitute.pk):
                absence.answer(absence=row, by=substitute, accepts=True, now=now)


def _offer(cast: Cast, now: datetime) -> None:
    """The family has moved, and the situation is offered to the coordinator there."""
    case = Case.objects.select_related("area").get(area=cast.area, heading__child_name=OFFERED)
    noora, teija = (User.people.get(pk=cast.people[name].pk) for name in ("Noora", "Teija"))
    with wearing("area", noora.pk):
        propose_hand_over(
            case=case,
            to=teija,
            reason="Perhe muuttaa teidän alueellenne kuun vaihteessa.",
            by=noora,
            now=now - timedelta(days=1),
        )
