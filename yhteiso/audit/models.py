"""The two logs, their seals, and what looked odd in them. Rows are added in the transaction of the deed; none is changed.

`LogEntry` is the use log (käyttöloki), `DisclosureEntry` the disclosure log (luovutusloki). In PostgreSQL both are
partitioned by month and carry one more column that nobody may write, `xid`: the transaction that added the row, by which
the sealer knows that nothing older can still appear.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from yhteiso.lib.ids import uuid7

# The parts of a case's content, as the visibility matrix names them.
SECTIONS = ("time", "network", "themes", "plan", "contact", "consents", "intake")


class Verb(models.TextChoices):
    """What was done to whose content."""

    VIEW = "view"
    LIST = "list"
    SEARCH = "search"
    PRINT = "print"
    EXPORT = "export"
    DISCLOSE = "disclose"
    CHANGE = "change"
    DENY = "deny"
    FAIL = "fail"
    LOGIN = "login"
    EXCEPTIONAL = "exceptional"


class Basis(models.TextChoices):
    """On what ground something was handed over to somebody outside the case's own network."""

    CONSENT = "consent"
    LAW = "law"
    EMERGENCY = "emergency"
    OWN = "own"


class Rule(models.TextChoices):
    """Why a row is looked at again."""

    NO_RELATION = "no_relation"
    SAME_NAME = "same_name"
    MASS = "mass"
    NIGHT = "night"
    PROTECTED = "protected"
    KNOWN = "known"


class Decision(models.TextChoices):
    """What the data protection officer made of it."""

    FINE = "fine"
    ASKED = "asked"
    INQUIRY = "inquiry"


class LogEntry(models.Model):
    """One read, list, print, change or refusal. Kept twelve years (703/2023 § 11 as the yardstick).

    The key is made here, since most hats may write this table but not read it. `why` is the right by which somebody saw,
    `reason` the code of a refusal or of a search in the log. What was searched for stands only as a keyed hash.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=120)
    actor_agency = models.CharField(max_length=120, blank=True)
    actor_unit = models.CharField(max_length=120, blank=True)
    hat = models.CharField(max_length=10)
    verb = models.CharField(max_length=12, choices=Verb)
    case_id = models.BigIntegerField(null=True)
    case_ids = models.JSONField(default=list)
    page = models.CharField(max_length=60)
    sections = ArrayField(models.CharField(max_length=20), default=list)
    why = models.CharField(max_length=20, blank=True)
    subject_kind = models.CharField(max_length=20, blank=True)
    subject_ref = models.CharField(max_length=20, blank=True)
    result_count = models.PositiveIntegerField(null=True)
    term_hash = models.CharField(max_length=64, blank=True)
    request_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="log_by_time"),
            models.Index(fields=["case_id", "-at"], name="log_by_case"),
            models.Index(fields=["actor_id", "-at"], name="log_by_actor"),
            GinIndex(
                fields=["case_ids"], opclasses=["jsonb_path_ops"], condition=~Q(case_ids=[]), name="log_by_listed_case"
            ),
        ]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb}"


class DisclosureEntry(models.Model):
    """One handing over: from whom, to whom, which sections of which case, and on what ground."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    case_id = models.BigIntegerField()
    from_person = models.CharField(max_length=120, blank=True)
    from_agency = models.CharField(max_length=120, blank=True)
    to_person = models.CharField(max_length=120, blank=True)
    to_agency = models.CharField(max_length=120, blank=True)
    sections = ArrayField(models.CharField(max_length=20), default=list)
    basis = models.CharField(max_length=10, choices=Basis)
    consent_ids = ArrayField(models.BigIntegerField(), default=list)
    document_ref = models.CharField(max_length=20, blank=True)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120, blank=True)
    hat = models.CharField(max_length=10)
    request_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="disclosure_by_time"),
            models.Index(fields=["case_id", "-at"], name="disclosure_by_case"),
        ]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.basis}"


class LogKind(models.TextChoices):
    """Which of the two logs a sealed row is in."""

    USE = "use"
    DISCLOSURE = "disclosure"


class Seal(models.Model):
    """One link of the chain over both logs. `seq` has no gaps; `chain_hash` binds the row, its place and all before it."""

    seq = models.BigIntegerField(primary_key=True)
    log = models.CharField(max_length=10, choices=LogKind)
    entry_id = models.UUIDField(unique=True)
    entry_at = models.DateTimeField()
    xid = models.BigIntegerField()
    row_hash = models.BinaryField()
    chain_hash = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_seal"

    def __str__(self) -> str:
        return f"{self.seq}"


class Checkpoint(models.Model):
    """The chain's head at a moment, as it was told outside this machine; or the outcome of walking the whole chain."""

    class Kind(models.TextChoices):
        HEAD = "head"
        WHOLE = "whole"
        BROKEN = "broken"

    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind)
    seq = models.BigIntegerField()
    head = models.CharField(max_length=64)
    count = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "-at"], name="checkpoint_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"


class Oddity(models.Model):
    """A row of the use log that a rule pointed at, and what the officer decided. Once for each row and rule."""

    entry_id = models.UUIDField()
    entry_at = models.DateTimeField()
    rule = models.CharField(max_length=12, choices=Rule)
    found_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by_name = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry_id", "rule"], name="oddity_once_for_row_and_rule"),
            models.CheckConstraint(
                condition=Q(decision="", decided_by_id=None, decided_at=None, note="")
                | ~Q(decision="") & Q(decided_by_id__isnull=False, decided_at__isnull=False),
                name="oddity_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["-entry_at", "-id"], condition=Q(decision=""), name="oddity_open"),
            models.Index(fields=["-entry_at", "-id"], name="oddity_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.entry_id}"


def record(
    *,
    verb: Verb,
    page: str,
    actor_id: int | None,
    actor_name: str,
    actor_agency: str = "",
    actor_unit: str = "",
    hat: str,
    now: datetime,
    case_id: int | None = None,
    case_ids: list[int] | None = None,
    sections: Iterable[str] = (),
    why: str = "",
    subject: tuple[str, str] = ("", ""),
    result_count: int | None = None,
    term_hash: str = "",
    request_id: UUID | None = None,
    reason: str = "",
) -> None:
    """Write one row of the use log.

    `page` is the URL's name, never its address; `reason` is a code or a short fixed sentence; `subject` is what was
    opened beside the case: a kind and a reference. Raises ValueError for a section that nobody knows.
    """
    LogEntry.objects.bulk_create(
        [
            LogEntry(
                at=now, actor_id=actor_id, actor_name=actor_name, actor_agency=actor_agency, actor_unit=actor_unit,
                hat=hat, verb=verb, case_id=case_id, case_ids=case_ids or [], page=page, sections=_known(sections),
                why=why, subject_kind=subject[0], subject_ref=subject[1], result_count=result_count,
                term_hash=term_hash, request_id=request_id, reason=reason,
            )
        ]
    )  # fmt: skip


def disclose(
    *,
    case_id: int,
    basis: Basis,
    sections: Iterable[str],
    from_agency: str,
    to_agency: str,
    by_id: int | None,
    by_name: str,
    hat: str,
    now: datetime,
    from_person: str = "",
    to_person: str = "",
    consent_ids: Iterable[int] = (),
    document_ref: str = "",
    request_id: UUID | None = None,
) -> None:
    """Write one row of the disclosure log: what left, from whom to whom, and on what ground.

    Raises ValueError where a consent is the ground but none is named, or for a section that nobody knows.
    """
    consents = sorted(set(consent_ids))
    if basis == Basis.CONSENT and not consents:
        raise ValueError("a disclosure by consent names the consent")
    DisclosureEntry.objects.bulk_create(
        [
            DisclosureEntry(
                at=now, case_id=case_id, from_person=from_person, from_agency=from_agency, to_person=to_person,
                to_agency=to_agency, sections=_known(sections), basis=basis, consent_ids=consents,
                document_ref=document_ref, by_id=by_id, by_name=by_name, hat=hat, request_id=request_id,
            )
        ]
    )  # fmt: skip


def _known(sections: Iterable[str]) -> list[str]:
    """The sections in their own order, each once."""
    given = set(sections)
    if unknown := given - set(SECTIONS):
        raise ValueError(f"no such section: {', '.join(sorted(unknown))}")
    return [section for section in SECTIONS if section in given]
