"""`docs/asvs.csv`: every requirement that we promise, in order, and no "met" without a test that is there."""

import ast
import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.asvs_levels import ALSO, LEVELS

TOP = Path(__file__).parents[1]
TABLE = TOP / "docs" / "asvs.csv"
COLUMNS = ["id", "level", "about", "status", "proof", "note"]
STATUSES = ("met", "partly", "open", "not applicable")
MOST_WORDS = 16
# Level 1 and 2 of each chapter of the standard.
CHAPTERS = {
    1: 27,
    2: 11,
    3: 19,
    4: 10,
    5: 9,
    6: 35,
    7: 18,
    8: 7,
    9: 7,
    10: 29,
    11: 14,
    12: 9,
    13: 13,
    14: 9,
    15: 13,
    16: 16,
    17: 7,
}

Row = dict[str, str]


def rows() -> list[Row]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        found = list(reader)
        assert reader.fieldnames == COLUMNS
        return found


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the test functions of a file, read from its syntax; empty for a file that is not there."""
    file = TOP / path
    if not file.is_file() or not Path(path).name.startswith("test_"):
        return frozenset()
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in found if isinstance(node, functions) and node.name.startswith("test_"))


def mistakes(row: Row) -> list[str]:
    """What is wrong with one row's status and proof; empty when all is well."""
    tests = [word for word in row["proof"].split() if "::" in word]
    files = [word for word in row["proof"].split() if "::" not in word]
    found = [] if row["status"] in STATUSES else [f"unknown status {row['status']!r}"]
    found += [f"no such test: {word}" for word in tests if word.partition("::")[2] not in names_in(word.partition("::")[0])]
    found += [f"no such file: {word}" for word in files if not (TOP / word).is_file()]
    if row["status"] == "met" and not tests:
        found.append("met without a test")
    if row["status"] == "met" and row["note"]:
        found.append("met with a reservation is partly")
    if row["status"] != "met" and not row["note"]:
        found.append("not met without saying why")
    return [f"{row['id']}: {text}" for text in found]


def order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))


def test_every_requirement_is_there_once_and_in_order() -> None:
    wanted = {number for number, level in LEVELS.items() if level <= 2} | set(ALSO)
    assert [row["id"] for row in rows()] == sorted(wanted, key=order)
    assert all(int(row["level"]) == LEVELS[row["id"]] for row in rows())


def test_the_promise_is_all_of_level_one_and_two() -> None:
    levels = Counter(row["level"] for row in rows())
    assert levels == {"1": 70, "2": 183, "3": len(ALSO)}
    chapters = Counter(order(row["id"])[0] for row in rows() if row["level"] in "12")
    assert chapters == CHAPTERS
    assert sum(CHAPTERS.values()) == 253


def test_every_row_says_shortly_what_it_is_about() -> None:
    for row in rows():
        assert row["about"], row["id"]
        assert len(row["about"].split()) <= MOST_WORDS, row["id"]
        assert not re.match(r"(?i)verify that", row["about"]), row["id"]  # the standard's own words are not ours to copy


def test_no_row_claims_what_no_test_proves() -> None:
    assert [text for row in rows() for text in mistakes(row)] == []


GOOD = {"id": "0.0.0", "status": "met", "note": "", "proof": "tests/test_asvs.py::test_no_row_claims_what_no_test_proves"}


def test_a_good_sample_passes() -> None:
    assert mistakes(GOOD) == []
    assert mistakes(GOOD | {"proof": GOOD["proof"] + " yhteiso/settings.py"}) == []
    assert mistakes(GOOD | {"status": "open", "proof": "", "note": "Not yet."}) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"proof": "tests/test_asvs.py::test_that_is_not_there"}, "no such test"),
        ({"proof": GOOD["proof"] + " tests/test_gone.py::test_x"}, "no such test"),
        ({"proof": "tests/test_asvs.py::mistakes"}, "no such test"),
        ({"proof": "tests/personas.py::World"}, "no such test"),
        ({"proof": GOOD["proof"] + " yhteiso/gone.py"}, "no such file"),
        ({"proof": ""}, "met without a test"),
        ({"proof": "yhteiso/settings.py"}, "met without a test"),
        ({"note": "Nearly."}, "is partly"),
        ({"status": "partly"}, "without saying why"),
        ({"status": "done", "note": "x"}, "unknown status"),
    ],
)
def test_each_bad_sample_is_told(change: Row, word: str) -> None:
    assert [text for text in mistakes(GOOD | change) if word in text]


def test_the_counts_in_the_document_are_those_of_the_table() -> None:
    counts = Counter(row["status"] for row in rows())
    text = (TOP / "docs" / "measured.md").read_text(encoding="utf-8")
    assert f"ASVS rows: {', '.join(f'{counts[status]} {status}' for status in STATUSES)}." in text
