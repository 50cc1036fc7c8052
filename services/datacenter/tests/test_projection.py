"""Whatever the order in which topics are read, and however often, the counts are those that the
definitions give.
"""

import random
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datacenter import months
from datacenter.proofs.recount.figures import Figures
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, a_record, records
from devservers.postgres import execute
from kit.db.store import Store
from kit.messaging.outbox import route

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[[str], Awaitable[Figures]]
Recounted = Callable[[Sequence[DatedEvent], str], Figures]
MONTHS = ("2024-12", "2025-01", "2025-02", "2025-04", "2025-06", "2026-05")
pytestmark = pytest.mark.timeout(300)


async def test_the_counts_of_a_city_equal_the_recount_of_every_month(
    hear: Hear, shown: Shown, recount: Recounted
) -> None:
    events = History(1).grow(40).ordered()

    await hear(list(records(events)))

    for month in map(months.text, range(months.of_text("2024-12"), months.of_text("2026-08"))):
        assert await shown(month) == recount(events, month), month


def mixed(events: Sequence[DatedEvent], chance: random.Random) -> list[Record]:
    """The records of each partition in their order, partitions in any order among each other, some
    repeated at once or much later.
    """
    lines: dict[tuple[str, int], list[Record]] = {}
    offsets: dict[str, int] = {}
    for one in events:
        topic = route(type(one.event)).topic
        offsets[topic] = offsets.get(topic, -1) + 1
        record = a_record(one, offset=offsets[topic])
        lines.setdefault((topic, hash(record.key) % 4), []).append(record)
    stream: list[Record] = []
    while lines:
        key = chance.choice(sorted(lines))
        for _ in range(min(len(lines[key]), chance.randrange(1, 30))):
            stream.append(lines[key].pop(0))
            if chance.random() < 0.3:
                stream.append(chance.choice(stream[-10:]))
        if not lines[key]:
            del lines[key]
    return stream + chance.sample(stream, len(stream) // 10)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10_000), order=st.integers(0, 10_000), size=st.sampled_from([1, 7, 60, 500])
)
async def test_no_interleaving_and_no_repetition_changes_any_figure(
    store: Store,
    hear: Hear,
    shown: Shown,
    recount: Recounted,
    seed: int,
    order: int,
    size: int,
) -> None:
    await execute(store.dsn, "truncate archive, thing, count, heard, position")
    events = History(seed, places=3, months=3).grow(12).ordered()
    stream = [
        record._replace(offset=number, partition=0)
        for number, record in enumerate(mixed(events, random.Random(order)))
    ]

    for begin in range(0, len(stream), size):
        await hear(stream[begin : begin + size])

    for month in MONTHS:
        assert await shown(month) == recount(events, month), month
    async with store.reading() as session:
        assert await (await session.driver()).fetchval("select count(*) from archive") == len(
            events
        )
