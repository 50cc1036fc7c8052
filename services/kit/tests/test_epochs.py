import json
import uuid
from types import SimpleNamespace

from kit.db import epochs
from kit.db.store import Store
from kit.messaging.outbox import EPOCH, emit

LOST, NEW = "lost cluster", "new cluster"
TOPIC = "eldercare.elder.v1"
POSITION = """
insert into position ("group", cluster, topic, partition, begin, next,
                      applied, repeated, foreign_, waiting, parked, held, gaps, run)
values ('kit', $1, $2, $3, 0, $4,
        $4 - $5::bigint - $6::bigint, 0, 0, $5::bigint, $6::bigint / 2, $6::bigint / 2, 0, 2)"""
WAITING = """insert into waiting
    ("group", cluster, topic, partition, "offset", kind, id, key, headers)
    values ('kit', $1, $2, 0, $3, 'order', $4, 'x', '[]')"""
PARKED = """insert into parked
    ("group", cluster, topic, partition, "offset", key, headers, held, passed, reason, detail,
     attempts)
    values ('kit', $1, $2, 0, $3, 'x', '[]', $4, false, 'TRIED', $5, 1)"""


async def remembered(store: Store) -> None:
    """A group at offset 90 of one partition, with a record that waits and a line that is parked; at
    offset 7 of another.
    """
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute(POSITION, LOST, TOPIC, 0, 90, 1, 2)
        await driver.execute(POSITION, LOST, TOPIC, 1, 7, 0, 0)
        await driver.execute(WAITING, LOST, TOPIC, 40, "second")
        for offset, held, detail in ((17, False, "first"), (60, True, "third")):
            await driver.execute(PARKED, LOST, TOPIC, offset, held, detail)


async def begun(
    store: Store,
    restore: uuid.UUID,
    *,
    lost: str = LOST,
    cluster: str = NEW,
    kept: dict | None = None,
) -> int:
    async with store.transaction() as session:
        return await epochs.start(session, restore, lost=lost, cluster=cluster, kept=kept or {})


async def rows(store: Store, statement: str) -> list[tuple]:
    async with store.reading() as session:
        return [tuple(row) for row in await (await session.driver()).fetch(statement)]


async def test_what_waits_or_is_parked_goes_before_the_new_log_in_its_order(store: Store) -> None:
    await remembered(store)

    await begun(store, uuid.uuid4(), kept={(TOPIC, 0): [80, 85, 90, 95], (TOPIC, 1): [7, 8]})

    stored = (
        'select id, "offset", cluster from waiting union all select detail, "offset", cluster '
        "from parked order by 2"
    )
    assert await rows(store, stored) == [
        ("first", -3, NEW),
        ("second", -2, NEW),
        ("third", -1, NEW),
    ]
    positions = (
        "select partition, cluster, begin, next, waiting, parked, held, run from position "
        "order by 1"
    )
    assert await rows(store, positions) == [(0, NEW, -1, 2, 1, 1, 1, 2), (1, NEW, 0, 0, 0, 0, 0, 2)]
    fates = (
        "select next - begin - applied - repeated - foreign_ - waiting - parked - held - gaps "
        "from position"
    )
    assert await rows(store, fates) == [(0,), (0,)]


async def test_a_second_restore_on_the_same_brokers_keeps_the_order(store: Store) -> None:
    await remembered(store)
    await begun(store, uuid.uuid4(), cluster=LOST)

    await begun(store, uuid.uuid4(), cluster=LOST)

    stored = (
        'select id, "offset" from waiting union all select detail, "offset" from parked order by 2'
    )
    assert await rows(store, stored) == [("first", -3), ("second", -2), ("third", -1)]


async def test_the_same_restore_again_begins_no_epoch_and_every_other_a_higher_one(
    store: Store,
) -> None:
    restore = uuid.uuid4()
    first = await begun(store, restore)

    assert await begun(store, restore) == first
    assert await begun(store, uuid.uuid4()) > first


async def test_what_was_put_back_is_true_for_the_next_backup_too(store: Store) -> None:
    await begun(store, uuid.uuid4(), kept={(TOPIC, 0): [80, 85], (TOPIC, 1): []})

    assert await rows(store, "select cluster, partition, next from sent order by 2") == [
        (NEW, 0, 2),
        (NEW, 1, 0),
    ]


async def test_after_a_restore_every_sequence_is_above_all_that_were_published_before(
    pebbles: SimpleNamespace, withdrawn
) -> None:
    epoch = await begun(pebbles.store, uuid.uuid4())
    again = Store(pebbles.dsn, service="kit", clock=pebbles.store.clock)
    try:
        async with again.rehearsal() as session:
            emit(session, withdrawn(uuid.uuid4()), sequence=3)
            [message] = session.messages
        async with again.raw() as raw:
            emit(raw, withdrawn(uuid.uuid4()), sequence=4)
            [other] = raw.messages
    finally:
        await again.close()

    assert json.loads(message.headers)["ce_sequence"] == f"{epoch * EPOCH + 3:020d}"
    assert json.loads(other.headers)["ce_sequence"] == f"{epoch * EPOCH + 4:020d}"
    assert (
        epoch > 20_000_000
    )  # seconds from 2026: a restore of the same backup a minute later has another number
