"""What opens, changes and ends entitlements, on a real PostgreSQL: row, event, refusal."""

import pytest
from eldercare.subsidy.v1 import events_pb2 as events
from eldercare.subsidy.v1.api_pb2 import ReapplyForEntitlement, RefuseEntitlement

from kit.contracts import ids
from kit.contracts.refusals import NotFound
from subsidy.entitlements.errors import EntitlementNotOpen, EntitlementNotRefused
from subsidy.entitlements.flows import refusing
from subsidy.replicas.rules import Hardship
from subsidy.settings import GROUP
from subsidy.testing import COUNTY, a_call, an_approval, an_elder, messages
from testkit.delivery import deliver


async def test_opening_publishes_what_is_given_and_since_when(city, rows):
    elder_id = ids.new()

    await deliver(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id, 4)
    )

    cash, voucher = await messages(rows, events.EntitlementOpened)
    assert (cash.policy_code, cash.monthly_fen, cash.level, cash.valid_from) == (
        "home-care",
        26000,
        4,
        "2026-03-02",
    )
    assert voucher.valid_from == "2026-03-01", "the day of the assessment"
    assert (voucher.policy_code, voucher.monthly_fen, voucher.policy_version) == (
        "national-voucher",
        80000,
        "2026-01-01",
    )
    (issued,) = await messages(rows, events.VoucherIssued)
    assert (issued.elder_id, issued.month, issued.issued_fen) == (str(elder_id), "2026-03", 80000)


async def test_each_decision_stays_as_it_was_made(city, rows):
    elder_id = ids.new()
    await deliver(
        city, GROUP, an_elder(elder_id, hardships=[Hardship.DIBAO]), an_approval(elder_id, 2)
    )

    await deliver(city, GROUP, an_approval(elder_id, 4, approved_at=city.clock.real()))

    decided = await rows(
        "select facts, version from decision where policy_code = 'home-care' order by version"
    )
    assert [row["facts"]["level"] for row in decided] == [2, 4]
    assert [row["version"] for row in decided] == [1, 2]


async def test_refusing_twice_is_refused(city, rows):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    (row,) = await rows("select entitlement_id from entitlement")
    command = RefuseEntitlement(entitlement_id=str(row["entitlement_id"]))
    async with city.transaction() as session:
        await refusing.refuse(session, command, a_call(session, area=COUNTY))

    with pytest.raises(EntitlementNotOpen) as refused:
        async with city.transaction() as session:
            await refusing.refuse(session, command, a_call(session, area=COUNTY))

    assert refused.value.facts["state"] == "refused"


async def test_only_a_refusal_is_taken_back_and_once(city, rows):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    (row,) = await rows("select entitlement_id from entitlement")
    refusal = RefuseEntitlement(entitlement_id=str(row["entitlement_id"]))
    again = ReapplyForEntitlement(entitlement_id=str(row["entitlement_id"]))

    with pytest.raises(EntitlementNotRefused) as still_open:
        async with city.transaction() as session:
            await refusing.reapply(session, again, a_call(session, area=COUNTY))
    async with city.transaction() as session:
        await refusing.refuse(session, refusal, a_call(session, area=COUNTY))
    async with city.transaction() as session:
        await refusing.reapply(session, again, a_call(session, area=COUNTY))
    with pytest.raises(EntitlementNotRefused):
        async with city.transaction() as session:
            await refusing.reapply(session, again, a_call(session, area=COUNTY))

    assert still_open.value.facts["state"] == "open"
    (event,) = await messages(rows, events.EntitlementReapplied)
    assert (event.entitlement_id, event.elder_id) == (again.entitlement_id, str(elder_id))
    assert len(await messages(rows, events.EntitlementOpened)) == 2


async def test_nobody_applies_again_for_somebody_else(city, rows):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    (row,) = await rows("select entitlement_id from entitlement")
    command = ReapplyForEntitlement(entitlement_id=str(row["entitlement_id"]))

    with pytest.raises(NotFound):
        async with city.transaction() as session:
            await refusing.reapply(
                session, command, a_call(session, "elder", elder_ids=frozenset({str(ids.new())}))
            )


async def test_nobody_refuses_what_is_not_theirs(city, rows):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    (row,) = await rows("select entitlement_id from entitlement")
    command = RefuseEntitlement(entitlement_id=str(row["entitlement_id"]))

    with pytest.raises(NotFound):
        async with city.transaction() as session:
            await refusing.refuse(
                session, command, a_call(session, "elder", elder_ids=frozenset({str(ids.new())}))
            )

    assert await rows("select state from entitlement") == [{"state": 1}]
