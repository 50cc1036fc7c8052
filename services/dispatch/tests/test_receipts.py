"""What elders pay themselves of a visit's price."""

import pytest
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events

from dispatch.orders import queries
from dispatch.orders.errors import NotDone, NotYetReceived, ShareTooMuch
from dispatch.orders.flows import receipts
from dispatch.orders.rules import State
from dispatch.testing import (
    BEGIN,
    a_key_ring,
    a_provider,
    an_official,
    an_order,
    the_worker,
)
from kit.contracts import ids
from kit.contracts.clock import local_day
from kit.contracts.refusals import Malformed, NotFound
from kit.security.access import Caller

TODAY = local_day(BEGIN).isoformat()


@pytest.fixture
def pay(store):
    """`await pay(order, caller, fen)` = the receipt."""

    async def paid(order, caller: Caller, fen: int, received_on: str = TODAY) -> pb.Receipt:
        request = pb.ReceiptOwnShare(
            order_id=str(order.order_id),
            received_fen=fen,
            method=events.ShareReceipted.METHOD_CASH,
            received_on=received_on,
        )
        async with store.transaction() as session:
            return await receipts.receipt(session, request, caller)

    return paid


def _served(firm, **given):
    usual = {"organisation_id": firm.organisation_id, "worker_id": firm.workers[0]}
    state = {"state": State.DONE, "price_fen": 3500, "voucher_fen": 1750}
    return an_order(a_key_ring(), **(usual | state | given))


async def _all(store, caller: Caller, **asked) -> list[pb.Receipt]:
    async with store.reading() as session:
        return list((await queries.receipts(session, pb.AskForReceipts(**asked), caller)).rows)


async def test_the_own_share_is_receipted_in_parts_and_no_more_than_it(
    store, firm, insert, messages, pay
):
    order = _served(firm)
    await insert(order)

    first = await pay(order, a_provider(firm.organisation_id), 1000)
    rest = await pay(order, the_worker(firm.workers[0], firm.organisation_id), 750)

    assert (first.own_fen, first.received_fen, first.outstanding_fen) == (1750, 1000, 750)
    assert (rest.own_fen, rest.received_fen, rest.outstanding_fen) == (1750, 750, 0)
    published = await messages(events.ShareReceipted)
    assert [(one.receipt_id, one.received_fen) for one in published] == [
        (first.receipt_id, 1000),
        (rest.receipt_id, 750),
    ]
    with pytest.raises(ShareTooMuch) as refused:
        await pay(order, a_provider(firm.organisation_id), 1)
    assert refused.value.field == "received_fen"


async def test_a_visit_that_is_not_done_or_a_day_to_come_has_no_receipt(firm, insert, pay):
    order, done = _served(firm, state=State.ACCEPTED), _served(firm)
    await insert(order)
    await insert(done)
    firms = a_provider(firm.organisation_id)

    with pytest.raises(NotDone):
        await pay(order, firms, 100)
    with pytest.raises(NotYetReceived):
        await pay(done, firms, 100, received_on="2199-01-01")
    with pytest.raises(Malformed) as refused:
        await pay(done, firms, 100, received_on="2020-01-01")
    assert refused.value.field == "received_on"


async def test_receipts_are_of_the_firm_and_the_worker_who_was_there(store, firm, insert, pay):
    order = _served(firm)
    await insert(order)

    for stranger in (
        a_provider(ids.new()),
        the_worker(firm.workers[1], firm.organisation_id),
    ):
        with pytest.raises(NotFound):
            await pay(order, stranger, 100)
    receipt = await pay(order, a_provider(firm.organisation_id), 100)

    official = an_official()
    assert await _all(store, official, order_id=str(order.order_id)) == [receipt]
    assert await _all(store, official, elder_id=str(order.elder_id)) == [receipt]
    assert await _all(store, a_provider(ids.new())) == []
