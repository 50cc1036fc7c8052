"""Orders and audits: bytes → dispatch → rows."""

from datetime import timedelta

from eldercare.subsidy.v1.api_pb2 import ReserveVoucher

from kit.contracts import ids
from subsidy.holds import flows, jobs
from subsidy.settings import GROUP
from subsidy.testing import (
    a_cancellation,
    a_refused_audit,
    an_approval,
    an_audit,
    an_elder,
    an_order,
    an_organisation,
)
from testkit.delivery import deliver


async def test_an_audit_waits_for_its_order_and_its_payee(city, rows):
    elder_id = ids.new()
    order_id = ids.new()
    organisation_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))

    first = await deliver(city, GROUP, an_audit(order_id, elder_id, organisation_id, 5000))
    await deliver(city, GROUP, an_order(order_id, elder_id, 5000))
    waits = await rows("select kind from waiting")
    last = await deliver(city, GROUP, an_organisation(organisation_id))

    assert first == {"waiting": 1}
    assert waits == [{"kind": "organisation"}]
    assert last["applied"] == 2
    assert await rows("select captured_fen, organisation_id from debt") == [
        {"captured_fen": 5000, "organisation_id": organisation_id}
    ]


async def test_an_audit_promised_more_than_can_be_held_is_parked_and_pays_once_there_is_enough(
    city, rows
):
    elder_id = ids.new()
    order_id = ids.new()
    other_id = ids.new()
    organisation_id = ids.new()
    await deliver(
        city, GROUP, an_organisation(organisation_id), an_elder(elder_id), an_approval(elder_id)
    )
    await deliver(
        city, GROUP, an_order(other_id, elder_id, 50000), an_order(order_id, elder_id, 50000)
    )
    held = await rows("select held_fen from hold where order_id = $1", order_id)

    outcomes = await deliver(
        city, GROUP, an_audit(order_id, elder_id, organisation_id, 50000), careful=True
    )
    parked = await rows("select reason from parked")
    await deliver(
        city,
        GROUP,
        a_cancellation(other_id, elder_id),
        an_audit(order_id, elder_id, organisation_id, 50000),
    )

    assert (held, outcomes, parked) == (
        [{"held_fen": 30000}],
        {"parked": 1},
        [{"reason": "VOUCHER_TOO_SHORT"}],
    )
    assert await rows("select captured_fen from debt") == [{"captured_fen": 50000}]
    assert await rows("select reserved_fen, captured_fen from voucher") == [
        {"reserved_fen": 0, "captured_fen": 50000}
    ]


async def test_a_hold_does_not_expire_while_its_order_may_not_be_read_yet(city, rows, at):
    elder_id = ids.new()
    order_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    command = ReserveVoucher(
        order_id=str(order_id), elder_id=str(elder_id), month="2026-03", price_fen=10000
    )
    async with city.transaction() as session:
        await flows.reserve(session, command, city.clock.real() - timedelta(hours=1))

    async def behind() -> bool:
        return True

    async def up_to_date() -> bool:
        return False

    assert await jobs.sweep(city, behind) == 0
    assert await rows("select reserved_fen from voucher") == [{"reserved_fen": 5000}]
    assert await jobs.sweep(city, up_to_date) == 1
    assert await rows("select reserved_fen from voucher") == [{"reserved_fen": 0}]


async def test_a_visit_without_voucher_concerns_nobody_here(city, rows):
    elder_id = ids.new()
    order_id = ids.new()

    outcomes = await deliver(
        city, GROUP, an_order(order_id, elder_id, 0), an_audit(order_id, elder_id, ids.new(), 0)
    )

    assert outcomes == {"applied": 2}
    assert await rows("select from hold") == []
    assert await rows("select from debt") == []


async def test_a_cancelled_order_and_a_refused_audit_give_back_what_was_held(city, rows):
    elder_id = ids.new()
    cancelled = ids.new()
    refused = ids.new()
    organisation_id = ids.new()
    await deliver(
        city, GROUP, an_organisation(organisation_id), an_elder(elder_id), an_approval(elder_id)
    )
    await deliver(
        city, GROUP, an_order(cancelled, elder_id, 5000), an_order(refused, elder_id, 7000)
    )
    held = await rows("select reserved_fen from voucher")

    await deliver(
        city,
        GROUP,
        a_cancellation(cancelled, elder_id),
        a_refused_audit(refused, elder_id, organisation_id, 7000),
    )

    assert held == [{"reserved_fen": 12000}]
    assert await rows("select reserved_fen, captured_fen, lapsed_fen from voucher") == [
        {"reserved_fen": 0, "captured_fen": 0, "lapsed_fen": 0},
    ]
