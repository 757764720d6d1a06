"""People with an account, and their roles."""

from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from networks.models.places import Area, Unit
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.names import initials, sort_key


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
    # Not active and not closed is suspended: for now. Closed is for good.
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", editable=False)
    # Part of what a session is signed with: one step ends every open session of the person at its next request.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

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
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False, is_active=False),
                name="user_closed_is_not_active",
            ),
            models.CheckConstraint(condition=Q(closed_by=None) | ~Q(closed_by=F("id")), name="user_closed_by_another"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """What a session is checked against at each request: the password, and the count of times all were ended."""
        return salted_hmac(
            "networks.User.session", f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[0] if self.name else ""

    @property
    def shown_name(self) -> str:
        """The name among colleagues: initials and title of somebody with a protected identity."""
        return f"{self.initials}, {self.title}".strip(", ") if self.protected_identity else self.name

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
        # The page's frame tells how many messages and notices wait: counted here, it costs no query of its own.
        counts = [
            Func(F("user_id"), function=name, output_field=models.IntegerField())
            for name in ("sec.unseen_notices", "sec.unseen_messages")
        ]
        rows = rows.annotate(unseen=counts[0] + counts[1])
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
    def answers_for(self) -> list[int]:
        """The areas that this person is responsible for today."""
        return [r.area_id for r in self.current_roles if r.role == Role.RESPONSIBLE and r.area_id]

    @property
    def unseen_messages(self) -> int:
        """How many messages and notices the person has not seen; nothing is told to somebody without a role."""
        return getattr(self.worn, "unseen", 0)

    @property
    def state(self) -> str:
        """`active`, `suspended` (for now) or `closed` (for good)."""
        if self.is_active:
            return "active"
        return "closed" if self.closed_at else "suspended"

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
