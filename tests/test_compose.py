"""`docker-compose.yml` and `Dockerfile`: their promises, and that each command in them exists and starts.

There is no engine where these tests run, so the files are read as an engine would read them.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from django.core.management import get_commands
from psycopg.conninfo import make_conninfo

from yhteiso.hats.roles import JOBS, OWNER, WEB
from yhteiso.local import logins
from yhteiso.local.console import Trouble

TOP = Path(__file__).resolve().parents[1]
LOGIN = {"web": WEB, "worker": JOBS, "beat": JOBS, "clock": JOBS, "migrate": OWNER}
OURS = {*LOGIN, "logins"}
ONE_SHOT = {"migrate", "logins"}
SECRETS = {"SECRET_KEY", "SUPERUSER_PASSWORD", "OWNER_PASSWORD", "WEB_PASSWORD", "JOBS_PASSWORD", "VALKEY_PASSWORD"}
KEYS = {"FIELD_KEYS", "BLIND_KEY"}  # what opens identity codes


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as read, with its anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def dockerfile() -> str:
    """The Dockerfile with its continued lines joined."""
    return (TOP / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def variables(node: Any) -> list[str]:
    """Every `${…}` below a node."""
    return re.findall(r"(?<!\$)\$\{([^}]*)\}", yaml.safe_dump(node, width=10_000))


def words(service: dict[str, Any]) -> list[list[str]]:
    """The programs that a service's command starts, as lists of words."""
    command: list[str] = service["command"]
    if command[:2] != ["sh", "-c"]:
        return [command]
    return [shlex.split(part) for part in re.split(r"&&|\|", command[2])]


def test_all_services_are_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == OURS | {"postgres", "valkey"}
    assert compose["services"]["postgres"]["image"] == "postgres:18"


def test_nobody_is_root_and_nobody_can_become_it(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        uid = service["user"].split(":")[0]
        assert int(uid) > 0, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name


def test_what_stays_up_is_watched_and_waited_for(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        assert ("healthcheck" in service) == (name not in ONE_SHOT), name
        for other, how in service.get("depends_on", {}).items():
            ends = other in ONE_SHOT
            assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy"), name
    assert set(services["web"]["depends_on"]) == {"migrate", "valkey"}


@pytest.mark.parametrize("name", sorted(LOGIN))
def test_each_service_knows_its_own_login_only(compose: dict[str, Any], name: str) -> None:
    environment = compose["services"][name]["environment"]
    own = {WEB: "WEB_PASSWORD", JOBS: "JOBS_PASSWORD", OWNER: "OWNER_PASSWORD"}
    assert environment["DATABASE_URL"].startswith(f"postgresql://{LOGIN[name]}:$")
    known = {text.rstrip(":?") for text in variables(environment)} & (SECRETS | KEYS)
    keys = KEYS if name in {"web", "migrate"} else set()
    assert known == {own[LOGIN[name]], "SECRET_KEY", "VALKEY_PASSWORD"} | keys


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    seen = variables(compose["services"])
    for name in SECRETS | KEYS:
        assert {text for text in seen if text.startswith(name)} == {f"{name}:?"}
    for service in compose["services"].values():
        assert "env_file" not in service, "it would hand every secret to every service"


def test_only_the_web_server_is_reached_and_only_from_this_machine(compose: dict[str, Any]) -> None:
    open_ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert open_ports == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("postgres", "valkey", "beat", *ONE_SHOT):
        assert compose["services"][name]["networks"] == ["inside"]


def test_it_is_no_demonstration_and_no_workbench(compose: dict[str, Any]) -> None:
    for name in LOGIN:
        environment = compose["services"][name]["environment"]
        assert (environment["DEMO"], environment["DEBUG"]) == ("0", "0")


def test_what_must_stay_lies_on_volumes(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert compose["services"]["valkey"]["volumes"] == ["valkey:/data"]
    assert set(compose["volumes"]) == {"postgres", "valkey"}
    valkey = compose["services"]["valkey"]["command"][2]
    assert "--appendonly yes" in valkey
    assert "noeviction" in valkey
    assert "requirepass" in valkey


def test_every_command_of_django_exists(compose: dict[str, Any]) -> None:
    called = {
        command[command.index("manage.py") + 1]
        for name in OURS
        for command in words(compose["services"][name])
        if "manage.py" in command
    }
    assert called == {"migrate", "load_reference", "clock"}
    assert called <= set(get_commands())


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_the_command_starts_and_takes_its_options(compose: dict[str, Any], name: str) -> None:
    """Run with `--help` at its end: the program starts and reads its command line. An unknown option is refused."""
    program, *options = compose["services"][name]["command"]
    answer = _run([sys.executable, "-m", program, *options, "--help"])
    assert answer.returncode == 0, answer.stderr
    assert "Usage" in answer.stdout
    for option in (word.split("=")[0] for word in options if word.startswith("--")):
        assert option in answer.stdout


def test_the_image_and_the_service_start_the_same_web_server(compose: dict[str, Any], dockerfile: str) -> None:
    found = re.search(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    assert found
    assert yaml.safe_load(found[1]) == compose["services"]["web"]["command"]


def test_valkey_takes_its_command_line(compose: dict[str, Any], tmp_path: Path) -> None:
    """The real server, with the file's own options: it refuses a wrong one before it opens its port."""
    from yhteiso.local.places import find_places

    line = compose["services"]["valkey"]["command"][2]
    options = shlex.split(line.partition("valkey-server - ")[2].replace("/data", str(tmp_path)))
    program = find_places().valkey_program()
    bad_end = subprocess.run(
        [program, "-", *options, "--port", "0", "--no-such-option", "yes"],
        input="requirepass x\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "no-such-option" in bad_end.stdout + bad_end.stderr
    assert bad_end.returncode == 1


def test_the_image_is_made_from_what_is_here(dockerfile: str) -> None:
    for source in re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE):
        assert (TOP / source).exists(), source
        assert f"!{source}" in (TOP / ".dockerignore").read_text().splitlines(), source
    assert re.search(r"^USER 10001$", dockerfile, re.MULTILINE)
    assert "libpango-1.0-0" in dockerfile
    assert ":latest" not in dockerfile


def test_no_secret_is_built_into_the_image(dockerfile: str) -> None:
    assert not re.search(r"^(ENV|ARG) .*(SECRET|PASSWORD|DATABASE_URL)", dockerfile, re.MULTILINE)


def test_static_files_can_be_collected_without_a_database(tmp_path: Path) -> None:
    """As the image does it while it is built."""
    answer = _run([sys.executable, "manage.py", "collectstatic", "--noinput"], STATIC_ROOT=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "staticfiles.json").exists()


def test_the_logins_command_says_what_is_missing() -> None:
    with pytest.raises(Trouble, match="Set SUPERUSER_DATABASE_URL, OWNER_PASSWORD, WEB_PASSWORD, JOBS_PASSWORD"):
        logins.main({})


def test_the_logins_command_says_why_it_cannot_connect() -> None:
    passwords = dict.fromkeys(logins.PASSWORDS.values(), "x")
    with pytest.raises(Trouble, match="SUPERUSER_DATABASE_URL: connection failed"):
        logins.main({"SUPERUSER_DATABASE_URL": "postgresql://postgres:x@127.0.0.1:1/postgres", **passwords})


def _run(command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "COLUMNS": "200",
        "SECRET_KEY": "only-while-building",
        "DATABASE_URL": "postgresql://nobody@localhost/none",
        **more,
    }
    return subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_addresses_in_the_file_are_understood_by_libpq(compose: dict[str, Any]) -> None:
    for name in LOGIN:
        url = re.sub(r"\$\{[^}]*\}", "abc", compose["services"][name]["environment"]["DATABASE_URL"])
        assert psycopg.conninfo.conninfo_to_dict(make_conninfo(url))["host"] == "postgres"
