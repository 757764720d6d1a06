"""Generated secrets: kept in a private file, shown nowhere, safe in an address."""

import json
from dataclasses import asdict, astuple
from pathlib import Path

import psycopg

from yhteiso import environment
from yhteiso.lib.cipher import unsafe_keys
from yhteiso.local import passwords


def test_they_are_made_once_and_kept_privately(home: Path) -> None:
    path = home / "passwords.json"
    made = passwords.load_or_generate(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert passwords.load_or_generate(path) == made
    assert len(set(astuple(made))) == 8, "each has its own"
    assert min(len(word) for word in astuple(made)) >= 40


def test_what_an_older_version_did_not_know_is_added(home: Path) -> None:
    """The database of `make run` stays when the application learns of another secret."""
    path = home / "passwords.json"
    made = passwords.load_or_generate(path)
    kept = {name: value for name, value in asdict(made).items() if name not in {"field_keys", "blind_key"}}
    path.write_text(json.dumps(kept))
    found = passwords.load_or_generate(path)
    assert {name: getattr(found, name) for name in kept} == kept
    assert unsafe_keys(found.field_keys, found.blind_key) == []
    assert passwords.load_or_generate(path) == found


def test_they_are_never_printed(home: Path) -> None:
    made = passwords.load_or_generate(home / "passwords.json")
    assert not any(word in repr(made) for word in astuple(made))


def test_an_interrupted_write_is_made_again(home: Path) -> None:
    (home / "passwords.json.new").write_text('{"superuser": "ha')
    made = passwords.load_or_generate(home / "passwords.json")
    assert made.superuser != "ha"
    assert not (home / "passwords.json.new").exists()


def test_the_application_and_libpq_read_the_same_from_an_address() -> None:
    folder = Path("/tmp/a folder/ä&b=c")
    url = passwords.database_url("yhteiso_web", "p@ss:w/rd?", folder=folder, database="yhteiso")
    ours = environment.database(url)
    assert (ours["USER"], ours["PASSWORD"], ours["NAME"], ours["HOST"]) == (
        "yhteiso_web",
        "p@ss:w/rd?",
        "yhteiso",
        str(folder),
    )
    libpq = psycopg.conninfo.conninfo_to_dict(url)
    assert libpq == {"user": "yhteiso_web", "password": "p@ss:w/rd?", "dbname": "yhteiso", "host": str(folder)}
