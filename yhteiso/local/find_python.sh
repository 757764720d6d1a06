#!/bin/sh
# Prints the path of a Python that can make .venv: 3.12, 3.13 or 3.14, the one called python3 first.
# Each candidate is started: a name on PATH may be a shim without a Python behind it.
set -u

complete='import sys, ssl, ctypes, zlib, venv, ensurepip'
without_pip='import sys, ssl, ctypes, zlib, venv' # Debian and Ubuntu keep ensurepip in a package of its own
supported='sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))'
newer='sys.exit(sys.version_info[:2] < (3, 12))'

try() { # $1 imports, $2 version test
    for candidate in python3 python3.13 python3.14 python3.12 \
        "${PYENV_ROOT:-${HOME:-/}/.pyenv}"/versions/3.1[234]*/bin/python3 \
        /usr/local/bin/python3.1[234] /usr/bin/python3.1[234] /opt/python*/bin/python3; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -I -c "$1
print(getattr(sys, '_base_executable', None) or sys.executable)
$2" 2>/dev/null && return 0
    done
    return 1
}

found=$(try "$complete" "$supported" || try "$without_pip" "$supported" || try "$without_pip" "$newer") && {
    printf '%s\n' "$found" | tail -n 1
    exit 0
}
{
    echo "Yhteiso needs Python 3.12 or newer, and none was found (looked for python3, python3.14, python3.13, python3.12)."
    if command -v apt-get >/dev/null 2>&1; then
        echo "On Debian 13 or Ubuntu 24.04: sudo apt-get install python3 python3-venv. On an older one: pyenv install 3.13."
    elif command -v dnf >/dev/null 2>&1; then
        echo "Install it with: sudo dnf install python3.13"
    else
        echo "Install it with your system's package manager, or with pyenv: pyenv install 3.13"
    fi
} >&2
exit 1
