"""The read path on a real Kafka and a real PostgreSQL: every trap that would lose, double or reorder has a test here."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from kit import ids
from kit.events.status import status
from kit.servers.kafka import Kafka
from kit.store import Store
from kit.testing import trial, until

COUNTS, HOUSES = trial.COUNTS, trial.HOUSES


@pytest_asyncio.fixture
async def world(store: Store, kafka: Kafka, topics: Callable[..., None], group: str) -> AsyncIterator[str]:
    """A group that listens, its tables and its empty topics."""
    topics(COUNTS, HOUSES, partitions=2)
    await trial.tables(store)
    trial.listen(group)
    yield group


async def settled(consumers: Any, count: int) -> dict[str, Any]:
    """The status, once so many records have been read; every one of them is accounted for."""

    async def read() -> dict[str, Any] | None:
        told = await status(consumers)
        assert consumers.alarm is None, consumers.alarm
        return told if told["lag"] == 0 and sum(p["next"] - p["begin"] for p in told["positions"]) >= count else None

    told = await until(read, 30, what="all records read")
    for position in told["positions"]:
        kinds = ("applied", "repeated", "foreign", "waiting", "parked", "held", "gaps")
        assert position["next"] - position["begin"] == sum(position[kind] for kind in kinds), position
    return told


def total(told: dict[str, Any], kind: str) -> int:
    return sum(position[kind] for position in told["positions"])


async def test_every_event_has_its_effect_once(world: str, store: Store, kafka: Kafka) -> None:
    counters = [ids.new() for _ in range(10)]
    await trial.send(kafka.address, [trial.counted(counters[n % 10], n) for n in range(300)])

    async with trial.reading(store, kafka.address, world) as consumers:
        told = await settled(consumers, 300)

    assert total(told, "applied") == 300
    for counter in counters:
        assert [entry.sequence for entry in await trial.entries(store, counter)] == [n for n in range(300) if counters[n % 10] == counter]
