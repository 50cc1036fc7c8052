"""Keeps who is visited, and where: an order bears the elder's contact as the register has it until
the visit begins.
"""

from typing import Any
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as assessment
from sqlmodel import col, select

from dispatch import sealed
from dispatch.flows import offers
from dispatch.rules import orders
from dispatch.tables import Order
from kit.db.store import Cipher, Session, Store
from kit.rpc.client import Client
from kit.runtime.timers import set_timer

CALL_S = 2.0
TIMER = "contact"


async def asked(
    register: Client, vault: Cipher, elder_id: UUID, **spoken: Any
) -> dict[str, bytes | None]:
    """The columns `contact` and `home` of an order, sealed. Outside any transaction.

    spoken: on whose behalf, in which correlation. Raises: Unavailable, NotFound.
    """
    told: assessment.ElderContact = await register.call(
        "eldercare.assessment.v1.Elders/Contact",
        assessment.GetElder(elder_id=str(elder_id)),
        timeout=CALL_S,
        channel="internal",
        **spoken,
    )
    position = (
        (told.lon, told.lat) if told.HasField("lon") and told.HasField("lat") else (None, None)
    )
    return {
        "contact": sealed.seal_contact(vault, told.name, told.phone, told.address),
        "home": sealed.seal_place(vault, *position),
    }


async def ask_anew(session: Session, elder_id: UUID) -> None:
    """An elder changed, perhaps the address: what it is now is asked after this transaction, where
    somebody is still to come.
    """
    if await _expected(session, elder_id):
        set_timer(session, session.now, TIMER, str(elder_id))


async def renew(store: Store, register: Client, elder_id: UUID) -> None:
    """Writes the present contact on the orders that have not begun. A promised visit stays
    promised, at its time. May be repeated.
    """
    async with store.reading() as session:
        if not await _expected(session, elder_id):
            return
    columns = await asked(register, sealed.vault_of(store), elder_id)
    async with store.transaction() as session:
        for order in await offers.locked(session, col(Order.elder_id) == elder_id, orders.EXPECTED):
            order.contact, order.home = columns["contact"], columns["home"]


async def _expected(session: Session, elder_id: UUID) -> bool:
    wanted = (
        select(Order.order_id)
        .where(Order.elder_id == elder_id, col(Order.state).in_(orders.EXPECTED))
        .limit(1)
    )
    return (await session.exec(wanted)).first() is not None
