"""The service directory: who can help a child or a family here. Reference data; nothing of a family."""

import calendar
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, UUID, uuid5

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from networks.models.people import User
from networks.models.places import Agency, Area, Sector, Unit
from yhteiso.lib.ids import uuid7
from yhteiso.lib.names import folded, sort_key

CONFIRMED_MONTHS = 6
OLDEST = 29  # services for young adults reach so far


class Level(models.TextChoices):
    """How near to everyday life the help is (domain 4.1)."""

    BASIC = "basic", _("Basic level")
    SPECIAL = "special", _("Special level")
    DEMANDING = "demanding", _("Demanding level")
    NGO = "ngo", _("Organisation or parish")
    LEISURE = "leisure", _("Leisure")


class Need(models.TextChoices):
    """What somebody would say that help is needed with, in plain words. Never a diagnosis, never a score."""

    DAILY_LIFE = "daily_life", _("Coping with everyday life")
    FRIENDS = "friends", _("Friends and play")
    SLEEP = "sleep", _("Sleep and mornings")
    SCHOOL = "school", _("School and learning")
    GROWTH = "growth", _("Growth and development")
    MOOD = "mood", _("Mood")
    PARENTHOOD = "parenthood", _("Parting and parenthood")
    MONEY = "money", _("Money and housing")
    SUBSTANCES = "substances", _("Alcohol and drugs")
    SAFETY = "safety", _("Safety and violence")
    HOBBIES = "hobbies", _("Hobbies and free time")


class Capacity(models.TextChoices):
    FREE = "free", _("Room now")
    QUEUE = "queue", _("A queue")
    FULL = "full", _("Full")
    UNKNOWN = "unknown", _("Not known")


class Provider(models.TextChoices):
    """Whose the service is. It follows from the agency: nobody chooses it."""

    MUNICIPALITY = "municipality", _("City or municipality")
    COUNTY = "county", _("Wellbeing services county")
    NGO = "ngo", _("NGO or parish")


COUNTY_WORDS = ("hyvinvointialue", "välfärdsområde")
AGENCY_IS_COUNTY = Q(agency__controller__icontains=COUNTY_WORDS[0]) | Q(agency__controller__icontains=COUNTY_WORDS[1])
AGENCY_IS_NGO = Q(agency__sector=Sector.NGO)
OF_PROVIDER = {
    Provider.NGO: AGENCY_IS_NGO,
    Provider.COUNTY: ~AGENCY_IS_NGO & AGENCY_IS_COUNTY,
    Provider.MUNICIPALITY: ~AGENCY_IS_NGO & ~AGENCY_IS_COUNTY,
}


def provider_of(agency: Agency) -> Provider:
    """The kind of provider: by the agency's sector, else by who is responsible for its data."""
    if agency.sector == Sector.NGO:
        return Provider.NGO
    county = any(word in agency.controller.lower() for word in COUNTY_WORDS)
    return Provider.COUNTY if county else Provider.MUNICIPALITY


def confirmed_until(day: date) -> date:
    """The last day on which a confirmation of that day holds: the same day six months on, or the last of its month."""
    years, month = divmod(day.month - 1 + CONFIRMED_MONTHS, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


class ServiceQuerySet(models.QuerySet["Service"]):
    def active(self) -> "ServiceQuerySet":
        return self.filter(active=True)

    def for_area(self, area: Area) -> "ServiceQuerySet":
        """Those that serve the area: by name, or the whole of its county."""
        through = Service.areas.through.objects.filter(service_id=OuterRef("pk"))
        whole = Q(area__county_id=area.county_id) & ~Q(Exists(through))
        return self.filter(Q(Exists(through.filter(area_id=area.pk))) | whole)

    def for_age(self, low: int, high: int | None = None) -> "ServiceQuerySet":
        """Those meant for a child of that age, or for somebody between two ages (both included)."""
        return self.filter(age_from__lte=low if high is None else high, age_to__gte=low)

    def for_need(self, *needs: str) -> "ServiceQuerySet":
        """Those that help with any of these needs."""
        return self.filter(needs__overlap=list(needs))

    def of_provider(self, provider: str) -> "ServiceQuerySet":
        return self.filter(OF_PROVIDER[Provider(provider)])

    def search(self, text: str) -> "ServiceQuerySet":
        """Every word somewhere in the names, the provider, the unit, the needs or the sentence; no dots, no case."""
        rows = self
        for word in folded(text).split()[:8]:
            rows = rows.filter(search_key__contains=word)
        return rows

    def stale(self, on: date) -> "ServiceQuerySet":
        """Not confirmed within six months, or never."""
        return self.filter(Q(confirmed_until=None) | Q(confirmed_until__lt=on))

    def kept_by(self, areas: list[int]) -> "ServiceQuerySet":
        """Whose details these areas' people keep right."""
        return self.filter(area_id__in=areas)

    def with_places(self) -> "ServiceQuerySet":
        """With everything that a list shows, and who confirmed it, without credentials, which a hat may not read."""
        rows = self.select_related("agency", "unit", "area", "confirmed_by").prefetch_related("areas")
        return rows.defer("confirmed_by__password", "confirmed_by__last_login")


class Service(models.Model):
    """Something that an agency offers to children and families.

    `area` is the one whose people keep the entry right; `areas` are those that it serves, none for the whole county.
    It is taken out of the directory (`active`), never deleted.
    """

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("kept by"))
    areas = models.ManyToManyField(Area, related_name="services", blank=True, verbose_name=_("areas"))
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="services", verbose_name=_("provider"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="services", verbose_name=_("unit"))
    sector = models.CharField(_("sector"), max_length=20, choices=Sector)
    level = models.CharField(_("level"), max_length=12, choices=Level, default=Level.BASIC)
    name = models.CharField(_("name"), max_length=120)
    name_sv = models.CharField(_("name in Swedish"), max_length=120, blank=True)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    sentence = models.CharField(_("for the family, in one sentence"), max_length=240, blank=True)
    hours = models.CharField(_("when"), max_length=120, blank=True)
    age_from = models.PositiveSmallIntegerField(_("from age"), default=0)
    age_to = models.PositiveSmallIntegerField(_("to age"), default=17)
    needs = ArrayField(models.CharField(max_length=20, choices=Need), default=list, blank=True, verbose_name=_("needs"))
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    url = models.URLField(_("web page"), max_length=300, blank=True)
    contact = models.CharField(_("whom to ask for"), max_length=120, blank=True)
    consultation = models.BooleanField(_("professionals may consult"), null=True)
    consultation_when = models.CharField(_("when to consult"), max_length=80, blank=True)
    referral = models.BooleanField(_("referral needed"), default=False)
    capacity = models.CharField(_("room"), max_length=8, choices=Capacity, default=Capacity.UNKNOWN)
    capacity_note = models.CharField(_("about the room"), max_length=80, blank=True)
    capacity_on = models.DateField(_("room as of"), null=True, blank=True)
    confirmed_on = models.DateField(_("confirmed"), null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    confirmed_until = models.DateField(null=True, editable=False)
    active = models.BooleanField(_("in the directory"), default=True)
    sort_key = models.CharField(max_length=240, editable=False)
    search_key = models.TextField(editable=False, default="")

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering: ClassVar[list[str]] = ["sort_key", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(age_from__lte=F("age_to")), name="service_ages_in_order"),
            models.CheckConstraint(condition=Q(age_to__lte=OLDEST), name="service_for_the_young"),
            models.CheckConstraint(condition=Q(level__in=sorted(Level.values)), name="service_of_known_level"),
            models.CheckConstraint(condition=Q(capacity__in=sorted(Capacity.values)), name="service_of_known_capacity"),
            models.CheckConstraint(condition=Q(needs__contained_by=sorted(Need.values)), name="service_of_known_needs"),
            models.CheckConstraint(
                condition=Q(confirmed_on=None, confirmed_until=None)
                | Q(confirmed_on__isnull=False, confirmed_until__gt=F("confirmed_on")),
                name="service_confirmed_for_a_time",
            ),
            models.UniqueConstraint(fields=["area", "agency", "sort_key"], name="service_once_in_area"),
        ]
        indexes = [
            models.Index(fields=["sort_key", "id"], condition=Q(active=True), name="service_in_order"),
            models.Index(fields=["confirmed_until"], condition=Q(active=True), name="service_by_confirmation"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The two keys follow the text. Only some columns written: those of them leave the keys as they are."""
        if not kwargs.get("update_fields"):
            self.sort_key = sort_key(self.name)
            self.search_key = self._search_key()
        super().save(*args, **kwargs)

    def _search_key(self) -> str:
        with override("fi"):
            needs = [str(Need(need).label) for need in self.needs]
        unit = self.unit.name if self.unit else ""
        texts = [self.name, self.name_sv, self.name_en, self.agency.name, unit, self.sentence, *needs]
        return folded(" ".join(texts))

    @property
    def provider(self) -> Provider:
        return provider_of(self.agency)

    def is_stale(self, on: date) -> bool:
        """Not confirmed within six months: shown grey, and asked about."""
        return self.confirmed_until is None or self.confirmed_until < on


class ServiceEventQuerySet(models.QuerySet["ServiceEvent"]):
    def asking(self) -> "ServiceEventQuerySet":
        """Questions that nobody has answered: the confirmation that ran out is still the last one."""
        same = Q(until=F("service__confirmed_until")) | Q(until=None, service__confirmed_until=None)
        return self.filter(same, kind=ServiceEvent.Kind.ASKED, service__active=True)

    def of_questions(self, keys: Iterable[str]) -> "ServiceEventQuerySet":
        """The questions with these keys as text, and the entries that they are about."""
        found = []
        for key in keys:
            with suppress(ValueError):
                found.append(UUID(key))
        return self.filter(kind=ServiceEvent.Kind.ASKED, pk__in=found).select_related("service__agency")

    def with_people(self) -> "ServiceEventQuerySet":
        return self.select_related("by").defer("by__password", "by__last_login")


class ServiceEvent(models.Model):
    """What was done to an entry of the directory, by whom. Rows are never changed.

    `until`: the last day of the confirmation that this is, or (`asked`) of the one that ran out. `changed`: names of fields,
    never what stood in them. Half a year after a confirmation the clock asks (`asked`, by nobody): once, as the key tells
    (`question_of`).
    """

    class Kind(models.TextChoices):
        ADDED = "added", _("added")
        CHANGED = "changed", _("details changed")
        CONFIRMED = "confirmed", _("confirmed")
        IMPORTED = "imported", _("brought from a file")
        ASKED = "asked", _("asked whether this is still right")
        REMOVED = "removed", _("taken out of the directory")
        RETURNED = "returned", _("put back into the directory")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    until = models.DateField(null=True)
    changed = ArrayField(models.CharField(max_length=30), default=list)

    objects = ServiceEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="asked", by=None) | (~Q(kind="asked") & Q(by__isnull=False)),
                name="service_event_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "-at"], name="service_event_of_service"),
            models.Index(fields=["kind", "service"], condition=Q(kind="asked"), name="service_event_asked"),
        ]

    def __str__(self) -> str:
        return self.kind


def question_of(service: Service) -> UUID:
    """The key of the one question about a service's last confirmation, whoever makes it."""
    return uuid5(NAMESPACE_OID, f"yhteiso.service:{service.pk}:{service.confirmed_until}")


class ServiceImport(models.Model):
    """A file that somebody has sent and not yet brought in: what the trial run showed is what is brought in, nothing else.

    Seen by the sender alone. It goes when it is brought in, when another is sent, and in a week.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    name = models.CharField(max_length=120)
    text = models.TextField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]
        indexes = [models.Index(fields=["by"], name="service_import_of_person")]

    def __str__(self) -> str:
        return str(self.pk)
