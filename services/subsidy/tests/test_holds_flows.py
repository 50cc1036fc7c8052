"""Holds on a real PostgreSQL, several orders at once."""

import asyncio
from datetime import timedelta
from uuid import UUID

from eldercare.subsidy.v1 import events_pb2 as events
from eldercare.subsidy.v1.api_pb2 import ReserveVoucher

from kit.contracts import ids
from subsidy.holds import flows
from subsidy.settings import GROUP
from subsidy.testing import an_approval, an_elder, messages
from testkit.delivery import deliver


async def test_many_orders_at_once_hold_no_more_than_the_voucher(city, rows):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    orders = [ids.new() for _ in range(30)]

    async def reserve(order_id: UUID) -> int:
        command = ReserveVoucher(
            order_id=str(order_id), elder_id=str(elder_id), month="2026-03", price_fen=6001
        )
        async with city.transaction() as session:
            return (await flows.reserve(session, command, city.clock.real())).reserved_fen

    # each order twice at the same moment: a client that did not wait for its answer
    held = await asyncio.gather(*(reserve(order_id) for order_id in orders * 2))

    assert held[:30] == held[30:]
    assert sum(held[:30]) == 80000
    assert sorted(set(held)) == [0, 80000 % 3001, 3001]
    assert await rows("select reserved_fen from voucher") == [{"reserved_fen": 80000}]


async def test_holds_expire_by_the_wall_clock_while_business_time_stands(city, rows):
    elder_id = ids.new()
    order_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    real = city.clock.real()
    command = ReserveVoucher(
        order_id=str(order_id), elder_id=str(elder_id), month="2026-03", price_fen=10000
    )
    async with city.transaction() as session:
        reservation = await flows.reserve(session, command, real)

    async with city.transaction() as session:
        early = await flows.expire(session, real + timedelta(minutes=14, seconds=59), 10)
    async with city.transaction() as session:
        late = await flows.expire(session, real + timedelta(minutes=15), 10)

    assert reservation.reserved_fen == 5000
    assert abs(
        reservation.expires_at.ToDatetime(real.tzinfo) - real - timedelta(minutes=15)
    ) < timedelta(milliseconds=1)
    assert (early, late) == (0, 1)
    (released,) = await messages(rows, events.VoucherReleased)
    assert (released.order_id, released.released_fen) == (str(order_id), 5000)
