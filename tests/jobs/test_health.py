"""Does everything work now? For machines and for people, with the database and without it, and nothing of anybody."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.personas import World
from yhteiso.jobs import health, runs, silence
from yhteiso.jobs.models import DeadLetter, JobRun, Silence
from yhteiso.local.places import CHECKOUT

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def ran(name: str, **ago: float) -> None:
    then = timezone.now() - timedelta(**ago)
    runs.run(name, lambda: 1, every=timedelta(seconds=30), clock=lambda: then)


@pytest.fixture
def well(db: None) -> None:
    for name in ("tick", "beat", "canary"):
        ran(name)


def page(client: Client | None = None) -> str:
    answer = (client or Client()).get("/health/", headers=PAGE)
    assert answer["Content-Type"].startswith("text/html")
    assert "Accept" in answer["Vary"]
    return answer.content.decode().replace("\u00a0", " ")


def test_all_is_well(well: None) -> None:
    answer = Client().get("/health/")
    told = answer.json()
    assert (answer.status_code, told["status"], told["database"], told["clock"]["status"]) == (200, "ok", "ok", "ok")
    assert told["clock"]["seconds_since_ok"] < 5
    assert told["canary"]["status"] == told["beat"]["status"] == told["jobs"]["tick"]["status"] == "ok"
    assert told["jobs"]["verify-log"]["status"] == "new"
    assert "Kyllä, kaikki toimii." in page()


def test_a_silent_clock_is_red_and_whoever_asks_notices_it(well: None, world: World) -> None:
    JobRun.objects.filter(pk="tick").update(last_ok_at=timezone.now() - timedelta(seconds=252))
    answer = Client().get("/health/")
    told = answer.json()
    assert (answer.status_code, told["status"], told["clock"]["status"]) == (503, "failing", "silent")
    assert 252 <= told["clock"]["silent_seconds"] < 260
    assert Silence.objects.get().noticed_by == "web"
    text = page()
    assert "Muistutuskello on ollut hiljaa 4 minuuttia" in text
    assert "Kirjaa syy" not in text
    assert "Kirjaa syy" in page(world.client(world.administrator))
    assert Client().get("/health/live/").status_code == 200, "nobody starts the web again because the clock is silent"
    ran("tick")
    assert Client().get("/health/").status_code == 200
    assert "Muistutuskello oli hiljaa 4 minuuttia" in page()


def test_a_deaf_worker_and_a_silent_beat_are_told_apart(well: None) -> None:
    JobRun.objects.filter(pk="canary").update(last_ok_at=timezone.now() - timedelta(seconds=91))
    told = Client().get("/health/").json()
    assert (told["status"], told["canary"]["status"], told["beat"]["status"]) == ("degraded", "late", "ok")
    assert "Työt eivät kulje jonosta" in page()
    assert "Ajastin lähettää" in page()
    with pytest.raises(CommandError, match="canary: silent for 91 s"):
        call_command("check_worker")
    call_command("check_worker", beat=True)
    JobRun.objects.filter(pk="beat").delete()
    with pytest.raises(CommandError, match="beat: has never run"):
        call_command("check_worker", beat=True)
    ran("canary", seconds=80)
    call_command("check_worker")


@pytest.mark.parametrize(("change", "state"), [
    ({"failures_in_row": 2, "last_failure": "IntegrityError"}, "failing"),
    ({"last_ok_at": -151, "last_finished_at": -151, "last_started_at": -151}, "late"),
    ({"last_started_at": -361, "last_finished_at": -400, "last_ok_at": -100}, "cut"),
])  # fmt: skip
def test_each_state_of_a_job(well: None, change: dict, state: str) -> None:
    ran("x")
    now = timezone.now()
    values = {key: now + timedelta(seconds=value) if key.endswith("_at") else value for key, value in change.items()}
    JobRun.objects.filter(pk="x").update(**values)
    answer = Client().get("/health/")
    assert (answer.json()["jobs"]["x"]["status"], answer.json()["status"]) == (state, "degraded")
    assert "IntegrityError" not in answer.content.decode() + page(), "what broke is for those who mend it"


def test_who_never_ran_is_missed_after_a_while(db: None) -> None:
    now = timezone.now()
    for minutes, state, red in ((1, "new", False), (3, "late", True)):
        found = health.figures(now=now, started=now - timedelta(minutes=minutes))
        assert [found.state(name) for name in ("tick", "canary", "beat")] == [state] * 3
        assert (found.status == "failing") == red
        assert found.state("verify-log") == "new"


def test_an_application_tells_of_its_own_and_one_that_breaks_harms_nobody(well: None) -> None:
    @health.reports("good", label="Postin jono")
    def good() -> dict:
        return {"status": "late", "counts": {"ready": 14}}

    @health.reports("bad")
    def bad() -> dict:
        return {"status": JobRun.objects.get(pk="no such").name}

    try:
        told = Client().get("/health/").json()
        assert told["reports"]["good"] == {"status": "late", "counts": {"ready": 14}}
        assert told["reports"]["bad"] == {"status": "failing", "counts": {}}
        assert told["status"] == "degraded"
        text = page()
        assert "Postin jono" in text
        assert "odottaa 14" in text
    finally:
        del health.REPORTS["good"], health.REPORTS["bad"]


def test_names_of_staff_are_for_those_who_have_signed_in_wholly(well: None, world: World) -> None:
    name = world.administrator.name
    assert name in page(world.client(world.professional))
    assert name not in page()
    assert name not in page(world.client(world.professional, second_factor=False))
    Silence.objects.create(
        began_at=timezone.now(), noticed_at=timezone.now(), ended_at=timezone.now(), noticed_by="web", cause="LEVY-TÄYNNÄ"
    )
    assert "LEVY-TÄYNNÄ" in page(world.client(world.professional))
    assert "LEVY-TÄYNNÄ" not in page()


@pytest.mark.parametrize(
    ("who", "sees"), [("administrator", True), ("officer", True), ("coordinator", False), ("leader", False), ("", False)]
)
def test_what_is_stuck_is_for_administrators_and_officers(well: None, world: World, who: str, sees: bool) -> None:
    now = timezone.now()
    DeadLetter.objects.create(name="meetings.tasks.draw", args=[4711], tries=5, first_at=now, last_at=now, failure="killed")
    text = page(world.client(getattr(world, who) if who else None))
    assert ("meetings.tasks.draw" in text) == sees
    assert "1 työ" in text or sees
    assert Client().get("/health/").json()["dead_letters"] == 1


def test_questions_do_not_grow_with_the_rows(well: None, django_assert_num_queries) -> None:
    def more(n: int) -> None:
        now = timezone.now()
        for number in range(n):
            ran(f"job {now} {number}")
            Silence.objects.create(began_at=now, noticed_at=now, ended_at=now, noticed_by="web")

    more(1)
    with django_assert_num_queries(17):
        Client().get("/health/")
    more(3)
    with django_assert_num_queries(17):
        Client().get("/health/")


def test_the_clock_s_name_is_the_one_that_is_watched() -> None:
    assert silence.CLOCK == "tick"
    assert health.longest("tick", timedelta(seconds=30)) == timedelta(minutes=2)


ASK = """
import json, django
django.setup()
from django.test import Client
from django.conf import settings
client = Client(raise_request_exception=False, headers={"host": "127.0.0.1"})
answers = []
for cookie in ("", "x" * 32):
    if cookie:
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    for url, accept in (("/health/", "*/*"), ("/health/", "text/html"), ("/health/live/", "*/*"), ("/", "text/html")):
        answer = client.get(url, headers={"accept": accept}, secure=True)
        answers.append([url, accept, answer.status_code, answer["Content-Type"].split(";")[0], "Traceback" in answer.content.decode()])
print(json.dumps(answers))
"""


def test_without_the_database_everything_is_503_with_and_without_a_session() -> None:
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none", "SECRET_KEY": "k" * 60,
        "DJANGO_SETTINGS_MODULE": "yhteiso.settings", "PYTHONPATH": str(CHECKOUT),
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, "-c", ASK], cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    rows = json.loads(answer.stdout.splitlines()[-1])
    assert [row[2] for row in rows] == [503] * 8
    assert [row[3] for row in rows[:4]] == ["application/json", "text/html", "application/json", "text/html"]
    assert not any(row[4] for row in rows)
