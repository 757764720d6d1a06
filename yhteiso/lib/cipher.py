"""Values that lie encrypted in the database: AES-256-GCM with versions of the key, and a blind index to find them by.

A stored value reads `<key's number>.<base64 of nonce and ciphertext>`. Where it stands (table, row, column) is bound to
it as associated data: moved to another row it doesn't open. The blind index is an HMAC with a key of its own, so that
equal values can be found without opening any.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

KEY_BYTES = 32
NONCE_BYTES = 12


class Unreadable(Exception):
    """A value that can't be opened: its key is gone, or it is not what was stored here. Carries no content."""


@dataclass(frozen=True, repr=False)
class Keyring:
    """The keys by their number, and the key of the blind index. Never printed: there is no repr."""

    keys: Mapping[int, bytes]
    blind_key: bytes

    @property
    def newest(self) -> int:
        """The number of the key that encrypts."""
        return max(self.keys)

    def seal(self, value: str, *, place: str) -> str:
        """The value as it is stored at `place` ("table:row:column"). Never twice the same."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.newest]).encrypt(nonce, value.encode(), place.encode())
        return f"{self.newest}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, stored: str, *, place: str) -> str:
        """The value again. Raises Unreadable where its key is gone or it was not stored at this place."""
        number, _, body = stored.partition(".")
        try:
            raw = base64.b64decode(body, validate=True)
            return AESGCM(self.keys[int(number)]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise Unreadable(f"key {key_number(stored)}") from error

    def blind(self, value: str, *, kind: str) -> bytes:
        """What equal values of one kind have in common, 32 bytes; tells nothing to whoever lacks the key."""
        return hmac.digest(self.blind_key, f"{kind}\0{value}".encode(), hashlib.sha256)


def key_number(stored: str) -> int:
    """The number of the key that a stored value needs; 0 where it is no stored value."""
    number = stored.partition(".")[0]
    return int(number) if number.isascii() and number.isdigit() else 0


def parse_keys(text: str) -> dict[int, bytes]:
    """The keys of "1:base64,2:base64". Raises ValueError with a sentence that quotes no key."""
    keys: dict[int, bytes] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        number, _, body = item.partition(":")
        if not (number.isascii() and number.isdigit()) or int(number) < 1 or int(number) in keys:
            raise ValueError("FIELD_KEYS is a list such as 1:base64,2:base64, each number once.")
        keys[int(number)] = _decoded(body, f"Key {int(number)} of FIELD_KEYS")
        if len(keys[int(number)]) != KEY_BYTES:
            raise ValueError(f"Key {int(number)} of FIELD_KEYS is not {KEY_BYTES} bytes long.")
    if not keys:
        raise ValueError("FIELD_KEYS is missing.")
    return keys


def parse_blind_key(text: str) -> bytes:
    """The blind index's key from base64. Raises ValueError with a sentence that quotes no key."""
    if not text:
        raise ValueError("BLIND_KEY is missing.")
    key = _decoded(text, "BLIND_KEY")
    if len(key) < KEY_BYTES:
        raise ValueError(f"BLIND_KEY is shorter than {KEY_BYTES} bytes.")
    return key


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is not base64.") from None


# For invented people on a developer's machine only; a real start refuses both.
DEMONSTRATION: bytes = hashlib.sha256(b"yhteiso: a demonstration, nobody's key").digest()
DEMONSTRATION_TEXT: str = base64.b64encode(DEMONSTRATION).decode()


def unsafe_keys(field_keys: str, blind_key: str) -> list[str]:
    """Why these keys must not guard real people's numbers: sentences that quote no key, empty when all is well."""
    found = []
    keys: list[bytes] = []
    for parse, text in ((lambda t: list(parse_keys(t).values()), field_keys), (lambda t: [parse_blind_key(t)], blind_key)):
        try:
            keys += parse(text)
        except ValueError as error:
            found.append(str(error))
    if any(key == DEMONSTRATION or len(set(key)) < KEY_BYTES // 4 for key in keys):
        found.append("FIELD_KEYS or BLIND_KEY is a demonstration key, or one that is easily guessed.")
    if len(set(keys)) < len(keys):
        found.append("The same key stands twice in FIELD_KEYS and BLIND_KEY.")
    return found


def keyring() -> Keyring:
    """The keys of this process's settings."""
    return _keyring(settings.FIELD_KEYS, settings.BLIND_KEY)


@lru_cache(maxsize=4)
def _keyring(field_keys: str, blind_key: str) -> Keyring:
    return Keyring(parse_keys(field_keys), parse_blind_key(blind_key))
