"""What elders pay themselves of a visit's price."""

import pytest
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events
from eldercare.supervision.v1.events_pb2 import SettlementClosed

from dispatch.orders import queries
from dispatch.orders.errors import NotDone, NothingToRefund, NotYetReceived, ShareTooMuch
from dispatch.orders.flows import receipts
from dispatch.orders.rules import State
from dispatch.settings import GROUP
from dispatch.testing import (
    BEGIN,
    a_key_ring,
    a_provider,
    an_official,
    an_order,
    the_worker,
)
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import Malformed, NotFound
from kit.security.access import Caller
from testkit.delivery import deliver

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


async def _refuse(store, order, firm) -> None:
    closed = SettlementClosed(
        settlement_id=str(ids.new()),
        order_id=str(order.order_id),
        elder_id=str(order.elder_id),
        worker_id=str(firm.workers[0]),
        organisation_id=str(firm.organisation_id),
        area_code=order.area_code,
        voucher_fen=order.voucher_fen,
        closed_at=wire.timestamp(BEGIN),
    )
    assert await deliver(store, GROUP, closed) == {"applied": 1}


@pytest.fixture
def give_back(store):
    """`await give_back(order, caller, fen)` = the receipt."""

    async def given(order, caller: Caller, fen: int, refunded_on: str = TODAY) -> pb.Receipt:
        request = pb.RefundOwnShare(
            order_id=str(order.order_id),
            refunded_fen=fen,
            method=events.ShareReceipted.METHOD_CASH,
            refunded_on=refunded_on,
        )
        async with store.transaction() as session:
            return await receipts.refund(session, request, caller)

    return given


async def test_what_was_paid_for_a_visit_that_is_refused_for_good_is_given_back_once(
    store, firm, insert, messages, pay, give_back
):
    order, firms = _served(firm), a_provider(firm.organisation_id)
    await insert(order)
    await pay(order, firms, 1000)
    with pytest.raises(NothingToRefund):  # nobody has refused it
        await give_back(order, firms, 1000)

    await _refuse(store, order, firm)

    async with store.reading() as session:
        found = await queries.order(
            session, pb.GetOrder(order_id=str(order.order_id)), an_official()
        )
    assert (found.own_fen, found.received_fen, found.HasField("refused_at")) == (0, 1000, True)
    with pytest.raises(ShareTooMuch):  # nothing is due
        await pay(order, firms, 1)
    first = await give_back(order, firms, 400)
    rest = await give_back(order, firms, 600)
    with pytest.raises(NothingToRefund):
        await give_back(order, firms, 1)
    assert [(one.refund, one.outstanding_fen) for one in (first, rest)] == [(True, 600), (True, 0)]
    assert [one.refunded_fen for one in await messages(events.ShareRefunded)] == [400, 600]


async def test_a_refund_is_of_the_firm_and_of_no_day_to_come(store, firm, insert, pay, give_back):
    order = _served(firm)
    await insert(order)
    await pay(order, a_provider(firm.organisation_id), 1000)
    await _refuse(store, order, firm)

    with pytest.raises(NotFound):
        await give_back(order, a_provider(ids.new()), 1000)
    with pytest.raises(NotYetReceived) as refused:
        await give_back(order, a_provider(firm.organisation_id), 1000, refunded_on="2199-01-01")
    assert refused.value.field == "refunded_on"
