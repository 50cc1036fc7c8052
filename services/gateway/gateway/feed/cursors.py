"""Cursors of the feed: epoch and position, signed for one organisation.

The form is that of the first release, since subscribers keep cursors for weeks: what is packed and
its signature stand side by side, without the separator that itsdangerous puts between them.
"""

import base64
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode
from itsdangerous.signer import HMACAlgorithm

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed

YOUR_CURSOR = Phrase(
    "is one that this feed gave to your organisation",
    "应为本订阅源给贵机构的游标",
    key="YOUR_CURSOR",
)
_FORM = struct.Struct(">16sQ")
_FORM_CHARACTERS = _FORM.size * 4 // 3
_MAC_BYTES = 12


@dataclass(frozen=True, slots=True)
class Cursor:
    """position: the last one that was read. epoch: of the feed then."""

    epoch: UUID
    position: int


class Cursors:
    """Seals and opens cursors. keys: the first seals, all open, so that a rotation refuses
    nobody.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        # itsdangerous takes the newest key last
        newest_last = list(reversed(keys))
        self._signer = Signer(newest_last, key_derivation="none", algorithm=_ShortHmac())

    def seal(self, cursor: Cursor, organisation: UUID) -> str:
        """The text of a cursor, for this organisation alone."""
        packed = _FORM.pack(cursor.epoch.bytes, cursor.position)
        signature = self._signer.get_signature(packed + organisation.bytes)
        return (base64.urlsafe_b64encode(packed) + signature).decode()

    def open(self, text: str, organisation: UUID) -> Cursor:
        """Raises: Malformed."""
        try:
            packed = base64_decode(text[:_FORM_CHARACTERS])
        except BadData:
            packed = b""
        signature = text[_FORM_CHARACTERS:]
        if len(packed) != _FORM.size or not self._signer.verify_signature(
            packed + organisation.bytes, signature
        ):
            raise Malformed("cursor", YOUR_CURSOR)
        epoch, position = _FORM.unpack(packed)
        return Cursor(UUID(bytes=epoch), position)


class _ShortHmac(HMACAlgorithm):
    """96 bits of HMAC-SHA-256: nobody guesses them, and a cursor stays short."""

    def __init__(self) -> None:
        super().__init__(hashlib.sha256)

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:_MAC_BYTES]
