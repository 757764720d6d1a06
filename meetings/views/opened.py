"""A situation for whoever is let in for a day: until when, what was opened, whom to call, and what was written."""

from datetime import datetime
from typing import Any

from cases.models import Case, ExceptionalAccess, PersonContact
from cases.views.exceptional import sees
from meetings.models import Environment, LogbookEntry, Mark
from networks.models import User
from yhteiso.lib.dates import helsinki_date
from yhteiso.lib.names import initials


def opened_for(user: User, case: Case, now: datetime) -> dict[str, Any] | None:
    """What exceptional access opens to this reader now: until when, which sections, whom to call. None without one."""
    if user.hat != "member":
        return None
    row = ExceptionalAccess.objects.live(user, now).filter(case=case).first()
    if row is None:
        return None
    return {"row": row, "until": row.until, "sees": sees(row.sections), "contacts": _contacts(case, row.sections)}


def _contacts(case: Case, sections: list[str]) -> list[dict[str, str]] | None:
    """The family's people with a number; None where contact details were not opened."""
    if "contact" not in sections:
        return None
    rows = PersonContact.objects.filter(case=case).exclude(phone="").select_related("person").order_by("pk")
    return [
        {
            "name": row.person.full_name, "initials": initials(row.person.full_name), "phone": row.phone,
            "org": row.person.relation or str(row.person.get_kind_display()),
        }
        for row in rows
    ]  # fmt: skip


def themes_of(case: Case) -> list[dict[str, Any]]:
    """What approved logbooks say of everyday life, the newest meeting first."""
    rows = LogbookEntry.objects.filter(case=case, logbook__approved_at__isnull=False).exclude(mark=Mark.NOT_DISCUSSED)
    rows = rows.exclude(note="").select_related("theme", "logbook__meeting")
    return [
        {
            "day": helsinki_date(row.logbook.meeting.starts_at), "title": row.theme.title, "note": row.note,
            "meta": f"{Environment(row.theme.environment).label} · {row.get_mark_display()}",
        }
        for row in rows.order_by("-logbook__meeting__starts_at", "theme__position")
    ]  # fmt: skip
