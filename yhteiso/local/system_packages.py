"""Packages of the operating system: installed with apt when we are root on Debian or Ubuntu, else told how to.

Standard library only.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence

# Other distributions have other names; the key is the Debian package that the messages start from.
ELSEWHERE = {
    "dnf": {
        "libpango-1.0-0": "pango",
        "libpangoft2-1.0-0": "",
        "libharfbuzz-subset0": "harfbuzz",
        "chromium": "chromium",
    },
    "zypper": {
        "libpango-1.0-0": "libpango-1_0-0",
        "libpangoft2-1.0-0": "",
        "libharfbuzz-subset0": "libharfbuzz-subset0",
        "chromium": "chromium",
    },
    "pacman": {
        "libpango-1.0-0": "pango",
        "libpangoft2-1.0-0": "",
        "libharfbuzz-subset0": "harfbuzz",
        "chromium": "chromium",
    },
}
INSTALL = {"apt-get": "apt-get install", "dnf": "dnf install", "zypper": "zypper install", "pacman": "pacman -S"}


def can_install() -> bool:
    """Whether apt is here and we may use it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> str:
    """Installs Debian packages. Returns "" or, when it did not work, the end of what apt said."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", *packages]
    answer = _apt(command)
    if answer.returncode != 0:
        # A new machine has no package lists yet, an old one has outdated ones.
        _apt(["apt-get", "update"])
        answer = _apt(command)
    return "" if answer.returncode == 0 else "\n".join(answer.stdout.splitlines()[-8:])


def command_for(packages: Sequence[str]) -> str:
    """The exact command by which a person installs these packages here."""
    for tool, command in INSTALL.items():
        if shutil.which(tool):
            names = [ELSEWHERE.get(tool, {}).get(name, name) for name in packages]
            return f"sudo {command} {' '.join(name for name in names if name)}"
    return f"install with your system's package manager: {', '.join(packages)}"


def _apt(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
