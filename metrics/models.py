"""Frozen months. Raw rows are the jobs' own; leadership reads published ones, where small counts are already hidden."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from networks.models import Area


class Metric(models.TextChoices):
    """What is counted (domain 2.5). The definition is the docstring of the figure's function."""

    CONTACTS = "contacts", _("Contacts")
    TWO_WEEKS = "two_weeks", _("The two-week promise")
    DELAYS = "delays", _("Reasons for delays")
    LEAD_TIME = "lead_time", _("Lead time")
    PROMISES_KEPT = "promises_kept", _("Promises kept in time")


class FrozenMonth(models.Model):
    """An area's month, closed once. A new definition version stands beside the old; nothing is recomputed in place."""

    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    month = models.DateField()
    definition_version = models.PositiveSmallIntegerField()
    frozen_at = models.DateTimeField()

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["area", "month", "definition_version"], name="month_frozen_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_is_its_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.month:%Y-%m}"


class RawFigure(models.Model):
    """A count as it was: for the jobs and a later definition only. No web hat may read it."""

    frozen = models.ForeignKey(FrozenMonth, models.CASCADE, related_name="raw")
    metric = models.CharField(max_length=20, choices=Metric)
    part = models.CharField(max_length=30, blank=True)
    count = models.PositiveIntegerField()
    total = models.PositiveIntegerField(null=True)
    value = models.DecimalField(max_digits=6, decimal_places=1, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["frozen", "metric", "part"], name="raw_figure_once")]

    def __str__(self) -> str:
        return f"{self.metric} {self.part}"


class Hidden(models.TextChoices):
    NO = "", _("shown")
    SMALL = "small", _("under 5")
    COMPLEMENT = "complement", _("not shown")


class PublishedFigure(models.Model):
    """A count as leadership sees it. A hidden one carries no number at all, so that there is nothing to leak."""

    frozen = models.ForeignKey(FrozenMonth, models.CASCADE, related_name="published")
    metric = models.CharField(max_length=20, choices=Metric)
    part = models.CharField(max_length=30, blank=True)
    count = models.PositiveIntegerField(null=True)
    total = models.PositiveIntegerField(null=True)
    value = models.DecimalField(max_digits=6, decimal_places=1, null=True)
    hidden = models.CharField(max_length=12, choices=Hidden, blank=True, default=Hidden.NO)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["frozen", "metric", "part"], name="published_figure_once"),
            models.CheckConstraint(
                condition=Q(hidden="") | Q(count=None, total=None, value=None), name="hidden_figure_has_no_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.part}"
