"""Personal columns of an order: sealed text in, values out."""

import json

from dispatch.rules.travel import Place
from kit.db.store import Cipher

CONTACT, PLACE = "order.contact", "order.place"


def seal_place(vault: Cipher, lon: float | None, lat: float | None) -> bytes | None:
    """A sealed position; None where there is none."""
    return None if lon is None or lat is None else vault.seal(f"{lon!r} {lat!r}", PLACE)


def open_place(vault: Cipher, sealed: bytes | None) -> Place | None:
    """The position that was sealed."""
    if sealed is None:
        return None
    lon, lat = vault.open(sealed, PLACE).split()
    return Place(float(lon), float(lat))


def seal_contact(vault: Cipher, name: str, phone: str, address: str) -> bytes:
    """Who is visited, sealed."""
    return vault.seal(json.dumps([name, phone, address], ensure_ascii=False), CONTACT)


def open_contact(vault: Cipher, sealed: bytes | None) -> tuple[str, str, str]:
    """Name, phone and address; empty where none were kept."""
    name, phone, address = json.loads(vault.open(sealed, CONTACT)) if sealed else ("", "", "")
    return name, phone, address


def vault_of(store: object) -> Cipher:
    """The store's keys. Raises: LookupError where it has none."""
    vault = getattr(store, "vault", None)
    if vault is None:
        raise LookupError("settings personal_keys: orders bear sealed addresses")
    return vault  # type: ignore[no-any-return]
