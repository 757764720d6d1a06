"""The family's people and the network around them."""

from datetime import datetime

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case, ConsentState
from networks.models import Unit, User


class PersonKind(models.TextChoices):
    CHILD = "child", _("child")
    GUARDIAN = "guardian", _("guardian")
    CLOSE = "close", _("close person")
    OUTSIDE = "outside", _("professional without an account")


# People whose own yes or no decides nothing about the family's information.
NO_SAY = (PersonKind.CLOSE, PersonKind.OUTSIDE)


# The same states, told of one guardian: the other one is another row.
PERSON_CONSENT = [
    (ConsentState.ORAL.value, _("Agreed by word")),
    (ConsentState.WAITING.value, _("Still open")),
    (ConsentState.UNAWARE.value, _("Does not know")),
]


class Person(models.Model):
    """The child, a guardian or somebody whom the family wants along. Belongs to one case; has no account here.

    A professional of an organisation that has no accounts is one too: `relation` is then the organisation.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="persons")
    kind = models.CharField(max_length=10, choices=PersonKind)
    name = models.CharField(max_length=60)
    family_name = models.CharField(max_length=60, blank=True)
    relation = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=40, blank=True)
    interpreter = models.BooleanField(default=False)
    consent = models.CharField(max_length=10, choices=ConsentState, blank=True)
    consent_on = models.DateField(null=True)
    # The guardian from whom a protected family is kept safe: told by hand only, and never invited by the application.
    by_hand = models.BooleanField(default=False)
    # An account of their own: the grant of the family's page, given one by one.
    account = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(kind=PersonKind.CHILD), name="case_has_one_child"),
            # The pair lets other tables point at a person of the same case only.
            models.UniqueConstraint(fields=["case", "id"], name="person_of_case"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.name} {self.family_name}".strip()


class PersonContact(models.Model):
    """How to reach a person, and the birth date. In a row of its own: the coordinator reads it, the network does not."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="contact")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    born_on = models.DateField(null=True)
    phone = models.CharField(max_length=30, blank=True)

    class Meta:
        # Exceptional access asks by name and birth date, over all families.
        indexes = [models.Index(fields=["born_on"], condition=Q(born_on__isnull=False), name="contact_by_birth")]

    def __str__(self) -> str:
        return f"{self.person_id}"


class MemberRole(models.TextChoices):
    CALLER = "caller", _("Made the call")
    COORDINATOR = "coordinator", _("Coordinates")
    MEMBER = "member", _("Member")
    FAMILY = "family", _("Family")
    EXCEPTIONAL = "exceptional", _("Let in for a day")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> "MembershipQuerySet":
        """Those who are in now; somebody let in exceptionally is not part of the network."""
        return self.filter(ended_at=None).exclude(role=MemberRole.EXCEPTIONAL)

    def held_by(self, user: User, now: datetime) -> "MembershipQuerySet":
        """This person's own rows that have not ended: as the lead, or from the unit in which the person works today."""
        mine = self.filter(Q(expires_at=None) | Q(expires_at__gt=now), user_id=user.pk, ended_at=None)
        return mine.filter(Q(role=MemberRole.COORDINATOR) | (Q(unit_id=user.unit_id) if user.unit_id else Q(unit=None)))

    def seats_of(self, user: User, now: datetime) -> "MembershipQuerySet":
        """The rows by which this person may open a case as a professional now; `sec.my_seats` says the same in SQL.

        A seat belongs to a person and a unit and ends when either does; a coordinator's ends with the role over the area.
        """
        recused = Exists(apps.get_model("cases", "Recusal").objects.filter(case_id=OuterRef("case_id"), user_id=user.pk))
        led = ~Q(role=MemberRole.COORDINATOR)
        if user.area_ids:  # asked only then: a look at the situation's area costs a wall of its own
            led |= Q(case__area_id__in=user.area_ids)
        return self.held_by(user, now).filter(led).exclude(recused)

    def with_people(self) -> "MembershipQuerySet":
        """With names, units and agencies, without anybody's credentials."""
        return self.select_related("user__unit__agency", "unit__agency", "person").defer(
            "user__password", "user__last_login"
        )


class Membership(models.Model):
    """Somebody in a family's network from a moment to a moment: a professional with an account, or a family's person."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=12, choices=MemberRole)
    must_attend = models.BooleanField(default=False)
    masked = models.BooleanField(default=False)
    # Takes part with presence and promises, and sees no content (only a note that they are in).
    index_only = models.BooleanField(default=False)
    # Of a protected family: sees what is hidden from the others.
    named = models.BooleanField(default=False)
    # Let in exceptionally: until when, and into which sections.
    expires_at = models.DateTimeField(null=True)
    sections = ArrayField(models.CharField(max_length=10), default=list)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    end_reason = models.CharField(max_length=120, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, person=None) | Q(user=None, person__isnull=False),
                name="member_is_user_or_person",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, end_reason="") | Q(ended_at__isnull=False) & ~Q(end_reason=""),
                name="member_end_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(role=MemberRole.EXCEPTIONAL, expires_at__isnull=False)
                | ~Q(role=MemberRole.EXCEPTIONAL) & Q(expires_at=None),
                name="member_for_a_day_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(role=MemberRole.COORDINATOR) | Q(masked=False, index_only=False, user__isnull=False),
                name="member_who_leads_sees_all",
            ),
            models.UniqueConstraint(
                fields=["case", "user"],
                condition=Q(ended_at=None, user__isnull=False) & ~Q(role=MemberRole.EXCEPTIONAL),
                name="member_once_at_a_time",
            ),
            # Whoever is let in for a day keeps the seat that they have, or had.
            models.UniqueConstraint(
                fields=["case", "user"],
                condition=Q(ended_at=None, role=MemberRole.EXCEPTIONAL),
                name="member_let_in_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["case", "person"], condition=Q(ended_at=None, person__isnull=False), name="person_once_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "case"], condition=Q(ended_at=None), name="member_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.pk}"

    @property
    def name(self) -> str:
        """What the viewer of the case may call this member; without a viewer, what everybody may."""
        return self.case.calling.of(self).name

    @property
    def title(self) -> str:
        """Role and organisation in one line, as far as they may be seen."""
        return self.case.calling.of(self).title
