"""What a late fact claims back."""

from datetime import date

from eldercare.subsidy.v1 import events_pb2 as events

from kit.contracts import ids
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import an_approval, an_elder, messages
from testkit.delivery import deliver, fire


async def test_a_late_death_is_published_with_its_own_day_and_claims_each_wrong_month(
    city, rows, at
):
    elder_id = ids.new()
    await deliver(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id)
    )
    for day in ("2026-03-10 00:00", "2026-04-10 00:00"):
        at(day)
        await fire(city, GROUP)

    await deliver(
        city,
        GROUP,
        an_elder(
            elder_id, hardships=[Hardship.DIBAO], status=Status.DEAD, died_on=date(2026, 3, 5)
        ),
    )

    closed = await messages(rows, events.EntitlementClosed)
    assert {(one.cause, one.closed_on) for one in closed} == {
        (events.EntitlementClosed.CAUSE_DEATH, "2026-03-05")
    }
    (recovery,) = await messages(rows, events.RecoveryOpened)
    assert (recovery.month, recovery.claimed_fen, recovery.cause) == (
        "2026-04",
        18000,
        events.EntitlementClosed.CAUSE_DEATH,
    )
    paid = await messages(rows, events.PaymentMade)
    assert [(one.month, one.paid_fen, one.due_on, one.paid_on) for one in paid] == [
        ("2026-03", 18000, "2026-03-10", "2026-03-10"),
        ("2026-04", 18000, "2026-04-10", "2026-04-10"),
    ]
