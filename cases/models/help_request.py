"""A request for help from the family itself: what somebody without an account writes on the public page."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import TEXT, Case
from networks.models import Area, User
from yhteiso.lib.ids import new_ref


class Source(models.TextChoices):
    """From whom a contact comes."""

    PROFESSIONAL = "professional", _("A professional")
    GUARDIAN = "guardian", _("A guardian")
    CHILD = "child", _("A child or a young person")
    CLOSE = "close", _("Somebody close to the family")


OWN_DOOR = [(value, label) for value, label in Source.choices if value != Source.PROFESSIONAL]
# How the coordinators' lists call a request, by whose it is.
ASKS = {
    Source.GUARDIAN: _("A family asks for help"),
    Source.CHILD: _("A young person asks for help"),
    Source.CLOSE: _("Somebody close to a family asks for help"),
}


class HelpRequestQuerySet(models.QuerySet["HelpRequest"]):
    def visible_to(self, user: User) -> "HelpRequestQuerySet":
        """The area's; of a protected family's, once called about, only its taker's and theirs who see what came of it."""
        if user.hat != "area":
            return self.none()
        seen = Case.objects.visible_to(user)
        told = (
            Q(call=None) | Q(protected=False, call__protected=False) | Q(call__taken_by_id=user.pk) | Q(call__case__in=seen)
        )
        return self.filter(told, Q(case=None) | Q(case__in=seen), area_id__in=user.area_ids)

    def waiting(self) -> "HelpRequestQuerySet":
        return self.filter(answered_at=None)


class HelpRequest(models.Model):
    """Written through `sec.send_help_request` only: whoever sends one may read nothing of it again, not even this row.

    No family name, no identity code and no address is asked. Where the address must not show, no place is kept either.
    """

    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    form_key = models.UUIDField(unique=True, editable=False)
    source = models.CharField(max_length=12, choices=OWN_DOOR)
    everyday = models.TextField(max_length=TEXT)
    strengths = models.TextField(max_length=TEXT, blank=True)
    child_name = models.CharField(max_length=60, blank=True)
    child_age = models.PositiveSmallIntegerField(null=True)
    place = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40)
    suits = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=60, blank=True)
    interpreter = models.BooleanField(default=False)
    protected = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="help_requests")

    objects = HelpRequestQuerySet.as_manager()

    class Meta:
        ordering = ["sent_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None) | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="help_request_answered_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(source=Source.PROFESSIONAL), name="help_request_from_the_family"),
            models.CheckConstraint(condition=Q(child_age=None) | Q(child_age__lte=20), name="help_request_child_age"),
            models.CheckConstraint(condition=Q(protected=False) | Q(place=""), name="help_request_protected_has_no_place"),
        ]
        indexes = [
            models.Index(fields=["area", "sent_at"], condition=Q(answered_at=None), name="help_request_waiting"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def asks(self) -> str:
        """Who asks, in words: "A young person asks for help"."""
        return str(ASKS[Source(self.source)])
