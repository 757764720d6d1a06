"""What somebody wants to be told of, and how. Which kinds there are stands in `networks.message_kinds`."""

from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _

from networks.models.people import User


class Channel(models.TextChoices):
    """A way to tell. `here` is the page of messages; the two others leave the system."""

    HERE = "here", _("Here")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


class MessageChoice(models.Model):
    """One box that the person has ticked or emptied. Without a row the kind's own default holds."""

    user = models.ForeignKey(User, models.CASCADE, related_name="message_choices")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    wanted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="choice_once_a_channel"),
            models.CheckConstraint(condition=models.Q(channel__in=sorted(Channel.values)), name="choice_of_known_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel}"


class MessageSettings(models.Model):
    """The person's quiet hours, in Finnish clock time, and the work phone that text messages may go to.

    `sms_phone` is the account's number as it was when the person said that it is their work phone: another number on the
    account has to be confirmed anew. The language is `User.language`; the Monday digest is a kind of its own.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="message_settings")
    quiet_from = models.TimeField(_("quiet from"), default=time(17))
    quiet_to = models.TimeField(_("quiet until"), default=time(7))
    sms_phone = models.CharField(max_length=30, blank=True)
    sms_confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sms_phone="", sms_confirmed_at=None)
                | (~models.Q(sms_phone="") & models.Q(sms_confirmed_at__isnull=False)),
                name="sms_phone_is_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quiet_from:%H.%M}–{self.quiet_to:%H.%M}"
