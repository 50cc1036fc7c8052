"""The loops of a service: relay, consumers, timers, sealer. Each says when it last made progress;
one that fails ends the service.
"""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol

from kit.db.store import Store
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.consumers import Consumers
from kit.observability import names
from kit.observability.logs import log


class Loop(Protocol):
    """Runs until `stop()`; `progress` is the `time.monotonic()` of the last round that ended, an
    idle one included.
    """

    @property
    def progress(self) -> float: ...
    async def run(self) -> object: ...
    def stop(self) -> object: ...


class Endless:
    """A coroutine as a loop: it is cancelled to stop, and has no rounds of its own to report."""

    def __init__(self, work: Awaitable[object]) -> None:
        self._work = work
        self._task: asyncio.Task[object] | None = None

    @property
    def progress(self) -> float:
        return time.monotonic()

    async def run(self) -> None:
        """Runs until cancelled."""
        self._task = asyncio.current_task()
        await self._work

    def stop(self) -> None:
        """Cancels it."""
        if self._task is not None:
            self._task.cancel()


class Reading:
    """A group's consumers as a loop."""

    def __init__(self, consumers: Consumers, store: Store, kafka: str | Bootstrap) -> None:
        self._consumers = consumers
        self._store = store
        self._kafka = kafka

    @property
    def progress(self) -> float:
        return time.monotonic() if self._consumers.live else float("-inf")

    async def run(self) -> None:
        """Reads until stopped. Raises: events.failures.Stop where the group stopped itself with an
        alarm.
        """
        await self._consumers.start(self._store, self._kafka)
        await self._consumers.wait()

    async def stop(self) -> None:
        """Ends after the batch under way and leaves the group."""
        await self._consumers.stop()


@dataclass
class Running:
    """A loop that was started. patience_s: how long it may make no progress before it counts as
    dead.
    """

    name: str
    loop: Loop
    patience_s: float
    task: asyncio.Task[object] | None = field(default=None)


class Loops:
    """Starts, watches and stops loops."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self.failed = asyncio.Event()

    def add(self, name: str, loop: Loop, *, patience_s: float = 60.0) -> None:
        """Starts a loop."""
        running = self._running[name] = Running(name, loop, patience_s)
        running.task = asyncio.create_task(loop.run(), name=name)
        running.task.add_done_callback(lambda task: self._ended(name, task))

    def stuck(self) -> list[str]:
        """Names of the loops without progress: the process should be started anew."""
        now = time.monotonic()
        stuck = []
        for name, running in self._running.items():
            age_s = max(0.0, now - running.loop.progress)
            names.LOOP_AGE.set(age_s, loop=name)
            names.LOOP_PATIENCE.set(running.patience_s, loop=name)
            if age_s > running.patience_s:
                stuck.append(name)
        return stuck

    async def stop(self, prefix: str, timeout_s: float) -> bool:
        """Stops the loops whose name begins so and waits for the work in progress; False if one had
        to be cut off.
        """
        chosen = [running for name, running in self._running.items() if name.startswith(prefix)]
        tasks = [running.task for running in chosen if running.task]
        stopping = [
            asyncio.create_task(_stopped(running.loop), name=f"{running.name}, its end")
            for running in chosen
        ]
        if not chosen:
            return True
        _, late = await asyncio.wait([*tasks, *stopping], timeout=timeout_s)
        for task in late:
            task.cancel()
            log.error("a loop did not stop in time", loop=task.get_name(), timeout_s=timeout_s)
        failed = [task for task in stopping if task.done() and task.exception()]
        for task in failed:
            log.error(
                "a loop did not stop cleanly", loop=task.get_name(), exc_info=task.exception()
            )
        for running in chosen:
            self._running.pop(running.name, None)
        return not late and not failed

    def _ended(self, name: str, task: asyncio.Task[object]) -> None:
        if name not in self._running or task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.critical("a loop failed; the service ends", loop=name, exc_info=error)
            self.failed.set()


async def _stopped(loop: Loop) -> None:
    stopping = loop.stop()
    if asyncio.iscoroutine(stopping):
        await stopping
