"""Rows of messages that must leave, each try to send one, and what a gateway told afterwards (decision 0012).

A row holds no address, no name and no words: whom it goes to is a number, and the address is looked up right before sending,
when consent and membership are asked once more. The numbers are plain: this package knows no application.
"""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from yhteiso.lib.ids import uuid7


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


class Text(models.TextChoices):
    NOTICE = "notice", "Notice"
    MEETING = "meeting", "Meeting"


class State(models.TextChoices):
    READY = "ready", "Ready"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DROPPED = "dropped", "Dropped"


class OutgoingQuerySet(models.QuerySet["Outgoing"]):
    def ready(self) -> Self:
        return self.filter(state=State.READY)

    def due(self, now: datetime) -> Self:
        """Whose time has come and which no relay holds, the longest waiting first."""
        free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
        return self.ready().filter(free, available_at__lte=now).order_by("available_at", "id")

    def untold(self, now: datetime) -> Self:
        """Failed, and the applications could not be told of it; not those that were tried a moment ago."""
        return self.filter(state=State.FAILED, told_at__isnull=True, available_at__lte=now)


class Outgoing(models.Model):
    """One message to one person by one channel. The key says what it is about: the same key is never sent as two rows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=160, unique=True)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    text = models.CharField(max_length=10, choices=Text.choices)
    kind = models.CharField(max_length=40)  # which resolver is asked; never in the message
    about = models.CharField(max_length=64, blank=True)
    to_user_id = models.BigIntegerField(null=True)
    to_contact_id = models.BigIntegerField(null=True)
    case_id = models.BigIntegerField(null=True)
    area_id = models.BigIntegerField(null=True)  # whose number the link of a contact shows
    link_token = models.CharField(max_length=43, null=True, unique=True)
    made_at = models.DateTimeField()
    available_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim_token = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # when the hooks heard of the failure; until then it is told again
    dropped_at = models.DateTimeField(null=True)
    drop_reason = models.CharField(max_length=40, blank=True)
    provider_ref = models.CharField(max_length=80, blank=True)
    last_error = models.CharField(max_length=40, blank=True)  # a short code, never what a server or a person wrote

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["available_at", "id"], name="outgoing_ready", condition=Q(state="ready"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_user_id__isnull=True) ^ Q(to_contact_id__isnull=True), name="outgoing_has_one_addressee"
            ),
            # A family gets meetings' texts only: a notice would lead to a page that it can't open. A guest's link opens.
            models.CheckConstraint(
                condition=Q(to_contact_id__isnull=True)
                | Q(Q(text="meeting") | Q(kind="guest", text="notice"), link_token__isnull=False),
                name="outgoing_contact_gets_a_meeting",
            ),
            models.CheckConstraint(condition=~Q(state="sent", sent_at__isnull=True), name="outgoing_sent_has_time"),
            models.CheckConstraint(condition=~Q(state="failed", failed_at__isnull=True), name="outgoing_failed_has_time"),
            models.CheckConstraint(condition=Q(told_at__isnull=True) | Q(state="failed"), name="outgoing_told_has_failed"),
            models.CheckConstraint(condition=~Q(state="dropped", dropped_at__isnull=True), name="outgoing_dropped_has_time"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Attempt(models.Model):
    """How one try ended: sent, dropped, a code of failure, or "lost" when its relay was never heard of again."""

    pk = models.CompositePrimaryKey("outgoing_id", "n")
    outgoing = models.ForeignKey(Outgoing, models.PROTECT, related_name="tries", db_index=False)
    n = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.outgoing_id} {self.n}"


class DeliveryReport(models.Model):
    """What the SMS gateway told by its call. The web may only add one; the jobs read it and take it away again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    outgoing_id = models.UUIDField()  # no foreign key: an unknown one is taken and forgotten
    at = models.DateTimeField()
    code = models.CharField(max_length=40)

    def __str__(self) -> str:
        return str(self.id)
