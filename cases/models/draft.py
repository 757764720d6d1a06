"""A concern that is still being written, and the text of a consultation that is kept for its writer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from json import dumps, loads
from typing import Any

from django.db import models
from django.db.models import Q

from cases.models.intake import Concern
from networks.models import Unit, User
from yhteiso.lib.cipher import keyring
from yhteiso.lib.ids import uuid7

DRAFT_KEPT = timedelta(days=30)


class ConcernDraftQuerySet(models.QuerySet["ConcernDraft"]):
    def visible_to(self, user: User, now: datetime) -> "ConcernDraftQuerySet":
        """The own ones of the own unit, for 30 days. Nobody else reads a draft, in any hat."""
        if user.hat != "member" or user.unit_id is None:
            return self.none()
        return self.filter(owner_id=user.pk, unit_id=user.unit_id, saved_at__gt=now - DRAFT_KEPT)

    def unsent(self) -> "ConcernDraftQuerySet":
        return self.filter(kept=False)

    def expired(self, now: datetime) -> "ConcernDraftQuerySet":
        return self.filter(saved_at__lte=now - DRAFT_KEPT)


class ConcernDraft(models.Model):
    """What somebody has typed of a concern, encrypted, for 30 days from the last save.

    One unsent draft a person and unit. `kept`: the texts of an anonymous consultation (`concern`), without whatever names a
    child; when the family says yes it becomes the unsent draft, and still knows which consultation it came from.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kept = models.BooleanField(default=False)
    concern = models.ForeignKey(Concern, models.CASCADE, null=True, related_name="+")
    form_key = models.UUIDField(editable=False)
    version = models.PositiveIntegerField(default=1)
    sealed = models.TextField()
    saved_at = models.DateTimeField()

    objects = ConcernDraftQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "unit"], condition=Q(kept=False), name="draft_one_a_person_and_unit"),
            models.UniqueConstraint(fields=["concern"], condition=Q(kept=True), name="draft_kept_once_a_concern"),
            models.CheckConstraint(condition=Q(kept=False) | Q(concern__isnull=False), name="draft_kept_of_a_concern"),
        ]
        indexes = [models.Index(fields=["saved_at"], name="draft_by_age")]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def place(self) -> str:
        """Where the text stands: what it is bound to, so that it opens in this row only."""
        return f"cases_concerndraft:{self.pk}:text"

    def is_expired(self, now: datetime) -> bool:
        """Whether it has lain too long: nobody is shown it any more, and the sweep deletes it."""
        return self.saved_at <= now - DRAFT_KEPT

    def seal(self, values: Mapping[str, str]) -> None:
        """Set what was typed, as it will be stored."""
        self.sealed = keyring().seal(dumps(values), place=self.place)

    def open(self) -> dict[str, Any]:
        """What was typed, by field. Raises `yhteiso.lib.cipher.Unreadable` where its key is gone."""
        found = loads(keyring().open(self.sealed, place=self.place))
        return found if isinstance(found, dict) else {}
