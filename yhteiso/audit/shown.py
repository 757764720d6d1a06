"""Rows of the logs as people read them: codes in words, cases by their reference."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from yhteiso.audit.models import DisclosureEntry, LogEntry, Verb
from yhteiso.audit.words import BASES, HATS, PAGES, REASONS, SEARCHES, SECTIONS, VERBS, WHY
from yhteiso.lib.dates import at_clock, helsinki_date, long_date, weekday

CASES_SHOWN = 8


def case_of(ref: str) -> int | None:
    """The number of the case with this reference, which the officer may know and nothing else of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.case_of_ref(%s)", [ref])
        found: int | None = cursor.fetchone()[0]
    return found


def refs_of(ids: Iterable[int | None]) -> dict[int, str]:
    """References by number. A case that is not there any more has none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ref FROM sec.refs_of(%s::bigint[])", [sorted({pk for pk in ids if pk})])
        return dict(cursor.fetchall())


def masked_in(case_id: int) -> set[int]:
    """The people whom this family's network knows by a mask."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.masked_in(%s)", [case_id])
        return set(cursor.fetchone()[0])


def case_words(case_id: int, refs: dict[int, str]) -> str:
    """How a case is told: its reference, or its number when it has none any more."""
    return refs.get(case_id) or _("no. %(number)s") % {"number": case_id}


def day_of(at: datetime) -> str:
    day = helsinki_date(at)
    return f"{weekday(day)} {long_date(day)}"


def sections_words(codes: Iterable[str]) -> str:
    """What was seen, in words: 'times, the network'."""
    return ", ".join(str(SECTIONS.get(code, code)) for code in codes)


def use_rows(rows: list[LogEntry]) -> list[dict[str, Any]]:
    """Rows of the use log for its table."""
    numbers = [([row.case_id] if row.case_id else list(row.case_ids)) for row in rows]
    refs = refs_of(pk for each in numbers for pk in each[:CASES_SHOWN])
    return [_use(row, each, refs) for row, each in zip(rows, numbers, strict=True)]


def _use(row: LogEntry, numbers: list[int], refs: dict[int, str]) -> dict[str, Any]:
    reasons = REASONS if row.verb == Verb.DENY else SEARCHES
    return {
        "day": day_of(row.at),
        "time": at_clock(row.at),
        "who": row.actor_name,
        "where": ", ".join(part for part in (row.actor_unit, row.actor_agency) if part),
        "hat": HATS.get(row.hat, row.hat),
        "verb": VERBS.get(row.verb, row.verb),
        "denied": row.verb == Verb.DENY,
        "reason": reasons.get(row.reason, ""),
        "right": WHY.get(row.why, row.why),
        "saw": sections_words(row.sections),
        "page": PAGES.get(row.page, row.page),
        "cases": case_words(numbers[0], refs)
        if len(numbers) == 1
        else ", ".join(refs.get(pk) or str(pk) for pk in numbers[:CASES_SHOWN]),
        "count": len(numbers),
        "more": max(0, len(numbers) - CASES_SHOWN),
    }


def protected_among(ids: Iterable[int | None]) -> set[int]:
    """Which of these cases are of a protected family: nobody of their network is named to the officer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.protected_among(%s::bigint[])", [sorted({pk for pk in ids if pk})])
        return set(cursor.fetchone()[0])


def disclosure_rows(rows: list[DisclosureEntry]) -> list[dict[str, Any]]:
    """Rows of the disclosure log for its table."""
    refs = refs_of(row.case_id for row in rows)
    hidden = protected_among(row.case_id for row in rows)
    return [
        {
            "day": day_of(row.at),
            "time": at_clock(row.at),
            "case": case_words(row.case_id, refs),
            "source": [part for part in (row.from_person, row.from_agency) if part],
            "target": [] if row.case_id in hidden else [part for part in (row.to_person, row.to_agency) if part],
            "saw": sections_words(row.sections),
            "basis": BASES.get(row.basis, row.basis),
            "consents": len(row.consent_ids),
            "document": row.document_ref,
            "by": row.by_name,
        }
        for row in rows
    ]


def after[Entry: (LogEntry, DisclosureEntry)](rows: QuerySet[Entry], key: str | None) -> QuerySet[Entry]:
    """The rows that follow the one with this key, newest first. Raises Http404 for a key that is none."""
    rows = rows.order_by("-at", "-pk")
    if not key:
        return rows
    try:
        last = rows.model.objects.filter(pk=UUID(key)).values_list("at", "pk").first()
    except ValueError as error:
        raise Http404 from error
    if last is None:
        raise Http404
    at, pk = last
    # The bound on the time alone lets PostgreSQL leave out whole months.
    return rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
