"""Names of people and places: their alphabetical order and their initials."""

import unicodedata

# å ä ö after z, in this order: the ASCII characters that follow "z". The rest as in the standard SFS 4600.
_AFTER_Z = {"å": "{", "ä": "|", "ö": "}"}
_LETTERS = _AFTER_Z | {
    "ø": "}", "õ": "}", "ő": "}",
    "ü": "y", "ű": "y",
    "đ": "d", "ð": "d", "ŋ": "n", "ŧ": "t", "ł": "l", "ħ": "h", "ǥ": "g", "ı": "i",
    "æ": "ae", "œ": "oe", "þ": "th", "ß": "ss", "ʒ": "z",
}  # fmt: skip
_DECOMPOSED = {unicodedata.normalize("NFD", letter): key for letter, key in _LETTERS.items()}
_APOSTROPHES = frozenset("'`\u00b4\u2018\u2019\u02bc\u2032")


def sort_key(name: str) -> str:
    """A key whose plain byte order (PostgreSQL's "C") is Finnish alphabetical order; empty for no letters or digits.

    å ä ö come last, in this order; other marks above or through a letter don't count (é as e, š as s, ž as z, đ as d,
    ŋ as n), except ü as y and ø õ as ö. Upper and lower case are alike, a hyphen is a space, a shorter name comes
    first, an apostrophe is passed over. Letters of other scripts come after ö. Never more than twice as long as the
    name; equal keys are possible, so order by (sort_key, pk).
    """
    text = unicodedata.normalize("NFD", name.lower())
    key, at = [], 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        key.append(_key_of(text[at:end]))
        at = end
    return unicodedata.normalize("NFC", " ".join("".join(key).split()))


_PLAIN = str.maketrans({"{": "a", "|": "a", "}": "o"})


def folded(text: str) -> str:
    """The text as a search compares it: lower case, å ä ö without their dots, words of letters and digits between spaces."""
    return sort_key(text).translate(_PLAIN)


def _key_of(letter: str) -> str:
    """The key of one base character with its combining marks (decomposed)."""
    base = letter[0]
    for mark in letter[1:]:  # ä with one more mark is still an ä
        if known := _DECOMPOSED.get(base + mark):
            return known
    if known := _DECOMPOSED.get(base):
        return known
    if base in _APOSTROPHES or unicodedata.category(base)[0] == "M":
        return ""
    return base if unicodedata.category(base)[0] in "LN" else " "


def initials(name: str) -> str:
    """The first letters of the first and last word, in capitals: "Anna-Liisa von Kuusi" gives "AK", "Aatu" gives "A".

    Words that don't begin with a letter are passed over; empty when there is none.
    """
    letters = [word[0] for word in unicodedata.normalize("NFC", name).split() if word[0].isalpha()]
    return "".join(letter.upper()[0] for letter in (letters[:1] + letters[1:][-1:]))
