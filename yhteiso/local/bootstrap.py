"""The first step of every `make` command: makes `.venv`, installs the pinned requirements, and hands over to `main`.

Run by path with the system's Python (3.12 or newer) and the standard library only:
`python -I yhteiso/local/bootstrap.py run`. A marker file, written last, says what is installed; without it the
environment is half-made and is made anew.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    # Our package's own __init__ imports Celery, which is not installed yet: a bare module stands in for it.
    package = types.ModuleType("yhteiso")
    package.__path__ = [str(CHECKOUT / "yhteiso")]
    sys.modules["yhteiso"] = package

from yhteiso.local import system_packages  # noqa: E402
from yhteiso.local.console import Trouble, say, step  # noqa: E402
from yhteiso.local.processes import Crew, Program  # noqa: E402

WITH_TOOLS = {"test", "test-deep", "check", "mutate"}
UNFINISHED = "yhteiso-unfinished"
INSTALLED = "yhteiso-installed.json"


def main(arguments: list[str]) -> None:
    """Makes everything ready and becomes the command itself."""
    command = arguments[0] if arguments else "help"
    try:
        python = ready(CHECKOUT, with_tools=command in WITH_TOOLS)
    except Trouble as trouble:
        say(f"\n{trouble}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\nStopped. The next start goes on from here.")
        sys.exit(130)
    os.chdir(CHECKOUT)
    os.execv(python, [str(python), "-m", "yhteiso.local", *arguments])  # noqa: S606  becomes the command


def ready(checkout: Path, *, with_tools: bool) -> Path:
    """The Python of a complete `.venv`; makes it, or what is missing of it. Raises Trouble."""
    if not sys.platform.startswith("linux"):
        raise Trouble("`make` here needs Linux (WSL and containers are fine). Elsewhere use docker-compose.yml.")
    venv = checkout / ".venv"
    with _alone(checkout) as crew:
        if _broken(venv):
            _make(crew, venv)
        name = "requirements-dev.txt" if with_tools else "requirements.txt"
        _install(crew, venv, checkout / name)
    return venv / "bin" / "python"


@contextmanager
def _alone(checkout: Path) -> Iterator[Crew]:
    """Two commands at once must not write one `.venv`: the second waits for the first, and for a pip of its."""
    local = checkout / ".local"
    try:
        local.mkdir(mode=0o700, exist_ok=True)
        lock = (local / "setup.lock").open("a")
    except PermissionError as error:
        raise Trouble(
            f"Can't write to {error.filename}: it belongs to another user.\n"
            "Use the user who made it, or a checkout of your own."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("Waiting for another command that sets up .venv"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield Crew(held=[lock.fileno()])


def _broken(venv: Path) -> bool:
    if not venv.exists():
        return True
    if (venv / UNFINISHED).exists():
        say("  An earlier start was interrupted while making .venv: making it anew")
        return True
    probe = "import sys, pip; sys.exit(sys.version_info[:2] < (3, 12))"
    try:
        answer = subprocess.run([venv / "bin" / "python", "-I", "-c", probe], capture_output=True, check=False)
    except OSError:
        answer = None
    if answer is None or answer.returncode != 0:
        say("  The Python of .venv does not work any more (moved or upgraded?): making it anew")
        return True
    return False


def _make(crew: Crew, venv: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        import ensurepip  # noqa: F401  Debian and Ubuntu keep it in a package of its own
    except ImportError:
        _add_ensurepip(f"python{version}-venv")
    with step(f"Making .venv with Python {version}"):
        try:
            if venv.is_symlink():
                venv.unlink()
            elif venv.exists():
                shutil.rmtree(venv)
            venv.mkdir()
        except PermissionError as error:
            raise Trouble(f"Can't replace {venv}: it belongs to another user. Remove it as that user.") from error
        (venv / UNFINISHED).touch()
        _run(crew, [sys.executable, "-m", "venv", str(venv)], _log(venv), "Python could not make .venv.")
        (venv / UNFINISHED).unlink()


def _add_ensurepip(package: str) -> None:
    if not system_packages.can_install():
        raise Trouble(f"This Python can't make virtual environments yet. {system_packages.command_for([package])}")
    with step(f"Installing {package} with apt"):
        if problem := system_packages.install([package]):
            raise Trouble(f"apt could not install {package}:\n{problem}")


def _install(crew: Crew, venv: Path, requirements: Path) -> None:
    """Runs pip unless the marker says that exactly these requirements are in place."""
    marker = venv / INSTALLED
    wanted = fingerprint(requirements)
    installed: dict[str, str] = {}
    if marker.exists():
        installed = json.loads(marker.read_text(encoding="utf-8"))
    if installed.get(requirements.name) == wanted:
        return
    # Gone until pip is done: an interrupted pip leaves no promise behind.
    marker.unlink(missing_ok=True)
    with step(f"Installing {requirements.name} (a minute or two the first time)"):
        pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        pip += ["install", "--quiet", "-r", str(requirements)]
        _run(crew, pip, _log(venv), "pip could not install the requirements. Mend that and run the command again.")
    # The tools' list begins with the application's: whoever has the first has the second.
    installed = {requirements.name: wanted, "requirements.txt": fingerprint(requirements.with_name("requirements.txt"))}
    unfinished = marker.with_suffix(".new")
    unfinished.write_text(json.dumps(installed, indent=1), encoding="utf-8")
    unfinished.rename(marker)


def fingerprint(requirements: Path) -> str:
    """A hash that changes with the file, with every file that it names by `-r`, and with Python's version."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for line in requirements.read_text(encoding="utf-8").splitlines():
        digest.update(line.encode())
        if line.startswith("-r "):
            digest.update(fingerprint(requirements.parent / line[3:].strip()).encode())
    return digest.hexdigest()


def _log(venv: Path) -> Path:
    return venv.parent / ".local" / "setup.log"


def _run(crew: Crew, command: list[str], log: Path, complaint: str) -> None:
    crew.complete(
        Program(
            name=command[2],
            command=command,
            environment={**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
            log=log,
            cwd=log.parent,
        ),
        complaint=complaint,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
