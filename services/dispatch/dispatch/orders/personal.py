"""Personal columns of an order: sealed text in, values out."""

import json

from dispatch.orders.rules import GeoPoint
from kit.db.context import Cipher, StoreContext

CONTACT = "order.contact"
POSITION = "order.place"


def seal_position(cipher: Cipher, lon: float | None, lat: float | None) -> bytes | None:
    """A sealed position; None where there is none."""
    if lon is None or lat is None:
        return None
    return cipher.seal(f"{lon!r} {lat!r}", POSITION)


def open_position(cipher: Cipher, sealed: bytes | None) -> GeoPoint | None:
    """The position that was sealed."""
    if sealed is None:
        return None
    lon, lat = cipher.open(sealed, POSITION).split()
    return GeoPoint(float(lon), float(lat))


def seal_contact(cipher: Cipher, name: str, phone: str, address: str) -> bytes:
    """Who is visited, sealed."""
    return cipher.seal(json.dumps([name, phone, address], ensure_ascii=False), CONTACT)


def open_contact(cipher: Cipher, sealed: bytes | None) -> tuple[str, str, str]:
    """Name, phone and address; empty where none were kept."""
    if sealed is None:
        return "", "", ""
    name, phone, address = json.loads(cipher.open(sealed, CONTACT))
    return name, phone, address


def cipher_of(store: StoreContext) -> Cipher:
    """The store's keys. Raises: LookupError where it has none."""
    if store.vault is None:
        raise LookupError("settings personal_keys: orders bear sealed addresses")
    return store.vault
