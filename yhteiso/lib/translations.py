"""Translation files without GNU gettext: read .po, write .mo, and find the texts that the code asks to be translated.

Only what this project uses: contexts, plurals, several lines, fuzzy entries (skipped). Errors name file and line.
"""

import ast
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

MAGIC, CONTEXT = 0x950412DE, "\x04"


class TranslationError(Exception):
    """A file that can't be read as it should; the message begins with "path:line:"."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is looked up: the text in English, its context and its plural."""

    text: str
    context: str = ""
    plural: str = ""

    @property
    def lookup(self) -> str:
        """The key as gettext looks it up: the plural is not part of it."""
        return f"{self.context}{CONTEXT}{self.text}" if self.context else self.text


@dataclass(slots=True)
class Entry:
    """One entry of a .po file; `strings` by plural form (0 alone when there is no plural)."""

    line: int
    key: Key = field(default_factory=lambda: Key(""))
    strings: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def done(self) -> bool:
        return not self.fuzzy and bool(self.strings) and all(self.strings.values())


# -- reading

_KEYWORD = re.compile(r"^(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s+(\".*\")$")
_STRING = re.compile(r"^\"(?:[^\"\\]|\\.)*\"$")


def read(path: Path) -> list[Entry]:
    """All entries of a .po file, its header first. Raises TranslationError for broken lines and keys given twice."""
    entries = list(_entries(path))
    seen: dict[str, int] = {}
    for entry in entries:
        if entry.key.lookup in seen:
            first = seen[entry.key.lookup]
            raise TranslationError(f"{path}:{entry.line}: {entry.key.text!r} is already on line {first}")
        seen[entry.key.lookup] = entry.line
        _check_placeholders(path, entry)
    if not entries or entries[0].key.lookup:
        raise TranslationError(f"{path}:1: the header is missing")
    return entries


def _entries(path: Path) -> Iterator[Entry]:
    parts: dict[str, str] = {}
    start, current, fuzzy = 0, "", False
    for number, raw in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        line = raw.strip()
        found = _KEYWORD.match(line)
        begins = found and found[1] in ("msgctxt", "msgid") and "msgstr" in "".join(parts)
        if parts and (begins or not line or line.startswith("#")) and _complete(parts):
            yield _entry(path, start, parts, fuzzy)
            parts, current, fuzzy = {}, "", False
        if line.startswith("#,"):
            fuzzy = "fuzzy" in line
        elif found:
            current = found[1] + (found[2] or "")
            start = start if parts else number
            parts[current] = _unquote(path, number, found[3])
        elif line.startswith('"') and current:
            parts[current] += _unquote(path, number, line)
        elif line and not line.startswith("#"):
            raise TranslationError(f"{path}:{number}: not understood: {line[:60]}")
    if parts:
        raise TranslationError(f"{path}:{start}: the entry has no msgstr")


def _complete(parts: dict[str, str]) -> bool:
    return any(name.startswith("msgstr") for name in parts)


def _unquote(path: Path, number: int, text: str) -> str:
    if not _STRING.match(text):
        raise TranslationError(f"{path}:{number}: a quotation mark is missing or not escaped")
    return str(ast.literal_eval(text))


def _entry(path: Path, line: int, parts: dict[str, str], fuzzy: bool) -> Entry:
    if "msgid" not in parts:
        raise TranslationError(f"{path}:{line}: the entry has no msgid")
    key = Key(parts["msgid"], parts.get("msgctxt", ""), parts.get("msgid_plural", ""))
    strings = {int(name[6:] or 0): text for name, text in parts.items() if name.startswith("msgstr")}
    if key.plural and sorted(strings) != [0, 1]:
        raise TranslationError(f"{path}:{line}: a plural needs msgstr[0] and msgstr[1]")
    return Entry(line, key, strings, fuzzy)


_PLACEHOLDER = re.compile(r"%\([a-z_0-9.]+\)[sd]|\{[a-z_0-9]*\}", re.IGNORECASE)


def _check_placeholders(path: Path, entry: Entry) -> None:
    """A translation asks for what the text offers: a typing error in a name would be an error 500 on the page."""
    if not entry.done or not entry.key.text:
        return
    offered = set(_PLACEHOLDER.findall(entry.key.text + entry.key.plural))
    for text in entry.strings.values():
        if unknown := set(_PLACEHOLDER.findall(text)) - offered:
            raise TranslationError(f"{path}:{entry.line}: unknown in {entry.key.text!r}: {', '.join(sorted(unknown))}")


# -- writing


def compiled(entries: Iterable[Entry]) -> bytes:
    """The entries as a .mo file; what is fuzzy or empty is left out, so that the English text shows."""
    pairs = sorted(
        (
            "\0".join([entry.key.lookup, *([entry.key.plural] if entry.key.plural else [])]).encode(),
            "\0".join(text for _, text in sorted(entry.strings.items())).encode(),
        )
        for entry in entries
        if entry.done
    )
    count = len(pairs)
    keys_at, texts_at = 28, 28 + 8 * count
    data_at = 28 + 16 * count
    header = struct.pack("<7I", MAGIC, 0, count, keys_at, texts_at, 0, data_at)
    tables, data = b"", b""
    for side in (0, 1):
        for pair in pairs:
            tables += struct.pack("<2I", len(pair[side]), data_at + len(data))
            data += pair[side] + b"\0"
    return header + tables + data


def compile_file(path: Path) -> bool:
    """Write the .mo beside a .po when its content changes; say whether it was written."""
    target, content = path.with_suffix(".mo"), compiled(read(path))
    if target.exists() and target.read_bytes() == content:
        return False
    target.write_bytes(content)
    return True


# -- what the code asks for


@dataclass(frozen=True, slots=True)
class Use:
    """A text that is to be translated, and where it stands."""

    key: Key
    path: Path
    line: int


_CALLS = {name + lazy for name in ("gettext", "ngettext", "pgettext", "npgettext") for lazy in ("", "_lazy")}
_CALLS |= {"_", "gettext_noop"}
_TEXT = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_IN_TEMPLATE = re.compile(rf"(?<![\w.])(gettext|ngettext|pgettext|npgettext|_)\(\s*({_TEXT}(?:\s*,\s*{_TEXT})*)")


def in_template(path: Path) -> Iterator[Use]:
    """The texts of one template."""
    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for found in _IN_TEMPLATE.finditer(source):
        texts = [str(ast.literal_eval(text)) for text in re.findall(_TEXT, found[2])]
        yield Use(_key(found[1], texts), path, source.count("\n", 0, found.start()) + 1)


def in_python(path: Path) -> Iterator[Use]:
    """The texts of one Python file. A call whose text is not written out is left to its reader."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    called = {alias.asname: alias.name for node in imports for alias in node.names if alias.asname and alias.asname != "_"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        name = called.get(name, name)
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name in _CALLS and texts:
            yield Use(_key(name.removesuffix("_lazy").removesuffix("_noop"), texts), path, node.lineno)


def _key(function: str, texts: list[str]) -> Key:
    context = texts.pop(0) if "pgettext" in function and len(texts) > 1 else ""
    return Key(texts[0], context, texts[1] if function.startswith("n") and len(texts) > 1 else "")
