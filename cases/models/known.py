"""By what a child is found again, and two situations of one child that become one."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from cases.models.case import Case
from cases.models.people import Person
from networks.models import Area, User
from yhteiso.lib.ids import new_ref


class ChildKey(models.Model):
    """The keys of a child's names (`yhteiso.lib.phonetic`). Written and asked through `sec` only: no hat reads a row.

    The birth date is not here: it stands in PersonContact, whose index by day leaves a few dozen children to compare.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="+")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    given = ArrayField(models.TextField())
    family = ArrayField(models.TextField())

    class Meta:
        # Where only an age was told: a name leaves fewer children than three years of birth dates.
        indexes = [GinIndex(fields=["given", "family"], name="childkey_by_name")]

    def __str__(self) -> str:
        return f"{self.person_id}"


class CaseJoinQuerySet(models.QuerySet["CaseJoin"]):
    def visible_to(self, user: User) -> "CaseJoinQuerySet":
        """Those with a side that this person sees. None where they are disqualified in the other side, or where that
        is a protected family's that they don't see: the link would tell of it. `sec.join_told` says the same in SQL.
        """
        seen, guarded = Case.objects.visible_to(user), Case.objects.filter(protected=True)
        rows = self.filter(Exists(seen.filter(pk=OuterRef("stays"))) | Exists(seen.filter(pk=OuterRef("closes"))))
        for side in ("stays", "closes"):
            rows = rows.exclude(Exists(Case.objects.filter(pk=OuterRef(side), recusals__user_id=user.pk)))
            rows = rows.exclude(Exists(guarded.filter(pk=OuterRef(side))), ~Exists(seen.filter(pk=OuterRef(side))))
        return rows


class CaseJoin(models.Model):
    """Two open situations of one child become one: one person proposes, another accepts; one stays, the other closes.

    Nothing is moved: each keeps its rows, its two weeks and its log, and this row is the link between them. The areas are
    those of the proposal, so that whoever sees one side only knows whom to call about the other.
    """

    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    stays = models.ForeignKey(Case, models.CASCADE, related_name="joins")
    closes = models.ForeignKey(Case, models.CASCADE, related_name="joined_into")
    stays_area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    closes_area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects = CaseJoinQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(stays=F("closes")), name="join_of_two_situations"),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | ~Q(accepted_by=F("proposed_by")), name="join_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, ended_at=None),
                name="join_accepted_or_ended",
            ),
            models.UniqueConstraint(fields=["closes"], condition=Q(ended_at=None), name="join_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.ended_at is None

    def other(self, case: Case) -> tuple[int, Area]:
        """The other side's key and area."""
        return (self.closes_id, self.closes_area) if self.stays_id == case.pk else (self.stays_id, self.stays_area)
