"""Typed and pasted text: what is kept, what is put into one form, what is refused."""

import unicodedata

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from yhteiso.lib.text import TextField, clean_text, validate_text

FAMILY = "👩\u200d👧\u200d👦"


class Note(forms.Form):
    """A field as the application has them."""

    words = TextField(max_length=20)
    extra = TextField(required=False)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Aatu nukkuu hyvin. \n", "Aatu nukkuu hyvin."),
        ("yksi\r\nkaksi\rkolme\nneljä", "yksi\nkaksi\nkolme\nneljä"),
        ("yksi\u2028kaksi\u2029kolme", "yksi\nkaksi\nkolme"),
        ("sarake\tsarake", "sarake\tsarake"),
        ("A\u0308iti", "Äiti"),
        ("\ufeffalku", "alku"),
        (f"koti {FAMILY}", f"koti {FAMILY}"),
        ("❤\ufe0f 👍🏽", "❤\ufe0f 👍🏽"),
        ("šaddá ŋ đ Иван محمد", "šaddá ŋ đ Иван محمد"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),  # escaping is the page's work
        ("", ""),
        (" \t\r\n ", ""),
        ("\u200b\u200d\ufeff\u00ad\u2060", ""),  # nothing in it can be seen
    ],
)
def test_text_takes_its_one_form(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Aatu\x00", "control"),
        ("\x01", "control"),
        ("a\x08b", "control"),
        ("a\x0bb", "control"),
        ("a\x0cb", "control"),
        ("\x1b[31mpunainen", "control"),
        ("a\x7fb", "control"),
        ("a\x85b", "control"),
        ("a\x9bb", "control"),
        ("a\ud800b", "surrogate"),
        ("\udfff", "surrogate"),
        *((f"ennen {mark} jälkeen", "direction") for mark in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"),
        *((f"{mark}040 123 4567", "direction") for mark in "\u2066\u2067\u2068\u2069"),
    ],
)
def test_what_no_keyboard_writes_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        clean_text(text)
    assert refused.value.code == code
    with pytest.raises(ValidationError):
        validate_text(text)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("mark", ["\x00", "\u202e", "\ud800"])
def test_the_refusal_names_the_line_and_quotes_nothing(mark: str, language: str) -> None:
    with pytest.raises(ValidationError) as refused:
        clean_text(f"Aatu\r\nnukkuu\r\nhyvin{mark}")
    with override(language):
        (message,) = refused.value.messages
    assert "3" in message
    assert not [word for word in ("Aatu", "nukkuu", "hyvin", mark) if word in message]


def test_a_long_text_is_no_harder_than_a_short_one() -> None:
    text = "ä" * 50_000
    assert clean_text(f"\r\n{text}\r\n") == text
    with pytest.raises(ValidationError):
        clean_text(text + "\u202e")


@given(st.text())
def test_a_kept_text_is_stable_and_free_of_what_is_refused(text: str) -> None:
    try:
        kept = clean_text(text)
    except ValidationError:
        return
    assert clean_text(kept) == kept == kept.strip()
    assert unicodedata.is_normalized("NFC", kept)
    assert {char for char in kept if unicodedata.category(char) in ("Cc", "Cs")} <= {"\n", "\t"}
    assert not {char for char in kept if unicodedata.bidirectional(char) in ("LRO", "RLO", "LRI", "RLI", "FSI", "PDF")}


def test_the_validator_lets_ordinary_text_through() -> None:
    text = "  Äiti\r\n"
    validate_text(text)
    with pytest.raises(ValidationError):
        validate_text(text + "\x00")


def test_a_form_field_cleans_before_it_counts() -> None:
    form = Note({"words": "  " + "rivi\r\n" * 3 + "A\u0308iti  "})  # 19 letters as kept, over 20 as sent
    assert form.is_valid()
    assert form.cleaned_data == {"words": "rivi\nrivi\nrivi\nÄiti", "extra": ""}


@pytest.mark.parametrize("sent", ["", "   ", "\u200b\u200b"])
def test_a_required_field_is_not_filled_by_what_nobody_sees(sent: str) -> None:
    form = Note({"words": sent})
    assert form.errors.as_data()["words"][0].code == "required"


@pytest.mark.parametrize("sent", ["Aatu\x00", "Aatu\u202e"])
def test_a_refused_text_gives_one_message_and_stays_in_the_form(sent: str) -> None:
    form = Note({"words": sent})
    assert len(form.errors["words"]) == 1
    assert form["words"].value() == sent
