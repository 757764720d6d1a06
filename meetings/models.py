"""Meetings of a network, the logbook written there, and the commitments made. Row security in migration 0002."""

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Membership
from networks.models import Unit, User
from yhteiso.lib.ids import new_ref

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class MeetingKind(models.TextChoices):
    NETWORK = "network", _("Network meeting")
    DISCUSSION = "discussion", _("Let's Talk about Children discussion")
    FOLLOW_UP = "follow_up", _("Follow-up meeting")


class MeetingStatus(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    CONFIRMED = "confirmed", _("Confirmed")
    HELD = "held", _("Held")
    MOVED = "moved", _("Moved")
    CANCELLED = "cancelled", _("Cancelled")


MEETING_TRANSITIONS: dict[str, set[str]] = {
    MeetingStatus.PROPOSED: {
        MeetingStatus.CONFIRMED,
        MeetingStatus.HELD,
        MeetingStatus.MOVED,
        MeetingStatus.CANCELLED,
    },
    MeetingStatus.CONFIRMED: {MeetingStatus.HELD, MeetingStatus.MOVED, MeetingStatus.CANCELLED},
    MeetingStatus.HELD: set(),
    MeetingStatus.MOVED: set(),
    MeetingStatus.CANCELLED: set(),
}


class MoveReason(models.TextChoices):
    """Why a meeting was moved. The clock goes on; the reason stands beside the figure (domain 1.4)."""

    NO_COMMON_TIME = "no_common_time", _("No common time")
    SERVICE_ABSENT = "service_absent", _("A service could not come")
    GUARDIAN_NOT_REACHED = "guardian_not_reached", _("A guardian was not reached")
    CONSENT_PENDING = "consent_pending", _("The consent is pending")
    INTERPRETER = "interpreter", _("No interpreter")
    FAMILY_LATER = "family_later", _("The family asked for a later time")
    ILLNESS = "illness", _("Illness")
    MISTAKE = "mistake", _("A typing mistake")


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def visible_to(self, user: User) -> "MeetingQuerySet":
        return self.filter(case__in=Case.objects.visible_to(user))

    def coming(self) -> "MeetingQuerySet":
        return self.filter(status__in=[MeetingStatus.PROPOSED, MeetingStatus.CONFIRMED])


class Meeting(models.Model):
    """A meeting of a family's network. Moving one leaves it where it was and makes another that points back at it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="meetings")
    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    kind = models.CharField(max_length=12, choices=MeetingKind, default=MeetingKind.NETWORK)
    status = models.CharField(max_length=10, choices=MeetingStatus, default=MeetingStatus.PROPOSED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=120, blank=True)
    # Somebody's address is protected: nobody's copy of the time has a place, everybody is told it by phone.
    by_phone = models.BooleanField(default=False)
    note_taker = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    # When its two reminders were written: the proof that neither is written twice.
    reminded_at = models.DateTimeField(null=True)
    reminded_morning_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    held_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    moved_from = models.OneToOneField("self", models.PROTECT, null=True, related_name="moved_to")
    move_reason = models.CharField(max_length=24, choices=MoveReason, blank=True)

    objects = MeetingQuerySet.as_manager()

    if TYPE_CHECKING:
        participants: RelatedManager["Participant"]
        commitments: RelatedManager["Commitment"]

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="meeting_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(by_phone=False) | Q(place=""), name="meeting_by_phone_has_no_place"),
            models.CheckConstraint(
                condition=Q(status=MeetingStatus.HELD, began_at__isnull=False, held_by__isnull=False)
                | ~Q(status=MeetingStatus.HELD) & Q(began_at=None, held_by=None),
                name="meeting_held_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status=MeetingStatus.MOVED) & ~Q(move_reason="")
                | ~Q(status=MeetingStatus.MOVED) & Q(move_reason=""),
                name="meeting_moved_for_a_reason",
            ),
            # One first meeting is agreed on at a time; two coordinators can't propose two at once.
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(status__in=["proposed", "confirmed"]),
                name="meeting_one_coming_per_case",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "starts_at"], name="meeting_by_case"),
            models.Index(fields=["starts_at"], condition=Q(status="confirmed"), name="meeting_to_remind_of"),
        ]

    def __str__(self) -> str:
        return self.ref

    def blocker(self, to: str) -> str | None:
        """Why the meeting may not become this now: a sentence for the user, or None."""
        if to not in MEETING_TRANSITIONS[self.status]:
            return str(_("This meeting has already been held or moved."))
        return None


class Answer(models.TextChoices):
    NONE = "none", _("No answer yet")
    YES = "yes", _("Yes")
    IF_NEEDED = "if_needed", _("If need be")
    NO = "no", _("No")


class Participant(models.Model):
    """A member of the network invited to a meeting: the answer, and whether they came."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="participants")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="invitations")
    answer = models.CharField(max_length=10, choices=Answer, default=Answer.NONE)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    present = models.BooleanField(null=True)
    # Where the place is told by phone: when this person was told it, and by whom.
    place_told_at = models.DateTimeField(null=True)
    place_told_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "membership"], name="participant_once_per_meeting"),
            models.CheckConstraint(
                condition=Q(answer=Answer.NONE, answered_at=None) | ~Q(answer=Answer.NONE) & Q(answered_at__isnull=False),
                name="participant_answer_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(place_told_at=None, place_told_by=None)
                | Q(place_told_at__isnull=False, place_told_by__isnull=False),
                name="participant_place_told_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}:{self.membership_id}"


class Environment(models.TextChoices):
    """Where a child lives the day (kehitysympäristö)."""

    HOME = "home", _("Home")
    DAY_CARE = "day_care", _("Day care")
    SCHOOL = "school", _("School")
    LEISURE = "leisure", _("Leisure time")


class LogbookTemplate(models.Model):
    """Themes in our own words for an age band. Never edited after first use: a new version stands beside."""

    age_band = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=2, default="fi")
    version = models.PositiveSmallIntegerField(default=1)

    if TYPE_CHECKING:
        themes: RelatedManager["Theme"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["age_band", "language", "version"], name="template_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Theme(models.Model):
    """One theme of everyday life in one environment."""

    template = models.ForeignKey(LogbookTemplate, models.CASCADE, related_name="themes")
    environment = models.CharField(max_length=10, choices=Environment)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80)
    hint = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["template", "position"], name="theme_position_once")]

    def __str__(self) -> str:
        return self.title


class ChildHeard(models.TextChoices):
    """How the child's view was found out, whatever the age (LsL 20 §, hallintolaki 34 §)."""

    PRESENT = "present", _("Present")
    BEFORE = "before", _("Before the meeting")
    NOT_ASKED = "not_asked", _("Not asked")


class Logbook(models.Model):
    """What was talked about in one meeting. Read by those who were invited to it and the coordinator."""

    meeting = models.OneToOneField(Meeting, models.CASCADE, related_name="logbook")
    case = models.ForeignKey(Case, models.CASCADE, related_name="logbooks")
    template = models.ForeignKey(LogbookTemplate, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    child_heard = models.CharField(max_length=10, choices=ChildHeard, blank=True)
    child_words = models.TextField(max_length=1000, blank=True)
    next_on = models.DateField(null=True)
    ends_here = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=0)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    if TYPE_CHECKING:
        entries: RelatedManager["LogbookEntry"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_at=None, approved_by=None) | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="logbook_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_at=None) | ~Q(child_heard=""), name="logbook_approved_has_heard_the_child"
            ),
            models.CheckConstraint(
                condition=~Q(child_heard="not_asked") | Q(approved_at=None) | ~Q(child_words=""),
                name="logbook_not_asked_tells_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}"


class Mark(models.TextChoices):
    """How a theme was weighed. Strengths stand first. Empty: something was written, and no mark has been chosen yet."""

    STRENGTH = "strength", _("Strength")
    VULNERABILITY = "vulnerability", _("Vulnerability")
    BOTH = "both", _("Both")
    NOT_DISCUSSED = "not_discussed", _("Not discussed")


class LogbookEntry(models.Model):
    """What was said of one theme. `version` grows with each save; a save against an older one is not accepted."""

    logbook = models.ForeignKey(Logbook, models.CASCADE, related_name="entries")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    theme = models.ForeignKey(Theme, models.PROTECT, related_name="+")
    mark = models.CharField(max_length=14, choices=Mark, blank=True)
    note = models.TextField(max_length=500, blank=True)
    said_by = models.CharField(max_length=120, blank=True)
    carry_to_plan = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["theme__position"]
        constraints = [models.UniqueConstraint(fields=["logbook", "theme"], name="entry_once_per_theme")]

    def __str__(self) -> str:
        return f"{self.logbook_id}:{self.theme_id}"


class EntryVersion(models.Model):
    """Every version that an entry has had. Append-only: what was typed at the table is never lost."""

    entry = models.ForeignKey(LogbookEntry, models.CASCADE, related_name="versions")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    mark = models.CharField(max_length=14, choices=Mark, blank=True)
    note = models.TextField(max_length=500, blank=True)
    said_by = models.CharField(max_length=120, blank=True)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["entry", "version"], name="entry_version_once")]

    def __str__(self) -> str:
        return f"{self.entry_id}:{self.version}"


class CommitmentKind(models.TextChoices):
    """A professional's promise, the family's own deed, the child's own goal: equal in rank."""

    PROMISE = "promise", _("Promise")
    FAMILY_DEED = "family_deed", _("The family's own deed")
    CHILD_GOAL = "child_goal", _("The child's own goal")


class CommitmentStatus(models.TextChoices):
    OPEN = "open", _("Agreed")
    KEPT = "kept", _("Kept")
    PARTLY = "partly", _("Partly")
    NOT_KEPT = "not_kept", _("Not kept")
    LAPSED = "lapsed", _("Ended with the situation")


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def visible_to(self, user: User) -> "CommitmentQuerySet":
        """Those of the cases that the person may see."""
        return self.filter(case__in=Case.objects.visible_to(user))

    def owned_by(self, user: User) -> "CommitmentQuerySet":
        return self.filter(owner_id=user.pk)

    def open(self) -> "CommitmentQuerySet":
        return self.filter(status=CommitmentStatus.OPEN)

    def overdue(self, on: date) -> "CommitmentQuerySet":
        return self.open().filter(due_on__lt=on)

    def agreed(self) -> "CommitmentQuerySet":
        """Those of approved logbooks: what is still being written at the table is not yet a promise to anybody."""
        return self.filter(agreed_at__isnull=False)


class Commitment(models.Model):
    """One row of the plan: what, who, by when. A promise belongs to a person and to a unit."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="commitments")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="commitments")
    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    kind = models.CharField(max_length=12, choices=CommitmentKind, default=CommitmentKind.PROMISE)
    what = models.CharField(max_length=300)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="commitments")
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField()
    form_key = models.UUIDField(editable=False)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=CommitmentStatus, default=CommitmentStatus.OPEN)
    note = models.CharField(max_length=300, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Told by its owner through a signed link: nobody with an account marked it.
    by_link = models.BooleanField(default=False, db_default=False)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="promise") | Q(owner__isnull=False, unit__isnull=False), name="promise_has_person_and_unit"
            ),
            models.CheckConstraint(
                condition=Q(status="open", resolved_at=None, resolved_by=None, by_link=False)
                | ~Q(status="open")
                & Q(resolved_at__isnull=False)
                & (Q(resolved_by__isnull=False, by_link=False) | Q(resolved_by=None, by_link=True)),
                name="commitment_resolved_by_somebody",
            ),
            models.UniqueConstraint(fields=["meeting", "form_key"], name="commitment_written_once"),
        ]
        indexes = [
            models.Index(fields=["owner", "due_on"], name="commitment_by_owner"),
            models.Index(fields=["case", "due_on"], name="commitment_by_case"),
        ]

    def __str__(self) -> str:
        return self.ref
