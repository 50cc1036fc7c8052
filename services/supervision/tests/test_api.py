"""Over a real gRPC channel: who sees and decides what."""

from datetime import timedelta

import pytest
import pytest_asyncio
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1.events_pb2 import ComplaintFiled, SettlementRefused

from kit.contracts import ids
from kit.contracts.refusals import Conflict, Denied, Malformed, NotFound
from kit.rpc.client import Client
from kit.rpc.server import Server
from kit.security.identity import Identity
from supervision import consumers
from supervision.api import Audits, Complaints
from supervision.testing import BEGIN, CITY, COUNTY, ELSEWHERE, a_visit, an_offer, an_order
from testkit.telling import tell


@pytest_asyncio.fixture
async def call(store, issuer):
    """`await call("Audits/Get", request, token, key=…)`."""
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    server = Server([Audits(), Complaints()], store=store, identity=identity)
    await server.start()
    client = Client(f"127.0.0.1:{server.port}")

    async def called(method, request, token, *, key=None):
        return await client.call(
            f"eldercare.supervision.v1.{method}",
            request,
            token=token,
            key=key or str(ids.new()),
            timeout=10,
        )

    yield called
    await client.close()
    await server.drain(grace_s=0.5)
    await identity.close()


async def test_everybody_sees_exactly_the_own_settlements(call, store, firm, issuer):
    here = a_visit(firm.worker_id, firm.organisation_id)
    far = a_visit(
        firm.worker_id,
        ids.new(),
        area_code=ELSEWHERE,
        begin=BEGIN + timedelta(hours=3),
        check_in_m=1000,
    )
    await tell(store, consumers.GROUP, here, far)
    official = issuer.token(("official",), area=CITY)

    async def seen(token, **asked):
        return {
            row.order_id
            for row in (await call("Audits/List", pb.ListSettlements(**asked), token)).rows
        }

    assert await seen(official) == {here.order_id, far.order_id}
    assert await seen(issuer.token(("inspector",), area=COUNTY)) == {here.order_id}
    assert await seen(issuer.token(("provider",), organisation_id=str(firm.organisation_id))) == {
        here.order_id
    }
    assert await seen(issuer.token(("provider",), organisation_id=str(ids.new()))) == set()
    assert await seen(official, state=pb.Settlement.STATE_HELD) == {far.order_id}
    assert await seen(official, area_code=COUNTY) == {here.order_id}
    assert await seen(official, organisation_id=str(firm.organisation_id)) == {here.order_id}
    [row] = (
        await call("Audits/List", pb.ListSettlements(state=pb.Settlement.STATE_HELD), official)
    ).rows
    with pytest.raises(NotFound):
        await call(
            "Audits/Get",
            pb.GetSettlement(settlement_id=row.settlement_id),
            issuer.token(("official",), area=COUNTY),
        )
    assert (
        await call("Audits/Get", pb.GetSettlement(settlement_id=row.settlement_id), official)
    ) == row


async def test_a_decision_sent_twice_is_one_decision(call, store, firm, issuer, messages):
    await tell(
        store, consumers.GROUP, a_visit(firm.worker_id, firm.organisation_id, check_in_m=1000)
    )
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


async def test_complaints_are_listed_to_whom_they_concern_in_pages(call, store, issuer, messages):
    elder_id, organisation_id = ids.new(), ids.new()
    orders = [ids.new() for _ in range(3)]
    for order_id in orders:
        await tell(
            store,
            consumers.GROUP,
            an_order(order_id, elder_id),
            an_offer(order_id, elder_id, organisation_id),
        )
    family = issuer.token(("family",), elder_ids=[str(elder_id)])
    for order_id in orders:
        await call("Complaints/File", pb.FileComplaint(order_id=str(order_id), channel=3), family)

    async def seen(token, **asked):
        return [
            row.order_id
            for row in (await call("Complaints/List", pb.ListComplaints(**asked), token)).rows
        ]

    every = [str(order_id) for order_id in orders]
    assert await seen(family) == every
    assert await seen(issuer.token(("provider",), organisation_id=str(organisation_id))) == every
    assert await seen(issuer.token(("hotline",), area=COUNTY)) == every
    assert await seen(issuer.token(("hotline",), area="341103000000")) == []
    first = await call("Complaints/List", pb.ListComplaints(limit=2), family)
    assert await seen(family, limit=2, after=first.next) == every[2:]
    assert len(await messages(ComplaintFiled)) == 3
