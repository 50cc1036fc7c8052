"""Facts in: each handler is one line that calls a flow."""

from collections.abc import Iterator
from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderCancelled, OrderPlaced
from eldercare.supervision.v1.events_pb2 import (
    SettlementApproved,
    SettlementClosed,
    SettlementHeld,
    SettlementRefused,
    SettlementReleased,
)

from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on
from subsidy.holds import flows
from subsidy.holds.rules import HoldState
from subsidy.holds.tables import Hold
from subsidy.payments.tables import Debt
from subsidy.recoveries.flows import disputes
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
        else:
            yield Prefetch(Debt, UUID(event.settlement_id))


@on(SettlementApproved, group=GROUP, prefetch=_of_settlement)
async def capture(event: SettlementApproved, session: Session) -> None:
    if event.voucher_fen:
        await flows.capture(session, event)


def _of_dispute(
    event: SettlementHeld | SettlementReleased | SettlementClosed,
) -> Iterator[Prefetch]:
    yield Prefetch(Debt, UUID(event.settlement_id))


@on(SettlementHeld, group=GROUP, prefetch=_of_dispute)
async def suspend(event: SettlementHeld, session: Session) -> None:
    await disputes.suspend(session, UUID(event.settlement_id))


@on(SettlementReleased, group=GROUP, prefetch=_of_dispute)
async def restore(event: SettlementReleased, session: Session) -> None:
    await disputes.restore(session, UUID(event.settlement_id))


@on(SettlementRefused, group=GROUP, prefetch=_of_settlement)
async def release_refused(event: SettlementRefused, session: Session) -> None:
    # what its firm may appeal against stays held
    if event.HasField("appeal_until"):
        await disputes.suspend(session, UUID(event.settlement_id))
    elif event.voucher_fen:
        hold = await session.get_locked(Hold, UUID(event.order_id))
        await flows.release(session, hold, HoldState.RELEASED)


def _of_closed(event: SettlementClosed) -> Iterator[Prefetch]:
    if event.voucher_fen:
        yield Prefetch(Hold, UUID(event.order_id), required=True)
        yield from _of_dispute(event)


@on(SettlementClosed, group=GROUP, prefetch=_of_closed)
async def release_closed(event: SettlementClosed, session: Session) -> None:
    if event.voucher_fen:
        hold = await session.get_locked(Hold, UUID(event.order_id))
        await flows.release(session, hold, HoldState.RELEASED)
        await disputes.confirm(session, UUID(event.settlement_id))
