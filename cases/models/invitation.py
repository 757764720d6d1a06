"""Inviting a unit into a network: the unit is bound, a named person answers. And what of a situation its rules ask."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from networks.models import Area, Service, Unit, User
from yhteiso.lib.ids import new_ref


class InvitationState(models.TextChoices):
    """Where an invitation stands. It has not left before the family has been asked."""

    ASKED_FAMILY = "asked_family", _("The family is asked first")
    SENT = "sent", _("Has not answered yet")
    ACCEPTED = "accepted", _("Accepted the invitation")
    DECLINED = "declined", _("Declined the invitation")
    SUBSTITUTED = "substituted", _("Passed on to a substitute")
    CANCELLED = "cancelled", _("Invitation cancelled")


OPEN_STATES = (InvitationState.ASKED_FAMILY, InvitationState.SENT)
ANSWERED = (InvitationState.ACCEPTED, InvitationState.DECLINED, InvitationState.SUBSTITUTED)


class DeclineReason(models.TextChoices):
    """Why the unit does not come, as a kind; the own words stand beside it."""

    NO_TIME = "no_time", _("No free time")
    NOT_OURS = "not_ours", _("Not our service")
    CONSULT = "consult", _("We can be consulted, but do not come to the meeting")
    NOT_FIT = "not_fit", _("I can't take part in this, and neither can a substitute")
    OTHER = "other", _("Another reason")


class UnitInvitationQuerySet(models.QuerySet["UnitInvitation"]):
    def open(self) -> "UnitInvitationQuerySet":
        """Those that can still be answered or cancelled."""
        return self.filter(state__in=OPEN_STATES)

    def unanswered(self) -> "UnitInvitationQuerySet":
        """Those that have left and wait for their answer."""
        return self.filter(state=InvitationState.SENT)

    def asked_of(self, user: User) -> "UnitInvitationQuerySet":
        """Those of which this person was asked, as they may read them: without the situation."""
        rows = self.filter(user_id=user.pk, sent_at__isnull=False).select_related("unit__agency", "area", "service")
        return rows.only(*INVITED_READS, "unit__name", "unit__agency__name", "area__name", "area__phone", "service__name")

    def of_units(self, units: Any) -> "UnitInvitationQuerySet":
        """Those of these units, for their heads: without the situation, the reason and anybody's words."""
        return self.filter(unit_id__in=units, sent_at__isnull=False)


# What the named person reads of the own row, and a unit's head of the unit's: not the situation.
INVITED_READS = (
    "id", "ref", "area_id", "unit_id", "service_id", "user_id", "must_attend", "masked", "index_only", "invited_by_id",
    "invited_at", "sent_at", "answer_by", "state", "reason", "words", "can_decide", "answered_at", "substitute_id",
    "cancelled_at",
)  # fmt: skip
HEAD_READS = (
    "id", "area_id", "unit_id", "service_id", "user_id", "sent_at", "answer_by", "state", "answered_at", "substitute_id",
    "cancelled_at",
)  # fmt: skip


class UnitInvitation(models.Model):
    """One unit asked into one network, in the person of somebody who answers for it.

    Before a yes they know who asks, which unit is asked and by when: never the child, the reference, the family or the
    others. A substitute has a row of their own, so that each answers for themself and the way stays readable.
    """

    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="unit_invitations")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    must_attend = models.BooleanField(default=False)
    masked = models.BooleanField(default=False)
    index_only = models.BooleanField(default=False)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    # Empty while the family is asked first.
    sent_at = models.DateTimeField(null=True)
    answer_by = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=InvitationState)
    reason = models.CharField(max_length=12, choices=DeclineReason, blank=True)
    words = models.CharField(max_length=300, blank=True)
    # Whether whoever comes may promise things for the unit ("Voitko päättää palvelusi puolesta?").
    can_decide = models.BooleanField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    substitute = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    instead_of = models.OneToOneField("self", models.CASCADE, null=True, related_name="passed_on")
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = UnitInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "unit", "service"], condition=Q(state__in=OPEN_STATES), nulls_distinct=False,
                name="unit_is_asked_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ANSWERED, answered_at__isnull=False, answered_by__isnull=False)
                | ~Q(state__in=ANSWERED) & Q(answered_at=None, answered_by=None),
                name="invitation_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state=InvitationState.CANCELLED, cancelled_at__isnull=False)
                | ~Q(state=InvitationState.CANCELLED) & Q(cancelled_at=None, cancelled_by=None),
                name="invitation_cancelled_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(state=InvitationState.DECLINED) & ~Q(reason="")
                | ~Q(state=InvitationState.DECLINED) & Q(reason="", words=""),
                name="invitation_declined_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state=InvitationState.ACCEPTED, can_decide__isnull=False)
                | ~Q(state=InvitationState.ACCEPTED) & Q(can_decide=None),
                name="invitation_accepted_with_a_mandate",
            ),
            models.CheckConstraint(
                condition=Q(state=InvitationState.SUBSTITUTED, substitute__isnull=False)
                | ~Q(state=InvitationState.SUBSTITUTED) & Q(substitute=None),
                name="invitation_passed_on_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=False, answer_by__isnull=False)
                | Q(sent_at=None, answer_by=None, state__in=[InvitationState.ASKED_FAMILY, InvitationState.CANCELLED]),
                name="invitation_sent_with_a_day",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["user"], condition=Q(state=InvitationState.SENT), name="invitation_of_person"),
            models.Index(fields=["unit"], condition=Q(state=InvitationState.SENT), name="invitation_of_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class CaseNeeds(models.Model):
    """What the area's rules ask of a situation, as the coordinator has chosen it. Nothing is concluded from any text."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="needs")
    needs = ArrayField(models.CharField(max_length=24), default=list)
    one_adult = models.BooleanField(default=False)
    children = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(15)])
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.case_id}"
