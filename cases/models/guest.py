"""A signed link for somebody of a network who has no account: what it is for, its key, and who opened it.

The key is 128 random bits. Its hash finds the row; the key itself is kept, encrypted, only until its message has left.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.models.contact import SafeContact
from cases.models.people import Membership
from networks.models import User
from yhteiso.lib.cipher import keyring
from yhteiso.lib.ids import uuid7

VALID_FOR = timedelta(days=14)
TOKEN_BYTES = 16
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


def new_token() -> str:
    """A new key for a link: 128 random bits in 22 characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> str:
    """What is stored of a key, and what a key is looked for by."""
    return hashlib.sha256(token.encode()).hexdigest()


def device_hash(token: str, device: str) -> str:
    """What is stored of a device: another one for each link, so that rows of one phone do not tell of each other."""
    return hashlib.sha256(f"{token}:{device}".encode()).hexdigest() if device else ""


class GuestSees(models.TextChoices):
    """What a link is for. Neither shows a name, a place or a word of what is promised."""

    TIME = "time", _("Only the invitation and the time")
    PROMISE = "promise", _("Also that the own promise waits for its word")


class GuestEnd(models.TextChoices):
    """Why a link was ended before its day."""

    TAKEN_BACK = "taken_back", _("Taken back by the coordinator")
    REPLACED = "replaced", _("A new link was sent")
    LEFT = "left", _("The membership ended")
    CONSENT = "consent", _("The family took its yes back")
    PROTECTED = "protected", _("The family's address was protected")
    NUMBER = "number", _("The number or address is no longer used")


class GuestLinkQuerySet(models.QuerySet["GuestLink"]):
    def standing(self) -> "GuestLinkQuerySet":
        """Those that nobody has ended; the day may have passed."""
        return self.filter(revoked_at=None)


class GuestLink(models.Model):
    """One link of one membership to one safe number or address. A new link is a new row that takes the place of this one."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="guest_links")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="guest_links")
    contact = models.ForeignKey(SafeContact, models.PROTECT, related_name="+")
    sees = models.CharField(max_length=10, choices=GuestSees)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The first answer bound the link to the device that gave it.
    bound_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    revoke_reason = models.CharField(max_length=10, choices=GuestEnd, blank=True)

    objects = GuestLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None, revoke_reason="")
                | Q(revoked_at__isnull=False) & ~Q(revoke_reason=""),
                name="guest_link_ended_for_a_reason",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("made_at")), name="guest_link_has_days"),
            models.UniqueConstraint(fields=["membership"], condition=Q(revoked_at=None), name="guest_link_one_at_a_time"),
        ]
        indexes = [models.Index(fields=["case"], condition=Q(revoked_at=None), name="guest_link_by_case")]

    def __str__(self) -> str:
        return f"{self.pk}"

    def state(self, now: datetime) -> str:
        """open, expired or ended, as far as this row tells; `sec.guest_state` asks the family's word too."""
        return "ended" if self.revoked_at else "expired" if self.expires_at <= now else "open"


class GuestKey(models.Model):
    """What opens a link. A row of its own, which no hat of people reads: a coordinator sends links and can't use them."""

    link = models.OneToOneField(GuestLink, models.CASCADE, primary_key=True, related_name="key")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    sealed = models.CharField(max_length=200, blank=True)
    device_hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.link_id}"

    @property
    def place(self) -> str:
        return f"cases_guestkey:{self.link_id}:sealed"

    def seal(self, token: str) -> None:
        """Set the key, as it is stored until its message has left."""
        self.token_hash, self.sealed = hash_of(token), keyring().seal(token, place=self.place)

    def open(self) -> str:
        """The key itself, for the message that takes it there."""
        return keyring().open(self.sealed, place=self.place)


class VisitKind(models.TextChoices):
    OPENED = "opened", _("Opened")
    ANSWERED = "answered", _("Answered")
    ASKED = "asked", _("Asked for a new link")
    EXPIRED = "expired", _("Opened after its day")
    REVOKED = "revoked", _("Opened after it was ended")
    OTHER = "other", _("Opened on another device")


class GuestVisit(models.Model):
    """One opening of a link: when and what happened. Append-only; no address of the network and no kind of device."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    link = models.ForeignKey(GuestLink, models.CASCADE, related_name="visits")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    what = models.CharField(max_length=10, choices=VisitKind)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.what
