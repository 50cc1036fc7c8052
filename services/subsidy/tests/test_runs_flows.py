"""Timers of runs."""

from subsidy.entitlements.flows import monthly
from subsidy.payments.flows import debts
from subsidy.settings import GROUP
from subsidy.vouchers.flows import lapsing
from testkit.delivery import fire


async def test_the_runs_of_the_present_period_are_armed_where_they_have_not_ended(city, rows, at):
    armed = await rows("select kind, key from due where kind <> 'policy-review' order by kind")
    await fire(city, GROUP)
    async with city.transaction() as session:
        await monthly.schedule(session)
        await lapsing.schedule(session)
        await debts.schedule(session)

    assert armed == [
        {"kind": "cash-pay", "key": "2026-03"},
        {"kind": "settlement-pay", "key": "2026-03-06"},
        {"kind": "voucher-issue", "key": "2026-03"},
        {"kind": "voucher-lapse", "key": "2026-03"},
    ]
    assert {"kind": "voucher-issue", "key": "2026-03"} not in await rows(
        "select kind, key from due"
    )
    assert {"kind": "voucher-issue", "key": "2026-04"} in await rows("select kind, key from due")
