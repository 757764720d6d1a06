"""Two people for power: one proposes, another accepts, and only then does anything change."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from networks.models.invitation import AccountInvitation
from networks.models.people import Role, User
from networks.models.places import Area, Unit
from yhteiso.lib.ids import new_ref

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

OPEN = Q(accepted_at=None, declined_at=None, withdrawn_at=None, lapsed_at=None)
DAYS = 14


class PowerProposalQuerySet(models.QuerySet["PowerProposal"]):
    def unanswered(self) -> "PowerProposalQuerySet":
        """Not accepted, declined or withdrawn, and not given up as too old; the days may still be over."""
        return self.filter(OPEN)

    def waiting(self, now: datetime) -> "PowerProposalQuerySet":
        return self.filter(OPEN, expires_at__gt=now)

    def visible_to(self, user: User) -> "PowerProposalQuerySet":
        """An administrator sees all, an area's responsible person those of the area; the database says the same."""
        if user.hat == "admin":
            return self.all()
        if user.hat == "area":
            return self.filter(administrators_only=False, concerns__in=user.answers_for)
        return self.none()

    def with_people(self) -> "PowerProposalQuerySet":
        """Everybody whom a page of proposals names, without their credentials."""
        people = ("target", "proposed_by", "accepted_by", "declined_by")
        hidden = [f"{name}__{column}" for name in people for column in ("password", "last_login")]
        return self.select_related(*people, "area", "unit", "concerns").defer(*hidden)


class PowerProposal(models.Model):
    """A power proposed for somebody. Where it is needed: a role, an invitation, a sign-in address, a second factor,
    and bringing a suspended account back.

    `concerns` and `administrators_only` say who may accept; the database writes them when the proposal is made, and
    copies the invitation's name, address and role.
    """

    class Kind(models.TextChoices):
        ROLE = "role", _("A new role")
        INVITATION = "invitation", _("A new account")
        EMAIL = "email", _("A new sign-in address")
        SECOND_FACTOR = "second_factor", _("Removing the second step of sign-in")
        RESUME = "resume", _("Bringing an account back into use")

    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    kind = models.CharField(_("what"), max_length=20, choices=Kind)
    target = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    invitation = models.ForeignKey(AccountInvitation, models.PROTECT, null=True, related_name="proposals")
    role = models.CharField(_("role"), max_length=20, choices=Role, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+", verbose_name=_("area"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("unit"))
    email = models.EmailField(_("e-mail"), blank=True)
    name = models.CharField(_("name"), max_length=120, blank=True, editable=False)
    reason = models.CharField(_("why"), max_length=300)
    concerns = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+", editable=False)
    administrators_only = models.BooleanField(default=True, editable=False)

    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    declined_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    declined_at = models.DateTimeField(null=True)
    decline_reason = models.CharField(max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    lapsed_at = models.DateTimeField(null=True)

    objects = PowerProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposed power")
        verbose_name_plural = _("proposed powers")
        ordering = ["-proposed_at", "-pk"]
        indexes = [models.Index(fields=["-proposed_at"], name="power_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="invitation", invitation__isnull=False, target=None)
                | (~Q(kind="invitation") & Q(invitation=None, target__isnull=False)),
                name="power_is_for_somebody",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["role", "invitation"], role__gt="")
                | Q(kind__in=["email", "second_factor", "resume"], role="", area=None, unit=None),
                name="power_names_its_role",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["email", "invitation"], email__gt="")
                | Q(kind__in=["role", "second_factor", "resume"], email=""),
                name="power_names_its_address",
            ),
            models.CheckConstraint(condition=Q(reason__gt=""), name="power_has_a_reason"),
            models.CheckConstraint(condition=~Q(accepted_by=F("proposed_by")), name="power_accepted_by_another"),
            models.CheckConstraint(condition=~Q(declined_by=F("proposed_by")), name="power_declined_by_another"),
            models.CheckConstraint(
                condition=~Q(target=F("proposed_by")) & ~Q(target=F("accepted_by")) & ~Q(target=F("declined_by")),
                name="power_never_for_oneself",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, accepted_at__lt=F("expires_at")),
                name="power_accepted_by_somebody_in_time",
            ),
            models.CheckConstraint(
                condition=Q(declined_at=None, declined_by=None, decline_reason="")
                | Q(declined_at__isnull=False, declined_by__isnull=False, decline_reason__gt=""),
                name="power_declined_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, declined_at=None, withdrawn_at=None)
                | Q(accepted_at=None, declined_at=None, lapsed_at=None)
                | Q(accepted_at=None, withdrawn_at=None, lapsed_at=None)
                | Q(declined_at=None, withdrawn_at=None, lapsed_at=None),
                name="power_answered_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "target", "invitation", "role", "area", "unit"], condition=OPEN, nulls_distinct=False,
                name="power_proposed_once_at_a_time",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.ref} {self.kind}"

    @property
    def whose(self) -> str:
        """The name of the person whom this is about, with or without an account yet."""
        return self.target.name if self.target else self.name

    @property
    def state(self) -> str:
        """`open`, `accepted`, `declined`, `withdrawn` or `lapsed`; an open one's days may be over."""
        states = ("accepted", "declined", "withdrawn", "lapsed")
        return next((name for name in states if getattr(self, f"{name}_at")), "open")

    def closed_text(self, now: datetime) -> str:
        """Why nothing more can be done with this proposal; '' while it waits."""
        texts = {
            "accepted": _now("This has already been accepted."),
            "declined": _now("This has already been declined."),
            "withdrawn": _now("The proposal was withdrawn."),
            "lapsed": _now("Nobody answered in 14 days. Propose it again if it is still needed."),
        }
        if self.state == "open" and self.expires_at <= now:
            return texts["lapsed"]
        return texts.get(self.state, "")

    def blocker(self, user: "User | AnonymousUser", now: datetime) -> str:
        """Why this person may not answer the proposal: a sentence for the button and for the refusal; '' when they may."""
        if closed := self.closed_text(now):
            return closed
        if self.proposed_by_id == user.pk:
            return _now("You proposed this yourself. Another person must accept it.")
        if self.target_id is not None and self.target_id == user.pk:
            return _now("This is about you. Somebody else must accept it.")
        if not isinstance(user, User) or not self._in_reach(user):
            return _now("Only another administrator or the area's responsible person may accept this.")
        return ""

    def _in_reach(self, user: User) -> bool:
        if user.hat == "admin":
            return True
        return user.hat == "area" and not self.administrators_only and self.concerns_id in user.answers_for
