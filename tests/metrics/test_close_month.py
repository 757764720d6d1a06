"""Freezing: counted once, in whichever hat, however many try; nothing after it changes the month."""

import threading
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cases.access import NotAllowed
from cases.models import Case, Concern
from meetings.models import Commitment
from metrics.actions import MOST_MONTHS, close_month, months_to_close
from metrics.figures import VERSION, shift_month
from metrics.models import FrozenMonth, Metric, PublishedFigure, RawFigure
from metrics.tasks import close_months
from tests.metrics.rows import CANARY, contact, family, good_may, promise
from tests.personas import World, at
from yhteiso.hats.wear import wearing

MAY = date(2026, 5, 1)
IN_TIME = at("2026-06-03 06:00")


def raw(frozen: FrozenMonth, metric: Metric) -> dict[str, tuple[int, int | None]]:
    return {row.part: (row.count, row.total) for row in frozen.raw.filter(metric=metric)}


def shown(frozen: FrozenMonth, metric: Metric) -> dict[str, object]:
    """Each part's number, or why it is hidden."""
    rows = frozen.published.filter(metric=metric)
    return {r.part: r.hidden or (r.count if r.count is not None else r.value) for r in rows}


def test_a_month_is_counted_and_published(world: World) -> None:
    good_may(world)
    frozen = close_month(area=world.area, month=MAY, now=IN_TIME)
    assert (frozen.month, frozen.definition_version, frozen.frozen_at) == (MAY, VERSION, IN_TIME)
    # The last families called on 15 May: day 14 of all of them is in May.
    assert raw(frozen, Metric.TWO_WEEKS) == {"": (24, 29)}
    assert shown(frozen, Metric.TWO_WEEKS) == {"all": 29, "kept": 24, "late": 5}
    assert shown(frozen, Metric.LEAD_TIME) == {
        "0-5": 5, "6-9": 7, "10-12": 6, "13-14": 6, "15-": 5, "median": 11, "p90": 16,
    }  # fmt: skip
    assert shown(frozen, Metric.CONTACTS) == {
        "network": 29, "advice": 6, "consultation": "small", "guided": "small", "waiting": "small", "all": "complement",
    }  # fmt: skip
    assert raw(frozen, Metric.CONTACTS)["guided"] == (1, None)
    assert raw(frozen, Metric.PROMISES_KEPT) == {"ecec": (21, 29)}
    promises = shown(frozen, Metric.PROMISES_KEPT)
    assert (promises["ecec:all"], promises["ecec:kept"], promises["ecec:late"]) == (29, 21, 8)
    assert promises["health:all"] == "small"
    assert len(promises) == 27  # every sector, also those without a promise


def test_the_jobs_hat_sees_enough_and_no_more(world: World) -> None:
    good_may(world)
    as_owner = close_month(area=world.area, month=MAY, now=IN_TIME)
    numbers = list(as_owner.published.order_by("metric", "part").values_list("metric", "part", "count", "value", "hidden"))
    PublishedFigure.objects.all().delete()
    RawFigure.objects.all().delete()
    FrozenMonth.objects.all().delete()
    with wearing("jobs"):
        as_jobs = close_month(area=world.area, month=MAY, now=IN_TIME)
    found = list(as_jobs.published.order_by("metric", "part").values_list("metric", "part", "count", "value", "hidden"))
    assert found == numbers
    with pytest.raises(Exception, match="permission denied"), wearing("jobs"):
        Case.objects.values_list("heading__child_name").first()


def test_a_month_is_another_areas_too(world: World) -> None:
    family(world, "2026-05-04 09:00", 3)
    family(world, "2026-05-04 09:00", 3, area=world.other_area, by=world.other_coordinator)
    here, there = (close_month(area=area, month=MAY, now=IN_TIME) for area in (world.area, world.other_area))
    assert here.pk != there.pk
    assert raw(here, Metric.TWO_WEEKS) == raw(there, Metric.TWO_WEEKS) == {"": (1, 1)}


def test_twice_is_once_and_nothing_changes(world: World) -> None:
    good_may(world)
    first = close_month(area=world.area, month=MAY, now=IN_TIME)
    before = list(PublishedFigure.objects.order_by("pk").values())
    family(world, "2026-05-04 09:00", 3)
    again = close_month(area=world.area, month=date(2026, 5, 17), now=IN_TIME + timedelta(days=40))
    assert again == first
    assert again.frozen_at == IN_TIME
    assert list(PublishedFigure.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("now", ["2026-05-20 12:00", "2026-06-01 00:00", "2026-06-03 05:59"])
def test_a_month_is_not_frozen_too_early(world: World, now: str) -> None:
    with pytest.raises(NotAllowed, match=r"3\.6\.2026"):
        close_month(area=world.area, month=MAY, now=at(now))
    assert not FrozenMonth.objects.exists()


def test_closed_late_tells_the_same_as_closed_in_time(world: World) -> None:
    """What happened after the freezing time is left out, whenever the job runs."""
    family(world, "2026-05-17 09:00", 17, outcome=False)  # met on 3 June at ten
    waiting = contact(world, "2026-05-20 09:00", "advice")
    waiting.finished_at = at("2026-06-03 09:00")
    waiting.save()
    case = family(world, "2026-05-04 09:00", 3)
    row = promise(case, world.professional, date(2026, 5, 31), "kept", at("2026-06-04 09:00"))
    Commitment.objects.create(
        **{name: getattr(row, name) for name in ("case", "meeting", "what", "membership", "owner", "unit", "due_on")},
        form_key="0" * 32, written_at=row.written_at, written_by=world.professional, agreed_at=at("2026-06-05 09:00"),
    )  # fmt: skip
    frozen = close_month(area=world.area, month=MAY, now=at("2026-09-01 12:00"))
    assert raw(frozen, Metric.LEAD_TIME)["15-"] == (1, 2)
    assert frozen.raw.get(metric=Metric.LEAD_TIME, part="p90").value is None
    assert raw(frozen, Metric.CONTACTS)["waiting"] == (1, None)
    assert raw(frozen, Metric.PROMISES_KEPT) == {"ecec": (0, 1)}


def test_a_concern_and_its_call_are_one_contact(world: World) -> None:
    world.case(call="2026-05-05 12:46")  # a concern, a call that answers it, a case
    world.concern(now=at("2026-05-31 23:30"))  # still waiting
    world.concern(now=at("2026-06-01 00:30"))
    frozen = close_month(area=world.area, month=MAY, now=IN_TIME)
    counts = raw(frozen, Metric.CONTACTS)
    assert {part: count for part, (count, _) in counts.items() if count} == {"network": 1, "waiting": 1}


def test_only_promises_of_professionals_are_measured(world: World) -> None:
    case = family(world, "2026-05-04 09:00", 3)
    promise(case, world.professional, date(2026, 5, 20))
    promise(case, world.professional, date(2026, 5, 20))
    Commitment.objects.filter(pk=Commitment.objects.latest("pk").pk).update(kind="family_deed")
    assert raw(close_month(area=world.area, month=MAY, now=IN_TIME), Metric.PROMISES_KEPT) == {"ecec": (0, 1)}


def test_no_word_of_anybody_stands_in_a_figure(world: World) -> None:
    good_may(world)
    close_month(area=world.area, month=MAY, now=IN_TIME)
    assert Case.objects.filter(heading__child_name=CANARY).exists()
    with connection.cursor() as cursor:
        for table in ("metrics_frozenmonth", "metrics_rawfigure", "metrics_publishedfigure"):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            text = cursor.fetchone()[0]
            assert text
            assert CANARY not in text
            assert world.professional.name not in text


def test_a_hidden_figure_with_a_number_is_refused_by_the_database(world: World) -> None:
    frozen = close_month(area=world.area, month=MAY, now=IN_TIME)
    for number in ({"count": 3}, {"total": 3}, {"value": 3}):
        with pytest.raises(IntegrityError, match="hidden_figure_has_no_number"), transaction.atomic():
            PublishedFigure.objects.create(frozen=frozen, metric="contacts", part="x", hidden="small", **number)


# -- the hourly job ----------------------------------------------------------------------------------------------------


def test_the_months_to_close_begin_with_the_first_contact(world: World) -> None:
    contact(world, "2026-03-31 23:30", "advice")
    family(world, "2026-04-02 09:00", 3, area=world.other_area, by=world.other_coordinator)
    Concern.objects.create(
        area=world.other_area, logged_by=world.professional, sent_at=at("2026-02-28 12:00"), form_key="1" * 32,
        strengths="-", everyday="-", family_asked="not_yet", reachable="-",
    )  # fmt: skip
    here, there = world.area.pk, world.other_area.pk
    with wearing("jobs"):
        found = months_to_close(now=IN_TIME)
    assert found == [(here, date(2026, m, 1)) for m in (3, 4, 5)] + [(there, date(2026, m, 1)) for m in (2, 3, 4, 5)]
    assert months_to_close(now=IN_TIME - timedelta(minutes=1))[:2] == [(here, date(2026, 3, 1)), (here, date(2026, 4, 1))]
    close_month(area=world.area, month=date(2026, 4, 1), now=IN_TIME)
    assert (here, date(2026, 4, 1)) not in months_to_close(now=IN_TIME)


def test_an_area_closes_so_many_months_in_one_run(world: World) -> None:
    contact(world, "2020-01-15 09:00", "advice")
    found = months_to_close(now=IN_TIME)
    assert [month for _, month in found] == [shift_month(date(2020, 1, 1), n) for n in range(MOST_MONTHS)]


def test_nothing_is_due_where_nobody_has_called(world: World) -> None:
    assert months_to_close(now=IN_TIME) == []
    assert close_months() == 0


def test_the_job_freezes_what_is_due_once(world: World) -> None:
    now = timezone.now()
    last = shift_month(now.date().replace(day=1), -3)
    contact(world, f"{last:%Y-%m}-10 09:00", "advice")
    written = close_months()
    assert written in (2, 3)  # the last month is due from its third day on
    assert FrozenMonth.objects.filter(area=world.area).count() == written
    assert close_months() == 0


def test_the_command_freezes_one_month(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("close_month", area="Kuusiranta", month="2026-05")
    assert FrozenMonth.objects.get().month == MAY
    call_command("close_month")
    assert "0 months frozen" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"area": "Kuusiranta"}, "both"),
        ({"area": "Kuusiranta", "month": "toukokuu"}, "2026-05"),
        ({"area": "Muualla", "month": "2026-05"}, "no such area"),
        ({"area": "Kuusiranta", "month": "2999-01"}, "3.2.2999"),
    ],
)
def test_the_command_says_what_is_wrong(world: World, options: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("close_month", **options)
    assert not FrozenMonth.objects.exists()


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_month(transactional_db: None) -> None:
    world = World()
    good_may(world)
    start, found, broken = threading.Barrier(4), [], []

    def run() -> None:
        try:
            start.wait()
            with wearing("jobs"):
                found.append(close_month(area=world.area, month=MAY, now=IN_TIME).pk)
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert len(found) == 4
    assert len(set(found)) == 1
    assert FrozenMonth.objects.count() == 1
    assert PublishedFigure.objects.filter(metric=Metric.TWO_WEEKS).count() == 3
