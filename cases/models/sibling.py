"""Siblings: which situations belong to one family. No hat reads these rows (migration 0053)."""

from django.db import connection, models

from cases.models.case import Case, CaseHeading


class Sibling(models.Model):
    """This child's situation is one of a family's: the same `family` binds them, and tells nothing else."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="+")
    family = models.UUIDField(db_index=True)

    def __str__(self) -> str:
        return f"{self.family}"


def siblings_of(case: Case) -> list[Case]:
    """The other children's situations of this family that this reader may open, for links: unsaved rows with a label.

    One question. Whoever sees only this one learns of no other, and of a member's siblings both families' yes is needed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ref, child_name, child_age, protected, closed FROM sec.siblings(%s)", [case.pk])
        rows = cursor.fetchall()
    found = []
    for pk, ref, name, age, protected, closed in rows:
        row = Case(pk=pk, ref=ref, protected=protected, status="closed" if closed else "new")
        row.heading = CaseHeading(case=row, child_name=name, child_age=age)
        row.child_shown = True
        found.append(row)
    return found
