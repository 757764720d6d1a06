"""The Finnish personal identity code of somebody of the family: optional, encrypted, found by a blind index."""

from django.db import models
from django.db.models import Q

from cases.models.case import Case
from cases.models.people import Person
from networks.models import User
from yhteiso.lib.cipher import keyring
from yhteiso.lib.ids import normal_hetu

KIND = "hetu"


def masked(number: str) -> str:
    """The code without what makes it one: "131052-****"."""
    return f"{number[:7]}****"


class PersonIdentityQuerySet(models.QuerySet["PersonIdentity"]):
    def with_number(self, number: str) -> "PersonIdentityQuerySet":
        """The rows with this code, by the blind index: nothing is opened. Row security says which of them are seen."""
        return self.filter(blind=keyring().blind(normal_hetu(number), kind=KIND))


class PersonIdentity(models.Model):
    """A code, or the knowledge that there is none (a newborn, somebody from abroad). No row: not asked.

    A table of its own, which only the coordinator's hat reads. The code is never in a column as itself.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="identity")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    number = models.CharField(max_length=120, blank=True)
    # Indexed, never unique: a unique key would tell of rows that row security hides.
    blind = models.BinaryField(max_length=32, null=True)
    without = models.BooleanField(default=False)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = PersonIdentityQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(without=True, number="", blind=None) | Q(without=False, blind__isnull=False) & ~Q(number=""),
                name="identity_is_a_code_or_none",
            ),
        ]
        indexes = [models.Index(fields=["blind"], name="identity_by_blind")]

    def __str__(self) -> str:
        return f"{self.person_id}"

    @property
    def place(self) -> str:
        """Where the code stands: what it is bound to, so that it opens in this row only."""
        return f"cases_personidentity:{self.person_id}:number"

    def seal(self, number: str) -> None:
        """Set the code, as it will be stored."""
        number = normal_hetu(number)
        self.number, self.blind = keyring().seal(number, place=self.place), keyring().blind(number, kind=KIND)
        self.without = False

    def open(self) -> str:
        """The code itself. Raises `yhteiso.lib.cipher.Unreadable` where its key is gone. Whoever shows it, logs it."""
        return keyring().open(self.number, place=self.place)
