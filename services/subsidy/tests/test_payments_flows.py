"""Debts that are paid."""

from eldercare.subsidy.v1 import events_pb2 as events

from kit.contracts import ids
from subsidy.settings import GROUP
from subsidy.testing import (
    COUNTY,
    an_approval,
    an_audit,
    an_elder,
    an_order,
    an_organisation,
    messages,
)
from testkit.delivery import deliver, fire


async def test_debts_of_one_organisation_are_one_payment_in_its_county(city, rows, at):
    elder_id = ids.new()
    organisation_id = ids.new()
    await deliver(
        city, GROUP, an_elder(elder_id), an_approval(elder_id), an_organisation(organisation_id)
    )
    for _ in range(3):
        order_id = ids.new()
        await deliver(
            city,
            GROUP,
            an_order(order_id, elder_id, 5000),
            an_audit(order_id, elder_id, organisation_id, 5000),
        )

    at("2026-03-06 16:00")
    await fire(city, GROUP)

    (paid,) = await messages(rows, events.PaymentMade)
    assert (paid.organisation_id, paid.area_code, paid.paid_fen, paid.settlements) == (
        str(organisation_id),
        COUNTY,
        15000,
        3,
    )
    assert await rows("select count(*) from debt where payment_id is null") == [{"count": 0}]
    assert await rows("select kind, period from run where kind = 'settlement-pay'") == [
        {"kind": "settlement-pay", "period": "2026-03-06"}
    ]
    assert await rows("select key from due where kind = 'settlement-pay'") == [
        {"key": "2026-03-13"}
    ]
