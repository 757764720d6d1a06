"""`.venv` from nothing, from half a start and from old requirements; and the search for a Python that can make it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.processes_seen import below, survivors, wait_for
from yhteiso.local import bootstrap
from yhteiso.local.console import Trouble

FINDER = Path(bootstrap.__file__).with_name("find_python.sh")


def inside(python: Path) -> str:
    """Where the Python that is called by this name has its packages."""
    show = [str(python), "-c", "import sys; print(sys.prefix)"]
    return subprocess.run(show, capture_output=True, text=True, check=True).stdout.strip()


def test_the_life_of_an_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Made, found, extended, failed, mended, interrupted: in one go, because each making takes seconds."""
    application, tools = tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"
    marker = tmp_path / ".venv" / bootstrap.INSTALLED
    application.write_text("# nothing\n")
    tools.write_text("-r requirements.txt\n# nothing more\n")

    def said(*, with_tools: bool = False) -> str:
        python = bootstrap.ready(tmp_path, with_tools=with_tools)
        assert python == tmp_path / ".venv" / "bin" / "python"
        return capsys.readouterr().out

    assert "Making .venv" in said()
    assert inside(tmp_path / ".venv" / "bin" / "python") == str(tmp_path / ".venv")
    assert said() == "", "the second time nothing is done"

    assert "requirements-dev.txt" in said(with_tools=True)
    assert said() == "", "whoever has the tools has the application's packages"

    application.write_text("/no/such/wheel.whl\n")
    with pytest.raises(Trouble, match=r"pip could not install the requirements\.(.*\n)*.*/no/such/wheel"):
        said(with_tools=True)
    assert not marker.exists(), "an installation that failed leaves no promise"
    application.write_text("# nothing, said otherwise\n")
    assert "requirements-dev.txt" in said(with_tools=True), "the tools' list names the application's"
    assert marker.exists()

    (tmp_path / ".venv" / bootstrap.UNFINISHED).touch()
    assert "interrupted while making .venv" in said()
    assert inside(tmp_path / ".venv" / "bin" / "python") == str(tmp_path / ".venv")


PIP = """
import fcntl, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from yhteiso.local import bootstrap
checkout = Path(sys.argv[2])
with bootstrap._alone(checkout) as crew:
    bootstrap._run(crew, ["sh", "-c", "touch runs; exec sleep 600"], checkout / ".local" / "setup.log", "?")
"""


def test_a_killed_setup_leaves_no_pip_behind(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", PIP, str(bootstrap.CHECKOUT), str(tmp_path)])
    assert wait_for((tmp_path / ".local" / "runs").exists, seconds=10)
    everything = below(killed.pid)
    assert len(everything) == 2
    killed.kill()
    killed.wait()
    assert survivors(everything, seconds=10) == set()


def test_an_environment_whose_python_is_gone_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/no/such/python")
    assert bootstrap._broken(tmp_path)
    assert "does not work any more" in capsys.readouterr().out


def test_another_users_checkout_is_said_so(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(Trouble, match="belongs to another user"):
        bootstrap.ready(tmp_path, with_tools=False)


def find(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "PYENV_ROOT": str(folder / "pyenv")}
    return subprocess.run(["sh", FINDER], env=environment, capture_output=True, text=True, check=False)


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def real() -> Path:
    """The Python below the one that runs us."""
    return Path(getattr(sys, "_base_executable", sys.executable))


@pytest.mark.parametrize("name", ["python3", "python3.13", "python3.14", "python3.12", "pyenv/versions/3.13.9/bin/python3"])
def test_a_python_is_found_behind_names_that_do_not_work(tmp_path: Path, name: str) -> None:
    _program(tmp_path / "python3", "echo 'pyenv: version 3.13 is not installed' >&2; exit 127")
    _program(tmp_path / name, f'exec {real()} "$@"')
    found = find(tmp_path)
    assert found.returncode == 0
    assert Path(found.stdout.strip()).name.startswith("python3")
    version = subprocess.run([found.stdout.strip(), "-V"], capture_output=True, text=True, check=True).stdout
    assert tuple(int(part) for part in version.split()[1].split(".")[:2]) >= (3, 12)


def test_no_python_is_said_with_the_way_out(tmp_path: Path) -> None:
    for name in ("python3", "python3.12", "python3.13", "python3.14"):
        _program(tmp_path / name, "exit 1")
    found = find(tmp_path)
    # A machine may have one in a place that no test can hide.
    if found.returncode != 0:
        assert "needs Python 3.12 or newer" in found.stderr
        assert found.stdout == ""
    else:
        assert not found.stdout.startswith(str(tmp_path))
