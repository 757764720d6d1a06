"""One network, three children: the siblings of the child of whom somebody called today."""

from datetime import datetime, timedelta

from cases.actions.sibling import Child, add_sibling
from cases.models import Case
from networks.models import User
from yhteiso.demo.people import Cast
from yhteiso.hats.wear import wearing

CHILD, SIBLINGS = "Vilja", (Child("Alli", "Lehtoharju", 9), Child("Eino", "Lehtoharju", 3))


def load(cast: Cast, *, now: datetime) -> None:
    """The same deeds that the pages do."""
    case = Case.objects.open().get(area=cast.area, heading__child_name=CHILD)
    lead = User.people.get(pk=case.coordinator_id)
    with wearing("area", lead.pk):
        along = list(case.memberships.current().filter(user__isnull=False).values_list("pk", flat=True))
        for child in SIBLINGS:
            add_sibling(case=case, child=child, along=along, by=lead, now=now - timedelta(minutes=10))
