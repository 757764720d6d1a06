"""Consent to exchange information (suostumus tietojen vaihtoon): who has said what, to whom, of which part of a situation.

It lifts secrecy between organisations (JulkL 26 §). It is not a GDPR consent, and not a permit of the Kanta services.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.models.people import Membership, Person
from networks.models import Unit, User


class Section(models.TextChoices):
    """The parts of a situation, each of its own secrecy. The table of who sees which is `cases.sections.MATRIX`."""

    TIME = "time", _("Invitation and time")
    NETWORK = "network", _("Who is in the network")
    THEMES = "themes", _("What was talked about")
    PLAN = "plan", _("The plan and promises")
    CONTACT = "contact", _("Contact details")
    CONSENTS = "consents", _("Consents")
    INTAKE = "intake", _("What was told in the call")


# What a consent opens to an organisation, in the order in which it is asked.
ASKED = (Section.TIME, Section.PLAN, Section.THEMES, Section.CONTACT)


class Reply(models.TextChoices):
    """What the giver said."""

    YES = "yes", _("Yes")
    THINKING = "thinking", _("Thinks about it")
    NO = "no", _("No")


class Way(models.TextChoices):
    """How it was said."""

    PHONE = "phone", _("By phone")
    MEETING = "meeting", _("Face to face")
    PAPER = "paper", _("In writing")
    ONLINE = "online", _("In this service, by themselves")


WRITTEN = (Way.PAPER, Way.ONLINE)


class ConsentWording(models.Model):
    """The sentence that is read aloud, by version. Kept as long as a consent points at it; belongs to no family."""

    version = models.PositiveSmallIntegerField(unique=True)
    valid_from = models.DateField()
    text = models.TextField(max_length=1000)

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"{self.version}"


class ConsentQuerySet(models.QuerySet["Consent"]):
    def standing(self) -> "ConsentQuerySet":
        """The latest word of each giver: neither replaced nor withdrawn."""
        return self.filter(ended_at=None)


class Consent(models.Model):
    """One giver's word on one section for one organisation, or for one person where consent is individual.

    A new word ends the old row and makes another: what was said stays readable. `confirmed_at` is when the paper or the
    giver's own confirmation was recorded; where a written consent is needed nothing opens before it.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="consents")
    giver = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    membership = models.ForeignKey(Membership, models.CASCADE, null=True, related_name="consents")
    section = models.CharField(max_length=10, choices=[(s.value, s.label) for s in ASKED])
    answer = models.CharField(max_length=10, choices=Reply)
    way = models.CharField(max_length=10, choices=Way)
    wording = models.ForeignKey(ConsentWording, models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    valid_until = models.DateField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    withdrawn = models.BooleanField(default=False)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, membership=None) | Q(unit=None, membership__isnull=False),
                name="consent_for_unit_or_one_person",
            ),
            models.CheckConstraint(
                condition=Q(answer=Reply.YES, valid_until__isnull=False) | ~Q(answer=Reply.YES) & Q(valid_until=None),
                name="consent_yes_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, answer=Reply.YES),
                name="consent_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, withdrawn=False)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="consent_ended_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["giver", "unit", "section"], condition=Q(ended_at=None, unit__isnull=False),
                name="consent_one_word_per_unit",
            ),
            models.UniqueConstraint(
                fields=["giver", "membership", "section"], condition=Q(ended_at=None, membership__isnull=False),
                name="consent_one_word_per_person",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["case", "section"], condition=Q(ended_at=None), name="consent_by_case")]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.section}"


class ConsentException(models.Model):
    """One guardian's word is not waited for, for a reason that both guardians can read (laki lapsen huollosta 5 §)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="consent_exceptions")
    guardian = models.ForeignKey(Person, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="consent_exception_has_a_reason"),
            models.UniqueConstraint(fields=["guardian"], condition=Q(ended_at=None), name="consent_exception_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}"


class CapacityFinding(models.TextChoices):
    """Whether the child understands what this is about. Assessed for each situation; no age decides it."""

    CAPABLE = "capable", _("Understands and decides")
    NOT_CAPABLE = "not_capable", _("The guardians decide")


class Capacity(models.Model):
    """An assessment of the child's own capacity to decide. The latest one holds; earlier ones stay readable."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="capacities")
    finding = models.CharField(max_length=12, choices=CapacityFinding)
    grounds = models.CharField(max_length=300)
    assessed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    assessed_on = models.DateField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["-written_at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(grounds=""), name="capacity_has_grounds")]
        indexes = [models.Index(fields=["case", "-written_at"], name="capacity_by_case")]

    def __str__(self) -> str:
        return f"{self.case_id}"


class Hiding(models.Model):
    """A capable child doesn't want a guardian to see a section (OHL 18 §, 703/2023)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="hidings")
    guardian = models.ForeignKey(Person, models.CASCADE, related_name="+")
    section = models.CharField(max_length=10, choices=Section)
    reason = models.CharField(max_length=300)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["written_at"]
        constraints = [
            models.UniqueConstraint(fields=["guardian", "section"], condition=Q(ended_at=None), name="hiding_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__gte=F("written_at"), ended_by__isnull=False),
                name="hiding_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.section}"
