"""A death that turns out to be none, or of a later day: what it took back is made good."""

from datetime import UTC, date, datetime

import pytest
import pytest_asyncio
from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1 import events_pb2 as events
from eldercare.supervision.v1 import events_pb2 as supervision

from kit.contracts import ids
from subsidy.ledger.rules import Account
from subsidy.policies.rules import Cause
from subsidy.recoveries.flows import collecting
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import (
    a_dispute,
    an_approval,
    an_audit,
    an_elder,
    an_official,
    an_order,
    an_organisation,
    messages,
)
from testkit.delivery import deliver, fire

POOR = [Hardship.DIBAO]
FRIDAY, NEXT = "2026-03-06 16:00", "2026-03-13 16:00"


def _dead(elder_id, died_on: date, hardships=()):
    return an_elder(elder_id, hardships=hardships, status=Status.DEAD, died_on=died_on)


def _alive(elder_id, hardships=()):
    return an_elder(elder_id, hardships=hardships, effective_on=date(2026, 3, 1))


async def _accounts(rows) -> dict[Account, int]:
    found = await rows(
        "select account, sum(debit_fen - credit_fen)::bigint as fen from ledger_entry group by 1"
    )
    return {Account(row["account"]): row["fen"] for row in found}


async def _repay(city, recovery_id: str, fen: int) -> None:
    request = pb.RepayRecovery(recovery_id=recovery_id, repaid_fen=fen, repaid_on="2026-03-06")
    async with city.transaction() as session:
        await collecting.repay(session, request, an_official())


@pytest_asyncio.fixture
async def paid_elder(city, at):
    """Who was paid cash of March and April."""
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id, hardships=POOR), an_approval(elder_id))
    for day in ("2026-03-10 00:00", "2026-04-10 00:00"):
        at(day)
        await fire(city, GROUP)
    return elder_id


@pytest_asyncio.fixture
async def visit(city):
    """A visit of 3 March, for which 30 yuan are owed."""
    order_id, elder_id, firm, settlement_id = (ids.new() for _ in range(4))
    audited = order_id, elder_id, firm, 3000
    for event in (
        an_organisation(firm),
        an_elder(elder_id),
        an_approval(elder_id),
        an_order(order_id, elder_id, 3000),
        an_audit(*audited, settlement_id=settlement_id, visited_on=date(2026, 3, 3)),
    ):
        await deliver(city, GROUP, event)

    async def publish(kind) -> None:
        await deliver(city, GROUP, a_dispute(kind, *audited, settlement_id=settlement_id))

    publish.elder_id = elder_id
    return publish


async def test_claims_of_a_death_that_was_none_are_withdrawn_and_nothing_is_paid_twice(
    city, rows, paid_elder
):
    await deliver(city, GROUP, _dead(paid_elder, date(2026, 3, 5), POOR))
    (claim,) = await messages(rows, events.RecoveryOpened)

    await deliver(city, GROUP, _alive(paid_elder, POOR))

    (withdrawn,) = await messages(rows, events.RecoveryWithdrawn)
    assert (withdrawn.recovery_id, withdrawn.withdrawn_fen) == (claim.recovery_id, 18000)
    assert [one.month for one in await messages(rows, events.PaymentMade)] == ["2026-03", "2026-04"]
    accounts = await _accounts(rows)
    assert (accounts[Account.CLAIMS], accounts[Account.PAID]) == (0, 36000)


async def test_what_had_come_back_of_such_a_claim_is_paid_anew(city, rows, paid_elder):
    await deliver(city, GROUP, _dead(paid_elder, date(2026, 3, 5), POOR))
    (claim,) = await messages(rows, events.RecoveryOpened)
    await _repay(city, claim.recovery_id, 5000)

    await deliver(city, GROUP, _alive(paid_elder, POOR))

    (withdrawn,) = await messages(rows, events.RecoveryWithdrawn)
    assert withdrawn.withdrawn_fen == 13000
    arrears = (await messages(rows, events.PaymentMade))[-1]
    assert (arrears.kind, arrears.paid_fen) == (events.PaymentMade.KIND_ARREARS, 5000)
    (row,) = await rows("select state, claimed_fen, repaid_fen from recovery")
    assert tuple(row.values()) == (pb.Recovery.STATE_REPAID, 5000, 5000)
    assert (await _accounts(rows))[Account.CLAIMS] == 0


async def test_what_was_given_up_is_not_paid_a_second_time(city, rows, paid_elder):
    await deliver(city, GROUP, _dead(paid_elder, date(2026, 3, 5), POOR))
    (claim,) = await messages(rows, events.RecoveryOpened)
    waiver = pb.WaiveRecovery(recovery_id=claim.recovery_id, reason="无遗产")
    async with city.transaction() as session:
        await collecting.waive(session, waiver, an_official())

    await deliver(city, GROUP, _alive(paid_elder, POOR))

    assert len(await messages(rows, events.PaymentMade)) == 2
    assert await messages(rows, events.RecoveryWithdrawn) == []


async def test_a_month_that_was_worth_less_after_all_stays_claimed_by_the_difference(
    city, rows, paid_elder
):
    await deliver(city, GROUP, _dead(paid_elder, date(2026, 3, 5), POOR))
    approved_at = datetime(2026, 3, 20, 1, tzinfo=UTC)
    await deliver(city, GROUP, an_approval(paid_elder, 2, approved_at=approved_at))

    await deliver(city, GROUP, _dead(paid_elder, date(2026, 4, 2), POOR))

    (withdrawn,) = await messages(rows, events.RecoveryWithdrawn)
    assert withdrawn.withdrawn_fen == 10000
    (row,) = await rows("select state, claimed_fen from recovery")
    assert tuple(row.values()) == (pb.Recovery.STATE_OPEN, 8000)
    assert len(await messages(rows, events.PaymentMade)) == 2


async def test_an_officials_claim_is_neither_withdrawn_nor_paid_anew(city, rows, paid_elder):
    (payment,) = await rows("select payment_id from payment where month = '2026-04'")
    request = pb.OpenRecovery(
        payment_id=str(payment["payment_id"]), claimed_fen=3000, reason="多发"
    )
    async with city.transaction() as session:
        await collecting.raise_claim(session, request, an_official())

    await deliver(city, GROUP, an_approval(paid_elder, approved_at=city.clock.now()))
    await deliver(city, GROUP, _dead(paid_elder, date(2026, 3, 5), POOR))
    await deliver(city, GROUP, _alive(paid_elder, POOR))

    (withdrawn,) = await messages(rows, events.RecoveryWithdrawn)
    assert withdrawn.withdrawn_fen == 15000
    assert len(await messages(rows, events.PaymentMade)) == 2
    assert (await _accounts(rows))[Account.CLAIMS] == 3000


@pytest.mark.parametrize("why", [Cause.DEATH, None])  # None: as 0.1.0 wrote it
async def test_a_visit_that_was_owed_is_owed_again(city, rows, at, visit, why):
    await deliver(city, GROUP, _dead(visit.elder_id, date(2026, 3, 2)))
    async with city.transaction() as session:
        await (await session.driver()).execute("update debt set reversed_for = $1", why)
    assert len(await messages(rows, events.VoucherReversed)) == 1
    at(FRIDAY)
    await fire(city, GROUP)
    assert await messages(rows, events.PaymentMade) == []

    await deliver(city, GROUP, _alive(visit.elder_id))
    at(NEXT)
    await fire(city, GROUP)

    assert [one.captured_fen for one in await messages(rows, events.VoucherCaptured)] == [3000] * 2
    (paid,) = await messages(rows, events.PaymentMade)
    assert (paid.paid_fen, paid.due_on) == (3000, "2026-03-16")
    (voucher,) = await rows("select captured_fen, lapsed_fen from voucher")
    assert tuple(voucher.values()) == (3000, 0)


async def test_a_visit_that_was_audited_while_the_elder_was_taken_for_dead_is_owed(city, rows, at):
    order_id, elder_id, firm = (ids.new() for _ in range(3))
    for event in (
        an_organisation(firm),
        an_elder(elder_id),
        an_approval(elder_id),
        an_order(order_id, elder_id, 3000),
        _dead(elder_id, date(2026, 3, 1)),
        an_audit(order_id, elder_id, firm, 3000, visited_on=date(2026, 3, 2)),
    ):
        await deliver(city, GROUP, event)
    assert await messages(rows, events.VoucherCaptured) == []

    await deliver(city, GROUP, _alive(elder_id))
    at(FRIDAY)
    await fire(city, GROUP)

    assert [one.paid_fen for one in await messages(rows, events.PaymentMade)] == [3000]


async def test_a_later_day_of_death_brings_back_the_visits_before_it(city, rows, at, visit):
    await deliver(city, GROUP, _dead(visit.elder_id, date(2026, 3, 2)))
    at("2026-04-03 09:00")
    await fire(city, GROUP)

    await deliver(city, GROUP, _dead(visit.elder_id, date(2026, 3, 4)))
    at("2026-04-03 16:00")
    await fire(city, GROUP)

    (paid,) = await messages(rows, events.PaymentMade)
    assert (paid.paid_fen, paid.month) == (3000, "2026-03")
    (voucher,) = await rows("select captured_fen, lapsed_fen from voucher")
    assert tuple(voucher.values()) == (3000, 77000)
    accounts = await _accounts(rows)
    assert (accounts[Account.OWED], accounts[Account.PAID]) == (0, 3000)


async def test_a_visit_that_was_claimed_is_claimed_no_more_and_what_came_back_is_paid_anew(
    city, rows, at, visit
):
    at(FRIDAY)
    await fire(city, GROUP)
    await deliver(city, GROUP, _dead(visit.elder_id, date(2026, 3, 2)))
    (claim,) = await messages(rows, events.RecoveryOpened)
    await _repay(city, claim.recovery_id, 1000)

    await deliver(city, GROUP, _alive(visit.elder_id))

    (withdrawn,) = await messages(rows, events.RecoveryWithdrawn)
    assert (withdrawn.withdrawn_fen, withdrawn.organisation_id) == (2000, claim.organisation_id)
    paid = await messages(rows, events.PaymentMade)
    assert [(one.paid_fen, one.organisation_id) for one in paid] == [
        (3000, claim.organisation_id),
        (1000, claim.organisation_id),
    ]
    accounts = await _accounts(rows)
    assert (accounts[Account.CLAIMS], accounts[Account.PAID]) == (0, 3000)


async def test_a_disputed_visit_stays_disputed_whatever_becomes_of_the_death(city, rows, at, visit):
    await deliver(city, GROUP, _dead(visit.elder_id, date(2026, 3, 2)))
    await visit(supervision.SettlementHeld)
    await deliver(city, GROUP, _alive(visit.elder_id))
    at(FRIDAY)
    await fire(city, GROUP)
    assert await messages(rows, events.PaymentMade) == []

    await visit(supervision.SettlementReleased)
    at(NEXT)
    await fire(city, GROUP)
    assert len(await messages(rows, events.PaymentMade)) == 1


async def test_a_visit_that_was_refused_for_good_meanwhile_is_not_owed_again(city, rows, at, visit):
    await deliver(city, GROUP, _dead(visit.elder_id, date(2026, 3, 2)))
    await visit(supervision.SettlementHeld)
    await visit(supervision.SettlementClosed)
    await deliver(city, GROUP, _alive(visit.elder_id))
    at(NEXT)
    await fire(city, GROUP)

    assert await messages(rows, events.PaymentMade) == []
    assert (await _accounts(rows))[Account.OWED] == 0


async def test_a_death_leaves_no_entitlement_of_no_day(city, rows, paid_elder):
    await deliver(city, GROUP, _dead(paid_elder, date(2026, 3, 5), POOR))

    closed = await messages(rows, events.EntitlementClosed)
    assert sorted(one.policy_code for one in closed) == ["home-care", "national-voucher"]
    empty = await rows("select entitlement_id from entitlement where valid_from = valid_to")
    assert empty == []
