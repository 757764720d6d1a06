"""How a situation ended, and that it was opened again: each a row that stays, whatever becomes of the situation."""

from django.db import models
from django.db.models import Q

from cases.models.case import Case, CloseReason
from networks.models import User
from yhteiso.lib.ids import uuid7


class Closing(models.Model):
    """One ending: when, by whom, why, and the family's own view in a line, with who told it. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="closings")
    reason = models.CharField(max_length=20, choices=CloseReason)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # The family's own words, and who told them. No reason is asked from a family that wants to stop: these may be empty.
    words = models.CharField(max_length=300, blank=True)
    told_by = models.CharField(max_length=60, blank=True)
    told_on = models.DateField(null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(words="") | ~Q(told_by=""), name="closing_words_have_a_teller"),
            models.CheckConstraint(
                condition=~Q(reason=CloseReason.FAMILY_STOPPED) | ~Q(told_by="") & Q(told_on__isnull=False),
                name="closing_by_the_family_was_told",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class Reopening(models.Model):
    """A closed situation goes on: one a closing, with the reason. Append-only. The first outcome of the two weeks stays."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="reopenings")
    closing = models.OneToOneField(Closing, models.CASCADE, related_name="reopening")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    # Who led when it was closed: the lead is whoever opens it again.
    led_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="reopening_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.closing_id}"
