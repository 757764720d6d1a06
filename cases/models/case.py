"""The case itself: where it is on its way, its two weeks, and what has happened."""

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models.calling import Calling
from networks.models import AREA_ROLES, Area, Role, RoleMembership, User
from yhteiso.lib.dates import Clock, clock, helsinki_date
from yhteiso.lib.ids import new_ref

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from cases.models.known import CaseJoin
    from cases.models.people import Person

TEXT = 2000


class ConsentState(models.TextChoices):
    """What the family has said of exchanging information (suostumus tietojen vaihtoon)."""

    ORAL = "oral", _("Agreed by word")
    WAITING = "waiting", _("The other guardian is missing")
    UNAWARE = "unaware", _("Does not know of the call")


class Status(models.TextChoices):
    """Where a case is on its way: the columns of the board."""

    NEW = "new", _("New")
    GATHERING = "gathering", _("The network is gathered")
    SCHEDULING = "scheduling", _("A time is agreed on")
    AGREED = "agreed", _("A meeting is agreed")
    FOLLOW_UP = "follow_up", _("Followed up")
    CLOSED = "closed", _("Closed")


TRANSITIONS: dict[str, set[str]] = {
    Status.NEW: {Status.GATHERING, Status.SCHEDULING, Status.AGREED, Status.CLOSED},
    Status.GATHERING: {Status.SCHEDULING, Status.AGREED, Status.CLOSED},
    Status.SCHEDULING: {Status.AGREED, Status.CLOSED},
    Status.AGREED: {Status.SCHEDULING, Status.FOLLOW_UP, Status.CLOSED},
    Status.FOLLOW_UP: {Status.CLOSED},
    Status.CLOSED: {Status.GATHERING, Status.FOLLOW_UP},  # opened again (docs/decisions/0017)
}


class CloseReason(models.TextChoices):
    """Why a case ends."""

    EVERYDAY_WORKS = "everyday_works", _("Everyday life works")
    DECLINED = "declined", _("The family did not want it")
    CHILD_PROTECTION = "child_protection", _("Moved to child protection")
    OTHER_HELP = "other_help", _("Help continues elsewhere")
    MOVED_AWAY = "moved_away", _("The family moved")
    # Never chosen: it follows from two people's joining of two situations of one child (cases.models.known.CaseJoin).
    JOINED = "joined", _("Joined with another situation")
    FAMILY_STOPPED = "family_stopped", _("The family wanted to stop")


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> "CaseQuerySet":
        """The only definition of who may see a case: a coordinator the area's, a professional the own networks'.

        Of a protected family's case a coordinator sees the own ones, and those in which the lead has named them; where its
        lead is gone, whoever takes care of the area sees it, so that no family is forgotten. Nobody sees one in which they
        are disqualified. `sec.sees_case` says the same in SQL.
        """
        if user.hat not in ("area", "member"):
            return self.none()
        rows, now = apps.get_model("cases", "Membership").objects.filter(case=OuterRef("pk")), timezone.now()
        if user.hat == "member":
            return self.filter(Exists(rows.seats_of(user, now))).select_related("heading")
        recused = apps.get_model("cases", "Recusal").objects.filter(user_id=user.pk).values("case_id")
        in_area = self.filter(area_id__in=user.area_ids).exclude(pk__in=recused)
        named = rows.held_by(user, now).filter(named=True, index_only=False).exclude(role="exceptional")
        orphans = Case.objects.orphans_of(user, helsinki_date(now)).values("pk")
        seen = Q(protected=False) | Q(coordinator_id=user.pk) | Exists(named) | Q(pk__in=orphans)
        return in_area.filter(seen).select_related("heading")

    def open(self) -> "CaseQuerySet":
        return self.exclude(status=Status.CLOSED)

    def waiting_first_meeting(self) -> "CaseQuerySet":
        return self.open().filter(first_met_at=None)

    def leaderless(self, on: date) -> "CaseQuerySet":
        """Open ones whose lead can't act: the account is not in use, or the role over the area is not in force."""
        return self.open()._led_by_nobody(on)

    def _led_by_nobody(self, on: date) -> "CaseQuerySet":
        roles = RoleMembership.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=on), user_id=OuterRef("coordinator_id"), area_id=OuterRef("area_id"),
            role__in=AREA_ROLES, starts_on__lte=on,
        )  # fmt: skip
        return self.filter(Q(coordinator__is_active=False) | ~Exists(roles))

    def orphans_of(self, user: User, on: date) -> "CaseQuerySet":
        """Protected ones without a working lead, in areas that this person answers for; where nobody does, coordinates.

        Closed ones too: the area reads them and opens them again (docs/decisions/0017). `sec.my_orphans` says the same.
        """
        held = RoleMembership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on, user__is_active=True)
        here = held.filter(area_id=OuterRef("area_id"))
        settled = here.filter(user_id=OuterRef("area__responsible_id"), role__in=AREA_ROLES)
        answered = Q(Exists(here.filter(role=Role.RESPONSIBLE))) | Q(Exists(settled))
        mine = Exists(here.filter(role=Role.RESPONSIBLE, user_id=user.pk)) | Q(area__responsible_id=user.pk)
        return self._led_by_nobody(on).filter(mine | ~answered, protected=True, area_id__in=user.area_ids)

    def by_urgency(self) -> "CaseQuerySet":
        """Those that wait for their first meeting first, fewest days left first."""
        return self.order_by(F("first_met_at").asc(nulls_first=True), "plan_by_on", "pk")


class Case(models.Model):
    """A family's way with its network. `t0_at` is when the two weeks began; both deadlines are written once from it.

    `day14_on`: T0's day in Helsinki + 14 calendar days, by which the promise is measured.
    `plan_by_on`: the last working day on or before it, by which to plan. Neither ever moves later without two people.
    """

    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    coordinator = models.ForeignKey(User, models.PROTECT, related_name="+")
    # The coordinator's own row in the network. The database keeps the three together: a foreign key of case, membership
    # and person, checked at COMMIT, and a trigger that refuses an open case whose lead has ended (migration 0004).
    lead = models.ForeignKey("cases.Membership", models.DO_NOTHING, related_name="+", db_constraint=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.NEW)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    t0_at = models.DateTimeField()
    day14_on = models.DateField()
    plan_by_on = models.DateField()
    first_met_at = models.DateTimeField(null=True)
    delay_reason = models.CharField(max_length=20, blank=True)
    consent = models.CharField(max_length=10, choices=ConsentState, blank=True)
    protected = models.BooleanField(default=False)
    guardians_apart = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    close_reason = models.CharField(max_length=20, choices=CloseReason, blank=True)

    # What is open to the reader of this request; set by the door (cases.access), never stored.
    sections: frozenset[str] | None = None
    # Who looks; set by the door too. Without one, names are told as they are to everybody.
    viewer: User | None = None
    # Whether that reader may know whom the case is about. No, until the door or a list has asked (cases.access).
    child_shown = False

    objects = CaseQuerySet.as_manager()

    if TYPE_CHECKING:
        persons: RelatedManager["Person"]
        joins: RelatedManager["CaseJoin"]
        joined_into: RelatedManager["CaseJoin"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=Status.CLOSED, closed_at__isnull=False, closed_by__isnull=False) & ~Q(close_reason="")
                | ~Q(status=Status.CLOSED) & Q(closed_at=None, closed_by=None, close_reason=""),
                name="case_closed_by_somebody_for_a_reason",
            ),
            models.CheckConstraint(condition=Q(plan_by_on__lte=F("day14_on")), name="case_planned_before_day14"),
            models.CheckConstraint(
                condition=~Q(status=Status.FOLLOW_UP) | Q(first_met_at__isnull=False), name="case_followed_up_has_met"
            ),
        ]
        indexes = [
            models.Index(fields=["area"], condition=Q(protected=True), name="case_protected_by_area"),
            models.Index(fields=["area", "plan_by_on", "id"], condition=~Q(status=Status.CLOSED), name="case_open_by_area"),
            # The list's own order: its first page reads its own rows, and not the whole area to sort it.
            models.Index(
                F("area"),
                models.Case(models.When(first_met_at=None, then=False), default=True, output_field=models.BooleanField()),
                F("plan_by_on"),
                F("id"),
                condition=~Q(status=Status.CLOSED),
                name="case_open_in_order",
            ),
            models.Index(fields=["area", "day14_on"], name="case_by_area_and_day14"),
            models.Index(
                fields=["day14_on"], condition=Q(first_met_at=None) & ~Q(status=Status.CLOSED), name="case_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def child_name(self) -> str:
        """The child's first name; nothing for whoever may not know whom the situation is about."""
        heading = self._heading
        return heading.child_name if heading else ""

    @property
    def child_age(self) -> int | None:
        heading = self._heading
        return heading.child_age if heading else None

    @property
    def caller_label(self) -> str:
        """How lists tell who made contact."""
        heading = self._heading
        return heading.caller_label if heading else ""

    @property
    def _heading(self) -> "CaseHeading | None":
        return getattr(self, "heading", None)

    @property
    def label(self) -> str:
        """How the child is called on every page, list and paper: 'Aatu, 4 v', without a name in a protected family.

        While the family has not said yes to the reader's unit the reference stands for the child.
        """
        if not self.child_shown:
            return str(_("Situation %(ref)s")) % {"ref": self.ref}
        if self.protected:
            return str(_("Child without a name"))
        age = "" if self.child_age is None else f", {self.child_age} v"
        return f"{self.child_name}{age}"

    @property
    def child_called(self) -> str:
        """The child's first name, without it in a protected family."""
        return str(_("Child without a name")) if self.protected else self.child_name

    @cached_property
    def masked_user_ids(self) -> set[int]:
        """The people whose unit and name the network doesn't see: whoever is, or has been, a masked member here."""
        return set(self.memberships.filter(masked=True).values_list("user_id", flat=True))

    @cached_property
    def calling(self) -> Calling:
        """How the people of this situation are called for whoever looks (`cases.models.calling`)."""
        return Calling(self, self.viewer)

    def name_of(self, user: User) -> str:
        """How a person is called on this family's pages, in events and in messages."""
        return self.calling.name(user)

    @property
    def stopped(self) -> bool:
        """Whether the family has ended it: what they had agreed to is taken back."""
        return self.closed_at is not None and self.close_reason == CloseReason.FAMILY_STOPPED

    def clock(self, today: date) -> Clock:
        """The two weeks as they stand today. Every page reads them from here."""
        met_on = helsinki_date(self.first_met_at) if self.first_met_at else None
        return clock(self.t0_at, today, met_on)

    def blocker(self, to: str) -> str | None:
        """Why the case may not move to this status now: a sentence for the user, or None."""
        if to not in TRANSITIONS[self.status]:
            return str(_("This is not possible at this stage."))
        return None


class CaseHeading(models.Model):
    """Whom the situation is about and who made contact. In a row of its own: a member reads it only once the family has
    said yes to their knowing of the meeting (the section of times); before that the walls hide it.
    """

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="heading")
    child_name = models.CharField(max_length=60)
    child_age = models.PositiveSmallIntegerField(null=True)
    caller_label = models.CharField(max_length=260, blank=True)

    def __str__(self) -> str:
        return self.case.ref


class CaseText(models.Model):
    """What was told in the call. In a row of its own: the coordinator reads it, the network does not."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="text")
    strengths = models.TextField(max_length=TEXT, blank=True)
    everyday = models.TextField(max_length=TEXT, blank=True)
    around = models.CharField(max_length=300, blank=True)
    guardians = models.TextField(max_length=TEXT, blank=True)
    consent_by = models.CharField(max_length=200, blank=True)
    consent_for = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.case.ref


class CaseEvent(models.Model):
    """What has happened, for people to read. `detail` holds dates and names of units, never anybody's words."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=30)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["case", "-at"], name="event_by_case")]

    def __str__(self) -> str:
        return self.kind
