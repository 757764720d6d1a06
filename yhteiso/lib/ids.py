"""Identifiers: the Finnish personal identity code, public references, and keys that are made here.

A public reference stands in addresses and on paper. It is random, so that it tells nothing and can't be counted
through, but it is no key to anything: the door still asks who is coming.
"""

import re
import secrets
import time
from datetime import date
from uuid import UUID

from stdnum.fi import hetu

# Crockford's base 32: no I, L, O or U, so nothing that is read aloud or typed from paper looks like something else.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTER = "[0-9A-HJKMNP-TV-Z]"
REF_PATTERN = rf"{_CHARACTER}{{4}}-{_CHARACTER}{{4}}-{_CHARACTER}{{2}}"

_MINUS_SIGNS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"))


def normal_hetu(code: str) -> str:
    """The code in its one written form: trimmed, capitals, a plain "-" for any dash. It may still be invalid."""
    return code.strip().translate(_MINUS_SIGNS).upper()


def is_valid_hetu(code: str) -> bool:
    """Whether this is a Finnish personal identity code (VM/2022/124): a real date, a known century sign, the right
    check character.

    Both old and new century signs count, and the individual numbers 900-999, which are never given to anybody
    permanently and are used for invented people. Trims and takes lower case and any dash, as people type them.
    """
    code = normal_hetu(code)
    # The length and ASCII first: the library's \d would take the digits of other scripts.
    return len(code) == 11 and code.isascii() and hetu.is_valid(code, allow_temporary=True)


# The sign after the day tells the century; the letters since 2024 mean the same as "-" and "A" (VM/2022/124).
_CENTURIES = {"+": 1800} | dict.fromkeys("-YXWVU", 1900) | dict.fromkeys("ABCDEF", 2000)


def born_of_hetu(code: str) -> date:
    """The day of birth that a valid identity code tells. Raises ValueError for one that `is_valid_hetu` refuses."""
    code = normal_hetu(code)
    if not is_valid_hetu(code):
        raise ValueError("Not an identity code.")
    return date(_CENTURIES[code[6]] + int(code[4:6]), int(code[2:4]), int(code[:2]))


def new_ref() -> str:
    """A new public reference such as "7K2M-41SX-Q9": ten random characters of 32, which is 50 bits.

    Among a million references the chance that any two are alike is about one in two thousand: the column is unique,
    and a clash is simply drawn again.
    """
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def is_ref(text: str) -> bool:
    """Whether this has the form of a public reference: what comes in a form or after a ? is not asked of the database
    otherwise.
    """
    return re.fullmatch(REF_PATTERN, text) is not None


class RefConverter:
    """A public reference in an address, `<ref:ref>`; exactly as written, so that one thing has one address."""

    regex = REF_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        if not re.fullmatch(REF_PATTERN, value):
            raise ValueError("Not a public reference.")  # Django turns this into NoReverseMatch
        return value


def uuid7() -> UUID:
    """A key in the order of time (RFC 9562, version 7): 48 bits of milliseconds since 1970, then 74 random bits.

    For rows whose writer may not read them back, so that the database can't make the key. (In the standard library
    from Python 3.14 on.)
    """
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)  # variant
