"""Takes up orders whose voucher could not be held when they were placed."""

from uuid import UUID

from dispatch.limits import limits
from dispatch.orders import queries
from dispatch.orders.flows import offers
from dispatch.orders.flows.placing import Placing
from dispatch.orders.rules import State
from dispatch.orders.tables import Order
from kit.contracts.clock import local_day
from kit.contracts.refusals import Unavailable
from kit.db.store import Session, Store
from kit.observability.logs import log
from kit.runtime.timers import set_timer


async def retry(store: Store, placing: Placing, order_id: UUID) -> None:
    """Places an order that stands as RESERVING; where subsidy does not answer, again later, until
    its window has passed. May be repeated.
    """
    async with store.raw() as session:
        order = await queries.row_of(session, order_id)
    if order is None or order.state != State.RESERVING:
        return
    try:
        await placing.confirm(store, order)
    except Unavailable as error:
        log.info("still reserving", order_id=str(order_id), error=error.reason)
        async with store.transaction() as session:
            await _retry_later(session, order_id)


async def _retry_later(session: Session, order_id: UUID) -> None:
    order = await session.get_locked(Order, order_id)
    if order.state != State.RESERVING:
        return
    if order.wanted_to <= session.now:
        offers.give_up(session, order)
    else:
        retry_at = session.now + limits(local_day(session.now)).reserve_retry
        set_timer(session, retry_at, offers.RESERVE, str(order_id))
