"""A signed link through the web's real login, which owns nothing: the door opens its one invitation, everything else is shut."""

from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from cases.actions import network
from cases.models import GuestKey
from cases.models.guest import hash_of
from meetings.actions import meeting as meetings
from tests.hats.test_logins import login
from tests.meetings.test_guest_links import invite
from tests.personas import World
from yhteiso.hats.roles import WEB
from yhteiso.lib.dates import helsinki_date, working_day_after

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_the_door_opens_one_invitation_and_every_table_is_shut(transactional_db: None) -> None:
    world = World()
    case, now = world.case(), timezone.now()
    network.record_consent(
        case=case, person=case.persons.get(name="Hilla"), consent="oral", consent_on=helsinki_date(now),
        by=world.coordinator, now=now,
    )  # fmt: skip
    day = working_day_after(helsinki_date(now) + timedelta(days=4))
    meetings.propose(
        case=case, starts_at=now.replace(year=day.year, month=day.month, day=day.day, hour=11), minutes=75, place="PAIKKA",
        by=world.coordinator, now=now,
    )  # fmt: skip
    link = invite(world, case)
    assert link is not None
    key = hash_of(GuestKey.objects.get(link=link).open())
    with login(WEB) as web:
        for wrong in (
            "SELECT * FROM cases_guestkey",
            "SELECT child_name FROM cases_caseheading",
            "SELECT place FROM meetings_meeting",
        ):
            with web.transaction(force_rollback=True):
                web.execute("SET LOCAL ROLE hat_guest")
                with pytest.raises(psycopg.errors.InsufficientPrivilege), web.transaction():
                    web.execute(wrong)
        with web.transaction():
            web.execute("SET LOCAL ROLE hat_guest")
            assert web.execute("SELECT count(id) FROM meetings_participant").fetchone() == (0,)
            found = web.execute("SELECT state, lead FROM sec.guest_door(%s, '', 'opened')", [key]).fetchone()
            assert found == ("live", "Riikka Tuulenpää")
            assert web.execute("SELECT count(id) FROM meetings_participant").fetchone() == (1,)
            assert web.execute("SELECT state FROM sec.guest_door(%s, '', 'opened')", [hash_of("x")]).fetchone() is None
            assert web.execute("SELECT count(id) FROM meetings_participant").fetchone() == (0,)
        network.end_membership(
            case=case, membership=link.membership, reason="ei enää", by=world.coordinator, now=timezone.now()
        )
        with web.transaction():
            web.execute("SET LOCAL ROLE hat_guest")
            assert web.execute("SELECT state FROM sec.guest_door(%s, '', 'opened')", [key]).fetchone() is None
