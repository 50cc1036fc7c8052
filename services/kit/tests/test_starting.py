"""A start that is cut off leaves no connection open."""

import asyncio
import gc
from collections.abc import Awaitable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection

from devservers.kafka import Kafka
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.clusters import cluster_of
from kit.messaging.starting import start


def connected() -> list[AIOKafkaConnection]:
    found = [one for one in gc.get_objects() if type(one) is AIOKafkaConnection]
    return [one for one in found if one.connected()]


async def cut_off(starting: Awaitable[object]) -> None:
    """Cancels a start while it asks over its first connection for the cluster."""
    task = asyncio.ensure_future(starting)
    async with asyncio.timeout(20):
        while not any(one._versions for one in connected()):  # noqa: ASYNC110
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()


@pytest.mark.parametrize("made", [AIOKafkaConsumer, AIOKafkaProducer])
async def test_a_client_that_is_cut_off_while_it_starts_leaves_no_connection(
    kafka: Kafka, made: type[AIOKafkaConsumer]
) -> None:
    client = made(bootstrap_servers=kafka.address)
    await cut_off(start(client))
    await client.stop()

    assert connected() == []


async def test_a_question_for_the_cluster_that_is_cut_off_leaves_no_connection(
    kafka: Kafka,
) -> None:
    await cut_off(cluster_of(Bootstrap.of(kafka.address)))

    assert connected() == []
