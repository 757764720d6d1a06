"""Freezing a month: counted once, published with its small counts hidden, never computed again."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case as Choice
from django.db.models import Exists, F, Min, OuterRef, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.models import Call, Case, Concern, Membership, Pause, PauseReason
from meetings.models import Commitment, CommitmentKind
from metrics import figures, suppression
from metrics.figures import Contact, Family, LeadTime, Promise, Share
from metrics.models import FrozenMonth, Metric, PublishedFigure, RawFigure
from networks.models import Area, Sector
from yhteiso.lib.dates import at_clock, helsinki_date, long_date, start_of_day

MOST_MONTHS = 24  # an area closes at most so many in one run

RawRow = tuple[Metric, str, int, int | None, int | None]  # metric, part, count, total, value


@transaction.atomic
def close_month(*, area: Area, month: date, now: datetime) -> FrozenMonth:
    """Freeze an area's month: its raw and its published figures. Twice, or at once by two, is once. Protected families
    are left out of every figure.

    The figures hold what had happened by the freezing time, so that a month closed late tells the same as one closed in
    time. Raises NotAllowed before the 3rd day after the month's end at 6.00. Works in the jobs' hat, which reads dates
    and states only, and as the owner.
    """
    month = figures.month_of(month)
    until = figures.freezes_at(month)
    if now < until:
        when = {"date": long_date(helsinki_date(until)), "time": at_clock(until)}
        raise NotAllowed(_("The month can be frozen from %(date)s, %(time)s on.") % when)
    key = {"area": area, "month": month, "definition_version": figures.VERSION}
    try:
        with transaction.atomic():
            frozen = FrozenMonth.objects.create(**key, frozen_at=now)
    except IntegrityError:
        return FrozenMonth.objects.get(**key)
    families = _families(area, month)
    _write(
        frozen,
        contacts=figures.contacts(_contacts(area, month), month, until),
        two_weeks=figures.two_weeks(families, month),
        delays=figures.delays(families, month),
        lead_time=figures.lead_time(families, month, until),
        promises=figures.promises_kept(_promises(area, month, until), month, until),
    )
    return frozen


def months_to_close(*, now: datetime) -> list[tuple[int, date]]:
    """Area ids and months that can be frozen now and are not, oldest first, from the area's first contact on.

    A month that was frozen by an earlier version is not counted again: two publications of the same families would tell
    what changed between them, such as an address that has been protected since.
    """
    frozen = set(FrozenMonth.objects.values_list("area_id", "month"))
    found: list[tuple[int, date]] = []
    for area_id in Area.objects.order_by("pk").values_list("pk", flat=True):
        first = _first_contact(area_id)
        if first is None:
            continue
        months: list[tuple[int, date]] = []
        month = figures.month_of(helsinki_date(first))
        while figures.freezes_at(month) <= now and len(months) < MOST_MONTHS:
            if (area_id, month) not in frozen:
                months.append((area_id, month))
            month = figures.shift_month(month, 1)
        found += months
    return found


def _first_contact(area_id: int) -> datetime | None:
    found = (
        Case.objects.filter(area_id=area_id).aggregate(at=Min("t0_at"))["at"],
        Concern.objects.filter(area_id=area_id).aggregate(at=Min("sent_at"))["at"],
        Call.objects.filter(area_id=area_id).aggregate(at=Min("began_at"))["at"],
    )
    return min((at for at in found if at), default=None)


# -- reading: only the columns that the jobs' hat may see, a day too many on each side; the figures judge the days ----


def _contacts(area: Area, month: date) -> list[Contact]:
    start = start_of_day(month) - timedelta(days=1)
    end = start_of_day(figures.shift_month(month, 1)) + timedelta(days=1)
    calls = (
        Call.objects.filter(area=area, protected=False)
        .exclude(case__protected=True)
        .annotate(t0=Coalesce("case__t0_at", Least("began_at", "concern__sent_at")))
        .filter(t0__gte=start, t0__lt=end)
        .values_list("began_at", "concern__sent_at", "case__t0_at", "route", "finished_at")
    )
    # A concern has no protection of its own; once a case was made of it, the case tells.
    unanswered = Concern.objects.filter(area=area, call=None, sent_at__gte=start, sent_at__lt=end)
    return [Contact(*row) for row in calls] + [
        Contact(began_at=None, sent_at=sent_at) for sent_at in unanswered.values_list("sent_at", flat=True)
    ]


def _families(area: Area, month: date) -> list[Family]:
    rows = Case.objects.filter(area=area, protected=False, day14_on__gte=month, day14_on__lt=figures.shift_month(month, 1))
    # What was written after the freezing time isn't there yet, so that a month closed late tells the same.
    written = Case.objects.filter(outcome__written_at__lt=figures.freezes_at(month)).values_list("pk", flat=True)
    known = set(written.filter(area=area, day14_on__gte=month, day14_on__lt=figures.shift_month(month, 1)))
    why = _reasons(area, month)
    return [
        Family(t0_at, day14_on, first_met_at, met if pk in known else None, why.get(pk, ""))
        for pk, t0_at, day14_on, first_met_at, met in rows.values_list(
            "pk", "t0_at", "day14_on", "first_met_at", "outcome__met"
        )
    ]


def _reasons(area: Area, month: date) -> dict[int, str]:
    """Why nothing moved in the two weeks of a situation: the reason that began first, of those recorded in time."""
    rows = Pause.objects.filter(
        case__area=area, case__protected=False, case__day14_on__gte=month, case__day14_on__lt=figures.shift_month(month, 1),
        recorded_at__lt=figures.freezes_at(month), from_on__lte=F("case__day14_on"),
    ).order_by("from_on", "pk")  # fmt: skip
    found: dict[int, str] = {}
    for case_id, reason, until_on, t0_at in rows.values_list("case_id", "reason", "until_on", "case__t0_at"):
        if until_on is None or until_on >= helsinki_date(t0_at):
            found.setdefault(case_id, reason)
    return found


def _promises(area: Area, month: date, until: datetime) -> list[Promise]:
    rows = Commitment.objects.filter(
        case__area=area, case__protected=False, kind=CommitmentKind.PROMISE, agreed_at__lte=until,
        due_on__gte=month, due_on__lt=figures.shift_month(month, 1),
    )  # fmt: skip
    # A masked member counts under what the mask says, "health services": the sector would tell the unit in a small area.
    masked = Exists(Membership.objects.filter(pk=OuterRef("membership_id"), masked=True))
    sector = Choice(When(masked, then=Value(Sector.HEALTH.value)), default="unit__agency__sector")
    return [Promise(*row) for row in rows.values_list(sector, "due_on", "status", "resolved_at")]


# -- writing -----------------------------------------------------------------------------------------------------------


def _write(
    frozen: FrozenMonth, *, contacts: dict[str, int], two_weeks: Share, delays: tuple[Share, dict[str, int]],
    lead_time: LeadTime, promises: dict[str, Share],
) -> None:  # fmt: skip
    n = sum(lead_time.buckets)
    raw: list[RawRow] = [(Metric.CONTACTS, part, count, None, None) for part, count in contacts.items()]
    raw += [(Metric.TWO_WEEKS, "", two_weeks.kept, two_weeks.total, None)]
    known, reasons = delays
    by_reason = {reason: reasons.get(reason, 0) for reason in PauseReason.values}
    raw += [(Metric.DELAYS, "", known.kept, known.total, None)]
    raw += [(Metric.DELAYS, reason, count, known.total, None) for reason, count in by_reason.items()]
    raw += [(Metric.LEAD_TIME, suppression.span(i, i), count, n, None) for i, count in enumerate(lead_time.buckets)]
    raw += [(Metric.LEAD_TIME, suppression.MEDIAN, n, None, lead_time.median)]
    raw += [(Metric.LEAD_TIME, suppression.P90, n, None, lead_time.p90)]
    raw += [(Metric.PROMISES_KEPT, sector, row.kept, row.total, None) for sector, row in promises.items()]
    RawFigure.objects.bulk_create(
        RawFigure(frozen=frozen, metric=metric, part=part, count=count, total=total, value=value)
        for metric, part, count, total, value in raw
    )
    cells = [(Metric.CONTACTS, cell) for cell in suppression.beside(contacts)]
    cells += [(Metric.TWO_WEEKS, cell) for cell in suppression.share(two_weeks)]
    cells += [(Metric.DELAYS, cell) for cell in suppression.delays(two_weeks, known, by_reason)]
    cells += [(Metric.LEAD_TIME, cell) for cell in suppression.lead_time(lead_time)]
    for sector in Sector.values:  # every sector, also one without promises: its absence would tell a zero
        row = promises.get(sector, Share(kept=0, total=0))
        cells += [(Metric.PROMISES_KEPT, cell) for cell in suppression.share(row, prefix=f"{sector}:")]
    PublishedFigure.objects.bulk_create(
        PublishedFigure(
            frozen=frozen, metric=metric, part=cell.part, count=cell.count, total=cell.total, value=cell.value,
            hidden=cell.hidden,
        )
        for metric, cell in cells
    )  # fmt: skip
