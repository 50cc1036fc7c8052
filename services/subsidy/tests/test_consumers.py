"""Bytes → dispatch → rows."""

import asyncio
from datetime import date, timedelta

import pytest
from eldercare.subsidy.v1.api_pb2 import ReserveVoucher

from kit.contracts import ids
from subsidy import consumers
from subsidy.consumers import GROUP
from subsidy.flows import vouchers
from subsidy.rules.kinds import Hardship, Status
from subsidy.testing import (
    BEGIN,
    a_cancellation,
    a_refused_audit,
    an_approval,
    an_audit,
    an_elder,
    an_order,
    an_organisation,
)
from testkit.extremes import ENDS, LAST, moved
from testkit.telling import a_record, fire, tell, tell_records


async def test_a_level_opens_both_entitlements_of_an_elder_in_hardship(city, rows):
    elder_id = ids.new()

    fates = await tell(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id, level=3)
    )

    assert fates == {"applied": 2}
    opened = await rows(
        "select policy_code, kind, level, monthly_fen, valid_from from entitlement order "
        "by policy_code"
    )
    assert opened == [
        {
            "policy_code": "home-care",
            "kind": 2,
            "level": 3,
            "monthly_fen": 18000,
            "valid_from": date(2026, 3, 2),
        },
        {
            "policy_code": "national-voucher",
            "kind": 1,
            "level": 3,
            "monthly_fen": 80000,
            "valid_from": date(2026, 3, 2),
        },
    ]
    assert await rows("select month, issued_fen from voucher") == [
        {"month": "2026-03", "issued_fen": 80000}
    ]


async def test_an_approval_heard_before_its_elder_waits_for_it(city, rows):
    elder_id = ids.new()

    waiting = await tell(city, GROUP, an_approval(elder_id))
    both = await tell(city, GROUP, an_elder(elder_id))

    assert waiting == {"waiting": 1}
    assert both == {"applied": 2}
    assert len(await rows("select from entitlement")) == 1


async def test_an_event_that_comes_twice_has_one_effect(city, rows):
    elder_id = ids.new()
    records = [a_record(an_elder(elder_id), BEGIN), a_record(an_approval(elder_id), BEGIN)]
    await tell_records(city, GROUP, records)
    before = await rows("select * from outbox order by seq")

    fates = await tell_records(city, GROUP, records)

    assert fates["applied"] == 0
    assert await rows("select * from outbox order by seq") == before


async def test_an_older_state_of_an_elder_changes_nothing(city, rows):
    elder_id = ids.new()
    older = a_record(an_elder(elder_id, hardships=[Hardship.DIBAO]), BEGIN)
    await tell(city, GROUP, an_elder(elder_id))

    await tell_records(city, GROUP, [older])

    assert await rows("select hardships from elder") == [{"hardships": []}]


async def test_without_a_level_an_elder_gets_nothing(city, rows):
    await tell(city, GROUP, an_elder(hardships=[Hardship.TEKUN]))

    assert await rows("select from entitlement") == []


async def test_an_audit_waits_for_its_order_and_its_payee(city, rows):
    elder_id, order_id, organisation_id = ids.new(), ids.new(), ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))

    first = await tell(city, GROUP, an_audit(order_id, elder_id, organisation_id, 5000))
    await tell(city, GROUP, an_order(order_id, elder_id, 5000))
    waits = await rows("select kind from waiting")
    last = await tell(city, GROUP, an_organisation(organisation_id))

    assert first == {"waiting": 1}
    assert waits == [{"kind": "organisation"}]
    assert last["applied"] == 2
    assert await rows("select captured_fen, organisation_id from debt") == [
        {"captured_fen": 5000, "organisation_id": organisation_id}
    ]


async def test_an_audit_that_was_promised_more_than_can_be_held_is_parked_and_pays_once_there_is_enough(
    city, rows
):
    elder_id, order_id, other_id, organisation_id = ids.new(), ids.new(), ids.new(), ids.new()
    await tell(
        city, GROUP, an_organisation(organisation_id), an_elder(elder_id), an_approval(elder_id)
    )
    await tell(
        city, GROUP, an_order(other_id, elder_id, 50000), an_order(order_id, elder_id, 50000)
    )
    held = await rows("select held_fen from hold where order_id = $1", order_id)

    fates = await tell(
        city, GROUP, an_audit(order_id, elder_id, organisation_id, 50000), careful=True
    )
    parked = await rows("select reason from parked")
    await tell(
        city,
        GROUP,
        a_cancellation(other_id, elder_id),
        an_audit(order_id, elder_id, organisation_id, 50000),
    )

    assert (held, fates, parked) == (
        [{"held_fen": 30000}],
        {"parked": 1},
        [{"reason": "VOUCHER_TOO_SHORT"}],
    )
    assert await rows("select captured_fen from debt") == [{"captured_fen": 50000}]
    assert await rows("select reserved_fen, captured_fen from voucher") == [
        {"reserved_fen": 0, "captured_fen": 50000}
    ]


async def test_a_hold_does_not_expire_while_its_order_may_not_be_heard_yet(city, rows, at):
    elder_id, order_id = ids.new(), ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    command = ReserveVoucher(
        order_id=str(order_id), elder_id=str(elder_id), month="2026-03", price_fen=10000
    )
    async with city.transaction() as session:
        await vouchers.reserve(session, command, city.clock.real() - timedelta(hours=1))

    async def behind() -> bool:
        return True

    async def heard() -> bool:
        return False

    assert await consumers.sweep(city, behind) == 0
    assert await rows("select reserved_fen from voucher") == [{"reserved_fen": 5000}]
    assert await consumers.sweep(city, heard) == 1
    assert await rows("select reserved_fen from voucher") == [{"reserved_fen": 0}]


async def test_a_visit_without_voucher_concerns_nobody_here(city, rows):
    elder_id, order_id = ids.new(), ids.new()

    fates = await tell(
        city, GROUP, an_order(order_id, elder_id, 0), an_audit(order_id, elder_id, ids.new(), 0)
    )

    assert fates == {"applied": 2}
    assert await rows("select from hold") == []
    assert await rows("select from debt") == []


async def test_a_cancelled_order_and_a_refused_audit_give_back_what_was_held(city, rows):
    elder_id, cancelled, refused, organisation_id = ids.new(), ids.new(), ids.new(), ids.new()
    await tell(
        city, GROUP, an_organisation(organisation_id), an_elder(elder_id), an_approval(elder_id)
    )
    await tell(city, GROUP, an_order(cancelled, elder_id, 5000), an_order(refused, elder_id, 7000))
    held = await rows("select reserved_fen from voucher")

    await tell(
        city,
        GROUP,
        a_cancellation(cancelled, elder_id),
        a_refused_audit(refused, elder_id, organisation_id, 7000),
    )

    assert held == [{"reserved_fen": 12000}]
    assert await rows("select reserved_fen, captured_fen, lapsed_fen from voucher") == [
        {"reserved_fen": 0, "captured_fen": 0, "lapsed_fen": 0},
    ]


async def test_a_moved_elder_takes_the_entitlement_along_and_loses_it_by_leaving_the_city(
    city, rows
):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id))

    await tell(city, GROUP, an_elder(elder_id, area_code="341103001001"))
    moved = await rows("select area_code, state from entitlement")
    await tell(city, GROUP, an_elder(elder_id, status=Status.MOVED_OUT))

    assert moved == [{"area_code": "341103001001", "state": 1}]
    assert await rows("select state, cause from entitlement") == [{"state": 3, "cause": 2}]
    assert await rows("select lapsed_fen from voucher") == [{"lapsed_fen": 80000}]


async def test_what_begins_twice_is_published_once(city, rows):
    before = await rows("select topic from outbox")

    await consumers.begin(city)

    assert [row["topic"] for row in before] == ["eldercare.policy.v1", "eldercare.policy.v1"]
    assert await rows("select topic from outbox") == before


async def test_replicas_that_begin_at_the_same_time_publish_once(store, rows):
    await asyncio.gather(*(consumers.begin(store) for _ in range(4)))

    assert await rows("select topic from outbox") == [
        {"topic": "eldercare.policy.v1"},
        {"topic": "eldercare.policy.v1"},
    ]


async def test_a_level_that_ends_closes_the_entitlement_on_its_day(city, rows, at):
    elder_id = ids.new()
    await tell(city, GROUP, an_elder(elder_id), an_approval(elder_id, valid_to=date(2026, 3, 20)))
    await fire(city, GROUP)

    at("2026-03-19 23:59")
    await fire(city, GROUP)
    before = await rows("select state from entitlement")
    at("2026-03-20 00:00")
    await fire(city, GROUP)

    assert before == [{"state": 1}]
    assert await rows("select state, cause, valid_to from entitlement") == [
        {"state": 3, "cause": 3, "valid_to": date(2026, 3, 20)}
    ]


@pytest.mark.parametrize(("day", "at"), ENDS)
@pytest.mark.parametrize("late", [False, True])
async def test_what_lies_at_the_ends_of_what_is_accepted_is_applied(
    city, clock, rows, day, at, late
):
    if late:
        clock.set(LAST)
    elder_id, order_id, other, organisation_id = ids.new(), ids.new(), ids.new(), ids.new()
    visited_on, today = date.fromisoformat(day), clock.today()
    held = [
        an_elder(elder_id, hardships=[Hardship.DIBAO]),
        an_organisation(organisation_id),
        an_approval(elder_id, valid_from=today, valid_to=today + timedelta(days=300)),
        an_order(order_id, elder_id, 5000, wanted_from=clock.now()),
    ]
    told = [
        an_order(other, elder_id, 5000),
        a_cancellation(other, elder_id),
        a_refused_audit(other, elder_id, organisation_id, 5000),
        an_audit(order_id, elder_id, organisation_id, 5000, visited_on=visited_on),
        an_approval(elder_id),
        an_elder(ids.new()),
        an_organisation(ids.new()),
        an_elder(elder_id, status=Status.DEAD, died_on=visited_on),
    ]

    assert await tell(city, GROUP, *held, careful=True) == {"applied": 4}
    assert await tell(city, GROUP, *(moved(event, day, at) for event in told), careful=True) == {
        "applied": 8
    }
    assert [row["visited_on"] for row in await rows("select visited_on from debt")] == [visited_on]
    if not late:  # else the runs of all months until then would be made first
        assert await fire(city, GROUP) > 0
