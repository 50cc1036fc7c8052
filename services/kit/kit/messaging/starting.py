"""Starts a client of aiokafka; no connection stays open where the start is cut off.

aiokafka closes the connection over which it asks a cluster for the first time only where it is
answered (`AIOKafkaClient.bootstrap`): a start that is cancelled meanwhile leaves it open.
"""

import asyncio
from typing import Protocol

FINISH_S = 2.0  # a start that is cut off may take so long; with an answering Kafka it takes little


class Startable(Protocol):
    """A consumer, producer, admin client or broker."""

    async def start(self) -> None:
        """Connects."""


async def start(client: Startable) -> None:
    """Starts a client. Whoever is cancelled here waits up to FINISH_S for the start to end; the
    client is the caller's to close in any case.
    """
    task = asyncio.create_task(client.start())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,), timeout=FINISH_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
