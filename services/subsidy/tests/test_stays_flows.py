"""Months of stays: what vouchers pay of them, and what comes back."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

import pytest_asyncio
from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1 import events_pb2 as events

from kit.contracts import ids
from subsidy.entitlements.flows import refusing
from subsidy.ledger.rules import Account
from subsidy.recoveries.flows import collecting
from subsidy.replicas.rules import Status
from subsidy.settings import GROUP
from subsidy.testing import (
    a_call,
    a_stay,
    an_approval,
    an_audit,
    an_elder,
    an_official,
    an_order,
    an_organisation,
    messages,
)
from testkit.delivery import deliver, fire

FRIDAY = "2026-04-03 16:00"


class Home(NamedTuple):
    """An elder who is entitled from March on, a home, and the charge of March."""

    elder_id: UUID
    organisation_id: UUID
    charge_id: UUID

    def stay(self, price_fen, **given):
        return a_stay(self.charge_id, self.elder_id, self.organisation_id, price_fen, **given)


@pytest_asyncio.fixture
async def home(city):
    elder_id, organisation_id = ids.new(), ids.new()
    await deliver(city, GROUP, an_organisation(organisation_id), an_elder(elder_id))
    return Home(elder_id, organisation_id, ids.new())


async def _march_is_over(city, at):
    at("2026-04-01 00:00")
    await fire(city, GROUP)
    at("2026-04-02 09:00")


async def _settled(rows):
    return [
        (one.price_fen, one.voucher_fen) for one in await messages(rows, events.StayChargeSettled)
    ]


async def test_a_month_is_paid_at_its_share_by_what_visits_left_of_its_voucher(
    city, home, rows, at
):
    order_id = ids.new()
    visit = order_id, home.elder_id, home.organisation_id, 45000
    await deliver(city, GROUP, an_approval(home.elder_id))
    await deliver(city, GROUP, an_order(order_id, home.elder_id, 45000), an_audit(*visit))
    await _march_is_over(city, at)

    assert await deliver(city, GROUP, home.stay(310_000)) == {"applied": 1}
    at(FRIDAY)
    await fire(city, GROUP)

    assert await _settled(rows) == [(310_000, 35000)]
    (voucher,) = await rows("select captured_fen, lapsed_fen from voucher where month = '2026-03'")
    assert voucher == {"captured_fen": 80000, "lapsed_fen": 0}
    paid = await messages(rows, events.PaymentMade)
    assert [(one.paid_fen, one.month) for one in paid] == [(45000, "2026-03"), (35000, "2026-03")]


async def test_forty_percent_of_a_price_within_the_cap(city, home, rows, at):
    await deliver(city, GROUP, an_approval(home.elder_id))
    await _march_is_over(city, at)

    await deliver(city, GROUP, home.stay(100_001))

    assert await _settled(rows) == [(100_001, 40000)]
    restored = await messages(rows, events.VoucherRestored)
    assert [one.restored_fen for one in restored] == [40000]


async def test_nobody_entitled_is_paid_nothing_and_it_is_settled(city, home, rows, at):
    await _march_is_over(city, at)

    await deliver(city, GROUP, home.stay(100_000))

    assert await _settled(rows) == [(100_000, 0)]
    assert await rows("select * from debt") == []


async def test_fewer_days_are_owed_less_before_the_payment(city, home, rows, at):
    await deliver(city, GROUP, an_approval(home.elder_id))
    await _march_is_over(city, at)
    await deliver(city, GROUP, home.stay(100_000))

    await deliver(city, GROUP, home.stay(50_000, last_on=date(2026, 3, 15)))
    at(FRIDAY)
    await fire(city, GROUP)

    assert await _settled(rows) == [(100_000, 40000), (50_000, 20000)]
    assert [one.paid_fen for one in await messages(rows, events.PaymentMade)] == [20000]


async def test_fewer_days_are_claimed_after_the_payment_and_none_twice(city, home, rows, at):
    await deliver(city, GROUP, an_approval(home.elder_id))
    await _march_is_over(city, at)
    await deliver(city, GROUP, home.stay(100_000))
    at(FRIDAY)
    await fire(city, GROUP)

    died_on = date(2026, 3, 15)
    dead = an_elder(home.elder_id, status=Status.DEAD, died_on=died_on)
    await deliver(city, GROUP, dead)
    for _ in range(2):
        await deliver(city, GROUP, home.stay(50_000, last_on=died_on))
    await deliver(city, GROUP, home.stay(0, last_on=None))

    claims = await messages(rows, events.RecoveryOpened)
    assert [(one.claimed_fen, one.cause) for one in claims] == [
        (20000, events.EntitlementClosed.CAUSE_DEATH)
    ] * 2
    assert (await _settled(rows))[-1] == (0, 0)


async def _dead_and_not(city, home):
    """Half of March is taken away by a death, which then is none."""
    dead = an_elder(home.elder_id, status=Status.DEAD, died_on=date(2026, 3, 15))
    await deliver(city, GROUP, dead, home.stay(150_000, last_on=date(2026, 3, 15)))
    for claim in [row async for row in _open_claims(city)]:
        request = pb.RepayRecovery(recovery_id=claim, repaid_fen=5000, repaid_on="2026-04-03")
        async with city.transaction() as session:
            await collecting.repay(session, request, an_official())
    alive = an_elder(home.elder_id, effective_on=date(2026, 3, 15))
    await deliver(city, GROUP, alive, home.stay(310_000))


async def _open_claims(city):
    async with city.reading() as session:
        for row in await (await session.driver()).fetch("select recovery_id from recovery"):
            yield str(row["recovery_id"])


async def test_what_a_death_that_was_none_claimed_of_a_stay_is_the_homes_again(
    city, home, rows, at
):
    await deliver(city, GROUP, an_approval(home.elder_id))
    await _march_is_over(city, at)
    await deliver(city, GROUP, home.stay(310_000))
    at(FRIDAY)
    await fire(city, GROUP)

    await _dead_and_not(city, home)
    # told once more, nothing is added
    await deliver(city, GROUP, home.stay(310_000))

    (claim,) = await messages(rows, events.RecoveryOpened)
    assert claim.claimed_fen == 20000
    assert [one.withdrawn_fen for one in await messages(rows, events.RecoveryWithdrawn)] == [15000]
    assert [one.paid_fen for one in await messages(rows, events.PaymentMade)] == [80000, 5000]
    assert [fen for _, fen in await _settled(rows)] == [80000, 60000, 80000, 80000]

    # and where the days go after all, they are claimed once
    await deliver(city, GROUP, home.stay(150_000, last_on=date(2026, 3, 15)))
    claims = await messages(rows, events.RecoveryOpened)
    assert [one.claimed_fen for one in claims] == [20000, 20000]


async def test_days_that_come_back_before_the_payment_are_owed(city, home, rows, at):
    await deliver(city, GROUP, an_approval(home.elder_id))
    await _march_is_over(city, at)
    await deliver(city, GROUP, home.stay(310_000))

    await _dead_and_not(city, home)
    at(FRIDAY)
    await fire(city, GROUP)

    assert [one.paid_fen for one in await messages(rows, events.PaymentMade)] == [80000]


async def test_days_that_come_back_after_the_payment_of_the_others_are_paid(city, home, rows, at):
    await deliver(city, GROUP, an_approval(home.elder_id))
    await _march_is_over(city, at)
    await deliver(city, GROUP, home.stay(150_000, last_on=date(2026, 3, 15)))
    at(FRIDAY)
    await fire(city, GROUP)

    await deliver(city, GROUP, home.stay(310_000))

    assert [one.paid_fen for one in await messages(rows, events.PaymentMade)] == [60000, 20000]
    (voucher,) = await rows("select captured_fen, lapsed_fen from voucher where month = '2026-03'")
    assert voucher == {"captured_fen": 80000, "lapsed_fen": 0}
    left = """select account from ledger_entry where account = any($1)
        group by account having sum(debit_fen) <> sum(credit_fen)"""
    assert await rows(left, [Account.HELD, Account.OWED]) == []


async def test_the_days_before_a_death_are_paid_though_the_voucher_ended_with_it(
    city, home, rows, at
):
    await deliver(city, GROUP, an_approval(home.elder_id))
    at("2026-03-16 09:00")
    died_on = date(2026, 3, 15)
    await deliver(city, GROUP, an_elder(home.elder_id, status=Status.DEAD, died_on=died_on))
    await _march_is_over(city, at)

    await deliver(city, GROUP, home.stay(50_000, last_on=died_on))

    assert await _settled(rows) == [(50_000, 20000)]


async def test_a_level_of_late_pays_a_month_that_was_approved_before(city, home, rows, at):
    await _march_is_over(city, at)
    await deliver(city, GROUP, home.stay(100_000))

    await deliver(city, GROUP, an_approval(home.elder_id))
    await fire(city, GROUP)

    assert await _settled(rows) == [(100_000, 0), (100_000, 40000)]


async def test_who_refused_the_voucher_pays_alone(city, home, rows, at):
    await deliver(city, GROUP, an_approval(home.elder_id))
    (own,) = await rows("select entitlement_id from entitlement")
    async with city.transaction() as session:
        request = pb.RefuseEntitlement(entitlement_id=str(own["entitlement_id"]))
        await refusing.refuse(session, request, a_call(session, area="341100000000"))
    await _march_is_over(city, at)

    await deliver(city, GROUP, home.stay(100_000))

    assert await _settled(rows) == [(100_000, 0)]
