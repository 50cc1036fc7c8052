"""Asks again for visits that a death or a move ended that turned out to be none."""

from uuid import NAMESPACE_URL, UUID, uuid5

from sqlmodel import col, select

from dispatch.orders.flows.offers import RESERVE
from dispatch.orders.rules import Cause, State
from dispatch.orders.tables import Order
from kit.db.store import Session
from kit.runtime.timers import set_timer

GONE = (Cause.DEATH, Cause.MOVED_OUT)
# of an order it keeps who wanted what, when; nobody has been asked yet
_ANEW = {
    "version": 0,
    "state": State.RESERVING,
    "cause": None,
    "organisation_id": None,
    "worker_id": None,
    "planned_at": None,
    "voucher_fen": 0,
    "attempt": 0,
}


async def restore_orders(session: Session, elder_id: UUID) -> None:
    """Places again what the elder still expected, as new orders of their own ids; what was to be
    by now is over. Doing it twice changes nothing.
    """
    ended = select(Order).where(
        col(Order.elder_id) == elder_id,
        col(Order.state) == State.CANCELLED,
        col(Order.cause).in_(GONE),
        col(Order.wanted_from) > session.now,
    )
    for order in (await session.exec(ended.order_by(col(Order.order_id)))).all():
        order_id = uuid5(NAMESPACE_URL, f"eldercare/order/{order.order_id}/again")
        if await session.get(Order, order_id) is not None:
            continue
        again = Order(**order.model_dump() | _ANEW)
        again.order_id = order_id
        again.placed_at = session.now
        session.add(again)
        set_timer(session, session.now, RESERVE, str(order_id))
