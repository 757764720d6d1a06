"""Looking again: the rules that point at openings which somebody should be able to explain, and the officer's decisions."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from yhteiso.audit.models import Decision, LogEntry, Oddity
from yhteiso.lib.dates import helsinki_date

DAYS = timedelta(days=1)


class NotAllowed(Exception):
    """A refusal with a sentence fit for the user."""


def look_again(*, now: datetime) -> int:
    """Find the oddities of yesterday and today. Returns how many there are, new and old; each is kept once.

    Needs the jobs' hat, which gets keys and rule codes only: names are compared inside PostgreSQL.
    """
    today = helsinki_date(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, entry_at, rule FROM sec.find_oddities(%s, %s)"
            " UNION ALL SELECT entry_id, entry_at, rule FROM sec.find_known_looks(%s, %s)",
            [today - DAYS, today] * 2,
        )
        found = cursor.fetchall()
    rows = [Oddity(entry_id=entry_id, entry_at=at, rule=rule, found_at=now) for entry_id, at, rule in found]
    Oddity.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return len(rows)


@transaction.atomic
def decide(*, oddity: Oddity, decision: str, note: str = "", by_id: int, by_name: str, now: datetime) -> Oddity:
    """Write what the officer made of it. A later decision replaces an earlier one; the log row of the deed keeps both.

    Raises NotAllowed for one's own opening: nobody clears themselves.
    """
    row = Oddity.objects.select_for_update(of=("self",), no_key=True).get(pk=oddity.pk)
    entry = LogEntry.objects.filter(pk=row.entry_id, at=row.entry_at).only("actor_id").first()
    if entry and entry.actor_id == by_id:
        raise NotAllowed(_("This opening is your own. Another data protection officer decides it."))
    row.decision, row.note = Decision(decision), note
    row.decided_by_id, row.decided_by_name, row.decided_at = by_id, by_name, now
    row.save(update_fields=["decision", "note", "decided_by_id", "decided_by_name", "decided_at"])
    return row
