"""Over a real gRPC channel: who sees and decides what."""

from datetime import timedelta

import pytest
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1.events_pb2 import SettlementRefused

from kit.contracts import ids
from kit.contracts.refusals import Conflict, Denied, Malformed, NotFound
from supervision.settings import GROUP
from supervision.testing import BEGIN, CITY, COUNTY, ELSEWHERE, a_visit
from testkit.delivery import deliver


async def test_everybody_sees_exactly_the_own_settlements(call, store, firm, issuer):
    here = a_visit(firm.worker_id, firm.organisation_id)
    far = a_visit(
        firm.worker_id,
        ids.new(),
        area_code=ELSEWHERE,
        begin=BEGIN + timedelta(hours=3),
        check_in_m=1000,
    )
    await deliver(store, GROUP, here, far)
    official = issuer.token(("official",), area=CITY)

    async def seen(token, **filters):
        page = await call("Audits/List", pb.ListSettlements(**filters), token)
        return {row.order_id for row in page.rows}

    assert await seen(official) == {here.order_id, far.order_id}
    assert await seen(issuer.token(("inspector",), area=COUNTY)) == {here.order_id}
    assert await seen(issuer.token(("provider",), organisation_id=str(firm.organisation_id))) == {
        here.order_id
    }
    assert await seen(issuer.token(("provider",), organisation_id=str(ids.new()))) == set()
    assert await seen(official, state=pb.Settlement.STATE_HELD) == {far.order_id}
    assert await seen(official, area_code=COUNTY) == {here.order_id}
    assert await seen(official, organisation_id=str(firm.organisation_id)) == {here.order_id}
    held = pb.ListSettlements(state=pb.Settlement.STATE_HELD)
    [row] = (await call("Audits/List", held, official)).rows
    request = pb.GetSettlement(settlement_id=row.settlement_id)
    with pytest.raises(NotFound):
        await call("Audits/Get", request, issuer.token(("official",), area=COUNTY))
    assert await call("Audits/Get", request, official) == row


async def test_a_decision_sent_twice_is_one_decision(call, store, firm, issuer, messages):
    await deliver(store, GROUP, a_visit(firm.worker_id, firm.organisation_id, check_in_m=1000))
    inspector = issuer.token(("inspector",), area=CITY)
    [row] = (await call("Audits/List", pb.ListSettlements(), inspector)).rows
    request = pb.DecideAudit(settlement_id=row.settlement_id, approve=False)

    with pytest.raises(Denied):
        await call("Audits/Decide", request, issuer.token(("official",), area=CITY))
    with pytest.raises(Malformed):
        await call("Audits/Decide", pb.DecideAudit(settlement_id=row.settlement_id), inspector)
    first, second = [await call("Audits/Decide", request, inspector, key="one") for _ in range(2)]
    with pytest.raises(Conflict):
        await call("Audits/Decide", request, inspector)

    assert first == second
    assert len(await messages(SettlementRefused)) == 1
