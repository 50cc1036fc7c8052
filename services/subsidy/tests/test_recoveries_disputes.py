"""A settlement is disputed: before its visit is paid, and after."""

from datetime import date

import pytest
import pytest_asyncio
from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1 import events_pb2 as events
from eldercare.supervision.v1 import events_pb2 as supervision

from kit.contracts import ids, wire
from subsidy.ledger.rules import Account
from subsidy.recoveries.errors import NotDue
from subsidy.recoveries.flows import collecting
from subsidy.replicas.rules import Status
from subsidy.settings import GROUP
from subsidy.testing import (
    BEGIN,
    a_dispute,
    a_refused_audit,
    an_approval,
    an_audit,
    an_elder,
    an_official,
    an_order,
    an_organisation,
    messages,
)
from testkit.delivery import deliver, fire

FRIDAY, NEXT = "2026-03-06 16:00", "2026-03-13 16:00"


@pytest_asyncio.fixture
async def publish(city):
    """`await publish(SettlementHeld)` about the one visit, for which 30 yuan are owed."""
    order_id, elder_id, organisation_id, settlement_id = (ids.new() for _ in range(4))
    visit = order_id, elder_id, organisation_id, 3000
    for event in (
        an_organisation(organisation_id),
        an_elder(elder_id),
        an_approval(elder_id),
        an_order(order_id, elder_id, 3000),
        an_audit(*visit, settlement_id=settlement_id),
    ):
        await deliver(city, GROUP, event)

    async def published(kind):
        if kind is supervision.SettlementRefused:
            event = a_refused_audit(*visit)
            event.settlement_id = str(settlement_id)
            event.appeal_until.CopyFrom(wire.timestamp(BEGIN))
        else:
            event = a_dispute(kind, *visit, settlement_id=settlement_id)
        assert await deliver(city, GROUP, event) == {"applied": 1}

    published.elder_id = elder_id
    return published


async def _accounts(rows) -> dict[str, int]:
    found = await rows(
        "select account, sum(debit_fen - credit_fen)::bigint as fen from ledger_entry group by 1"
    )
    kept = (Account.OWED, Account.PAID, Account.CLAIMS)
    return {Account(row["account"]).name: row["fen"] for row in found if row["account"] in kept}


async def test_a_disputed_visit_is_not_paid_and_one_that_is_released_is_paid_with_a_new_due_day(
    city, rows, at, publish
):
    await publish(supervision.SettlementHeld)
    at(FRIDAY)
    await fire(city, GROUP)
    assert await messages(rows, events.PaymentMade) == []

    await publish(supervision.SettlementReleased)
    at(NEXT)
    await fire(city, GROUP)

    (paid,) = await messages(rows, events.PaymentMade)
    assert (paid.paid_fen, paid.due_on) == (3000, "2026-03-16")


async def test_a_visit_that_is_refused_for_good_is_owed_no_more(city, rows, at, publish):
    await publish(supervision.SettlementHeld)
    await publish(supervision.SettlementRefused)
    assert (await _accounts(rows))["OWED"] == 3000
    await publish(supervision.SettlementClosed)
    at(NEXT)
    await fire(city, GROUP)

    (event,) = await messages(rows, events.VoucherReversed)
    assert (event.reversed_fen, event.cause) == (3000, events.EntitlementClosed.CAUSE_SETTLEMENT)
    assert await messages(rows, events.PaymentMade) == []
    assert (await _accounts(rows))["OWED"] == 0


async def test_what_was_paid_is_claimed_at_once_and_comes_back_only_when_it_is_for_good(
    city, rows, at, publish
):
    at(FRIDAY)
    await fire(city, GROUP)
    await publish(supervision.SettlementHeld)

    (opened,) = await messages(rows, events.RecoveryOpened)
    assert (opened.claimed_fen, opened.contested) == (3000, True)
    assert await _accounts(rows) == {"OWED": 0, "PAID": 0, "CLAIMS": 3000}
    request = pb.RepayRecovery(
        recovery_id=opened.recovery_id, repaid_fen=3000, repaid_on="2026-03-06"
    )
    with pytest.raises(NotDue):
        async with city.transaction() as session:
            await collecting.repay(session, request, an_official())
    await publish(supervision.SettlementClosed)
    async with city.transaction() as session:
        repaid = await collecting.repay(session, request, an_official())
    assert repaid.state == pb.Recovery.STATE_REPAID


async def test_a_claim_is_withdrawn_where_the_dispute_ends_in_the_firms_favour(
    city, rows, at, publish
):
    at(FRIDAY)
    await fire(city, GROUP)
    await publish(supervision.SettlementHeld)
    await publish(supervision.SettlementReleased)

    (withdrawn,) = await messages(rows, events.RecoveryWithdrawn)
    assert withdrawn.withdrawn_fen == 3000
    assert await _accounts(rows) == {"OWED": 0, "PAID": 3000, "CLAIMS": 0}
    await publish(supervision.SettlementHeld)
    assert len(await messages(rows, events.RecoveryOpened)) == 2


async def test_a_visit_after_the_death_stays_claimed_whoever_is_right(city, rows, at, publish):
    at(FRIDAY)
    await fire(city, GROUP)
    await publish(supervision.SettlementHeld)
    await deliver(
        city, GROUP, an_elder(publish.elder_id, status=Status.DEAD, died_on=date(2026, 2, 1))
    )
    await publish(supervision.SettlementReleased)

    assert len(await messages(rows, events.RecoveryOpened)) == 1
    assert await messages(rows, events.RecoveryWithdrawn) == []
    assert (await rows("select state from recovery"))[0]["state"] == 2
