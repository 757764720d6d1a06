"""The demonstration's data is made by the real actions, once, and only where it belongs."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cases.models import Case, Concern, Status
from metrics.models import FrozenMonth, PublishedFigure
from networks.context import DEMO_DOMAIN, demo_accounts
from networks.models import Municipality, User
from yhteiso import reference
from yhteiso.demo import families, history, people
from yhteiso.lib.dates import helsinki_date


def test_the_demonstration_is_refused_in_a_database_that_was_not_made_for_it(db: None) -> None:
    with pytest.raises(CommandError, match="not made for a demonstration"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_every_stage_of_the_board_has_a_family_and_one_is_late(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    reference.load()
    cast = people.load()
    assert not families.loaded(cast)
    now = timezone.now()
    history.load(cast, now=now)
    families.load(cast, now=now)
    history.freeze(cast, now=now)
    assert families.loaded(cast)
    opened = Case.objects.open()
    assert {case.status for case in opened} == set(Status.values) - {Status.CLOSED}
    late = [case for case in opened if case.clock(helsinki_date(now)).state == "over"]
    assert [case.child_name for case in late] == ["Hilma"]
    assert Concern.objects.waiting().count() == 3
    assert FrozenMonth.objects.count() == 12
    assert PublishedFigure.objects.filter(metric="two_weeks", hidden="").exists()
    assert User.objects.exclude(email__endswith=f"@{DEMO_DOMAIN}").count() == 0
    before = (User.objects.count(), Municipality.objects.count())
    reference.load()
    people.load()
    assert (User.objects.count(), Municipality.objects.count()) == before == (len(people.PEOPLE), 30)
    call_command("demo_accounts")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == len(demo_accounts()) == 9
    call_command("load_reference")
