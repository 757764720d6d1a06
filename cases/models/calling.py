"""What somebody is called on a family's pages, on paper, in events and in the log: the one place that decides it.

Four rules, and who they are lifted for. A masked membership is "health services" to everybody but the area's coordinators
(who must know whom to call) and the person themself. Of a protected family only named people and the lead see names and
units. A colleague with a protected identity is initials and a title. On paper nobody's mask is lifted: a print travels.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from yhteiso.lib.names import initials

if TYPE_CHECKING:
    from cases.models.case import Case
    from cases.models.people import Membership, Person
    from networks.models import User


@dataclass(frozen=True, slots=True)
class Called:
    """What a member is called: the name, the own title, the unit (empty where it may not be seen), and the kind of face."""

    name: str
    role: str = ""
    unit: str = ""
    kind: str = ""

    @property
    def title(self) -> str:
        """Title and unit in one line."""
        return " · ".join(part for part in (self.role, self.unit) if part)

    @property
    def initials(self) -> str:
        return initials(self.name)


class Calling:
    """How the people of one situation are called for one viewer; without a viewer, for everybody.

    `paper`: for a print. `covered`: a page that is looked at together shows nobody of a protected family's network.
    """

    def __init__(self, case: "Case", viewer: "User | None" = None, *, paper: bool = False, covered: bool = False) -> None:
        self.case, self.viewer, self.paper, self.covered = case, viewer, paper, covered

    @cached_property
    def coordinates(self) -> bool:
        """Whether the viewer answers for the area, and reads from a screen."""
        return self.viewer is not None and not self.paper and self.viewer.hat == "area"

    @cached_property
    def named(self) -> bool:
        """Whether the viewer may see what a protected family hides: the lead, and whom the lead has named."""
        if self.viewer is None:
            return False
        if self.viewer.pk == self.case.coordinator_id:
            return True
        return self.case.memberships.filter(user_id=self.viewer.pk, ended_at=None, named=True).exists()

    @cached_property
    def hides_all(self) -> bool:
        return self.case.protected and (self.covered or not self.named)

    def own(self, user_id: int | None) -> bool:
        return self.viewer is not None and user_id == self.viewer.pk

    def of(self, member: "Membership", *, with_unit: bool = True) -> Called:
        """What this member is called. `member` with user, unit and person (`MembershipQuerySet.with_people`); where the
        unit is not told, it need not be there.
        """
        if member.person is not None:
            return self._relative(member.person)
        user = member.user
        if user is None:
            return Called("")
        unit = member.unit.name if with_unit and not self.case.protected and member.unit else ""
        if self.own(user.pk) and not self.paper:
            return Called(user.name, user.title, unit)
        if member.masked and not self.coordinates:
            return Called(_("Health services"), _("The unit is masked at the family's wish"), kind="masked")
        if self.hides_all and user.pk != self.case.coordinator_id:
            return Called(_("Service"), _("name and unit masked"), kind="masked")
        if self._hidden_identity(user):
            return Called(user.initials, user.title)
        return Called(user.name, user.title, unit)

    def name(self, user: "User") -> str:
        """What somebody with an account is called who wrote, confirmed or did something here."""
        if self.own(user.pk) and not self.paper:
            return user.name
        if not self.coordinates and user.pk in self.case.masked_user_ids:
            return _("Health services")
        if self.hides_all and user.pk != self.case.coordinator_id:
            return _("Service")
        return user.initials if self._hidden_identity(user) else user.name

    def recipient(self, user: "User") -> str:
        """Whose copy a print is: the name, unless that is what is hidden."""
        if user.pk in self.case.masked_user_ids:
            return _("Health services")
        return public_name(user)

    def veiled(self, user: "User") -> bool:
        """Whether somebody's unit may not be told beside the name."""
        return self.case.protected or self._hidden_identity(user) or (self.paper and user.pk in self.case.masked_user_ids)

    def _hidden_identity(self, user: "User") -> bool:
        if not user.protected_identity or (self.own(user.pk) and not self.paper):
            return False
        return self.paper or not (self.coordinates or self.named)

    def _relative(self, person: "Person") -> Called:
        kind = str(person.get_kind_display())
        if self.case.protected and (person.by_hand and (self.paper or self.hides_all)):
            return Called(_("The other guardian"), _("no messages, no invitation"), kind="family")
        if self.hides_all:
            return Called(kind.capitalize(), _("reached by phone only"), kind="family")
        return Called(person.full_name, person.relation or kind, kind="family")


def public_name(user: "User") -> str:
    """What somebody with an account is called where no family is: initials for a protected identity."""
    return user.initials if user.protected_identity else user.name


def may_message(person: "Person") -> bool:
    """Whether anything may leave for this person by itself: an invitation, a time, an answer, a reminder.

    Never in a protected family, and never to a guardian who is told by hand. Every channel asks this; where it says no, a
    task is opened for whoever leads (`cases.actions.protection.tell_by_hand`).
    """
    return not person.by_hand and not person.case.protected
