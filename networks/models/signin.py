"""What signing in leaves behind: open sessions, identities of organisations, counted attempts. Nothing of a family.

Only the bare web login reads these tables; no hat has any right to them.
"""

from datetime import datetime

from django.db import models


class OpenSession(models.Model):
    """A session that somebody has opened, so that they can find and end it. It lives as long as Django's own row.

    Of the browser only its family in words is kept, and no network address.
    """

    user = models.ForeignKey("networks.User", models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    began_at = models.DateTimeField()
    browser = models.CharField(max_length=60, blank=True)
    shared = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.began_at:%Y-%m-%d %H:%M}"


class OrganisationIdentity(models.Model):
    """Who an organisation's own sign-in says that somebody is. The key is issuer and subject; an e-mail never is."""

    user = models.ForeignKey("networks.User", models.CASCADE, related_name="organisation_identities")
    issuer = models.CharField(max_length=200)
    subject = models.CharField(max_length=255)
    bound_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_is_one_persons"),
            models.UniqueConstraint(fields=["user", "issuer"], name="identity_once_an_issuer"),
        ]

    def __str__(self) -> str:
        return self.issuer


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def stale(self, now: datetime) -> "AttemptQuerySet":
        return self.filter(expires_at__lt=now)


class Attempt(models.Model):
    """How often something was tried in one stretch of time. `key` is a keyed hash: it tells of nobody."""

    key = models.CharField(max_length=64, primary_key=True)
    n = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField(db_index=True)

    objects = AttemptQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.n)
