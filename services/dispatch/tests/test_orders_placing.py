"""An order placed through gRPC, with the real assessment and the real subsidy as neighbours."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
import pytest_asyncio
from eldercare.assessment.v1 import api_pb2 as register
from eldercare.assessment.v1.events_pb2 import ElderChanged, ElderRegistered
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1.events_pb2 import OrderPlaced

import assessment.testing
import subsidy.testing
from assessment.context import context_of
from assessment.elders.api import Elders
from dispatch.catalogue.api import Catalogue
from dispatch.orders import personal, queries
from dispatch.orders.api import Orders
from dispatch.orders.flows.placing import Placing
from dispatch.orders.jobs import background_jobs
from dispatch.orders.rules import State
from dispatch.settings import GROUP
from dispatch.testing import BEGIN, HOME, TOMORROW, a_key_ring, a_request, an_elder, an_order
from kit.contracts import ids, wire
from kit.contracts.refusals import Conflict, Denied, Malformed, NotFound, Unavailable
from kit.db.store import Store
from kit.rpc.client import Client
from kit.rpc.server import Server
from kit.runtime.jobs import BackgroundJobs
from kit.security.identity import Identity
from subsidy.__main__ import begin as begin_subsidy
from subsidy.holds.api import Vouchers
from subsidy.settings import GROUP as SUBSIDY
from testkit.delivery import deliver

PLACE = "eldercare.dispatch.v1.Orders/Place"


class OwnToken:
    def __init__(self, issuer):
        self.issuer = issuer

    async def token(self):
        return self.issuer.service_token("dispatch")


@pytest_asyncio.fixture
async def serve(issuer):
    """`await serve(servicers, store, port)` = a running server; all end with the test."""
    running = []

    async def start(servicers, store, port=0):
        identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
        server = Server(servicers, store=store, identity=identity, listen=f"127.0.0.1:{port}")
        await server.start()
        running.append((server, identity))
        return server

    yield start
    for server, identity in running:
        await server.drain(grace_s=0.5)
        await identity.close()


@pytest_asyncio.fixture
async def city(store, database, clock, issuer, serve):
    """Dispatch with its neighbours: an elder with a voucher of 800 yuan is known to all three."""
    neighbours = {
        name: Store(await database(name), service=name, clock=clock, vault=a_key_ring())
        for name in ("assessment", "subsidy")
    }
    elders = await serve([Elders(context_of(neighbours["assessment"]))], neighbours["assessment"])
    vouchers = await serve([Vouchers()], neighbours["subsidy"])
    clients = [
        Client(f"127.0.0.1:{server.port}", token_source=OwnToken(issuer))
        for server in (elders, vouchers)
    ]
    placing = Placing(*clients)
    server = await serve([Catalogue(), Orders(placing)], store)
    client = Client(f"127.0.0.1:{server.port}")
    registered: ElderRegistered = await clients[0].call(
        "eldercare.assessment.v1.Elders/Register",
        assessment.testing.a_registration(lon=118.3, lat=32.3),
        key=str(ids.new()),
        token=issuer.token(("official",), area="341100000000"),
        timeout=10,
    )
    elder_id = UUID(registered.elder.elder_id)
    await deliver(store, GROUP, registered)
    await begin_subsidy(neighbours["subsidy"])
    await deliver(
        neighbours["subsidy"],
        SUBSIDY,
        registered,
        subsidy.testing.an_approval(elder_id),
    )
    yield SimpleNamespace(
        store=store,
        elder_id=elder_id,
        client=client,
        placing=placing,
        vouchers=vouchers,
        **neighbours,
        area_code=registered.elder.area_code,
        jobs=BackgroundJobs(store, background_jobs(store, placing)),
    )
    for opened in (*clients, client, *neighbours.values()):
        await opened.close()


@pytest.fixture
def place(city, issuer):
    """`await place(key)` as the hotline does: where a neighbour of a crowded machine was late,
    again with the same key.
    """

    async def placed(key=None, *, token=None, timeout=10, tries=3, **given):
        caller = token or issuer.token(("hotline",), area="341100000000", client_id="hotline")
        request = a_request(city.elder_id, **given)
        key = key or str(ids.new())
        for left in reversed(range(tries)):
            try:
                return await city.client.call(
                    PLACE, request, key=key, token=caller, timeout=timeout
                )
            except Unavailable:
                if not left:
                    raise

    return placed


async def held(city):
    async with city.subsidy.reading() as session:
        rows = await (await session.driver()).fetch(
            "select order_id, held_fen from hold order by held_fen"
        )
    return [(row["order_id"], row["held_fen"]) for row in rows]


async def test_an_order_holds_its_part_of_the_voucher_and_knows_the_address_sealed(
    city, place, messages, rows
):
    order = await place()

    assert (order.state, order.price_fen, order.voucher_fen) == (pb.Order.STATE_PLACED, 3500, 1750)
    assert order.area_code == city.area_code
    assert await held(city) == [(UUID(order.order_id), 1750)]
    [published] = await messages(OrderPlaced)
    assert (published.order_id, published.voucher_fen, published.item_code) == (
        order.order_id,
        1750,
        "clean-laundry",
    )
    [row] = await rows("select contact, home from visit_order")
    assert (
        a_key_ring().open(row["contact"], "order.contact")
        == '["李小明", "13800000001", "琅琊路1号"]'
    )
    assert a_key_ring().open(row["home"], "order.place") == "118.3 32.3"
    assert [due["kind"] for due in await rows("select kind from due")] == ["offer"]


async def test_an_order_follows_the_elders_home_until_the_visit_begins(
    city, place, issuer, insert, rows
):
    order = await place()
    ring = a_key_ring()
    begun = an_order(
        ring,
        elder_id=city.elder_id,
        state=State.IN_SERVICE,
        worker_id=ids.new(),
        organisation_id=ids.new(),
    )
    await insert(begun)
    moved: ElderChanged = await city.placing.assessment.call(
        "eldercare.assessment.v1.Elders/Change",
        register.ChangeElder(
            elder_id=str(city.elder_id),
            address="清流路9号",
            lon=118.4,
            lat=32.4,
            name="李大明",
        ),
        key=str(ids.new()),
        token=issuer.token(("official",), area="341100000000"),
    )

    await deliver(city.store, GROUP, moved)
    await city.jobs.work()

    homes = {
        row["order_id"]: row
        for row in await rows("select order_id, contact, home, state from visit_order")
    }
    followed = homes[UUID(order.order_id)]
    assert personal.open_position(ring, followed["home"]) == (118.4, 32.4)
    assert personal.open_contact(ring, followed["contact"])[::2] == ("李大明", "清流路9号")
    assert followed["state"] == State.PLACED
    assert personal.open_position(ring, homes[begun.order_id]["home"]) == HOME
    assert await rows("select from due where kind = 'contact'") == []


async def test_nobody_asks_for_the_contact_of_an_elder_whom_nobody_visits(city, rows):
    await deliver(city.store, GROUP, ElderChanged(elder=an_elder(ids.new()).elder))

    assert await rows("select from due where kind = 'contact'") == []


async def test_who_orders_is_recorded_as_the_one_who_read_the_contact(city, place, issuer):
    await place(
        token=issuer.token(("hotline",), area="341100000000", client_id="hotline", subject="li")
    )

    async with city.assessment.reading() as session:
        rows = await (await session.driver()).fetch(
            "select subject, client_id, elder_ids from audit_record"
        )
    assert [tuple(row) for row in rows] == [("li", "dispatch", [str(city.elder_id)])]


async def test_the_same_visit_is_ordered_twice_only_where_it_is_meant(place):
    first = await place()
    hours = {
        "wanted_from": wire.timestamp(TOMORROW + timedelta(hours=1)),
        "wanted_to": wire.timestamp(TOMORROW + timedelta(hours=3)),
    }

    with pytest.raises(Conflict) as refused:
        await place(**hours)

    assert (refused.value.reason, refused.value.field) == ("ORDERED_ALREADY", "again")
    assert first.order_id in str(refused.value)
    assert (await place(again=True, **hours)).order_id != first.order_id
    assert (await place(item_code="bath-home")).order_id


async def test_two_visits_at_once_are_ordered_only_where_it_is_meant(place):
    half = {"wanted_to": wire.timestamp(TOMORROW + timedelta(minutes=30))}
    await place(**half)

    with pytest.raises(Conflict) as refused:
        await place(item_code="bath-home", **half)

    assert refused.value.reason == "VISITS_AT_ONCE"
    assert (await place(item_code="bath-home", again=True, **half)).order_id


async def test_one_key_is_one_order_and_one_answer_also_when_ten_arrive_at_once(
    city, place, messages, at
):
    answers = await asyncio.gather(*(place("one") for _ in range(10)))

    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    assert len(await messages(OrderPlaced)) == 1
    assert len(await held(city)) == 1
    at("2026-04-02 09:00")
    assert await place("one") == answers[0]


async def test_the_same_key_with_another_body_is_refused(place):
    await place("one")

    with pytest.raises(Conflict) as refused:
        await place("one", item_code="bath-home")

    assert refused.value.reason == "KEY_REUSED"
    assert refused.value.field == "idempotency-key"


async def test_while_subsidy_is_down_the_order_waits_and_the_same_key_finds_it_later(
    city, place, serve, rows, messages
):
    port = city.vouchers.port
    await city.vouchers.drain(grace_s=0)

    with pytest.raises(Unavailable) as silent:
        await place("one", tries=1)
    assert silent.value.retry_after_s
    assert [State(row["state"]) for row in await rows("select state from visit_order")] == [
        State.RESERVING
    ]
    assert await messages(OrderPlaced) == []
    await serve([Vouchers()], city.subsidy, port)
    await city.placing.subsidy.ready(timeout=10)
    order = await place("one")

    assert (order.state, order.voucher_fen) == (pb.Order.STATE_PLACED, 1750)
    assert len(await messages(OrderPlaced)) == 1
    assert [due["kind"] for due in await rows("select kind from due")] == ["offer"]


async def test_an_order_that_nobody_asks_for_again_is_placed_by_the_service_itself(
    city, place, serve, clock, rows, messages
):
    port = city.vouchers.port
    await city.vouchers.drain(grace_s=0)
    with pytest.raises(Unavailable):
        await place("one", tries=1)
    clock.set(BEGIN + timedelta(minutes=1))
    assert await city.jobs.work() == 1  # subsidy is still down
    assert await rows("select kind, at, tries from due") == [
        {"kind": "reserve", "at": BEGIN + timedelta(minutes=2), "tries": 0}
    ]

    await serve([Vouchers()], city.subsidy, port)
    await city.placing.subsidy.ready(timeout=10)
    clock.set(BEGIN + timedelta(minutes=2))
    assert await city.jobs.work() == 1

    [published] = await messages(OrderPlaced)
    assert published.voucher_fen == 1750
    assert (await place("one")).order_id == published.order_id
    assert len(await held(city)) == 1


async def test_a_crash_between_the_two_transactions_leaves_one_hold_and_one_order(
    city, insert, messages
):
    # what a process killed right after its call to subsidy leaves behind
    crashed = an_order(a_key_ring(), elder_id=city.elder_id, state=State.RESERVING, version=0)
    await insert(crashed)
    async with city.store.raw() as session:
        left = await queries.row_of(session, crashed.order_id)
    await city.placing._hold_voucher(left)

    placed = await city.placing.confirm(city.store, left)
    again = await city.placing.confirm(city.store, left)

    assert (placed.state, placed.voucher_fen, again.version) == (State.PLACED, 1750, 1)
    assert await held(city) == [(left.order_id, 1750)]
    assert len(await messages(OrderPlaced)) == 1


async def test_an_order_that_could_not_be_placed_before_its_window_ended_is_no_order(
    city, place, clock, rows, messages
):
    await city.vouchers.drain(grace_s=0)
    with pytest.raises(Unavailable):
        await place("one", tries=1)

    clock.set(TOMORROW + timedelta(hours=3))
    await city.jobs.work()

    assert [State(row["state"]) for row in await rows("select state from visit_order")] == [
        State.CANCELLED
    ]
    assert await messages(OrderPlaced) == []
    with pytest.raises(Conflict) as refused:
        await place("one")
    assert refused.value.reason == "ALREADY_CANCELLED"


async def test_an_item_that_no_voucher_pays_needs_no_subsidy(city, place):
    await city.vouchers.drain(grace_s=0)

    order = await place(item_code="emergency-repair")

    assert (order.state, order.voucher_fen) == (pb.Order.STATE_PLACED, 0)


async def test_what_cannot_be_ordered_is_refused_with_its_reason(city, place, store):
    hour = timedelta(hours=1)

    async def reason(kind, **given):
        with pytest.raises(kind) as refused:
            await place(**given)
        return refused.value.reason, refused.value.field

    assert await reason(Conflict, item_code="gold") == ("NO_SUCH_ITEM", "item_code")
    assert await reason(Conflict, wanted_to=wire.timestamp(TOMORROW + timedelta(minutes=29))) == (
        "WINDOW_TOO_SHORT",
        "wanted_to",
    )
    past = {
        "wanted_from": wire.timestamp(BEGIN - 24 * hour),
        "wanted_to": wire.timestamp(BEGIN + hour),
    }
    assert await reason(Conflict, **past) == ("WINDOW_IN_THE_PAST", "wanted_from")
    endless = {"wanted_to": wire.timestamp(TOMORROW + 25 * hour)}
    assert await reason(Conflict, **endless) == ("WINDOW_TOO_LONG", "wanted_to")
    far = BEGIN + timedelta(days=367)
    distant = {"wanted_from": wire.timestamp(far), "wanted_to": wire.timestamp(far + hour)}
    assert await reason(Conflict, **distant) == ("WINDOW_TOO_FAR", "wanted_from")
    assert await reason(NotFound, elder_id=str(ids.new())) == ("NOT_FOUND", "elder_id")
    assert (await reason(Malformed, channel=0))[0] == "MALFORMED"
    await deliver(store, GROUP, an_elder(city.elder_id, reported_died_on="2026-03-01"))
    assert await reason(Conflict) == ("DEATH_REPORTED", "elder_id")
    await deliver(store, GROUP, an_elder(city.elder_id))
    await place()
    await deliver(store, GROUP, an_elder(city.elder_id, died_on="2026-03-01"))
    assert await reason(Conflict) == ("ELDER_NOT_SERVED", "elder_id")


async def test_only_who_may_speak_for_the_elder_may_order(city, place, issuer):
    for token in (
        issuer.token(("hotline",), area="341103000000"),
        issuer.token(("family",), elder_ids=[str(ids.new())]),
    ):
        with pytest.raises(NotFound):
            await place(token=token)
    with pytest.raises(Denied):
        await place(
            token=issuer.token(
                ("worker",), organisation_id=str(ids.new()), worker_id=str(ids.new())
            )
        )

    assert (
        await place(token=issuer.token(("family",), elder_ids=[str(city.elder_id)]))
    ).state == pb.Order.STATE_PLACED


async def test_the_catalogue_is_open_to_everybody(city, issuer):
    page = await city.client.call(
        "eldercare.dispatch.v1.Catalogue/List",
        pb.ListItems(),
        token=issuer.token(("elder",), elder_ids=["x"]),
    )

    assert len(page.rows) >= 12
    assert {item.help for item in page.rows} == {1, 2, 3, 4, 5, 6}
    assert all(item.price_fen > 0 and item.planned_min > 0 and item.name_zh for item in page.rows)
