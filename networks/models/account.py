"""What was done to an account, by whom and why. Rows are never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from networks.models.people import User


class AccountEvent(models.Model):
    """A deed on somebody's account. Written by the database's own functions, together with the deed."""

    class Kind(models.TextChoices):
        SUSPENDED = "suspended", _("suspended")
        RESUMED = "resumed", _("back in use")
        CLOSED = "closed", _("closed for good")
        ROLE_ENDED = "role_ended", _("a role ended")
        ROLE_GIVEN = "role_given", _("a role given")
        EMAIL_CHANGED = "email_changed", _("sign-in address changed")
        FACTOR_RESET = "factor_reset", _("second step of sign-in removed")

    person = models.ForeignKey(User, models.PROTECT, related_name="account_events")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["person", "-at"], name="account_event_of_person")]

    def __str__(self) -> str:
        return self.kind
