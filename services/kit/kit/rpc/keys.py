"""What an idempotency key may look like; the one place that knows.

A client's key is short and printable. A service that calls another on its own makes longer ones, of
the ids they stand for.
"""

from kit.contracts import rules
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed

FIELD, HEADER = "idempotency-key", "Idempotency-Key"
# beside an answer that was given before
REPLAYED, REPLAYED_HEADER = "idempotency-replayed", "Idempotency-Replayed"
CLIENT_LEAST, CLIENT_MOST = 8, 128
MOST = 200
PRINTABLE = Phrase(
    "has {least} to {most} printable ASCII characters",
    "应为 {least} 至 {most} 个可打印的 ASCII 字符",
    key="PRINTABLE",
)
OF_WRITES = Phrase(
    "is made by the client for every request that changes something",
    "每个写请求都须带有由客户端生成的幂等键",
    key="KEY_REQUIRED",
)


def from_client(key: str | None) -> str | None:
    """The key that a client gives over HTTP. Raises: Malformed."""
    if key is None:
        return None
    fits = CLIENT_LEAST <= len(key) <= CLIENT_MOST
    if not (fits and key.isascii() and key.isprintable()):
        raise Malformed(HEADER, PRINTABLE.of(least=CLIENT_LEAST, most=CLIENT_MOST))
    return key


def of_call(key: str | None, *, needed: bool) -> str | None:
    """The key of a call between processes. Raises: Malformed where a write has none, or it is too
    long.
    """
    if needed and not key:
        raise Malformed(FIELD, OF_WRITES)
    if key and len(key) > MOST:
        raise Malformed(FIELD, rules.LENGTH_MOST.of(value=MOST))
    return key
