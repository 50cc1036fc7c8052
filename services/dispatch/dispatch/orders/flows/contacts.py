"""Keeps who is visited, and where: an order bears the elder's contact as the register has it until
the visit begins.
"""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as assessment
from sqlmodel import col, select

from dispatch.orders import personal, rules
from dispatch.orders.flows import offers
from dispatch.orders.tables import Order
from kit.db.store import Cipher, Session, Store
from kit.rpc.client import Client
from kit.runtime.timers import set_timer

CALL_S = 2.0
CONTACT = "contact"  # a background job


@dataclass(frozen=True, slots=True)
class SealedContact:
    """The columns of an order that say who is visited, and where."""

    contact: bytes
    home: bytes | None


async def fetch(
    register: Client,
    cipher: Cipher,
    elder_id: UUID,
    *,
    on_behalf_of: str | None = None,
    correlation_id: str | None = None,
) -> SealedContact:
    """Asks assessment; outside any transaction. Raises: Unavailable, NotFound."""
    reply = await register.call(
        "eldercare.assessment.v1.Elders/Contact",
        assessment.GetElder(elder_id=str(elder_id)),
        timeout=CALL_S,
        channel="internal",
        on_behalf_of=on_behalf_of,
        correlation_id=correlation_id,
    )
    elder = cast(assessment.ElderContact, reply)
    contact = personal.seal_contact(cipher, elder.name, elder.phone, elder.address)
    if not (elder.HasField("lon") and elder.HasField("lat")):
        return SealedContact(contact, None)
    return SealedContact(contact, personal.seal_position(cipher, elder.lon, elder.lat))


async def renew_later(session: Session, elder_id: UUID) -> None:
    """An elder changed, perhaps the address: what it is now is asked after this transaction, where
    somebody is still to come.
    """
    if await _is_expecting(session, elder_id):
        set_timer(session, session.now, CONTACT, str(elder_id))


async def renew(store: Store, register: Client, elder_id: UUID) -> None:
    """Writes the present contact on the orders that have not begun. A promised visit stays
    promised, at its time. May be repeated.
    """
    async with store.reading() as session:
        if not await _is_expecting(session, elder_id):
            return
    present = await fetch(register, personal.cipher_of(store), elder_id)
    async with store.transaction() as session:
        whose = col(Order.elder_id) == elder_id
        for order in await offers.locked(session, whose, rules.EXPECTED):
            order.contact = present.contact
            order.home = present.home


async def _is_expecting(session: Session, elder_id: UUID) -> bool:
    expected = (
        select(Order.order_id)
        .where(Order.elder_id == elder_id, col(Order.state).in_(rules.EXPECTED))
        .limit(1)
    )
    return (await session.exec(expected)).first() is not None
