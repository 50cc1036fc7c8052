"""Offers one order in a gap of what is promised already: orders of today, declined offers, workers
who left.
"""

from uuid import UUID

from dispatch.limits import limits
from dispatch.orders.flows import offers
from dispatch.orders.rules import Cause, State
from dispatch.orders.tables import Order
from dispatch.planning.flows import county_day
from dispatch.planning.rules.problem import Stop
from dispatch.planning.rules.scan import plan_by_scan
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.runtime.timers import set_timer


async def offer(session: Session, order_id: UUID) -> None:
    """Looks for a gap now; without one the order is tried again until its window has passed. Does
    nothing for an order that needs none.
    """
    known: Order | None = await session.get(Order, order_id)
    if known is None or known.state != State.PLACED:
        return
    county = county_day.county_of(known.area_code)
    await county_day.lock(session, county)
    order = await session.get_locked(Order, order_id)
    if order.state != State.PLACED:
        return
    if order.wanted_to <= session.now:
        await offers.cancel(session, order, Cause.UNSERVED)
        return
    day = local_day(order.wanted_from)
    problem = await county_day.problem(session, county, day, [order])
    stops = [stop for stop in plan_by_scan(problem).stops if stop.visit_id == str(order_id)]
    if stops:
        await _assign(session, order, stops[0])
    else:
        retry_at = session.now + limits(local_day(session.now)).retry
        set_timer(session, min(retry_at, order.wanted_to), offers.OFFER, str(order_id))


async def _assign(session: Session, order: Order, stop: Stop) -> None:
    worker = await county_day.worker_of(session, UUID(stop.worker_id))
    planned_at = county_day.instant_of(local_day(order.wanted_from), stop.begin_s)
    offers.assign(session, order, worker.organisation_id, worker.worker_id, planned_at)
