"""The read path on a real Kafka and a real PostgreSQL: every trap that would lose, double or
reorder has a test here.
"""

import asyncio
import json
import random
from typing import Any
from uuid import uuid4

import pytest

from devservers.kafka import Kafka, MemoryKafka
from kit.contracts import ids
from kit.db.store import Session, Store
from kit.messaging import outbox, parking
from kit.messaging.failures import Limits, TooManyParked
from kit.messaging.records import Kept, decoded
from kit.messaging.status import is_behind, status
from kit.messaging.subscriptions import on
from kit.observability import names
from testkit import trial, until

COUNTS, HOUSES = trial.COUNTS, trial.HOUSES


async def settled(consumers: Any, count: int) -> dict[str, Any]:
    """The status, once so many records have been read; every one of them is accounted for."""

    async def read() -> dict[str, Any] | None:
        state = await status(consumers)
        assert consumers.alarm is None, consumers.alarm
        return (
            state
            if state["lag"] == 0
            and sum(p["next"] - p["begin"] for p in state["positions"]) >= count
            else None
        )

    state = await until(read, 30, what="all records read")
    for position in state["positions"]:
        kinds = ("applied", "repeated", "foreign", "waiting", "parked", "held", "gaps")
        assert position["next"] - position["begin"] == sum(position[kind] for kind in kinds), (
            position
        )
    return state


def total(state: dict[str, Any], kind: str) -> int:
    return sum(position[kind] for position in state["positions"])


async def test_every_event_has_its_effect_once(world: str, store: Store, kafka: Kafka) -> None:
    counters = [ids.new() for _ in range(10)]
    await trial.send(kafka.address, [trial.counted(counters[n % 10], n) for n in range(300)])

    async with trial.reading(store, kafka.address, world) as consumers:
        state = await settled(consumers, 300)

    assert total(state, "applied") == 300
    # or Kafka would be asked at every batch where a partition begins; the watch may know more
    assert COUNTS in {place.topic for place in consumers.progress.known}
    for counter in counters:
        assert [entry.sequence for entry in await trial.entries(store, counter)] == [
            n for n in range(300) if counters[n % 10] == counter
        ]


async def test_it_reads_the_broker_in_memory_too(
    store: Store, memory_kafka: MemoryKafka, group: str
) -> None:
    memory_kafka.create_topics([COUNTS, HOUSES])
    await trial.tables(store)
    trial.listen(group)
    counter = ids.new()
    await trial.send(memory_kafka.address, [trial.counted(counter, n) for n in range(50)])

    async with trial.reading(store, memory_kafka.address, group) as consumers:
        state = await settled(consumers, 50)

    assert total(state, "applied") == 50
    assert [entry.sequence for entry in await trial.entries(store, counter)] == list(range(50))


async def test_a_group_is_behind_until_it_has_read_all_and_where_kafka_is_silent(
    store: Store,
    memory_kafka: MemoryKafka,
    group: str,
) -> None:
    memory_kafka.create_topics([COUNTS, HOUSES])
    await trial.tables(store)
    trial.listen(group)

    async with trial.reading(store, memory_kafka.address, group) as consumers:
        await trial.send(memory_kafka.address, [trial.counted(ids.new(), n) for n in range(50)])
        async with consumers.progress.batch_lock:  # no batch is under way, and none begins
            await trial.send(memory_kafka.address, [trial.counted(ids.new())])
            behind = await is_behind(consumers, COUNTS)
        await settled(consumers, 51)
        read = await is_behind(consumers, COUNTS)
        memory_kafka.stop()
        silent = await is_behind(consumers, COUNTS)

    assert (behind, read, silent) == (True, False, True)


async def test_what_a_handler_publishes_names_the_event_it_follows_from(
    store: Store, kafka: Kafka, topics: Any, group: str
) -> None:
    topics(COUNTS, partitions=2)

    @on(trial.Counted, group=group)
    async def answer(event: Any, session: Session) -> None:
        outbox.emit(session, trial.Ignored(counter_id=event.counter_id))
        if event.mood in trial.faults:
            raise trial.Unwelcome

    first, second = ids.new(), ids.new()
    parent = b"00-11111111111111111111111111111111-2222222222222222-01"
    await trial.send(
        kafka.address,
        [trial.counted(ids.new(), id=first, traceparent=parent, ce_correlationid=b"flow")],
    )
    async with trial.reading(store, kafka.address, group) as consumers:
        await settled(consumers, 1)
        await trial.send(
            kafka.address,
            [trial.counted(ids.new(), mood="refuse"), trial.counted(ids.new(), id=second)],
            partition=0,
        )
        await settled(consumers, 3)

    async with store.reading() as session:
        rows = await (await session.driver()).fetch("select headers from outbox order by seq")
    published = [json.loads(row[0]) for row in rows]
    assert [headers["ce_causationid"] for headers in published] == [str(first), str(second)]
    assert (published[0]["ce_correlationid"], published[0]["traceparent"].split("-")[1]) == (
        "flow",
        "1" * 32,
    )


async def test_an_event_published_twice_after_a_producers_crash_has_one_effect(
    world: str, store: Store, kafka: Kafka
) -> None:
    counter, again = ids.new(), ids.new()
    twice = trial.counted(counter, 2, id=again)
    await trial.send(
        kafka.address, [trial.counted(counter, 1), twice, twice, trial.counted(counter, 3)]
    )
    async with trial.reading(store, kafka.address, world) as consumers:
        await settled(consumers, 4)
        await trial.send(kafka.address, [twice])

        state = await settled(consumers, 5)

    assert [entry.sequence for entry in await trial.entries(store, counter)] == [1, 2, 3]
    assert (total(state, "applied"), total(state, "repeated")) == (3, 2)


async def test_an_older_state_never_replaces_a_newer_one(
    world: str, store: Store, kafka: Kafka
) -> None:
    house = ids.new()
    await trial.send(
        kafka.address,
        [
            trial.house(house, version, floors)
            for version, floors in ((1, 10), (3, 30), (2, 20), (3, 99))
        ],
    )

    async with trial.reading(store, kafka.address, world) as consumers:
        state = await settled(consumers, 4)

    async with store.reading() as session:
        kept = await session.get(trial.HouseRow, house)
    assert (kept.floors, kept.version, total(state, "repeated")) == (30, 3, 2)


async def test_a_fact_waits_for_the_one_it_refers_to_and_is_applied_with_it(
    world: str, store: Store, kafka: Kafka
) -> None:
    counter, house, other = ids.new(), ids.new(), ids.new()
    records = [
        trial.counted(counter, 1, house=house),
        trial.counted(counter, 2),
        trial.counted(counter, 3, house=house),
    ]
    await trial.send(kafka.address, [*records, trial.counted(other, 1)])
    async with trial.reading(store, kafka.address, world) as consumers:
        state = await settled(consumers, 4)
        assert (state["waiting"], total(state, "applied")) == (3, 1)
        await trial.send(kafka.address, [trial.house(house)])

        state = await settled(consumers, 5)

    assert state["waiting"] == 0
    assert [entry.sequence for entry in await trial.entries(store, counter)] == [1, 2, 3]


async def test_a_handler_may_itself_ask_a_record_to_wait(
    world: str, store: Store, kafka: Kafka
) -> None:
    counter, house = ids.new(), ids.new()
    asking = trial.counted(counter, 2, house=house, mood="ask")
    await trial.send(kafka.address, [trial.counted(counter, 1), asking, trial.counted(counter, 3)])
    async with trial.reading(store, kafka.address, world) as consumers:
        assert (await settled(consumers, 3))["waiting"] == 2
        assert [entry.sequence for entry in await trial.entries(store, counter)] == [1]
        await trial.send(kafka.address, [trial.house(house)])

        assert (await settled(consumers, 4))["waiting"] == 0

    assert [entry.sequence for entry in await trial.entries(store, counter)] == [1, 2, 3]


async def test_a_row_that_came_unseen_is_found_and_what_waited_is_applied(
    world: str, store: Store, kafka: Kafka
) -> None:
    counter, house = ids.new(), ids.new()
    await trial.send(kafka.address, [trial.counted(counter, 1, house=house)])
    async with trial.reading(store, kafka.address, world) as consumers:
        assert (await settled(consumers, 1))["waiting"] == 1
        async with (
            store.transaction() as session
        ):  # as a transaction would that could not see the record wait
            session.add(trial.HouseRow(house_id=house, label="red", floors=1, version=1))

        await until(lambda: trial.entries(store, counter), 5)

        assert (await settled(consumers, 1))["waiting"] == 0


async def test_what_waits_too_long_is_parked_and_holds_its_line(
    world: str, store: Store, kafka: Kafka
) -> None:
    counter, house = ids.new(), ids.new()
    await trial.send(
        kafka.address, [trial.counted(counter, 1, house=house), trial.counted(counter, 2)]
    )
    async with trial.reading(store, kafka.address, world, expires_s=0.5) as consumers:
        await settled(consumers, 2)

        await until(lambda: parking.listed(store, world), 10)
        await trial.send(kafka.address, [trial.house(house), trial.counted(counter, 3)])
        state = await settled(consumers, 4)

        (stuck,) = await parking.listed(store, world)
        assert (stuck.reason, stuck.held, state["waiting"], state["parked"], state["held"]) == (
            "WAITED_TOO_LONG",
            2,
            0,
            1,
            2,
        )
        assert await parking.replay(store, world, COUNTS, str(counter)) == (3, 0)
        assert (await settled(consumers, 4))["parked"] == 0
    assert [entry.sequence for entry in await trial.entries(store, counter)] == [1, 2, 3]


async def test_no_header_makes_a_record_vanish(world: str, store: Store, kafka: Kafka) -> None:
    counter = ids.new()
    fine = [
        trial.counted(counter, 1, foreign=None),
        trial.counted(counter, 2, foreign=b"\xff\xfe"),
        trial.counted(counter, 3, traceparent=b"\xff"),
        trial.counted(counter, 4, reply_to=COUNTS.encode()),
        trial.counted(
            counter, 5, correlation_id=None, ce_correlationid=b"flow\0", ce_causationid=b"c" * 2000
        ),
    ]
    doubled = trial.counted(counter, 6)
    fine.append(
        doubled._replace(
            headers=[*doubled.headers, ("foreign", b"1"), ("foreign", b"2"), doubled.headers[2]]
        )
    )
    ids_ = [ids.new() for _ in range(17)]
    lacking = [
        trial.counted(ids_[0], ce_id=None),
        trial.counted(ids_[1], ce_id=b"\xff"),
        trial.counted(ids_[2], ce_id=b"no uuid"),
        trial.counted(ids_[3], ce_sequence=b"many"),
        trial.counted(ids_[4], ce_type=b"\xff"),
        trial.counted(ids_[5], ce_time=b"2026-01-01T00:00:00"),
        trial.counted(ids_[6])._replace(headers=[]),
        trial.counted(ids_[7])._replace(
            headers=[*trial.counted(ids_[7]).headers, ("ce_id", str(ids.new()).encode())]
        ),
        trial.counted(ids_[8], ce_source=b"/eldercare/\0"),
        trial.counted(ids_[9], ce_subject=b"\0"),
        trial.counted(ids_[10], ce_source=random.Random(1).randbytes(4000).hex().encode()),
        trial.counted(ids_[11], ce_sequence=b"9" * 19),
        trial.counted(ids_[12], ce_sequence=b"-1"),
        trial.counted(ids_[13], id=uuid4()),
        trial.counted(ids_[14], ce_id=b"ffffffff-ffff-7fff-bfff-ffffffffffff"),
        trial.counted(ids_[15], ce_time=b"9999-12-31T23:59:59-08:00"),
        trial.counted(ids_[16], ce_subject=b"")._replace(key=b"key\0"),
    ]
    other = [
        trial.record(trial.Ignored(counter_id=str(counter))),
        trial.Record(COUNTS, b"tombstone", None, []),
    ]
    await trial.send(kafka.address, fine + lacking + other)

    async with trial.reading(store, kafka.address, world) as consumers:
        state = await settled(consumers, len(fine + lacking + other))

    assert (total(state, "applied"), state["parked"], total(state, "foreign")) == (6, 17, 2)
    assert {stuck.reason for stuck in await parking.listed(store, world)} == {"UNDECODABLE"}


def test_an_archive_parks_what_it_has_no_day_for_although_nobody_knows_its_type() -> None:
    sent = trial.record(trial.Ignored(counter_id="1"), id=uuid4())
    record = Kept(sent.topic, 0, 0, sent.key, sent.value, sent.headers)

    assert decoded("cluster", record, {}).fault is None
    assert "only a UUIDv7" in (decoded("cluster", record, {}, archived=True).fault or "")


async def test_a_poisoned_record_is_parked_holds_its_line_and_is_replayed_in_order(
    world: str, store: Store, kafka: Kafka
) -> None:
    counter, other = ids.new(), ids.new()
    poisoned = trial.counted(counter, 2)._replace(value=b"\xff\xff\xff")
    records = [
        trial.counted(counter, 1),
        trial.counted(counter, 2, mood="break"),
        *(trial.counted(counter, n) for n in range(3, 6)),
    ]
    records += [
        trial.counted(other, 1),
        trial.counted(other, 2, mood="refuse"),
        trial.counted(other, 3),
        poisoned._replace(key=b"third"),
    ]
    await trial.send(kafka.address, records)
    async with trial.reading(store, kafka.address, world) as consumers:
        state = await settled(consumers, 9)
        await trial.send(kafka.address, [trial.counted(counter, 6)])
        state = await settled(consumers, 10)
        assert (total(state, "applied"), state["parked"], state["held"]) == (2, 3, 5)
        stuck = {
            one.key: (one.reason, one.attempts, one.held)
            for one in await parking.listed(store, world)
        }
        assert stuck == {
            str(counter): ("VALUE_ERROR", 3, 4),
            str(other): ("UNWELCOME", 1, 1),
            "third": ("UNDECODABLE", 1, 0),
        }

        assert await parking.replay(store, world, COUNTS, str(counter)) == (0, 5)
        trial.faults.discard("break")
        try:
            assert await parking.replay(store, world, COUNTS, str(counter)) == (5, 0)
            assert names.REPLAYED.series[world, COUNTS] == 5
        finally:
            trial.faults.add("break")
        state = await settled(consumers, 10)

    assert [entry.sequence for entry in await trial.entries(store, counter)] == [1, 2, 3, 4, 5, 6]
    assert (total(state, "applied"), state["parked"], state["held"]) == (7, 2, 1)


async def test_an_operator_lets_a_line_go_on_without_its_parked_record(
    world: str, store: Store, kafka: Kafka
) -> None:
    counter = ids.new()
    await trial.send(
        kafka.address, [trial.counted(counter, 1, mood="refuse"), trial.counted(counter, 2)]
    )
    async with trial.reading(store, kafka.address, world) as consumers:
        await settled(consumers, 2)
        (stuck,) = await parking.listed(store, world)

        assert await parking.skip(store, world, COUNTS, stuck.partition, stuck.offset) == (1, 0)
        await trial.send(kafka.address, [trial.counted(counter, 3)])
        state = await settled(consumers, 3)

    assert [entry.sequence for entry in await trial.entries(store, counter)] == [2, 3]
    assert (state["parked"], state["held"]) == (1, 0)


async def test_a_bad_record_undoes_nothing_of_its_neighbours_nor_do_its_own_messages_remain(
    world: str, store: Store, kafka: Kafka
) -> None:
    counters = [ids.new() for _ in range(60)]
    records = [
        trial.counted(counters[n], 1, mood="break" if n in (0, 17, 18, 59) else "")
        for n in range(60)
    ]
    await trial.send(kafka.address, records, partition=0)

    async with trial.reading(store, kafka.address, world) as consumers:
        state = await settled(consumers, 60)

    assert (total(state, "applied"), state["parked"]) == (56, 4)
    assert [entry.counter_id for entry in await trial.entries(store)] == [
        c for n, c in enumerate(counters) if n not in (0, 17, 18, 59)
    ]


async def test_too_many_parked_stop_the_group_with_an_alarm(
    world: str, store: Store, kafka: Kafka
) -> None:
    await trial.send(
        kafka.address, [trial.counted(ids.new(), mood="refuse") for _ in range(8)], partition=0
    )
    limits = Limits(run=5, types=1)

    for _ in range(2):  # a restart does not forget how long the run is
        async with trial.reading(store, kafka.address, world, limits=limits, batch=4) as consumers:
            with pytest.raises(TooManyParked, match=r"6 records of one partition in a row"):
                await asyncio.wait_for(consumers.wait(), 20)
            assert not consumers.live
            assert (await status(consumers))["parked"] == 5
    await parking.resume(store, world)
    async with trial.reading(store, kafka.address, world, limits=limits, batch=4) as consumers:
        assert (await settled(consumers, 8))["parked"] == 8


async def test_bad_records_of_one_type_stop_nobody_however_many_they_are(
    world: str, store: Store, kafka: Kafka
) -> None:
    """As of a caller who registers two hundred with a value that the group cannot apply, and of one
    thing that changes often.
    """
    often, good = ids.new(), [ids.new() for _ in range(40)]
    records = [trial.counted(ids.new(), mood="refuse") for _ in range(200)]
    records += [trial.counted(often, n, mood="refuse") for n in range(100)]
    records += [trial.counted(one) for one in good]
    await trial.send(kafka.address, records, partition=0)

    async with trial.reading(store, kafka.address, world, limits=Limits(types=2)) as consumers:
        state = await settled(consumers, 340)

    assert (total(state, "applied"), state["parked"], state["held"]) == (40, 201, 99)
    assert {entry.counter_id for entry in await trial.entries(store)} == set(good)


async def test_bad_records_of_many_types_stop_the_group_whichever_partitions_they_lie_in(
    world: str, store: Store, kafka: Kafka
) -> None:
    bad = [trial.counted(ids.new(), mood="refuse") for _ in range(20)]
    none = [trial.house(ids.new())._replace(value=b"\xff") for _ in range(20)]
    await trial.send(kafka.address, bad, partition=0)
    await trial.send(kafka.address, none, partition=1)

    async with trial.reading(
        store, kafka.address, world, limits=Limits(run=5, types=2), batch=7
    ) as consumers:
        with pytest.raises(
            TooManyParked,
            match=(
                r"6 records .* of eldercare\.trial\.v1\.Counted, "
                r"eldercare\.trial\.v1\.HouseKept; "
            ),
        ):
            await asyncio.wait_for(consumers.wait(), 20)

    assert {one.type for one in await parking.listed(store, world)} == {
        "eldercare.trial.v1.Counted",
        "eldercare.trial.v1.HouseKept",
    }


async def test_each_resume_gets_a_stopped_group_on_until_it_is_behind_what_is_stuck(
    world: str, store: Store, kafka: Kafka
) -> None:
    """One poll brings far more bad records than may be parked: a part of them is parked, as many as
    may be, and never all undone.
    """
    last = ids.new()
    await trial.send(
        kafka.address, [trial.counted(ids.new(), mood="refuse") for _ in range(23)], partition=0
    )
    parked = []

    for _ in range(4):
        async with trial.reading(
            store, kafka.address, world, limits=Limits(run=5, types=1), batch=100
        ) as consumers:
            with pytest.raises(TooManyParked, match="6 records of one partition in a row"):
                await asyncio.wait_for(consumers.wait(), 20)
            state = await status(consumers)
            parked.append(state["parked"])
            assert sum(position["gaps"] for position in state["positions"]) == 0
        await parking.resume(store, world)
    await trial.send(kafka.address, [trial.counted(last)], partition=0)
    async with trial.reading(
        store, kafka.address, world, limits=Limits(run=5, types=1), batch=100
    ) as consumers:
        state = await settled(consumers, 24)

    assert parked == [5, 10, 15, 20]
    assert (state["parked"], total(state, "applied"), total(state, "gaps")) == (23, 1, 0)
    assert [entry.counter_id for entry in await trial.entries(store)] == [last]


async def test_a_share_of_parked_records_beyond_the_limit_stops_the_group(
    world: str, store: Store, kafka: Kafka
) -> None:
    moods = ["refuse" if n % 2 else "" for n in range(40)]
    await trial.send(kafka.address, [trial.counted(ids.new(), mood=mood) for mood in moods])

    async with trial.reading(
        store, kafka.address, world, limits=Limits(least=20, share=0.3, types=1)
    ) as consumers:
        with pytest.raises(TooManyParked, match=r"a share of 0\.3"):
            await asyncio.wait_for(consumers.wait(), 20)
