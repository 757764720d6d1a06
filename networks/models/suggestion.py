"""What an area has decided together: rules that suggest services, and who usually come. Reference data; no family here."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from networks.models.people import User
from networks.models.places import Area, Sector, Unit
from networks.models.service import Level, Need, Service


class AgeBand(models.TextChoices):
    """By age a child has other places in everyday life, and so another usual set."""

    UNDER_SCHOOL = "under_school", _("Under school age (0–5)")
    PRESCHOOL = "preschool", _("Preschool age (6)")
    PRIMARY = "primary", _("Primary school (7–12)")
    SECONDARY = "secondary", _("Secondary school (13–15)")
    YOUTH = "youth", _("Young person (16–17)")


BANDS = {
    AgeBand.UNDER_SCHOOL: (0, 5), AgeBand.PRESCHOOL: (6, 6), AgeBand.PRIMARY: (7, 12), AgeBand.SECONDARY: (13, 15),
    AgeBand.YOUTH: (16, 29),
}  # fmt: skip


def band_of(age: int) -> AgeBand:
    return next(band for band, (low, high) in BANDS.items() if low <= age <= high)


class Season(models.TextChoices):
    """The time of year of a rule, with its days in its name, so that everybody reads the same."""

    SUMMER = "summer", _("Summer holiday (1 June – 15 August)")
    CHRISTMAS = "christmas", _("Christmas holiday (20 December – 7 January)")
    TERM = "term", _("School term (16 August – 31 May)")


class SuggestionRule(models.Model):
    """One rule of an area: where all of its conditions hold, it suggests one service, or those for a need or of a level.

    Its number stays: a page prints it as the reason. A rule is taken out of use, never deleted.
    """

    area = models.ForeignKey(Area, models.CASCADE, related_name="suggestion_rules")
    number = models.PositiveSmallIntegerField()
    age_from = models.PositiveSmallIntegerField(default=0)
    age_to = models.PositiveSmallIntegerField(default=17)
    # Any of these; none means whatever the needs.
    needs = ArrayField(models.CharField(max_length=20, choices=Need), default=list)
    one_adult = models.BooleanField(default=False)
    children_from = models.PositiveSmallIntegerField(default=1)
    caller_sector = models.CharField(max_length=20, choices=Sector, blank=True)
    season = models.CharField(max_length=10, choices=Season, blank=True)
    service = models.ForeignKey(Service, models.CASCADE, null=True, related_name="+")
    suggest_need = models.CharField(max_length=20, choices=Need, blank=True)
    suggest_level = models.CharField(max_length=12, choices=Level, blank=True)
    sentence = models.CharField(max_length=200)
    active = models.BooleanField(default=True)
    decided_on = models.DateField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["area", "number"], name="rule_number_once_in_area"),
            models.CheckConstraint(condition=Q(age_from__lte=F("age_to")), name="rule_ages_in_order"),
            models.CheckConstraint(condition=~Q(sentence=""), name="rule_tells_its_reason"),
            models.CheckConstraint(condition=Q(needs__contained_by=sorted(Need.values)), name="rule_of_known_needs"),
            models.CheckConstraint(
                condition=Q(service__isnull=False, suggest_need="", suggest_level="")
                | Q(service=None) & (~Q(suggest_need="") | ~Q(suggest_level="")),
                name="rule_suggests_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area_id}:{self.number}"


class UsualSet(models.Model):
    """One line of who usually come to the network of a child of this age here: a service, or a unit."""

    area = models.ForeignKey(Area, models.CASCADE, related_name="usual_set")
    band = models.CharField(max_length=12, choices=AgeBand)
    label = models.CharField(max_length=80)
    service = models.ForeignKey(Service, models.CASCADE, null=True, related_name="+")
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, related_name="+")
    decided_on = models.DateField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["band", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(service__isnull=False, unit=None) | Q(service=None, unit__isnull=False),
                name="usual_is_a_service_or_a_unit",
            ),
            models.UniqueConstraint(
                fields=["area", "band", "service", "unit"], nulls_distinct=False, name="usual_once_in_band"
            ),
        ]

    def __str__(self) -> str:
        return self.label
