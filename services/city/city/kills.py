"""A rehearsal of sudden death: kills one part of a living city after the other, while the synthetic city acts in it."""

import asyncio
import os
import signal

from city.box import City
from city.supervisor import Phase

BACK_S = 120.0  # a part that is not back by then has failed the rehearsal


async def kill(city: City, every_s: float) -> None:
    """Kills each part in turn with SIGKILL, round after round, until it is cancelled; the next dies when the one before is back.

    every_s: real seconds between a return and the next death. An in-memory Kafka is spared: it would forget.
    Raises: TimeoutError where a part does not come back.
    """
    spared = {"memory-kafka"}
    killed = 0
    while True:
        for name in [name for name in city.supervisor.children if name not in spared]:
            await asyncio.sleep(every_s)
            child = city.supervisor.children[name]
            if child.process.pid is None:
                continue
            before = child.restarts
            os.kill(child.process.pid, signal.SIGKILL)
            killed += 1
            city.said(f"killed: {name} ({killed})")
            async with asyncio.timeout(BACK_S):
                while child.restarts == before or any(part.phase != Phase.READY for part in city.supervisor.children.values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
