"""Who stands how to a situation: disqualified, handing it over, let in for a day, and what waits for whom."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.models.people import Membership
from networks.models import Unit, User
from yhteiso.lib.ids import new_ref, uuid7

OPEN_FOR = timedelta(hours=24)  # as sec.open_exceptionally writes it


class RecusalReason(models.TextChoices):
    """Why somebody may not handle this matter (hallintolaki 28 §)."""

    OWN = "own", _("It is about their own family")
    KIN = "kin", _("It is about somebody close to them")
    OTHER = "other", _("Another reason makes trust doubtful")


class Recusal(models.Model):
    """Disqualification (esteellisyys, hallintolaki 27–28 §). Never undone: whoever was wrongly marked is a new decision."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="recusals")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=10, choices=RecusalReason)
    marked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()

    class Meta:
        ordering = ["marked_at"]
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="recused_once")]
        indexes = [models.Index(fields=["user", "case"], name="recusal_by_user")]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.user_id}"


class HandOver(models.Model):
    """The lead of a situation passes to another coordinator: one proposes, another accepts, and the key is swapped."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="hand_overs")
    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    from_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    to_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["proposed_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(from_user=F("to_user")), name="hand_over_to_another"),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | ~Q(accepted_by=F("proposed_by")), name="hand_over_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, ended_at=None),
                name="hand_over_accepted_or_ended",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(accepted_at=None, ended_at=None), name="hand_over_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.ended_at is None


class ExceptionalReason(models.TextChoices):
    DANGER = "danger", _("The child may be in danger, and I need to know at once")
    MEETING = "meeting", _("An agreed meeting begins, and nobody of the network can be reached")
    AUTHORITY = "authority", _("An authority asks by law")
    OTHER = "other", _("Another reason")


class Verdict(models.TextChoices):
    """What a second person found of an exceptional access."""

    JUSTIFIED = "justified", _("There was a reason")
    REMARK = "remark", _("There was a reason, with a remark")
    UNJUSTIFIED = "unjustified", _("There was no sufficient reason")


class ExceptionalAccessQuerySet(models.QuerySet["ExceptionalAccess"]):
    def waiting(self) -> "ExceptionalAccessQuerySet":
        """Those that opened something, and that no second person has looked at."""
        return self.filter(case__isnull=False, verdict="")

    def live(self, user: User, now: datetime) -> "ExceptionalAccessQuerySet":
        """Those by which this person sees something now."""
        return self.filter(
            user_id=user.pk, membership__ended_at=None, membership__expires_at__gt=now, membership__unit_id=user.unit_id
        )


class ExceptionalAccess(models.Model):
    """Exceptional access (hätäkatselu): the reason is written before anything is told, then the door is open for 24 hours.

    `case` is empty when no such child was found, and the attempt stays all the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="exceptional_accesses")
    membership = models.OneToOneField(Membership, models.CASCADE, null=True, related_name="exceptional")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=10, choices=ExceptionalReason)
    grounds = models.CharField(max_length=500)
    sections = ArrayField(models.CharField(max_length=10))
    # What the one who opened says of it: the emergency social services were called first, the superior is told today.
    called_first = models.BooleanField(default=False)
    tells_superior = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    review_by = models.DateField()
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True)
    remark = models.CharField(max_length=500, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    objects = ExceptionalAccessQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("user")), name="exceptional_reviewed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_by=None, reviewed_at=None)
                | ~Q(verdict="") & Q(reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="exceptional_reviewed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def until(self) -> datetime:
        return self.opened_at + OPEN_FOR


class TaskKind(models.TextChoices):
    """What waits for somebody. The words stand in `cases.tasks_told`; none of them names a child."""

    CONSENT_WITHDRAWN = "consent_withdrawn", _("A consent was withdrawn")
    CONSENT_EXPIRES = "consent_expires", _("A consent expires")
    CONSENT_PAPER = "consent_paper", _("A consent waits for its paper")
    HAND_OVER = "hand_over", _("A situation is offered to you")
    HANDED_OVER = "handed_over", _("You answer for a situation now")
    EXCEPTIONAL = "exceptional", _("Somebody opened a situation exceptionally")
    EXCEPTIONAL_REVIEW = "exceptional_review", _("An exceptional access waits for its review")
    RECUSED = "recused", _("Somebody is disqualified")
    SEAT_VACANT = "seat_vacant", _("A member has left the unit")
    SEAT_QUIET = "seat_quiet", _("A member has been a year without contact")
    LEADERLESS = "leaderless", _("Nobody answers for a situation")
    PLACE_BY_PHONE = "place_by_phone", _("Tell the place by phone")
    OTHER_GUARDIAN = "other_guardian", _("Tell the other guardian by hand")
    PROTECTED_LOOK = "protected_look", _("A protected situation was looked for")
    REACH_BY_PHONE = "reach_by_phone", _("Reach by phone")
    ASK_FAMILY = "ask_family", _("Talk with the family")
    JOIN = "join", _("Two situations of one child")
    JOINED = "joined", _("Two situations were joined")
    PRECAUTION = "precaution", _("A sibling's precaution holds here")
    GUEST_LINK = "guest_link", _("Somebody asks for a new link")
    LINK_ENDS = "link_ends", _("A link ends before the meeting")


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> "TaskQuerySet":
        return self.filter(done_at=None)

    def of(self, user: User) -> "TaskQuerySet":
        return self.filter(to_id=user.pk)


class Task(models.Model):
    """Something that waits for a person, in the application. Written in the same transaction as the fact behind it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=TaskKind)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="tasks")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    about = models.CharField(max_length=36, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False), name="task_done_at_a_time"
            ),
            # The same fact opens one task: a second press or a second worker adds nothing.
            models.UniqueConstraint(fields=["kind", "case", "to", "about"], name="task_once"),
        ]
        indexes = [models.Index(fields=["to", "due_at"], condition=Q(done_at=None), name="task_open_by_person")]

    def __str__(self) -> str:
        return f"{self.kind}"


class PrecautionKind(models.TextChoices):
    PROTECTED = "protected", _("Protected")
    LIFTED = "lifted", _("Protection lifted")
    NAMED = "named", _("A person was named")
    UNNAMED = "unnamed", _("A person is no longer named")
    APART = "apart", _("The guardians are met apart")
    TOGETHER = "together", _("The guardians are met together")


class Precaution(models.Model):
    """Why a family was protected, somebody named, the guardians kept apart, or any of these ended. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="precautions")
    kind = models.CharField(max_length=10, choices=PrecautionKind)
    reason = models.CharField(max_length=300)
    membership = models.ForeignKey(Membership, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="precaution_has_a_reason")]

    def __str__(self) -> str:
        return self.kind
