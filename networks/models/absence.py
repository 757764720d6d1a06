"""Days on which somebody is away from work, and who stands in. Why is never asked: it is nobody's business here."""

from datetime import date
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from networks.models.people import User

DAYS = Func(
    F("from_on"), F("until_on"), RangeBoundary(inclusive_upper=True), function="daterange", output_field=DateRangeField()
)
# The person as a range of one: the plain index of ranges compares it, so that no extension of PostgreSQL is needed.
ONE_PERSON = Func(
    F("user_id"), F("user_id"), RangeBoundary(inclusive_upper=True),
    function="int8range", output_field=BigIntegerRangeField(),
)  # fmt: skip


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def in_force(self) -> "AbsenceQuerySet":
        return self.filter(ended_at=None)

    def coming(self, on: date) -> "AbsenceQuerySet":
        """Those that have not passed: under way, or still ahead."""
        return self.in_force().filter(until_on__gte=on)

    def with_people(self) -> "AbsenceQuerySet":
        """With the person and the substitute, without credentials, which a hat may not read."""
        rows = self.select_related("user", "substitute")
        return rows.defer("user__password", "user__last_login", "substitute__password", "substitute__last_login")


class Absence(models.Model):
    """One person away from the first day to the last, both included. It is ended, never deleted.

    The substitute stands in only after saying yes: `accepted` is empty until then.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="absences", verbose_name=_("person"))
    from_on = models.DateField(_("first day away"))
    until_on = models.DateField(_("last day away"))
    substitute = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="substitutions", verbose_name=_("substitute")
    )
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering: ClassVar[list[str]] = ["from_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(from_on__lte=F("until_on")), name="absence_days_in_order"),
            models.CheckConstraint(
                condition=Q(substitute=None) | ~Q(substitute=F("user")), name="absence_substitute_is_another_person"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, accepted=None)
                | Q(answered_at__isnull=False, accepted__isnull=False, substitute__isnull=False),
                name="absence_answer_is_a_substitute_s",
            ),
            ExclusionConstraint(
                name="absence_once_a_day",
                expressions=[(ONE_PERSON, RangeOperators.OVERLAPS), (DAYS, RangeOperators.OVERLAPS)],
                condition=Q(ended_at=None),
            ),
        ]
        indexes = [
            models.Index(fields=["user", "from_on"], condition=Q(ended_at=None), name="absence_of_person"),
            models.Index(fields=["substitute"], condition=Q(ended_at=None), name="absence_by_substitute"),
        ]

    def __str__(self) -> str:
        return f"{self.from_on}–{self.until_on}"

    def is_on(self, day: date) -> bool:
        return self.ended_at is None and self.from_on <= day <= self.until_on
