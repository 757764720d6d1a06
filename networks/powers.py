"""Powers in plain words: what a role sees, and what a proposal changes when it is accepted."""

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from networks.models import PowerProposal, Role
from networks.notices import role_text

SIGHT = {
    Role.COORDINATOR: _(
        "Sees every situation of the area: names, calls, contact details, networks, meetings and promises. Opens and closes "
        "situations and invites people to them."
    ),
    Role.RESPONSIBLE: _(
        "Sees every situation of the area as a coordinator does, and accepts new roles and accounts in the area."
    ),
    Role.PROFESSIONAL: _("Sees only the situations to whose network a coordinator has invited the person."),
    Role.UNIT_HEAD: _("Sees the days and states of the unit's promises, but no child, no text and no situation."),
    Role.LEADERSHIP: _("Sees the area's monthly figures, from which no family can be told."),
    Role.FAMILY: _("Sees the own family's page."),
    Role.OFFICER: _("Sees who has looked and when, in every area, but nothing of what was there."),
    Role.ADMINISTRATOR: _(
        "Sees no family. Keeps places, units and accounts, proposes roles and may shut any account but their own."
    ),
}


def change_text(proposal: PowerProposal) -> str:
    """What happens when the proposal is accepted, as one plain sentence."""
    texts = {
        "role": _now("%(who)s gets the role %(role)s."),
        "invitation": _now("%(who)s (%(email)s) gets an account with the role %(role)s."),
        "email": _now("%(who)s signs in with the address %(email)s from now on. The old address stops working."),
        "second_factor": _now(
            "The second step of %(who)s's sign-in is removed: phone codes, keys and recovery codes. At the next sign-in a "
            "new one is added before anything else."
        ),
        "resume": _now("%(who)s's suspended account is in use again, with the roles that it has."),
    }
    place = proposal.area or proposal.unit
    words = {
        "who": proposal.whose, "email": proposal.email,
        "role": role_text(proposal.role, str(place) if place else ""),
    }  # fmt: skip
    return texts[proposal.kind] % words


def sight_text(proposal: PowerProposal) -> str:
    """What the person sees after the acceptance; '' where their sight does not change."""
    return str(SIGHT[Role(proposal.role)]) if proposal.role else ""


def title_text(proposal: PowerProposal) -> str:
    """The proposal in a list: «New role: Coordinator, Kuusiranta»."""
    place = proposal.area or proposal.unit
    label = str(PowerProposal.Kind(proposal.kind).label)
    return f"{label}: {role_text(proposal.role, str(place) if place else '')}" if proposal.role else label
