"""What a person is told in the application: their inbox."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from networks.models import Area, Unit, User
from yhteiso.lib.ids import uuid7


class MessageKind(models.TextChoices):
    """What a message is about, as people choose their channels by it (`networks.message_kinds`)."""

    ESCALATION = "escalation", _("Something is late or comes near")
    PROMISE = "promise", _("A promise is near or late")
    INVITATION = "invitation", _("An invitation or a question of times")
    MEETING = "meeting", _("A meeting")
    FAMILY = "family", _("The family read or wrote")
    TASK = "task", _("Something waits for you")
    FAILURE = "failure", _("A message did not arrive")
    ANSWER = "answer", _("An answer to your concern")
    DIGEST = "digest", _("The week ahead")


class MessageQuerySet(models.QuerySet["Message"]):
    def of(self, user: User) -> "MessageQuerySet":
        return self.filter(to_id=user.pk)

    def unseen(self) -> "MessageQuerySet":
        return self.filter(seen_at=None)


class Message(models.Model):
    """One thing told to one person, once (`key`), in the transaction of the fact behind it.

    Its words are made when it is read (`cases.messages_told`): with the child's name for whoever may open the situation
    then, and for everybody else with no more than kind, days late, and the coordinator's name and number.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=120, unique=True)
    to = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=MessageKind)
    # Which sentence of the kind: a kind of deadline, a change of a meeting.
    what = models.CharField(max_length=24)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")
    coordinator = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    # Told to a unit's head: the unit that owes the deed.
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    about = models.CharField(max_length=40, blank=True)
    step = models.PositiveSmallIntegerField(null=True)
    late_at = models.DateTimeField(null=True)
    # There was nobody in the roles that should have been told; whoever reads this was told instead.
    nobody = models.BooleanField(default=False)
    instead_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["to", "-at"], name="message_of_person"),
            models.Index(fields=["to"], condition=models.Q(seen_at=None), name="message_unseen"),
        ]

    def __str__(self) -> str:
        return self.kind
