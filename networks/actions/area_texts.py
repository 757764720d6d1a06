"""Writing the next version of an area's safety panel."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from networks.access import NotAllowed
from networks.models import Area, AreaTexts, User
from networks.models.area_texts import WRITTEN

LOCK = 5_010_001  # of the advisory lock that keeps two versions of one area apart


def may_set(user: User, area: Area) -> bool:
    """Whether this person, in the role worn now, answers for what the area's panel says."""
    return user.hat == "admin" or (user.hat == "area" and area.pk in user.answers_for)


@transaction.atomic
def change_texts(*, area: Area, newest: int, texts: dict[str, str], by: User, now: datetime) -> AreaTexts:
    """Append a version, in force at once. `newest` is the version that the writer saw, 0 for none.

    Raises NotAllowed for whoever neither answers for the area nor administers, when somebody else has saved in between,
    and when nothing changes.
    """
    if not may_set(by, area):
        raise NotAllowed(_("Only the one who answers for the area, or an administrator, may change these texts."), "reach")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, area.pk])
    before = AreaTexts.objects.filter(area=area).first()
    if newest != (before.pk if before else 0):
        raise NotAllowed(_("Somebody has saved these texts after you opened them. Look at their version below."), "stale")
    if all(texts[name] == (getattr(before, name) if before else "") for name in WRITTEN):
        raise NotAllowed(_("Nothing changed. The panel stays as it is."), "same")
    return AreaTexts.objects.create(area=area, made_at=now, made_by=by, **{name: texts[name] for name in WRITTEN})
