"""Places and organisations: counties, municipalities, areas, agencies and units."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Sector(models.TextChoices):
    """The field of work, as the leadership team's figures are grouped (domain 7.3)."""

    ECEC = "ecec", _("Early childhood education")
    BASIC_EDUCATION = "basic_education", _("Basic education")
    STUDENT_WELFARE = "student_welfare", _("Student welfare")
    FAMILY_SERVICES = "family_services", _("Services for families")
    HEALTH = "health", _("Child health clinic and health care")
    ADULT_SERVICES = "adult_services", _("Services for adults")
    YOUTH = "youth", _("Youth work and leisure")
    NGO = "ngo", _("NGOs and parishes")
    OTHER = "other", _("Other")


class County(models.Model):
    """A wellbeing services county (hyvinvointialue). `code` has two digits, 19 = Pohjois-Pohjanmaa."""

    code = models.CharField(_("code"), max_length=2, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_sv = models.CharField(_("name in Swedish"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("wellbeing services county")
        verbose_name_plural = _("wellbeing services counties")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Municipality(models.Model):
    """A municipality (kunta). `code` is a string of three digits with leading zeros: 564 = Oulu."""

    county = models.ForeignKey(County, models.PROTECT, related_name="municipalities", verbose_name=_("county"))
    code = models.CharField(_("code"), max_length=3, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_sv = models.CharField(_("name in Swedish"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("municipality")
        verbose_name_plural = _("municipalities")
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(code__regex=r"^\d{3}$"), name="municipality_code_three_digits")]

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """The model's own area: part of a city, or several municipalities. One coordinating number, one leadership team."""

    county = models.ForeignKey(County, models.PROTECT, related_name="areas", verbose_name=_("county"))
    municipalities = models.ManyToManyField(Municipality, related_name="areas", verbose_name=_("municipalities"))
    name = models.CharField(_("name"), max_length=120)
    name_genitive = models.CharField(_("name in the genitive"), max_length=120, help_text=_("For example Kuusirannan"))
    phone = models.CharField(_("coordinating number"), max_length=30)
    hours = models.CharField(_("answers"), max_length=80, help_text=_("For example: arkisin klo 8–16"))
    emergency_phone = models.CharField(_("emergency social service"), max_length=30)
    responsible = models.ForeignKey(
        "User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("responsible person")
    )
    substitute = models.ForeignKey(
        "User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("substitute")
    )

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["county", "name"], name="area_name_once_in_county"),
            models.CheckConstraint(
                condition=Q(responsible__isnull=True) | Q(substitute__isnull=True) | ~Q(responsible=F("substitute")),
                name="area_substitute_is_another_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Agency(models.Model):
    """An organisation's branch that takes part: one sector, one controller (rekisterinpitäjä)."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    legal_name = models.CharField(_("legal name"), max_length=160)
    controller = models.CharField(_("controller"), max_length=160, help_text=_("Who is responsible for the personal data"))
    sector = models.CharField(_("sector"), max_length=20, choices=Sector)
    written_consent = models.BooleanField(
        _("consent in writing, for each person"), default=True,
        help_text=_("NGOs, parishes, hobbies and student welfare (OHL 19 §): an oral consent opens nothing."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """A day care centre, a school, a clinic, a team: what is invited and bound by a promise."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="units", verbose_name=_("agency"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="units", null=True, blank=True, verbose_name=_("area"))
    name = models.CharField(_("name"), max_length=120)
    head = models.ForeignKey(
        "User", models.SET_NULL, null=True, blank=True, related_name="headed_units", verbose_name=_("head")
    )

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["agency", "name"], name="unit_name_once_in_agency")]

    def __str__(self) -> str:
        return self.name
