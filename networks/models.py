"""Reference data and people: none of it belongs to a family."""

import hashlib
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.names import initials, sort_key


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


class Service(models.Model):
    """What a unit offers to families. The directory grows in a later version."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="services", verbose_name=_("unit"))
    name = models.CharField(_("name"), max_length=120)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    age_from = models.PositiveSmallIntegerField(_("from age"), default=0)
    age_to = models.PositiveSmallIntegerField(_("to age"), default=17)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(age_from__lte=F("age_to")), name="service_ages_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Loads whole rows, the password's hash included: for sign-in only, which runs without a hat."""

    def create_user(self, email: str, name: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), name=name, **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class PeopleManager(models.Manager["User"]):
    """Loads people without their credentials. A hat may not read those columns at all."""

    def get_queryset(self) -> models.QuerySet["User"]:
        return super().get_queryset().defer("password", "last_login")


LANGUAGES = [("fi", "suomi"), ("sv", "svenska"), ("en", "English")]


class User(AbstractBaseUser):
    """A professional with an account. What a person may do comes from role rows, never from flags."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    sort_key = models.CharField(max_length=240, editable=False, db_index=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("unit"))
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="fi")
    lp_trained_on = models.DateField(_("trained in Let's Talk about Children"), null=True, blank=True)
    protected_identity = models.BooleanField(_("protected identity"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # The role row that this session works in, set for each request; None is the first of the roles in force.
    chosen_role: int | None = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()
    people = PeopleManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["sort_key"]
        base_manager_name = "people"
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[0] if self.name else ""

    @property
    def initials(self) -> str:
        return initials(self.name)

    @cached_property
    def current_roles(self) -> list["RoleMembership"]:
        """The roles that are in force today, the strongest duty first. An account out of use has none, as in `sec`."""
        if not self.is_active:
            return []
        today = helsinki_date(timezone.now())
        rows = self.roles.filter(Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today)
        order = {role: n for n, role in enumerate(Role.values)}
        return sorted(rows.select_related("area", "unit"), key=lambda row: (order[row.role], row.pk))

    @property
    def worn(self) -> "RoleMembership | None":
        """The role that the person works in now: the one chosen for this session, else the first."""
        rows = self.current_roles
        return next((row for row in rows if row.pk == self.chosen_role), rows[0] if rows else None)

    @property
    def hat(self) -> str:
        """The database hat of the role worn now. No role, no hat that sees anything."""
        return HAT_OF_ROLE[Role(self.worn.role)] if self.worn else "public"

    @property
    def area_ids(self) -> list[int]:
        """The areas that this person coordinates or answers for today."""
        return [r.area_id for r in self.current_roles if r.role in AREA_ROLES and r.area_id]

    @property
    def is_staff(self) -> bool:
        """May open the administration of reference data."""
        return self.is_active and self.hat == "admin"

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Role(models.TextChoices):
    """What a person is here for. The order is the order in which a role is worn when none was chosen."""

    COORDINATOR = "coordinator", _("Coordinator")
    RESPONSIBLE = "responsible", _("Responsible for the area")
    PROFESSIONAL = "professional", _("Professional")
    UNIT_HEAD = "unit_head", _("Unit head")
    LEADERSHIP = "leadership", _("Leadership team")
    FAMILY = "family", _("Family")
    OFFICER = "officer", _("Data protection officer")
    ADMINISTRATOR = "administrator", _("Administrator")


AREA_ROLES = {Role.COORDINATOR, Role.RESPONSIBLE}
AREA_BOUND = AREA_ROLES | {Role.LEADERSHIP}
HAT_OF_ROLE = {
    Role.COORDINATOR: "area",
    Role.RESPONSIBLE: "area",
    Role.PROFESSIONAL: "member",
    Role.UNIT_HEAD: "unit",
    Role.LEADERSHIP: "report",
    Role.FAMILY: "family",
    Role.OFFICER: "officer",
    Role.ADMINISTRATOR: "admin",
}


class RoleMembership(models.Model):
    """A person in a role, from a day to a day. Rows end; they are not deleted."""

    user = models.ForeignKey(User, models.CASCADE, related_name="roles", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="roles", verbose_name=_("area"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="roles", verbose_name=_("unit"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="role_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(role__in=sorted(AREA_BOUND), area__isnull=False) | ~Q(role__in=sorted(AREA_BOUND)),
                name="role_of_an_area_names_it",
            ),
            models.CheckConstraint(
                condition=Q(role=Role.UNIT_HEAD, unit__isnull=False) | ~Q(role=Role.UNIT_HEAD),
                name="role_of_a_unit_names_it",
            ),
        ]
        indexes = [models.Index(fields=["user", "role"], name="role_by_user")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} ({self.area or self.unit or '–'})"

    def in_force(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


class InvitationQuerySet(models.QuerySet["AccountInvitation"]):
    def usable(self, now: datetime) -> "InvitationQuerySet":
        return self.filter(accepted_at=None, expires_at__gt=now)


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

    objects = InvitationQuerySet.as_manager()

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
