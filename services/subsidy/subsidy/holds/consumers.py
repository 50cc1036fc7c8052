"""Facts in: each handler is one line that calls a flow."""

from collections.abc import Iterator
from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderCancelled, OrderPlaced
from eldercare.supervision.v1.events_pb2 import SettlementApproved, SettlementRefused

from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on
from subsidy.holds import flows
from subsidy.holds.rules import HoldState
from subsidy.holds.tables import Hold
from subsidy.replicas.tables import Elder, Organisation
from subsidy.settings import GROUP


@on(OrderPlaced, group=GROUP, prefetch=lambda event: [Prefetch(Hold, UUID(event.order_id))])
async def confirm(event: OrderPlaced, session: Session) -> None:
    await flows.confirm(session, event)


@on(OrderCancelled, group=GROUP, prefetch=lambda event: [Prefetch(Hold, UUID(event.order_id))])
async def release(event: OrderCancelled, session: Session) -> None:
    if hold := await session.get(Hold, UUID(event.order_id)):
        await flows.release(session, hold, HoldState.RELEASED)


def _of_settlement(event: SettlementApproved | SettlementRefused) -> Iterator[Prefetch]:
    # without a voucher there is nothing to capture or to release
    if event.voucher_fen:
        yield Prefetch(Hold, UUID(event.order_id), required=True)
        if isinstance(event, SettlementApproved):
            yield Prefetch(Elder, UUID(event.elder_id))
            yield Prefetch(Organisation, UUID(event.organisation_id), required=True)


@on(SettlementApproved, group=GROUP, prefetch=_of_settlement)
async def capture(event: SettlementApproved, session: Session) -> None:
    if event.voucher_fen:
        await flows.capture(session, event)


@on(SettlementRefused, group=GROUP, prefetch=_of_settlement)
async def release_refused(event: SettlementRefused, session: Session) -> None:
    if event.voucher_fen:
        hold = await session.get_locked(Hold, UUID(event.order_id))
        await flows.release(session, hold, HoldState.RELEASED)
