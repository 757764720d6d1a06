"""The invitation: the only way to an account."""

import hashlib

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from networks.models.people import AREA_BOUND, Role, User
from networks.models.places import Area, Unit


class AccountInvitation(models.Model):
    """The only way to an account. The link's token is stored hashed; the row says who invited whom as what."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120)
    title = models.CharField(_("title"), max_length=120, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit"))
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.PROFESSIONAL)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("area"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    invited_at = models.DateTimeField(_("invited"), editable=False)
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-invited_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=sorted(AREA_BOUND), area__isnull=False) | ~Q(role__in=sorted(AREA_BOUND)),
                name="invitation_to_an_area_names_it",
                violation_error_message=_("Choose the area that the role is about."),
            ),
            models.CheckConstraint(
                condition=Q(role=Role.UNIT_HEAD, unit__isnull=False) | ~Q(role=Role.UNIT_HEAD),
                name="invitation_to_a_unit_names_it",
                violation_error_message=_("Choose the unit that the role is about."),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @staticmethod
    def hash_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()
