"""The feed: positions without gaps, cursors for one organisation, others' events withheld and
counted.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from eldercare.dispatch.v1.events_pb2 import OrderAccepted
from eldercare.supervision.v1.events_pb2 import SettlementHeld

from gateway.feed import api as feed
from gateway.feed import flows, restored
from gateway.feed.consumers import append
from gateway.feed.cursors import Cursor, Cursors
from gateway.feed.flows import OrganisationEvent
from gateway.feed.tables import HEAD, FeedHead
from gateway.http import app
from gateway.http.limits import Bounds
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.messaging.subscriptions import Fact
from kit.security.identity import Identity
from testkit.databases import Databases
from testkit.identity import Issuer

KEY, OLD_KEY = b"a key of this test", b"the key before it"
OURS, THEIRS = str(ids.new()), str(ids.new())


@pytest_asyncio.fixture
async def store(database: Databases, clock: Clock) -> AsyncIterator[Store]:
    made = Store(await database("gateway"), service="gateway", clock=clock)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def http(store: Store, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    routes = feed.routes(store, identity, Cursors([KEY, OLD_KEY]))
    inside = app.app(routes, Bounds(concurrency=8), identity=identity)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=inside), base_url="http://gateway"
    ) as client:
        yield client
    await identity.close()


Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def ask(http: httpx.AsyncClient, issuer: Issuer) -> Ask:
    async def asked(
        organisation: str = OURS,
        *roles: str,
        worker_id: str | None = None,
        **query: str | int,
    ) -> httpx.Response:
        claims = {"worker_id": worker_id} if worker_id else {}
        token = issuer.token(roles or ("provider",), organisation_id=organisation, **claims)
        return await http.get(
            "/v1/feed", params=query, headers={"Authorization": f"Bearer {token}"}
        )

    return asked


async def publish(store: Store, *organisations: str, worker_id: str | None = None) -> None:
    events = []
    for organisation in organisations:
        event = OrderAccepted(
            order_id=str(ids.new()),
            elder_id=str(ids.new()),
            area_code="341102001003",
            organisation_id=organisation,
            worker_id=worker_id or str(ids.new()),
        )
        event.accepted_at.GetCurrentTime()
        events.append(event)
    await say(store, *events)


async def say(store: Store, *events: OrganisationEvent) -> None:
    facts = [
        Fact(
            str(ids.new()),
            "/eldercare/dispatch/order/x",
            event.DESCRIPTOR.full_name,
            event.order_id,
            4,
            datetime(2026, 2, 1, tzinfo=UTC),
            "eldercare.order.v1",
            0,
            0,
            event.SerializeToString(),
        )
        for event in events
    ]
    async with store.transaction() as session:
        await append(list(zip(events, facts, strict=True)), session)


def sealed(epoch: UUID, position: int, key: bytes) -> str:
    return Cursors([key]).seal(Cursor(epoch, position), UUID(OURS))


async def test_a_reader_sees_its_own_events_and_how_many_were_withheld(
    store: Store, ask: Ask
) -> None:
    await publish(store, OURS, THEIRS, OURS, "")

    page = (await ask()).json()

    assert [event["data"]["organisation_id"] for event in page["events"]] == [OURS, OURS]
    assert (page["first"], page["last"], page["withheld"], page["high_water"]) == (1, 3, 1, 3)


async def test_a_worker_reads_of_the_feed_only_the_own_orders(store: Store, ask: Ask) -> None:
    own, colleague = str(ids.new()), str(ids.new())
    await publish(store, OURS, OURS, worker_id=own)
    await publish(store, OURS, worker_id=colleague)
    held = SettlementHeld(organisation_id=OURS, worker_id=own, order_id=str(ids.new()))
    await say(store, held)

    page = (await ask(OURS, "worker", worker_id=own)).json()

    assert [event["data"]["worker_id"] for event in page["events"]] == [own, own]
    assert (page["last"], page["withheld"]) == (4, 2)
    assert len((await ask(OURS, "provider", "worker", worker_id=own)).json()["events"]) == 4
    assert (await ask(OURS, "worker")).json()["events"] == []


async def test_a_role_that_the_feed_is_not_for_widens_nothing(store: Store, ask: Ask) -> None:
    await publish(store, OURS, THEIRS)

    page = (await ask(OURS, "provider", "operator")).json()

    assert [event["data"]["organisation_id"] for event in page["events"]] == [OURS]


async def test_a_monitor_sees_that_the_feed_goes_on_and_no_event(store: Store, ask: Ask) -> None:
    await publish(store, OURS, THEIRS)

    page = (await ask(OURS, "monitor")).json()

    assert (page["events"], page["last"], page["withheld"]) == ([], 2, 2)
    assert (await ask(OURS, "monitor", cursor=page["cursor"])).json()["first"] == 3


async def test_pages_follow_without_gap_or_overlap(store: Store, ask: Ask) -> None:
    await publish(store, *[OURS, THEIRS] * 7)

    seen, cursor, covered = [], "", 0
    while covered < 14:
        page = (await ask(limit=3, **({"cursor": cursor} if cursor else {}))).json()
        assert page["first"] == covered + 1
        assert page["last"] - page["first"] + 1 == len(page["events"]) + page["withheld"]
        seen += [event["id"] for event in page["events"]]
        cursor, covered = page["cursor"], page["last"]

    assert len(seen) == len(set(seen)) == 7


async def test_a_waiting_reader_gets_an_event_at_once(store: Store, ask: Ask) -> None:
    waiting = asyncio.create_task(ask(wait=20))
    await asyncio.sleep(0)
    await publish(store, OURS)

    page = (await asyncio.wait_for(waiting, 10)).json()

    assert len(page["events"]) == 1


async def test_a_cursor_of_another_organisation_is_refused(store: Store, ask: Ask) -> None:
    await publish(store, OURS)
    cursor = (await ask(OURS)).json()["cursor"]

    refused = await ask(THEIRS, cursor=cursor)

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "cursor"


async def test_a_cursor_outlives_the_rotation_of_its_key(store: Store, ask: Ask) -> None:
    await publish(store, OURS, OURS)
    async with store.reading() as session:
        epoch = (await session.get(FeedHead, HEAD)).epoch

    page = await ask(cursor=sealed(epoch, 1, OLD_KEY))
    forged = await ask(cursor=sealed(epoch, 1, b"a key of nobody"))

    assert (page.json()["first"], forged.status_code) == (2, 422)


async def test_two_writers_at_once_leave_no_gap(store: Store, ask: Ask) -> None:
    await publish(store, OURS)
    await asyncio.gather(*(publish(store, OURS, THEIRS) for _ in range(10)))

    page = (await ask(limit=500)).json()

    assert page["high_water"] == 21
    assert len(page["events"]) + page["withheld"] == 21


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "0"), ("limit", "x"), ("wait", "31"), ("cursor", "rubbish")]
)
async def test_a_wrong_parameter_is_named(ask: Ask, name: str, value: str) -> None:
    refused = await ask(**{name: value})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == name


async def test_the_feed_is_for_organisations(http: httpx.AsyncClient, issuer: Issuer) -> None:
    for token, status in (
        (issuer.token(("official",), area="341100000000"), 403),
        ("nonsense", 401),
    ):
        assert (
            await http.get("/v1/feed", headers={"Authorization": f"Bearer {token}"})
        ).status_code == status
    assert (await http.get("/v1/feed")).status_code == 401


async def test_old_events_leave_and_an_old_cursor_gets_one_that_works(
    store: Store, ask: Ask
) -> None:
    await publish(store, OURS, THEIRS, OURS)
    old = (await ask(limit=1)).json()["cursor"]
    await aged(store, 31, until=2)

    assert await flows.remove_old(store) == 2

    expired = await ask(cursor=old)
    assert (expired.status_code, expired.json()["reason"]) == (410, "CURSOR_EXPIRED")
    page = (await ask(cursor=expired.json()["facts"]["earliest_cursor"])).json()
    assert (page["first"], page["last"], len(page["events"])) == (3, 3, 1)
    assert (await ask()).json()["first"] == 3


async def test_after_a_restore_a_cursor_of_the_lost_feed_resumes_where_it_is_true(
    store: Store, ask: Ask
) -> None:
    await publish(store, OURS, OURS)
    early = (await ask(limit=1)).json()["cursor"]
    async with store.reading() as session:
        lost = (await session.get(FeedHead, HEAD)).epoch
    late = sealed(lost, 9, KEY)  # of positions that the backup does not hold

    for number in (7, 8):  # two restores, with something new between them
        async with store.transaction() as session:
            await restored.start(session, number)
        await publish(store, OURS)

    refused = [(await ask(cursor=cursor)).json() for cursor in (early, late)]
    assert [problem["reason"] for problem in refused] == ["CURSOR_EXPIRED"] * 2
    pages = [(await ask(cursor=problem["facts"]["resume_cursor"])).json() for problem in refused]
    assert [page["first"] for page in pages] == [2, 3]


async def test_a_cursor_of_an_epoch_that_nobody_remembers_begins_anew(
    store: Store, ask: Ask
) -> None:
    await publish(store, OURS, OURS)

    refused = (await ask(cursor=sealed(UUID(int=7), 1, KEY))).json()

    assert (await ask(cursor=refused["facts"]["resume_cursor"])).json()["first"] == 1


async def test_a_cursor_at_the_edge_of_what_is_kept_goes_on(store: Store, ask: Ask) -> None:
    await publish(store, OURS, OURS)
    cursor = (await ask(limit=1)).json()["cursor"]
    await aged(store, 31, until=1)
    await flows.remove_old(store)

    page = (await ask(cursor=cursor)).json()

    assert (page["first"], len(page["events"]), page["withheld"]) == (2, 1, 0)


async def test_forgetting_goes_in_batches_and_never_past_a_younger_event(
    store: Store, ask: Ask
) -> None:
    await publish(store, *[OURS] * 10)
    await aged(store, 31, until=4)
    await aged(store, 31, since=6)

    assert await flows.remove_old(store, batch=3) == 4
    assert await flows.remove_old(store) == 0
    page = (await ask()).json()
    assert (page["first"], page["last"], len(page["events"])) == (5, 10, 6)


async def test_a_feed_that_has_forgotten_everything_goes_on_counting(
    store: Store, ask: Ask
) -> None:
    assert await flows.remove_old(store) == 0
    await publish(store, OURS)
    await aged(store, 31)
    await flows.remove_old(store)
    await publish(store, OURS)

    page = (await ask()).json()

    assert (page["first"], page["last"], len(page["events"])) == (2, 2, 1)


async def aged(store: Store, days: int, *, since: int = 0, until: int = 1000) -> None:
    async with store.transaction() as session:
        await (await session.driver()).execute(
            "update feed_event set heard_at = heard_at - make_interval(days => $1) where "
            "position between $2 and $3",
            days,
            since,
            until,
        )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=1&limit=2", "limit"),
        ("cursor=&cursor=", "cursor"),
        ("colour=red", "colour"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=", "limit"),
        ("wait=1.5", "wait"),
        ("wait=%00", "wait"),
        ("cursor=%00", "cursor"),
        ("cursor=%C3%A9", "cursor"),
        ("cursor=" + "A" * 5000, "cursor"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    http: httpx.AsyncClient, issuer: Issuer, query: str, field: str
) -> None:
    token = issuer.token(("worker",), organisation_id=OURS)

    answer = await http.get(f"/v1/feed?{query}", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_an_organisation_that_is_no_id_has_no_feed(ask: Ask) -> None:
    assert (await ask("no id")).status_code == 403
