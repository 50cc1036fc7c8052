"""Facts about elders: bytes → dispatch → rows."""

from datetime import date

from kit.contracts import ids
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import BEGIN, an_approval, an_elder
from testkit.delivery import a_record, deliver, deliver_records


async def test_a_level_opens_both_entitlements_of_an_elder_in_hardship(city, rows):
    elder_id = ids.new()

    outcomes = await deliver(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id, level=3)
    )

    assert outcomes == {"applied": 2}
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
            "valid_from": date(2026, 3, 1),
        },
    ]
    assert await rows("select month, issued_fen from voucher") == [
        {"month": "2026-03", "issued_fen": 80000}
    ]


async def test_an_approval_that_comes_before_its_elder_waits_for_it(city, rows):
    elder_id = ids.new()

    waiting = await deliver(city, GROUP, an_approval(elder_id))
    both = await deliver(city, GROUP, an_elder(elder_id))

    assert waiting == {"waiting": 1}
    assert both == {"applied": 2}
    assert len(await rows("select from entitlement")) == 1


async def test_an_event_that_comes_twice_has_one_effect(city, rows):
    elder_id = ids.new()
    records = [a_record(an_elder(elder_id), BEGIN), a_record(an_approval(elder_id), BEGIN)]
    await deliver_records(city, GROUP, records)
    before = await rows("select * from outbox order by seq")

    outcomes = await deliver_records(city, GROUP, records)

    assert outcomes["applied"] == 0
    assert await rows("select * from outbox order by seq") == before


async def test_an_older_state_of_an_elder_changes_nothing(city, rows):
    elder_id = ids.new()
    older = a_record(an_elder(elder_id, hardships=[Hardship.DIBAO]), BEGIN)
    await deliver(city, GROUP, an_elder(elder_id))

    await deliver_records(city, GROUP, [older])

    assert await rows("select hardships from elder") == [{"hardships": []}]


async def test_without_a_level_an_elder_gets_nothing(city, rows):
    await deliver(city, GROUP, an_elder(hardships=[Hardship.TEKUN]))

    assert await rows("select from entitlement") == []


async def test_a_moved_elder_takes_the_entitlement_along_and_loses_it_by_leaving_the_city(
    city, rows
):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))

    await deliver(city, GROUP, an_elder(elder_id, area_code="341103001001"))
    moved = await rows("select area_code, state from entitlement")
    await deliver(city, GROUP, an_elder(elder_id, status=Status.MOVED_OUT))

    assert moved == [{"area_code": "341103001001", "state": 1}]
    assert await rows("select state, cause from entitlement") == [{"state": 3, "cause": 2}]
    assert await rows("select lapsed_fen from voucher") == [{"lapsed_fen": 80000}]
