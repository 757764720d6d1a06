"""What of a situation the area's rules may ask: chosen by the coordinator, never concluded from anybody's text."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from cases.actions.network import open_case_of
from cases.models import Case, CaseNeeds
from networks.models import Need, User


@transaction.atomic
def choose_needs(*, case: Case, needs: Iterable[str], one_adult: bool, children: int, by: User, now: datetime) -> CaseNeeds:
    """Write what help is needed with, whether there is one adult and how many children. Raises NotAllowed when closed."""
    case = open_case_of(case)
    row, _made = CaseNeeds.objects.update_or_create(
        case=case,
        defaults={
            "needs": sorted({str(Need(need)) for need in needs}), "one_adult": one_adult, "children": children,
            "changed_at": now, "changed_by": by,
        },
    )  # fmt: skip
    return row
