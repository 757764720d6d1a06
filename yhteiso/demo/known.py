"""A child of the demonstration who has been here before: what call mode then tells the coordinator."""

from datetime import date, datetime

from cases.actions.known import index_child
from cases.models import Case, CaseHeading, PersonContact, PersonKind, Status
from yhteiso.demo.people import Cast

CHILD, FAMILY = "Vilja", "Lehtoharju"


def load(cast: Cast, *, now: datetime) -> None:
    """Vilja's birth date is known, and the situation that closed first of all was hers."""
    case = Case.objects.exclude(status=Status.CLOSED).get(area=cast.area, heading__child_name=CHILD)
    born_on = date(now.year - 6, 2, 3)
    PersonContact.objects.filter(person__case=case, person__kind=PersonKind.CHILD).update(born_on=born_on)
    past = Case.objects.filter(area=cast.area, status=Status.CLOSED).order_by("closed_at", "pk")[0]
    child = past.persons.get(kind=PersonKind.CHILD)
    child.name, child.family_name = CHILD, FAMILY
    child.save(update_fields=["name", "family_name"])
    PersonContact.objects.update_or_create(person=child, defaults={"case": past, "born_on": born_on})
    CaseHeading.objects.filter(case=past).update(child_name=CHILD, child_age=max(0, past.t0_at.year - born_on.year))
    index_child(child)
