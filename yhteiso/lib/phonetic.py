"""Names as they sound in Finnish: keys by which two spellings of one name are found to be perhaps the same.

Pure functions. A key is lower-case letters without marks; two names may be the same when they have a key in common. The
keys forgive what is heard alike or left out in a hurry, and nothing more: an a for an ä, an o or an a for an å, one letter
for two, a c for a k, a w for a v. They are no likeness: Virtanen is never Virtamo. Nicknames are not known (Kati is no
Katariina); any of the first names is, since the one that is used (kutsumanimi) may be any of them.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

# Letters that decomposition doesn't take apart, or that sound otherwise than their base letter.
_LETTERS = str.maketrans({
    "ä": "a", "ö": "o", "ø": "o", "œ": "o", "æ": "a", "ü": "y", "ß": "s", "đ": "d", "ð": "d", "ŋ": "n", "ŧ": "t",
    "þ": "t", "ł": "l", "ħ": "h", "ǥ": "g", "ı": "i", "ʒ": "s",
})  # fmt: skip
# In this order: what two letters sound like together, before what each sounds like alone.
_SOUNDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(.)\1+", r"\1"),  # double letters and long vowels
        ("x", "ks"),
        ("sch|sh", "s"),
        ("ph", "f"),
        ("th", "t"),
        ("w", "v"),
        ("qu(?=[aeio])", "kv"),  # Quist as Kvist
        ("c(?=[eiy])", "s"),  # Cecilia as Sesilia
        ("ch|ck|c|q", "k"),
        ("z", "s"),
        ("ij(?=[aeouy])", "i"),  # Sofija as Sofia
        ("y$", "i"),  # Jenny as Jenni
        (r"(.)\1+", r"\1"),  # and what became double by this
    )
)
# Small words between a first and a family name: in common they tell nothing.
_PARTICLES = frozenset({"af", "al", "bin", "da", "de", "del", "den", "der", "di", "du", "el", "la", "le", "van", "von"})
_APART = re.compile(r"[\s\-\u2010-\u2015/,;]+")


class NameKeys(NamedTuple):
    """The keys of a person's first names and family names, each sorted and once. Either may be empty."""

    given: list[str]
    family: list[str]


def name_keys(given: str, family: str = "") -> NameKeys:
    """The keys of one person's names, as somebody has written them."""
    words = _words(given)
    # Two first names may be written together: Anna Liisa, Anna-Liisa, Annaliisa.
    joined = [first + second for first, second in pairwise(words)]
    families = [word for word in _words(family) if word not in _PARTICLES] or _words(family)
    return NameKeys(_keys([*words, *joined]), _keys(families))


def may_be_same(one: NameKeys, other: NameKeys) -> bool:
    """Whether two names may be one person's: a first name in common, and a family name unless either has none.

    Without a first name on the asking side (`one`) the family name alone has to do. `sec.already_known` says the same in
    SQL; the day of birth is looked at beside this, always.
    """
    alike = bool(set(one.family) & set(other.family))
    if not one.given:
        return alike
    return bool(set(one.given) & set(other.given)) and (alike or not one.family or not other.family)


def sound_keys(word: str) -> frozenset[str]:
    """The keys of one word: one, or two where it has an å, which is heard as an o and written as an a. Empty without
    letters.
    """
    plain = _letters(word)
    return frozenset(_sound(plain.replace("å", letter)) for letter in ("o", "a")) - {""}


def _words(text: str) -> list[str]:
    """The words of a name without initials: "A. B. Cederberg" is one word."""
    words = (_letters(part) for part in _APART.split(text))
    return [word for word in words if len(word) > 1]


def _keys(words: Iterable[str]) -> list[str]:
    return sorted(set().union(*(sound_keys(word) for word in words)))


def _letters(word: str) -> str:
    """The letters only, small and without marks; of the marked ones å stays, since it has two sounds."""
    kept = unicodedata.normalize("NFC", word).casefold().translate(_LETTERS)
    plain = []
    for letter in kept:
        bare = letter if letter == "å" else unicodedata.normalize("NFKD", letter).translate(_LETTERS)
        plain.append("".join(sign for sign in bare if unicodedata.category(sign)[0] == "L"))
    return "".join(plain)


def _sound(word: str) -> str:
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word
