"""The number or address of a family's person that is safe for a meeting's messages: who said so, how, and who asked."""

import re

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.models.consent import Way
from cases.models.people import Person
from networks.models import User

# E.164: a plus, the country, the number. No letters, no local form: the gateway would guess the country.
E164 = r"^\+[1-9][0-9]{7,14}$"
FINNISH_MOBILE = re.compile(r"0(?:4[0-9]|50)[0-9]{4,8}")
FOREIGN = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})")
BETWEEN = re.compile(r"[\s\u00a0().\-\u2010-\u2013]")


class ContactChannel(models.TextChoices):
    SMS = "sms", _("Text message")
    EMAIL = "email", _("E-mail")


class ContactEnd(models.TextChoices):
    """Why a number or address is no longer used."""

    TAKEN_BACK = "taken_back", _("It is no longer safe, or not wanted")
    REPLACED = "replaced", _("Another one was given instead")
    FAILED = "failed", _("A message did not arrive there")
    PROTECTED = "protected", _("The family's address was protected")


class ContactLanguage(models.TextChoices):
    """The languages of the texts, each by its own name."""

    FI = "fi", "suomi"
    SV = "sv", "svenska"
    EN = "en", "English"


def normal_mobile(text: str) -> str:
    """A mobile number as it is sent to: "040 123 4567" becomes "+358401234567". Empty for what can't be one.

    Finnish numbers must be a mobile phone's (04x or 050): a landline takes no text message. Others need their country.
    """
    number = BETWEEN.sub("", text.strip())
    if not number.isascii():
        return ""
    if FINNISH_MOBILE.fullmatch(number):
        return f"+358{number[1:]}"
    found = FOREIGN.fullmatch(number)
    if found is None:
        return ""
    if found[1].startswith("358"):
        home = f"0{found[1][3:].removeprefix('0')}"  # "+358 (0)40 …" is written too
        return f"+358{home[1:]}" if FINNISH_MOBILE.fullmatch(home) else ""
    return f"+{found[1]}"


class SafeContactQuerySet(models.QuerySet["SafeContact"]):
    def live(self) -> "SafeContactQuerySet":
        """Those that may be used now, as far as this row tells; `sec.may_be_told` tells the rest."""
        return self.filter(ended_at=None)


class SafeContact(models.Model):
    """One number or address that its owner has said to be safe for meetings' messages. Another one is another row."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="safe_contacts")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, choices=ContactChannel)
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=2, choices=ContactLanguage, default=ContactLanguage.FI)
    # How the person said that it is safe; it is always their own word.
    way = models.CharField(max_length=10, choices=Way)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    end_reason = models.CharField(max_length=12, choices=ContactEnd, blank=True)

    objects = SafeContactQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_reason="") | Q(ended_at__isnull=False) & ~Q(end_reason=""),
                name="safe_contact_ended_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(channel="sms", address__regex=E164) | Q(channel="email", address__contains="@"),
                name="safe_contact_has_an_address",
            ),
            models.UniqueConstraint(fields=["person", "channel"], condition=Q(ended_at=None), name="safe_contact_once"),
        ]
        indexes = [models.Index(fields=["case"], condition=Q(ended_at=None), name="safe_contact_by_case")]

    def __str__(self) -> str:
        return f"{self.pk}"
