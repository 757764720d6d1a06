"""What in a text names somebody: for texts that must stay without personal data.

Pure: a text in, a sentence for its writer or nothing out. It knows patterns, not people: an identity code, an e-mail
address, a phone number, a whole date, and the names that stand in a field of the same form, in their Finnish forms. The
sentence never quotes what was found.
"""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

_DASHES = "-+\u2010\u2011\u2012\u2013\u2014\u2212"
_CODE = re.compile(rf"(?<![0-9])[0-9]{{6}} ?[{_DASHES}A-FU-Ya-fu-y] ?[0-9]{{3}}[0-9A-Za-z](?![0-9A-Za-z])")
_MAIL = re.compile(r"[^\s@]+(?:@|\(at\)|\[at\])[^\s@]+\.[a-zåäö]{2,}", re.IGNORECASE)
_PHONE = re.compile(r"(?<![0-9])(?:\+|00|0)[0-9](?:[ ()/.\u00a0-]{0,2}[0-9]){5,}(?![0-9])")
_MONTHS = "(?:0?[1-9]|1[0-2])"
_DAY = re.compile(
    rf"(?<![0-9])(?:(?:0?[1-9]|[12][0-9]|3[01])(?:\. ?{_MONTHS}\. ?|/{_MONTHS}/)(?:(?:19|20)[0-9]{{2}}|[0-9]{{2}})"
    rf"|(?:0?[1-9]|[12][0-9]|3[01])-{_MONTHS}-(?:19|20)[0-9]{{2}}|(?:19|20)[0-9]{{2}}-{_MONTHS}-[0-3][0-9])(?![0-9])"
)

# The endings of a Finnish name: cases, then what is hung on them ("Toukollakin").
_CASE = "(?:n|t|a|ä|ta|tä|[aeiouyäö]n|hin|h[aeiouyäö]n|s[st][aä]|l[lt][aä]|lle|ksi|n[aä]|tt[aä]|ine)?"
_TAIL = "(?:kin|kaan|kään|k[oö]|h[aä]n|ns[aä]|ni|mme|nne)?"
# Consonants that a closed syllable weakens: Pekka, Pekan; Aatu, Aadun; Virta, Virran.
_WEAK = (
    ("kk", "k"), ("pp", "p"), ("tt", "t"), ("nk", "ng"), ("nt", "nn"), ("lt", "ll"), ("rt", "rr"), ("mp", "mm"),
    ("t", "d"), ("p", "v"), ("k", ""),
)  # fmt: skip
_VOWELS = "aeiouyåäö"
_SHORTEST = 2


def identity_code(text: str) -> str | None:
    """Why a text with an identity code is not taken, or None."""
    if _CODE.search(text):
        return _("There is an identity code in this text. Take it out: it is not needed here.")
    return None


def naming(text: str, names: Iterable[str] = ()) -> str | None:
    """Why a text can't stay without personal data: a sentence that says what to take out, or None."""
    if refusal := identity_code(text):
        return refusal
    if _MAIL.search(text):
        return _("There is an e-mail address in this text. Take it out, so that the message names nobody.")
    if _DAY.search(text):
        return _("There is a whole date in this text, and it may be a birth date. Leave the year out, for example 9.6.")
    if _PHONE.search(text):
        return _("There is a phone number in this text. Take it out; your own number has a field of its own.")
    if any(_forms(part).search(text) for name in names for part in re.split(r"[\s,-]+", name) if len(part) >= _SHORTEST):
        return _("The name that you wrote stands in this text. Write for example “the child” instead.")
    return None


def _forms(name: str) -> re.Pattern[str]:
    """A pattern of one name in its Finnish forms."""
    name = name.casefold()
    stems = {name, *_weakened(name)}
    if name.endswith("nen"):
        stems.add(f"{name[:-3]}se")
    elif name[-1] not in _VOWELS:
        stems |= {f"{name}i", f"{name}e", f"{name[:-1]}kse"}
    either = "|".join(sorted(map(re.escape, stems), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either}){_CASE}{_TAIL}(?!\w)", re.IGNORECASE)


def _weakened(name: str) -> set[str]:
    """The name with the consonants before its last vowel weakened, as they are in "Pekan"."""
    body, last = name.rstrip(_VOWELS), name[len(name.rstrip(_VOWELS)) :]
    if not last or len(body) < _SHORTEST:
        return set()
    return {body[: -len(strong)] + weak + last for strong, weak in _WEAK if body.endswith(strong)}
