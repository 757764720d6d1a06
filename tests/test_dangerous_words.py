"""What our own code never does, found in its syntax: run text, unpack objects, parse XML, guessable chance, weak digests.

The lint of raw SQL has its own tests (`tests/local/test_raw_sql.py`); this one knows modules, calls, templates and scripts.
"""

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
SERVING = ("yhteiso", "networks", "cases", "meetings", "metrics")
# Modules that turn bytes into objects or code, speak XML, LDAP, or a template language of their own; chance that can be guessed.
MODULES = {
    "pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml", "xml", "lxml", "html5lib", "xmlrpc", "ldap", "ldap3", "memcache",
    "pymemcache", "jinja2", "mako", "ctypes", "cffi", "random", "telnetlib", "ftplib", "imaplib", "smtplib", "zipfile", "tarfile",
    "gzip", "graphene", "channels", "websockets",
}  # fmt: skip
CALLS = {"eval", "exec", "compile", "__import__", "input"}
ATTRIBUTES = {
    "system", "popen", "md5", "sha1", "mark_safe_lazy", "from_string", "format_map", "ECB", "CBC", "ARC4", "TripleDES", "PKCS1v15",
    "urlopen", "uuid1",
}  # fmt: skip
PROGRAMS = {"subprocess", "os.exec"}
# The embedded servers of `make run` and `make test` are programs; nothing that serves a page starts one, and the demonstration's
# invented families may be drawn by lot.
# The names of a mail server's refusals; the connection itself is Django's.
KNOWN = {"yhteiso/outbox/channels.py": ["smtplib"]}
NOT_SERVING = ("yhteiso/local/", "yhteiso/demo/")
SCRIPT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|postMessage|__proto__|javascript:"
)
TEMPLATE = re.compile(r"\|\s*safe\b|autoescape off|\bon[a-z]+=\"|javascript:|<style|<script(?![^>]* src=)")


def findings(source: str) -> list[str]:
    """The dangerous words of one Python file, in its order."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in MODULES | PROGRAMS]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module] if node.module.split(".")[0] in MODULES | PROGRAMS else []
            found += [a.name for a in node.names if a.name in ATTRIBUTES]
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CALLS:
                found.append(node.func.id)
            found += [kw.arg for kw in node.keywords if kw.arg == "shell"]
        elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
            found.append(node.attr)
    return found


def serving_files() -> list[Path]:
    files = [path for folder in SERVING for path in (TOP / folder).rglob("*.py")]
    return [path for path in files if not str(path.relative_to(TOP)).startswith(NOT_SERVING)]


def test_our_own_code_has_none_of_them() -> None:
    files = serving_files()
    assert len(files) > 100
    assert {str(path.relative_to(TOP)): found for path in files if (found := findings(path.read_text("utf-8")))} == KNOWN


@pytest.mark.parametrize(
    "bad",
    ["import pickle", "from xml.etree import ElementTree", "import subprocess", "eval(text)", "exec('x')", "os.system(text)",
     "run(text, shell=True)", "hashlib.md5(b'')", "from hashlib import sha1", "import random", "modes.ECB()", "uuid.uuid1()",
     "engine.from_string(text)"],
)  # fmt: skip
def test_each_bad_sample_is_found(bad: str) -> None:
    assert findings(bad)


def test_scripts_write_text_and_never_html() -> None:
    own = [path for path in (TOP / "static" / "js").glob("*.js") if path.name != "htmx.min.js"]
    assert len(own) >= 2
    assert {path.name: found for path in own if (found := SCRIPT.findall(path.read_text("utf-8")))} == {}
    assert SCRIPT.search("box.innerHTML = text")


def test_templates_escape_everything_and_hold_no_script() -> None:
    files = [p for p in (TOP / "templates").rglob("*") if p.is_file() and p.suffix != ".txt"]  # mails are plain text
    assert len(files) > 60
    assert {str(p.relative_to(TOP)): found for p in files if (found := TEMPLATE.findall(p.read_text("utf-8")))} == {}
    assert TEMPLATE.search("{{ text|safe }}")


def test_every_script_and_style_is_our_own() -> None:
    """No address of another site in what a page loads."""
    for path in (TOP / "templates").rglob("*.html"):
        for address in re.findall(
            r"<(?:script|link|img|iframe|object|embed)\b[^>]*?(?:src|href)=\"([^\"]*)\"", path.read_text("utf-8")
        ):
            assert not re.match(r"(https?:)?//", address), (path.name, address)
