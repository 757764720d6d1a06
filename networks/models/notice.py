"""A notice: something happened that one person should know. Nothing of a family in it."""

from django.db import models

from networks.models.people import User
from yhteiso.lib.ids import uuid7


class Notice(models.Model):
    """One thing told to one person, in the application only. `kind` has its sentence in `networks.notices.SENTENCES`.

    The key is made here: who tells may not read what others are told.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    to = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["to", "-at"], name="notice_of_person"),
            models.Index(fields=["to"], condition=models.Q(seen_at=None), name="notice_unseen"),
        ]

    def __str__(self) -> str:
        return self.kind
