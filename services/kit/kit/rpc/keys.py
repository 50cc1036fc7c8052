"""What an idempotency key may look like; the one place that knows.

A client's key is short and printable. A service that calls another on its own makes longer ones, of
the ids they stand for.
"""

from kit.contracts.refusals import Malformed

FIELD, HEADER = "idempotency-key", "Idempotency-Key"
# beside an answer that was given before
REPLAYED, REPLAYED_HEADER = "idempotency-replayed", "Idempotency-Replayed"
CLIENT_LEAST, CLIENT_MOST = 8, 128
MOST = 200


def from_client(key: str | None) -> str | None:
    """The key that a client gives over HTTP. Raises: Malformed."""
    if key is None:
        return None
    fits = CLIENT_LEAST <= len(key) <= CLIENT_MOST
    if not (fits and key.isascii() and key.isprintable()):
        raise Malformed(HEADER, f"has {CLIENT_LEAST} to {CLIENT_MOST} printable ASCII characters")
    return key


def of_call(key: str | None, *, needed: bool) -> str | None:
    """The key of a call between processes. Raises: Malformed where a write has none, or it is too
    long.
    """
    if needed and not key:
        raise Malformed(FIELD, "is required for a write")
    if key and len(key) > MOST:
        raise Malformed(FIELD, f"is longer than {MOST} characters")
    return key
