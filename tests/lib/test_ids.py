"""Identity codes by the rule of the decree, references and keys by property."""

import re
from datetime import date
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yhteiso.lib.ids import ALPHABET, REF_PATTERN, RefConverter, is_valid_hetu, new_ref, normal_hetu, uuid7

CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}


def code_of(day: date, sign: str, number: int) -> str:
    """A code by the decree's rule, written out here a second time."""
    digits = f"{day:%d%m%y}{number:03}"
    return f"{digits[:6]}{sign}{digits[6:]}{CHECK[int(digits) % 31]}"


@st.composite
def codes(draw: st.DrawFn) -> str:
    sign = draw(st.sampled_from(sorted(CENTURIES)))
    first = CENTURIES[sign]
    day = draw(st.dates(date(first, 1, 1), date(first + 99, 12, 31)))
    return code_of(day, sign, draw(st.integers(2, 999)))


@given(codes())
def test_every_code_by_the_rule_is_valid_with_old_and_new_signs(code: str) -> None:
    assert is_valid_hetu(code)
    assert is_valid_hetu(f"  {code.lower()}\n")


@given(codes(), st.integers(0, 10), st.sampled_from(CHECK + "-+GIOQZ"))
def test_one_wrong_digit_is_noticed(code: str, at: int, other: str) -> None:
    changed = code[:at] + other + code[at + 1 :]
    # The sign is not part of the check character, so another century may be a valid code as well.
    assert not is_valid_hetu(changed) or changed == code or at == 6


@pytest.mark.parametrize("code", ["131052-308T", "010119A900C", "150318A901T", "290216A902J", "010594Y9032", "070709A905N"])
def test_published_and_artificial_examples(code: str) -> None:
    assert is_valid_hetu(code)


@pytest.mark.parametrize("dash", ["-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\uff0d"])
def test_any_dash_is_a_minus(dash: str) -> None:
    assert is_valid_hetu(f"131052{dash}308T")
    assert normal_hetu(f" 131052{dash}308t ") == "131052-308T"


@pytest.mark.parametrize(
    "code",
    [
        "",
        " ",
        "131052-308U",  # check character
        "310252-308Y",  # 31 February
        "290217A902K",  # not a leap year
        "010101-001N",  # individual number below 002
        "131052G308T",  # unknown century sign
        "131052308T",
        "131052-308T1",
        "131052 308T",
        "131052-308T\x00",
        "13 1052-308T",
        "\u0661\u0663\u0661\u0660\u0665\u0662-\u0663\u0660\u0668T",  # the right code in Arabic digits
        "１３１０５２-３０８T",  # … and in full-width ones
        "DROP TABLE x",
        "9" * 50_000,
        "\ud800",
    ],
)
def test_what_is_no_code_is_refused(code: str) -> None:
    assert is_valid_hetu(code) is False


def test_references_are_written_one_way_and_differ() -> None:
    refs = {new_ref() for _ in range(5_000)}
    assert len(refs) == 5_000
    assert all(re.fullmatch(REF_PATTERN, ref) for ref in refs)
    assert {letter for ref in refs for letter in ref} == set(ALPHABET) | {"-"}


def test_the_alphabet_has_32_letters_and_no_look_alikes() -> None:
    assert len(set(ALPHABET)) == 32  # ten of them: 50 bits
    assert not set(ALPHABET) & set("ILOU")
    assert all(re.fullmatch(REF_PATTERN, f"{letter * 4}-{letter * 4}-{letter * 2}") for letter in ALPHABET)


@pytest.mark.parametrize("text", ["7k2m-41sx-q9", "7K2M41SXQ9", "7K2I-41SX-Q9", "7K2M-41SX-Q", "7K2M-41SX-Q9/", "1", ""])
def test_the_converter_takes_only_the_written_form(text: str) -> None:
    assert not re.fullmatch(RefConverter.regex, text)
    with pytest.raises(ValueError, match="reference"):
        RefConverter().to_url(text)


def test_the_converter_gives_back_what_it_got() -> None:
    ref = new_ref()
    assert RefConverter().to_python(RefConverter().to_url(ref)) == ref


def test_keys_are_version_7_differ_and_follow_time() -> None:
    keys = [uuid7() for _ in range(2_000)]
    assert {(key.version, key.variant) for key in keys} == {(7, RFC_4122)}
    assert len(set(keys)) == len(keys)
    moments = [key.int >> 80 for key in keys]
    assert moments == sorted(moments)
    assert UUID(str(keys[0])) == keys[0]
