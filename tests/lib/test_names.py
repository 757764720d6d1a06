"""Finnish alphabetical order by plain byte order, and initials."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yhteiso.lib.names import initials, sort_key

IN_ORDER = [
    "Aalto",
    "Ahlström",
    "Čáhput",
    "Ćosić-Dahl",
    "Đurić",
    "Élie",
    "Fager",
    "Łukasz",
    "Meikäläinen",
    "Ŋárgga",
    "Sieppi",
    "Šimić",
    "Svensson",
    "Tossavainen",
    "Ukkola",
    "Virtanen",
    "Virtanen Anna",
    "Virtanen-Kuusi Aino",
    "Virtanen Väinö",
    "Virtasalo",
    "Wahlroos",
    "Yli-Kauppila",
    "Ylikauppila",
    "Ylä",
    "Zetterberg",
    "Žukov",
    "Åberg",
    "Åström",
    "Äijälä",
    "Ääri",
    "Öhman",
    "Øster",
    "Иванов",
    "محمد",
]


def by_bytes(names: list[str]) -> list[str]:
    """In the order of PostgreSQL's collation "C"."""
    return sorted(names, key=lambda name: sort_key(name).encode())


def test_names_come_in_finnish_order() -> None:
    mixed = IN_ORDER[:]
    random.Random(4).shuffle(mixed)
    assert mixed != IN_ORDER
    assert by_bytes(mixed) == IN_ORDER


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("Müller", "Myller"),
        ("René", "Rene"),
        ("Šefki", "Sefki"),
        ("Žarko", "Zarko"),
        ("Áŋŋel", "Annel"),
        ("Đorđe", "Dorde"),
        ("Þór", "Thor"),
        ("Groß", "GROSS"),
        ("Tõnu", "Tönu"),
        ("Søren", "Sören"),
        ("D'Angelo", "Dangelo"),
        ("O\u2019Neil", "ONeil"),
        ("Anna-Liisa", "anna liisa"),
        ("  Anna \t Liisa ", "Anna Liisa"),
        ("A\u030aberg", "Åberg"),  # å in two code points
        ("\u212bberg", "Åberg"),  # the sign of ångström
        ("Smith, John (isä)", "smith john isä"),
    ],
)
def test_names_that_stand_in_one_place(name: str, like: str) -> None:
    assert sort_key(name) == sort_key(like)


def test_a_letter_of_our_own_stays_itself_under_one_more_mark() -> None:
    assert sort_key("Ǟ") == sort_key("Ä")  # ä with a macron
    assert sort_key("Z") < sort_key("Å") < sort_key("Ä") < sort_key("Ö")


def test_nothing_to_sort_by() -> None:
    assert sort_key("") == sort_key(" - ") == sort_key("👩\u200d👧") == sort_key("{|}~") == ""


@given(st.text(max_size=60))
def test_a_key_is_short_stable_and_blind_to_case(name: str) -> None:
    key = sort_key(name)
    assert len(key) <= 2 * len(name)
    assert key == key.strip()
    assert sort_key(name.lower()) == key
    assert not {"'", "-", "\x00", "\n"} & set(key)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzåäöABCÅÄÖ -", max_size=12), st.sampled_from("abzåäö"))
def test_a_shorter_name_comes_first(name: str, more: str) -> None:
    assert sort_key(name) < sort_key(name + more)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Jenna Suvilehto", "JS"),
        ("Anna-Liisa von Kuusi", "AK"),
        ("Aatu", "A"),
        ("  šaddá   ŋávdi ", "ŠŊ"),
        ("äijä öhman", "ÄÖ"),
        ("Raili (mummo)", "R"),
        ("👩 Ali", "A"),
        ("ßen Oja", "SO"),
        ("A\u030ake Ek", "ÅE"),
        ("", ""),
        ("112 --", ""),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters
