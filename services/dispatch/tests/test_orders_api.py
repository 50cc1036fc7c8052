"""The other methods over a real gRPC channel: who sees what, and what a repeated call does."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
import pytest_asyncio
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1.events_pb2 import OrderAccepted, OrderFinished, OrderStarted

from dispatch.catalogue.api import Catalogue
from dispatch.orders.api import Orders
from dispatch.orders.flows.placing import Placing
from dispatch.orders.rules import State
from dispatch.testing import BEGIN, ELSEWHERE, VILLAGE, a_key_ring, an_order
from kit.contracts import ids, wire
from kit.contracts.refusals import Conflict, Denied, NotFound
from kit.rpc.client import Client
from kit.rpc.server import Server
from kit.security.identity import Identity

RING = a_key_ring()
CITY = "341100000000"


@pytest_asyncio.fixture
async def call(store, issuer):
    """`await call("Get", request, token, key=…)`."""
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    nobody = Client("127.0.0.1:1")
    server = Server([Catalogue(), Orders(Placing(nobody, nobody))], store=store, identity=identity)
    await server.start()
    client = Client(f"127.0.0.1:{server.port}")

    async def called(method, request, token, *, key=None):
        return await client.call(
            f"eldercare.dispatch.v1.Orders/{method}",
            request,
            token=token,
            key=key or str(ids.new()),
            timeout=10,
        )

    yield called
    await client.close()
    await nobody.close()
    await server.drain(grace_s=0.5)
    await identity.close()


@pytest_asyncio.fixture
async def visit(insert, firm, issuer):
    """An order that is offered to the firm's first worker for now."""
    times = {
        "wanted_from": BEGIN,
        "wanted_to": BEGIN + timedelta(hours=1),
        "planned_at": BEGIN,
        "placed_at": BEGIN - timedelta(days=1),
    }
    order = an_order(
        RING,
        state=State.ASSIGNED,
        worker_id=firm.workers[0],
        organisation_id=firm.organisation_id,
        **times,
    )
    await insert(order)
    organisation_id = str(firm.organisation_id)
    return SimpleNamespace(
        order_id=str(order.order_id),
        elder_id=str(order.elder_id),
        organisation_id=organisation_id,
        worker=issuer.token(
            ("worker",), organisation_id=organisation_id, worker_id=str(firm.workers[0])
        ),
        colleague=issuer.token(
            ("worker",), organisation_id=organisation_id, worker_id=str(firm.workers[1])
        ),
        manager=issuer.token(("provider",), organisation_id=organisation_id),
    )


async def test_a_visit_from_offer_to_follow_up(call, visit, issuer, messages, clock):
    at = wire.timestamp(BEGIN)
    hotline = issuer.token(("hotline",), area=CITY)

    await call("Accept", pb.AcceptOrder(order_id=visit.order_id), visit.worker)
    started = await call(
        "CheckIn",
        pb.CheckInOrder(order_id=visit.order_id, at=at, lon=118.3, lat=32.3),
        visit.worker,
    )
    clock.set(BEGIN + timedelta(hours=1))
    later = wire.timestamp(BEGIN + timedelta(hours=1))
    finished = await call(
        "CheckOut",
        pb.CheckOutOrder(order_id=visit.order_id, at=later, lon=118.3, lat=32.3),
        visit.worker,
    )
    await call(
        "FollowUp", pb.FollowUpOrder(order_id=visit.order_id, reached=True, satisfied=True), hotline
    )

    assert (started.late_min, finished.served_min, finished.check_in_m, finished.check_out_m) == (
        -60,
        60,
        0,
        0,
    )
    order = await call("Get", pb.GetOrder(order_id=visit.order_id), hotline)
    assert (order.state, order.followed_up) == (pb.Order.STATE_DONE, True)
    assert [len(await messages(kind)) for kind in (OrderAccepted, OrderStarted, OrderFinished)] == [
        1,
        1,
        1,
    ]


async def test_a_check_in_sent_many_times_is_one_check_in(call, visit, messages, rows):
    await call("Accept", pb.AcceptOrder(order_id=visit.order_id), visit.worker)
    request = pb.CheckInOrder(order_id=visit.order_id, at=wire.timestamp(BEGIN))

    answers = await asyncio.gather(
        *(call("CheckIn", request, visit.worker, key="device-1") for _ in range(8))
    )

    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert len(await messages(OrderStarted)) == 1
    assert await rows("select version from visit_order") == [{"version": 3}]
    with pytest.raises(Conflict):
        await call("CheckIn", request, visit.worker, key="device-2")


async def test_only_the_worker_in_whose_name_the_order_stands_checks_in(call, visit):
    await call("Accept", pb.AcceptOrder(order_id=visit.order_id), visit.worker)
    request = pb.CheckInOrder(order_id=visit.order_id, at=wire.timestamp(BEGIN))

    with pytest.raises(NotFound):
        await call("CheckIn", request, visit.colleague)
    with pytest.raises(Denied):
        await call("CheckIn", request, visit.manager)


async def test_the_address_is_for_the_worker_of_an_accepted_order_and_each_read_is_recorded(
    call, visit, rows
):
    request = pb.GetOrder(order_id=visit.order_id)
    with pytest.raises(Conflict):
        await call("Whereabouts", request, visit.worker)
    await call("Accept", pb.AcceptOrder(order_id=visit.order_id), visit.worker)

    home = await call("Whereabouts", request, visit.worker)
    for stranger in (visit.colleague, visit.manager):
        with pytest.raises((NotFound, Denied)):
            await call("Whereabouts", request, stranger)

    assert (home.name, home.phone, home.lon, home.lat) == ("李小明", "13800000001", 118.3, 32.3)
    assert home.address.startswith("琅琊路")
    recorded = await rows("select subject, method, elder_ids from audit_record")
    assert recorded == [
        {
            "subject": "somebody",
            "method": "eldercare.dispatch.v1.Orders.Whereabouts",
            "elder_ids": [visit.elder_id],
        },
    ]


async def test_everybody_sees_exactly_the_own_orders(call, visit, insert, issuer, firm):
    others = [an_order(RING, area_code=ELSEWHERE), an_order(RING)]
    await insert(*others)

    async def seen(token, **filters):
        page = await call("List", pb.ListOrders(**filters), token)
        return {row.order_id for row in page.rows}

    far, near = (str(order.order_id) for order in others)
    assert await seen(issuer.token(("official",), area=CITY)) == {visit.order_id, far, near}
    assert await seen(issuer.token(("inspector",), area="341102000000")) == {visit.order_id, near}
    assert await seen(visit.manager) == await seen(visit.worker) == {visit.order_id}
    assert await seen(visit.colleague) == set()
    assert await seen(issuer.token(("provider",), organisation_id=str(ids.new()))) == set()
    assert await seen(issuer.token(("elder",), elder_ids=[visit.elder_id])) == {visit.order_id}
    assert await seen(issuer.token(("family",), elder_ids=[str(ids.new())])) == set()
    official = issuer.token(("official",), area=CITY)
    assert await seen(official, area_code="341103000000") == {far}
    assert await seen(official, elder_id=visit.elder_id) == {visit.order_id}
    assert await seen(official, worker_id=str(firm.workers[0])) == {visit.order_id}
    assert await seen(official, state=pb.Order.STATE_PLACED) == {far, near}
    with pytest.raises(NotFound):
        await call(
            "Get", pb.GetOrder(order_id=far), issuer.token(("official",), area="341102000000")
        )


async def test_pages_go_on_where_the_one_before_ended(call, insert, issuer):
    orders = [an_order(RING, area_code=VILLAGE) for _ in range(7)]
    await insert(*orders)
    official = issuer.token(("official",), area=CITY)

    found, after = [], ""
    while True:
        page = await call("List", pb.ListOrders(limit=3, after=after), official)
        found += [UUID(row.order_id) for row in page.rows]
        after = page.next
        if not after:
            break

    assert found == sorted(order.order_id for order in orders)
