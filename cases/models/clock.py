"""What the two weeks leave behind: corrections of their start, their outcome, and the steps of the ladder."""

from django.db import models
from django.db.models import F, Q

from cases.models.case import Case
from networks.models import User


class StartCorrectionQuerySet(models.QuerySet["StartCorrection"]):
    def pending(self) -> "StartCorrectionQuerySet":
        """Those to a later time that nobody has agreed to, declined or withdrawn."""
        return self.filter(new_at__gt=F("old_at"), accepted_at=None, applied_at=None, declined_at=None)


class StartCorrection(models.Model):
    """A correction of T0. To an earlier time at once; to a later one only after a second person has agreed.

    Its proposer may withdraw it and another may decline it (`declined_by` tells which). After the outcome is written
    the row still tells what was found out, but changes nothing (`applied_at` empty).
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="start_corrections")
    old_at = models.DateTimeField()
    new_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    declined_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    declined_at = models.DateTimeField(null=True)

    objects = StartCorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_by=None) | ~Q(accepted_by=F("proposed_by")), name="correction_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None) | Q(new_at__lte=F("old_at")) | Q(accepted_by__isnull=False),
                name="correction_later_needs_two",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="correction_has_a_reason"),
            models.CheckConstraint(
                condition=Q(declined_at=None, declined_by=None)
                | Q(declined_at__isnull=False, declined_by__isnull=False, accepted_at=None, applied_at=None),
                name="correction_accepted_or_declined",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.pk}"

    @property
    def is_pending(self) -> bool:
        """The same as `pending()`, of a row at hand."""
        return self.new_at > self.old_at and not (self.accepted_at or self.applied_at or self.declined_at)


class TwoWeekOutcome(models.Model):
    """Whether the promise was kept. Written once, never changed (trigger): not by a correction, not by a late meeting."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="outcome")
    met = models.BooleanField()
    day_number = models.PositiveSmallIntegerField(null=True)
    day14_on = models.DateField()
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(met=True, day_number__lte=14) | Q(met=False, day_number=None), name="outcome_agrees_with_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.met}"


class Escalation(models.Model):
    """One step of the ladder of one case. The unique pair is the proof that it was written once."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="escalations")
    step = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "step"], name="escalation_once_per_step"),
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by=None) | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="escalation_seen_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.step}"
