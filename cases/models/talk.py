"""That a worry was raised with a family after an anonymous consultation: who talked, when, and what the family said."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.intake import Concern
from networks.models import User
from yhteiso.lib.dates import short_date
from yhteiso.lib.ids import uuid7


class TalkedBy(models.TextChoices):
    """Who talked with the family. No names: the consultation stays without personal data."""

    SELF = "self", _("I talked myself")
    COLLEAGUE = "colleague", _("A colleague of mine")
    OTHER = "other", _("Somebody else who works with the family")


class FamilySaid(models.TextChoices):
    """What the family answered."""

    YES = "yes", _("Yes, the family wants help together")
    THINKING = "thinking", _("The family is thinking")
    NO = "no", _("The family does not want it")


class FamilyTalk(models.Model):
    """One talk with the family, as the writer of a consultation has recorded it. Append-only; a new talk is a new row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    concern = models.ForeignKey(Concern, models.CASCADE, related_name="talks")
    talked_by = models.CharField(max_length=10, choices=TalkedBy)
    talked_on = models.DateField()
    said = models.CharField(max_length=10, choices=FamilySaid)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["concern", "at"], name="talk_of_concern")]

    def __str__(self) -> str:
        return self.said

    @property
    def told(self) -> str:
        """Who talked, when, and what the family said, in one line."""
        return f"{self.get_talked_by_display()} {short_date(self.talked_on)}: {self.get_said_display()}."
