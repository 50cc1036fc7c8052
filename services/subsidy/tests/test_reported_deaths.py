"""A reported death pauses what is given; rejected or taken back, what was missed is given."""

from datetime import date

from eldercare.subsidy.v1 import events_pb2 as events
from eldercare.subsidy.v1.api_pb2 import ReserveVoucher

from kit.contracts import ids
from subsidy.holds import flows as holds
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import an_approval, an_audit, an_elder, an_order, an_organisation, messages
from testkit.delivery import deliver, fire

POOR = [Hardship.DIBAO]
REPORTED = date(2026, 3, 20)


async def paid(rows) -> list[tuple[str, int]]:
    return sorted((one.month, one.paid_fen) for one in await messages(rows, events.PaymentMade))


async def test_cash_and_vouchers_pause_and_what_was_missed_is_given_once_it_is_rejected(
    city, rows, at
):
    elder_id = ids.new()
    alive = an_elder(elder_id, hardships=POOR)
    await deliver(city, GROUP, alive, an_approval(elder_id))
    at("2026-03-10 00:00")
    await fire(city, GROUP)
    await deliver(city, GROUP, an_elder(elder_id, hardships=POOR, reported_died_on=REPORTED))

    for day in ("2026-04-01 00:00", "2026-04-10 00:00", "2026-05-01 00:00", "2026-05-10 00:00"):
        at(day)
        await fire(city, GROUP)

    assert await paid(rows) == [("2026-03", 18000)]
    assert {one.month for one in await messages(rows, events.VoucherIssued)} == {"2026-03"}
    order = ReserveVoucher(
        order_id=str(ids.new()), elder_id=str(elder_id), month="2026-05", price_fen=6000
    )
    async with city.transaction() as session:
        held = await holds.reserve(session, order, session.now)
    assert held.reserved_fen == 0

    await deliver(city, GROUP, alive)

    assert await paid(rows) == [(month, 18000) for month in ("2026-03", "2026-04", "2026-05")]
    vouchers = {one.month for one in await messages(rows, events.VoucherIssued)}
    assert vouchers == {"2026-03", "2026-04", "2026-05"}
    assert not await messages(rows, events.EntitlementClosed)
    # what of March nobody could use since the report is there in May, and then gone
    assert not await messages(rows, events.VoucherLapsed)
    async with city.transaction() as session:
        held = await holds.reserve(session, order, session.now)
    assert held.reserved_fen == 3000
    at("2026-06-01 00:00")
    await fire(city, GROUP)
    lapsed = [one.lapsed_fen for one in await messages(rows, events.VoucherLapsed)]
    assert sorted(lapsed) == [77000, 80000, 80000]


async def test_a_firm_waits_for_what_it_did_after_the_reported_day_alone(city, rows, at):
    elder_id, firm = ids.new(), ids.new()
    await deliver(city, GROUP, an_organisation(firm), an_elder(elder_id), an_approval(elder_id))
    for visited_on in (date(2026, 3, 3), date(2026, 3, 5)):
        order_id = ids.new()
        await deliver(city, GROUP, an_order(order_id, elder_id, 3000))
        audit = an_audit(order_id, elder_id, firm, 3000, visited_on=visited_on)
        await deliver(city, GROUP, audit)
    await deliver(city, GROUP, an_elder(elder_id, reported_died_on=date(2026, 3, 4)))

    at("2026-03-06 16:00")
    await fire(city, GROUP)
    before = await paid(rows)
    await deliver(city, GROUP, an_elder(elder_id))
    at("2026-03-13 16:00")
    await fire(city, GROUP)

    assert before == [("2026-03", 3000)]
    assert await paid(rows) == [("2026-03", 3000), ("2026-03", 3000)]


async def test_who_was_taken_for_dead_is_given_what_was_missed(city, rows, at):
    elder_id = ids.new()
    alive = an_elder(elder_id, hardships=POOR, effective_on=date(2026, 3, 20))
    dead = an_elder(
        elder_id,
        hardships=POOR,
        status=Status.DEAD,
        died_on=date(2026, 3, 20),
        effective_on=date(2026, 3, 20),
    )
    await deliver(city, GROUP, an_elder(elder_id, hardships=POOR), an_approval(elder_id))
    at("2026-03-10 00:00")
    await fire(city, GROUP)
    at("2026-03-25 00:00")
    await deliver(city, GROUP, dead)
    at("2026-05-12 09:00")
    await fire(city, GROUP)
    assert await paid(rows) == [("2026-03", 18000)]

    await deliver(city, GROUP, alive)

    assert await paid(rows) == [(month, 18000) for month in ("2026-03", "2026-04", "2026-05")]
    opened = [one.valid_from for one in await messages(rows, events.EntitlementOpened)]
    assert "2026-03-20" in opened
