"""Personal text at rest: sealed by AES-GCM, found by keyed hashes, shown masked; every key has an
id, so that keys rotate.
"""

import base64
import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Mapping
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from kit.contracts import numbers

Key = TypeVar("Key")

_NONCE_BYTES = 12  # the size AES-GCM is specified for
_DIGEST_BYTES = 20
_KEY_BYTES = 32
_DOTS = re.compile("[•‧∙⋅・･.。˙\u0307●▪]")  # people type each of them for the dot between names


class Unreadable(ValueError):
    """Sealed bytes cannot be opened: an unknown key, another kind, or somebody changed them."""


class Unsealed:
    """Keeps text as it is: for a service that keeps nothing personal, and so has no keys."""

    def seal(self, text: str, kind: str = "") -> bytes:
        """The text's own bytes."""
        return text.encode()

    def open(self, value: bytes, kind: str = "") -> str:
        """The text again."""
        return value.decode()


class KeyRing:
    """The keys of one service; the first of each list seals and hashes, the others only open and
    find.

    personal_keys, hash_keys: "id:base64,id:base64", 32 bytes each.
    """

    def __init__(
        self, personal_keys: SecretStr | str | None, hash_keys: SecretStr | str | None
    ) -> None:
        self._seals = {
            name: AESGCM(key) for name, key in _keys(personal_keys, "personal_keys").items()
        }
        self._hashes = _keys(hash_keys, "hash_keys")

    def seal(self, text: str, kind: str = "") -> bytes:
        """Encrypts under the current key. kind: must be the same when opened, so that no value can
        be moved to another column.
        """
        name, cipher = self._current(self._seals, "personal_keys")
        nonce = os.urandom(_NONCE_BYTES)
        return _tag(name) + nonce + cipher.encrypt(nonce, text.encode(), kind.encode())

    def open(self, value: bytes, kind: str = "") -> str:
        """The text that was sealed. Raises: Unreadable."""
        name, rest = _split(value)
        cipher = self._seals.get(name)
        if cipher is None:
            raise Unreadable(f"sealed under key {name!r}, which this service does not have")
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], kind.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Unreadable(f"sealed bytes of kind {kind!r} are not what was written") from error

    def current(self, *, hashes: bool = False) -> str:
        """Id of the key that seals, or of the one that hashes."""
        return (
            self._current(self._hashes, "hash_keys")[0]
            if hashes
            else self._current(self._seals, "personal_keys")[0]
        )

    def tag(self, *, hashes: bool = False) -> bytes:
        """What every value begins with that is made under the current key."""
        return _tag(self.current(hashes=hashes))

    def ids(self, *, hashes: bool = False) -> list[str]:
        """Ids of the keys, the current one first."""
        return list(self._hashes if hashes else self._seals)

    def rotate(self, value: bytes, kind: str = "") -> bytes | None:
        """The same text under the current key, or None where it already is."""
        name, _ = self._current(self._seals, "personal_keys")
        return None if _split(value)[0] == name else self.seal(self.open(value, kind), kind)

    def digest(self, kind: str, text: str) -> bytes:
        """A keyed hash for search by equality, under the current key; equal for the usual spellings
        of one value.
        """
        name, key = self._current(self._hashes, "hash_keys")
        return _digest(name, key, kind, text)

    def digests(self, kind: str, text: str) -> list[bytes]:
        """The hashes of a value under every key, current first: what to look for while a hash key
        rotates.
        """
        self._current(self._hashes, "hash_keys")
        return [_digest(name, key, kind, text) for name, key in self._hashes.items()]

    def character_digests(self, name: str, area: str) -> list[bytes]:
        """Hashes of the single characters of a name, bound to an area so that frequencies of a
        whole city stay hidden; to be stored.
        """
        return [self.digest("character", f"{area}|{character}") for character in _characters(name)]

    def character_searches(self, name: str, area: str) -> list[list[bytes]]:
        """One list per key: a row matches where its stored hashes contain all of any one list."""
        self._current(self._hashes, "hash_keys")
        return [
            [
                _digest(key_name, key, "character", f"{area}|{character}")
                for character in _characters(name)
            ]
            for key_name, key in self._hashes.items()
        ]

    @staticmethod
    def _current(keys: Mapping[str, Key], setting: str) -> tuple[str, Key]:
        if not keys:
            raise LookupError(
                f"setting {setting} is empty: personal text can be neither kept nor found"
            )
        return next(iter(keys.items()))


def normal(kind: str, text: str) -> str:
    """The one spelling of a value: full-width forms folded, blanks gone, the check letter of an ID
    number large and one of 15 digits in its form of 18, a phone without +86, one dot in a name.

    >>> {normal("phone", one) for one in ("+86 0550-30123456", "0086 055030123456", "055030123456")}
    {'055030123456'}
    >>> {normal("name", one) for one in ("买买提·艾力", "买买提.艾力", "买买提 ˙ 艾力")}
    {'买买提·艾力'}
    """
    folded = "".join(unicodedata.normalize("NFKC", text).split())
    if kind == "phone":
        digits = "".join(character for character in folded if character.isdigit())
        digits = digits.removeprefix("00")
        return digits[2:] if len(digits) in (13, 14) and digits.startswith("86") else digits
    if kind == "id_number":
        return numbers.full(folded)
    return _DOTS.sub("·", folded) if kind == "name" else folded


def mask(kind: str, text: str) -> str:
    """What may be shown of a value to those who need not know it.

    >>> mask("id_number", "341102194001010017"), mask("phone", "13800000001")
    ('341102************', '138****0001')
    >>> mask("name", "李小明"), mask("address", "琅琊区1号")
    ('李**', '****')
    """
    # of an ID number nothing behind the birth day, which an answer tells: with its end, check
    # character included, it would be the whole number
    shown = {"id_number": (6, 0), "phone": (3, 4), "name": (1, 0)}.get(kind)
    if shown is None or len(text) <= sum(shown):
        return "*" * (4 if shown is None else len(text))
    head, tail = shown
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def _characters(name: str) -> list[str]:
    return sorted(set(normal("name", name)))


def _keys(setting: SecretStr | str | None, name: str) -> dict[str, bytes]:
    if setting is None:
        return {}
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(_plain(setting).split(","), start=1):
        key_id, _, encoded = entry.strip().partition(":")
        if not key_id or len(key_id.encode()) > 255 or key_id in keys:
            raise ValueError(f"{name}: entry {position} needs an id of its own before the colon")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise ValueError(f"{name}: key {key_id!r} must be {_KEY_BYTES} bytes in base64")
        keys[key_id] = key
    return keys


def _plain(setting: SecretStr | str) -> str:
    return setting if isinstance(setting, str) else setting.get_secret_value()


def _tag(name: str) -> bytes:
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded


def _split(value: bytes) -> tuple[str, bytes]:
    length = value[0] if value else 0
    if not length or len(value) <= length + 1:
        raise Unreadable("bytes bear no key id")
    return value[1 : length + 1].decode(errors="replace"), value[length + 1 :]


def _digest(name: str, key: bytes, kind: str, text: str) -> bytes:
    material = f"{kind}\0{normal(kind, text)}".encode()
    return _tag(name) + hmac.new(key, material, hashlib.sha256).digest()[:_DIGEST_BYTES]
