"""The embedded Valkey, the real one."""

from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.local.processes_seen import below
from yhteiso.local import valkey
from yhteiso.local.instance import Instance
from yhteiso.local.places import Places, private_folder
from yhteiso.local.processes import Crew


def _valkey(places: Places, folder: Path) -> valkey.Valkey:
    return valkey.Valkey(
        program=places.valkey_program(),
        home=private_folder(folder, group=places.account.gid if places.account else None),
        account=places.account,
        password="a-password",
        port=valkey.free_port(),
        log=folder / "valkey.log",
        throwaway=False,
    )


def test_it_asks_for_the_password(servers: Instance) -> None:
    assert servers._valkey is not None
    for wrong in (None, "wrong"):
        client = redis.Redis(port=servers._valkey.port, password=wrong, retry=Retry(NoBackoff(), 0))
        with client, pytest.raises(redis.exceptions.AuthenticationError):
            client.ping()


def test_it_keeps_what_it_has_promised_over_a_restart(places: Places, crew: Crew) -> None:
    one = _valkey(places, places.base / "broker")
    one.start(crew)
    one.wait(crew)
    with redis.Redis(port=one.port, password=one.password, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        client.set("message", "kept")
    shown = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid, _ in below(crew.running[0].keeper.pid)]
    assert shown
    assert not any(b"a-password" in line for line in shown)
    assert (one.home / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600
    crew.stop_all()
    assert not valkey.answers(one.url)
    one.start(crew)
    one.wait(crew)
    with redis.Redis(port=one.port, password=one.password, decode_responses=True) as client:
        assert client.get("message") == "kept"
