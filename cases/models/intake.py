"""How a way begins: a concern that a professional writes, and the call that the coordinator takes."""

import re
from datetime import date, datetime, timedelta

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models.case import TEXT, Case, ConsentState
from cases.models.help_request import HelpRequest, Source
from networks.models import Area, Unit, User
from yhteiso.lib.dates import years_old
from yhteiso.lib.ids import new_ref

SHORTEST_PHONE = 6
CHILDREN = 160
OWN_TEXT = timedelta(days=30)  # how long after the answer its writer still sees a concern


class FamilyAsked(models.TextChoices):
    """Whether the worry was raised with the family before the call (puheeksi otto)."""

    YES = "yes", _("Yes, and the family wants help together")
    THINKING = "thinking", _("Yes, but the family is still thinking")
    NOT_YET = "not_yet", _("Not yet")


class Outcome(models.TextChoices):
    """The answer that whoever wrote a concern gets in the end. Three, and nothing of the family's content."""

    MET = "met", _("The network has met")
    DECLINED = "declined", _("The family did not want a network")
    OTHER = "other", _("Another way of helping was found")


def split_phone(text: str) -> tuple[str, str]:
    """The phone number with which a text begins, and the rest of it: "040 000 0101, iltapäivisin" → two parts.

    A number ends where another group of digits would make it too long to be one: hours often follow it directly.
    """
    end, digits, longest = 0, 0, 13 if text.startswith("+") else 10
    for found in re.finditer(r"[ -]?(\+?[0-9]{2,})", text):
        if found.start() != end or digits + len(found[1]) > longest:
            break
        end, digits = found.end(), digits + len(found[1])
    return (text[:end], text[end:]) if digits >= SHORTEST_PHONE else ("", text)


# What a concern keeps when its call was nameless: that it was sent, by whom, and that it was answered.
CONCERN_OF_NOBODY: dict[str, str | None] = {
    "child_name": "", "child_age": None, "place": "", "strengths": "", "everyday": "", "agreed": "", "reachable": "",
    "children_home": "",
}  # fmt: skip


class ConcernQuerySet(models.QuerySet["Concern"]):
    def visible_to(self, user: User) -> "ConcernQuerySet":
        """The own ones; for a coordinator, the area's.

        The right to one's own text belongs to person and unit, and ends 30 days after the answer (`told_of` has the rest).
        """
        if user.hat == "area":
            seen = Case.objects.visible_to(user)
            # A protected call is for whoever took it, and so is what was written before it (`sec.guarded_concerns`).
            calls = Call.objects.filter(concern=OuterRef("pk"), protected=True).exclude(taken_by_id=user.pk)
            guarded = calls.filter(Q(case=None) | ~Q(case__in=seen))
            return self.filter(Q(case=None) | Q(case__in=seen), ~Exists(guarded), area_id__in=user.area_ids)
        if user.hat != "member":
            return self.none()
        fresh = Q(answered_at=None) | Q(answered_at__gt=timezone.now() - OWN_TEXT)
        recused = Case.objects.filter(recusals__user_id=user.pk)
        return self.filter(fresh, logged_by_id=user.pk, unit_id=user.unit_id, unit__isnull=False).exclude(case__in=recused)

    def waiting(self) -> "ConcernQuerySet":
        return self.filter(answered_at=None, withdrawn_at=None)

    def unasked(self) -> "ConcernQuerySet":
        """Consultations whose writer still owes a talk with the family: none is recorded, none taken back, no network."""
        talks = apps.get_model("cases", "FamilyTalk").objects.filter(concern=OuterRef("pk"))
        return self.filter(~Exists(talks), family_asked=FamilyAsked.NOT_YET, withdrawn_at=None, case=None)


class Concern(models.Model):
    """A worry that a professional has written. A table of its own, so that its writer needs no right to any case.

    Only a family's yes brings a name: until then no name, age or place is kept (a consultation without personal data).
    `outcome` is what its writer is told in the end, set once by the database from the fact (`sec.answer_caller`).
    """

    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    logged_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField()
    form_key = models.UUIDField(editable=False)
    child_name = models.CharField(max_length=60, blank=True)
    child_age = models.PositiveSmallIntegerField(null=True)
    place = models.CharField(max_length=120, blank=True)
    strengths = models.TextField(max_length=TEXT)
    everyday = models.TextField(max_length=TEXT)
    family_asked = models.CharField(max_length=10, choices=FamilyAsked)
    agreed = models.TextField(max_length=TEXT, blank=True)
    reachable = models.CharField(max_length=160)
    # Asked of a worker of adult services: how many children at home and of what age, in plain words.
    children_home = models.CharField(max_length=CHILDREN, blank=True)
    caller_masked = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    outcome_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="concerns")
    # The own consultation from which this goes on, when the family has said yes.
    continues = models.ForeignKey("self", models.PROTECT, null=True, related_name="continued_by")

    objects = ConcernQuerySet.as_manager()

    class Meta:
        ordering = ["sent_at"]
        constraints = [
            models.UniqueConstraint(fields=["logged_by", "form_key"], name="concern_sent_once"),
            models.CheckConstraint(
                condition=Q(family_asked=FamilyAsked.YES) | Q(child_name="", child_age=None, place="", children_home=""),
                name="concern_without_a_yes_has_no_person",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None)
                | Q(child_name="", child_age=None, place="", children_home="", strengths="", everyday="", agreed=""),
                name="concern_taken_back_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", outcome_at=None) | ~Q(outcome="") & Q(outcome_at__isnull=False),
                name="concern_outcome_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None) | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="concern_answered_by_somebody",
            ),
            models.CheckConstraint(condition=Q(child_age=None) | Q(child_age__lte=20), name="concern_child_age"),
        ]
        indexes = [
            models.Index(fields=["area", "sent_at"], condition=Q(answered_at=None), name="concern_waiting_by_area"),
            models.Index(fields=["logged_by", "-sent_at"], name="concern_by_writer"),
            models.Index(fields=["case"], condition=Q(case__isnull=False, outcome=""), name="concern_untold_by_case"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def wants_network(self) -> bool:
        """Whether the family wants help together: only then is a network promised by a day."""
        return self.family_asked == FamilyAsked.YES

    @property
    def is_anonymous(self) -> bool:
        """Whether it names nobody: the family has not said yes."""
        return self.family_asked != FamilyAsked.YES

    @property
    def phone(self) -> str:
        return split_phone(self.reachable)[0]

    @property
    def reachable_rest(self) -> str:
        """What stands after the phone number: when and how to call."""
        return split_phone(self.reachable)[1]


class Route(models.TextChoices):
    """What follows from a call (domain 2.2)."""

    NETWORK = "network", _("A network is gathered")
    ADVICE = "advice", _("Advice is enough")
    CONSULTATION = "consultation", _("Anonymous consultation")
    GUIDED = "guided", _("Guided elsewhere")


class Guidance(models.TextChoices):
    """Where the caller was guided. Yhteiso records the kind of guidance and nothing else (SHL 35 §, LsL 25 §)."""

    SOCIAL = "shl35", _("Social welfare (Social Welfare Act § 35)")
    PROTECTION = "lsl25", _("Child protection (Child Welfare Act § 25)")
    EMERGENCY = "112", _("112, somebody is in danger now")


# The routes after which nothing of a person stays in the application.
NAMELESS = (Route.CONSULTATION, Route.GUIDED)


class CallQuerySet(models.QuerySet["Call"]):
    def visible_to(self, user: User) -> "CallQuerySet":
        """The area's; of a protected family's call only the one who takes it, and whoever may see what came of it."""
        if user.hat != "area":
            return self.none()
        own = Q(protected=False) | Q(case__isnull=False) | Q(taken_by_id=user.pk)
        return self.filter(own, Q(case=None) | Q(case__in=Case.objects.visible_to(user)), area_id__in=user.area_ids)

    def unfinished(self) -> "CallQuerySet":
        return self.filter(finished_at=None)


# The family knows of the call.
KNOWING = (ConsentState.ORAL.value, ConsentState.WAITING.value)
# What a finished call keeps of people where it keeps nobody: nothing. The database holds it (call_of_nobody).
NOBODY: dict[str, str | bool | None] = {
    "caller_name": "", "caller_unit": "", "caller_masked": False, "child_name": "", "child_family_name": "",
    "child_born_on": None, "child_age": None, "protected": False, "guardians": "", "strengths": "", "everyday": "",
    "around": "", "consent": "", "consent_by": "", "consent_for": "",
}  # fmt: skip


class Call(models.Model):
    """A call that a coordinator takes, from the first second. Its text is saved as it is typed.

    When the route is anonymous, everything that names somebody is emptied before the call is finished.
    """

    ref = models.CharField(max_length=12, unique=True, default=new_ref, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    concern = models.OneToOneField(Concern, models.PROTECT, null=True, related_name="call")
    help_request = models.OneToOneField(HelpRequest, models.PROTECT, null=True, related_name="call")
    source = models.CharField(max_length=12, choices=Source, default=Source.PROFESSIONAL)
    case = models.OneToOneField(Case, models.PROTECT, null=True, related_name="call")
    caller_name = models.CharField(max_length=120, blank=True)
    caller_unit = models.CharField(max_length=120, blank=True)
    caller_masked = models.BooleanField(default=False)
    child_name = models.CharField(max_length=60, blank=True)
    child_family_name = models.CharField(max_length=60, blank=True)
    child_born_on = models.DateField(null=True)
    child_age = models.PositiveSmallIntegerField(null=True)
    protected = models.BooleanField(default=False)
    guardians = models.TextField(max_length=TEXT, blank=True)
    strengths = models.TextField(max_length=TEXT, blank=True)
    everyday = models.TextField(max_length=TEXT, blank=True)
    around = models.CharField(max_length=300, blank=True)
    consent = models.CharField(max_length=10, choices=ConsentState, blank=True)
    consent_by = models.CharField(max_length=200, blank=True)
    consent_for = models.CharField(max_length=200, blank=True)
    route = models.CharField(max_length=14, choices=Route, blank=True)
    guided_to = models.CharField(max_length=5, choices=Guidance, blank=True)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.CheckConstraint(condition=Q(finished_at=None) | ~Q(route=""), name="call_finished_with_a_route"),
            models.CheckConstraint(
                condition=Q(case=None) | Q(route=Route.NETWORK, finished_at__isnull=False), name="call_case_is_a_network"
            ),
            # A finished call keeps people only where the family knows of it and its route needs them.
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(route="network") | Q(route="advice", consent__in=KNOWING) | Q(**NOBODY),
                name="call_of_nobody",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | ~Q(route=Route.GUIDED) | ~Q(guided_to=""), name="call_guided_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(route=Route.GUIDED) | Q(guided_to=""), name="call_guided_only_then"
            ),
            models.CheckConstraint(condition=Q(concern=None) | Q(help_request=None), name="call_answers_one_contact"),
        ]
        indexes = [
            models.Index(fields=["area", "-began_at"], condition=Q(finished_at=None), name="call_open_by_area"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has ever been written in it, so that it may be discarded."""
        return self.finished_at is None and self.concern_id is None and self.help_request_id is None and self.version == 0

    @property
    def answers(self) -> Concern | HelpRequest | None:
        """The contact that the call answers: a professional's concern or the family's own request."""
        return self.concern or self.help_request

    @property
    def t0_at(self) -> datetime:
        """The moment from which the two weeks run: of the call, or of the contact that it answers."""
        return min(self.began_at, self.answers.sent_at) if self.answers else self.began_at

    def age_on(self, day: date) -> int | None:
        """The child's age in whole years on a day: from the birth date, else as told."""
        if self.child_born_on is None:
            return self.child_age
        return years_old(self.child_born_on, day)
