"""The texts and numbers of an area's safety panel, version after version."""

from django.db import models

from networks.models.people import User
from networks.models.places import Area

SAID = ("heading", "text", "link")  # once a language
NUMBERS = ("emergency_phone", "notice_phone")
WRITTEN = (*(f"{name}_{code}" for name in SAID for code in ("fi", "sv", "en")), *NUMBERS)
PANEL = ("id", "area_id", *WRITTEN)  # what every reader of a panel may read: not who wrote it


class AreaTexts(models.Model):
    """One saved version of an area's safety panel; the newest is in force at once. Append-only: the history is the rows.

    What is empty is said in the application's own words. That this is no child welfare notification, and 112, stand in
    the panel itself and can't be changed by anybody.
    """

    area = models.ForeignKey(Area, models.CASCADE, related_name="texts")
    heading_fi = models.CharField(max_length=80, blank=True)
    heading_sv = models.CharField(max_length=80, blank=True)
    heading_en = models.CharField(max_length=80, blank=True)
    text_fi = models.TextField(max_length=400, blank=True)
    text_sv = models.TextField(max_length=400, blank=True)
    text_en = models.TextField(max_length=400, blank=True)
    link_fi = models.CharField(max_length=300, blank=True)
    link_sv = models.CharField(max_length=300, blank=True)
    link_en = models.CharField(max_length=300, blank=True)
    emergency_phone = models.CharField(max_length=30, blank=True)
    notice_phone = models.CharField(max_length=30, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["area", "-id"], name="area_texts_newest")]

    def __str__(self) -> str:
        return f"{self.area_id}: {self.made_at:%d.%m.%Y}"
