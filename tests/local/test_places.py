"""Folders, users and sockets: private, short enough, and nobody else's permissions touched."""

import os
import stat
from pathlib import Path

import pytest

from yhteiso.local import places as module
from yhteiso.local.console import Trouble
from yhteiso.local.places import Places, find_places, private_folder, socket_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_ordinary_user_has_everything_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = find_places(tmp_path)
    assert found == Places(checkout=tmp_path, base=tmp_path / ".local", account=None)
    assert mode(found.base) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
def test_root_has_a_system_user_and_opens_no_folder_for_it(places: Places) -> None:
    assert places.account is not None
    assert places.account.uid != 0
    assert places.base.parent == module.SYSTEM_HOME
    assert mode(places.base) == 0o710
    assert (places.base / "checkout.txt").read_text().strip() == str(places.checkout)
    # pytest's own folder is closed to others, and stays so: nothing of the servers lies in it.
    assert mode(places.checkout.parent) == 0o700
    assert places.account.uid == places.postgres_programs().parent.stat().st_uid or os.access(
        places.postgres_programs() / "postgres", os.X_OK
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user")
def test_a_closed_folder_above_is_named_and_stays_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(module, "SYSTEM_HOME", closed / "yhteiso-dev")
    with pytest.raises(Trouble, match=f"{closed} is closed to other users"):
        find_places(tmp_path)
    assert mode(closed) == 0o700


def test_a_private_folder_is_set_right_when_it_was_open(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    assert mode(private_folder(tmp_path / "open")) == 0o700


def test_a_short_socket_path_stays_in_place(home: Path) -> None:
    with_room = Path("/tmp") / home.name[:10]
    if len(str(home)) < 70:
        assert socket_folder(home, None) == home / "socket"
    assert len(str(with_room)) < module.SOCKET_PATH_LIMIT


def test_a_long_socket_path_moves_to_a_short_private_folder_and_is_remembered(home: Path) -> None:
    long = home / ("a" * 60) / ("b" * 60)
    long.mkdir(parents=True)
    found = socket_folder(long, None)
    try:
        assert len(os.fsencode(found / module.SOCKET_NAME)) <= module.SOCKET_PATH_LIMIT
        assert mode(found) == 0o700
        assert socket_folder(long, None) == found
    finally:
        found.rmdir()


def test_the_length_is_counted_in_bytes(home: Path) -> None:
    room = module.SOCKET_PATH_LIMIT - len(os.fsencode(home / "socket" / module.SOCKET_NAME)) - 1
    long = home / ("ä" * (room // 2 + 1))
    long.mkdir()
    found = socket_folder(long, None)
    assert found.parent == Path("/tmp")
    found.rmdir()


@pytest.mark.parametrize("spoil", ["removed", "opened", "replaced"])
def test_a_remembered_folder_that_is_not_ours_any_more_is_not_used(home: Path, spoil: str) -> None:
    long = home / ("a" * 60) / ("b" * 60)
    long.mkdir(parents=True)
    first = socket_folder(long, None)
    first.rmdir() if spoil != "opened" else first.chmod(0o755)
    if spoil == "replaced":
        first.symlink_to(home)
    second = socket_folder(long, None)
    assert second != first
    second.rmdir()
    if spoil == "opened":
        first.rmdir()
    elif spoil == "replaced":
        first.unlink()
