"""What is known of background work: each job's last run, deliveries being worked on, dead letters, silences.

Nothing here tells of a family: names of jobs, ids, times and counts. People stand by number and name, without a foreign
key, since this package knows no application.
"""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from yhteiso.lib.ids import uuid7

MOST_TRIES = 5  # a task that has been begun so often without an end is not begun again


class JobRun(models.Model):
    """One row a job, renewed at each run. A run that is killed leaves a start that is later than the last finish."""

    name = models.CharField(primary_key=True, max_length=60)
    every_seconds = models.PositiveIntegerField(null=True)  # null: on request
    last_started_at = models.DateTimeField()
    last_finished_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(null=True)
    last_count = models.IntegerField(null=True)
    failures_in_row = models.PositiveIntegerField(default=0)
    last_failure = models.CharField(max_length=80, blank=True)  # the exception's class, never its words
    runs = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def every(self) -> timedelta | None:
        return None if self.every_seconds is None else timedelta(seconds=self.every_seconds)


class Delivery(models.Model):
    """A task that was handed to a worker and has not ended. Written before the work, so that a killed worker counts."""

    task_id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=120)
    args = models.JSONField(default=list)  # ids only
    tries = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    failure = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["last_at"], name="delivery_by_time")]

    def __str__(self) -> str:
        return f"{self.name} {self.task_id}"


class DeadLetterQuerySet(models.QuerySet["DeadLetter"]):
    def open(self) -> "DeadLetterQuerySet":
        """Those that nobody has handled yet."""
        return self.filter(handled_at=None)


class DeadLetter(models.Model):
    """A task that is not begun any more, until somebody handles it. The same work has one open row at a time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    args = models.JSONField(default=list)
    tries = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    failure = models.CharField(max_length=80)
    handled_at = models.DateTimeField(null=True)
    handled_by_id = models.BigIntegerField(null=True)
    handled_by_name = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)

    objects = DeadLetterQuerySet.as_manager()

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["name", "args"], condition=Q(handled_at=None), name="dead_letter_once"),
            models.CheckConstraint(
                condition=Q(handled_at=None, handled_by_id=None) | Q(handled_at__isnull=False, handled_by_id__isnull=False),
                name="dead_letter_handled_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SilenceQuerySet(models.QuerySet["Silence"]):
    def open(self) -> "SilenceQuerySet":
        """The one that lasts."""
        return self.filter(ended_at=None)


class Silence(models.Model):
    """A time in which the clock ran to no good end for two minutes or more."""

    WORKER, BEAT, WEB, CLOCK = "worker", "beat", "web", "clock"  # who noticed; the clock itself when it was back first

    began_at = models.DateTimeField()  # the last good run before it
    noticed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    noticed_by = models.CharField(max_length=10)
    cause = models.CharField(max_length=300, blank=True)
    cause_at = models.DateTimeField(null=True)
    cause_by_id = models.BigIntegerField(null=True)
    cause_by_name = models.CharField(max_length=120, blank=True)

    objects = SilenceQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ended_at"], nulls_distinct=False, condition=Q(ended_at=None), name="one_silence_lasts"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")), name="silence_ends_after_it_began"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.began_at:%Y-%m-%d %H:%M}"
