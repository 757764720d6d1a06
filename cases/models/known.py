"""By what a child is found again, and two situations of one child that become one."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from cases.models.case import Case
from cases.models.people import Person


class ChildKey(models.Model):
    """The keys of a child's names (`yhteiso.lib.phonetic`). Written and asked through `sec` only: no hat reads a row.

    The birth date is not here: it stands in PersonContact, whose index by day leaves a few dozen children to compare.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="+")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    given = ArrayField(models.TextField())
    family = ArrayField(models.TextField())

    def __str__(self) -> str:
        return f"{self.person_id}"
