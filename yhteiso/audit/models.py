"""The log of reads and deeds. Written in the same transaction as the read; never changed, never deleted."""

from datetime import datetime

from django.db import models

from yhteiso.lib.ids import uuid7


class Verb(models.TextChoices):
    """What was done to whose content."""

    VIEW = "view"
    LIST = "list"
    SEARCH = "search"
    PRINT = "print"
    CHANGE = "change"
    EXCEPTIONAL = "exceptional"
    DENY = "deny"
    FAIL = "fail"


class LogEntry(models.Model):
    """One read, list, print, change or refusal. Kept twelve years (703/2023 § 11 as the yardstick).

    The key is made here, since most hats may write this table but not read it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=120)
    actor_agency = models.CharField(max_length=120, blank=True)
    hat = models.CharField(max_length=10)
    verb = models.CharField(max_length=12, choices=Verb)
    case_id = models.BigIntegerField(null=True)
    case_ids = models.JSONField(default=list)
    page = models.CharField(max_length=60)
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="log_by_time"),
            models.Index(fields=["case_id", "-at"], name="log_by_case"),
            models.Index(fields=["actor_id", "-at"], name="log_by_actor"),
        ]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb}"


def record(
    *,
    verb: Verb,
    page: str,
    actor_id: int | None,
    actor_name: str,
    actor_agency: str = "",
    hat: str,
    now: datetime,
    case_id: int | None = None,
    case_ids: list[int] | None = None,
    reason: str = "",
) -> None:
    """Write one row. `page` is the URL's name, never its address; `reason` is a code or a short fixed sentence."""
    LogEntry.objects.bulk_create(
        [
            LogEntry(
                at=now, actor_id=actor_id, actor_name=actor_name, actor_agency=actor_agency, hat=hat, verb=verb,
                case_id=case_id, case_ids=case_ids or [], page=page, reason=reason,
            )
        ]
    )  # fmt: skip
