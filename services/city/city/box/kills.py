"""A rehearsal of sudden death: kills one part of a living city after the other, while the synthetic
city acts in it.
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from itertools import cycle

from city.box.child import Child
from city.box.city import City
from devservers.kafka import Kafka
from devservers.pair import Node

BACK_S = 120.0  # a part that is not back by then has failed the rehearsal
SPARED = {"memory-kafka"}  # it would forget


async def kill(city: City, every_s: float, *, failover: bool = False) -> None:
    """Kills each part in turn with SIGKILL, round after round, until it is cancelled; the next dies
    when all is ready again.

    every_s: real seconds between a return and the next death. failover: at each turn one broker,
    another each time, and whichever PostgreSQL is written to at that moment; the dead one comes
    back as the standby of the one that took its place. Raises: TimeoutError where a part does not
    come back.
    """
    killed = 0
    for names in _servers(city) if failover else _each(city):
        await asyncio.sleep(every_s)
        dying = [
            child
            for name in names
            if (child := city.supervisor.children[name]).process.pid is not None
        ]
        before = {child.name: child.restarts for child in dying}
        for child in dying:
            if child.process.pid is not None:
                os.kill(child.process.pid, signal.SIGKILL)
                killed += 1
        city.say(f"killed: {' and '.join(before)} ({killed})")
        async with asyncio.timeout(BACK_S):
            while any(child.restarts == before[child.name] for child in dying):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
            await city.until_all_ready()
        city.say("all is back")


def _each(city: City) -> Iterator[list[str]]:
    while True:
        yield from ([name] for name in list(city.supervisor.children) if name not in SPARED)


def _servers(city: City) -> Iterator[list[str]]:
    children = list(city.supervisor.children.values())
    for broker in cycle(
        [child.name for child in children if isinstance(child.process, Kafka)] or [""]
    ):
        yield [name for name in (broker, *map(_written_to, children)) if name]


def _written_to(child: Child) -> str:
    """The name of the server where it is the primary of a pair."""
    return (
        child.name
        if isinstance(child.process, Node) and child.process.pair.primary is child.process
        else ""
    )
