"""The clock: deadlines and what was told of them, corrections of the start, the outcome, pauses, an area's ladder."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from networks.models import Area, Unit, User
from yhteiso.lib.ids import uuid7


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


class DeadlineState(models.TextChoices):
    """What became of one step. Only an open one is ever told; whatever else it became, it never is."""

    OPEN = "open", _("Ahead")
    TOLD = "told", _("Told")
    MERGED = "merged", _("Told as the higher step of the same day")
    QUIET = "quiet", _("Not needed: a meeting was agreed on")
    ENDED = "ended", _("Ended by the deed")


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def open(self) -> "DeadlineQuerySet":
        return self.filter(state=DeadlineState.OPEN)

    def due(self, now: datetime) -> "DeadlineQuerySet":
        """Those whose moment has come, oldest first: read from the partial index alone."""
        return self.open().filter(due_at__lte=now).order_by("due_at", "pk")


class Deadline(models.Model):
    """One step of one deadline: who is told when if the deed has not been done. Written with the fact behind it.

    `fact_at` is when that was, `late_at` the moment from which it is late, `due_at` when this step is told. `about` tells
    which of several it is (a promise's reference). `person` is whoever the deed belongs to, `unit` where it is done.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=24)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="deadlines")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    about = models.CharField(max_length=40, blank=True)
    step = models.PositiveSmallIntegerField()
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    fact_at = models.DateTimeField()
    late_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=DeadlineState, default=DeadlineState.OPEN)
    ended_at = models.DateTimeField(null=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "step"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "about", "step"], name="deadline_step_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(state=DeadlineState.OPEN, ended_at=None)
                | ~Q(state=DeadlineState.OPEN) & Q(ended_at__isnull=False),
                name="deadline_open_or_ended",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("fact_at")), name="deadline_after_its_fact"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state="open"), name="deadline_due"),
            models.Index(fields=["person", "due_at"], condition=Q(state="open"), name="deadline_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.step}"


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def with_readers(self) -> "EscalationQuerySet":
        """With `was_read`: whether somebody to whom it was told has opened the message."""
        read = EscalationTo.objects.filter(escalation=OuterRef("pk"), seen_at__isnull=False)
        return self.annotate(was_read=Exists(read))

    def unread(self) -> "EscalationQuerySet":
        """Those that nobody has marked as seen, and whose message nobody has opened."""
        read = EscalationTo.objects.filter(escalation=OuterRef("pk"), seen_at__isnull=False)
        return self.filter(~Exists(read), seen_at=None)


class Escalation(models.Model):
    """A step that was told. One row a step, written with the messages of it in one transaction, never twice (unique).

    `due_at`: when it was planned. `nobody`: there was nobody to tell, which is itself told higher up. Whoever takes it
    (`taken_by`) gives the repeated last step some days of rest.
    """

    deadline = models.OneToOneField(Deadline, models.CASCADE, null=True, related_name="escalation")
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="escalations")
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=24, default="meeting")
    about = models.CharField(max_length=40, blank=True)
    step = models.PositiveSmallIntegerField()
    late_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    nobody = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Somebody to whom it was told has said that they take care of it: it rests for some days.
    taken_at = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    # The deed was done: whoever was told has nothing left to do.
    settled_at = models.DateTimeField(null=True)

    was_read = False  # set by `with_readers`

    objects = EscalationQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "about", "step"], name="escalation_once_per_step", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by=None) | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="escalation_seen_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(taken_at=None, taken_by=None) | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="escalation_taken_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.step}"


class EscalationTo(models.Model):
    """To whom a step was told, in which role, and in whose stead. `seen_at` follows the message (trigger)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    escalation = models.ForeignKey(Escalation, models.CASCADE, related_name="told")
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+")
    to = models.ForeignKey(User, models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    instead_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["told_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["escalation", "to"], name="escalation_told_once_to_each")]

    def __str__(self) -> str:
        return self.role


class PauseReason(models.TextChoices):
    """Why the two weeks may run out: counted beside the figure. The clock goes on (domain 1.4)."""

    FAMILY_LATER = "family_later", _("The family asked for a later time")
    SCHOOL_HOLIDAY = "school_holiday", _("School holiday")
    GUARDIAN_NOT_REACHED = "guardian_not_reached", _("A guardian was not reached")
    NO_CONSENT = "no_consent", _("No consent")
    CHILD_PROTECTION = "child_protection", _("Moved to child protection or emergency care")
    CALLED_OFF = "called_off", _("Called off")


class Pause(models.Model):
    """A time in which nothing moved, and why. It explains a figure and never stops the clock."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="pauses")
    reason = models.CharField(max_length=24, choices=PauseReason)
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["from_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")), name="pause_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="pause_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class LadderChange(models.Model):
    """A change of one step of an area's ladder, from a day on. The newest one in force counts. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area = models.ForeignKey(Area, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24)
    step = models.PositiveSmallIntegerField()
    day = models.PositiveSmallIntegerField()
    to = ArrayField(models.CharField(max_length=20))
    # Who is told until somebody has taken it, when nobody in the roles of the last step has; empty: those who answer.
    named = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300)
    from_on = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-from_on", "-made_at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="ladder_change_has_a_reason")]
        indexes = [models.Index(fields=["area", "kind", "-from_on"], name="ladder_change_by_area")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.step}"


class LadderApplied(models.Model):
    """That a change of a ladder has come into force, and the steps ahead have been planned anew by it. Once a change."""

    change = models.OneToOneField(LadderChange, models.CASCADE, primary_key=True, related_name="applied")
    applied_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class Difference(models.Model):
    """What the sweeper found amiss, a row a name: how many in its last run, and in how many runs one after another."""

    name = models.CharField(primary_key=True, max_length=40)
    found = models.PositiveIntegerField()
    mended = models.PositiveIntegerField()
    runs = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
