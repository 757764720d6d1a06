"""Which servers a command uses, and what each process may know of them."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.local.processes_seen import below, survivors, wait_for
from tests.local.test_processes import HERE
from yhteiso.local import application, instance
from yhteiso.local.console import Trouble
from yhteiso.local.instance import Addresses, Instance
from yhteiso.local.places import Places

EXTERNAL = {
    "DATABASE_URL": "postgresql://yhteiso_web:w@db/yhteiso",
    "JOBS_DATABASE_URL": "postgresql://yhteiso_jobs:j@db/yhteiso",
    "OWNER_DATABASE_URL": "postgresql://yhteiso_owner:o@db/yhteiso",
}
KEYS = {"FIELD_KEYS": "1:a2V5", "BLIND_KEY": "b3RoZXI="}


def test_without_any_address_everything_is_embedded() -> None:
    wanted = instance.read_wanted({})
    assert not wanted.external_database
    assert wanted.demo is None


@pytest.mark.parametrize("missing", ["JOBS_DATABASE_URL", "OWNER_DATABASE_URL"])
def test_an_external_database_needs_all_three_logins(missing: str) -> None:
    given = {name: value for name, value in EXTERNAL.items() if name != missing}
    with pytest.raises(Trouble, match=f"so {missing} must be set too"):
        instance.read_wanted(given)


def test_an_address_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "web").write_text(EXTERNAL["DATABASE_URL"] + "\n")
    others = {name: value for name, value in EXTERNAL.items() if name != "DATABASE_URL"}
    wanted = instance.read_wanted({**others, **KEYS, "DATABASE_URL_FILE": str(tmp_path / "web")})
    assert wanted.web == EXTERNAL["DATABASE_URL"]
    with pytest.raises(Trouble, match=r"REDIS_URL_FILE: .*No such file"):
        instance.read_wanted({"REDIS_URL_FILE": str(tmp_path / "nothing")})


def test_an_external_database_is_never_a_demonstration() -> None:
    assert instance.read_wanted({**EXTERNAL, **KEYS}).external_database
    with pytest.raises(Trouble, match="only with the embedded database"):
        instance.read_wanted({**EXTERNAL, **KEYS, "DEMO": "1"})


@pytest.mark.parametrize("missing", sorted(KEYS))
def test_an_external_database_needs_the_keys_of_its_codes(missing: str) -> None:
    """Generated ones would be lost with `make reset`, and the codes with them."""
    with pytest.raises(Trouble, match="FIELD_KEYS and BLIND_KEY must be set"):
        instance.read_wanted({**EXTERNAL, **{name: value for name, value in KEYS.items() if name != missing}})


def test_a_typing_error_in_demo_is_no_answer() -> None:
    with pytest.raises(Trouble, match="DEMO must be 1 or 0"):
        instance.read_wanted({"DEMO": "maybe"})


def test_each_process_has_its_own_login_and_no_other_secret(servers: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EXTERNAL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PGPASSWORD", "something else")
    monkeypatch.setenv("DATABASE_URL_FILE", "/a/file/of/the/owner")
    addresses = servers._addresses(demo=False)
    web = application.environment(addresses, addresses.web)
    jobs = application.environment(addresses, addresses.jobs, keys=False)
    assert (web["FIELD_KEYS"], web["BLIND_KEY"]) == (servers.passwords.field_keys, servers.passwords.blind_key)
    assert not {"FIELD_KEYS", "BLIND_KEY"} & set(jobs)
    words = servers.passwords
    for shown, own in ((web, words.web), (jobs, words.jobs)):
        text = "\n".join(shown.values())
        assert own in shown["DATABASE_URL"]
        others = {words.superuser, words.owner, words.web, words.jobs} - {own}
        assert not any(word in text for word in others)
        assert "OWNER_DATABASE_URL" not in shown
        assert "DATABASE_URL_FILE" not in shown
        assert "PGPASSWORD" not in shown


@pytest.mark.parametrize("login", ["owner", "web", "jobs"])
def test_each_address_opens_the_database_as_its_login(servers: Instance, login: str) -> None:
    with psycopg.connect(getattr(servers._addresses(demo=False), login)) as conn:
        assert conn.execute("SELECT current_user, current_database()").fetchone() == (
            f"yhteiso_{login}",
            instance.TEST_DATABASE,
        )


def test_two_throwaway_instances_do_not_know_each_other(places: Places, servers: Instance) -> None:
    other = instance.open_throwaway(places)
    try:
        addresses = other.start()
        assert other.home != servers.home
        assert addresses.redis != servers._addresses(demo=False).redis
        with psycopg.connect(addresses.owner) as conn:
            conn.execute("CREATE TABLE mine ()")
        with psycopg.connect(servers._addresses(demo=False).owner) as conn:
            assert conn.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    finally:
        other.stop()
    assert not other.home.exists()


KILLED = """
import os, sys, time
from pathlib import Path
from yhteiso.local import instance
from yhteiso.local.places import find_places
one = instance.open_throwaway(find_places(Path(sys.argv[1])))
one.start()
print(one.home, flush=True)
time.sleep(600)
"""


def test_a_killed_command_leaves_no_process_and_the_next_one_clears_its_folder(places: Places) -> None:
    command = [sys.executable, "-c", KILLED, str(places.checkout)]
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1"}
    killed = subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    *_, line = iter(lambda: _line(killed), "")
    home = Path(line)
    everything = below(killed.pid)
    assert len(everything) > 8, "two keepers, Valkey, the postmaster and its processes"
    killed.kill()
    killed.communicate()
    assert survivors(everything, seconds=20) == set()
    assert home.exists()
    instance.open_throwaway(places).stop()
    assert not home.exists()


def _line(process: subprocess.Popen[str]) -> str:
    """The next line of output; empty from the line with the folder on."""
    assert process.stdout is not None
    if getattr(process, "seen", False):
        return ""
    line = process.stdout.readline().strip()
    process.seen = line.startswith("/")  # type: ignore[attr-defined]
    return line or "-"


def test_the_servers_of_a_running_command_are_not_swept(places: Places, servers: Instance) -> None:
    instance.open_throwaway(places).stop()
    assert wait_for(servers.home.exists, seconds=0)
    assert all(one.alive() for one in servers.crew.running)


def test_an_external_broker_that_does_not_answer_is_named(places: Places) -> None:
    wanted = instance.read_wanted({**EXTERNAL, **KEYS, "REDIS_URL": "redis://127.0.0.1:1/0"})
    one = instance.open_run(places, wanted)
    assert one is not None
    try:
        with pytest.raises(Trouble, match="REDIS_URL names does not answer"):
            one.start()
    finally:
        one.stop()


def test_external_servers_are_used_and_none_is_started(places: Places, servers: Instance) -> None:
    ours = servers._addresses(demo=False)
    given = {**EXTERNAL, **KEYS, "REDIS_URL": ours.redis, "SECRET_KEY": "given"}
    one = instance.open_run(places, instance.read_wanted(given))
    assert one is not None
    try:
        found = one.start()
        assert one.crew.running == []
    finally:
        one.stop()
    assert found == Addresses(
        owner=EXTERNAL["OWNER_DATABASE_URL"],
        web=EXTERNAL["DATABASE_URL"],
        jobs=EXTERNAL["JOBS_DATABASE_URL"],
        redis=ours.redis,
        secret_key="given",
        field_keys=KEYS["FIELD_KEYS"],
        blind_key=KEYS["BLIND_KEY"],
        demo=False,
        embedded=False,
    )


def test_the_mark_of_the_database_must_fit(places: Places) -> None:
    first = instance.open_run(places, instance.read_wanted({}))
    assert first is not None
    try:
        assert first.start().demo, "`make run` shows the demonstration by itself"
    finally:
        first.stop()
    second = instance.open_run(places, instance.read_wanted({"DEMO": "0"}))
    assert second is not None
    try:
        with pytest.raises(Trouble, match=r"made for demonstration.*\n.*DEMO=1"):
            second.start()
    finally:
        second.stop()
